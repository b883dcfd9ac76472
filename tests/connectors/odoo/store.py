"""A small database in memory with the methods of Odoo's models that its interface offers.

Behaviour and error texts as observed on Odoo 19.0 Community: archived rows hidden by default, ids
never used again, times kept to microseconds and shown without, false for nothing.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.connectors.odoo.domains import matches
from tests.connectors.odoo.models import described

KEY, LOGIN = "b5a1f0c2d3e4960718293a4b5c6d7e8f90a1b2c3", "admin@example.com"
Row = dict[str, Any]
_LINKS = ("one2many", "many2many")
_WORK = {"tz": "Europe/Brussels", "lang": "en_US", "uid": 2}


class OdooError(Exception):
    """An exception of Odoo's: its full name, and the status JSON-2 gives it."""

    def __init__(self, name: str, message: str, status: int = 500) -> None:
        super().__init__(message)
        self.name, self.message, self.status = name, message, status


def user_error(message: str) -> OdooError:
    """What Odoo says to people."""
    return OdooError("odoo.exceptions.UserError", message, 422)


class Database:
    """One database. `denied` are (model, operation) its user may not; `installed` its models."""

    def __init__(self, version: str = "19.0") -> None:
        self.version = version
        self.now = datetime(2026, 11, 1, 8, 0, 0, 250_000, tzinfo=UTC)
        self.is_frozen = False
        self.models = described()
        self.rows: dict[str, dict[int, Row]] = {name: {} for name in self.models}
        self.last: dict[str, int] = {}
        self.xmlids: dict[str, tuple[str, int]] = {}
        self.denied: set[tuple[str, str]] = set()
        self.calls: list[tuple[str, str, Any]] = []
        self.put("res.currency", name="EUR")
        self.put("res.company", name="Łukasz & Söhne")
        self.put("ir.model", model="res.partner", name="Contact")
        self.xmlids["base.model_res_partner"] = ("ir.model", 1)
        self.put("mail.message.subtype", name="Discussions", internal=False)
        self.put("mail.message.subtype", name="Note", internal=True)
        self.xmlids["mail.mt_note"] = ("mail.message.subtype", 2)
        self.put("res.users", name="OdooBot", login="__system__")
        self.put("res.users", name="Zoë Admin", login=LOGIN, company_id=1)

    # --- for tests -------------------------------------------------------------------------

    def tick(self, seconds: float = 10) -> None:
        """Time goes on, unless it is held."""
        if not self.is_frozen:
            self.now += timedelta(seconds=seconds)

    def put(self, model: str, number: int | None = None, /, **values: Any) -> int:
        """Creates or changes a row, as somebody at work in Odoo does."""
        self.tick()
        stamp = self.now.strftime("%Y-%m-%d %H:%M:%S.%f")
        if number is None:
            number = self.last[model] = self.last.get(model, 0) + 1
            self.rows[model][number] = {"id": number, "create_date": stamp, **self._new(model)}
        row = self.rows[model][number]
        row.update(values, write_date=values.get("write_date", stamp))
        if model == "res.partner":
            self._complete_partner(row)
        if model == "crm.lead" and "stage_id" in values:
            row["probability"] = 100.0 if self._is_won(row) else row.get("probability", 10.0)
        return number

    def drop(self, model: str, number: int) -> None:
        """Deletes a row, its external ids with it."""
        del self.rows[model][number]
        gone = [name for name, to in self.xmlids.items() if to == (model, number)]
        for name in gone:
            del self.xmlids[name]

    def without(self, *models: str) -> Database:
        """The same database where these apps are not installed."""
        for name in models:
            del self.models[name], self.rows[name]
        return self

    def _new(self, model: str) -> Row:
        fields = self.models[model]
        made: Row = {"active": True} if "active" in fields else {}
        if model == "res.partner":
            made |= {"type": "contact", "is_company": False, "partner_share": True}
        if model == "crm.lead":
            made |= {"type": "opportunity", "company_currency": 1, "won_status": "pending"}
        return made

    def _is_won(self, row: Row) -> bool:
        return bool(self.rows["crm.stage"].get(row["stage_id"], {}).get("is_won"))

    def _complete_partner(self, row: Row) -> None:
        top, parent = row["id"], row.get("parent_id")
        while not self.rows["res.partner"][top].get("is_company") and parent:
            top, parent = parent, self.rows["res.partner"][parent].get("parent_id")
        row["commercial_partner_id"] = top
        row["email_normalized"] = str(row.get("email") or "").strip().lower() or None

    # --- methods ---------------------------------------------------------------------------

    def call(self, model: str, method: str, ids: list[int] | None, given: Mapping[str, Any]) -> Any:
        """What a method answers. Raises OdooError."""
        self.calls.append((model, method, dict(given)))
        context = given.get("context") or {}
        arguments = {name: value for name, value in given.items() if name != "context"}
        if model == "ir.model.data":
            return self._reference(**arguments)
        if model not in self.models:
            raise OdooError(
                "werkzeug.exceptions.NotFound", f"the model {model!r} does not exist", 404
            )
        if method.startswith("_") or not hasattr(self, f"do_{method}"):
            text = f"The method '{model}.{method}' does not exist"
            raise OdooError("werkzeug.exceptions.NotFound", text, 404)
        do = getattr(self, f"do_{method}")
        records = () if method in OF_MODELS else (list(ids or []),)
        try:
            return do(model, context, *records, **arguments)
        except (TypeError, KeyError) as error:
            text = f"missing a required argument: {error}"
            raise OdooError("werkzeug.exceptions.UnprocessableEntity", text, 422) from error
        except ValueError as error:
            raise OdooError("builtins.ValueError", str(error)) from error

    def do_context_get(self, model: str, context: Any) -> Any:
        return dict(_WORK)

    def do_has_access(self, model: str, context: Any, ids: Any, operation: str) -> bool:
        return (model, operation) not in self.denied

    def do_check_access_rights(
        self, model: str, context: Any, operation: str, raise_exception: bool = True
    ) -> bool:
        if raise_exception:
            self._require(model, operation)
        return (model, operation) not in self.denied

    def do_fields_get(
        self, model: str, context: Any, allfields: Any = None, attributes: Any = None
    ) -> Any:
        keep = set(attributes or ()) or None
        return {
            name: {n: v for n, v in about.items() if keep is None or n in keep}
            for name, about in self.models[model].items()
            if not allfields or name in allfields
        }

    def do_search(
        self, model: str, context: Any, domain: Any, offset: int = 0, limit: Any = None,
        order: Any = None,
    ) -> list[int]:  # fmt: skip
        self._require(model, "read")
        names = {leaf[0].partition(".")[0] for leaf in domain if isinstance(leaf, (list, tuple))}
        strange = names - self.models[model].keys()
        if strange:
            raise ValueError(f"Invalid field {model}.{min(strange)} in condition")
        rows = [
            row
            for row in self.rows[model].values()
            if matches(domain, row, lambda row, path: self._values(model, row, path))
        ]
        if "active" in self.models[model] and "active" not in names:
            rows = [r for r in rows if r["active"] or context.get("active_test", True) is False]
        key, _, way = str(order or "id").partition(" ")
        rows.sort(key=lambda row: row[key], reverse=way.lower() == "desc")
        found = [row["id"] for row in rows][offset:]
        return found[:limit] if limit else found

    def do_search_count(self, model: str, context: Any, domain: Any) -> int:
        return len(self.do_search(model, context, domain))

    def do_search_read(
        self, model: str, context: Any, domain: Any = (), fields: Any = None, offset: int = 0,
        limit: Any = None, order: Any = None,
    ) -> list[Row]:  # fmt: skip
        found = self.do_search(model, context, domain, offset, limit, order)
        return self.do_read(model, context, found, fields)

    def do_read(self, model: str, context: Any, ids: list[int], fields: Any = None) -> list[Row]:
        self._require(model, "read")
        names = ["id", *(fields or self.models[model])]
        strange = set(names) - self.models[model].keys()
        if strange:
            raise ValueError(f"Invalid field {min(strange)!r} on {model!r}")
        rows = [self.rows[model][one] for one in ids if one in self.rows[model]]
        return [{name: self._shown(model, row, name) for name in names} for row in rows]

    def do_write(self, model: str, context: Any, ids: list[int], vals: Any) -> bool:
        self._require(model, "write")
        for one in ids:
            if one not in self.rows[model]:
                text = f"Record does not exist or has been deleted.\n(Record: {model}({one},))"
                raise OdooError("odoo.exceptions.MissingError", text, 404)
            self.put(model, one, **self._checked(model, vals))
        return True

    def do_create(self, model: str, context: Any, vals_list: Any) -> Any:
        self._require(model, "create")
        several = vals_list if isinstance(vals_list, list) else [vals_list]
        made = [self.put(model, **self._checked(model, each)) for each in several]
        return made if isinstance(vals_list, list) else made[0]

    def do_unlink(self, model: str, context: Any, ids: list[int]) -> bool:
        for one in ids:
            self.drop(model, one)
        return True

    def do_message_post(self, model: str, context: Any, ids: list[int], **said: Any) -> list[int]:
        if ids[0] not in self.rows[model]:
            raise OdooError("odoo.exceptions.MissingError", "Record does not exist.", 404)
        is_html = said.get("body_is_html") or int(self.version.split(".")[0][-2:]) < 17
        body = said["body"] if is_html else f"<p>{html.escape(said['body'])}</p>"
        subtype = self.xmlids[said.get("subtype_xmlid", "mail.mt_note")][1]
        made = self.put(
            "mail.message", model=model, res_id=ids[0], body=body, subtype_id=subtype,
            message_type=said.get("message_type", "notification"), is_internal=False,
            message_id=said.get("message_id"), date=self.now.strftime("%Y-%m-%d %H:%M:%S"),
        )  # fmt: skip
        return [made]

    def do_load(self, model: str, context: Any, fields: list[str], data: Any) -> Any:
        self._require(model, "create")
        messages: list[dict[str, Any]] = []
        rows = [self._imported(model, fields, row, n, messages) for n, row in enumerate(data)]
        if messages:
            return {"ids": False, "messages": messages, "nextrow": 0}
        ids = []
        for name, values in rows:
            known = self.xmlids.get(name, (model, None))[1]
            ids.append(self.put(model, known, **values))
            self.xmlids[name] = (model, ids[-1])
        return {"ids": ids, "messages": [], "nextrow": 0}

    # --- details ---------------------------------------------------------------------------

    def _imported(
        self, model: str, fields: list[str], row: list[str], number: int, messages: list[Any]
    ) -> tuple[str, Row]:
        name, values = row[0], {}

        def refuse(field: str, text: str) -> None:
            messages.append(
                {"type": "error", "record": number, "field": field, "message": text,
                 "rows": {"from": number, "to": number}}
            )  # fmt: skip

        if " " in name or name.count(".") != 1:
            refuse("id", 'violates check constraint "ir_model_data_name_nospaces"')
        for path, text in zip(fields[1:], row[1:], strict=True):
            field, _, sub = path.partition("/")
            about = self.models[model][field]
            if about["type"] == "many2one":
                to = about["relation"]
                one = self.xmlids.get(text, ("", 0))[1] if sub == "id" else int(text)
                if one not in self.rows[to]:
                    words = f"No matching record found for database id '{text}' in field '{field}'"
                    refuse(field, words)
                values[field] = one
            elif about["type"] == "selection" and text not in dict(about["selection"]):
                refuse(field, f"Value '{text}' not found in selection field '{field}'")
            elif about["type"] in ("integer", "many2one_reference"):
                values[field] = int(text)
            else:
                values[field] = text
        return name, values

    def _reference(self, module: str, xml_id: str) -> list[Any]:
        name = f"{module}.{xml_id}"
        if name not in self.xmlids:
            raise OdooError("builtins.ValueError", f"External ID not found in the system: {name}")
        model, number = self.xmlids[name]
        return [model, False if (model, "read") in self.denied else number]

    def _require(self, model: str, operation: str) -> None:
        if (model, operation) in self.denied:
            text = f"You are not allowed to access '{model}' ({model}) records.\n\nContact your"
            raise OdooError("odoo.exceptions.AccessError", text, 403)

    def _checked(self, model: str, values: Mapping[str, Any]) -> Row:
        """The values as they are stored. Raises ValueError for one that its field does not take."""
        found: Row = {}
        for name, value in values.items():
            about = self.models[model].get(name)
            if about is None:
                raise ValueError(f"Invalid field {name!r} in {model!r}")
            kind = about["type"]
            if isinstance(value, str) and "\0" in value:
                raise ValueError("A string literal cannot contain NUL (0x00) characters.")
            if value and kind == "date":
                datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
            if value and kind == "datetime":
                datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            if kind == "selection" and value and value not in dict(about["selection"]):
                raise ValueError(f"Wrong value for {model}.{name}: {value!r}")
            found[name] = None if value is False and kind != "boolean" else value
        return found

    def _values(self, model: str, row: Row, path: str) -> list[Any]:
        name, _, rest = path.partition(".")
        about, value = self.models[model][name], row.get(name)
        several = list(value or ()) if about["type"] in _LINKS else [value]
        if not rest:
            return several
        there = self.rows[about["relation"]]
        found = (there.get(one) for one in several)
        return [v for one in found if one for v in self._values(about["relation"], one, rest)]

    def _shown(self, model: str, row: Row, name: str) -> Any:
        about, value = self.models[model][name], row.get(name)
        kind = about["type"]
        if name == "display_name":
            return row.get("name") or str(row["id"])
        if kind == "many2one":
            there = self.rows[about["relation"]].get(value or 0)
            return [value, there.get("name") or str(value)] if there else False
        if kind in _LINKS:
            return list(value or ())
        if kind == "datetime":
            return str(value)[:19] if value else False
        if kind in ("integer", "many2one_reference"):
            return value or 0
        if kind in ("float", "monetary"):
            return float(value or 0)
        return bool(value) if kind == "boolean" else (value or False)


OF_MODELS: Sequence[str] = (
    "context_get", "check_access_rights", "fields_get", "search", "search_count", "search_read",
    "create", "load", "check_object_reference",
)  # fmt: skip
