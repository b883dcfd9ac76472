"""Writing back: complaints of ours, found again by their reference, and notes, by their last line.

Tryton has no field for another system's id on either. A complaint's reference is our key; a note
ends in `[EFM key]`, and nobody may change it afterwards (8.2). The interface takes one record a
call and does not check the party, so we do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

import httpx

from connectors.errors import ConfigError, Transient
from connectors.records import Item, Outcome, Target
from connectors.systems.tryton.server import Server, said
from connectors.systems.tryton.wire import encoded

BATCH = 50
COMPLAINT = Target(
    "complaint", "Complaints of parties", "upsert", "party",
    {"description": "text", "type": "text", "date": "date"}, frozenset({"description"}), BATCH,
    "Made once for each response, as a draft with our reference. One that was submitted is theirs.",
    appears_in="sale_complaint",
)  # fmt: skip
NOTE = Target(
    "note", "Notes on parties", "upsert", "party", {"message": "text"}, frozenset({"message"}),
    BATCH, "Made once for each response; Tryton lets nobody change a note afterwards.",
)  # fmt: skip


def targets(access: Mapping[str, frozenset[str]], types: Sequence[str]) -> list[Target]:
    """What this user may write, asked about `party.party`, `sale.complaint` and `ir.note`."""
    found = []
    may = access.get
    if {"write", "create"} <= may("sale.complaint", frozenset()) and types:
        found.append(COMPLAINT)
    if "create" in may("ir.note", ()) and "write" in may("party.party", ()):
        found.append(NOTE)
    return found if "read" in may("party.party", ()) else []


class Writing:
    """One call of `write`: the items one after the other, each found again before it is made."""

    def __init__(self, server: Server, target: Target, types: Mapping[str, int], kind: str) -> None:
        self._server, self._target = server, target
        self._types, self._kind = types, kind
        self._model = "ir.note" if target.name == NOTE.name else "sale.complaint"

    def outcomes(self, items: Sequence[Item]) -> Iterator[Outcome]:
        """One Outcome per item, in order."""
        for start in range(0, len(items), BATCH):
            part = items[start : start + BATCH]
            parties = self._parties(part)
            for item in part:
                try:
                    self._require(item, parties)
                    yield self._write(item)
                except ValueError as refused:
                    yield Outcome(item.key, False, message=str(refused))

    def _parties(self, items: Sequence[Item]) -> frozenset[int]:
        """Those of the items' parties that are there; Tryton would take any number."""
        wanted = sorted({int(each.remote_id) for each in items if _is_id(each.remote_id)})
        rows = self._server.every("party.party", [["id", "in", wanted]], ("id",)) if wanted else ()
        return frozenset(each["id"] for each in rows if isinstance(each.get("id"), int))

    def _require(self, item: Item, parties: frozenset[int]) -> None:
        """Raises ValueError with a sentence for an item that cannot be written."""
        stranger = sorted(set(item.values) - set(self._target.fields))
        if stranger:
            raise ValueError(f"The field {', '.join(stranger)} cannot be written.")
        missing = [n for n in sorted(self._target.required) if item.values.get(n) in (None, "")]
        if missing or not item.key:
            raise ValueError(f"The field {', '.join(missing) or 'key'} is needed.")
        if not _is_id(item.remote_id) or int(item.remote_id) not in parties:
            raise ValueError("There is no such party in Tryton.")
        if any("\x00" in str(each) for each in (item.key, *item.values.values())):
            raise ValueError("A text holds a character that cannot be stored.")

    def _write(self, item: Item) -> Outcome:
        if self._target.name == NOTE.name:
            return self._note(item)
        if item.key != item.key.strip() or not item.key.isprintable():
            raise ValueError("The key would not be kept as it is, and so not found again.")
        values = self._complaint(item)
        domain = [["reference", "=", item.key]]
        known = next(iter(self._server.rows(self._model, domain, ("id",), 1)), None)
        if known is not None:
            return self._change(item, known, values)
        about = {
            "customer": int(item.remote_id), "company": self._company(), "reference": item.key
        }  # fmt: skip
        return self._create(item, {"type": self.kind(), **about, **values})

    def _complaint(self, item: Item) -> dict[str, Any]:
        """The values Tryton takes. Raises ValueError with a sentence for one it does not."""
        values: dict[str, Any] = {"description": str(item.values["description"])}
        if item.values.get("type"):
            values["type"] = self._type(str(item.values["type"]))
        if "date" in item.values:
            day = item.values["date"]
            try:
                values["date"] = None if day is None else date.fromisoformat(str(day)[:10])
            except ValueError:
                raise ValueError("The field date is not a day, such as 2026-11-22.") from None
        return values

    def kind(self) -> int:
        """The type of complaints that name none. Raises ConfigError when there is no such type."""
        if not self._kind and self._types:
            return next(iter(self._types.values()))
        try:
            return self._type(self._kind)
        except ValueError as error:
            raise ConfigError(str(error), {"complaint_type": [str(error)]}) from error

    def _type(self, name: str) -> int:
        for known, number in self._types.items():
            if known.casefold() == name.casefold():
                return number
        known = ", ".join(self._types) or "none"
        raise ValueError(f"There is no type of complaint “{name}”; there is: {known}.")

    def _company(self) -> int:
        given = self._server.preferences
        company, several = given.get("company"), given.get("companies")
        if company is None and isinstance(several, list) and len(several) == 1:
            company = several[0]
        if isinstance(company, int) and not isinstance(company, bool):
            return company
        raise ConfigError("Choose a company for the key’s user in Tryton, to make complaints for.")

    def _note(self, item: Item) -> Outcome:
        resource, mark = f"party.party,{int(item.remote_id)}", _mark(item.key)
        message = f"{str(item.values['message']).rstrip()}\n\n{mark}"
        # Nobody but administrators may search notes without naming what they are about.
        domain = [["resource", "=", resource], ["message", "like", "%[EFM %"]]
        for each in self._server.every("ir.note", domain, ("message",)):
            text = each.get("message")
            if not isinstance(text, str) or text.rstrip().rpartition("\n")[2] != mark:
                continue
            if text == message:
                return Outcome(item.key, True, str(each.get("id")))
            words = "Tryton lets nobody change a note; the one made before stays as it was."
            return Outcome(item.key, False, str(each.get("id")), message=words)
        return self._create(item, {"resource": resource, "message": message})

    def _create(self, item: Item, values: Mapping[str, Any]) -> Outcome:
        body = encoded(values)
        path = self._server.path(self._model)
        response = self._server.http.request("POST", path, json=body, accept=(400, 404, 500))
        if response.status_code >= 400:
            return self._refused(item, response)
        return Outcome(item.key, True, _id_of(response), True)

    def _change(self, item: Item, known: Mapping[str, Any], values: Mapping[str, Any]) -> Outcome:
        number = known.get("id")
        if isinstance(number, bool) or not isinstance(number, int):
            raise Transient(f"Tryton sent a record of {self._model} without its id.")
        path, body = self._server.path(self._model, number), encoded(values)
        response = self._server.http.request("PUT", path, json=body, accept=(400, 404, 500))
        if response.status_code >= 400:
            return self._refused(item, response, "The complaint made before stays as it was. ")
        return Outcome(item.key, True, str(number))

    def _refused(self, item: Item, response: httpx.Response, before: str = "") -> Outcome:
        """Tryton’s own words; without any (a fault in it, or a record just deleted) try later."""
        words = self._server.http.redact(said(response))
        text = f"Tryton refuses: {words}" if words else (
            f"Tryton failed on it ({response.status_code}); its log says why."
        )  # fmt: skip
        return Outcome(item.key, False, message=before + text, retry=not words)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _mark(key: str) -> str:
    """The last line of a note of ours; no key can end it early or look like another."""
    return f"[EFM {quote(key, safe=':.')}]"


def _id_of(response: httpx.Response) -> str | None:
    """The id of the record that was made; None when this user may not read it again (204)."""
    try:
        body = response.json() if response.content else None
    except ValueError:
        return None
    number = body.get("id") if isinstance(body, Mapping) else None
    return str(number) if isinstance(number, int) else None
