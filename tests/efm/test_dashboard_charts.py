"""The charts' files are what Altair declares, and what fills them is checked."""

from __future__ import annotations

import subprocess
import sys

import pytest

from efm import charts
from efm.charts import declared


def test_the_files_are_what_is_declared() -> None:
    assert charts.names() == sorted(declared.declarations())
    for name, declare in declared.declarations().items():
        kept = (declared.SPECS / f"{name}.json").read_text(encoding="utf-8")
        assert kept == declared.written(declare()), "Run python -m efm.charts.declared."


def test_a_chart_is_filled_with_rows_and_parameters() -> None:
    rows = [{"since": "2026-01-05", "value": 45.0}]
    spec = charts.fill("trend-nps", rows, {"bottom": -20, "form": "%b %Y"}, height=99)
    assert spec["data"] == {"values": rows}
    values = {each["name"]: each["value"] for each in spec["params"]}
    assert (values["bottom"], values["top"], values["form"]) == (-20, 100, "%b %Y")
    assert spec["height"] == 99
    assert charts.fill("trend-nps", [])["height"] == 220
    with pytest.raises(KeyError):
        charts.fill("trend-nps", [], {"colour": "red"})
    with pytest.raises(FileNotFoundError):
        charts.fill("pie", [])


def test_colours_are_roles_of_the_page() -> None:
    for name in charts.names():
        kept = (declared.SPECS / f"{name}.json").read_text(encoding="utf-8")
        assert "#" not in kept.replace("%-d", ""), "A colour is written out."


def test_neither_the_web_nor_the_worker_loads_altair() -> None:
    code = (
        "import sys, efm.web.pages.overview, efm.web.charts, efm.insight.jobs;"
        "heavy = {'altair', 'pandas', 'scipy', 'numpy'} & set(sys.modules);"
        "sys.exit(', '.join(sorted(heavy)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
