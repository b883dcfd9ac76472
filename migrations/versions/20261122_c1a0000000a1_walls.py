"""Walls between organizations: row-level security, the serving role's rights, named look-ups.

Revision: c1a0000000a1, after b8c404465b39

Look-ups before the organization is known (a link, a sign-in, a key, waiting work) go through the
functions below. They run as the owner; the owner's policies open only the tables they read.
"""

from __future__ import annotations

from alembic import context, op

revision = "c1a0000000a1"
down_revision = "b8c404465b39"
branch_labels = None
depends_on = None

TENANT_TABLES = [
    "memberships",
    "staff_sessions",
    "staff_tokens",
    "api_tokens",
    "surveys",
    "survey_versions",
    "distributions",
    "invitations",
    "score_days",
    "dirty_days",
    "responses",
    "answers",
    "scores",
    "accounts",
    "contacts",
    "identities",
    "interactions",
    "measurements",
    "connections",
    "stream_settings",
    "checkpoints",
    "sync_runs",
    "raw_records",
    "rejected_records",
    "cases",
    "case_notes",
    "events",
    "mails",
    "idempotency_keys",
    "audit_entries",
]
LOOKED_UP = [
    "memberships",
    "staff_sessions",
    "staff_tokens",
    "api_tokens",
    "distributions",
    "invitations",
    "responses",
    "surveys",
    "connections",
    "stream_settings",
    "sync_runs",
]

