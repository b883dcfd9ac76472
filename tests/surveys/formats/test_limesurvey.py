"""LimeSurvey surveys read: every type, what it demands, what it shows when, and what is said of it."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from surveys.formats.limesurvey import read_limesurvey
from surveys.formats.limesurvey.xml import document
from surveys.formats.report import Imported
from surveys.parts import Question
from tests.surveys.formats.limesurvey_made import Tables, question, tables
from tests.surveys.formats.walks import refused, shown

ROWS = ["SQ1", "SQ2"]
SUBS = {
    "A": 2,
    "B": 2,
    "C": 2,
    "E": 2,
    "F": 2,
    "H": 2,
    "K": 2,
    "Q": 2,
    "1": 2,
    ":": 2,
    ";": 2,
    "M": 2,
    "P": 2,
}


def read(made: Tables, languages: tuple[str, ...] = ("en",)) -> Imported:
    return read_limesurvey(document(languages, made))


def one(type_: str, attributes: dict[str, str] | None = None, **more: str) -> Question:
    """The question a single one of this type becomes."""
    made = tables(
        [question(1, type_, "Q1", **more)],
        subs={1: ROWS} if type_ in SUBS else None,
        columns={1: ["C1", "C2"]} if type_ in (":", ";") else None,
        answers={1: ["A1", "A2"]} if type_ in "L!OFHR1" else None,
        attributes={1: attributes or {}},
    )
    if type_ == "1":
        made["answers"] += [{"aid": 50 + n, "qid": 1, "code": c, "sortorder": n, "scale_id": 1}
                            for n, c in enumerate(("X", "Y"))]  # fmt: skip
    return read(made).definition.questions[0]


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("1", "grid"), ("5", "scale"), ("A", "matrix_rating"), ("B", "matrix_rating"),
        ("C", "matrix_single"), ("D", "date"), ("E", "matrix_single"), ("F", "matrix_single"),
        ("G", "single_choice"), ("H", "matrix_single"), ("I", "calculated"), ("K", "matrix_number"),
        ("L", "single_choice"), ("!", "dropdown"), ("M", "multiple_choice"), ("N", "number"),
        ("O", "single_choice"), ("P", "multiple_choice"), ("Q", "matrix_text"), ("R", "ranking"),
        ("S", "short_text"), ("T", "long_text"), ("U", "long_text"), ("X", "statement"),
        ("Y", "yes_no"), ("*", "calculated"), (":", "grid"), (";", "grid"),
    ],
)  # fmt: skip
def test_each_type_becomes_its_kind(type_: str, kind: str) -> None:
    assert one(type_).kind == kind


def test_types_without_a_counterpart_keep_their_words() -> None:
    made = read(
        tables(
            [
                question(1, "|", "up", "Upload"),
                question(2, "%", "odd", "Odd"),
                question(3, "S", "s"),
            ]
        )
    )
    assert [(item.outcome, bool(item.reason)) for item in made.report.items] == [
        ("mapped", False), ("raw", True), ("mapped", False)]  # fmt: skip
    kinds = [question.kind for question in made.definition.questions]
    assert kinds == ["file_upload", "statement", "short_text"]


def test_files_are_limited_as_they_were() -> None:
    limits = {"max_num_of_files": "3", "max_filesize": "2500", "allowed_filetypes": "pdf, PNG, exe"}
    settings = one("|", limits).settings
    assert (settings["max_files"], settings["max_megabytes"], settings["types"]) == (
        3, 3, ("pdf", "png"))  # fmt: skip


def test_attributes_become_settings() -> None:
    assert one("5", {"slider_rating": "1"}).kind == "stars"
    assert one("5", {"slider_rating": "2"}).kind == "smileys"
    assert one("F", {"use_dropdown": "1"}).kind == "matrix_dropdown"
    assert one(":", {"multiflexible_checkbox": "1"}).kind == "matrix_multiple"
    assert [part.kind for part in one(":").parts] == ["dropdown", "dropdown"]
    assert [part.kind for part in one(":", {"input_boxes": "1"}).parts] == ["number", "number"]
    assert one("S", {"numbers_only": "1"}).kind == "number"
    assert one("D", {"date_format": "HH:MM"}).kind == "time"
    number = one("N", {"min_num_value_n": "2", "max_num_value_n": "9.5", "suffix": "km"})
    assert dict(number.settings) == {"minimum": 2, "maximum": 9.5, "decimals": 6, "unit": "km"}
    assert one("N", {"num_value_int_only": "1"}).settings.get("decimals", 0) == 0
    assert one("T", {"maximum_chars": "80"}).settings["max_length"] == 80
    assert one("L", {"random_order": "1"}).choice_order == "random"
    assert one("F", {"random_order": "1"}).row_order == "random"
    assert one("D", {"date_min": "2010", "date_max": "2020-05-06"}).settings == {
        "minimum": "2010-01-01", "maximum": "2020-05-06"}  # fmt: skip
    assert one("S", mandatory="Y").is_required
    assert one("S", mandatory="S").is_requested
    other = one(
        "L", {"other_replace_text": "Something else", "other_comment_mandatory": "1"}, other="Y"
    )
    assert [(c.key, c.label, c.takes_text, c.is_text_required) for c in other.choices][-1] == (
        "other", "Something else", True, True)  # fmt: skip


def demands(
    type_: str, attributes: dict[str, str], answers: dict[str, object], **more: str
) -> list[str]:
    made = tables(
        [question(1, type_, "Q1", **more), question(2, "N", "lim")],
        subs={1: ["a", "b", "c"]} if type_ in SUBS else None,
        answers={1: ["1", "2", "3"]} if type_ in "LR" else None,
        attributes={1: attributes},
    )
    return sorted({key.partition(".")[0] for key in refused(read(made).definition, answers)})


@pytest.mark.parametrize(
    ("type_", "attributes", "good", "bad"),
    [
        ("M", {"min_answers": "2"}, {"q1": ["a", "b"]}, {"q1": ["a"]}),
        ("M", {"min_answers": "1"}, {"q1": ["a"]}, {}),
        ("M", {"max_answers": "1"}, {"q1": ["a"]}, {"q1": ["a", "b"]}),
        ("M", {"max_answers": "lim"}, {"q1": ["a"], "lim": 1}, {"q1": ["a", "b"], "lim": 1}),
        ("M", {"exclude_all_others": "c"}, {"q1": ["a", "b"]}, {"q1": ["a", "c"]}),
        ("R", {"max_answers": "2"}, {"q1": ["1", "2"]}, {"q1": ["1", "2", "3"]}),
        ("R", {}, {"q1": ["2"]}, {"q1": ["2", "2"]}),
        ("K", {"equals_num_value": "10"}, {"q1.a": 4, "q1.b": 6}, {"q1.a": 4}),
        ("K", {"equals_num_value": "10"}, {"q1.a": 10}, {}),
        ("K", {"equals_num_value": "10", "value_range_allows_missing": "1"}, {}, {"q1.a": 1}),
        ("K", {"max_num_value": "lim"}, {"q1.a": 3, "lim": 5}, {"q1.a": 6, "lim": 5}),
        ("K", {"min_num_value_n": "2"}, {"q1.a": 2}, {"q1.a": 1}),
        ("N", {"max_num_value_n": "lim"}, {"q1": 5, "lim": 5}, {"q1": 6, "lim": 5}),
        ("N", {"em_validation_q": "this > 3"}, {"q1": 4}, {"q1": 3}),
        ("N", {"em_validation_q": "Q1.NAOK > 3"}, {"q1": 4}, {}),
        (
            "K",
            {"em_validation_sq": "is_empty(this.NAOK) || this.NAOK == 2"},
            {"q1.a": 2},
            {"q1.a": 3},
        ),
        ("K", {"em_validation_q": "sum(self.NAOK) < 6"}, {"q1.a": 5}, {"q1.a": 6}),
        (
            "Q",
            {"em_validation_q": "count(self.NAOK) >= 2"},
            {"q1.a": "x", "q1.b": "y"},
            {"q1.a": "x"},
        ),
        ("A", {"min_answers": "2"}, {"q1.a": 1, "q1.b": 2}, {"q1.a": 1}),
        ("S", {"maximum_chars": "3"}, {"q1": "abc"}, {"q1": "abcd"}),
        ("D", {"date_min": "2020-01-01"}, {"q1": "2020-01-01"}, {"q1": "2019-12-31"}),
    ],
)
def test_demands_are_kept(
    type_: str, attributes: dict[str, str], good: dict[str, object], bad: dict[str, object]
) -> None:
    assert demands(type_, attributes, good) == []
    assert demands(type_, attributes, bad) == ["q1"]


def test_patterns_and_mandatory_arrays() -> None:
    assert demands("S", {}, {"q1": "12"}, preg="/^[0-9]+$/") == []
    assert demands("S", {}, {"q1": "x"}, preg="/^[0-9]+$/") == ["q1"]
    assert demands("A", {}, {"q1.a": 1}, mandatory="Y") == ["q1"]
    assert demands("M", {}, {}, mandatory="Y") == ["q1"]
    assert demands("R", {}, {"q1": ["1"]}, mandatory="Y") == ["q1"]


def walk(relevance: str, answers: dict[str, object], **more: str) -> bool:
    """Whether a question with this relevance is shown."""
    made = tables(
        [
            question(1, "L", "List", other="Y"), question(2, "M", "Many", other="Y"),
            question(3, "N", "Num", relevance='List == "A1"'), question(4, "F", "Arr"),
            question(5, "1", "Dual"), question(6, "R", "Rank"), question(7, ":", "Grid"),
            question(8, "P", "Com"), question(9, "O", "Opt"), question(10, "Y", "Yes"),
            question(11, "X", "End", relevance=relevance),
        ],
        subs={2: ROWS, 4: ROWS, 5: ROWS, 7: ROWS, 8: ROWS},
        columns={7: ["C1", "C2"]},
        answers={n: ["A1", "A2"] for n in (1, 4, 5, 6, 9)},
    )  # fmt: skip
    made["answers"] += [{"aid": 90 + n, "qid": 5, "code": c, "sortorder": n, "scale_id": 1}
                        for n, c in enumerate(("X", "Y"))]  # fmt: skip
    imported = read(made)
    assert not imported.definition.unresolved, imported.definition.unresolved
    return "end" in shown(imported.definition, answers)[0]


@pytest.mark.parametrize(
    ("relevance", "yes", "no"),
    [
        ('List.NAOK == "A2"', {"list": "a2"}, {"list": "a1"}),
        ('List == "-oth-"', {"list": "other", "list.other.text": "x"}, {"list": "a1"}),
        (
            'List_other == "x"',
            {"list": "other", "list.other.text": "x"},
            {"list": "other", "list.other.text": "y"},
        ),
        ('Many_SQ1.NAOK == "Y"', {"many": ["sq1"]}, {"many": ["sq2"]}),
        ('Many_SQ1.NAOK != "Y"', {}, {"many": ["sq1"]}),
        ("!is_empty(Many_other)", {"many": ["other"], "many.other.text": "z"}, {"many": ["sq1"]}),
        ("count(that.Many.NAOK) > 1", {"many": ["sq1", "sq2"]}, {"many": ["sq1"]}),
        ("Num != 5", {"list": "a1", "num": 4}, {"list": "a2"}),
        ("Num.NAOK != 5", {"list": "a2"}, {"list": "a1", "num": 5}),
        ('Arr_SQ2 == "A1"', {"arr.sq2": "a1"}, {"arr.sq1": "a1"}),
        ('Dual_SQ1_1 == "Y"', {"dual.sq1.scale_1": "y"}, {"dual.sq1.scale_1": "x"}),
        ('Rank_1 == "A2"', {"rank": ["a2", "a1"]}, {"rank": ["a1", "a2"]}),
        ("Grid_SQ1_C2 >= 7", {"grid.sq1.c2": "7"}, {"grid.sq1.c2": "6"}),
        ('Com_SQ1comment == "why"', {"com": ["sq1"], "com.sq1.text": "why"}, {"com": ["sq1"]}),
        ('Opt_comment == "c"', {"opt": "a1", "opt_comment": "c"}, {"opt": "a1"}),
        ('Yes == "N" or 7X1X3 > 2', {"list": "a1", "num": 3, "yes": "no"}, {"yes": "yes"}),
        ('7X1X2SQ1.NAOK == "Y"', {"many": ["sq1"]}, {}),
        ("0", None, {}),
    ],
)
def test_relevance_is_obeyed(
    relevance: str, yes: dict[str, object] | None, no: dict[str, object]
) -> None:
    assert yes is None or walk(relevance, yes)
    assert not walk(relevance, no)


def test_unknown_logic_never_shows_and_blocks() -> None:
    made = read(tables([question(1, "S", "a"), question(2, "S", "b", relevance="strrev(a) == 'x'"),
                        question(3, "S", "c", relevance="nobody == 1")]))  # fmt: skip
    assert shown(made.definition, {"a": "x"}) == [["a"]]
    assert [each.path for each in made.definition.unresolved] == ["b.show_if", "c.show_if"]
    assert [item.outcome for item in made.report.logic] == ["raw", "raw"]


def test_conditions_override_relevance() -> None:
    rows = [
        {"qid": 3, "cqid": 1, "cfieldname": "7X1X1", "method": "==", "value": "A1", "scenario": 1},
        {"qid": 3, "cqid": 1, "cfieldname": "7X1X1", "method": "==", "value": "A2", "scenario": 1},
        {"qid": 3, "cqid": 2, "cfieldname": "7X1X2", "method": "==", "value": "SQ1", "scenario": 1},
        {"qid": 3, "cqid": 2, "cfieldname": "+7X1X2SQ2", "method": "==", "value": "Y", "scenario": 2},
        {"qid": 4, "cqid": 1, "cfieldname": "7X1X1", "method": "RX", "value": "^A[23]$", "scenario": 1},
        {"qid": 5, "cqid": 0, "cfieldname": "{TOKEN:ATTRIBUTE_1}", "method": "==", "value": "gold", "scenario": 1},
        {"qid": 6, "cqid": 1, "cfieldname": "7X1X1", "method": "==", "value": " ", "scenario": 1},
    ]  # fmt: skip
    made = read(tables(
        [question(1, "L", "L"), question(2, "M", "M"), *(question(n, "X", f"x{n}") for n in (3, 4, 5, 6))],
        subs={2: ROWS}, answers={1: ["A1", "A2", "A3"]}, conditions=rows,
    )).definition  # fmt: skip
    assert shown(made, {}) == [["l", "m", "x6"]]
    assert shown(made, {"l": "a1"}) == [["l", "m"]]
    assert shown(made, {"l": "a2", "m": ["sq1"]}) == [["l", "m", "x3", "x4"]]
    assert shown(made, {"l": "a3", "m": ["sq1"]}) == [["l", "m", "x4"]]
    assert shown(made, {"l": "a3", "m": ["sq2"]}) == [["l", "m", "x3", "x4"]]
    assert shown(made, {"l": "a1"}, {"attribute_1": "gold"}) == [["l", "m", "x5"]]


def test_pages_follow_the_format() -> None:
    made = tables([question(1, "S", "a"), question(2, "S", "b"), question(3, "S", "c", gid=2)])
    made["groups"] = [
        {"gid": 1, "group_order": 1, "grelevance": "1"},
        {"gid": 2, "group_order": 2, "grelevance": "a == 'x'"},
    ]
    for shape, pages in (
        ("G", [["a", "b"], ["c"]]),
        ("A", [["group", "a", "b", "c"]]),
        ("S", [["a"], ["b"], ["c"]]),
    ):
        made["surveys"] = [{"sid": 7, "language": "en", "format": shape}]
        definition = read(made).definition
        assert shown(definition, {"a": "x"}) == pages
        assert "c" not in [key for page in shown(definition, {}) for key in page]


def test_random_groups_and_orders() -> None:
    made = tables([question(1, "S", "a"), question(2, "S", "b", gid=2)], attributes={})
    made["groups"] = [{"gid": n, "group_order": n, "randomization_group": "r"} for n in (1, 2)]
    definition = read(made).definition
    assert [block.randomizer for block in definition.blocks] == ["random_r", "random_r"]
    together = tables([question(1, "S", "a"), question(2, "S", "b")],
                      attributes={n: {"random_group": "x"} for n in (1, 2)})  # fmt: skip
    assert read(together).definition.pages[0].question_order == "random"


def test_filters_cascade() -> None:
    made = tables(
        [question(1, "M", "a"), question(2, "M", "b"), question(3, "A", "c")],
        subs={n: ["x", "y", "z"] for n in (1, 2, 3)},
        attributes={
            2: {"array_filter": "a"},
            3: {"array_filter_exclude": "b", "array_filter": "a"},
        },
    )
    definition = read(made).definition
    assert refused(definition, {"a": ["x"], "b": ["x"]}) == []
    assert shown(definition, {"a": ["x", "y"], "b": ["x"]}) == [["a", "b", "c"]]
    assert shown(definition, {"a": ["x"], "b": ["x"]}) == [["a", "b"]]
    assert shown(definition, {}) == [["a"]]


def test_recommending_from_zero_to_ten_is_nps() -> None:
    points = [str(n) for n in range(11)]
    made = tables([question(1, "L", "a", "Would you recommend us?"), question(2, "L", "b", "How many?"),
                   question(3, "X", "x", relevance="a.NAOK <= 6 and !is_empty(a)")],
                  answers={1: points, 2: points})  # fmt: skip
    imported = read(made)
    assert [q.kind for q in imported.definition.questions] == ["nps", "single_choice", "statement"]
    assert any("NPS" in note for note in imported.report.notes)
    assert shown(imported.definition, {"a": 6}) == [["a", "b", "x"]]
    assert shown(imported.definition, {"a": 7}) == [["a", "b"]]


def test_quotas_end_the_survey() -> None:
    made = tables(
        [question(1, "L", "a"), question(2, "G", "g")], answers={1: ["A1", "A2"]},
        quota=[{"id": 1, "sid": 7, "name": "Few", "qlimit": 5, "action": 1, "active": 1, "autoload_url": 1},
               {"id": 2, "name": "Off", "qlimit": 1, "active": 0}],
        quota_members=[{"quota_id": 1, "qid": 1, "code": "A1"}, {"quota_id": 1, "qid": 1, "code": "A2"},
                       {"quota_id": 1, "qid": 2, "code": "F"}],
        quota_languagesettings=[{"quotals_quota_id": 1, "quotals_language": "en", "quotals_message": "Full",
                                 "quotals_url": "https://example.org/x"}],
    )  # fmt: skip
    (quota,) = (definition := read(made).definition).quotas
    assert quota.limit == 5
    assert quota.when == {"and": [
        {"or": [{"==": [{"var": "a"}, "a1"]}, {"==": [{"var": "a"}, "a2"]}]}, {"==": [{"var": "g"}, "f"]},
    ]}  # fmt: skip
    assert [(e.text, e.redirect, e.is_screen_out) for e in definition.endings] == [
        ("Full", "https://example.org/x", True)]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://example.org/{TOKEN}?para=1&a={a}", "https://example.org/{{_data.token}}?para=1&a={{a}}"),
        ("https://example.org/?b={b}", "https://example.org/?b={{endings_value}}"),
        ("https://example.org/?id={SAVEDID}", None),
        ("https://example.org/?{a}", None),
        ("https://{a}.example.org/", None),
    ],
)  # fmt: skip
def test_an_address_at_the_end_has_its_values_put_in(address: str, kept: str | None) -> None:
    made = tables(
        [question(1, "N", "a"), question(2, "L", "b")], answers={2: ["A1", "A2"]},
        quota=[{"id": 1, "sid": 7, "name": "Few", "qlimit": 5, "action": 1, "active": 1, "autoload_url": 1}],
        quota_members=[{"quota_id": 1, "qid": 2, "code": "A1"}],
        quota_languagesettings=[{"quotals_quota_id": 1, "quotals_language": "en", "quotals_url": address}],
    )  # fmt: skip
    imported = read(made)
    (ending,) = imported.definition.endings
    assert ending.redirect == (kept or "")
    assert any("not kept" in note for note in imported.report.notes) is (kept is None)


def test_texts_pipe_and_lose_their_scripts() -> None:
    text = '<p onclick="x()">Hi {TOKEN:FIRSTNAME}, {b.shown} {if(a > 1, "many", "one")} {b}</p><script>{evil()}</script>'
    made = tables(
        [question(1, "N", "a"), question(2, "L", "b"), question(3, "X", "x", text)],
        answers={2: ["A1", "A2"]},
    )
    imported = read(made)
    last = imported.definition.questions[-1]
    assert last.text == "Hi {{_data.firstname}}, {{b}} {{x_value}} {{x_value_2}}"
    assert imported.report.scripts_removed == 2
    assert "evil" not in str(imported.definition)
    assert [q.kind for q in imported.definition.questions] == [
        "number", "single_choice", "calculated", "calculated", "statement"]  # fmt: skip


def test_equations_are_calculated_and_hidden_ones_come_with_the_link() -> None:
    made = read(tables(
        [question(1, "N", "a"), question(2, "*", "e", "{a * 2}"), question(3, "*", "f", "Sum: {a + e}"),
         question(4, "S", "h"), question(5, "X", "x", relevance='e > 5 and h == "v"')],
        attributes={2: {"hidden": "1"}, 4: {"hidden": "1"}},
    ))  # fmt: skip
    assert [q.kind for q in made.definition.questions] == [
        "number", "calculated", "calculated", "calculated", "statement", "hidden", "statement"]  # fmt: skip
    assert shown(made.definition, {"a": 3}, {"h": "v"}) == [["a", "f_text", "x"]]
    assert shown(made.definition, {"a": 2}, {"h": "v"}) == [["a", "f_text"]]


def test_the_older_dialect_has_a_row_a_language() -> None:
    rows = [
        {"qid": 1, "parent_qid": 0, "gid": 1, "type": "L", "title": "a", "question": text, "language": language,
         "other": "N", "mandatory": "Y", "question_order": 1}
        for language, text in (("de", "Wie?"), ("en", "How?"))
    ]  # fmt: skip
    answers = [
        {"qid": 1, "code": code, "answer": f"{code} {language}", "language": language, "sortorder": 1, "scale_id": 0}
        for language in ("de", "en") for code in ("A1", "A2")
    ]  # fmt: skip
    made: Tables = {
        "surveys": [{"language": "en", "additional_languages": "de", "format": "G"}], "questions": rows,
        "groups": [{"gid": 1, "group_name": "Eins", "language": "de"}, {"gid": 1, "group_name": "One", "language": "en"}],
        "answers": answers,
        "surveys_languagesettings": [{"surveyls_language": "en", "surveyls_title": "T"}, {"surveyls_language": "de", "surveyls_title": "Tit"}],
    }  # fmt: skip
    definition = read(made).definition
    assert definition.questions[0].text == "How?"
    assert definition.pages[0].title == "One"
    assert definition.translations["de"] == {
        "a.choices.a1": "A1 de", "a.choices.a2": "A2 de", "a.text": "Wie?", "pages.one.title": "Eins",
        "title": "Tit",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["Group", "Question"])
def test_groups_and_single_questions_are_read(kind: str) -> None:
    made = tables([question(1, "S", "a", relevance="elsewhere == 1"), question(2, "S", "b")])
    del made["surveys"], made["surveys_languagesettings"]
    if kind == "Question":
        del made["groups"], made["group_l10ns"]
    content = document(("en",), made).replace(b"Type>Survey", f"Type>{kind}".encode())
    imported = read_limesurvey(content)
    assert [q.key for q in imported.definition.questions] == ["a", "b"]
    assert shown(imported.definition, {}) == [["b"]]


def test_an_archive_holds_a_survey() -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("survey_1_responses.lsr", "<document/>")
        archive.writestr("survey_1.lss", document(("en",), tables([question(1, "S", "a")])))
    assert read_limesurvey(packed.getvalue()).definition.questions[0].key == "a"


TEXT = """class\ttype/scale\tname\trelevance\ttext\thelp\tlanguage\tvalidation\tmandatory\tother\tdefault\tmin_num_value_n
S\t\tlanguage\t\ten
S\t\tadditional_languages\t\tde
SL\t\tsurveyls_title\t\tColours\t\ten
SL\t\tsurveyls_title\t\tFarben\t\tde
G\t\tOne\t\t\t\ten
Q\tM\tmany\t1\tWhich?\t\ten\t\tY\tY
SQ\t\tSQ1\t1\tRed\t\ten
SQ\t\tSQ2\t1\tBlue\t\ten
Q\tN\tnum\tmany_SQ1 == "Y"\tHow many?\t\ten\t\tN\tN\t3\t2
G\t\tTwo\tnum > 5\t\t\ten
Q\tL\tlist\t1\tWhich one?\t\ten
A\t0\tA1\t\tOne\t\ten
A\t0\tA2\t\tTwo\t\ten
G\t\tEins\t\t\t\tde
Q\tM\tmany\t1\tWelche?\t\tde\t\tY\tY
SQ\t\tSQ1\t1\tRot\t\tde
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_text_format_is_read(encoding: str) -> None:
    definition = read_limesurvey(TEXT.encode(encoding)).definition
    assert definition.title == "Colours"
    assert [(q.key, q.kind, q.is_required) for q in definition.questions] == [
        ("many", "multiple_choice", True), ("num", "number", False), ("list", "single_choice", False)]  # fmt: skip
    assert shown(definition, {"many": ["sq2"]}) == [["many"]]
    assert shown(definition, {"many": ["sq1"], "num": 6}) == [["many", "num"], ["list"]]
    assert refused(definition, {"many": ["sq1"], "num": 1}) == ["num"]
    assert definition.translations["de"]["many.choices.sq1"] == "Rot"
    assert definition.question("num").default == 3
