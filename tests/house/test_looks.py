"""The look keeps its promises: contrast in both themes, small answer pages, nothing inline."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "efm" / "web"
STATIC = WEB / "static"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
SCRIPTS = sorted(STATIC.glob("*.js"))
Theme = dict[str, str]

TEXT_PAIRS = [
    *((role, ground) for role in ("text", "muted", "accent") for ground in ("page", "surface")),
    *((role, "surface") for role in ("positive", "neutral", "caution", "negative")),
    *((role, "page") for role in ("positive", "neutral", "caution", "negative")),
    *((role, f"{role}-soft") for role in ("positive", "neutral", "caution", "negative")),
    ("text", "raised"),
    ("muted", "raised"),
    ("text", "accent-soft"),
    ("muted", "accent-soft"),
    ("accent", "accent-soft"),
    ("accent-strong", "accent-soft"),
    ("accent-strong", "page"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-status", "negative"),
]
CONTROL_PAIRS = [
    (role, ground) for role in ("control", "focus", "accent") for ground in ("page", "surface")
]
ANSWER_TEXT_PAIRS = [
    *((role, "page") for role in ("text", "muted", "negative")),
    *((role, "soft") for role in ("text", "muted")),
    ("text", "negative-soft"),
    ("on-brand", "brand"),
]
ANSWER_CONTROL_PAIRS = [(role, "page") for role in ("control", "focus", "brand")]


def staff_themes() -> dict[str, Theme]:
    pairs = re.findall(
        r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)",
        (STATIC / "app.css").read_text(),
    )
    return {
        "light": {name: light for name, light, _ in pairs},
        "dark": {name: dark for name, _, dark in pairs},
    }


def answer_themes() -> dict[str, Theme]:
    css = (STATIC / "answer.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    read = re.compile(r"--([a-z-]+): (#[0-9a-f]{3,6})")
    first = dict(read.findall(light))
    return {"light": first, "dark": first | dict(read.findall(dark))}


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2, from 0 (black) to 1 (white)."""
    digits = colour[1:] if len(colour) == 7 else "".join(one * 2 for one in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2, from 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_ratio_is_the_one_of_wcag() -> None:
    assert ratio("#000", "#fff") == pytest.approx(21)
    assert ratio("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT_PAIRS, 4.5), (CONTROL_PAIRS, 3.0)])
def test_staff_contrast(theme: str, pairs: list[tuple[str, str]], least: float) -> None:
    roles = staff_themes()[theme]
    found = {pair: round(ratio(roles[pair[0]], roles[pair[1]]), 2) for pair in pairs}
    assert not {pair: value for pair, value in found.items() if value < least}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("pairs", "least"), [(ANSWER_TEXT_PAIRS, 4.5), (ANSWER_CONTROL_PAIRS, 3.0)]
)
def test_answer_contrast(theme: str, pairs: list[tuple[str, str]], least: float) -> None:
    roles = answer_themes()[theme]
    found = {pair: round(ratio(roles[pair[0]], roles[pair[1]]), 2) for pair in pairs}
    assert not {pair: value for pair, value in found.items() if value < least}


def test_components_use_roles_not_raw_colours() -> None:
    css = (STATIC / "app.css").read_text().split("/* ---- Plain elements ---- */")[1]
    css += (STATIC / "components.css").read_text()
    raw = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", css))
    assert raw <= {"#fff"}, "white is allowed for paper and for the ground of QR codes only"


@pytest.mark.parametrize("name", ["app.css", "components.css", "answer.css"])
def test_styles_use_the_type_scale_and_known_roles(name: str) -> None:
    css = (STATIC / name).read_text()
    defined = set(re.findall(r"(--[a-z0-9-]+):", css + (STATIC / "app.css").read_text()))
    used = set(re.findall(r"var\((--[a-z0-9-]+)", css))
    assert used <= defined
    if name != "answer.css":
        sizes = set(re.findall(r"font-size: ([^;]+);", css))
        assert sizes <= {f"var(--text-{size})" for size in (12, 14, 16, 20, 25, 31)} | {"0.93em"}


def test_answer_styles_are_small() -> None:
    css = (STATIC / "answer.css").read_bytes()
    assert len(css) < 16_000
    assert len(gzip.compress(css)) < 4_100


def test_scripts_of_ours_are_small() -> None:
    # Those of answer pages are held to what one page loads, in the tests of that script.
    staff = [path for path in SCRIPTS if not path.name.startswith("answer")]
    assert sum(len(path.read_bytes()) for path in staff) < 40_000
    assert all(len(path.read_text().splitlines()) < 300 for path in SCRIPTS)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(WEB / "templates")))
def test_templates_have_nothing_inline(path: Path) -> None:
    html = path.read_text()
    assert not re.search(r"\sstyle\s*=", html), "the content policy forbids style attributes"
    assert not re.search(r"<style\b", html), "the content policy forbids style elements"
    assert not re.search(r"<script(?![^>]*\b(?:src=|type=.application/json))", html), (
        "the content policy forbids inline script"
    )
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", html), "no handlers in attributes"
    assert not re.search(r"\|\s*safe\b", html), "data is always escaped"
    assert not re.search(r"autoescape\s+false", html)
    assert html.startswith("{#"), "the first line says what the template is"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_scripts_keep_the_policy(path: Path) -> None:
    code = path.read_text()
    assert not re.search(r"\beval\(|new Function|setAttribute\(\"style\"|insertAdjacentHTML", code)
    assert code.startswith("//"), "the first line says what the script does"