FUNCTIONS = {
    "efm_current_organization()": """
        RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
        AS $$ SELECT nullif(current_setting('efm.organization', true), '')::uuid $$""",
    "efm_current_user()": """
        RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
        AS $$ SELECT nullif(current_setting('efm.user', true), '')::uuid $$""",
    "efm_is_empty()": """
        RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT NOT EXISTS (SELECT 1 FROM users) $$""",
    "efm_sign_in(_email text)": """
        RETURNS SETOF users LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT * FROM users WHERE email = lower(_email) $$""",
    "efm_record_sign_in(_user uuid, _ok boolean, _now timestamptz, _totp_step integer)": """
        RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public
        AS $$ UPDATE users SET
            failed_attempts = CASE WHEN _ok THEN 0 ELSE failed_attempts + 1 END,
            locked_until = CASE
                WHEN _ok THEN NULL
                WHEN failed_attempts + 1 >= 10 THEN _now + interval '15 minutes'
                ELSE locked_until END,
            totp_last_step = coalesce(_totp_step, totp_last_step)
          WHERE id = _user $$""",
    "efm_user_organizations(_user uuid)": """
        RETURNS TABLE (organization_id uuid, name text, slug text, role text, is_synthetic boolean)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT o.id, o.name, o.slug, m.role, o.is_synthetic
              FROM memberships m JOIN organizations o ON o.id = m.organization_id
              WHERE m.user_id = _user AND m.is_active ORDER BY o.created_at, o.id $$""",
    "efm_find_session(_hash bytea, _now timestamptz)": """
        RETURNS TABLE (
            session_id uuid, organization_id uuid, user_id uuid, csrf_token text,
            last_seen_at timestamptz, expires_at timestamptz,
            email text, user_name text, user_time_zone text, role text,
            organization_name text, slug text, time_zone text, language text, currency text,
            is_synthetic boolean)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT s.id, s.organization_id, s.user_id, s.csrf_token, s.last_seen_at, s.expires_at,
                     u.email, u.name, u.time_zone, m.role,
                     o.name, o.slug, o.time_zone, o.language, o.currency, o.is_synthetic
              FROM staff_sessions s
              JOIN users u ON u.id = s.user_id AND u.is_active
                AND u.credential_version = s.credential_version
              JOIN memberships m ON m.organization_id = s.organization_id
                AND m.user_id = s.user_id AND m.is_active
              JOIN organizations o ON o.id = s.organization_id
              WHERE s.token_hash = _hash AND s.expires_at > _now $$""",
    "efm_find_staff_token(_hash bytea, _purpose text, _now timestamptz)": """
        RETURNS SETOF staff_tokens LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT t.* FROM staff_tokens t
              WHERE t.token_hash = _hash AND t.purpose = _purpose
                AND t.used_at IS NULL AND t.expires_at > _now
                AND (t.user_id IS NULL OR EXISTS (
                    SELECT 1 FROM users u WHERE u.id = t.user_id AND u.is_active
                    AND (t.credential_version IS NULL OR u.credential_version = t.credential_version)
                )) $$""",
    "efm_find_api_token(_hash bytea)": """
        RETURNS SETOF api_tokens LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT * FROM api_tokens WHERE token_hash = _hash $$""",
    "efm_find_link(_hash bytea)": """
        RETURNS TABLE (kind text, organization_id uuid, id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT 'distribution', organization_id, id FROM distributions WHERE token_hash = _hash
              UNION ALL
              SELECT 'invitation', organization_id, id FROM invitations WHERE token_hash = _hash
              UNION ALL
              SELECT 'response', organization_id, id FROM responses WHERE resume_hash = _hash $$""",
    "efm_organizations()": """
        RETURNS SETOF organizations LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT * FROM organizations ORDER BY created_at, id $$""",
    """efm_found_organization(_id uuid, _name text, _slug text, _time_zone text, _language text,
        _currency text, _is_synthetic boolean, _user uuid, _membership uuid)""": """
        RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public
        AS $$ INSERT INTO organizations (id, name, slug, time_zone, language, currency, is_synthetic)
              VALUES (_id, _name, _slug, _time_zone, _language, _currency, _is_synthetic);
              INSERT INTO memberships (organization_id, id, user_id, role)
              SELECT _id, _membership, _user, 'owner' WHERE _user IS NOT NULL $$""",
    "efm_hit(_bucket text, _seconds integer, _now timestamptz)": """
        RETURNS TABLE (hits integer, window_ends_at timestamptz)
        LANGUAGE sql SECURITY DEFINER SET search_path = public
        AS $$ INSERT INTO rate_limits AS r (bucket, window_ends_at, hits)
              VALUES (_bucket, _now + make_interval(secs => _seconds), 1)
              ON CONFLICT (bucket) DO UPDATE SET
                hits = CASE WHEN r.window_ends_at <= _now THEN 1 ELSE r.hits + 1 END,
                window_ends_at = CASE WHEN r.window_ends_at <= _now
                    THEN excluded.window_ends_at ELSE r.window_ends_at END
              RETURNING r.hits, r.window_ends_at $$""",
    "efm_hits(_bucket text, _now timestamptz)": """
        RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT coalesce((SELECT hits FROM rate_limits
              WHERE bucket = _bucket AND window_ends_at > _now), 0) $$""",
    "efm_claim_events(_limit integer, _now timestamptz)": """
        RETURNS SETOF events LANGUAGE sql SECURITY DEFINER SET search_path = public
        AS $$ SELECT * FROM events WHERE handled_at IS NULL
              AND (not_before IS NULL OR not_before <= _now)
              ORDER BY id LIMIT _limit FOR UPDATE SKIP LOCKED $$""",
    "efm_finish_events(_ids uuid[], _now timestamptz)": """
        RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public
        AS $$ UPDATE events SET handled_at = _now, error = NULL
              FROM unnest(_ids) AS done(id) WHERE events.id = done.id AND handled_at IS NULL $$""",
    "efm_postpone_event(_id uuid, _error text, _not_before timestamptz)": """
        RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public
        AS $$ UPDATE events SET attempts = attempts + 1, error = _error, not_before = _not_before
              WHERE id = _id AND handled_at IS NULL $$""",
    "efm_waiting_events(_now timestamptz)": """
        RETURNS TABLE (waiting bigint, oldest_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT count(*), min(occurred_at) FROM events WHERE handled_at IS NULL $$""",
    "efm_forget(_before timestamptz)": """
        RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public
        AS $$ DELETE FROM events WHERE handled_at < _before;
              DELETE FROM idempotency_keys WHERE created_at < _before;
              DELETE FROM staff_sessions WHERE expires_at < _before;
              DELETE FROM rate_limits WHERE window_ends_at < _before $$""",
    "efm_due_streams(_now timestamptz)": """
        RETURNS TABLE (organization_id uuid, connection_id uuid, stream text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT s.organization_id, s.connection_id, s.stream
              FROM stream_settings s JOIN connections c
                ON c.organization_id = s.organization_id AND c.id = s.connection_id
              WHERE c.state = 'active' AND s.is_enabled
                AND s.every_minutes IS NOT NULL AND s.next_run_at <= _now $$""",
    "efm_lost_runs(_now timestamptz)": """
        RETURNS TABLE (organization_id uuid, id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT organization_id, id FROM sync_runs
              WHERE (state = 'running' AND locked_until < _now)
                 OR (state = 'queued' AND created_at < _now - interval '2 minutes') $$""",
    "efm_refuse_change()": """
        RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'a published version does not change'
              USING ERRCODE = 'integrity_constraint_violation'; END $$""",
}


