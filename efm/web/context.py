"""What every template may use: the principal, the navigation, times and numbers as people say them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, get_currency_precision
from flask import Flask, current_app, g, request, url_for
from markupsafe import Markup, escape
from sqlalchemy import text

from efm.web import auth, compiled, drawing, unit
from efm.web.navigation import entries
from efm.web.permissions import ROLE_LABELS
from surveys.definition import minutes


def zone() -> ZoneInfo:
    """The viewer's time zone: the person's own, else the organization's."""
    who: auth.Principal | None = g.get("principal")
    return ZoneInfo(who.time_zone if who else "UTC")


def moment(value: datetime | None, *, empty: str = "never") -> Markup:
    """A time as people say it, exact on hover and for screen readers."""
    if value is None:
        return escape(empty)
    exact = format_datetime(value.astimezone(zone()), "d MMM y, HH:mm zzz", locale="en")
    said = format_timedelta(value - unit.now(), add_direction=True, locale="en")
    return Markup('<time datetime="{}" title="{}" data-relative>{}</time>').format(
        value.isoformat(), exact, said
    )


def exact_time(value: datetime | None) -> str:
    """A time written out in the viewer's zone."""
    if value is None:
        return ""
    return str(format_datetime(value.astimezone(zone()), "d MMM y, HH:mm", locale="en"))


def day_words(value: date | datetime | None) -> str:
    """A day written out; of a time, its day in the viewer's zone."""
    if value is None:
        return ""
    day = value.astimezone(zone()) if isinstance(value, datetime) else value
    return str(format_date(day, "d MMM y", locale="en"))


def money(amount_minor: int | float | None, currency: str | None) -> str:
    """An amount in minor units, written with its currency."""
    if amount_minor is None or not currency:
        return ""
    digits = get_currency_precision(currency)
    return str(format_currency(amount_minor / 10**digits, currency, locale="en"))


def csrf_token() -> str:
    """The value a form must bring back."""
    who: auth.Principal | None = g.get("principal")
    if who is not None:
        return who.csrf_token
    cookies: dict[str, str] = g.setdefault("form_cookies", {})
    return auth.form_token(cookies)


def _organizations(who: auth.Principal) -> list[dict[str, Any]]:
    with unit.engine().connect() as connection:
        rows = connection.execute(
            text("SELECT * FROM efm_user_organizations(:user)"), {"user": who.user_id}
        ).all()
    return [
        {
            "name": row.name,
            "url": url_for("account.switch", organization_id=row.organization_id),
            "is_current": row.organization_id == who.organization_id,
        }
        for row in rows
    ]


def staff_context() -> dict[str, Any]:
    """What the staff shell shows; empty for public pages."""
    who: auth.Principal | None = g.get("principal")
    common: dict[str, Any] = {"csrf_token": csrf_token, "request_id": g.get("request_id", "")}
    if who is None or who.kind != "user" or request.path.startswith("/s/"):
        return common

    def has(endpoint: str) -> bool:
        return endpoint in current_app.view_functions

    return common | {
        "principal": who,
        "organization": who.organization,
        "navigation": entries(who),
        "organizations": _organizations(who) if has("account.switch") else [],
        "user": {"name": who.name, "email": who.email, "role": ROLE_LABELS.get(who.role or "", "")},
        "account_url": url_for("account.show") if has("account.show") else None,
        "sign_out_url": url_for("account.sign_out") if has("account.sign_out") else None,
        "search_url": url_for("search.show") if has("search.show") else None,
    }


def install(app: Flask) -> None:
    """Give the templates their words."""
    app.context_processor(staff_context)
    # A global, because macros imported without the page's context call it.
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.jinja_env.filters.update(
        moment=moment, exact_time=exact_time, day_words=day_words, money=money, minutes=minutes
    )
    app.jinja_env.globals["has_endpoint"] = lambda name: name in current_app.view_functions
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    compiled.install(app)
    drawing.install(app)
