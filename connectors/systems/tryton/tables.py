"""What is read of Tryton's models: fields, which records, and what follows from several fields.

Names with dots follow a link (`currency.code`); names that begin with `_` are worked out here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from connectors.systems.tryton import derived

_STAMPS = {"create_date": "datetime", "write_date": "datetime"}


@dataclass(frozen=True, slots=True)
class Table:
    """One model as a stream.

    `fields` are what a record has, with their types, and `asked` the paths that give them; `own`
    is what `complete` adds. `domain` narrows the records; `through` are links whose change counts as a change of the record, because Tryton
    does not stamp the record itself then. `has_flag`: records are put aside by `active`.
    """

    name: str
    label: str
    model: str
    entity: str
    fields: Mapping[str, str]
    asked: tuple[str, ...]
    own: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    complete: Callable[[dict[str, Any]], dict[str, Any]] = lambda record: {}
    domain: tuple[Any, ...] = ()
    through: tuple[str, ...] = ()
    has_flag: bool = False


def changed(since: datetime) -> list[Any]:
    """Changed at that moment or later; `write_date` is empty until the first change."""
    return [
        "OR",
        ["write_date", ">=", since],
        [["write_date", "=", None], ["create_date", ">=", since]],
    ]


def _table(name: str, label: str, model: str, entity: str, fields: str, **more: Any) -> Table:
    """A table whose fields are written `name` (text), `name:type`, or `links[path,path]`."""
    found, asked = dict(_STAMPS), list(_STAMPS)
    if "currency.code" in fields.split():
        found["currency"] = "integer"
    for each in fields.split():
        named, _, inner = each.rstrip("]").partition("[")
        named, _, kind = named.partition(":")
        found[named] = "json" if inner else kind or "text"
        asked += [f"{named}.{path}" for path in inner.split(",")] if inner else [named]
    own = {"_modified_at": "datetime", **more.pop("own", {})}
    work_out = more.pop("complete")

    def complete(record: dict[str, Any]) -> dict[str, Any]:
        moment = record.get("write_date") or record.get("create_date")
        return {"_modified_at": moment, **work_out(record)}

    return Table(
        name, label, model, entity, {"id": "integer", **found}, tuple(asked), own, complete, **more
    )


TABLES: tuple[Table, ...] = (
    _table(
        "party", "Parties", "party.party", "account",
        "name code active:boolean lang:integer lang.code replaced_by:integer categories[name] "
        "contact_mechanisms[type,value,active] identifiers[type,code,active] "
        "addresses[city,postal_code,country.code,active]",
        own={"email": "text", "phone": "text", "mobile": "text", "website": "text",
             "_phone": "text", "_domain": "text", "_city": "text", "_country": "text"},
        complete=derived.party,
        through=("contact_mechanisms", "addresses", "identifiers"), has_flag=True,
    ),
    _table(
        "sale_opportunity", "Opportunities", "sale.opportunity", "opportunity",
        "number reference description party:integer company:integer state amount:decimal "
        "currency.code start_date:date end_date:date conversion_probability:float lost_reason "
        "employee.rec_name",
        own={"_name": "text"}, complete=derived.opportunity,
        domain=(["party", "!=", None],),  # a lead of nobody is about no customer
    ),
    _table(
        "sale", "Sales", "sale.sale", "order",
        "number reference description party:integer company:integer state sale_date:date "
        "invoice_state shipment_state untaxed_amount:decimal total_amount:decimal currency.code",
        own={"_ordered_at": "datetime"}, complete=derived.sale,
        domain=(["sale_date", "!=", None],),  # without one it is a draft or quotation still
    ),
    _table(
        "sale_line", "Sale lines", "sale.line", "order_line",
        "sale:integer product:integer product.rec_name summary description quantity:float "
        "unit.symbol unit_price:decimal amount:decimal currency.code",
        own={"_name": "text"}, complete=derived.line,
        domain=(["type", "=", "line"], ["sale.sale_date", "!=", None]), through=("sale",),
    ),
    _table(
        "product", "Products", "product.product", "product",
        "name code type active:boolean categories[name] list_price:decimal",
        own={"_category": "text"}, complete=derived.product, through=("template",), has_flag=True,
    ),
    _table(
        "sale_complaint", "Complaints", "sale.complaint", "interaction",
        "number reference date:date customer:integer company:integer type:integer type.name "
        "origin description state",
        own={"_occurred_at": "datetime"}, complete=derived.complaint,
    ),
    _table(
        "account_invoice", "Customer invoices", "account.invoice", "invoice",
        "number reference description party:integer company:integer state invoice_date:date "
        "reconciled:date untaxed_amount:decimal tax_amount:decimal total_amount:decimal "
        "amount_to_pay:decimal currency.code lines_to_pay[maturity_date]",
        own={"_due_on": "date", "_paid_on": "date"}, complete=derived.invoice,
        domain=(
            ["type", "=", "out"], ["state", "in", ["posted", "paid", "cancelled"]],
            ["invoice_date", "!=", None],
        ),
    ),
    _table(
        "payment", "Customer payments", "account.move.line", "payment",
        "party:integer date:date debit:decimal credit:decimal amount_second_currency:decimal "
        "second_currency.code company.currency.code description journal:integer journal.name "
        "invoice_payments[party]",
        own={"_invoice": "integer", "_party": "integer", "_paid_at": "datetime",
             "_amount": "decimal", "_currency": "text"},
        complete=derived.payment, through=("invoice_payments",),
        domain=(["invoice_payments", "where", [["type", "=", "out"]]],),
    ),
    _table(
        "sale_subscription", "Subscriptions", "sale.subscription", "subscription",
        "number reference description party:integer company:integer state start_date:date "
        "end_date:date next_invoice_date:date currency.code "
        "invoice_recurrence.rules[freq,interval] lines[quantity,unit_price,summary,"
        "consumption_recurrence.rules.freq,consumption_recurrence.rules.interval]",
        own={"_name": "text", "_interval": "text", "_amount": "decimal", "_renews_on": "date",
             "_ended_on": "date"},
        complete=derived.subscription, through=("lines",),
        # Before it ran a subscription is an offer; once it ran it has a next invoice or is closed.
        domain=(["OR", ["state", "in", ["running", "closed"]], ["next_invoice_date", "!=", None]],),
    ),
    _table(
        "dunning", "Dunnings", "account.dunning", "interaction",
        "party:integer company:integer date:date state active:boolean blocked:boolean "
        "procedure.name level.rec_name maturity_date:date amount:decimal currency.code",
        own={"_occurred_at": "datetime"}, complete=derived.dunning,
        domain=(["date", "!=", None],), through=("line",),
    ),
)  # fmt: skip
