"""What may be told of a customer, a response or a case: the values' names, types and where they come from."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Value:
    """One of our values: `type` as fields of connectors have them."""

    name: str
    label: str
    type: str


_SCORES = (
    Value("nps", "NPS score, 0 to 10", "integer"),
    Value("nps_band", "NPS band: promoter, passive or detractor", "text"),
    Value("csat", "CSAT score", "decimal"),
    Value("ces", "Effort score", "decimal"),
    Value("sentiment", "Sentiment: positive, neutral or negative", "text"),
    Value("sentiment_score", "Sentiment score, -1 to 1", "decimal"),
    Value("comment", "Comment", "text"),
)
_LINK = Value("link", "Link to it here", "text")
VALUES: Mapping[str, tuple[Value, ...]] = MappingProxyType(
    {
        "customer": (
            *_SCORES,
            Value("survey", "Survey last answered", "text"),
            Value("responded_at", "Time of the last response", "datetime"),
            Value("responses", "Number of responses", "integer"),
            Value("open_cases", "Number of open cases", "integer"),
            _LINK,
        ),
        "response": (
            Value("title", "Title: NPS 3 (detractor), survey", "text"),
            Value("summary", "Summary with the comment and a link", "text"),
            *_SCORES,
            Value("survey", "Survey", "text"),
            Value("responded_at", "Time of the response", "datetime"),
            Value("channel", "Channel", "text"),
            Value("touchpoint", "Touchpoint", "text"),
            _LINK,
        ),
        "case": (
            Value("title", "Title: Case 12, detractor", "text"),
            Value("summary", "Summary with the comment and a link", "text"),
            Value("number", "Case number", "integer"),
            Value("state", "State: open, answered or closed", "text"),
            Value("reason", "Reason", "text"),
            Value("owner", "Owner's name", "text"),
            Value("due_at", "Due at", "datetime"),
            Value("resolution", "Resolution", "text"),
            Value("comment", "Comment", "text"),
            Value("nps", "NPS score, 0 to 10", "integer"),
            _LINK,
        ),
    }
)
"""By the source of a rule."""

# Scores and comments of responses, the newest response of each customer first.
_SAID = """
    said AS (
        SELECT r.id, r.{who} AS who, r.submitted_at, r.channel, r.touchpoint, v.name AS survey
        FROM responses r
        JOIN surveys v ON v.organization_id = r.organization_id AND v.id = r.survey_id
        WHERE r.state = 'complete' AND r.{which} = ANY(:ids)
    ),
    scored AS (
        SELECT DISTINCT ON (d.who, s.metric) d.who, s.metric, s.value, s.band
        FROM said d JOIN scores s ON s.response_id = d.id AND s.state = 'scored'
        WHERE s.metric IN ('nps', 'csat', 'ces', 'sentiment')
        ORDER BY d.who, s.metric, d.submitted_at DESC, d.id DESC, s.question_key
    ),
    told AS (
        SELECT DISTINCT ON (d.who) d.who, a.text
        FROM said d JOIN answers a ON a.response_id = d.id
        WHERE a.kind = 'long_text' AND a.text IS NOT NULL
        ORDER BY d.who, d.submitted_at DESC, d.id DESC, length(a.text) DESC, a.question_key
    ),
    metrics AS (
        SELECT who, jsonb_object_agg(metric, jsonb_build_array(value, band)) AS scores
        FROM scored GROUP BY who
    )"""
_CUSTOMERS = text(
    f"WITH {_SAID.format(who='contact_id', which='contact_id')},"
    " newest AS (SELECT DISTINCT ON (who) who, survey, submitted_at FROM said"
    " ORDER BY who, submitted_at DESC, id DESC),"
    " counted AS (SELECT who, count(*) AS n FROM said GROUP BY who),"
    " cased AS (SELECT contact_id AS who, count(*) AS n FROM cases"
    " WHERE contact_id = ANY(:ids) AND state <> 'closed' GROUP BY contact_id)"
    " SELECT n.who AS id, n.survey, n.submitted_at, m.scores, t.text AS comment, c.n AS responses,"
    " coalesce(k.n, 0) AS open_cases FROM newest n JOIN counted c USING (who)"
    " LEFT JOIN metrics m USING (who) LEFT JOIN told t USING (who) LEFT JOIN cased k USING (who)"
)
_RESPONSES = text(
    f"WITH {_SAID.format(who='id', which='id')}"
    " SELECT d.id, d.survey, d.submitted_at, d.channel, d.touchpoint, m.scores, t.text AS comment"
    " FROM said d LEFT JOIN metrics m USING (who) LEFT JOIN told t USING (who)"
)
_CASES = text(
    "SELECT k.id, k.number, k.state, k.reason, k.due_at, k.resolution, k.response_id,"
    " (SELECT u.name FROM users u WHERE u.id = k.owner_id) AS owner"
    " FROM cases k WHERE k.id = ANY(:ids)"
)
Values = Mapping[str, Any]
_REASONS = {"detractor": "a detractor", "angry_comment": "an angry comment"}


def read(
    session: Session, source: str, ids: Sequence[uuid.UUID], public_url: str
) -> dict[uuid.UUID, Values]:
    """The values of these customers (contacts), responses or cases; what is not known is None."""
    if source == "customer":
        rows = session.execute(_CUSTOMERS, {"ids": list(ids)}).all()
        return {row.id: _customer(row, public_url) for row in rows}
    if source == "response":
        rows = session.execute(_RESPONSES, {"ids": list(ids)}).all()
        return {row.id: _response(row, public_url) for row in rows}
    cases = session.execute(_CASES, {"ids": list(ids)}).all()
    said = read(session, "response", [row.response_id for row in cases], public_url)
    return {row.id: _case(row, said.get(row.response_id, {}), public_url) for row in cases}


def _scores(row: Row[Any]) -> dict[str, Any]:
    found = row.scores or {}
    value = {metric: pair[0] for metric, pair in found.items()}
    band = {metric: pair[1] for metric, pair in found.items()}
    return {
        "nps": value.get("nps"), "nps_band": band.get("nps"), "csat": value.get("csat"),
        "ces": value.get("ces"), "sentiment": band.get("sentiment"),
        "sentiment_score": value.get("sentiment"), "comment": row.comment, "survey": row.survey,
        "responded_at": row.submitted_at,
    }  # fmt: skip


def _customer(row: Row[Any], public_url: str) -> Values:
    return {
        **_scores(row), "responses": row.responses, "open_cases": row.open_cases,
        "link": f"{public_url}/customers/{row.id}",
    }  # fmt: skip


def _response(row: Row[Any], public_url: str) -> Values:
    found = _scores(row)
    link = f"{public_url}/responses/{row.id}"
    band = f" ({found['nps_band']})" if found["nps_band"] else ""
    score = next(
        (
            f"{label} {found[name]:g}{band if name == 'nps' else ''}, "
            for name, label in (("nps", "NPS"), ("csat", "CSAT"), ("ces", "Effort"))
            if found[name] is not None
        ),
        "",
    )
    title = f"{score}{row.survey}" if score else str(row.survey)
    words = [title, f"“{row.comment}”" if row.comment else "", link]
    return {
        **found, "channel": row.channel, "touchpoint": row.touchpoint, "link": link,
        "title": title, "summary": "\n".join(each for each in words if each),
    }  # fmt: skip


def _case(row: Row[Any], said: Values, public_url: str) -> Values:
    reason, link = _REASONS.get(row.reason, row.reason), f"{public_url}/cases/{row.id}"
    title = f"Case {row.number}, opened by {reason}"
    comment = said.get("comment")
    words = [title, said.get("title"), f"“{comment}”" if comment else "", link]
    return {
        "number": row.number, "state": row.state, "reason": reason, "owner": row.owner,
        "due_at": row.due_at, "resolution": row.resolution, "comment": comment,
        "nps": said.get("nps"), "link": link, "title": title,
        "summary": "\n".join(str(each) for each in words if each),
    }  # fmt: skip


def fit(value: Any, kind: str) -> Any:
    """The value as JSON keeps it for a field of that type; None when it is empty.

    Raises ValueError when it does not fit, with the reason in words.
    """
    if value is None or value == "":
        return None
    if kind in ("integer", "decimal", "float"):
        return _number(value, kind)
    if kind in ("date", "datetime"):
        return _moment(value, kind)
    if kind == "boolean":
        word = str(value).strip().lower()
        if word not in ("true", "false", "1", "0", "yes", "no"):
            raise ValueError(f"“{value}” is neither true nor false")
        return word in ("true", "1", "yes")
    if kind == "json":
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, (float, Decimal)):
        return f"{value:g}"
    return str(value)


def _number(value: Any, kind: str) -> Any:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"“{value}” is not a number") from None
    if not number.is_finite():
        raise ValueError(f"“{value}” is not a number")
    if kind == "integer":
        if number != number.to_integral_value():
            raise ValueError(f"{number} is not a whole number")
        return int(number)
    return format(number.normalize(), "f") if kind == "decimal" else float(number)


def _moment(value: Any, kind: str) -> str:
    if isinstance(value, str):
        try:
            value = (
                datetime.fromisoformat(value)
                if "T" in value or " " in value
                else date.fromisoformat(value)
            )
        except ValueError:
            raise ValueError(f"“{value}” is not a date") from None
    if isinstance(value, datetime):
        value = value if value.tzinfo else value.replace(tzinfo=UTC)
        value = value.astimezone(UTC)
        whole: str = value.isoformat(timespec="seconds")
        return whole[:10] if kind == "date" else whole
    if not isinstance(value, date):
        raise ValueError(f"“{value}” is not a date")
    day = value.isoformat()
    return day if kind == "date" else f"{day}T00:00:00+00:00"


def typed(value: Any, kind: str) -> Any:
    """What `fit` gave, in Python's own types, as connectors take it."""
    if value is None:
        return None
    if kind == "decimal":
        return Decimal(value)
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "datetime":
        return datetime.fromisoformat(value)
    return value


def said_differently(current: Any, wanted: Any, kind: str) -> bool:
    """Whether what a source says now is something else than this, read as the field's type."""
    try:
        return bool(fit(current, kind) != wanted)
    except ValueError:
        return True
