"""One line of a field mapping, as the editor edits it and the database keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.canonical import NOTHING

ATTRIBUTE = "attributes."
"""Targets that begin so name an attribute instead of a canonical field."""


@dataclass(frozen=True)
class FieldMapping:
    """One source field to one canonical field (or to `attributes.NAME`).

    Without a `converter` the one of the target's type is used. Options common to all converters:
    `default` (for an empty value), `nulls` (texts that mean empty), `on_error`: `reject` (the
    record; the default), or `attribute` (leave the field empty, keep the value as an attribute).
    """

    source: str
    target: str
    converter: str | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: NOTHING)

    def document(self) -> dict[str, Any]:
        """The same as JSON."""
        document: dict[str, Any] = {"source": self.source, "target": self.target}
        if self.converter:
            document["converter"] = self.converter
        if self.options:
            document["options"] = dict(self.options)
        return document
