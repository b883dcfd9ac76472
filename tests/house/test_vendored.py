"""The files others wrote are the ones we say they are, with their licences beside them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from surveys import fonts

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "efm" / "web" / "static"
VENDOR = STATIC / "vendor"
TEMPLATES = ROOT / "efm" / "web" / "templates"
ROW = re.compile(r"^\| `(\S+)` \| (\S+) \| (\S+) \| ([^|]+) \| `([0-9a-f]{64})` \|", re.MULTILINE)
ROWS = ROW.findall((VENDOR / "VENDORED.md").read_text())
ICON_USES = (
    r'icon\("([a-z0-9-]+)"',
    r'draw\("([a-z0-9-]+)"',
    r'icon="([a-z0-9-]+)"',
    r'"icon": "([a-z0-9-]+)"',
    r'Item\("[^"]+", "[^"]+", "([a-z0-9-]+)"',
)


@pytest.mark.parametrize(("file", "package", "version", "licence", "digest"), ROWS)
def test_file_is_the_one_described(
    file: str, package: str, version: str, licence: str, digest: str
) -> None:
    assert hashlib.sha256((ROOT / file).read_bytes()).hexdigest() == digest, (
        f"{file} is not {package} {version} as described; if it was renewed, say so in VENDORED.md"
    )
    assert licence.strip() in {
        "0BSD",
        "BSD-3-Clause",
        "ISC (some icons MIT)",
        "MIT",
        "MPL-2.0",
        "OFL-1.1",
    }


def test_nothing_vendored_is_left_out() -> None:
    described = {row[0] for row in ROWS}
    folders = (VENDOR, ROOT / "tests" / "browser" / "vendor")
    found = {str(p.relative_to(ROOT)) for folder in folders for p in folder.glob("*.js")}
    found |= {str(p.relative_to(ROOT)) for p in (VENDOR / "fonts").glob("*.woff2")}
    assert found | {"efm/web/static/icons.svg"} == described


@pytest.mark.parametrize("name", sorted(fonts.BUNDLED))
def test_a_typeface_weighs_what_its_page_says(name: str) -> None:
    font = fonts.BUNDLED[name]
    sizes = [(VENDOR / "fonts" / fonts.file_of(name, each)).stat().st_size for each in fonts.RANGES]
    assert sizes == [font.bytes_latin, font.bytes_more]
    licence = (VENDOR / "fonts" / f"LICENSE.{name}.txt").read_text()
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence


@pytest.mark.parametrize("name", ["htmx", "vega", "vega-lite", "lucide", "sortable"])
def test_licence_lies_beside(name: str) -> None:
    text = (VENDOR / f"LICENSE.{name}.txt").read_text().lower()
    assert "permission" in text or "redistribution" in text


def test_weak_copyleft_stays_out_of_the_product() -> None:
    assert all(file.startswith("tests/") for file, *_, licence, _ in ROWS if "MPL" in licence)


def test_each_icon_that_is_used_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / "icons.svg").read_text()))
    sources = [*TEMPLATES.rglob("*.html"), *(ROOT / "efm" / "web").rglob("*.py")]
    used = {
        name for path in sources for use in ICON_USES for name in re.findall(use, path.read_text())
    }
    assert {"search", "menu", "users"} <= used
    assert used <= sprite, f"not in icons.svg: {sorted(used - sprite)}"


def test_scripts_name_the_vendored_files_they_load() -> None:
    loaded = set(
        re.findall(r"[\w.-]+-\d+\.\d+\.\d+(?:\.min)?\.js", (STATIC / "charts.js").read_text())
    )
    loaded |= {
        name
        for page in ("layouts/base.html", "surveys/build.html")
        for name in re.findall(r"vendor/([\w.-]+\.js)", (TEMPLATES / page).read_text())
    }
    assert loaded == {path.name for path in VENDOR.glob("*.js")}
