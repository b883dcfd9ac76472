"""The standard questions that ship with the product, each complete by itself and in several languages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from surveys import documents
from surveys.definition import Definition, load
from surveys.errors import UnknownName
from surveys.strings import shown


class Standard(NamedTuple):
    """One standard question: what it is called, what it is about, when to ask it."""

    key: str
    name: str
    topic: str
    purpose: str
    definition: Definition


@cache
def standards() -> Mapping[str, Standard]:
    """All standard questions by key, in the order they are offered."""
    resource = resources.files("surveys") / "data" / "questions.yaml"
    listed: Any = documents.from_yaml(resource.read_text(encoding="utf-8"))
    return {each["key"]: _standard(each) for each in listed}


def standard(key: str) -> Standard:
    """A standard question by key; raises UnknownName."""
    found = standards().get(key)
    if found is None:
        raise UnknownName(f"There is no standard question {shown(key)!r}.")
    return found


def _standard(given: Mapping[str, Any]) -> Standard:
    question = {"key": given["key"]} | given["question"]
    definition = load(
        {
            "title": given["name"],
            "language": "en",
            "pages": [{"key": "page_1", "questions": [question]}],
            "translations": {
                language: {f"{given['key']}.{place}": text for place, text in words.items()}
                for language, words in given.get("translations", {}).items()
            },
        }
    )
    return Standard(given["key"], given["name"], given["topic"], given["purpose"], definition)
