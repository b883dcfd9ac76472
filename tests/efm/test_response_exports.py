"""Responses as files in every format, and their codebook, over HTTP and from the command line."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pandas
import pyarrow.parquet as parquet
import pyreadstat
import pytest

from efm import clock, log
from efm.__main__ import main
from efm.cli import responses as room
from efm.config import Config
from efm.feedback import authoring, collect, exports, sheets, statistics_files, workbooks
from efm.feedback.listing import ResponseFilter
from efm.models import Contact, Survey
from efm.web.pages import responses as pages
from surveys.definition import load
from tests.efm.collected import Published
from tests.factories import House

ROOT = Path(__file__).resolve().parents[2]
NAME = 'It\'s "quoted" – ¿Qué tal?'
LONG_NAME = "N" * 200
WHEN = datetime(2026, 3, 29, 0, 30, 15, tzinfo=UTC)
HEBREW = "השירות היה מצוין, תודה"
FAMILY = "👩‍👩‍👧‍👦 " * 30
FORMULA = '=HYPERLINK("http://evil.example","click")\n"quoted", and \'so on\''
LONG = "ü" * 4000

VERSION_1: list[dict[str, Any]] = [
    {"key": "recommend", "kind": "nps", "text": "Würden Sie uns empfehlen?"},
    {
        "key": "about",
        "kind": "single_choice",
        "text": "What was it about?",
        "choices": [{"key": "order", "label": "Order"}, {"key": "fault", "label": "תקלה"}],
    },
    {
        "key": "wishes",
        "kind": "multiple_choice",
        "text": "What should be better?",
        "choices": [{"key": "speed", "label": "Speed"}, {"key": "price", "label": "Price"}],
    },
    {"key": "email", "kind": "email", "text": "Where do we reach you?"},
    {"key": "visited", "kind": "date", "text": "When were you here?"},
    {"key": "spent", "kind": "number", "text": "Spent?", "settings": {"decimals": 2}},
    {"key": "comment", "kind": "long_text", "text": "Anything else? " + "x" * 400},
    {"key": "old", "kind": "short_text", "text": "Asked only once"},
]


def _version_2() -> list[dict[str, Any]]:
    kept = [dict(question) for question in VERSION_1 if question["key"] != "old"]
    kept[1]["choices"] = [
        {"key": "bill", "label": "Bill"},
        {"key": "fault", "label": "Something broke"},
    ]
    kept[2]["choices"] = [{"key": "speed", "label": "Speed"}, {"key": "staff", "label": "Staff"}]
    return kept


def _document(questions: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return {
        "title": "Export",
        "name": name,
        "language": "de",
        "pages": [{"key": "p", "questions": questions}],
    }


@dataclass
class Exported:
    """A survey of two versions with four responses."""

    house: House
    survey_id: uuid.UUID

    def get(self, ending: str, **query: str) -> Any:
        """The download of one format."""
        return self.house.login("analyst").get(
            f"/surveys/{self.survey_id}/responses.{ending}", query_string=query
        )

    def table(self) -> list[dict[str, str]]:
        """The CSV by column."""
        text = self.get("csv").data.decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def codebook(self) -> dict[str, dict[str, str]]:
        """The codebook by variable."""
        answer = self.house.login("analyst").get(f"/surveys/{self.survey_id}/codebook.csv")
        text = answer.data.decode("utf-8-sig")
        return {line["variable"]: line for line in csv.DictReader(io.StringIO(text, newline=""))}


def _make(house: House, questions: list[dict[str, Any]], name: str = NAME) -> uuid.UUID:
    with house.unit() as session:
        survey = authoring.create(session, load(_document(questions, name)), clock.now())
        authoring.publish(session, survey.id, clock.now())
    return survey.id


def _answer(house: House, survey_id: uuid.UUID, number: int, **answers: Any) -> uuid.UUID:
    contact_id = answers.pop("contact_id", None)
    incoming = collect.Incoming(
        survey_id, answers, submitted_at=WHEN + timedelta(minutes=number), contact_id=contact_id,
        touchpoint="@touchpoint" if number == 0 else "",
    )  # fmt: skip
    with house.unit() as session:
        outcome = collect.submit_json(session, incoming, clock.now())
    assert outcome.id is not None
    return outcome.id


@pytest.fixture
def exported(house: House) -> Exported:
    survey_id = _make(house, VERSION_1)
    with house.unit() as session:
        contact = Contact(name=LONG_NAME, email="nora@example.org")
        session.add(contact)
    _answer(
        house, survey_id, 0, recommend=9, about="fault", wishes=["price"], email="x@example.org",
        visited="2024-02-29", spent=-12.5, comment=FORMULA, old=HEBREW, contact_id=contact.id,
    )  # fmt: skip
    _answer(house, survey_id, 1, comment=FAMILY)
    with house.unit() as session:
        authoring.save_draft(
            session, survey_id, _document(_version_2(), NAME), 1, clock.now()
        )  # fmt: skip
        authoring.publish(session, survey_id, clock.now())
    _answer(house, survey_id, 2, recommend=0, about="bill", wishes=["speed", "staff"], spent=3)
    _answer(house, survey_id, 3, recommend=10, about="fault", comment=LONG)
    return Exported(house, survey_id)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, config: Config) -> Iterator[None]:
    """What a terminal gives a command; afterwards log lines go where they went before."""
    monkeypatch.setenv("EFM_DATABASE_URL", config.database_url or "")
    monkeypatch.setenv("EFM_OWNER_URL", config.owner_url or "")
    monkeypatch.setenv("EFM_DATA_FOLDER", str(config.data_folder))
    yield
    log.configure(config.log_format, config.log_level)


def _saved(answer: Any, path: Path) -> Path:
    assert answer.status_code == 200, answer.text
    path.write_bytes(answer.data)
    return path


def test_csv_has_a_column_for_all_that_any_version_asked(exported: Exported) -> None:
    rows = exported.table()
    assert list(rows[0]) == [
        "response_id", "submitted_at", "started_at", "version", "language", "channel",
        "touchpoint", "contact", "email", "recommend", "recommend_nps_band", "about",
        "about.label", "wishes.speed", "wishes.price", "wishes.staff", "email_2", "visited",
        "spent", "spent_mean_band", "comment", "comment_sentiment", "comment_sentiment_label",
        "old",
    ]  # fmt: skip
    first, second, third, fourth = rows
    assert [row["version"] for row in rows] == ["1", "1", "2", "2"]
    assert (first["email"], first["email_2"]) == ("nora@example.org", "x@example.org")
    assert (first["contact"], first["touchpoint"]) == (LONG_NAME, "'@touchpoint")
    assert (first["about"], first["about.label"]) == ("fault", "Something broke")
    assert (first["wishes.price"], first["wishes.speed"], first["wishes.staff"]) == ("1", "0", "")
    assert (third["wishes.price"], third["wishes.speed"], third["wishes.staff"]) == ("", "1", "1")
    assert (first["visited"], first["spent"], first["old"]) == ("2024-02-29", "-12.5", HEBREW)
    assert first["comment"] == "'" + FORMULA
    assert (second["recommend"], second["comment"]) == ("", FAMILY.strip())
    assert (third["recommend"], third["recommend_nps_band"]) == ("0", "detractor")
    assert fourth["comment"] == LONG
    assert first["submitted_at"] == "2026-03-29T00:30:15+00:00"


def test_spss_reads_labels_measures_missing_values_and_dates(
    exported: Exported, tmp_path: Path
) -> None:
    path = _saved(exported.get("sav"), tmp_path / "a.sav")
    frame, meta = pyreadstat.read_sav(path)
    assert list(frame.columns) == [
        name.replace("@", "_") for name in exported.table()[0]
    ]  # fmt: skip
    assert meta.file_label == NAME
    labels = dict(zip(meta.column_names, meta.column_labels, strict=True))
    assert labels["recommend"] == "Würden Sie uns empfehlen?"
    assert labels["wishes.price"] == "What should be better?: Price"
    assert labels["comment"].startswith("Anything else? xxx")
    assert len(labels["comment"].encode()) <= 255
    values = meta.variable_value_labels
    assert values["about"] == {
        1: "Order", 2: "Something broke", 3: "Bill", -99: "No answer",
        -98: "Not asked in this version",
    }  # fmt: skip
    assert values["wishes.price"][1] == "Chosen"
    assert values["recommend"][10]
    assert meta.variable_measure["recommend"] == "ordinal"
    assert meta.variable_measure["about"] == "nominal"
    assert meta.variable_measure["spent"] == "scale"
    assert frame["about"].tolist()[0::3] == [2.0, 2.0]
    assert frame["recommend"].isna().tolist() == [False, True, False, False]
    assert frame["visited"][0] == date(2024, 2, 29)
    assert frame["submitted_at"][0] == WHEN.replace(tzinfo=None)
    assert frame["comment"].tolist() == [FORMULA, FAMILY.strip(), "", LONG]
    assert (frame["old"][0], frame["contact"][0]) == (HEBREW, LONG_NAME)
    assert frame["spent"][0] == -12.5


def test_spss_tells_why_a_value_is_missing(exported: Exported, tmp_path: Path) -> None:
    path = _saved(exported.get("sav"), tmp_path / "a.sav")
    frame, meta = pyreadstat.read_sav(path, user_missing=True)
    assert frame["recommend"].tolist() == [9, -99, 0, 10]
    assert frame["wishes.price"].tolist() == [1, -99, -98, -98]
    assert frame["wishes.staff"].tolist() == [-98, -98, 1, -99]
    assert frame["spent"].tolist() == [-12.5, -9999999999999, 3, -9999999999999]
    assert {piece["lo"] for piece in meta.missing_ranges["recommend"]} == {-99, -98}
    assert "comment" not in meta.missing_ranges


def test_stata_reads_labels_missing_values_and_dates(exported: Exported, tmp_path: Path) -> None:
    path = _saved(exported.get("dta"), tmp_path / "a.dta")
    frame, meta = pyreadstat.read_dta(path, user_missing=True)
    assert {"about_label", "wishes_price", "email_2", "submitted_at"} <= set(frame.columns)
    assert frame["recommend"].tolist() == [9, "a", 0, 10]
    assert frame["wishes_price"].tolist() == [1, "a", "b", "b"]
    assert frame["spent"].tolist() == [-12.5, "a", 3, "a"]
    values = meta.variable_value_labels["about"]
    assert (values[2], values["a"], values["b"]) == (
        "Something broke",
        "No answer",
        "Not asked in this version",
    )
    labels = dict(zip(meta.column_names, meta.column_labels, strict=True))
    assert labels["recommend"] == "Würden Sie uns empfehlen?"
    assert len(labels["comment"]) == 80
    assert frame["visited"][0] == date(2024, 2, 29)
    assert frame["submitted_at"][1] == (WHEN + timedelta(minutes=1)).replace(tzinfo=None)
    assert frame["comment"].tolist() == [FORMULA, FAMILY.strip(), "", LONG]
    assert (frame["old"][0], frame["contact"][0]) == (HEBREW, LONG_NAME)


def test_another_reader_of_stata_files_agrees(exported: Exported, tmp_path: Path) -> None:
    path = _saved(exported.get("dta"), tmp_path / "a.dta")
    codes = pandas.read_stata(
        path, convert_categoricals=False, convert_missing=True, columns=["wishes_price"]
    )
    assert [str(value) for value in codes["wishes_price"]] == ["1.0", ".a", ".b", ".b"]
    frame = pandas.read_stata(path, convert_categoricals=False)
    assert frame["wishes_price"].isna().tolist() == [False, True, True, True]
    assert frame["comment"].tolist() == [FORMULA, FAMILY.strip(), "", LONG]
    assert frame["submitted_at"][0] == WHEN.replace(tzinfo=None)


def test_parquet_has_types_and_labels(exported: Exported, tmp_path: Path) -> None:
    table = parquet.read_table(_saved(exported.get("parquet"), tmp_path / "a.parquet"))
    assert table.column_names == list(exported.table()[0])
    kinds = {field.name: str(field.type) for field in table.schema}
    assert [kinds[name] for name in ("recommend", "wishes.price", "spent", "visited", "about")] == [
        "int64", "int8", "double", "date32[day]", "string",
    ]  # fmt: skip
    assert kinds["submitted_at"] == "timestamp[us, tz=UTC]"
    assert table.schema.field("about").metadata[b"label"] == b"What was it about?"
    first, second, third, fourth = table.to_pylist()
    assert (first["visited"], first["spent"]) == (date(2024, 2, 29), -12.5)
    assert (first["comment"], fourth["comment"]) == (FORMULA, LONG)
    assert first["submitted_at"] == WHEN
    assert (second["recommend"], second["wishes.price"]) == (None, None)
    assert (third["wishes.price"], third["wishes.staff"], third["about"]) == (None, 1, "bill")


def test_json_lines_nest_answers_and_scores(exported: Exported) -> None:
    text = exported.get("jsonl").data.decode()
    first, second, third, fourth = (json.loads(line) for line in text.splitlines())
    assert first["answers"] == {
        "recommend": 9, "about": "fault", "wishes": ["price"], "email": "x@example.org",
        "visited": "2024-02-29", "spent": -12.5, "comment": FORMULA, "old": HEBREW,
    }  # fmt: skip
    assert first["scores"]["recommend"]["nps"]["band"] == "promoter"
    assert first["scores"]["recommend"]["nps"]["value"] == 9
    assert "sentiment" in first["scores"]["comment"]
    assert second["answers"] == {"comment": FAMILY.strip()}
    assert (third["version"], third["answers"]["wishes"]) == (2, ["speed", "staff"])
    assert datetime.fromisoformat(fourth["submitted_at"]) == WHEN + timedelta(minutes=3)


def test_a_workbook_carries_its_codebook_and_runs_no_formula(exported: Exported) -> None:
    book = openpyxl.load_workbook(io.BytesIO(exported.get("xlsx").data))
    assert book.sheetnames == ["Responses", "Codebook"]
    names, first, *_ = book["Responses"].iter_rows(values_only=True)
    row = dict(zip(names, first, strict=True))
    assert row["comment"] == "'" + FORMULA
    assert row["touchpoint"] == "'@touchpoint"
    assert (row["recommend"], row["spent"], row["wishes.staff"]) == (9, -12.5, None)
    kinds = {cell.data_type for line in book["Responses"].iter_rows() for cell in line}
    assert kinds == {"s", "n"}
    lines = {line[0]: line for line in book["Codebook"].iter_rows(values_only=True)}
    assert set(names) <= set(lines)


def _gathered(exported: Exported) -> tuple[sheets.Sheet, list[sheets.Gathered]]:
    with exported.house.unit(read_only=True) as session:
        survey = session.get_one(Survey, (exported.house.id, exported.survey_id))
        about = sheets.sheet(session, survey)
        return about, list(sheets.responses(session, about, ResponseFilter()))


def test_a_workbook_goes_on_to_further_sheets_and_says_so(
    exported: Exported, tmp_path: Path
) -> None:
    about, found = _gathered(exported)
    path = tmp_path / "a.xlsx"
    (note,) = workbooks.write(about, found, path, most_rows=3)
    assert "2 sheets" in note
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:2] == ["Responses", "Responses 2"]
    ids = [
        [line[0] for line in book[name].iter_rows(min_row=2, values_only=True)]
        for name in book.sheetnames[:2]
    ]
    expected = [str(response.fixed[0]) for response in found]
    assert ids == [expected[:2], expected[2:]]
    assert book["Responses 2"]["A1"].value == "response_id"
    assert book["Notes"]["A1"].value == note


def test_a_full_sheet_is_not_split(exported: Exported, tmp_path: Path) -> None:
    about, found = _gathered(exported)
    book_path = tmp_path / "a.xlsx"
    workbooks.write(about, found, book_path, most_rows=5)
    assert "Responses 2" not in openpyxl.load_workbook(book_path).sheetnames
    assert workbooks.MOST_ROWS == 1_048_576


def test_a_workbooks_cells_hold_what_excel_counts() -> None:
    assert workbooks.cut("a" * 32_767) == "a" * 32_767
    assert workbooks.cut("a" * 32_768) == "a" * 32_767
    assert workbooks.cut("🙂" * 20_000) == "🙂" * 16_383


@pytest.mark.parametrize(("ending", "budget", "most"), [("sav", 800, 1023), ("dta", 4000, 511)])
def test_texts_too_wide_for_the_disk_are_cut_and_that_is_said(
    exported: Exported,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ending: Any,
    budget: int,
    most: int,
) -> None:
    about, found = _gathered(exported)
    path = tmp_path / f"a.{ending}"
    assert statistics_files.write(about, found, path, ending) == []
    monkeypatch.setattr(statistics_files, "_STATA_BESIDE", 100)
    (note,) = statistics_files.write(about, found, path, ending, budget=budget)
    reader = pyreadstat.read_sav if ending == "sav" else pyreadstat.read_dta
    texts = reader(path)[0]["comment"].tolist()
    assert texts[3] == LONG[: most // 2]
    assert f"cut to {most:,} bytes" in note
    assert texts[0] == FORMULA


def test_stata_holds_few_long_texts_beside_the_rows_and_cuts_many(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics_files, "_STATA_BESIDE", 100)
    about, found = _gathered(exported)
    path = tmp_path / "a.dta"
    (note,) = statistics_files.write(about, found, path, "dta")
    assert note.startswith("1 texts were cut to 2,044 bytes")
    assert pyreadstat.read_dta(path)[0]["comment"][3] == LONG[:1022]


def test_a_file_is_written_in_batches(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("efm.feedback.columnar.MOST_ROWS", 3)
    path = _saved(exported.get("parquet"), tmp_path / "a.parquet")
    assert parquet.ParquetFile(path).num_row_groups == 2
    assert parquet.read_table(path)["recommend"].to_pylist() == [9, None, 0, 10]
    sav = _saved(exported.get("sav"), tmp_path / "a.sav")
    frame, _ = pyreadstat.read_sav(sav, user_missing=True)
    assert frame["recommend"].tolist() == [9, -99, 0, 10]
    assert frame["comment"].tolist()[3] == LONG


def test_responses_are_read_in_pieces_and_none_is_lost(
    exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = exported.table()
    monkeypatch.setattr(sheets, "CHUNK", 3)
    assert exported.table() == whole
    assert len(whole) == 4


@pytest.mark.parametrize("ending", list(exports.FORMATS))
def test_a_survey_without_responses_has_files_too(
    house: House, ending: str, tmp_path: Path
) -> None:
    made = Exported(house, _make(house, VERSION_1))
    answer = made.get(ending)
    assert answer.status_code == 200
    path = _saved(answer, tmp_path / f"a.{ending}")
    read = {
        "csv": lambda: list(pandas.read_csv(path).columns),
        "xlsx": lambda: list(pandas.read_excel(path).columns),
        "sav": lambda: list(pyreadstat.read_sav(path)[0].columns),
        "dta": lambda: list(pyreadstat.read_dta(path)[0].columns),
        "parquet": lambda: parquet.read_table(path).column_names,
        "jsonl": lambda: ["recommend", *map(str, path.read_text().splitlines())],
    }[ending]()
    assert "recommend" in read
    assert len(read) == (1 if ending == "jsonl" else 23)


@pytest.mark.parametrize("ending", list(exports.FORMATS))
def test_a_draft_that_was_never_published_has_files_too(house: House, ending: str) -> None:
    with house.unit() as session:
        survey = authoring.create(session, load(_document(VERSION_1, NAME)), clock.now())
    assert Exported(house, survey.id).get(ending).status_code == 200


def test_the_codebook_explains_every_column(exported: Exported) -> None:
    found = exported.codebook()
    assert list(found) == list(exported.table()[0])
    about = found["about"]
    assert about["values"] == "1 = order = Order | 2 = fault = Something broke | 3 = bill = Bill"
    assert (about["question_key"], about["question_text"]) == ("about", "What was it about?")
    assert (about["kind"], about["versions"]) == ("single_choice", "1, 2")
    assert about["missing_sav"] == "No answer = -99 | Not asked in this version = -98"
    assert about["missing_dta"] == "No answer = .a | Not asked in this version = .b"
    assert found["wishes.price"]["versions"] == "1"
    assert (found["wishes.price"]["sav_name"], found["wishes.price"]["dta_name"]) == (
        "wishes.price",
        "wishes_price",
    )
    assert found["email_2"]["question_key"] == "email"
    assert found["response_id"]["versions"] == "all"


def test_a_choice_that_looks_like_a_formula_is_none_in_the_codebook(house: House) -> None:
    question = {**VERSION_1[1], "text": "=1+1"}
    made = Exported(house, _make(house, [question], "=cmd"))
    assert made.codebook()["about"]["question_text"] == "'=1+1"


def test_the_pages_filters_narrow_the_file(exported: Exported) -> None:
    lines = exported.get("jsonl", band="detractor").data.decode().splitlines()
    assert [json.loads(line)["answers"]["recommend"] for line in lines] == [0]
    assert exported.get("jsonl", touchpoint="nowhere").data == b""


def test_pages_offer_every_format(exported: Exported) -> None:
    analyst = exported.house.login("analyst")
    listed = analyst.get(f"/responses?survey={exported.survey_id}&band=detractor").text
    shown = analyst.get(f"/surveys/{exported.survey_id}").text
    for ending in exports.FORMATS:
        address = f"/surveys/{exported.survey_id}/responses.{ending}"
        assert f'href="{address}?band=detractor"' in listed
        assert f'href="{address}"' in shown
    assert f"/surveys/{exported.survey_id}/codebook.csv" in listed
    assert "responses.sav" not in analyst.get("/responses").text
    assert "responses.sav" not in exported.house.login("designer").get("/responses").text


def test_a_format_there_is_not_and_a_name_with_quotes(exported: Exported) -> None:
    refused = exported.get("exe")
    assert refused.status_code == 404
    assert "parquet" in refused.text
    given = exported.get("sav").headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="it-s-quoted-qu-tal-[0-9-]{10}\.sav"', given)


def test_a_page_refuses_to_write_what_would_take_minutes(
    exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_BUILT", 3)
    refused = exported.get("sav")
    assert refused.status_code == 422
    assert f"efm responses export {exported.survey_id} --to sav" in refused.text
    assert exported.get("sav", band="detractor").status_code == 200
    assert exported.get("parquet").status_code == 200


def test_temporary_files_go(exported: Exported, tmp_path: Path) -> None:
    about, found = _gathered(exported)
    with exports.written(exports.FORMATS["sav"], about, found, tmp_path) as (path, _):
        assert path.exists()
    assert list(tmp_path.iterdir()) == []
    with (
        pytest.raises(ZeroDivisionError),
        exports.written(exports.FORMATS["sav"], about, (1 / 0 for _ in "a"), tmp_path),  # type: ignore[misc]
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_engine_of_statistics_files_is_loaded_when_one_is_written() -> None:
    code = (
        "import sys, efm.web.pages.responses, efm.cli.responses;"
        "print([n for n in ('pyreadstat', 'pandas', 'numpy', 'pyarrow') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.usefixtures("terminal")
class TestCommand:
    """`efm responses` as somebody at a terminal uses it."""

    def test_it_knows_every_format(self) -> None:
        assert tuple(exports.FORMATS) == room.ENDINGS

    @pytest.mark.parametrize("ending", room.ENDINGS)
    def test_it_writes_what_the_page_sends(
        self, exported: Exported, ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        output = tmp_path / f"here.{ending}"
        given = ["responses", "export", NAME, "--organization", exported.house.slug]
        assert main([*given, "--to", ending, "--output", str(output)]) == 0
        out, err = capsys.readouterr()
        assert out.startswith("4 responses → ")
        assert "4 of 4 responses read" in err
        assert list(tmp_path.iterdir()) == [output]
        if ending in ("csv", "jsonl", "dta"):
            assert len(output.read_bytes()) == len(exported.get(ending).data)
        if ending in ("csv", "jsonl"):
            assert output.read_bytes() == exported.get(ending).data

    def test_it_is_found_by_id_and_says_json(
        self, exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        given = ["responses", "export", str(exported.survey_id), "--to", "parquet", "--json"]
        assert main([*given, "--output", str(tmp_path)]) == 0
        out, err = capsys.readouterr()
        said = json.loads(out)
        assert (said["responses"], said["variables"], said["notes"]) == (4, 24, [])
        assert parquet.read_table(said["file"]).num_rows == 4
        assert err == ""

    def test_days_and_channels_narrow_it(
        self, exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def count(*options: str) -> int:
            given = ["responses", "export", str(exported.survey_id), "--json", *options]
            # Named, because looking through all organizations of the tests takes its time.
            given += ["--organization", exported.house.slug]
            assert main([*given, "--output", str(tmp_path / "a.csv")]) == 0
            return int(json.loads(capsys.readouterr().out)["responses"])

        assert count("--from", "2026-03-29") == 4
        assert count("--from", "2026-03-30") == 0
        assert count("--until", "2026-03-28") == 0
        assert count("--from", "2026-03-29", "--until", "2026-03-29") == 4
        assert count("--band", "promoter") == 2
        assert count("--channel", "nowhere") == 0

    def test_standard_output_takes_the_file(
        self, exported: Exported, capfdbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        given = ["responses", "export", str(exported.survey_id), "--to", "jsonl"]
        assert main([*given, "--output", "-"]) == 0
        out, err = capfdbinary.readouterr()
        assert len([json.loads(line) for line in out.splitlines()]) == 4
        assert b"4 responses" in err

    def test_the_codebook_is_written_too(
        self, exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        given = ["responses", "codebook", str(exported.survey_id)]
        given += ["--organization", exported.house.slug]
        assert main([*given, "--output", str(tmp_path / "a.csv")]) == 0
        assert "24 variables" in capsys.readouterr().out
        lines = csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8-sig", newline=""))
        assert {line["variable"]: line for line in lines} == exported.codebook()
        assert main([*given, "--to", "xlsx", "--output", str(tmp_path / "a.xlsx")]) == 0
        page = openpyxl.load_workbook(tmp_path / "a.xlsx")["Codebook"]
        assert page.max_row == 25
        assert page["A1"].value == "variable"

    def test_what_cannot_be_done_is_said_and_fails(
        self, exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        known = str(exported.survey_id)
        for given, said in (
            (["Nothing like it"], "There is no survey “Nothing like it”"),
            ([str(uuid.uuid4())], "There is no survey"),
            ([known, "--organization", "no-such-slug"], "There is no organization"),
            ([known, "--output", str(tmp_path / "no" / "a.csv")], "There is no folder"),
            ([known, "--from", "2026-02-01", "--until", "2026-01-01"], "--from is after --until"),
        ):
            assert main(["responses", "export", *given]) == 1, given
            assert said in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(SystemExit) as ended:
            main(["responses", "export", known, "--to", "exe"])
        assert ended.value.code == 2

    def test_a_name_two_surveys_have_asks_for_an_id(
        self, exported: Exported, capsys: pytest.CaptureFixture[str]
    ) -> None:
        other = _make(exported.house, VERSION_1)
        given = ["responses", "export", NAME, "--organization", exported.house.slug]
        assert main(given) == 1
        err = capsys.readouterr().err
        assert "Several surveys have this name" in err
        assert str(other) in err
        assert str(exported.survey_id) in err


def test_a_stranger_gets_neither_file_nor_codebook(exported: Exported, stranger: House) -> None:
    owner = stranger.login("owner")
    for ending in exports.FORMATS:
        address = f"/surveys/{exported.survey_id}/responses.{ending}"
        assert owner.get(address).status_code == 404
    assert owner.get(f"/surveys/{exported.survey_id}/codebook.csv").status_code == 404


def test_what_a_response_knows_beside_its_answers_goes_out_too(house):
    document = {
        "title": "T",
        "language": "en",
        "data": [{"key": "tier", "name": "Tier"}],
        "randomizers": [{"key": "arm"}],
        "blocks": [{"key": "a", "randomizer": "arm"}],
        "pages": [{"block": "a", "questions": [{"key": "nps", "kind": "nps", "text": "?"}]}],
        "endings": [{"key": "glad", "text": "Glad.", "show_if": "nps >= 9"}],
    }
    survey = Published.of(house, document)
    client = house.app.test_client()
    page = client.get(f"{survey.url}?Tier=gold").text
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    assert client.post(survey.url, data={**form, "nps": "9"}).status_code == 303
    reply = house.login("owner").get(f"/surveys/{survey.survey_id}/responses.csv")
    (row,) = csv.DictReader(io.StringIO(reply.data.decode("utf-8-sig")))
    assert (row["data.tier"], row["data.arm"], row["ending"]) == ("gold", "a", "glad")
