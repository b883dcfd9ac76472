"""Customers: contacts and accounts, each with one time line of what happened, was said and was paid."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request

from efm.customers import history, sources
from efm.web import unit
from efm.web.auth import principal
from efm.web.permissions import permission

pages = Blueprint("customers", __name__)


def _search() -> str:
    return request.args.get("q", "").replace("\0", "").strip()[:100]


@pages.get("/customers")
@permission("customers.view")
def index() -> str:
    """Contacts by name."""
    page = history.contacts(unit.session(), _search(), request.args.get("after", "")[:600])
    return render_template("customers/contacts.html", page=page, search=_search())


@pages.get("/customers/accounts")
@permission("customers.view")
def accounts() -> str:
    """Accounts by name."""
    page = history.accounts(unit.session(), _search(), request.args.get("after", "")[:600])
    return render_template("customers/accounts.html", page=page, search=_search())


def _zone() -> str:
    return str(principal().organization["time_zone"])


def _timeline(customer_id: uuid.UUID, *, is_account: bool) -> history.Timeline:
    return history.timeline(
        unit.session(), customer_id, is_account=is_account, time_zone=_zone(),
        source=request.args.get("show"), cursor=history.read_cursor(request.args.get("after", "")),
    )  # fmt: skip


@pages.get("/customers/<uuid:contact_id>")
@permission("customers.view")
def show(contact_id: uuid.UUID) -> str:
    """One contact."""
    session = unit.session()
    contact = sources.contact(session, contact_id)
    account = sources.account(session, contact.account_id) if contact.account_id else None
    return render_template(
        "customers/show.html", contact=contact, account=account,
        timeline=_timeline(contact.id, is_account=False), show=request.args.get("show", ""),
        identities=history.identities(session, contact.id, is_account=False),
        money=history.money(session, contact.id, _zone()),
        undated=history.undated(session, contact.id),
    )  # fmt: skip


@pages.get("/customers/accounts/<uuid:account_id>")
@permission("customers.view")
def show_account(account_id: uuid.UUID) -> str:
    """One account with its people."""
    session = unit.session()
    account = sources.account(session, account_id)
    return render_template(
        "customers/account.html", account=account, people=history.people(session, account.id),
        timeline=_timeline(account.id, is_account=True), show=request.args.get("show", ""),
        identities=history.identities(session, account.id, is_account=True),
        money=history.money(session, account.id, _zone()),
        undated=history.undated(session, account.id),
    )  # fmt: skip
