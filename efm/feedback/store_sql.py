"""The statements by which responses are stored: who may enter is decided in the statement that inserts."""

from __future__ import annotations

# Whether a survey, a link, an invitation and an API token take answers at %(now)s. What a process
# remembers of them may be a moment old; this is not. An import brings answers that were given long
# ago, so a closed survey takes them.
#
# The survey's row is locked FOR KEY SHARE (as its foreign key does anyway), so that a roll-up which
# holds it FOR UPDATE is waited for and its new day is seen: no late answer slips past dirty_days.
#
# Each column comes as one array. "(x IN (SELECT ...)) IS TRUE" is looked up in a hash table made
# once; without IS TRUE the planner, which takes every array for ten values, may compare all pairs.
_INSERT = """
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(
        %(ids)s, %(surveys)s, %(versions)s, %(distributions)s, %(invitations)s, %(contacts)s,
        %(channels)s, %(touchpoints)s, %(languages)s, %(submit_keys)s, %(resume_hashes)s,
        %(pages)s, %(attributes)s, %(endings)s, %(states)s, %(starts)s, %(submissions)s, %(event_ids)s, %(events)s
    ) AS r(id, survey_id, version_id, distribution_id, invitation_id, contact_id,
        channel, touchpoint, language, submit_key, resume_hash,
        page_index, attributes, ending, state, started_at, submitted_at, event_id, event)
), open_survey AS MATERIALIZED (
    SELECT s.id, s.state, s.rolled_through_on, s.rolled_time_zone FROM surveys s
    WHERE s.organization_id = %(organization)s
      AND s.id IN (SELECT survey_id FROM given) AND s.state <> 'draft'
    ORDER BY s.id FOR KEY SHARE
), allowed AS MATERIALIZED (
    SELECT given.* FROM given
    JOIN open_survey s ON s.id = given.survey_id
    JOIN distributions d ON d.organization_id = %(organization)s
        AND d.id = given.distribution_id AND d.survey_id = given.survey_id
    {joined}
    WHERE (s.state = 'open' OR d.kind = 'import')
      AND d.closed_at IS NULL AND (d.closes_at IS NULL OR d.closes_at > %(now)s)
      {invited}
      AND (%(token)s::uuid IS NULL OR EXISTS (
          SELECT 1 FROM api_tokens t
          WHERE t.organization_id = %(organization)s AND t.id = %(token)s::uuid
            AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > %(now)s)))
), stored AS (
    INSERT INTO responses (
        organization_id, id, survey_id, version_id, distribution_id, invitation_id, contact_id,
        state, channel, touchpoint, language, submit_key, resume_hash, page_index, attributes,
        ending, started_at, submitted_at)
    SELECT %(organization)s, id, survey_id, version_id, distribution_id, invitation_id, contact_id,
        state, channel, touchpoint,
        language, submit_key, resume_hash, page_index, attributes::jsonb, ending, started_at,
        submitted_at
    FROM allowed
    ON CONFLICT DO NOTHING
    RETURNING id, survey_id, invitation_id, submitted_at
), answered AS (
    INSERT INTO answers (
        organization_id, response_id, question_key, kind, number, text, choices, on_day)
    SELECT %(organization)s, a.r, a.q, a.k, a.n, a.t, a.c::text[], a.d
    FROM unnest(
        %(answer_of)s, %(answer_keys)s, %(answer_kinds)s, %(answer_numbers)s, %(answer_texts)s,
        %(answer_choices)s, %(answer_days)s) AS a(r, q, k, n, t, c, d)
    WHERE (a.r IN (SELECT id FROM stored)) IS TRUE
), scored AS (
    INSERT INTO scores (
        organization_id, response_id, metric, question_key, state, value, band, language, reason,
        model)
    SELECT %(organization)s, c.r, c.m, c.q, c.s, c.v, c.b, c.l, c.w, c.o
    FROM unnest(
        %(score_of)s, %(score_metrics)s, %(score_keys)s, %(score_states)s, %(score_values)s,
        %(score_bands)s, %(score_languages)s, %(score_reasons)s, %(score_models)s)
        AS c(r, m, q, s, v, b, l, w, o)
    WHERE (c.r IN (SELECT id FROM stored)) IS TRUE
), announced AS (
    INSERT INTO events (organization_id, id, kind, subject_id, payload, occurred_at)
    SELECT %(organization)s, given.event_id, 'response.submitted', given.id, given.event::jsonb,
        %(now)s
    FROM given
    WHERE given.event_id IS NOT NULL AND (given.id IN (SELECT id FROM stored)) IS TRUE
), {answered_now} late AS (
    INSERT INTO dirty_days (organization_id, survey_id, on_day)
    SELECT DISTINCT %(organization)s, s.id,
        (stored.submitted_at AT TIME ZONE coalesce(s.rolled_time_zone, 'UTC'))::date
    FROM stored JOIN open_survey s ON s.id = stored.survey_id
    WHERE s.rolled_through_on IS NOT NULL AND (
        stored.submitted_at AT TIME ZONE coalesce(s.rolled_time_zone, 'UTC'))::date
        <= s.rolled_through_on
    ON CONFLICT DO NOTHING
)
SELECT id FROM stored
"""
INSERT_INVITED = _INSERT.format(
    joined="""LEFT JOIN invitations i ON i.organization_id = %(organization)s
        AND i.id = given.invitation_id AND i.distribution_id = given.distribution_id""",
    invited="""AND (given.invitation_id IS NULL OR (
          i.answered_at IS NULL AND i.id IS NOT NULL
          AND (i.expires_at IS NULL OR i.expires_at > %(now)s)))""",
    answered_now="""invited AS (
    UPDATE invitations i
    SET started_at = coalesce(i.started_at, %(now)s),
        answered_at = CASE WHEN stored.submitted_at IS NULL THEN NULL ELSE %(now)s END
    FROM stored
    WHERE i.organization_id = %(organization)s AND i.id = stored.invitation_id
),""",
)
# Most rows have no invitation; opening that table and its indexes would be a tenth of their cost.
INSERT = _INSERT.format(joined="", invited="AND given.invitation_id IS NULL", answered_now="")

EXISTING = """
SELECT submit_key, id, state FROM responses
WHERE organization_id = %(organization)s AND submit_key = ANY(%(keys)s)
"""

STANDING = """
SELECT CASE
    WHEN %(token)s::uuid IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM api_tokens t
        WHERE t.organization_id = %(organization)s AND t.id = %(token)s::uuid
          AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > %(now)s))
        THEN 'revoked'
    WHEN s.id IS NULL OR d.id IS NULL OR s.state = 'draft' THEN 'unknown'
    WHEN %(invitation)s::uuid IS NOT NULL AND i.id IS NULL THEN 'unknown'
    WHEN i.answered_at IS NOT NULL THEN 'answered'
    WHEN s.state = 'closed' AND d.kind <> 'import' OR d.closed_at IS NOT NULL THEN 'closed'
    WHEN d.closes_at <= %(now)s OR i.expires_at <= %(now)s THEN 'expired'
    ELSE 'invalid' END
FROM (SELECT 1) AS one
LEFT JOIN surveys s ON s.organization_id = %(organization)s AND s.id = %(survey)s
LEFT JOIN distributions d ON d.organization_id = %(organization)s AND d.id = %(distribution)s
    AND d.survey_id = s.id
LEFT JOIN invitations i ON i.organization_id = %(organization)s AND i.id = %(invitation)s::uuid
    AND i.distribution_id = d.id
"""
