"""Response rates: of those invited how many answered, of those who began how many finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from efm.insight import cells
from efm.insight.cells import Scope
from efm.insight.counting import ask, ends, starts
from efm.insight.figures import Rate
from efm.insight.filters import Filter

# Of the people invited in the period, those who have answered until now.
_INVITED = f"""
SELECT count(*), count(i.answered_at) FROM distributions d
JOIN invitations i ON i.organization_id = d.organization_id AND i.distribution_id = d.id
WHERE d.organization_id = %(organization)s AND d.survey_id = ANY(%(surveys)s)
  AND d.kind = 'personal_links'
  AND (%(touchpoint)s::text IS NULL OR d.touchpoint = %(touchpoint)s::text)
  AND (%(channel)s::text IS NULL OR d.channel = %(channel)s::text)
  AND i.created_at >= {starts("%(since)s::date")}
  AND i.created_at < {ends("%(until)s::date")}
  AND (i.created_at AT TIME ZONE %(zone)s)::date BETWEEN %(since)s::date AND %(until)s::date
"""
# Responses to anonymous links begun in the period and not finished until now.
_LEFT = f"""
SELECT count(*) FROM responses r
JOIN distributions d ON d.organization_id = r.organization_id AND d.id = r.distribution_id
    AND d.kind = 'anonymous_link'
WHERE r.organization_id = %(organization)s AND r.survey_id = ANY(%(surveys)s)
  AND r.state = 'partial'
  AND (%(touchpoint)s::text IS NULL OR r.touchpoint = %(touchpoint)s::text)
  AND (%(channel)s::text IS NULL OR r.channel = %(channel)s::text)
  AND r.started_at >= {starts("%(since)s::date")}
  AND r.started_at < {ends("%(until)s::date")}
  AND (r.started_at AT TIME ZONE %(zone)s)::date BETWEEN %(since)s::date AND %(until)s::date
"""


def read(
    session: Session, wanted: Filter, scope: Scope, responses: Mapping[str, int]
) -> Sequence[Rate]:
    """The rates that apply; `responses` counts the period's complete ones by kind of distribution."""
    values = cells.parameters(session, wanted, scope)
    found = []
    invited, answered = ask(session, _INVITED, values)[0]
    if invited:
        found.append(
            Rate(
                "Response rate",
                "Personal links: people invited in the period who have answered",
                invited,
                answered,
            )
        )
    finished = responses.get("anonymous_link", 0)
    begun = finished + ask(session, _LEFT, values)[0][0]
    if begun:
        found.append(
            Rate(
                "Completion rate",
                "Anonymous links: responses sent, of those sent or begun in the period",
                begun,
                finished,
            )
        )
    return found
