"""The words sources use for the canonical fields, for guessing which is which; the likeliest first."""

from __future__ import annotations

from collections.abc import Mapping

_CONTACT_IDS = (
    "contact_id contactid customer_id customerid client_id person_id member_id user_id "
    "contact_external_id contact customer masterid customer_number kundennummer"
)
_ACCOUNT_IDS = (
    "account_id accountid company_id organization_id organisation_id account_external_id "
    "account_number account company"
)
_PRODUCT_IDS = (
    "product_external_id product_id productid product item_id item sku article article_id"
)
_CURRENCY = "currency currency_code ccy"
_MODIFIED = (
    "modified_at updated_at last_modified modified systemmodstamp write_date lastmodifieddate"
)

NAMES: Mapping[str, Mapping[str, str]] = {
    "account": {
        "external_id": "external_id id account_id accountid company_id organization_id "
        "customer_id customerid account_number key code number rownames row_id",
        "name": "name account_name company company_name organization organisation account firma",
        "domain": "domain website web_domain url web",
        "parent_external_id": "parent_id parent_account_id parent_external_id parent",
        "modified_at": "modified_at updated_at last_modified modified systemmodstamp write_date "
        "lastmodifieddate",
    },
    "contact": {
        "external_id": "external_id id contact_id contactid customer_id customerid person_id "
        "member_id user_id key code number rownames row_id",
        "account_external_id": _ACCOUNT_IDS,
        "name": "name full_name fullname contact_name customer_name contact display_name",
        "email": "email e_mail email_address mail contact_email e_mail_address",
        "phone": "phone telephone tel mobile phone_number mobile_phone cell telefon",
        "language": "language lang locale preferred_language",
        "modified_at": "modified_at updated_at last_modified modified systemmodstamp write_date "
        "lastmodifieddate",
    },
    "interaction": {
        "external_id": "external_id id interaction_id order_id orderid ticket_id case_id call_id "
        "invoice_id transaction_id order_number case_number ticket_number event_id number key",
        "contact_external_id": _CONTACT_IDS,
        "account_external_id": _ACCOUNT_IDS,
        "kind": "kind type interaction_type event_type activity_type category",
        "channel": "channel source origin medium",
        "touchpoint": "touchpoint store location shop branch department",
        "subject": "subject title summary description topic",
        "outcome": "outcome status result resolution state",
        "occurred_at": "occurred_at happened_at date datetime timestamp order_date created_at "
        "created opened_at call_date visit_date invoice_date ticket_date event_date time day",
        "duration_seconds": "duration_seconds duration seconds handle_time talk_time",
        "amount_minor": "amount total sales price value order_total revenue amount_paid total_price "
        "dollars",
        "currency": "currency currency_code ccy",
        "modified_at": "modified_at updated_at last_modified modified",
    },
    "measurement": {
        "external_id": "external_id id measurement_id key",
        "contact_external_id": _CONTACT_IDS,
        "account_external_id": _ACCOUNT_IDS,
        "metric": "metric measure kpi metric_name indicator",
        "value": "value quantity score number_value",
        "amount_minor": "amount money amount_due",
        "currency": "currency currency_code ccy",
        "measured_on": "measured_on date day month period as_of on measured_at",
        "modified_at": "modified_at updated_at last_modified modified",
    },
    "opportunity": {
        "external_id": "external_id id opportunity_id deal_id number key",
        "contact_external_id": _CONTACT_IDS,
        "account_external_id": _ACCOUNT_IDS,
        "name": "name opportunity_name deal_name title subject description",
        "stage": "stage stage_name deal_stage phase pipeline_stage",
        "state": "state status outcome",
        "opened_at": "opened_at created_at created createdate start_date",
        "closes_on": "closes_on close_date closed_on closedate expected_close_date end_date",
        "amount_minor": "amount value expected_revenue deal_amount total",
        "currency": _CURRENCY,
        "modified_at": _MODIFIED,
    },
    "order": {
        "external_id": "external_id id order_id orderid order_number number key",
        "contact_external_id": _CONTACT_IDS,
        "account_external_id": _ACCOUNT_IDS,
        "number": "number order_number order_no reference",
        "state": "state status order_status",
        "channel": "channel source origin",
        "ordered_at": "ordered_at order_date date placed_at created_at created timestamp time",
        "amount_minor": "amount total order_total total_price total_amount price value revenue",
        "currency": _CURRENCY,
        "modified_at": _MODIFIED,
    },
    "order_line": {
        "external_id": "external_id id line_id order_line_id key",
        "order_external_id": "order_external_id order_id orderid order sale order_number",
        "product_external_id": _PRODUCT_IDS,
        "name": "name description product_name title text",
        "quantity": "quantity qty count units amount_ordered",
        "amount_minor": "amount total line_total price total_price value",
        "currency": _CURRENCY,
        "modified_at": _MODIFIED,
    },
    "invoice": {
        "external_id": "external_id id invoice_id invoice_number number key",
        "contact_external_id": _CONTACT_IDS,
        "account_external_id": _ACCOUNT_IDS + " party",
        "number": "number invoice_number invoice_no reference",
        "state": "state status",
        "issued_on": "issued_on invoice_date issue_date transdate date created_at created",
        "due_on": "due_on due_date duedate payment_due",
        "paid_on": "paid_on paid_at paid_date datepaid payment_date",
        "amount_minor": "amount total total_amount invoice_total grand_total amount_due",
        "currency": _CURRENCY,
        "modified_at": _MODIFIED,
    },
    "payment": {
        "external_id": "external_id id payment_id transaction_id charge_id number key",
        "contact_external_id": _CONTACT_IDS,
        "account_external_id": _ACCOUNT_IDS,
        "invoice_external_id": "invoice_external_id invoice_id invoice invoice_number",
        "method": "method payment_method type",
        "paid_at": "paid_at payment_date date created_at created timestamp",
        "amount_minor": "amount total value",
        "currency": _CURRENCY,
        "modified_at": _MODIFIED,
    },
    "subscription": {
        "external_id": "external_id id subscription_id contract_id number key",
        "contact_external_id": _CONTACT_IDS,
        "account_external_id": _ACCOUNT_IDS,
        "name": "name plan plan_name product contract_name description title",
        "state": "state status",
        "started_on": "started_on start_date start startdate created_at created",
        "renews_on": "renews_on renewal_date next_invoice_date current_period_end",
        "ended_on": "ended_on end_date enddate cancelled_at canceled_at end",
        "interval": "interval billing_interval period frequency",
        "amount_minor": "amount price fee value mrr",
        "currency": _CURRENCY,
        "modified_at": _MODIFIED,
    },
    "product": {
        "external_id": "external_id id product_id sku code number key",
        "name": "name product_name title description",
        "number": "number sku code product_code article_number",
        "category": "category product_category family type group",
        "modified_at": _MODIFIED,
    },
    "stock_event": {
        "external_id": "external_id id move_id event_id key",
        "product_external_id": _PRODUCT_IDS,
        "kind": "kind type event movement reason",
        "quantity": "quantity qty amount units change",
        "occurred_at": "occurred_at date moved_at timestamp time created_at created",
        "modified_at": _MODIFIED,
    },
}
