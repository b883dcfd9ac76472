"""Contrast of colours as WCAG 2.2 counts it, and a theme judged by it (success criteria 1.4.3, 1.4.11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from surveys.colour import HEX, contrast
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


def review_theme(colours: Mapping[str, str]) -> Iterator[Finding]:
    """Findings on a theme given as colours by name; pairs it does not name are not judged."""
    for name, colour in colours.items():
        if not HEX.fullmatch(colour):
            yield warning(
                "no_colour", f"theme.{name}", f"Write {name} as #1a2b3c, not {shown(colour)!r}."
            )
    for front, back, least in PAIRS:
        if not all(HEX.fullmatch(colours.get(name, "")) for name in (front, back)):
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
