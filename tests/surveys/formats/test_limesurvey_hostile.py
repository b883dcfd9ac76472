"""Hostile LimeSurvey files: a clear refusal or a clean import, never anything else."""

from __future__ import annotations

import random
import time
import zipfile
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.formats.errors import FormatError
from surveys.formats.limesurvey import read_limesurvey
from surveys.formats.limesurvey.export import write_lss
from surveys.formats.limesurvey.xml import document
from tests.drawing import many
from tests.surveys.formats.limesurvey_made import Tables, question, tables

TYPES = [
    "1",
    "5",
    "A",
    "B",
    "C",
    "D",
    "E",
    "F",
    "G",
    "H",
    "I",
    "K",
    "L",
    "!",
    "M",
    "N",
    "O",
    "P",
    "Q",
    "R",
    "S",
    "T",
    "U",
    "X",
    "Y",
    "*",
    ":",
    ";",
    "|",
    "?",
]


def full() -> Tables:
    """Every type at once, with logic and attributes."""
    numbers = range(1, len(TYPES) + 1)
    return tables(
        [question(n, type_, f"q{n}", f"Text {{q{max(n - 1, 1)}}}", relevance=f"is_empty(q{max(n - 1, 1)})", other="Y")
         for n, type_ in zip(numbers, TYPES, strict=True)],
        subs={n: ["a", "b"] for n in numbers}, columns={n: ["x", "y"] for n in numbers},
        answers={n: ["A1", "A2"] for n in numbers},
        attributes={n: {"min_answers": "1", "max_answers": "q2", "array_filter": "q15", "em_validation_q": "this > 1",
                        "random_order": "1", "hidden": "0", "exclude_all_others": "a", "date_min": "2010",
                        "suffix": "km", "multiflexible_min": "1", "equation": "{q2 + 1}"} for n in numbers},
        quota=[{"id": 1, "name": "n", "qlimit": 1, "active": 1}],
        quota_members=[{"quota_id": 1, "qid": 13, "code": "A1"}],
        conditions=[{"qid": 3, "cqid": 13, "cfieldname": "7X1X13", "method": "==", "value": "A1", "scenario": 1}],
        defaultvalues=[{"dvid": n, "qid": n, "sqid": 0, "scale_id": 0, "defaultvalue": "1", "language": "en"} for n in numbers],
    )  # fmt: skip


CONTENT = document(("en", "de"), full())
NASTY = [
    "", "0", "-1", "1", "9" * 400, "1e999", "NaN", "{", "}", "{{", "{{a|b}}", "{q1", "{q1}", "self", "this > ",
    "<script>x</script>", "<b", "&lt;", "]]>", "a" * 5_000, "((((", "\u202e", "😀", "en", "xx-", "A", "G", "S", "*",
    "regexMatch('/(a+)+$/', q1)", "if(" * 50, "or ".join(["q1 == 1 "] * 200), "1X2X3", "{TOKEN:}", "TOKEN:" + "A" * 999,
    "sum(that.q1)", "q1.shown", "rand(1,9)", "http://x", "javascript:x", "2020-99-99", "|", ";" * 200, "q1;q2;q3",
]  # fmt: skip


def survive(content: bytes) -> None:
    """Read it; if it can be read, it can be written."""
    begun = time.process_time()
    with suppress(FormatError):
        made = read_limesurvey(content)
        assert "<script" not in str(made.definition)
        write_lss(made.definition)
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "content",
    [
        b"", b" ", b"\x00", b"PK\x03\x04", b"PK\x03\x04" + b"x" * 999, b"\xff\xfe", b"{}", b"[1,2]", b"<", b"<a/>",
        b"<document/>", b"<document><LimeSurveyDocType>Label set</LimeSurveyDocType></document>",
        b"<document><LimeSurveyDocType>Survey</LimeSurveyDocType></document>", CONTENT[:-40], CONTENT[:5_000],
        CONTENT.replace(b"UTF-8", b"x-nope"), CONTENT.replace(b"UTF-8", b"UTF-16"),
        b'<!DOCTYPE d [<!ENTITY a "b">]><document>&a;</document>',
        b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><document/>',
        b"<document>" + b"<a>" * 100_000, b"<document><questions><rows><row><qid>" + b"x" * 500_000,
        b"<document><languages>" + b"<language/>" * 1000 + b"</languages></document>",
        b"\x89PNG\r\n\x1a\n", b"%PDF-1.4", "<document>\ud800".encode("utf-8", "surrogatepass"), b"<document>&#0;</document>",
    ],
)  # fmt: skip
def test_what_is_no_survey_is_refused(content: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        read_limesurvey(content)
    assert str(caught.value).endswith((".", ")"))


def test_bombs_are_refused_in_time() -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("s.lss", b" " * 100_000_000)
    with pytest.raises(FormatError, match="60 MB"):
        read_limesurvey(packed.getvalue())
    many = BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(2_100):
            archive.writestr(f"{number}.lss", "")
    with pytest.raises(FormatError, match="more files"):
        read_limesurvey(many.getvalue())


def test_control_characters_and_bare_ampersands_are_mended() -> None:
    made = document(("en",), tables([question(1, "S", "a", "One two")]))
    dirty = (
        made.replace(b"One two", b"One\x0b two")
        .replace(b"<![CDATA[", b"")
        .replace(b"]]>", b"")
        .replace(b"Made", b"A & B")
    )
    imported = read_limesurvey(dirty)
    assert imported.definition.questions[0].text == "One two"
    assert imported.definition.title == "A & B"


def test_too_many_questions_are_refused_in_words() -> None:
    made = tables([question(n, "S", f"q{n}") for n in range(1, 1_200)])
    with pytest.raises(FormatError, match="questions"):
        read_limesurvey(document(("en",), made))


def test_references_in_circles_end() -> None:
    made = tables(
        [question(1, "M", "a", relevance="b_x == 'Y'"), question(2, "M", "b", relevance="a_x == 'Y'")],
        subs={1: ["x"], 2: ["x"]}, attributes={1: {"array_filter": "b"}, 2: {"array_filter": "a;b"}},
    )  # fmt: skip
    assert len(read_limesurvey(document(("en",), made)).definition.questions) == 2


@settings(max_examples=many(20), deadline=None)
@given(seed=st.integers(0, 10**9))
def test_cells_changed_at_random_are_survived(seed: int) -> None:
    chance = random.Random(seed)
    made = full()
    for _ in range(chance.randint(1, 12)):
        name = chance.choice(list(made))
        rows = made[name]
        if not rows:
            continue
        place = chance.randrange(len(rows))
        row = dict(rows[place])
        if not row:
            continue
        field = chance.choice(list(row))
        what = chance.random()
        if what < 0.7:
            row[field] = chance.choice(NASTY)
        elif what < 0.8:
            del row[field]
        elif what < 0.9:
            rows.append(dict(row))
        rows[place] = row
        if what > 0.97:
            del made[name]
    survive(document(("en", chance.choice([*NASTY[:10], "de"])), made))


@settings(max_examples=many(80), deadline=None)
@given(seed=st.integers(0, 10**9))
def test_bytes_changed_at_random_are_survived(seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(CONTENT)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(content))
        length = chance.choice([1, 1, 1, 20, 2_000])
        content[place : place + length] = bytes(
            chance.randrange(256) for _ in range(chance.choice([0, 1, 1, 5]))
        )
    survive(bytes(content))
