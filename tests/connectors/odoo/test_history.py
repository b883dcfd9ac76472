"""The proposed mappings of what happens: stock, tickets, messages, meetings, subscriptions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.odoo.simulator import Simulator
from tests.connectors.odoo.sources import mapped
from tests.connectors.odoo.store import Database


@pytest.fixture
def database(server: Simulator) -> Database:
    """One protocol is enough here; that both tell the same is tested with reading."""
    server.databases["acme"] = found = Database("19.0")
    return found


@pytest.mark.parametrize(
    ("source", "target", "kind", "quantity"),
    [
        ("supplier", "internal", "delivery", 3), ("internal", "customer", "sale", -3),
        ("customer", "internal", "return", 3), ("internal", "supplier", "return_to_supplier", -3),
        ("inventory", "internal", "count", 3), ("internal", "inventory", "count", -3),
        ("production", "internal", "production", 3), ("transit", "production", "consumption", -3),
        ("internal", "internal", None, None), ("internal", "transit", None, None),
        ("supplier", "customer", None, None),
    ],
)  # fmt: skip
def test_a_stock_move(
    server: Simulator, database: Database, source: str, target: str, kind: str | None,
    quantity: int | None,
) -> None:  # fmt: skip
    places = [database.put("stock.location", name=each, usage=each) for each in (source, target)]
    desk = database.put("product.product", name="Desk")
    found = mapped(
        server, database, "stock.move", state="done", product_id=desk, quantity=3.0,
        date="2026-11-02 09:30:00", location_id=places[0], location_dest_id=places[1],
    )  # fmt: skip
    if kind is None:
        assert found is None, "nothing came in or went out"
        return
    assert (found.kind, found.quantity) == (kind, Decimal(quantity or 0))
    assert found.product_external_id == str(desk)


def test_a_ticket(server: Simulator, database: Database, customer: dict[str, int]) -> None:
    stage = database.put("helpdesk.stage", name="Solved")
    found = mapped(
        server, database, "helpdesk.ticket", name="It broke", partner_id=customer["ada"],
        stage_id=stage, close_date="2026-11-03 09:00:00", close_hours=1.5,
    )  # fmt: skip
    assert (found.kind, found.subject, found.outcome) == ("support_contact", "It broke", "Solved")
    assert (found.duration_seconds, found.contact_external_id) == (5400, str(customer["ada"]))
    assert found.external_id == f"helpdesk.ticket,{next(iter(database.rows['helpdesk.ticket']))}"
    assert mapped(server, database, "helpdesk.ticket", name="Of nobody") is None


@pytest.mark.parametrize(
    ("author", "model", "direction", "who"),
    [
        ("ada", "sale.order", "inbound", "ada"), ("us", "sale.order", "outbound", "eve"),
        ("us", "res.partner", "outbound", "eve"), ("eve", "res.partner", "inbound", "eve"),
        (None, "sale.order", "outbound", "eve"),
    ],
)  # fmt: skip
def test_a_message(
    server: Simulator, database: Database, customer: dict[str, int], author: str | None,
    model: str, direction: str, who: str,
) -> None:  # fmt: skip
    order = database.put("sale.order", name="S1", partner_id=customer["eve"])
    found = mapped(
        server, database, "mail.message", model=model, date="2026-11-02 09:30:00",
        res_id=customer["eve"] if model == "res.partner" else order, message_type="email",
        subtype_id=1, is_internal=False, record_name="S1",
        author_id=customer[author] if author else None,
    )  # fmt: skip
    assert (found.kind, found.channel, found.subject) == ("message", "email", "S1")
    assert found.attributes["direction"] == direction
    assert found.contact_external_id == str(customer[who])
    assert found.external_id.startswith("mail.message,")


@pytest.mark.parametrize(
    "values",
    [
        {"subtype_id": 2}, {"is_internal": True}, {"message_type": "notification"},
        {"model": "project.project"}, {"model": "sale.order", "res_id": 999}, {"res_id": 0},
    ],
)  # fmt: skip
def test_notes_and_talk_among_colleagues_are_no_interactions(
    server: Simulator, database: Database, customer: dict[str, int], values: dict[str, Any]
) -> None:
    usual = {
        "model": "res.partner", "res_id": customer["eve"], "message_type": "comment",
        "subtype_id": 1, "is_internal": False, "date": "2026-11-02 09:30:00",
        "author_id": customer["us"],
    }  # fmt: skip
    assert mapped(server, database, "mail.message", **usual) is not None
    assert mapped(server, database, "mail.message", **{**usual, **values}) is None


def test_a_meeting(server: Simulator, database: Database, customer: dict[str, int]) -> None:
    usual = {
        "name": "Review", "start": "2026-11-02 09:30:00", "duration": 1.5,
        "partner_ids": [customer["us"], customer["eve"], customer["ada"]],
    }  # fmt: skip
    found = mapped(server, database, "calendar.event", **usual)
    assert (found.kind, found.subject, found.duration_seconds) == ("meeting", "Review", 5400)
    assert found.contact_external_id == str(customer["eve"]), "colleagues are no customers"
    for other in ({"privacy": "private"}, {"active": False}, {"partner_ids": [customer["us"]]}):
        assert mapped(server, database, "calendar.event", **{**usual, **other}) is None


@pytest.mark.parametrize(
    ("word", "values", "state", "renews", "ended"),
    [
        ("3_progress", {}, "active", date(2026, 12, 1), None),
        ("3_progress", {"end_date": "2027-06-30"}, "active", date(2027, 6, 30), None),
        ("4_paused", {}, "paused", date(2026, 12, 1), None),
        ("6_churn", {"end_date": "2026-11-15"}, "ended", None, date(2026, 11, 15)),
        ("6_churn", {}, "ended", None, date(2026, 11, 1)),
        ("1_draft", {}, None, None, None), ("2_renewal", {}, None, None, None),
    ],
)  # fmt: skip
def test_a_subscription(
    server: Simulator, database: Database, customer: dict[str, int], word: str,
    values: dict[str, Any], state: str | None, renews: date | None, ended: date | None,
) -> None:  # fmt: skip
    plan = database.put("sale.subscription.plan", name="Monthly")
    found = mapped(
        server, database, "sale.subscription", name="S2", state="sale", is_subscription=True,
        subscription_state=word, partner_id=customer["acme"], plan_id=plan, currency_id=1,
        start_date="2026-01-01", next_invoice_date="2026-12-01", recurring_monthly=29.0, **values,
    )  # fmt: skip
    if state is None:
        assert found is None
        return
    assert (found.state, found.renews_on, found.ended_on) == (state, renews, ended)
    assert (found.name, found.interval, found.amount_minor) == ("Monthly", "month", 2900)
    assert found.started_on == date(2026, 1, 1)
