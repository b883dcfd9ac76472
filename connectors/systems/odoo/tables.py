"""What is read of Odoo's models: fields, which records, and what follows from several fields.

A link to one record is its id, and `partner_id.name` what it is called. Fields an Odoo does not
have are left out; those people made themselves (`x_...`) are read as well. Names that begin with
`_` are worked out here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from connectors.canonical import NOTHING
from connectors.systems.odoo import derived
from connectors.systems.odoo.lookup import Lookup
from connectors.systems.odoo.server import Field

Known = AbstractSet[str]
Domain = list[Any]
TYPES: Mapping[str, str] = {
    "char": "text", "text": "text", "html": "text", "selection": "text", "reference": "text",
    "integer": "integer", "float": "float", "monetary": "float", "boolean": "boolean",
    "date": "date", "datetime": "datetime", "many2one": "integer", "many2one_reference": "integer",
    "one2many": "json", "many2many": "json", "binary": "json", "json": "json",
}  # fmt: skip
"""Odoo's types as field types; others are not read."""
_PLAIN = frozenset(TYPES) - {"one2many", "many2many", "binary", "json", "html"}
_STAMPS = ("create_date", "write_date", "active")
_ON_CUSTOMERS = (
    "res.partner", "crm.lead", "sale.order", "helpdesk.ticket", "account.move", "project.task",
)  # fmt: skip
_CUSTOMER = {"_contact": "integer", "_account": "integer"}


def _nothing(known: Known) -> Domain:
    return []


def _about_companies(lookup: Lookup, records: list[dict[str, Any]]) -> None:
    lookup.parents(records)
    lookup.tags(records, "category_id", "res.partner.category")


def _about_people(lookup: Lookup, records: list[dict[str, Any]]) -> None:
    lookup.company_of(records)
    lookup.tags(records, "category_id", "res.partner.category")


def _alone(lookup: Lookup, records: list[dict[str, Any]]) -> None:
    """Refers to nothing that has to be asked for."""


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of record as a stream.

    `names` are the fields to read, as far as they are there. `scope` says which records of the
    model it can be at all, `narrow` which of them it is at the moment: those that leave are told
    as gone. `link` asks for what a page refers to, then `complete` adds what follows; False means
    that a record is none here. `through` are links whose change counts as a change of the record.
    `own` are the types of what is added.
    """

    name: str
    label: str
    model: str
    entity: str
    names: str
    own: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    scope: Callable[[Known], Domain] = _nothing
    narrow: Callable[[Known], Domain] = _nothing
    link: Callable[[Lookup, list[dict[str, Any]]], None] = _alone
    complete: Callable[[dict[str, Any]], bool] = derived.everything
    through: tuple[str, ...] = ()
    needs: str = ""

    def read(self, known: Mapping[str, Field]) -> list[Field]:
        """The fields to ask for: the declared ones, and those of people's own making."""
        wanted = dict.fromkeys(("id", *_STAMPS, *self.names.split()))
        found = [known[name] for name in wanted if name in known and known[name].type in TYPES]
        own = (
            each
            for name, each in sorted(known.items())
            if name.startswith("x_") and each.type in _PLAIN and each.is_stored
        )
        return [*found, *(each for each in own if each.name not in wanted)]

    def fields(self, known: Mapping[str, Field]) -> dict[str, str]:
        """The fields of its records with their types."""
        found: dict[str, str] = {}
        for each in self.read(known):
            found[each.name] = TYPES[each.type]
            if each.type == "many2one":
                found[f"{each.name}.name"] = "text"
        return {**found, **self.own}


def _people(known: Known) -> Domain:
    return ["&", ["is_company", "=", False], "|", ["type", "=", "contact"], ["type", "=", False]]


def _companies(known: Known) -> Domain:
    return [["is_company", "=", True]]


def _prospects(known: Known) -> Domain:
    names = [name for name in ("email_from", "contact_name", "phone") if name in known]
    filled = [[name, "!=", False] for name in names]
    return [["partner_id", "=", False], *["|"] * (len(filled) - 1), *filled]


def _ordered(known: Known) -> Domain:
    return [["state", "in", ["sale", "done"]]]


def _posted(known: Known) -> Domain:
    """Invoices that were posted once, also when they are cancelled or corrected now."""
    if "posted_before" in known:
        return ["|", ["state", "=", "posted"], ["posted_before", "=", True]]
    return [["state", "=", "posted"]]


def _mail(known: Known) -> Domain:
    types = ["email", "email_outgoing", "comment", "sms", "whatsapp_message"]
    return [["model", "in", list(_ON_CUSTOMERS)], ["message_type", "in", types]]


def _to_customers(known: Known) -> Domain:
    """No notes among colleagues."""
    internal = [["is_internal", "=", False]] if "is_internal" in known else []
    return [*internal, "|", ["subtype_id", "=", False], ["subtype_id.internal", "=", False]]


