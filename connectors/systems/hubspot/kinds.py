"""The kinds of object HubSpot has by itself: their names, and their properties when it tells none.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/understanding-the-crm and the
object definitions there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from connectors.canonical import NOTHING

CUSTOMERS = ("contacts", "companies")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object.

    `name` is its plural as in addresses, `singular` as in webhooks, `type_id` its number.
    `usual` are properties by their type, asked for where HubSpot does not list them. `to` are the
    kinds whose associated records are told with each record. `has_archive` says that its deleted
    records can be listed, `has_stages` that it moves through pipelines.
    """

    name: str
    label: str
    entity: str
    type_id: str = ""
    singular: str = ""
    usual: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    to: tuple[str, ...] = CUSTOMERS
    created: str = "hs_createdate"
    modified: str = "hs_lastmodifieddate"
    has_archive: bool = True
    has_stages: bool = False
    title: str = ""

    @property
    def always(self) -> tuple[str, ...]:
        """Properties that are read even if HubSpot hides them from people."""
        return (*self.usual, self.created, self.modified, "hs_object_id", "hs_merged_object_ids")


def _typed(**by_type: str) -> dict[str, str]:
    """Names in words, by their type."""
    return {name: kind for kind, names in by_type.items() for name in names.split()}


_KINDS = (
    Kind(
        "contacts", "Contacts", "contact", "0-1", "contact", to=(), created="createdate",
        modified="lastmodifieddate",
        usual=_typed(
            text="firstname lastname email phone mobilephone hs_language company jobtitle country "
            "associatedcompanyid lifecyclestage hs_lead_status",
        ),
    ),
    Kind(
        "companies", "Companies", "account", "0-2", "company", to=(), created="createdate",
        usual=_typed(
            text="name domain hs_parent_company_id industry country lifecyclestage type",
            decimal="annualrevenue numberofemployees",
        ),
    ),
    Kind(
        "deals", "Deals", "opportunity", "0-3", "deal", created="createdate", has_stages=True,
        usual=_typed(
            text="dealname dealstage pipeline deal_currency_code dealtype",
            decimal="amount", datetime="closedate", boolean="hs_is_closed hs_is_closed_won",
        ),
    ),
    Kind(
        "tickets", "Tickets", "interaction", "0-5", "ticket", created="createdate",
        has_stages=True,
        usual=_typed(
            text="subject content hs_pipeline hs_pipeline_stage hs_ticket_priority "
            "hs_ticket_category source_type",
            datetime="closed_date",
        ),
    ),
    Kind(
        "calls", "Calls", "interaction", "0-48", "call",
        usual=_typed(
            text="hs_call_title hs_call_body hs_call_direction hs_call_disposition hs_call_status",
            decimal="hs_call_duration", datetime="hs_timestamp",
        ),
    ),
    Kind(
        "meetings", "Meetings", "interaction", "0-47", "meeting", has_archive=False,
        usual=_typed(
            text="hs_meeting_title hs_meeting_body hs_meeting_outcome hs_activity_type",
            datetime="hs_timestamp hs_meeting_start_time hs_meeting_end_time",
        ),
    ),
    Kind(
        "emails", "E-mails", "interaction", "0-49", "email",
        usual=_typed(
            text="hs_email_subject hs_email_direction hs_email_status", datetime="hs_timestamp"
        ),
    ),
    Kind(
        "notes", "Notes", "interaction", "0-46", "note",
        usual=_typed(text="hs_note_body", datetime="hs_timestamp"),
    ),
    Kind(
        "tasks", "Tasks", "interaction", "0-27", "task",
        usual=_typed(
            text="hs_task_subject hs_task_body hs_task_status hs_task_priority hs_task_type",
            datetime="hs_timestamp",
        ),
    ),
    Kind(
        "orders", "Orders", "order", "0-123", "order", has_stages=True,
        usual=_typed(
            text="hs_order_name hs_external_order_id hs_external_order_status hs_pipeline "
            "hs_pipeline_stage hs_source_store hs_currency_code hs_fulfillment_status",
            decimal="hs_total_price", datetime="hs_external_created_date",
        ),
    ),
    Kind(
        "invoices", "Invoices", "invoice", "0-53", "invoice",
        usual=_typed(
            text="hs_number hs_invoice_status hs_currency hs_title",
            decimal="hs_amount_billed hs_balance_due",
            date="hs_invoice_date hs_due_date hs_payment_date",
        ),
    ),
    Kind(
        "subscriptions", "Subscriptions", "subscription", "0-69", "subscription",
        usual=_typed(
            text="hs_name hs_status hs_recurring_billing_frequency hs_currency_code",
            decimal="hs_last_payment_amount hs_next_payment_amount hs_mrr",
            date="hs_recurring_billing_start_date hs_recurring_billing_end_date "
            "hs_next_payment_due_date",
            datetime="hs_canceled_at",
        ),
    ),
    Kind(
        "products", "Products", "product", "0-7", "product", to=(), created="createdate",
        usual=_typed(text="name hs_sku hs_product_type description", decimal="price"),
    ),
    Kind(
        "line_items", "Line items of orders", "order_line", "0-8", "line_item", to=("orders",),
        created="createdate",
        usual=_typed(
            text="name hs_product_id hs_sku hs_line_item_currency_code",
            decimal="quantity amount price",
        ),
    ),
    Kind(
        "feedback_submissions", "Survey responses", "interaction", "0-19", "feedback_submission",
        to=("contacts",),
        usual=_typed(
            text="hs_survey_name hs_survey_type hs_survey_channel hs_survey_id hs_content "
            "hs_response_group hs_sentiment hs_contact_id",
            decimal="hs_value", datetime="hs_submission_timestamp",
        ),
    ),
)  # fmt: skip

KINDS: Mapping[str, Kind] = MappingProxyType({each.name: each for each in _KINDS})
"""The kinds by name. Any other name is that of a custom object."""


def custom(name: str, label: str = "", type_id: str = "", title: str = "") -> Kind:
    """A custom object, taken for something that happened; `title` is its displayed property."""
    usual = {title: "text"} if title else {}
    return Kind(name, label or name, "interaction", type_id, usual=usual, title=title)
