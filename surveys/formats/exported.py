"""A survey written for another tool, and what of it that tool cannot say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exported:
    """The file's bytes, and a sentence for each thing that was left out or changed."""

    content: bytes
    losses: tuple[str, ...] = ()
