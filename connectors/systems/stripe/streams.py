"""What Stripe offers: the objects, their fields, the events that tell of them.

A customer is a person to be asked, so it is a contact. Some are companies too: those with a
business name, or with a metadata key for it; they are read once more as accounts, under the same
id, and their contact belongs to that account. Only money that moved is a payment: failed and
pending charges and refunds, and charges of nobody, are no records here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.canonical import NOTHING
from connectors.mapping import Mapping as FieldMap
from connectors.records import Raw, Stream
from connectors.systems.stripe import mappings, shapes

Shape = Callable[[Raw], dict[str, Any]]


def _always(raw: Raw) -> bool:
    return True


def _is_company(raw: Raw) -> bool:
    return bool(raw.get("_account"))


def _is_taken(raw: Raw) -> bool:
    is_done = raw.get("status") == "succeeded" and raw.get("captured") is not False
    return is_done and bool(raw.get("_customer"))


def _is_returned(raw: Raw) -> bool:
    return raw.get("status") == "succeeded" and bool(raw.get("_customer"))


def _has_customer(raw: Raw) -> bool:
    return bool(raw.get("_customer"))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object: `path` lists it, `object` names it in `events`, `keeps` chooses.

    `through` is the object of an event that tells of these by their parent (the charge of a
    refund), by which they are then listed.
    """

    stream: Stream
    path: str
    object: str
    events: tuple[str, ...]
    shape: Shape
    params: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    expand: tuple[str, ...] = ()
    keeps: Callable[[Raw], bool] = _always
    through: str = ""


def _typed(**by_type: str) -> dict[str, str]:
    """Names in words, by their type."""
    return {name: kind for kind, names in by_type.items() for name in names.split()}


_COMMON = "id object"
_CUSTOMER_FIELDS = _typed(
    text=f"{_COMMON} name business_name individual_name email phone description currency "
    "invoice_prefix tax_exempt default_source customer_account",
    integer="created balance next_invoice_sequence",
    boolean="livemode delinquent",
    json="address cash_balance discount invoice_credit_balance invoice_settings metadata "
    "preferred_locales shipping sources subscriptions tax tax_ids test_clock",
)


def _stream(name: str, label: str, mapping: FieldMap, fields: Mapping[str, str]) -> Stream:
    return Stream(
        name=name,
        key=("id",),
        entity=mapping.entity,
        cursor="events",
        deletes="tombstones",
        fields=fields,
        label=label,
        default_mapping=mapping,
    )


def _named(prefix: str, words: str) -> tuple[str, ...]:
    return tuple(f"{prefix}.{word}" for word in words.split())


def kinds(company_key: str) -> tuple[Kind, ...]:
    """All kinds; `company_key` is the metadata key that makes a customer a company."""

    def customer(raw: Raw) -> dict[str, Any]:
        return shapes.customer(raw, company_key)

    of_customers = _named("customer", "created updated deleted")
    return (
        Kind(
            _stream("customers", "Customers", mappings.CONTACT, _CUSTOMER_FIELDS),
            "customers", "customer", of_customers, customer,
        ),
        Kind(
            _stream("companies", "Customers that are companies", mappings.ACCOUNT, _CUSTOMER_FIELDS),
            "customers", "customer", of_customers, customer, keeps=_is_company,
        ),
        *_KINDS,
    )  # fmt: skip


