"""The logic forms of the builder as fields of a definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from surveys.editing import Document

Form = Mapping[str, Sequence[str]]


def of_any(document: Document, address: str, form: Form) -> dict[str, object]:
    """The logic of an element."""
    return {}
