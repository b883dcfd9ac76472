"""Customers: contacts and accounts, each with one time line of what happened, was said and was paid."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from efm.customers import counting, history, rules, sources, story, survivorship
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


def _known(customer_id: uuid.UUID, *, is_account: bool) -> dict[str, Any]:
    """What both pages tell of a customer."""
    session = unit.session()
    today = unit.now().astimezone(ZoneInfo(_zone())).date()
    return {
        "timeline": story.timeline(
            session, customer_id, is_account=is_account, time_zone=_zone(),
            shown=request.args.get("show", ""),
            cursor=story.read_cursor(request.args.get("after", "")),
        ),
        "show": request.args.get("show", ""),
        "identities": history.identities(session, customer_id, is_account=is_account),
        "origins": survivorship.origins(
            session, "account" if is_account else "contact", customer_id, rules.of(session)
        ),
        "matched": counting.RULES,
        "money": history.money(session, customer_id, _zone(), today),
        "subscriptions": history.subscriptions(session, customer_id),
        "undated": history.undated(session, customer_id),
    }  # fmt: skip


@pages.get("/customers/<uuid:contact_id>")
@permission("customers.view")
def show(contact_id: uuid.UUID) -> str | Response:
    """One contact; one that was merged leads on to the one that is left."""
    session = unit.session()
    contact = sources.contact(session, contact_id)
    if contact.merged_into_id:
        return redirect(url_for("customers.show", contact_id=contact.merged_into_id))
    account = sources.account(session, contact.account_id) if contact.account_id else None
    return render_template(
        "customers/show.html", contact=contact, account=account,
        **_known(contact.id, is_account=False),
    )  # fmt: skip


@pages.get("/customers/accounts/<uuid:account_id>")
@permission("customers.view")
def show_account(account_id: uuid.UUID) -> str | Response:
    """One account with its people; one that was merged leads on to the one that is left."""
    session = unit.session()
    account = sources.account(session, account_id)
    if account.merged_into_id:
        return redirect(url_for("customers.show_account", account_id=account.merged_into_id))
    return render_template(
        "customers/account.html", account=account, people=history.people(session, account.id),
        above=history.above(session, account), below=history.below(session, account.id),
        **_known(account.id, is_account=True),
    )  # fmt: skip
