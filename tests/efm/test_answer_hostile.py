"""T9: several hundred forms nobody fills in by hand; none is a fault of ours, none breaks a page."""

from __future__ import annotations

import time
from urllib.parse import quote_plus

import pytest
from werkzeug.test import Client

from efm.web.fast import Entrance
from efm.web.flask import EfmFlask
from tests.efm.collected import Published
from tests.efm.test_answer import key_of, next_address, send
from tests.factories import House

FORM = "application/x-www-form-urlencoded"
VALUES = [
    "", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\ufffe", "\u202e\u2066", "\r\n\r\n", "\x1b[31m", "%00",
    "-1", "0x9", "9e9", "NaN", "Infinity", "1e309", "9" * 400, "٩", "９", "9.0", "9,0", "+9", "--9", "true", "null", "[]",
    "{}", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>",
    "{{7*7}}", "{% raw %}", "${7*7}", "%(hash)s", "%s%s%s", "=cmd|' /C calc'!A0", "@SUM(1)", "' OR 1=1 --",
    "'; DROP TABLE responses; --", "../../etc/passwd", "javascript:alert(1)", "a" * 6000, "é" * 6000,
    "👍" * 5000, "a\u0301" * 4000, "but " * 4000, "least no never without doubt " * 700, "\n" * 5000, "fault\0",
]  # fmt: skip
FIELDS = ["recommend", "reason", "wishes", "comment", "_key", "_page", "_go", "nobody", "__proto__"]
BODIES = [
    b"", b"&", b"=", b"&&==&&", b"%", b"%zz=%zz", b"\xff\xfe=\xff", b"recommend", b"recommend=9;comment=x",
    b"recommend=9" * 500, b"a=1&" * 1900, b"recommend[]=9", b"recommend=9&recommend=8", b"_page=p0&_page=p1",
    b"_go=back", b"_go=back&_go=next", b"\x00=\x00", "ключ=значение".encode(), b"+++", b"_key=" + b"A" * 64,
    b"_key=" + b"\xf0\x9f\x91\x8d" * 16, b"{\"recommend\": 9}", b"<xml/>",
]  # fmt: skip


@pytest.fixture
def client(app: EfmFlask) -> Client:
    return Client(Entrance(app, keep_seconds=0))


def encoded(fields: dict[str, str]) -> bytes:
    """A form body, with lone surrogates as a careless program would send them."""
    return "&".join(
        f"{quote_plus(name.encode('utf-8', 'surrogatepass'))}="
        f"{quote_plus(value.encode('utf-8', 'surrogatepass'))}"
        for name, value in fields.items()
    ).encode()


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("is_long", [False, True], ids=["one page", "three pages"])
def test_no_value_of_a_field_is_a_fault(
    client: Client, house: House, field: str, is_long: bool
) -> None:
    pages = (["recommend"], ["reason", "wishes"], ["comment"]) if is_long else ()
    survey = Published.make(house, *pages)
    for value in VALUES:
        shown = client.get(survey.url)
        fields = {"_key": key_of(shown), "_page": "p0", "recommend": "9"} | {field: value}
        began = time.monotonic()
        sent = client.post(survey.url, data=encoded(fields), content_type=FORM)
        assert sent.status_code in (303, 422), (value[:40], sent.status_code)
        assert time.monotonic() - began < 10, value[:40]
        if sent.status_code == 422:
            assert "<script>alert" not in sent.text
            assert "<img src=x" not in sent.text
        if sent.status_code == 303 and is_long and "?page=" in sent.headers["Location"]:
            private = sent.headers["Location"]
            fields = {"_key": "", "_page": "p1", "reason": "fault"} | {field: value}
            again = client.post(private, data=encoded(fields), content_type=FORM)
            assert again.status_code in (303, 422), (value[:40], again.status_code)
            assert client.get(private).status_code == 200
    assert {row.question_key for row in survey.rows("answers")} <= {
        "recommend", "reason", "wishes", "comment",
    }  # fmt: skip


@pytest.mark.parametrize("number", range(len(BODIES)))
def test_no_body_is_a_fault(client: Client, house: House, number: int) -> None:
    survey = Published.make(house, ["recommend"], ["comment"])
    personal, _ = survey.invite()
    for url in (survey.url, personal):
        sent = client.post(url, data=BODIES[number], content_type=FORM)
        assert sent.status_code in (303, 422)
    assert survey.count("responses") == 0


QUERIES = ["page", "page=", "page=%00", "page=1&page=2", "page=" + "9" * 5000, "page=-1", "page=1e9",
           "page=٣", "%ff=%fe", "page=%ED%A0%80", "&&&", "page[]=2"]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_is_a_fault(client: Client, house: House, query: str) -> None:
    survey = Published.make(house, ["recommend"], ["comment"])
    sent = send(client, survey.url, client.get(survey.url), recommend="9")
    for url in (survey.url, sent.headers["Location"].partition("?")[0]):
        assert client.get(url, query_string=query).status_code == 200


LANGUAGES = ["de", "de-AT,en;q=0.5", "xx,de", "", ",,,", "\xff", "de" * 5000, ";;q=1", "*"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_kind_page_speaks_the_readers_language(client: Client, language: str) -> None:
    address = {"REMOTE_ADDR": next_address()}
    reply = client.get("/s/none", headers={"Accept-Language": language}, environ_base=address)
    assert reply.status_code == 404
    wanted = "de" if language in ("de", "de-AT,en;q=0.5", "xx,de") else "en"
    assert f'lang="{wanted}"' in reply.text


def test_a_comment_that_takes_long_is_answered_and_waits(client: Client, house: House) -> None:
    """What takes vaderSentiment seconds is stored at once; its score comes later or in time."""
    survey = Published.make(house)
    for comment in ("👍" * 5000, "least no never without doubt " * 170):
        shown = client.get(survey.url)
        assert send(client, survey.url, shown, recommend="9", comment=comment).status_code == 303
    states = {row.state for row in survey.rows("scores") if row.metric == "sentiment"}
    assert states <= {"scored", "pending"}
    assert survey.count("responses") == 2
