"""What an account says of itself: who we are there, the fields people made, the agents' names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import ConfigError
from connectors.systems.zendesk.api import Api, text_of
from connectors.systems.zendesk.kinds import Kind
from connectors.systems.zendesk.refusals import Absent, BadRequest, Forbidden

_TYPES = {
    "text": "text", "textarea": "text", "regexp": "text", "tagger": "text", "dropdown": "text",
    "integer": "integer", "decimal": "decimal", "checkbox": "boolean", "date": "date",
    "multiselect": "json",
}  # fmt: skip
"""Types of field whose values are plain; only these are written."""
_NOT_MADE = frozenset(
    ("subject", "description", "status", "custom_status", "tickettype", "priority",
     "basic_priority", "group", "assignee")
)  # fmt: skip
"""Types of the ticket fields that every account has."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field that people made: its name in records, where Zendesk keeps it, what it holds.

    `options` are the values a list takes; empty where any goes.
    """

    name: str
    key: str
    label: str
    type: str
    is_writable: bool
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Me:
    """Whose credential it is."""

    name: str
    email: str
    role: str


class Desk:
    """The account's own description, each part asked for once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._fields: dict[str, Mapping[str, Field]] = {}
        self._agents: Mapping[str, str] | None = None

    def me(self) -> Me:
        """Whose credential it is. Raises ConfigError for a refused one."""
        user = self._api.get("users/me").get("user")
        said: Mapping[str, Any] = user if isinstance(user, dict) else {}
        if not text_of(said.get("id")):
            # Without a credential Zendesk answers as to a visitor, and not with a refusal.
            text = "Zendesk does not know us; check the e-mail address and the token."
            raise ConfigError(text, {"token": ["Zendesk does not know it."]})
        names = ("name", "email", "role")
        return Me(*(text_of(said.get(name)) for name in names))

    def fields(self, kind: Kind) -> Mapping[str, Field]:
        """The fields people made for a kind, by the key Zendesk keeps them under.

        Empty where this credential may not list them; the values are kept all the same.
        """
        _, path = kind.custom
        if not path:
            return {}
        if path not in self._fields:
            try:
                listed = [_field(each, path) for each in self._api.listed(path, path)]
            except (Absent, BadRequest, Forbidden):
                listed = []
            self._fields[path] = {each.key: each for each in listed if each is not None}
        return self._fields[path]

    def agents(self) -> Mapping[str, str]:
        """The names of agents and administrators by their id; empty where they are not told."""
        if self._agents is None:
            asked = {"role[]": ["agent", "admin"]}
            try:
                found = list(self._api.listed("users", "users", asked))
            except (Absent, BadRequest, Forbidden):
                found = []
            self._agents = {text_of(each.get("id")): text_of(each.get("name")) for each in found}
        return self._agents


def _field(said: Mapping[str, Any], path: str) -> Field | None:
    """One described field; None for those every account has, and for those put away."""
    kind = text_of(said.get("type"))
    key = text_of(said.get("id" if path == "ticket_fields" else "key"))
    is_made = said.get("removable") is not False and said.get("system") is not True
    if not key or not is_made or said.get("active") is False or kind in _NOT_MADE:
        return None
    given = said.get("custom_field_options")
    options = [
        text_of(each.get("value"))
        for each in (given if isinstance(given, list) else ())
        if isinstance(each, dict)
    ]
    return Field(
        name_of(path, key),
        key,
        text_of(said.get("title")) or key,
        _TYPES.get(kind, "any"),
        kind in _TYPES,
        tuple(each for each in options if each),
    )


def name_of(path: str, key: str) -> str:
    """What a field is called in records: as in Zendesk's own placeholders for those of tickets,
    for their titles change."""
    return f"ticket_field_{key}" if path == "ticket_fields" else f"{path}.{key}"
