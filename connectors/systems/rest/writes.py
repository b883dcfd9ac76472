"""What may be written back, as an admin declares it: requests with places for values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from connectors.canonical import NOTHING
from connectors.records import FIELD_TYPES, OPS, Target
from connectors.systems.rest.paths import Path
from connectors.systems.rest.reading import Reader

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,99})\}")
_OWN = ("key", "remote_id", "id", "origin", "user")
LEFT_OUT = object()
"""What a place without a value becomes; members and entries that hold it are left out."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request. Without `body` the values are sent as they are; `has_etag` sends If-Match."""

    method: str
    path: str
    body: Any = None
    params: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    records: Path = Path("", ())  # noqa: RUF009 - a path is immutable
    id: Path = Path("", ())  # noqa: RUF009
    has_etag: bool = False


@dataclass(frozen=True, slots=True)
class Writing:
    """A target and its requests: find and create are for what is ours, `then` follows both."""

    target: Target
    update: Step | None
    find: Step | None = None
    create: Step | None = None
    then: Step | None = None


def writing(found: Any, number: int, streams: Set[str]) -> Writing:
    """One entry of “writes”. Raises ConfigError naming what is wrong."""
    name = Reader(f"Entry {number} of “writes”", found).text("name", None)
    here = Reader(f"“writes” → “{name}”", found)
    here.raw("name")
    op = here.choice("op", OPS, None)
    stream = here.text("stream", None if op == "update" else "")
    if stream and stream not in streams:
        raise here.fail(f"there is no stream “{stream}”.")
    kinds = here.scalars("fields")
    wrong = [
        n for n, k in kinds.items() if k not in FIELD_TYPES or not _PLACE.fullmatch(f"{{{n}}}")
    ]
    if not kinds or wrong or set(kinds) & set(_OWN):
        raise here.fail(f"“fields” must name each field and its type ({', '.join(FIELD_TYPES)}).")
    required = frozenset(here.texts("required"))
    if not required <= set(kinds):
        raise here.fail("“required” may only name what “fields” names.")
    target = Target(
        name, here.text("label", name), op, stream, kinds, required, 100, here.text("help")
    )
    places = {*kinds, *_OWN}
    made = Writing(
        target,
        _step(here, "update", "PATCH", places),
        _step(here, "find", "GET", places),
        _step(here, "create", "POST", places),
        _step(here, "then", "PATCH", places),
    )
    here.done()
    if op == "update" and made.update is None:
        raise here.fail("“update” is needed: the request that changes a record.")
    if op == "upsert" and (made.find is None or made.create is None):
        raise here.fail("“find” and “create” are needed, so that nothing is made twice.")
    return made


def _step(here: Reader, name: str, method: str, places: Set[str]) -> Step | None:
    inner = here.inner(name)
    if inner is None:
        return None
    path = inner.text("path", None)
    if "://" in path or path.startswith("//"):
        raise inner.fail("“path” must be relative to the address, such as items/{id}.")
    if "?" in path:
        raise inner.fail("“path” must end before the question mark; list the rest under “params”.")
    made = Step(
        inner.choice("method", ("GET", "POST", "PUT", "PATCH"), method),
        path.lstrip("/"),
        inner.raw("body"),
        inner.scalars("params"),
        inner.path("records"),
        inner.path("id", "id"),
        inner.yes("etag"),
    )
    inner.done()
    unknown = sorted(set(_PLACE.findall(repr((made.path, made.body, made.params)))) - places)
    if unknown:
        raise inner.fail(
            f"there is no value for “{{{unknown[0]}}}”; there are {', '.join(sorted(places))}."
        )
    return made


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with its places filled in.

    A text that is one place takes the value with its type; a member without a value is left out.
    """
    if isinstance(template, Mapping):
        filled = {str(k): fill(v, values) for k, v in template.items()}
        return {k: v for k, v in filled.items() if v is not LEFT_OUT}
    if isinstance(template, list):
        return [v for v in (fill(each, values) for each in template) if v is not LEFT_OUT]
    if not isinstance(template, str):
        return template
    whole = _PLACE.fullmatch(template)
    if whole:
        return values.get(whole[1], LEFT_OUT)
    return _PLACE.sub(lambda found: _text(values.get(found[1], found[0])), template)


def fill_path(template: str, values: Mapping[str, Any]) -> str:
    """The path with its places filled in, each value escaped so that it stays one segment."""

    def one(found: re.Match[str]) -> str:
        text = quote(_text(values.get(found[1], found[0])), safe="")
        # A segment of dots would be taken for a step upwards.
        return text.replace(".", "%2E") if text.strip(".") == "" else text

    return _PLACE.sub(one, template)


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
