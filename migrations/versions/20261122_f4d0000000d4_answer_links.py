"""Answering a link asks the database once for all it must know before the organization is known.

Revision: f4d0000000d4, after e3c0000000c3
"""

from __future__ import annotations

from alembic import context, op

revision = "f4d0000000d4"
down_revision = "e3c0000000c3"
branch_labels = None
depends_on = None

OPEN_LINK = """
CREATE FUNCTION efm_open_link(_hash bytea)
RETURNS TABLE (
    kind text, organization_id uuid, organization_name text, survey_id uuid, survey_state text,
    current_version_id uuid, distribution_id uuid, channel text, touchpoint text,
    closes_at timestamptz, closed_at timestamptz, invitation_id uuid, contact_id uuid,
    expires_at timestamptz, answered_at timestamptz, response_id uuid, response_state text,
    version_id uuid, page_index integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$
    WITH link AS (
        SELECT 'distribution' AS kind, d.organization_id, d.id AS distribution_id,
            NULL::uuid AS invitation_id, NULL::uuid AS response_id
        FROM distributions d WHERE d.token_hash = _hash
        UNION ALL
        SELECT 'invitation', i.organization_id, i.distribution_id, i.id, (
            SELECT r.id FROM responses r WHERE r.organization_id = i.organization_id
            AND r.submit_key = 'invitation:' || i.id)
        FROM invitations i WHERE i.token_hash = _hash
        UNION ALL
        SELECT 'response', r.organization_id, r.distribution_id, r.invitation_id, r.id
        FROM responses r WHERE r.resume_hash = _hash)
    SELECT l.kind, l.organization_id, o.name, s.id, s.state, s.current_version_id, d.id, d.channel,
        d.touchpoint, d.closes_at, d.closed_at, l.invitation_id, i.contact_id, i.expires_at,
        i.answered_at, r.id, r.state, r.version_id, r.page_index
    FROM link l
    JOIN organizations o ON o.id = l.organization_id
    JOIN distributions d ON d.organization_id = l.organization_id AND d.id = l.distribution_id
    JOIN surveys s ON s.organization_id = l.organization_id AND s.id = d.survey_id
    LEFT JOIN invitations i ON i.organization_id = l.organization_id AND i.id = l.invitation_id
    LEFT JOIN responses r ON r.organization_id = l.organization_id AND r.id = l.response_id
$$
"""


def upgrade() -> None:
    app = '"' + str(context.config.attributes.get("app_role") or "efm_app").replace('"', '""') + '"'
    op.execute(OPEN_LINK)
    op.execute("REVOKE ALL ON FUNCTION efm_open_link(bytea) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION efm_open_link(bytea) TO {app}")


def downgrade() -> None:
    op.execute("DROP FUNCTION efm_open_link(bytea)")
