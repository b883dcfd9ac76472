"""Tickets of ours, found again by their external id, and internal notes, by a mark in their audit.

Nothing here is said to the customer: what a ticket or a note says is a private comment. Comments
cannot be changed with Zendesk, so what is said differently later is said once more.
Source: https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.errors import Transient
from connectors.records import Item, Outcome, Target
from connectors.systems.zendesk.api import Api, entries_of, id_of, segment, text_of
from connectors.systems.zendesk.desk import Field
from connectors.systems.zendesk.refusals import Absent, BadRequest
from connectors.systems.zendesk.targets import CHOICES, NOTES, TICKET
from connectors.systems.zendesk.values import sendable

KEY = "efm_key"
"""The name of our mark in the metadata of a note's audit."""
_ONCE = ("status", "tags", "group_id", "assignee_id")
"""Said when a ticket is made and not again, for agents may have moved it on."""
_LONGEST_KEY = 255
_MOST_PAGES = 20


class Ticketing:
    """One call of `write` on tickets or their notes."""

    def __init__(self, api: Api, target: Target, fields: Mapping[str, Field]) -> None:
        self._api, self._target, self._fields = api, target, fields

    def outcomes(self, items: Sequence[Item]) -> Iterator[Outcome]:
        """One outcome per item, in order."""
        write = self._note if self._target.name == NOTES else self._ticket
        for item in items:
            try:
                yield write(item, self._values(item))
            except ValueError as refused:
                yield Outcome(item.key, False, message=str(refused))
            except Absent:
                text = "There is no such ticket in Zendesk (any more)."
                yield Outcome(item.key, False, message=text)
            except BadRequest as error:
                text = error.message.removeprefix("Zendesk refuses the request: ")
                yield Outcome(item.key, False, message=text)

    def _values(self, item: Item) -> dict[str, Any]:
        """The item's values as Zendesk takes them. Raises ValueError with a sentence."""
        stranger = sorted(set(item.values) - set(self._target.fields))
        if stranger:
            raise ValueError(f"The field {', '.join(stranger)} cannot be written.")
        missing = [n for n in sorted(self._target.required) if item.values.get(n) in (None, "")]
        if missing or not item.key:
            raise ValueError(f"The field {', '.join(missing) or 'key'} is needed.")
        if len(item.key) > _LONGEST_KEY:
            raise ValueError("Its key is too long to be found again.")
        return {
            name: sendable(name, value, self._target.fields[name], self._options(name))
            for name, value in item.values.items()
        }

    def _options(self, name: str) -> Sequence[str]:
        made = self._fields.get(name)
        return made.options if made else CHOICES.get(name, ())

    # --- tickets ---------------------------------------------------------------------------

    def _ticket(self, item: Item, values: Mapping[str, Any]) -> Outcome:
        known = self._known(item.key)
        if known is None:
            return self._make(item, values)
        key = text_of(known.get("id"))
        changed = {n: v for n, v in self._document(values).items() if n not in _ONCE}
        said = values.get("description")
        if said and not _is_same(said, known.get("description")) and not self._has_said(key, said):
            changed["comment"] = {"body": said, "public": False}
        self._api.call(
            "PUT", f"tickets/{segment(key)}", json={"ticket": changed},
            is_repeatable="comment" not in changed,
        )  # fmt: skip
        return Outcome(item.key, True, key)

    def _make(self, item: Item, values: Mapping[str, Any]) -> Outcome:
        said = values.get("description") or values["subject"]
        ticket = {
            **self._document(values),
            "external_id": item.key,
            "comment": {"body": said, "public": False},
        }
        if item.remote_id:
            ticket["requester_id"] = id_of(item.remote_id)
        # Zendesk remembers this for two hours and makes no second ticket.
        once = {"Idempotency-Key": hashlib.sha256(item.key.encode()).hexdigest()}
        made = self._api.call(
            "POST", "tickets", json={"ticket": ticket}, headers=once, is_repeatable=True
        ).get("ticket")
        key = text_of(made.get("id")) if isinstance(made, dict) else ""
        if not key:
            raise Transient("Zendesk did not say which ticket it made; it is looked for later.")
        return Outcome(item.key, True, key, created=True)

    def _known(self, key: str) -> Mapping[str, Any] | None:
        """The ticket of ours with that key; the oldest, should there be several."""
        listed = entries_of(self._api.get("tickets", {"external_id": key}), "tickets")
        # A server that does not know this filter would give any tickets.
        ours = [
            each
            for each in listed
            if isinstance(each, dict)
            and text_of(each.get("external_id")) == key
            and text_of(each.get("id"))
            and each.get("status") != "deleted"
        ]
        return min(ours, key=_age, default=None)

    def _document(self, values: Mapping[str, Any]) -> dict[str, Any]:
        plain = {n: v for n, v in values.items() if n in TICKET and n != "description"}
        made = [
            {"id": id_of(self._fields[n].key), "value": v}
            for n, v in values.items()
            if n in self._fields
        ]
        return {**plain, **({"custom_fields": made} if made else {})}

    def _has_said(self, ticket: str, text: str) -> bool:
        path = f"tickets/{segment(ticket)}/comments"
        listed = self._api.listed(path, "comments", most=_MOST_PAGES)
        return any(_is_same(text, each.get("plain_body") or each.get("body")) for each in listed)

    # --- notes -----------------------------------------------------------------------------

    def _note(self, item: Item, values: Mapping[str, Any]) -> Outcome:
        if not item.remote_id:
            raise ValueError("It is not said which ticket the note is for.")
        path = f"tickets/{segment(item.remote_id)}"
        audits = self._api.listed(f"{path}/audits", "audits", most=_MOST_PAGES)
        ours = [each for each in audits if _key_of(each) == item.key]
        for each in ours:
            comment = _comment(each)
            if _is_same(values["body"], comment.get("body")):
                return Outcome(item.key, True, _note_id(each, item))
        ticket = {
            "comment": {"body": values["body"], "public": False},
            "metadata": {KEY: item.key},
        }
        said = self._api.call("PUT", path, json={"ticket": ticket}, is_repeatable=False)
        return Outcome(item.key, True, _note_id(said.get("audit"), item), created=not ours)


def _age(ticket: Mapping[str, Any]) -> tuple[int, str]:
    key = text_of(ticket.get("id"))
    return len(key), key


def _is_same(text: Any, known: Any) -> bool:
    """Whether both say the same, whatever Zendesk did to its blanks."""
    return text_of(text).split() == text_of(known).split()


def _key_of(audit: Mapping[str, Any]) -> str:
    metadata = audit.get("metadata")
    custom = metadata.get("custom") if isinstance(metadata, dict) else None
    return text_of(custom.get(KEY)) if isinstance(custom, dict) else ""


def _comment(audit: Any) -> Mapping[str, Any]:
    events = audit.get("events") if isinstance(audit, dict) else None
    for each in events if isinstance(events, list) else ():
        if isinstance(each, dict) and each.get("type") == "Comment":
            return each
    return {}


def _note_id(audit: Any, item: Item) -> str:
    """The comment's id; that of its audit or of the ticket where it is not told."""
    said = audit if isinstance(audit, dict) else {}
    return text_of(_comment(said).get("id")) or text_of(said.get("id")) or item.remote_id
