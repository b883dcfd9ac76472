"""`efm surveys` as somebody at a terminal uses it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from efm import log
from efm.__main__ import main
from efm.config import Config
from efm.models import Survey
from surveys.definition import from_json, load_yaml
from surveys.formats.detecting import read
from tests.factories import House

FORM = """| survey | | | | |
| | type | name | label | relevant |
| | select_one yn | happy | Are you <b>happy</b>? | |
| | text | why | Why not? | ${happy} = 'no' |
| | text | secret | Secret | pulldata('a', 'b', 'c', ${why}) |
| | teleport | beam | Beam me up<script>alert(1)</script> | |
| choices | | | |
| | list_name | name | label |
| | yn | yes | Yes |
| | yn | no | No |
"""


@pytest.fixture
def form(tmp_path: Path) -> Path:
    """An XLSForm of four rows, one of them of an unknown type, one with logic that is not known."""
    path = tmp_path / "mood form.md"
    path.write_text(FORM, encoding="utf-8")
    return path


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, config: Config) -> Iterator[None]:
    """What a terminal gives a command; afterwards log lines go where they went before."""
    monkeypatch.setenv("EFM_DATABASE_URL", config.database_url or "")
    monkeypatch.setenv("EFM_OWNER_URL", config.owner_url or "")
    monkeypatch.setenv("EFM_DATA_FOLDER", str(config.data_folder))
    yield
    log.configure(config.log_format, config.log_level)


def test_fidelity_says_one_line_a_file(form: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["surveys", "fidelity", str(form), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "file": str(form),
        "format": "xlsform",
        "ok": True,
        "questions": 4,
        "mapped": 3,
        "approximated": 0,
        "raw": 1,
        "dropped": 0,
        "logic": 2,
        "logic_evaluated": 1,
        "languages": ["en"],
        "scripts_removed": 1,
    }


def test_fidelity_walks_folders_in_order_and_survives_every_file(
    form: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = tmp_path / "b" / "c"
    inner.mkdir(parents=True)
    (inner / "damaged.xlsx").write_bytes(b"PK\x03\x04" + b"x" * 100)
    (tmp_path / "b" / "deep.json").write_text('{"a":' * 3000)
    (tmp_path / "a.txt").write_bytes(b"\xff\x00\xfe")
    (tmp_path / "empty.qsf").write_bytes(b"")
    (tmp_path / "hello.lss").write_text(
        "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><document/>"
    )
    assert main(["surveys", "fidelity", str(tmp_path), "--json"]) == 1
    said = capsys.readouterr()
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert said.err == ""
    assert [Path(line["file"]).name for line in lines] == [
        "a.txt", "damaged.xlsx", "deep.json", "empty.qsf", "hello.lss", "mood form.md",
    ]  # fmt: skip
    assert [line["ok"] for line in lines] == [False] * 5 + [True]
    assert all(line["error"] for line in lines[:5])


def test_fidelity_as_a_table(form: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["surveys", "fidelity", str(form), str(form.parent / "missing"), "/dev/null"]) == 1
    said = capsys.readouterr()
    assert "questions" in said.out
    assert "xlsform" in said.out
    assert "There is no file" in said.err
    assert "/dev/null is no file" in said.err


def test_fidelity_of_the_shared_files_needs_no_database(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EFM_DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/nothing")
    main(["surveys", "fidelity", str(shared_data / "interop" / "xlsform"), "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 5
    for line in lines:
        assert line["ok"]
        assert line["mapped"] + line["approximated"] >= 0.95 * line["questions"]
        assert line["logic_evaluated"] >= 0.9 * line["logic"]
        assert line["scripts_removed"] == 0


@pytest.mark.usefixtures("surroundings")
def test_import_makes_a_draft_and_says_what_to_decide(
    form: Path, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["surveys", "import", str(form), "--organization", house.slug, "--name", "Mood"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "Mood is a draft" in said
    assert "4 questions: 3 mapped, 0 approximated, 1 raw, 0 dropped." in said
    assert "pulldata" in said
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["path"] for each in found["report"]["unresolved"]} == {
        "secret.show_if",
        "beam.type",
    }
    with house.unit(read_only=True) as session:
        surveys = session.query(Survey).filter(Survey.name == "Mood").all()
        assert [survey.state for survey in surveys] == ["draft", "draft"]
        assert surveys[0].draft["pages"][0]["questions"][0]["text"] == "Are you happy?"


@pytest.mark.usefixtures("surroundings")
def test_import_refuses_in_one_line(
    form: Path, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["surveys", "import", str(form), "--organization", "no-such"]) == 1
    assert "no-such" in capsys.readouterr().err
    form.write_bytes(b"nothing")
    assert main(["surveys", "import", str(form), "--organization", house.slug]) == 1
    assert "known format" in capsys.readouterr().err
    assert main(["surveys", "import", str(form.parent), "--organization", house.slug]) == 1


@pytest.mark.parametrize("to", ["yaml", "surveyjs", "lss"])
def test_export_writes_a_file_that_is_read_again(
    form: Path, tmp_path: Path, to: str, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / f"out.{to}"
    assert main(["surveys", "export", str(form), "--to", to, "--output", str(written)]) == 0
    again = read(written.name, written.read_bytes()).definition
    assert {"happy", "why"} <= {question.key for question in again.questions}
    assert capsys.readouterr().out == ""


def test_export_goes_to_standard_output(
    form: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["surveys", "export", str(form), "--to", "yaml"]) == 0
    text = capsysbinary.readouterr().out.decode()
    assert load_yaml(text).title == "mood form"
    with pytest.raises(Exception, match="JSON"):
        from_json(text.encode())


def test_export_refuses_what_it_cannot_read_or_write(
    form: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "no" / "folder")
    assert main(["surveys", "export", str(form), "--to", "yaml", "--output", missing]) == 1
    assert "cannot be written" in capsys.readouterr().err
    form.write_bytes(io.BytesIO(b"{").getvalue())
    assert main(["surveys", "export", str(form), "--to", "yaml"]) == 1
    assert "mood form.md" in capsys.readouterr().err
