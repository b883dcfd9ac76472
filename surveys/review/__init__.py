"""The expert review of a definition: advice on length, wording, scales and load; never an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from surveys import theme as themes
from surveys.colour import contrast
from surveys.parts import Definition
from surveys.proof.findings import Finding, listed
from surveys.review.colours import review_theme
from surveys.review.early import early
from surveys.review.scales import scales
from surveys.review.structure import length, structure
from surveys.review.wording import wording

__all__ = ["contrast", "length", "review"]


def review(definition: Definition, theme: Mapping[str, str] | None = None) -> tuple[Finding, ...]:
    """Warnings and notes on a survey, and on its theme where one is given as colours by name."""
    return listed(_found(definition, theme or _colours(definition)))


def _colours(definition: Definition) -> Mapping[str, str]:
    """The survey's own colours under the names they are judged by."""
    if not definition.theme:
        return {}
    shown = themes.colours(definition.theme)
    return {
        "accent": shown["brand"],
        "accent_text": shown["on_brand"],
        "background": themes.LIGHT_PAGE,
    }


def _found(definition: Definition, theme: Mapping[str, str]) -> Iterator[Finding]:
    yield from structure(definition)
    yield from wording(definition)
    yield from scales(definition)
    yield from early(definition)
    yield from review_theme(theme)
