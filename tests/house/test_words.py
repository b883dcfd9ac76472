"""Names, plates on the doors and sizes: what the house rules say, held by tests."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Boolean, Date, DateTime
from sqlalchemy.orm import Mapper

import efm.models  # noqa: F401 - registers every table
from efm.config import Config
from efm.db.base import Base
from efm.web.flask import EfmFlask
from efm.web.permissions import PERMISSIONS, PUBLIC, SIGNED_IN, permission_of

ROOT = Path(__file__).resolve().parents[2]
# A checkout knows its files; a copy without its history is looked through whole.
OURS = ("efm", "surveys", "connectors", "migrations", "tests")
LISTED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True
).stdout
FILES = sorted(
    {ROOT / name for name in LISTED.split("\0") if name and (ROOT / name).is_file()}
    or {path for name in OURS for path in (ROOT / name).rglob("*") if path.is_file()}
)
PYTHON = [path for path in FILES if path.suffix == ".py"]
MAPPERS = sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__name__)

MOST_LINES, MOST_TEST_LINES = 400, 800
# Longer than a room should be, and why.
LONG = {
    "migrations/versions/20261122_b8c404465b39_first_tables.py": "generated once, never edited",
    "requirements.txt": "generated",
    "requirements-dev.txt": "generated",
}
VAGUE = re.compile(r"(^|[_.-])(utils?|helpers?|common|managers?|misc|stuff|v\d+)([_.-]|$)")
# Addresses of one machine, of package registries and of other people's servers of files.
PLACES = re.compile(
    r"(?<![\w.])/(work|root|home|Users)/(?!item)[\w.]|/tmp/(?!efm)\w{3}"
    r"|pypi\.org|pythonhosted|registry\.npmjs|npmjs\.(com|org)|unpkg\.com|jsdelivr|docker\.io"
)


def said(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def texts() -> list[tuple[str, str]]:
    """Every text file of ours with its name; what others wrote is left out."""
    found = []
    for path in FILES:
        name = said(path)
        if "/vendor/" in name or path == Path(__file__).resolve():
            continue
        try:
            found.append((name, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def test_the_house_is_looked_at() -> None:
    assert len(PYTHON) > 200
    assert len(MAPPERS) > 25


def test_a_files_name_says_what_lives_in_it() -> None:
    names = [said(path) for path in FILES if "/vendor/" not in said(path)]
    assert [name for name in names if VAGUE.search(Path(name).name)] == []
    folders = {part for name in names for part in Path(name).parent.parts}
    assert {folder for folder in folders if VAGUE.search(folder)} <= {"v1"}


@pytest.mark.parametrize("path", PYTHON, ids=said)
def test_a_plate_is_on_the_door(path: Path) -> None:
    plate = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert plate, "the first line says what lives here"
    first = plate.splitlines()[0]
    assert 10 <= len(first) <= 140
    assert first.rstrip()[-1] in ".:"


def test_rooms_are_small() -> None:
    long = {}
    for name, text in texts():
        if not name.endswith((".py", ".html", ".js", ".css", ".txt")):
            continue
        most = MOST_TEST_LINES if name.startswith("tests/") else MOST_LINES
        if (lines := text.count("\n")) > most:
            long[name] = lines
    assert set(long) - set(LONG) == set(), "split these, or say in LONG why they are long"
    assert set(LONG) - set(long) == set(), "these are not long any more"


def test_nothing_of_one_machine_is_written_down() -> None:
    found = {name: sorted({m[0] for m in PLACES.finditer(text)}) for name, text in texts()}
    assert {name: places for name, places in found.items() if places} == {}


def test_nothing_is_left_to_do() -> None:
    left = re.compile(r"\b(TODO|FIXME|HACK)\b")
    assert [name for name, text in texts() if left.search(text)] == []


def test_pages_neither_shout_nor_shrug() -> None:
    """ui.md: no exclamation marks, and never that something went wrong alone."""
    loud = []
    for path in FILES:
        if path.suffix != ".html" or "templates" not in path.parts:
            continue
        text = re.sub(
            r"\{[#%{].*?[#%}]\}|<!doctype|<[^>]*>", " ", path.read_text(), flags=re.DOTALL
        )
        if "!" in text or "went wrong" in text.lower():
            loud.append(said(path))
    assert loud == []


@pytest.mark.parametrize("mapper", MAPPERS, ids=lambda mapper: mapper.class_.__name__)
class TestTables:
    """One class a table, described, named as section 7 of the architecture says."""

    def test_it_is_described(self, mapper: Mapper[Base]) -> None:
        words = mapper.class_.__doc__
        assert words
        assert len(words.splitlines()[0]) > 10
        assert words.strip().endswith(".")

    def test_the_class_is_singular_and_the_table_plural(self, mapper: Mapper[Base]) -> None:
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", mapper.class_.__name__).lower()
        plural = re.sub(r"y$", "ie", snake) if re.search(r"[^aeiou]y$", snake) else snake
        plural += "e" if plural.endswith("ch") else ""
        assert mapper.local_table.name == plural + "s"  # type: ignore[attr-defined]
        assert not re.search(r"[^su]s$", snake)

    def test_columns_say_what_they_hold(self, mapper: Mapper[Base]) -> None:
        wrong = []
        for column in mapper.local_table.columns:
            name, kind = column.name, column.type
            if isinstance(kind, DateTime):
                right = name.endswith(("_at", "_until", "_before")) or name == "not_before"
            elif isinstance(kind, Date):
                right = name.endswith("_on") or name == "on_day"
            elif isinstance(kind, Boolean):
                right = name.startswith(("is_", "has_", "was_"))
            else:
                right = not re.search(r"_(at|on)$|^(is|has)_", name)
            if not right:
                wrong.append(f"{name} {kind}")
        assert wrong == []

    def test_it_uses_our_words(self, mapper: Mapper[Base]) -> None:
        never = {"crm_id", "blast", "submission", "submissions", "questionnaire", "workflow", "ticket",
                 "offset", "lead", "leads", "client", "clients", "plugin", "integration"}  # fmt: skip
        used = {mapper.local_table.name, *(column.name for column in mapper.local_table.columns)}  # type: ignore[attr-defined]
        assert used & never == set()


def routes_command(config: Config, *options: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EFM_")}
    done = subprocess.run(
        [sys.executable, "-m", "efm", "routes", *options],
        cwd=ROOT,
        env={
            **kept,
            "EFM_DATABASE_URL": config.database_url or "",
            "EFM_DATA_FOLDER": str(config.data_folder),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_every_route_is_printed_with_its_permission(app: EfmFlask, config: Config) -> None:
    rows = json.loads(routes_command(config, "--json"))
    wanted = Counter(
        (method, rule.rule, permission_of(app.view_functions[rule.endpoint]))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )
    assert Counter((row["method"], row["path"], row["permission"]) for row in rows) == wanted
    lines = routes_command(config).splitlines()
    assert len(lines) == len(rows)
    known = {*PERMISSIONS, PUBLIC, SIGNED_IN}
    assert [line for line in lines if line.split()[2] not in known] == []


def test_the_programs_version_of_python_is_the_one_promised() -> None:
    setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    assert "python_requires = >=3.11" in setup
    assert "python_version = 3.11" in setup, (
        "types are checked for the oldest Python that is served"
    )
