"""Reads what an admin wrote as YAML or JSON, and says in which line what is wrong."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from connectors.errors import ConfigError
from connectors.systems.rest.paths import Path

LONGEST = 100_000
DEEPEST = 50


class Lined(dict[str, Any]):
    """A mapping that knows the line it began in (0: unknown)."""

    line = 0


class _Loader(yaml.SafeLoader):
    """The safe loader, without anchors, with lines, where 2026-01-01 and `on` stay text."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        peeked: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(peeked, yaml.events.AliasEvent):
            said = "references with * are not allowed"
            mark: Any = peeked.start_mark
            raise yaml.MarkedYAMLError(problem=said, problem_mark=mark)
        return super().compose_node(parent, index)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Lined:
    made = Lined({str(k): v for k, v in loader.construct_mapping(node, deep=True).items()})
    made.line = node.start_mark.line + 1
    if len(made) < len(node.value):
        said = "a name stands here twice"
        raise yaml.MarkedYAMLError(problem=said, problem_mark=node.start_mark)
    return made


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: node.value)


def parse(text: str) -> Any:
    """The document as plain values. Raises ConfigError with the line for broken text."""
    if len(text) > LONGEST:
        raise broken(f"The text is longer than {LONGEST:,} characters; shorten it.")
    if _depth(text) > DEEPEST:
        raise broken("The brackets are nested too deeply to be read; check that each is closed.")
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        where = f"Line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        try:
            return json.loads(text)  # JSON may hold tabs, which YAML does not take
        except (ValueError, RecursionError):
            said = error.problem or "this cannot be read"
            raise broken(f"{where}{said}; check the indentation and the quotes.") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise broken("The text cannot be read as YAML or JSON; check it.") from error


def _depth(text: str) -> int:
    """How many brackets are open at once; the parser takes very long over very many."""
    deepest = depth = 0
    for letter in text:
        if letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest


def broken(said: str) -> ConfigError:
    """The error of the streams' text, beside its setting."""
    return ConfigError(f"The streams cannot be used. {said}", {"streams": [said]})


class Reader:
    """Takes the entries of one mapping and complains about those nobody asked for.

    `where` names it for messages, such as “Stream “issues””.
    """

    def __init__(self, where: str, found: Any) -> None:
        if not isinstance(found, Mapping):
            raise broken(f"{where}: write it as a mapping, with a line “name: value” for each.")
        line = found.line if isinstance(found, Lined) else 0
        self.where = f"{where} (line {line})" if line else where
        self._found, self._asked = found, list[str]()

    def fail(self, said: str) -> ConfigError:
        """An error about this mapping."""
        return broken(f"{self.where}: {said}")

    def raw(self, name: str, default: Any = None) -> Any:
        """The value as it is."""
        self._asked.append(name)
        value = self._found.get(name)
        return default if value is None else value

    def text(self, name: str, default: str | None = "") -> str:
        """A text; needed when there is no default."""
        value = self.raw(name, default)
        if value is None or value == "" != default:
            raise self.fail(f"“{name}” is needed.")
        if isinstance(value, (Mapping, list, bool)):
            raise self.fail(f"“{name}” must be one text.")
        return str(value).strip()

    def choice(self, name: str, choices: Sequence[str], default: str | None) -> str:
        """One of some words."""
        value = self.text(name, default)
        if value not in choices:
            raise self.fail(f"“{name}” must be one of {', '.join(choices)}, not “{value[:40]}”.")
        return value

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within limits."""
        value = self.raw(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.fail(f"“{name}” must be a whole number from {least} to {most:,}.")
        return value

    def yes(self, name: str, default: bool = False) -> bool:
        """True or false."""
        value = self.raw(name, default)
        if not isinstance(value, bool):
            raise self.fail(f"“{name}” must be true or false.")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """One text or a list of them."""
        value = self.raw(name, [])
        listed = value if isinstance(value, list) else [value]
        if any(isinstance(each, (Mapping, list, bool)) or each is None for each in listed):
            raise self.fail(f"“{name}” must be a name or a list of names.")
        return tuple(str(each).strip() for each in listed if str(each).strip())

    def mapping(self, name: str) -> Mapping[str, Any]:
        """A mapping, empty when it is not there."""
        value = self.raw(name, Lined())
        if not isinstance(value, Mapping):
            raise self.fail(f"“{name}” must be a mapping, with a line “name: value” for each.")
        return value

    def scalars(self, name: str) -> dict[str, str]:
        """A mapping of names to single values, as texts."""
        found = {}
        for key, value in self.mapping(name).items():
            if isinstance(value, (Mapping, list)) or value is None:
                raise self.fail(f"“{name}” → “{key}” must be one text or number.")
            found[str(key)] = str(value).lower() if isinstance(value, bool) else str(value)
        return found

    def path(self, name: str, default: str | None = "") -> Path:
        """A path into the answer."""
        try:
            return Path.parse(self.text(name, default))
        except ValueError as error:
            raise self.fail(f"“{name}”: {error}.") from error

    def inner(self, name: str) -> Reader | None:
        """A reader of a mapping inside, None when it is not there."""
        value = self.raw(name)
        return None if value is None else Reader(f"{self.where} → “{name}”", value)

    def done(self) -> None:
        """Complains about entries that nobody asked for."""
        for name in self._found:
            if name not in self._asked:
                near = difflib.get_close_matches(str(name), self._asked, n=1)
                hint = f"Did you mean “{near[0]}”?" if near else f"It may hold: {', '.join(sorted(set(self._asked)))}."  # fmt: skip
                raise self.fail(f"“{name}” is unknown here. {hint}")
