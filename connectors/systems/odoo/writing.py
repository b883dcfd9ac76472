"""Writing back: fields of customers, notes, and records of ours that are found by external id.

Odoo's own external ids (module `efm`, the name made of the model and our key) tell records of ours
from others: `load`, the way of Odoo's import, gives a record its external id in one call. A note
has none, but a Message-Id of ours. Items go one after the other: each is a transaction there, so a
refusal stops nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.errors import Transient
from connectors.records import Item, Outcome, Target
from connectors.systems.odoo.refusals import Forbidden, Refused
from connectors.systems.odoo.server import Field, Server
from connectors.systems.odoo.targets import BATCH, CUSTOMERS, MADE, NOTE
from connectors.systems.odoo.values import LARGEST, marked_up, require_text, sendable

MODULE = "efm"
LONGEST = 65_536
_PARTNERS = "res.partner"


class Writing:
    """One call of `write`."""

    def __init__(self, server: Server, target: Target) -> None:
        self._server, self._target = server, target
        self._made = MADE.get(target.name)
        self._fields: Mapping[str, Field] = (
            {} if target.name == NOTE
            else server.fields(self._made.model if self._made else _PARTNERS)
        )  # fmt: skip

    def outcomes(self, items: Sequence[Item]) -> Iterator[Outcome]:
        """One Outcome per item, in order."""
        for start in range(0, len(items), BATCH):
            part = items[start : start + BATCH]
            partners = self._partners(part)
            for item in part:
                try:
                    self._require(item, partners)
                    yield self._write(item, partners[item.remote_id])
                except ValueError as refused:
                    yield Outcome(item.key, False, message=str(refused))
                except Refused as error:
                    yield Outcome(item.key, False, message=error.message)

    def _partners(self, items: Sequence[Item]) -> dict[str, Mapping[str, Any]]:
        """Those of the items' customers that are there, by their id as text."""
        wanted = sorted({int(each.remote_id) for each in items if _is_id(each.remote_id)})
        known = self._server.fields(_PARTNERS)
        names = [name for name in ("is_company", "user_id") if name in known]
        rows = self._server.some(_PARTNERS, wanted, names)
        found = {str(row["id"]): row for row in rows}
        if self._target.name in CUSTOMERS:
            is_company = self._target.name == CUSTOMERS[1]
            return {n: r for n, r in found.items() if (r.get("is_company") is True) is is_company}
        return found

    def _require(self, item: Item, partners: Mapping[str, Any]) -> None:
        """Raises ValueError with a sentence for an item that cannot be written."""
        stranger = sorted(set(item.values) - set(self._target.fields))
        if stranger:
            raise ValueError(f"The field {', '.join(stranger)} cannot be written.")
        missing = [n for n in sorted(self._target.required) if item.values.get(n) in (None, "")]
        if missing or not item.key:
            raise ValueError(f"The field {', '.join(missing) or 'key'} is needed.")
        if item.remote_id not in partners:
            raise ValueError("There is no such customer in Odoo (any more).")
        for name, value in item.values.items():
            if isinstance(value, str) and len(value) > LONGEST:
                raise ValueError(f"The field {name} holds at most {LONGEST:,} characters.")

    def _write(self, item: Item, partner: Mapping[str, Any]) -> Outcome:
        if self._target.name == NOTE:
            return self._note(item)
        values = {n: sendable(self._fields[n], v) for n, v in item.values.items()}
        if self._made is not None:
            return self._ours(item, values, partner)
        if values:
            number = int(item.remote_id)
            self._server.call(_PARTNERS, "write", [number], vals=values)
        return Outcome(item.key, True, item.remote_id)

    # --- records of ours -------------------------------------------------------------------

    def _ours(self, item: Item, values: dict[str, Any], partner: Mapping[str, Any]) -> Outcome:
        assert self._made is not None
        model, name = self._made.model, external_name(self._made.model, item.key)
        known = self._known(name)
        if known is None:
            return self._create(item, name, {**self._about(item, partner), **values})
        if not known:
            raise ValueError("It was made before, but this user may not change it any more.")
        self._server.call(model, "write", [known], vals=values)
        return Outcome(item.key, True, str(known))

    def _known(self, name: str) -> int | None:
        """The id of the record with that external id: None without one, 0 if it may not be seen."""
        try:
            found = self._server.call(
                "ir.model.data", "check_object_reference", module=MODULE, xml_id=name
            )
        except Forbidden:
            return 0
        except Refused:
            return None
        if not isinstance(found, list) or len(found) != 2:
            raise Transient("Odoo's answer about an external id is not understood.")
        return found[1] if type(found[1]) is int else 0

    def _about(self, item: Item, partner: Mapping[str, Any]) -> dict[str, Any]:
        """The customer of a new record, and who of the house looks after them."""
        assert self._made is not None
        about: dict[str, Any] = {self._made.partner: int(item.remote_id)}
        if self._made.model == "mail.activity":
            about["res_model_id"] = f"base.model_{_PARTNERS.replace('.', '_')}"
        owner = partner.get("user_id") if "user_id" in self._fields else None
        if isinstance(owner, list) and owner and type(owner[0]) is int:
            about["user_id"] = owner[0]
        return about

    def _create(self, item: Item, name: str, values: Mapping[str, Any]) -> Outcome:
        """A new record with its external id, as Odoo's import makes it."""
        assert self._made is not None
        columns, row = ["id"], [f"{MODULE}.{name}"]
        for each, value in values.items():
            if value is not False or self._fields[each].type == "boolean":
                columns.append(self._column(each))
                row.append(str(value))
        said = self._server.call(
            self._made.model, "load", is_repeatable=False, fields=columns, data=[row]
        )
        ids = said.get("ids") if isinstance(said, Mapping) else None
        if isinstance(ids, list) and ids and type(ids[0]) is int:
            return Outcome(item.key, True, str(ids[0]), True)
        return Outcome(item.key, False, message=_refusal(said))

    def _column(self, name: str) -> str:
        """The column of an import: links are given by their id, the model of an activity by name."""
        if name == "res_model_id":
            return "res_model_id/id"
        return f"{name}/.id" if self._fields[name].type == "many2one" else name

    # --- notes -----------------------------------------------------------------------------

    def _note(self, item: Item) -> Outcome:
        text, mark = str(item.values["body"]), message_id(item.key)
        require_text(text)
        body = marked_up(text)
        about = [
            ["message_id", "=", mark], ["model", "=", _PARTNERS],
            ["res_id", "=", int(item.remote_id)],
        ]  # fmt: skip
        known = self._server.ids("mail.message", about, 1)
        if known:
            self._server.call("mail.message", "write", known, vals={"body": body})
            return Outcome(item.key, True, str(known[0]))
        # Before 17 a body was HTML always, and nobody knew that it may be said.
        as_html = {"body_is_html": True} if self._server.major >= 17 else {}
        said = self._server.call(
            _PARTNERS, "message_post", [int(item.remote_id)], is_repeatable=False, body=body,
            message_id=mark, message_type="comment", subtype_xmlid="mail.mt_note", **as_html,
        )  # fmt: skip
        made = said[0] if isinstance(said, list) and said else said
        return Outcome(item.key, True, str(made) if type(made) is int else None, True)


def external_name(model: str, key: str) -> str:
    """The name of an external id: no dots and no spaces, and no two keys alike."""
    safe = quote(key, safe="").replace(".", "%2E").replace("~", "%7E")
    return f"{model.replace('.', '_')}-{safe}"


def message_id(key: str) -> str:
    """The Message-Id of a note of ours (RFC 5322)."""
    return f"<efm-note.{quote(key, safe='').replace('.', '%2E')}@efm.invalid>"


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text[:18]) <= LARGEST and len(text) <= 10


def _refusal(said: Any) -> str:
    """What an import says is wrong."""
    messages = said.get("messages") if isinstance(said, Mapping) else None
    texts = [
        " ".join(str(each["message"]).split())[:500]
        for each in (messages if isinstance(messages, list) else ())
        if isinstance(each, Mapping) and each.get("message")
    ]
    return "Odoo refuses: " + ("; ".join(texts) or "it did not say why.")
