"""Colours and their contrast as WCAG 2.2 counts it."""

from __future__ import annotations

import re

from surveys.errors import SurveyError
from surveys.strings import shown

HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


class BadColour(SurveyError):
    """A colour is not written as #rgb or #rrggbb."""


def luminance(colour: str) -> float:
    """The relative luminance of a colour, from 0 (black) to 1 (white); raises BadColour."""
    if not HEX.fullmatch(colour):
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
