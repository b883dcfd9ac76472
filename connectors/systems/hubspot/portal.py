"""What an account says of itself: who it is, its properties, its pipelines, its custom objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors.money import EXPONENTS
from connectors.systems.hubspot.api import Api, items_of, text_of, zone_of
from connectors.systems.hubspot.kinds import KINDS, Kind, custom

_TYPES = {
    "number": "decimal",
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
    "json": "json",
}


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are there. What the account does not say is empty."""

    portal: str = ""
    kind: str = ""
    zone: str = ""
    currency: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Property:
    """One property. `is_ours` says that people made it and values may be written to it."""

    name: str
    label: str
    type: str
    is_ours: bool
    is_hidden: bool
    is_unique: bool
    is_writable: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a pipeline: what people call it, and how a deal in it stands."""

    label: str
    state: str
    pipeline: str = ""


class Portal:
    """The account's own description, each part asked for once."""

    def __init__(self, api: Api, objects: Sequence[str]) -> None:
        self._api, self._objects = api, tuple(dict.fromkeys(objects))
        self._account: Account | None = None
        self._kinds: dict[str, Kind] = {}
        self._properties: dict[str, Mapping[str, Property] | None] = {}
        self._stages: dict[str, Mapping[str, Stage]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The objects of the settings."""
        return self._objects

    def account(self) -> Account:
        """Who we are there. Raises ConfigError for a refused token."""
        if self._account is None:
            said = self._api.tried("GET", "account-info/v3/details") or {}
            currency = text_of(said.get("companyCurrency")).upper()
            self._account = Account(
                text_of(said.get("portalId")),
                text_of(said.get("accountType")),
                text_of(said.get("timeZone")),
                currency if currency in EXPONENTS else "",
            )
            self._api.account_zone = zone_of(self._account.zone)
        return self._account

    def introspected(self, token: str) -> Account:
        """What HubSpot says of the token itself; empty where it does not."""
        path = "oauth/v2/private-apps/get/access-token-info"
        said = self._api.tried("POST", path, {"tokenKey": token}) or {}
        scopes = said.get("scopes")
        named = (
            [each for each in scopes if isinstance(each, str)] if isinstance(scopes, list) else []
        )
        return Account(text_of(said.get("hubId")), scopes=tuple(sorted(named)))

    def kind(self, name: str) -> Kind:
        """The kind of that name; custom objects are asked about once."""
        if name in KINDS:
            return KINDS[name]
        if name not in self._kinds:
            said = self._api.tried("GET", f"crm/v3/schemas/{quote(name, safe='')}") or {}
            labels = said.get("labels")
            label = text_of(labels.get("plural")) if isinstance(labels, dict) else ""
            type_id = text_of(said.get("objectTypeId"))
            title = text_of(said.get("primaryDisplayProperty"))
            self._kinds[name] = custom(name, label, type_id, title)
        return self._kinds[name]

    def properties(self, name: str) -> Mapping[str, Property] | None:
        """The properties of a kind by name; None where this token or server does not list them."""
        if name not in self._properties:
            said = self._api.tried("GET", f"crm/v3/properties/{quote(name, safe='')}")
            found = None if said is None else [_property(each) for each in items_of(said)]
            self._properties[name] = (
                None if found is None else {each.name: each for each in found if each.name}
            )
        return self._properties[name]

    def fields(self, kind: Kind) -> dict[str, str]:
        """What is read of a kind: its properties by their type, but for those hidden from people."""
        known = self.properties(kind.name)
        times = dict.fromkeys((kind.created, kind.modified), "datetime")
        if known is None:
            return {**kind.usual, **times, "hs_object_id": "text", "hs_merged_object_ids": "text"}
        always = set(kind.always)
        return {
            each.name: each.type
            for each in known.values()
            if each.name in always or not each.is_hidden
        }

    def stages(self, kind: Kind) -> Mapping[str, Stage]:
        """The stages of a kind's pipelines by their id; empty where there are none to be had."""
        if not kind.has_stages:
            return {}
        if kind.name not in self._stages:
            said = self._api.tried("GET", f"crm/v3/pipelines/{kind.name}") or {"results": []}
            self._stages[kind.name] = {
                text_of(stage.get("id")): _stage(stage, text_of(pipeline.get("id")))
                for pipeline in _listed(items_of(said))
                for stage in _listed(pipeline.get("stages"))
            }
        return self._stages[kind.name]

    def first_stage(self, kind: Kind, pipeline: str = "") -> str:
        """The stage new records of a pipeline (else the first one) begin in; empty if unknown."""
        stages = self.stages(kind).items()
        return next((key for key, each in stages if pipeline in ("", each.pipeline)), "")


def _listed(value: Any) -> list[Mapping[str, Any]]:
    found = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    return sorted(found, key=_order)


def _order(stage: Mapping[str, Any]) -> int:
    order = stage.get("displayOrder")
    return order if isinstance(order, int) else 0


def _property(said: Mapping[str, Any]) -> Property:
    rules = said.get("modificationMetadata")
    is_readonly = isinstance(rules, dict) and rules.get("readOnlyValue") is True
    is_writable = not is_readonly and said.get("calculated") is not True
    is_writable = is_writable and said.get("archived") is not True
    return Property(
        text_of(said.get("name")),
        text_of(said.get("label")),
        _TYPES.get(text_of(said.get("type")), "text"),
        is_writable and said.get("hubspotDefined") is not True,
        said.get("hidden") is True,
        said.get("hasUniqueValue") is True,
        is_writable,
    )


def _stage(said: Mapping[str, Any], pipeline: str) -> Stage:
    rules = said.get("metadata")
    rules = rules if isinstance(rules, dict) else {}
    is_closed = str(rules.get("isClosed")).lower() == "true"
    try:
        is_sure = float(rules.get("probability") or 0) >= 1
    except (TypeError, ValueError):
        is_sure = False
    state = ("won" if is_sure else "lost") if is_closed else "open"
    return Stage(text_of(said.get("label")) or text_of(said.get("id")), state, pipeline)
