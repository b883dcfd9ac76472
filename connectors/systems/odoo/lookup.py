"""What a page of records refers to, asked for once: who the customers are, and where goods lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.systems.odoo.refusals import Refused
from connectors.systems.odoo.server import Server

Record = dict[str, Any]
MOST_KEPT = 50_000
_PARTNER = ("is_company", "type", "commercial_partner_id", "partner_share")


class Lookup:
    """The answers of one read, kept so that nothing is asked twice."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._partners: dict[int, Mapping[str, Any]] = {}
        self._usages: dict[int, str] = {}

    def customers(self, records: Sequence[Record], field: str = "partner_id") -> None:
        """Sets `_contact` and `_account` from the partner in that field."""
        self._know(each.get(field) for each in records)
        for each in records:
            self._set(each, each.get(field))

    def company_of(self, records: Sequence[Record]) -> None:
        """Sets `_account` of people: the company they belong to."""
        self.customers(records, "commercial_partner_id")
        for each in records:
            each.pop("_contact", None)

    def parents(self, records: Sequence[Record]) -> None:
        """Sets `_parent` of companies, where the parent is one too."""
        self._know(each.get("parent_id") for each in records)
        for each in records:
            parent = each.get("parent_id")
            if self._partners.get(_id(parent), {}).get("is_company") is True:
                each["_parent"] = parent

    def attendees(self, records: Sequence[Record]) -> None:
        """Sets the customer of a meeting: the first attendee who is not of the house."""
        listed = [(each, _ids(each.get("partner_ids"))) for each in records]
        self._know(one for _, ids in listed for one in ids)
        for each, ids in listed:
            self._set(each, next((one for one in ids if self._is_customer(one)), None))

    def correspondents(self, records: Sequence[Record]) -> None:
        """Sets the customer of a message: whom its record is about, else who wrote it."""
        owners = self._owners(records)
        authors = [each.get("author_id") for each in records]
        self._know([*owners, *authors])
        for each, owner, author in zip(records, owners, authors, strict=True):
            is_theirs = self._is_customer(author)
            each["_direction"] = "inbound" if is_theirs else "outbound"
            self._set(each, author if is_theirs else owner)

    def locations(self, records: Sequence[Record]) -> None:
        """Sets `_from` and `_to` of moves: what the locations are used for."""
        names = {"_from": "location_id", "_to": "location_dest_id"}
        wanted = {_id(each.get(name)) for each in records for name in names.values()}
        missing = sorted(wanted - {0} - self._usages.keys())
        for row in self._server.some("stock.location", missing, ["usage"]):
            self._usages[row["id"]] = str(row.get("usage") or "")
        for each in records:
            for own, name in names.items():
                each[own] = self._usages.get(_id(each.get(name)), "")

    def tags(self, records: Sequence[Record], field: str, model: str) -> None:
        """Sets `_tags`: the names of tags, which a record has by their ids."""
        wanted = sorted({one for each in records for one in _ids(each.get(field))})
        try:
            rows = self._server.some(model, wanted, ["display_name"])
            names = {row["id"]: str(row.get("display_name") or "") for row in rows}
        except Refused:
            return
        for each in records:
            found = [names[one] for one in _ids(each.get(field)) if names.get(one)]
            if found:
                each["_tags"] = ", ".join(found)

    def _owners(self, records: Sequence[Record]) -> list[int]:
        """The partners that the messages' records are about; 0 where there is none."""
        wanted: dict[str, set[int]] = {}
        for each in records:
            wanted.setdefault(str(each.get("model")), set()).add(_id(each.get("res_id")))
        found: dict[tuple[str, int], int] = {}
        for model, ids in wanted.items():
            ids.discard(0)
            if model == "res.partner":
                found |= {(model, one): one for one in ids}
            elif "partner_id" in self._server.fields(model):
                try:
                    for row in self._server.some(model, sorted(ids), ["partner_id"]):
                        found[model, row["id"]] = _id(_first(row.get("partner_id")))
                except Refused:
                    continue  # documents this user may not see are nobody's
        return [found.get((str(r.get("model")), _id(r.get("res_id"))), 0) for r in records]

    def _know(self, ids: Iterable[Any]) -> None:
        missing = sorted({_id(each) for each in ids} - {0} - self._partners.keys())
        if len(self._partners) > MOST_KEPT:
            self._partners.clear()
        known = self._server.fields("res.partner")
        names = [name for name in _PARTNER if name in known]
        for row in self._server.some("res.partner", missing, names):
            self._partners[row["id"]] = row

    def _is_customer(self, partner: Any) -> bool:
        """Whether a partner is somebody else's: users of the house share nothing."""
        found = self._partners.get(_id(partner))
        return found is not None and found.get("partner_share") is not False

    def _set(self, record: Record, partner: Any) -> None:
        """A company is an account; a person is a contact, and their company the account. The
        address of somebody stands for them."""
        number = _id(partner)
        found = self._partners.get(number, {})
        top = _id(_first(found.get("commercial_partner_id"))) or number
        if not number or not found:
            return
        if found.get("is_company") is True:
            record["_account"] = number
            return
        is_person = found.get("type") in ("contact", False, None)
        has_company = top != number and self._is_company(top)
        if has_company:
            record["_account"] = top
        if is_person or not has_company:
            record["_contact"] = number if is_person else top

    def _is_company(self, partner: int) -> bool:
        self._know([partner])
        return self._partners.get(partner, {}).get("is_company") is True


def _id(value: Any) -> int:
    return value if type(value) is int and value > 0 else 0


def _ids(value: Any) -> list[int]:
    return [each for each in value if _id(each)] if isinstance(value, list) else []


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None
