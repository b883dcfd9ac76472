"""Sign-in counts once: one-time codes are claimed in SQL, locks forgive after their time.

Revision: e3c0000000c3, after d2b0000000b2
"""

from __future__ import annotations

from alembic import context, op

revision = "e3c0000000c3"
down_revision = "d2b0000000b2"
branch_labels = None
depends_on = None

FUNCTIONS = {
    # Of parallel submissions of one code exactly one moves the step on and returns true.
    "efm_use_code(_user uuid, _step integer)": """
        RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = public
        AS $$ WITH used AS (
                UPDATE users SET totp_last_step = _step
                WHERE id = _user AND coalesce(totp_last_step, -1) < _step RETURNING 1)
              SELECT EXISTS (SELECT 1 FROM used) $$""",
    "efm_forgive(_bucket text)": """
        RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public
        AS $$ DELETE FROM rate_limits WHERE bucket = _bucket $$""",
    # An owner may take the second step off a colleague who belongs to this organization alone:
    # what protects another organization is not this owner's to remove.
    "efm_remove_second_step(_user uuid)": """
        RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = public
        AS $$ WITH done AS (
                UPDATE users SET totp_sealed = NULL, credential_version = credential_version + 1
                WHERE id = _user
                  AND EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = efm_current_user()
                    AND m.organization_id = efm_current_organization()
                    AND m.role = 'owner' AND m.is_active)
                  AND EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = _user
                    AND m.organization_id = efm_current_organization())
                  AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = _user
                    AND m.organization_id <> efm_current_organization() AND m.is_active)
                RETURNING 1)
              SELECT EXISTS (SELECT 1 FROM done) $$""",
}
RECORD = "efm_record_sign_in(_user uuid, _ok boolean, _now timestamptz, _totp_step integer)"
RECORD_BODY = """
    RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public
    AS $$ UPDATE users SET
        failed_attempts = CASE
            WHEN _ok THEN 0
            {forgive}
            ELSE failed_attempts + 1 END,
        locked_until = CASE
            WHEN _ok THEN NULL
            {keep}
            WHEN failed_attempts + 1 >= 10 THEN _now + interval '15 minutes'
            ELSE locked_until END,
        totp_last_step = coalesce(_totp_step, totp_last_step)
      WHERE id = _user $$"""


def upgrade() -> None:
    app = '"' + str(context.config.attributes.get("app_role") or "efm_app").replace('"', '""') + '"'
    for signature, body in FUNCTIONS.items():
        name = signature.split("(", 1)[0]
        op.execute(f"CREATE FUNCTION {signature} {body}")
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {app}")
    over = "WHEN locked_until <= _now THEN"
    body = RECORD_BODY.format(forgive=f"{over} 1", keep=f"{over} NULL")
    op.execute(f"CREATE OR REPLACE FUNCTION {RECORD} {body}")


def downgrade() -> None:
    op.execute(f"CREATE OR REPLACE FUNCTION {RECORD} {RECORD_BODY.format(forgive='', keep='')}")
    for signature in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature.split('(', 1)[0]}")
