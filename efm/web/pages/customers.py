"""Customers: contacts and accounts, each with one time line of what happened, was said and was paid."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import orjson
from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from efm.charts import MEDIA_TYPE
from efm.customers import (
    consents,
    counting,
    coverage,
    history,
    provenance,
    rules,
    sources,
    story,
    worth,
)
from efm.errors import NotFound
from efm.insight import figures, headline
from efm.insight.figures import Figure, Rate
from efm.insight.filters import today_in
from efm.models import Account, Contact
from efm.web import customer_chart, numbers, periods, unit
from efm.web.auth import principal
from efm.web.customer_chart import CourseChart
from efm.web.periods import Period
from efm.web.permissions import permission

pages = Blueprint("customers", __name__)
_KEPT = ("show", "from", "to", "by", "state", "under")
STEPS = {"": "Fitting step", "month": "Month", "quarter": "Quarter"}


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


def _arguments(period: Period) -> dict[str, str]:
    """What this address narrows, so that links keep it."""
    shown, step = request.args.get("show", ""), request.args.get("by", "")
    found = {
        "show": shown if shown in story.SHOWN else "",
        "by": step if step in STEPS else "",
        "state": request.args["state"] if request.args.get("state") in coverage.STATES else "",
        "under": "1" if request.args.get("under") == "1" else "",
    }
    return {name: value for name, value in found.items() if value} | period.arguments()


def _here(arguments: dict[str, str], **fixed: Any) -> Callable[..., str]:
    """Gives addresses of this page with some of its arguments changed ("" takes one out)."""

    def address(endpoint: str = request.endpoint or "", **changed: str) -> str:
        given = {name: value for name, value in (arguments | changed).items() if value}
        return url_for(endpoint, **fixed, **given)  # type: ignore[arg-type]

    return address


def _asides() -> tuple[tuple[uuid.UUID, str, str], ...]:
    """The questions that do not count in any figure, so that they do not here."""
    session = unit.session()
    return headline.asked(session, list(headline.surveys(session))).asides


def _course(customer_id: uuid.UUID, period: Period, *, is_account: bool) -> CourseChart | None:
    """The chart of a customer; without what was said for somebody who may not read responses."""
    now = unit.now()
    today = today_in(period.zone, now)
    step = request.args.get("by", "")
    span = worth.Span(
        period.since, min(period.until or now, now), period.first,
        min(period.last or today, today), period.zone,
        "quarter" if step == "quarter" else "month" if step == "month" else None,
    )  # fmt: skip
    asides = _asides() if principal().may("responses.view") else None
    found = worth.course(unit.session(), customer_id, span, is_account=is_account, asides=asides)
    return customer_chart.drawn(found, is_read=asides is not None)


def _known(customer: Contact | Account, *, is_account: bool) -> dict[str, Any]:
    """What both pages tell of a customer."""
    session, who = unit.session(), principal()
    period, problems = periods.read(request.args, who.time_zone)
    arguments, cursor = _arguments(period), story.read_cursor(request.args.get("after", ""))
    fixed = {"account_id" if is_account else "contact_id": customer.id}
    zone = str(who.organization["time_zone"])
    today = today_in(zone, unit.now())
    entity = "account" if is_account else "contact"
    may_see_cases = who.may("cases.view")
    return {
        "timeline": story.timeline(
            session, customer.id, is_account=is_account, time_zone=period.zone,
            shown=arguments.get("show", ""), cursor=cursor, since=period.since, until=period.until,
            without=() if may_see_cases else ("case",),
        ),
        "show": arguments.get("show", ""), "is_later": cursor is not None,
        "now": unit.now(), "period": period, "problems": problems,
        "by": arguments.get("by", ""), "steps": STEPS,
        "here": _here(arguments, **fixed), "numbers": numbers,
        # Older pages of the story go on without the chart, which tells of all of it.
        "course": None if cursor else _course(customer.id, period, is_account=is_account),
        "cases": story.open_cases(session, customer.id, is_account=is_account)
        if may_see_cases
        else (),
        "known": provenance.read(session, entity, customer.id, rules.of(session)),
        "matched": counting.RULES,
        "money": history.money(session, customer.id, zone, today),
        "subscriptions": history.subscriptions(session, customer.id),
        "undated": history.undated(session, customer.id),
    }  # fmt: skip


def _led_on(endpoint: str, **fixed: Any) -> Answer:
    """On to the customer that is left, with what was asked for but not where in the old story."""
    given: dict[str, Any] = {name: request.args[name] for name in _KEPT if name in request.args}
    return redirect(url_for(endpoint, **given | (request.view_args or {}) | fixed))


def _contact(contact_id: uuid.UUID) -> Contact | Answer:
    found = sources.contact(unit.session(), contact_id)
    if found.merged_into_id is None:
        return found
    return _led_on(request.endpoint or "", contact_id=found.merged_into_id)


def _account(account_id: uuid.UUID) -> Account | Answer:
    found = sources.account(unit.session(), account_id)
    if found.merged_into_id is None:
        return found
    return _led_on(request.endpoint or "", account_id=found.merged_into_id)


@pages.get("/customers/<uuid:contact_id>")
@permission("customers.view")
def show(contact_id: uuid.UUID) -> str | Answer:
    """One contact; one that was merged leads on to the one that is left."""
    contact = _contact(contact_id)
    if not isinstance(contact, Contact):
        return contact
    session = unit.session()
    account = sources.account(session, contact.account_id) if contact.account_id else None
    return render_template(
        "customers/show.html", contact=contact, account=account,
        consents=consents.of(session, contact.id), **_known(contact, is_account=False),
    )  # fmt: skip


@pages.get("/customers/accounts/<uuid:account_id>")
@permission("customers.view")
def show_account(account_id: uuid.UUID) -> str | Answer:
    """One account with its people; one that was merged leads on to the one that is left."""
    account = _account(account_id)
    if not isinstance(account, Account):
        return account
    session = unit.session()
    counts = coverage.counts(session, coverage.Scope([account.id]))
    return render_template(
        "customers/account.html", account=account, counts=counts, rate=_rate(counts),
        above=history.above(session, account), below=history.below(session, account.id),
        **_known(account, is_account=True),
    )  # fmt: skip


@pages.get("/customers/accounts/<uuid:account_id>/coverage")
@permission("customers.view")
def show_coverage(account_id: uuid.UUID) -> str | Answer:
    """Whom of an account we asked, who answered, who is silent; what they say together."""
    account = _account(account_id)
    if not isinstance(account, Account):
        return account
    session, who = unit.session(), principal()
    period, problems = periods.read(request.args, who.time_zone)
    arguments = _arguments(period)
    tree = coverage.tree(session, account.id)
    ids = tree[: coverage.MOST_ACCOUNTS] if "under" in arguments else [account.id]
    scope = coverage.Scope(ids, period.since, period.until)
    counts = coverage.counts(session, scope)
    return render_template(
        "customers/coverage.html", account=account, period=period, problems=problems,
        counts=counts, rate=_rate(counts), n_under=len(tree) - 1,
        most_accounts=coverage.MOST_ACCOUNTS, is_under="under" in arguments,
        state=arguments.get("state", ""), states=coverage.STATES,
        people=coverage.page(session, scope, arguments.get("state", ""), _after()),
        is_later=_after() is not None, here=_here(arguments, account_id=account.id),
        figures=_figures(scope) if who.may("responses.view") else None, numbers=numbers,
    )  # fmt: skip


def _after() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args.get("after", ""))
    except ValueError:
        return None


def _rate(counts: coverage.Counts) -> Rate:
    measure = "People asked by personal link who have answered one"
    return Rate("Response rate", measure, counts.asked, counts.replied)


def _figures(scope: coverage.Scope) -> list[Figure]:
    """The scores of the people together, each person's latest answer once."""
    found = coverage.latest_scores(unit.session(), scope, _asides())
    return [
        figures.figure(metric, found[name])
        for name, metric in figures.METRICS.items()
        if name in found
    ]


@pages.get("/customers/<uuid:contact_id>/course.<ending>")
@permission("customers.view")
def chart(contact_id: uuid.UUID, ending: str) -> Answer:
    """A contact's chart: json to be drawn, csv to be kept."""
    contact = _contact(contact_id)
    return _file(contact, ending) if isinstance(contact, Contact) else contact


@pages.get("/customers/accounts/<uuid:account_id>/course.<ending>")
@permission("customers.view")
def account_chart(account_id: uuid.UUID, ending: str) -> Answer:
    """An account's chart, likewise."""
    account = _account(account_id)
    return _file(account, ending) if isinstance(account, Account) else account


def _file(customer: Contact | Account, ending: str) -> Answer:
    period, _ = periods.read(request.args, principal().time_zone)
    found = _course(customer.id, period, is_account=isinstance(customer, Account))
    if found is None or ending not in ("json", "csv"):
        raise NotFound("This chart has nothing to show just now.")
    kept = {"Cache-Control": "private, no-cache"}
    if ending == "json":
        return Response(orjson.dumps(found.vega()), mimetype=MEDIA_TYPE, headers=kept)
    named = {"Content-Disposition": 'attachment; filename="course.csv"'}
    return Response(found.csv(), mimetype="text/csv", headers=kept | named)
