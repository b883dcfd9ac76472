"""A survey's definition as a frozen value, how it is read from outside and written back."""

from __future__ import annotations

import hashlib
import json

from surveys import documents, kinds
from surveys.dumping import dump
from surveys.loading import Loader
from surveys.parts import (
    Block,
    Carry,
    Check,
    Choice,
    DataField,
    Definition,
    Ending,
    Logic,
    Page,
    Question,
    Quota,
    Randomizer,
    Skip,
    Unresolved,
)

__all__ = [
    "Block",
    "Carry",
    "Check",
    "Choice",
    "DataField",
    "Definition",
    "Ending",
    "Logic",
    "Page",
    "Question",
    "Quota",
    "Randomizer",
    "Skip",
    "Unresolved",
    "checksum",
    "dump",
    "dump_yaml",
    "from_json",
    "load",
    "load_yaml",
    "minutes",
    "to_json",
]

# Two hundred words a minute, unhurried reading.
_WORDS_A_SECOND = 200 / 60


def load(document: object) -> Definition:
    """A definition from a plain mapping, as YAML or JSON give it.

    Raises DefinitionError with every problem and its path. Texts are tidied, settings completed
    with their defaults, so that a later change of a default cannot change this definition.
    """
    return Loader().definition(document)


def load_yaml(text: str) -> Definition:
    """A definition from a YAML document; raises DefinitionError."""
    return load(documents.from_yaml(text))


def from_json(document: bytes) -> Definition:
    """A definition from a JSON document in UTF-8; raises DefinitionError."""
    return load(documents.from_json(document))


def dump_yaml(definition: Definition) -> str:
    """The definition as YAML, byte for byte the same each time."""
    return documents.to_yaml(dump(definition))


def to_json(definition: Definition) -> bytes:
    """The definition as canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(
        dump(definition), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode("utf-8")


def checksum(definition: Definition) -> str:
    """The SHA-256 of the canonical JSON in hexadecimal: equal definitions, equal checksums."""
    return hashlib.sha256(to_json(definition)).hexdigest()


def minutes(definition: Definition) -> int:
    """An estimate of the whole minutes it takes: reading, and answering by kind; at least 1."""
    seconds = 0.0
    words = len(definition.introduction.split())
    for page in definition.pages:
        words += len(page.description.split())
        for question in page.questions:
            seconds += kinds.seconds(question)
            words += len(question.text.split()) + len(question.help.split())
            words += sum(len(each.label.split()) for each in question.choices + question.rows)
    return max(1, round((seconds + words / _WORDS_A_SECOND) / 60))
