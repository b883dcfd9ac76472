"""Contrast of colours as WCAG 2.2 counts it, and a theme judged by it (success criteria 1.4.3, 1.4.11)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from surveys.errors import SurveyError
from surveys.proof.findings import Finding, warning
from surveys.strings import shown

TEXT, SIGNS = 4.5, 3.0
# What stands on what in a theme, and the contrast it needs: texts more than lines and signs.
PAIRS: tuple[tuple[str, str, float], ...] = (
    ("text", "background", TEXT),
    ("muted", "background", TEXT),
    ("text", "surface", TEXT),
    ("muted", "surface", TEXT),
    ("link", "background", TEXT),
    ("error", "background", TEXT),
    ("accent_text", "accent", TEXT),
    ("accent", "background", SIGNS),
    ("border", "background", SIGNS),
    ("focus", "background", SIGNS),
)
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


class BadColour(SurveyError):
    """A colour is not written as #rgb or #rrggbb."""


def luminance(colour: str) -> float:
    """The relative luminance of a colour, from 0 (black) to 1 (white); raises BadColour."""
    if not _HEX.fullmatch(colour):
        raise BadColour(f"Write a colour as #1a2b3c, not {shown(colour)!r}.")
    digits = colour[1:] if len(colour) == 7 else "".join(each * 2 for each in colour[1:])
    channels = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(foreground: str, background: str) -> float:
    """The contrast ratio of two colours, from 1 to 21; raises BadColour."""
    first, second = luminance(foreground), luminance(background)
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def review_theme(colours: Mapping[str, str]) -> Iterator[Finding]:
    """Findings on a theme given as colours by name; pairs it does not name are not judged."""
    for name, colour in colours.items():
        if not _HEX.fullmatch(colour):
            yield warning(
                "no_colour", f"theme.{name}", f"Write {name} as #1a2b3c, not {shown(colour)!r}."
            )
    for front, back, least in PAIRS:
        if not all(_HEX.fullmatch(colours.get(name, "")) for name in (front, back)):
            continue
        found = contrast(colours[front], colours[back])
        if found < least:
            yield warning(
                "low_contrast", f"theme.{front}",
                # Cut, not rounded: 4.496 is not 4.5.
                f"{front} on {back} has a contrast of {int(found * 100) / 100:.2f} to 1; "
                f"{'texts' if least == TEXT else 'lines and signs'} need {least:g} to 1 (WCAG 2.2). "
                "Make one of them darker or lighter.",
            )  # fmt: skip
