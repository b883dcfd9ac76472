"""XLSForms read: walks through real files written by hand from the sheets, and each feature by itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from surveys.definition import dump, load
from surveys.formats import FormatError, Imported
from surveys.formats.xlsform import read_xlsform
from surveys.parts import Definition, Question
from tests.surveys.formats.walks import refused, shown

CHOICES = """
| choices | | | |
| | list_name | name | label |
| | yn | yes | Yes |
| | yn | no | No |
| | color | red | Red |
| | color | green | Green |
| | color | North West | NW |
"""


def form(survey: str, more: str = CHOICES) -> Imported:
    """The import of a form written as Markdown tables."""
    return read_xlsform(f"| survey |\n{survey}\n{more}".encode(), "form.md")


def only(imported: Imported, key: str = "q") -> Question:
    """One question of an import."""
    return imported.definition.question(key)


def outcome(imported: Imported, name: str = "q") -> tuple[str, str]:
    """What the report says of a row."""
    item = next(item for item in imported.report.items if item.source_id == name)
    return item.outcome, item.reason


@pytest.fixture
def shared(shared_data: Path) -> Path:
    """The folder of real XLSForms."""
    return shared_data / "interop" / "xlsform"


@cache
def real(folder: Path, name: str) -> Imported:
    """The import of a real file, which stays the same when it is written and read again."""
    imported = read_xlsform((folder / name).read_bytes(), name)
    assert load(dump(imported.definition)) == imported.definition
    return imported


FIGURES = {
    "UCL_Biomass_Plot_Form.xlsx": (65, 0, 0, 23, 23),
    "or_other.xlsx": (2, 0, 0, 1, 1),
    "unknown_question_type.xls": (46, 1, 0, 23, 23),
    "widgets.xls": (32, 0, 0, 4, 4),
    "xlsform_spec_test.xlsx": (46, 0, 0, 5, 5),
}


@pytest.mark.parametrize("name", FIGURES)
def test_real_files_are_read_whole(shared: Path, name: str) -> None:
    report = real(shared, name).report
    obeyed = sum(item.outcome == "evaluated" for item in report.logic)
    assert FIGURES[name] == (
        len(report.items), report.count("raw"), report.count("dropped"), len(report.logic), obeyed
    )  # fmt: skip
    assert all(item.reason for item in report.items if item.outcome != "mapped")
    assert report.scripts_removed == 0


class TestBiomassPlot:
    """UCL_Biomass_Plot_Form.xlsx: nested repetitions, files of choices, calculated limits."""

    @pytest.fixture
    def plot(self, shared: Path) -> Definition:
        return real(shared, "UCL_Biomass_Plot_Form.xlsx").definition

    def test_nothing_answered_shows_no_repetition(self, plot: Definition) -> None:
        assert shown(plot, {}) == [
            ["note2", "note1"],
            ["leader_name", "leader_number"],
            ["region_id", "district_id", "village", "plant_phase", "plot_id", "canopy_cover",
             "center_point", "center_image", "monumented", "slope", "note3"],
            ["any_trees"], ["stumps_in_plot"], ["regen_in_subplot1"], ["regen_in_subplot2"],
            ["disturbance", "remarks"],
        ]  # fmt: skip

    def test_trees_have_stems_as_many_as_counted(self, plot: Definition) -> None:
        answers = {
            "leader_name": "other",
            "any_trees": "yes",
            "latin_name_id_1": "other",
            "stem_count_1": 2,
            "cbh_1_1": 200,
            "cbh_1_2": 199,
            "health_id_1_2": "dead",
            "regen_in_subplot1": "no",
        }
        assert shown(plot, answers) == [
            ["note2", "note1"],
            ["leader_name", "leader_name_other", "leader_number"],
            ["region_id", "district_id", "village", "plant_phase", "plot_id", "canopy_cover",
             "center_point", "center_image", "monumented", "slope", "note3"],
            ["any_trees"],
            ["tag_1", "latin_name_id_1", "latin_name_other_1", "tree_bearing_1", "tree_distance_1",
             "bole_height_1", "stem_count_1"],
            ["cbh_1_1", "tree_photo_1_1", "health_id_1_1", "stem_height_1_1", "stem_notes_1_1"],
            ["cbh_1_2", "health_id_1_2", "decay_class_1_2", "stem_height_1_2", "stem_notes_1_2"],
            ["trees_more_2"],
            ["stumps_in_plot"], ["regen_in_subplot1"], ["regen_in_subplot2"],
            ["disturbance", "remarks"],
        ]  # fmt: skip

    def test_limits_are_calculated_from_the_slope(self, plot: Definition) -> None:
        base = {"any_trees": "yes", "slope": 30}
        # 15 m on level ground are 15.33 m on a slope of 30 percent, 5 m are 5.11 m.
        assert "tree_distance_1" in refused(plot, {**base, "tree_distance_1": 15.4})
        assert "tree_distance_1" not in refused(plot, {**base, "tree_distance_1": 15.3})
        stem = {**base, "stem_count_1": 1, "cbh_1_1": 10}
        assert "cbh_1_1" in refused(plot, {**stem, "tree_distance_1": 5.2})
        assert "cbh_1_1" not in refused(plot, {**stem, "tree_distance_1": 5.1})

    def test_what_is_asked_for_and_when(self, plot: Definition) -> None:
        wrong = refused(plot, {"leader_name": "aloyce", "leader_number": "123"})
        assert {"leader_number", "any_trees", "disturbance"} <= set(wrong)
        assert not {"leader_name", "leader_name_other", "remarks", "center_image"} & set(wrong)
        stem = {"any_trees": "yes", "stem_count_1": 1}
        dead = refused(plot, {**stem, "health_id_1_1": "dead"})
        assert {"decay_class_1_1", "stem_height_1_1"} <= set(dead)
        alive = refused(plot, {**stem, "health_id_1_1": "alive"})
        assert not {"decay_class_1_1", "stem_height_1_1"} & set(alive)

    def test_both_languages_are_there(self, plot: Definition) -> None:
        assert plot.languages == ("sw", "en")
        assert plot.question("slope").text == "Asilimia ya Uteremko"
        assert plot.translations["en"]["slope.text"] == "Slope (percent)"
        assert plot.translations["en"]["note3.text"].endswith("is {{slope_radius_inner}} m.")

    def test_choices_of_files_are_left_to_a_person(self, plot: Definition) -> None:
        assert "region_id.type" in {each.path for each in plot.unresolved}


class TestWidgets:
    """widgets.xls: one of each kind, tables, defaults and limits."""

    def test_all_are_shown(self, shared: Path) -> None:
        assert shown(real(shared, "widgets.xls").definition, {}) == [
            ["my_string", "my_int", "my_decimal", "my_date", "my_time", "my_select", "my_select1",
             "my_trigger", "my_output", "my_geopoint", "my_barcode", "my_image", "my_audio",
             "my_video", "numberasstring", "locationmap", "datetime", "datetime_time", "spinner",
             "spinner_all", "selectadvance", "grid_test", "grid_test_audio"],
            ["table_list_test"], ["table_list_test2"], ["happy_sad_table_2"], ["happy_sad_table"],
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("answers", "wrong"),
        [
            ({"my_int": 9}, []),
            ({"my_int": 10}, ["my_int"]),
            ({"my_int": 9.5}, ["my_int"]),
            ({"my_decimal": 10.52}, []),
            ({"my_decimal": 10.51}, ["my_decimal"]),
            ({"my_decimal": 18.39}, ["my_decimal"]),
            ({"my_select": ["c", "d"]}, ["my_select"]),
            ({"my_select": ["c", "b"]}, []),
            ({"my_select": "c"}, ["my_select"]),
            ({"my_select1": "8"}, []),
            ({"my_select1": "9"}, ["my_select1"]),
            ({"numberasstring": "12 - 4"}, []),
            ({"numberasstring": "a"}, ["numberasstring"]),
            ({"table_list_test": {"table_list_1": "yes", "table_list_2": "no"}}, []),
            ({"table_list_test": {"table_list_1": "maybe"}}, ["table_list_test.table_list_1"]),
            ({"happy_sad_table": {"happy_sad_brian": ["happy", "sad"]}}, []),
            ({"my_geopoint": "48.1 11.5"}, []),
            ({"my_geopoint": "Munich"}, ["my_geopoint"]),
        ],
    )
    def test_accepts_and_refuses(
        self, shared: Path, answers: dict[str, Any], wrong: list[str]
    ) -> None:
        assert refused(real(shared, "widgets.xls").definition, answers) == wrong

    def test_words_and_defaults(self, shared: Path) -> None:
        form = real(shared, "widgets.xls").definition
        assert form.question("my_int").checks[0].message == "number must be less than 10"
        assert form.question("my_select").default == ["a", "c"]
        assert form.question("my_output").kind == "statement"
        assert form.question("my_output").text.endswith("still {{my_trigger}}?")
        assert form.question("spinner").kind == "dropdown"


class TestOldDialect:
    """unknown_question_type.xls: the words of the first XLSForms, paths instead of ${names}."""

    @pytest.mark.parametrize(
        ("answers", "more"),
        [
            ({}, []),
            ({"zone": "1_nw"}, ["z1_state"]),
            ({"zone": "6_sw", "z6_state": "ek"}, ["z6_state"]),
            (
                {"project_type": "waterpoint", "borehole_yn": "yes", "liftmechworking_yn": "no"},
                ["functioning_wp", "borehole_yn", "lift_mechanism", "liftmechworking_yn",
                 "liftmechproblem"],
            ),
            (
                {"project_type": "waterpoint", "borehole_yn": "no", "liftmechworking_yn": "no"},
                ["functioning_wp", "borehole_yn"],
            ),
            (
                {"project_type": "health"},
                ["hlthbldg_gdcond_yn", "hlthbldg_power_yn", "hlthbldg_water_yn",
                 "hlthworkerpresent_yn"],
            ),
        ],
    )  # fmt: skip
    def test_branches(self, shared: Path, answers: dict[str, Any], more: list[str]) -> None:
        always = {
            "name", "mapping_id", "zone", "lga_name", "ward", "community", "project_title",
            "project_id", "project_sector", "project_year", "gps", "picture", "project_status",
            "project_type", "remark", "unknown",
        }  # fmt: skip
        form = real(shared, "unknown_question_type.xls").definition
        (page,) = shown(form, answers)
        assert [key for key in page if key not in always] == more
        assert always <= set(page)

    def test_the_unknown_question_is_kept_for_a_person(self, shared: Path) -> None:
        imported = real(shared, "unknown_question_type.xls")
        assert only(imported, "unknown").kind == "statement"
        assert outcome(imported, "unknown")[0] == "raw"
        assert [each.path for each in imported.definition.unresolved] == ["unknown.type"]
        assert imported.definition.title == "Nigeria_DRG_Mapping"


REQUIRED = {
    "required_text_1": "a",
    "required_text_2": "b",
    "labeled_select_group_1": {"list_nolabel_test": "yes"},
    "labeled_select_group_2": {"list_nolabel_test": "no"},
}


class TestSpecification:
    """xlsform_spec_test.xlsx: a group that can be skipped, a repetition of two, tables in it."""

    def test_the_group_is_skipped_or_not(self, shared: Path) -> None:
        form = real(shared, "xlsform_spec_test.xlsx").definition
        assert shown(form, {"skip_to_end": "yes"}) == [["skip_to_end"], ["launch"]]
        pages = shown(form, {"address": "a@example.org"})
        assert pages[1] == [
            "my_name", "invalid_variable", "address", "email_note", "number_label",
            "text_image_audio_video_test", "display_image_test", "autocomplete_test",
            "autocomplete_chars_test", "a_integer", "a_decimal",
        ]  # fmt: skip
        assert pages[2] == ["required_text_1", "select_multiple_test_1"]
        assert pages[3:6] == [
            ["labeled_select_group_1"], ["name_1"], ["compact_test_1", "compact_2_test_1"],
        ]  # fmt: skip
        assert pages[6] == ["required_text_2", "select_multiple_test_2"]

    @pytest.mark.parametrize(
        ("answers", "wrong"),
        [
            ({}, ["labeled_select_group_1.list_nolabel_test", "labeled_select_group_2.list_nolabel_test",
                  "required_text_1", "required_text_2"]),
            ({"skip_to_end": "yes"}, []),
            (
                {**REQUIRED, "a_integer": 3, "a_decimal": 3.5}, ["a_decimal"],
            ),
            ({**REQUIRED, "a_integer": 3, "a_decimal": 3}, []),
            (
                {**REQUIRED, "select_multiple_test_2": ["yes", "no"]}, ["select_multiple_test_2"],
            ),
        ],
    )  # fmt: skip
    def test_accepts_and_refuses(
        self, shared: Path, answers: dict[str, Any], wrong: list[str]
    ) -> None:
        form = real(shared, "xlsform_spec_test.xlsx").definition
        assert sorted(refused(form, answers)) == wrong

    def test_chinese_is_beside_english(self, shared: Path) -> None:
        form = real(shared, "xlsform_spec_test.xlsx").definition
        assert form.languages == ("en", "zh")
        assert form.translations["zh"]["address.text"] == "您好"
        assert form.translations["zh"]["autocomplete_test.choices.yes"] == "是"
        assert form.question("calculate_test").value == 4


def test_or_other_and_a_filter_that_names_no_column(shared: Path) -> None:
    imported = real(shared, "or_other.xlsx")
    form = imported.definition
    # "yes" without quotes is a column there; there is none, so that no choice passes.
    assert shown(form, {"fav_color": "other"}) == [["fav_color"]]
    assert "names 'yes'" in outcome(imported, "fav_pastel")[1]
    assert refused(form, {"fav_color": "other", "fav_color.other.text": "Teal"}) == []
    assert refused(form, {"fav_color": "pink"}) == ["fav_color"]


KINDS = [
    ("text", "", "short_text", "mapped"),
    ("string", "", "short_text", "mapped"),
    ("text", "multiline", "long_text", "mapped"),
    ("integer", "", "number", "mapped"),
    ("int", "", "number", "mapped"),
    ("decimal", "", "number", "mapped"),
    ("select_one yn", "", "single_choice", "mapped"),
    ("select one from yn", "", "single_choice", "mapped"),
    ("select1 yn", "likert", "single_choice", "mapped"),
    ("select_one yn", "minimal", "dropdown", "mapped"),
    ("select_multiple color", "", "multiple_choice", "mapped"),
    ("select all that apply from color", "", "multiple_choice", "mapped"),
    ("rank color", "", "ranking", "mapped"),
    ("note", "", "statement", "mapped"),
    ("date", "", "date", "mapped"),
    ("date", "month-year", "date", "approximated"),
    ("time", "", "time", "mapped"),
    ("dateTime", "", "date", "approximated"),
    ("range", "", "slider", "mapped"),
    ("range", "rating", "stars", "mapped"),
    ("acknowledge", "", "consent", "mapped"),
    ("trigger", "", "consent", "mapped"),
    ("geopoint", "", "short_text", "approximated"),
    ("gps", "", "short_text", "approximated"),
    ("geotrace", "", "long_text", "approximated"),
    ("barcode", "", "short_text", "approximated"),
    ("calculate", "", "calculated", "mapped"),
    ("hidden", "", "hidden", "mapped"),
    ("today", "", "calculated", "mapped"),
    ("select_one_from_file towns.csv", "", "short_text", "approximated"),
    ("integer", "ex:org.app.Scanner", "number", "approximated"),
    ("teleport", "", "statement", "raw"),
    ("select_one nowhere", "", "statement", "raw"),
]


@pytest.mark.parametrize(("type_", "appearance", "kind", "expected"), KINDS)
def test_each_type_has_its_kind(type_: str, appearance: str, kind: str, expected: str) -> None:
    imported = form(
        f"| | type | name | label | appearance |\n| | {type_} | q | Q | {appearance} |\n"
        "| | text | last | Last | |"
    )
    assert only(imported).kind == kind
    assert outcome(imported)[0] == expected
    assert only(imported).text in ("Q", "q")


CAPTURES = [
    ("image", "", "mapped"),
    ("photo", "", "mapped"),
    ("image", "signature", "approximated"),
    ("audio", "", "approximated"),
    ("video", "", "approximated"),
    ("file", "", "approximated"),
]


@pytest.mark.parametrize(("type_", "appearance", "expected"), CAPTURES)
def test_pictures_sounds_and_films_are_files(type_: str, appearance: str, expected: str) -> None:
    imported = form(
        f"| | type | name | label | appearance | relevant |\n| | {type_} | q | Q | {appearance} | |\n"
        "| | note | thanks | Thanks | | ${q} != '' |"
    )
    assert (only(imported).kind, outcome(imported)[0]) == ("file_upload", expected)
    assert shown(imported.definition, {}) == [["q"]]
    assert shown(imported.definition, {"q": ["0" * 32 + "~a.jpg"]}) == [["q", "thanks"]]


def test_data_of_the_phone_come_with_the_link_or_are_kept_anyway() -> None:
    imported = form(
        "| | type | name | label |\n| | start | s | |\n| | username | u | |\n| | audit | a | |\n"
        "| | note | hello | Hello ${u} |"
    )
    assert [each.key for each in imported.definition.data] == ["s", "u"]
    assert only(imported, "hello").text == "Hello {{_data.u}}"
    assert outcome(imported, "a")[0] == "dropped"


@pytest.mark.parametrize(
    ("parameters", "settings"),
    [
        ("start=0 end=10 step=2", {"minimum": 0, "maximum": 10, "step": 2, "decimals": 0}),
        ("start = -1; end=1, step=0.5", {"minimum": -1, "maximum": 1, "step": 0.5, "decimals": 1}),
        ("start=10 end=1 step=-1", {"minimum": 1, "maximum": 10, "step": 1, "decimals": 0}),
    ],
)
def test_a_range_is_a_slider(parameters: str, settings: dict[str, float]) -> None:
    imported = form(f"| | type | name | label | parameters |\n| | range | q | Q | {parameters} |")
    assert dict(only(imported).settings) == settings


def test_a_list_of_one_choice_is_a_box_to_tick() -> None:
    imported = form(
        "| | type | name | label | relevant |\n| | select_multiple ok | q | Q | |\n"
        "| | text | then | T | selected(${q}, 'fine') |",
        "| choices |\n| | list_name | name | label |\n| | ok | fine | Fine |",
    )
    assert shown(imported.definition, {}) == [["q"]]
    assert shown(imported.definition, {"q": "agreed"}) == [["q", "then"]]


def test_cascading_choices_follow_what_was_chosen() -> None:
    imported = form(
        "| | type | name | label | choice_filter |\n| | select_one region | r | R | |\n"
        "| | select_one town | q | Q | region = ${r} and ${r} != 'none' |",
        "| choices |\n| | list_name | name | label | region |\n| | region | North West | N | |\n"
        "| | region | south | S | |\n| | town | a | A | North West |\n| | town | b | B | south |\n"
        "| | town | c | C | south |",
    )
    form_ = imported.definition
    assert refused(form_, {"r": "south", "q": "c"}) == []
    assert shown(form_, {}) == [["r"]]
    assert shown(form_, {"r": "north_west"}) == [["r", "q"]]
    from surveys.compiled import Compiled

    cleaned = Compiled(form_).clean_all({"r": "south", "q": "a"}, partial=True)
    assert "q" not in cleaned.answers
    assert outcome(imported)[0] == "mapped"


def test_groups_have_pages_and_conditions_of_groups_add_up() -> None:
    imported = form(
        "| | type | name | label | relevant | appearance |\n"
        "| | integer | n | N | | |\n"
        "| | begin_group | g | Group | ${n} > 1 | field-list |\n"
        "| | text | a | A | | |\n"
        "| | begin group | h | Inner | ${n} > 2 | |\n"
        "| | text | b | B | ${n} > 3 | |\n"
        "| | end group | | | | |\n| | end_group | | | | |\n| | text | z | Z | | |"
    )
    assert shown(imported.definition, {"n": 1}) == [["n"], ["z"]]
    assert shown(imported.definition, {"n": 2}) == [["n"], ["a"], ["z"]]
    assert shown(imported.definition, {"n": 3}) == [["n"], ["a"], ["z"]]
    assert shown(imported.definition, {"n": 4}) == [["n"], ["a", "b"], ["z"]]
    assert imported.definition.pages[1].title == "Group"


def test_tables_of_rows() -> None:
    imported = form(
        "| | type | name | label | appearance | required | relevant |\n"
        "| | select_one yn | first | F | | | |\n"
        "| | begin_group | t | Table | table-list | | |\n"
        "| | select_one yn | a | A | | yes | |\n"
        "| | select_one yn | b | B | | yes | ${first} = 'yes' |\n"
        "| | end_group | | | | | |\n| | note | n | N | | | ${b} = 'no' |"
    )
    question = only(imported, "t")
    assert (question.kind, question.is_required) == ("matrix_single", True)
    assert refused(imported.definition, {}) == ["t.a"]
    assert refused(imported.definition, {"first": "yes", "t": {"a": "yes"}}) == ["t.b"]
    assert refused(imported.definition, {"first": "no", "t": {"a": "no"}}) == []
    both = {"first": "yes", "t": {"a": "yes", "b": "no"}}
    assert shown(imported.definition, both) == [["first"], ["t"], ["n"]]


def test_a_row_that_depends_on_another_is_a_question_of_its_own() -> None:
    imported = form(
        "| | type | name | label | appearance | relevant |\n"
        "| | begin_group | t | Table | table-list | |\n| | select_one yn | a | A | | |\n"
        "| | select_one yn | b | B | | ${a} = 'yes' |\n| | end_group | | | | |"
    )
    assert shown(imported.definition, {"a_table": {"a": "yes"}}) == [["a_table", "b"]]
    assert shown(imported.definition, {"a_table": {"a": "no"}}) == [["a_table"]]


REPEAT = (
    "| | type | name | label | repeat_count | relevant | calculation | constraint |\n"
    "| | integer | n | N | | | | |\n"
    "| | begin_repeat | m | Member | {count} | | | |\n"
    "| | text | name | Name | | | | |\n"
    "| | integer | age | Age | | {inner} | | |\n"
    "| | end_repeat | | | | | | |\n"
    "| | calculate | total | | | | sum(${{age}}) | |\n"
    "| | note | many | ${{total}} | | count(${{m}}) > 1 and ${{total}} > 20 | | |\n"
)


def test_a_plain_repetition_is_entries() -> None:
    imported = form(REPEAT.format(count="", inner=""))
    question = only(imported, "m")
    assert (question.kind, [part.key for part in question.parts]) == ("entries", ["name", "age"])
    two = {"m": [{"name": "A", "age": 20}, {"name": "B", "age": 3}]}
    assert shown(imported.definition, two) == [["n", "m", "many"]]
    assert shown(imported.definition, {"m": [{"name": "A", "age": 20}]}) == [["n", "m"]]
    assert "at most 10" in outcome(imported, "age")[1]


def test_a_fixed_repetition_is_all_there() -> None:
    imported = form(REPEAT.format(count="3", inner=""))
    assert only(imported, "m").settings["maximum"] == 3
    assert outcome(imported, "age")[0] == "mapped"


def test_a_fixed_repetition_keeps_the_conditions_within_each_entry() -> None:
    imported = form(REPEAT.format(count="2", inner="${name} != ''"))
    found = imported.definition
    members = only(imported, "m")
    assert members.kind == "entries"
    assert members.parts[1].show_if is not None
    assert all(item.outcome == "evaluated" for item in imported.report.logic)
    from surveys.compiled import Compiled

    kept = Compiled(found).clean_all({"m": [{"name": "A", "age": 5}, {"age": 6}]}, partial=True)
    assert set(kept.answers) == {"m.1.name", "m.1.age", "total"}


def test_a_repetition_with_conditions_is_unrolled() -> None:
    imported = form(REPEAT.format(count="${n}", inner="${name} != ''"))
    form_ = imported.definition
    assert shown(form_, {"n": 0}) == [["n"]]
    answers = {"n": 2, "name_1": "A", "age_1": 15, "name_2": "B", "age_2": 6}
    assert shown(form_, answers) == [["n"], ["name_1", "age_1"], ["name_2", "age_2"], ["many"]]
    assert shown(form_, {"n": 1, "age_1": 30}) == [["n"], ["name_1"]]


def test_one_more_is_asked_where_nothing_says_how_many() -> None:
    imported = form(REPEAT.format(count="", inner="${name} != ''"))
    form_ = imported.definition
    assert shown(form_, {}) == [["n"], ["name_1", "m_more_2"]]
    assert shown(form_, {"m_more_2": "yes"})[-1] == ["name_2", "m_more_3"]
    assert shown(form_, {"m_more_2": "no", "name_2": "A"}) == [["n"], ["name_1", "m_more_2"]]


def test_calculated_values_stand_behind_what_they_need() -> None:
    imported = form(
        "| | type | name | label | calculation | relevant |\n"
        "| | calculate | twice | | ${once} * 2 | |\n| | calculate | once | | ${n} + 1 | |\n"
        "| | integer | n | N | | |\n| | note | big | Big ${twice} | | ${twice} > 10 |"
    )
    assert shown(imported.definition, {"n": 5}) == [["n", "big"]]
    assert shown(imported.definition, {"n": 4}) == [["n"]]
    assert all(item.outcome == "evaluated" for item in imported.report.logic)


@pytest.mark.parametrize(
    ("relevant", "reason"),
    [
        ("pulldata('a', 'b', 'c', ${n}) = 1", "pulldata"),
        ("${later} = 1", "asked later"),
        ("${gone} = 1", "gone"),
        ("${n} =", "ends too early"),
        ("${circle} = 1", "circle"),
    ],
)
def test_logic_that_is_not_understood_hides_and_blocks(relevant: str, reason: str) -> None:
    imported = form(
        "| | type | name | label | relevant | calculation |\n| | integer | n | N | | |\n"
        f"| | text | q | Q | {relevant} | |\n| | begin_group | g | G | {relevant} | |\n"
        "| | text | inner | I | | |\n| | end_group | | | | |\n| | begin_group | h | | | |\n"
        "| | integer | later | L | | |\n| | end_group | | | | |\n"
        "| | calculate | circle | | | ${circle} + 1 |"
    )
    for n in (None, 0, 1):
        pages = shown(imported.definition, {} if n is None else {"n": n, "later": 1})
        assert [key for page in pages for key in page] == ["n", "later"]
    told = {item.path: item for item in imported.report.logic if item.outcome == "raw"}
    assert reason in told["q.relevant"].reason
    assert told["q.relevant"].source == relevant
    assert "q.show_if" in {each.path for each in imported.definition.unresolved}


def test_on_one_page_a_question_moves_behind_what_it_depends_on() -> None:
    imported = form(
        "| | type | name | label | relevant | appearance |\n"
        "| | begin_group | g | G | | field-list |\n"
        "| | date | born | Born on | ${how} = 'yes' | |\n| | integer | age | Age | ${how} = 'no' | |\n"
        "| | select_one yn | how | Do you know the day? | | |\n| | text | more | More | | |\n"
        "| | end_group | | | | |"
    )
    assert shown(imported.definition, {}) == [["how", "more"]]
    assert shown(imported.definition, {"how": "yes"}) == [["how", "born", "more"]]
    assert "asked after 'how'" in outcome(imported, "born")[1]
    assert not imported.definition.unresolved


def test_words_of_choices_in_logic() -> None:
    imported = form(
        "| | type | name | label | calculation |\n| | select_one color | q | Q | |\n"
        "| | calculate | name | | jr:choice-name(${q}, '${q}') |"
    )
    from surveys.compiled import Compiled

    cleaned = Compiled(imported.definition).clean_all({"q": "north_west"})
    assert cleaned.answers["name"].text == "NW"


def test_requirements_checks_and_defaults() -> None:
    imported = form(
        "| | type | name | label | required | constraint | constraint_message | default |\n"
        "| | select_one color | q | Q | yes | | | North West |\n"
        "| | integer | n | N | ${q} = 'red' | . > 0 and . < ${q2} | Between | 5 |\n"
        "| | integer | q2 | Q2 | no | | | |\n"
        "| | date | d | D | | . <= today() | | today() |"
    )
    assert refused(imported.definition, {}) == ["q"]
    assert refused(imported.definition, {"q": "red"}) == ["n"]
    assert only(imported).default == {"cat": ["north_west"]}
    assert only(imported, "n").default == 5
    assert only(imported, "d").default == {"var": "_today"}
    assert only(imported, "n").checks[0].message == "Between"


def test_what_can_only_be_looked_at() -> None:
    imported = form(
        "| | type | name | label | read_only | calculation | default |\n| | integer | n | N | | | |\n"
        "| | integer | q | Sum | yes | ${n} + 1 | |\n| | text | t | Fixed | yes | | given |\n"
        "| | text | u | Only words | yes | | |"
    )
    assert only(imported).kind == "calculated"
    assert only(imported, "q_shown").text == "Sum: {{q}}"
    assert only(imported, "t").value == {"cat": ["given"]}
    assert only(imported, "u").kind == "statement"


def test_words_lose_their_markup_and_scripts() -> None:
    imported = form(
        "| | type | name | label | hint |\n"
        "| | text | q | **Bold** <b onclick='x()'>and</b> <script>alert(1)</script>more "
        "| see [here](https://example.org) |"
    )
    assert only(imported).text == "Bold and more"
    assert only(imported).help == "see here (https://example.org)"
    assert imported.report.scripts_removed == 2


@pytest.mark.parametrize(
    ("headers", "settings", "languages"),
    [
        (("label",), "", ("en",)),
        (("label::English (en)", "label::Français (fr)"), "", ("en", "fr")),
        (("label::English (en)", "label::Français (fr)"), "Français (fr)", ("fr", "en")),
        (("label", "label::French"), "", ("en", "fr")),
        (("label:english", "label:swahili"), "", ("en", "sw")),
        (("label::Klingon", "label::Elvish"), "", ("qaa", "qab")),
        (("caption::Arabic (ar)",), "", ("ar",)),
        (("label", "label::de"), "de", ("de",)),
    ],
)
def test_languages(headers: tuple[str, ...], settings: str, languages: tuple[str, ...]) -> None:
    columns = " | ".join(headers)
    texts = " | ".join(f"Text {number}" for number in range(len(headers)))
    more = f"| settings |\n| | default_language |\n| | {settings} |" if settings else ""
    imported = form(f"| | type | name | {columns} |\n| | text | q | {texts} |", more)
    assert imported.definition.languages == languages
    assert imported.report.languages == languages


def test_the_same_choice_has_the_same_key_in_every_list() -> None:
    imported = form(
        "| | type | name | label | relevant |\n| | select_one a | p | P | |\n"
        "| | select_one b | q | Q | |\n| | note | same | Same | ${p} = ${q} |",
        "| choices |\n| | list_name | name | label |\n| | a | -1 | A |\n| | a | 1 | B |\n"
        "| | b | 1 | C |\n| | b | -1 | D |\n| | b | Ü b! | E |",
    )
    assert [choice.key for choice in only(imported, "p").choices] == ["minus_1", "1"]
    assert [choice.key for choice in only(imported).choices] == ["1", "minus_1", "u_b"]
    assert shown(imported.definition, {"p": "1", "q": "1"}) == [["p", "q", "same"]]
    assert shown(imported.definition, {"p": "1", "q": "minus_1"}) == [["p", "q"]]


def test_the_title_is_that_of_the_settings_or_of_the_file() -> None:
    row = "| survey |\n| | type | name | label |\n| | text | q | Q |\n"
    assert read_xlsform(row.encode(), "my_form.md").definition.title == "my form"
    settings = row + "| settings |\n| | form_title | form_id |\n| | A <b>title</b> | x |"
    assert read_xlsform(settings.encode(), "f.md").definition.title == "A title"


CSV = """survey,,,
,type,name,label
,select_one yn,q,"Yes, or no?"
,integer,n,How many?
choices,,,
,list_name,name,label
,yn,yes,Yes
,yn,no,No
"""


@pytest.mark.parametrize(
    "content",
    [
        CSV.encode(),
        CSV.replace(",", ";").encode() if "Yes;" in CSV else CSV.encode("utf-8-sig"),
        CSV.encode("utf-16"),
        CSV.upper().replace("YN", "yn").replace("SELECT_ONE", "select_one").encode(),
    ],
)
def test_comma_separated_sheets(content: bytes) -> None:
    imported = read_xlsform(content, "form.csv")
    assert {each.kind for each in imported.definition.questions} == {"single_choice", "number"}


def test_the_survey_sheet_alone_is_enough() -> None:
    imported = read_xlsform(b"type;name;label\ntext;q;Who?\n", "form.csv")
    assert only(imported).text == "Who?"


def test_more_than_fits_is_left_out_and_told() -> None:
    rows = "\n".join(f"| | text | q{number} | Q |" for number in range(3300))
    imported = form("| | type | name | label |\n" + rows)
    assert len(imported.definition.questions) <= 3000
    assert imported.report.count("dropped") == 3300 - len(imported.definition.questions)
    assert any("left out" in note for note in imported.report.notes)


def test_very_long_lists_are_typed() -> None:
    choices = "\n".join(f"| | big | v{number} | V |" for number in range(1500))
    imported = form(
        "| | type | name | label | relevant |\n| | select_one big | q | Q | |\n"
        "| | text | then | T | ${q} = 'v7' |",
        f"| choices |\n| | list_name | name | label |\n{choices}",
    )
    assert only(imported).kind == "short_text"
    assert shown(imported.definition, {"q": "v7"}) == [["q", "then"]]


def test_no_form_is_told() -> None:
    for content in (
        b"",
        b"hello",
        b"| choices |\n| | a |",
        b"| survey |\n| | a | b |\n| | c | d |",
    ):
        with pytest.raises(FormatError) as told:
            read_xlsform(content)
        assert str(told.value)