_KINDS = (
    Kind(
        _stream("products", "Products", mappings.PRODUCT, _typed(
            text=f"{_COMMON} name description type url unit_label statement_descriptor caption "
            "default_price tax_code",
            integer="created updated",
            boolean="livemode active shippable",
            json="attributes images features marketing_features metadata package_dimensions "
            "deactivate_on",
        )),
        "products", "product", _named("product", "created updated deleted"), shapes.product,
    ),
    Kind(
        _stream("subscriptions", "Subscriptions", mappings.SUBSCRIPTION, _typed(
            text=f"{_COMMON} status description currency collection_method latest_invoice "
            "default_payment_method default_source schedule pending_setup_intent",
            integer="created start_date ended_at cancel_at canceled_at trial_start trial_end "
            "current_period_start current_period_end billing_cycle_anchor days_until_due quantity "
            "next_pending_invoice_item_invoice trial_period_days",
            boolean="livemode cancel_at_period_end trial_from_plan",
            any="customer application on_behalf_of application_fee_percent tax_percent test_clock",
            json="items plan metadata discount discounts automatic_tax billing_thresholds "
            "cancellation_details default_tax_rates invoice_settings pause_collection "
            "payment_settings pending_invoice_item_interval pending_update transfer_data "
            "trial_settings billing_cycle_anchor_config",
        )),
        "subscriptions", "subscription",
        _named(
            "customer.subscription",
            "created updated deleted paused resumed trial_will_end pending_update_applied "
            "pending_update_expired",
        ),
        shapes.subscription, params={"status": "all"},
    ),
    Kind(
        _stream("invoices", "Invoices", mappings.INVOICE, _typed(
            text=f"{_COMMON} number status currency billing_reason collection_method description "
            "footer account_name account_country customer_name customer_email customer_phone "
            "customer_tax_exempt hosted_invoice_url invoice_pdf receipt_number "
            "statement_descriptor",
            integer="created due_date effective_at period_start period_end total subtotal tax "
            "amount_due amount_paid amount_remaining amount_overpaid amount_shipping "
            "attempt_count starting_balance ending_balance next_payment_attempt date "
            "pre_payment_credit_notes_amount post_payment_credit_notes_amount "
            "subtotal_excluding_tax total_excluding_tax webhooks_delivered_at "
            "automatically_finalizes_at",
            boolean="livemode paid attempted auto_advance paid_out_of_band",
            any="customer subscription charge payment_intent quote on_behalf_of application "
            "application_fee application_fee_amount default_payment_method default_source "
            "test_clock tax_percent latest_revision",
            json="lines metadata status_transitions parent discount discounts default_tax_rates "
            "total_tax_amounts total_taxes total_discount_amounts total_pretax_credit_amounts "
            "account_tax_ids automatic_tax custom_fields customer_address customer_shipping "
            "customer_tax_ids from_invoice issuer last_finalization_error payment_settings "
            "rendering shipping_cost shipping_details subscription_details threshold_reason "
            "transfer_data confirmation_secret payments",
        )),
        "invoices", "invoice",
        _named(
            "invoice",
            "created updated deleted finalized finalization_failed paid payment_succeeded "
            "payment_failed payment_action_required sent voided marked_uncollectible overdue "
            "overpaid",
        ),
        shapes.invoice, keeps=_has_customer,
    ),
    Kind(
        _stream("payments", "Payments", mappings.PAYMENT, _typed(
            text=f"{_COMMON} status currency description receipt_email receipt_number receipt_url "
            "failure_code failure_message statement_descriptor statement_descriptor_suffix "
            "calculated_statement_descriptor payment_method transfer_group",
            integer="created amount amount_captured amount_refunded",
            boolean="livemode captured paid refunded disputed",
            any="customer invoice payment_intent balance_transaction application application_fee "
            "application_fee_amount on_behalf_of review source_transfer transfer "
            "failure_balance_transaction order destination dispute",
            json="billing_details fraud_details metadata outcome payment_method_details "
            "presentment_details radar_options refunds shipping source transfer_data level3",
        )),
        "charges", "charge",
        _named("charge", "succeeded captured updated refunded failed expired pending"),
        shapes.charge, keeps=_is_taken,
    ),
    Kind(
        _stream("refunds", "Refunds", mappings.REFUND, _typed(
            text=f"{_COMMON} status currency reason charge description receipt_number "
            "failure_reason instructions_email pending_reason",
            integer="created amount date",
            any="payment_intent balance_transaction failure_balance_transaction transfer_reversal "
            "source_transfer_reversal",
            json="metadata destination_details next_action presentment_details",
        )),
        "refunds", "refund",
        (*_named("refund", "created updated failed"), "charge.refunded", "charge.refund.updated"),
        shapes.refund, expand=("charge",), keeps=_is_returned, through="charge",
    ),
    Kind(
        _stream("disputes", "Disputes", mappings.DISPUTE, _typed(
            text=f"{_COMMON} status currency reason charge network_reason_code",
            integer="created amount",
            boolean="livemode is_charge_refundable",
            any="payment_intent",
            json="balance_transactions enhanced_eligibility_types evidence evidence_details "
            "metadata payment_method_details balance_transaction",
        )),
        "disputes", "dispute",
        _named("charge.dispute", "created updated closed funds_withdrawn funds_reinstated"),
        shapes.dispute, expand=("charge",), keeps=_has_customer,
    ),
    Kind(
        _stream("credit_notes", "Credit notes", mappings.CREDIT_NOTE, _typed(
            text=f"{_COMMON} number status currency reason memo type pdf",
            integer="created effective_at amount total subtotal discount_amount out_of_band_amount "
            "pre_payment_amount post_payment_amount amount_shipping total_excluding_tax "
            "subtotal_excluding_tax voided_at",
            boolean="livemode",
            any="customer invoice refund customer_balance_transaction",
            json="discount_amounts lines metadata refunds shipping_cost tax_amounts total_taxes "
            "pretax_credit_amounts",
        )),
        "credit_notes", "credit_note", _named("credit_note", "created updated voided"),
        shapes.credit_note, keeps=_has_customer,
    ),
)  # fmt: skip
