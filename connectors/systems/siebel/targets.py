"""What may be written back to a Siebel server, by what it says of its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from connectors.records import Target
from connectors.systems.siebel.config import writable
from connectors.systems.siebel.described import Described

BATCH = 100
"""As many records as one PUT or POST takes."""
UPDATED = ("Contact", "Account")
KEYS = ("X_EFM_ID", "X_EFM_Id", "EFM Id", "Integration Id")
"""Fields that may hold our key where the settings name none."""
_OURS = " of ours"
_EXTENSION = "X_"
Describe = Callable[[str], Described | None]


@dataclass(frozen=True, slots=True)
class Made:
    """A kind of record that may be made: its usual fields, the one it cannot be without, and the
    candidates of the field that names the contact it is about."""

    label: str
    fields: tuple[str, ...]
    required: str
    about: tuple[str, ...]


MADE: Mapping[str, Made] = MappingProxyType(
    {
        "Service Request": Made(
            "Service requests about contacts",
            (
                "Abstract", "Description", "Status", "Sub-Status", "Area", "Sub-Area", "Source",
                "Priority", "Severity", "Type", "SR Type",
            ),
            "Abstract", ("Contact Id", "Primary Contact Id"),
        ),
        "Activity": Made(
            "Activities about contacts",
            (
                "Description", "Comment", "Type", "Status", "Priority", "Planned", "Category",
                "Owned By",
            ),
            "Description", ("Primary Contact Id", "Contact Id"),
        ),
    }
)  # fmt: skip


def stream_of(target: Target) -> str:
    """The stream of the records a target writes."""
    return target.name.removesuffix(_OURS)


def key_of(found: Described, config: Mapping[str, Any]) -> str:
    """The field that holds our key; empty when there is none that may be written."""
    wanted = (config["key_field"],) if config["key_field"] else KEYS
    return next((n for n in wanted if n in found.fields and n not in found.read_only), "")


def offered(
    describe: Describe, config: Mapping[str, Any], read: Sequence[str], only: str = ""
) -> list[Target]:
    """The targets of a server, asked about each kind, or about one alone. `read` are the names of
    the streams that are read: records of others are not known by their ids."""
    wanted = only.removesuffix(_OURS)
    chosen = [name for name in UPDATED if wanted in ("", name) and name in read]
    found = [_updated(name, describe(name), config) for name in chosen]
    made = [name for name in MADE if wanted in ("", name)]
    if made and "Contact" in read and describe("Contact"):  # what is made is about contacts
        found += [_made(n, describe(n), config, n if n in read else "") for n in made]
    return [each for each in found if each is not None]


def _updated(name: str, found: Described | None, config: Mapping[str, Any]) -> Target | None:
    if found is None:
        return None
    named = writable(config["writable"]).get(name)
    fields = {
        n: kind
        for n, kind in found.fields.items()
        if n not in found.read_only
        and (n in named if named is not None else n.startswith(_EXTENSION))
    }
    for each in KEYS:
        if named is None:
            fields.pop(each, None)
    if not fields:
        return None
    return Target(
        name, f"Fields of {name.lower()}s", "update", name, fields, batch=BATCH,
        help="Fields made for this, such as the last score.",
    )  # fmt: skip


def _made(
    name: str, found: Described | None, config: Mapping[str, Any], appears_in: str
) -> Target | None:
    known = MADE[name]
    key = key_of(found, config) if found else ""
    if found is None or not key or not found.first(*known.about):
        return None
    fields = {
        n: kind
        for n, kind in found.fields.items()
        if n not in found.read_only
        and n != key
        and n not in known.about
        and (n in known.fields or n.startswith(_EXTENSION))
    }
    if known.required not in fields:
        return None
    return Target(
        f"{name}{_OURS}", known.label, "upsert", "Contact", fields, frozenset({known.required}),
        BATCH, "Made once for each response, and changed with it.", appears_in,
    )  # fmt: skip
