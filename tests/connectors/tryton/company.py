"""Records of a small company, made in a running Tryton as its administrator would make them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.connectors.tryton.server import System


def party(system: System, name: str, email: str = "", **more: Any) -> int:
    """A party with an address, and an e-mail address if one is given."""
    mechanisms = [{"type": "email", "value": email}] if email else []
    mechanisms += [{"type": kind, "value": more.pop(kind)} for kind in ("phone", "mobile", "website")
                   if kind in more]  # fmt: skip
    values = {
        "name": name, "addresses": [("create", [{"city": more.pop("city", "York")}])],
        "contact_mechanisms": [("create", mechanisms)] if mechanisms else [], **more,
    }  # fmt: skip
    return system.create("party.party", values)


def opportunity(system: System, customer: int, amount: str, about: str) -> int:
    """An opportunity, still a lead."""
    return system.create("sale.opportunity", {
        "party": customer, "company": 1, "currency": 1, "amount": Decimal(amount),
        "start_date": date(2026, 1, 15), "description": about,
        "employee": system.one("company.employee"),
        "address": system.one("party.address", ["party", "=", customer]),
    })  # fmt: skip


def complaint(system: System, customer: int, text: str, kind: str = "Delivery") -> int:
    """A complaint, still a draft."""
    return system.create("sale.complaint", {
        "customer": customer, "company": 1, "description": text,
        "type": system.one("sale.complaint.type", ["name", "=", kind]),
    })  # fmt: skip


def invoice(
    system: System,
    customer: int,
    amount: str,
    day: date,
    quantity: float = 1.0,
    action: str = "post",
) -> int:
    """A posted customer invoice with one line; a credit note if the quantity is negative."""
    account = {each: system.one("account.account", [f"type.{each}", "=", True],
                             ["closed", "!=", True])
               for each in ("receivable", "revenue")}  # fmt: skip
    line = {"type": "line", "description": "Work", "quantity": quantity, "currency": 1, "company": 1,
            "unit_price": Decimal(amount), "account": account["revenue"]}  # fmt: skip
    number = system.create("account.invoice", {
        "company": 1, "type": "out", "party": customer, "currency": 1, "invoice_date": day,
        "account": account["receivable"], "lines": [("create", [line])],
        "journal": system.one("account.journal", ["type", "=", "revenue"]),
        "payment_term": system.one("account.invoice.payment_term"),
        "invoice_address": system.one("party.address", ["party", "=", customer]),
    })  # fmt: skip
    system.act("account.invoice", number, action)
    return number


def sale(system: System, customer: int, quantity: float, day: date | None) -> int:
    """A sale with one line, confirmed on that day, or a draft without one."""
    address = system.one("party.address", ["party", "=", customer])
    line = {"type": "line", "product": system.one("product.product"), "quantity": quantity,
            "unit": system.one("product.uom", ["name", "=", "Unit"]),
            "unit_price": Decimal("49.90"), "description": "Support plan"}  # fmt: skip
    number = system.create("sale.sale", {
        "company": 1, "party": customer, "currency": 1, "sale_date": day,
        "invoice_address": address, "shipment_address": address, "invoice_method": "manual",
        "payment_term": system.one("account.invoice.payment_term"),
        "lines": [("create", [line])],
    })  # fmt: skip
    if day is not None:
        system.act("sale.sale", number, "quote")
        system.act("sale.sale", number, "confirm")
    return number


NAMES = (
    "Ada Byron", "Zoë Łukasz", "Grace Hopper", "Müller & Söhne", "Joan Clarke", "Alan Turing",
    "O’Hara Ltd", "Edith Clarke", "Katherine Johnson", "Mary Jackson", "Hedy Lamarr", "Radia Perlman",
)  # fmt: skip


def subscription(system: System, customer: int, quantity: float, day: date) -> int:
    """A subscription by the month with one line, running since that day."""
    monthly = system.one("sale.subscription.recurrence.rule.set")
    unit = system.one("product.uom", ["name", "=", "Unit"])
    line = {"service": system.one("sale.subscription.service"), "quantity": quantity, "unit": unit,
            "unit_price": Decimal("49.90"), "start_date": day, "description": "Support",
            "consumption_recurrence": monthly}  # fmt: skip
    number = system.create("sale.subscription", {
        "company": 1, "party": customer, "currency": 1, "start_date": day,
        "invoice_recurrence": monthly, "lines": [("create", [line])],
        "invoice_address": system.one("party.address", ["party", "=", customer]),
    })  # fmt: skip
    for action in ("quote", "run"):
        system.act("sale.subscription", number, action)
    return number


def dunning(system: System, bill: int) -> int:
    """A dunning of a posted invoice at the first level, processed today."""
    lines = system.find("account.invoice", [["id", "=", bill]], "lines_to_pay")[0]["lines_to_pay"]
    procedure = system.one("account.dunning.procedure")
    number = system.create("account.dunning", {
        "company": 1, "line": lines[0], "procedure": procedure,
        "level": system.one("account.dunning.level", ["procedure", "=", procedure]),
    })  # fmt: skip
    system.run_wizard("account.dunning.process", "account.dunning", number, {}, "process")
    return number


def small_company(system: System) -> dict[str, list[int]]:
    """Twelve parties with e-mail addresses and phones, six opportunities, five complaints, eight
    posted invoices (three paid in full, one in part), three
    sales, a subscription and a dunning: their ids by kind."""
    today = datetime.now(UTC).date()
    parties = [
        party(system, name, f"customer{number}@example.com", phone=f"+44 20 7946 {number:04}")
        for number, name in enumerate(NAMES)
    ]
    deals = [opportunity(system, each, f"{1000 + each}.50", "Renewal") for each in parties[:6]]
    for each, action in zip(deals[2:], ("opportunity", "lost", "cancel"), strict=False):
        system.act("sale.opportunity", each, action)
    moaned = [complaint(system, each, "It came late.") for each in parties[3:8]]
    for each in moaned[:2]:
        system.act("sale.complaint", each, "wait")
    days = [today - timedelta(days=7 * (7 - number)) for number in range(8)]
    bills = [
        invoice(system, parties[number], f"{100 + number}.00", day)
        for number, day in enumerate(days)
    ]
    for each in range(4):
        share = Decimal("40.00") if each == 3 else Decimal(f"{100 + each}.00")
        system.pay(bills[each], share, today)
    sold = [sale(system, each, 2.0, today) for each in parties[:3]]
    return {
        "parties": parties, "opportunities": deals, "complaints": moaned, "invoices": bills,
        "sales": sold, "subscriptions": [subscription(system, parties[0], 2.0, days[0])],
        "dunnings": [dunning(system, bills[5])],
    }  # fmt: skip