_LEAD = (
    "name type stage_id won_status probability expected_revenue planned_revenue company_currency "
    "partner_id contact_name partner_name email_from email_normalized phone phone_sanitized "
    "date_deadline date_closed priority team_id user_id lost_reason_id source_id medium_id "
    "campaign_id lang_code country_id city"
)
TABLES: tuple[Table, ...] = (
    Table(
        "res.partner.company", "Companies", "res.partner", "account",
        "name ref vat website email phone parent_id industry_id country_id state_id city zip lang "
        "category_id customer_rank supplier_rank user_id company_id is_company partner_share",
        own={"_domain": "text", "_parent": "integer", "_tags": "text"}, narrow=_companies,
        link=_about_companies, complete=derived.company,
    ),
    Table(
        "res.partner", "People", "res.partner", "contact",
        "name email email_normalized phone mobile phone_sanitized lang parent_id "
        "commercial_partner_id function title type ref country_id city category_id customer_rank "
        "user_id company_id is_company partner_share is_blacklisted",
        own={"_email": "text", "_phone": "text", "_account": "integer", "_tags": "text"},
        narrow=_people,
        link=_about_people, complete=derived.person,
    ),
    Table(
        "crm.lead.person", "Leads: people", "crm.lead", "contact", _LEAD,
        own={"_name": "text", "_email": "text", "_phone": "text"}, narrow=_prospects,
        complete=derived.prospect,
    ),
    Table(
        "crm.lead", "Leads and opportunities", "crm.lead", "opportunity", _LEAD,
        own={"_contact": "text", "_account": "integer", "_state": "text", "_closes_on": "date"},
        link=Lookup.customers, complete=derived.lead,
    ),
    Table(
        "sale.order", "Sales orders", "sale.order", "order",
        "name state partner_id date_order commitment_date client_order_ref origin amount_untaxed "
        "amount_total currency_id invoice_status delivery_status team_id user_id website_id "
        "company_id",
        own=_CUSTOMER, narrow=_ordered, link=Lookup.customers,
    ),
    Table(
        "sale.order.line", "Sales order lines", "sale.order.line", "order_line",
        "order_id product_id name state product_uom_qty qty_delivered qty_invoiced price_unit "
        "discount price_subtotal price_total currency_id display_type",
        own={"_name": "text"}, scope=lambda known: [["display_type", "=", False]],
        narrow=_ordered, complete=derived.line, through=("order_id",),
    ),
    Table(
        "account.move", "Customer invoices", "account.move", "invoice",
        "name state move_type payment_state partner_id invoice_date invoice_date_due date ref "
        "invoice_origin reversed_entry_id amount_untaxed amount_tax amount_total amount_residual "
        "currency_id invoice_payments_widget invoice_user_id company_id posted_before",
        own={**_CUSTOMER, "_amount": "float", "_state": "text", "_paid_on": "date", "_on": "date",
             "_number": "text"},
        scope=lambda known: [["move_type", "in", ["out_invoice", "out_refund", "out_receipt"]]],
        narrow=_posted, link=Lookup.customers, complete=derived.invoice, needs="move_type",
    ),
    Table(
        "account.payment", "Customer payments", "account.payment", "payment",
        "name state payment_type partner_type partner_id date payment_date amount currency_id "
        "journal_id payment_method_line_id reconciled_invoice_ids ref memo company_id",
        own={**_CUSTOMER, "_amount": "float", "_invoice": "integer", "_on": "date",
             "_method": "text"},
        scope=lambda known: [["partner_type", "=", "customer"]],
        narrow=lambda known: [
            ["state", "not in", ["draft", "cancel", "canceled", "cancelled", "rejected"]]
        ],
        link=Lookup.customers, complete=derived.payment,
    ),
    Table(
        "product.product", "Products", "product.product", "product",
        "name default_code barcode categ_id type list_price sale_ok", through=("product_tmpl_id",),
    ),
    Table(
        "stock.move", "Stock moves", "stock.move", "stock_event",
        "product_id reference origin state date quantity quantity_done product_uom_qty "
        "product_uom location_id location_dest_id partner_id picking_id company_id",
        own={"_from": "text", "_to": "text", "_kind": "text", "_quantity": "float"},
        narrow=lambda known: [["state", "=", "done"]],
        link=Lookup.locations, complete=derived.move,
    ),
    Table(
        "helpdesk.ticket", "Helpdesk tickets", "helpdesk.ticket", "interaction",
        "name ticket_ref number partner_id stage_id team_id ticket_type_id type_id priority user_id "
        "close_date close_hours kanban_state sla_fail",
        own={**_CUSTOMER, "_duration": "integer"}, link=Lookup.customers, complete=derived.ticket,
    ),
    Table(
        "mail.message", "Messages with customers", "mail.message", "interaction",
        "date model res_id record_name subject message_type subtype_id author_id is_internal",
        own={**_CUSTOMER, "_channel": "text", "_subject": "text", "_direction": "text"},
        scope=_mail, narrow=_to_customers,
        link=Lookup.correspondents, complete=derived.message,
    ),
    Table(
        "calendar.event", "Meetings", "calendar.event", "interaction",
        "name start stop duration allday location privacy partner_ids user_id videocall_location",
        own={**_CUSTOMER, "_duration": "integer"},
        link=Lookup.attendees, complete=derived.event,
    ),
    Table(
        "sale.subscription", "Subscriptions", "sale.order", "subscription",
        "name subscription_state partner_id plan_id start_date end_date next_invoice_date "
        "recurring_monthly currency_id close_reason_id is_subscription user_id company_id",
        own={**_CUSTOMER, "_state": "text", "_started_on": "date", "_renews_on": "date",
             "_ended_on": "date", "_name": "text"},
        narrow=lambda known: [["is_subscription", "=", True]], link=Lookup.customers,
        complete=derived.subscription, needs="is_subscription",
    ),
    Table(
        "sale.subscription.contract", "Subscriptions", "sale.subscription", "subscription",
        "name code stage_category partner_id template_id date_start date recurring_next_date "
        "recurring_monthly currency_id close_reason_id user_id company_id",
        own={**_CUSTOMER, "_state": "text", "_started_on": "date", "_renews_on": "date",
             "_ended_on": "date", "_name": "text"},
        link=Lookup.customers, complete=derived.subscription, needs="stage_category",
    ),
)  # fmt: skip


def table(name: str) -> Table | None:
    """The table of that name."""
    return next((each for each in TABLES if each.name == name), None)
