"""Writing back to Stripe: scores as metadata of customers, the only place it has for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connectors.records import Item, Outcome, Target
from connectors.scalars import as_text
from connectors.systems.stripe.api import Api

LONGEST = 500
"""Characters a value of metadata may have (https://docs.stripe.com/metadata)."""

CUSTOMER = Target(
    name="customer",
    label="Metadata of customers",
    op="update",
    stream="customers",
    fields={
        "efm_nps": "integer",
        "efm_csat": "decimal",
        "efm_ces": "decimal",
        "efm_band": "text",
        "efm_sentiment": "text",
        "efm_last_response_on": "date",
        "efm_last_survey": "text",
        "efm_comment": "text",
    },
    help="Shown on the customer's page in Stripe under Metadata; nothing is sent to the customer.",
)


def write(api: Api, items: Sequence[Item]) -> Iterator[Outcome]:
    """One call each, for Stripe changes one customer at a time."""
    for item in items:
        yield _write(api, item)


def _write(api: Api, item: Item) -> Outcome:
    stranger = sorted(set(item.values) - set(CUSTOMER.fields))
    if stranger:
        text = f"The field {', '.join(stranger)} cannot be written."
        return Outcome(item.key, False, message=text)
    if not item.remote_id:
        return Outcome(item.key, False, message="The item names no customer.")
    form = {}
    for name, value in item.values.items():
        try:
            form[f"metadata[{name}]"] = _text(value)
        except ValueError as error:
            return Outcome(item.key, False, message=f"The field {name} {error}.")
    said = api.change("customers", item.remote_id, form) if form else ""
    if said:
        return Outcome(item.key, False, message=said)
    return Outcome(item.key, True, item.remote_id)


def _text(value: Any) -> str:
    """A value as metadata holds it; the empty text removes the key."""
    text = "" if value is None else as_text(value)
    if len(text) > LONGEST:
        raise ValueError(f"is {len(text):,} characters long; the most is {LONGEST}")
    return text