def _app_role() -> str:
    return str(context.config.attributes.get("app_role") or "efm_app")


def upgrade() -> None:
    app = '"' + _app_role().replace('"', '""') + '"'
    for signature, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {signature} {body}")
        if "trigger" not in body:
            name = signature.split("(", 1)[0]
            op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
            op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {app}")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {app}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app}")
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_organization ON {table} TO {app}"
            " USING (organization_id = (SELECT efm_current_organization()))"
            " WITH CHECK (organization_id = (SELECT efm_current_organization()))"
        )
    for table in LOOKED_UP:
        op.execute(f"CREATE POLICY look_up ON {table} FOR SELECT TO CURRENT_USER USING (true)")
    for table in ("events", "idempotency_keys", "staff_sessions", "users"):
        op.execute(f"CREATE POLICY house_keeping ON {table} TO CURRENT_USER USING (true)")
    op.execute("CREATE POLICY founding ON memberships FOR INSERT TO CURRENT_USER WITH CHECK (true)")
    for table in ("organizations", "users"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY founding ON organizations TO CURRENT_USER USING (true)")
    op.execute(
        f"CREATE POLICY own ON organizations TO {app} USING (id = (SELECT efm_current_organization()))"
    )
    op.execute(
        f"CREATE POLICY colleagues ON users FOR SELECT TO {app} USING ("
        " id = (SELECT efm_current_user()) OR EXISTS (SELECT 1 FROM memberships m"
        " WHERE m.user_id = users.id AND m.organization_id = (SELECT efm_current_organization())))"
    )
    op.execute(
        f"CREATE POLICY myself ON users FOR UPDATE TO {app} USING (id = (SELECT efm_current_user()))"
    )
    op.execute(f"CREATE POLICY arrival ON users FOR INSERT TO {app} WITH CHECK (true)")
    op.execute(f"REVOKE INSERT, DELETE ON organizations FROM {app}")
    op.execute(f"REVOKE DELETE ON users FROM {app}")
    op.execute(f"REVOKE ALL ON rate_limits FROM {app}")
    op.execute(f"REVOKE UPDATE, DELETE ON survey_versions, audit_entries FROM {app}")
    op.execute(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {app}")
    op.execute(
        "CREATE TRIGGER frozen BEFORE UPDATE ON survey_versions"
        " FOR EACH ROW EXECUTE FUNCTION efm_refuse_change()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER frozen ON survey_versions")
    for table in (*TENANT_TABLES, "organizations", "users"):
        for policy in ("own_organization", "look_up", "house_keeping", "founding", "own",
                       "colleagues", "myself", "arrival"):  # fmt: skip
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for signature in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature.split('(', 1)[0]}")
    app = '"' + _app_role().replace('"', '""') + '"'
    op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {app}")
