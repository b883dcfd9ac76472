"""A Flask service of the usual kind: marshmallow, SQLAlchemy's ORM, vaderSentiment, one commit a request."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, jsonify, redirect, render_template, request
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import ValidationError
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from efm.db.engine import SET_TENANT, make_engine
from efm.models import Distribution, Survey, SurveyVersion
from efm.vault import new_token, token_hash
from tests.bench.yardstick.schemas import answers_schema, response_schema
from tests.bench.yardstick.storing import store

Version = tuple[uuid.UUID, Mapping[str, Any]]


def make_service(database_url: str, *, pool_size: int, secret_key: str) -> Flask:
    """The service; the database and the serving role are the product's own."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY=secret_key)
    engine = make_engine(database_url, pool_size=pool_size, application="yardstick")
    signer = URLSafeSerializer(secret_key, salt="form")
    versions: dict[uuid.UUID, Version] = {}
    schemas: dict[tuple[uuid.UUID, bool], Any] = {}

    def version_of(session: Session, survey: Survey) -> Version:
        """The published version; it never changes, so it is kept."""
        version_id = survey.current_version_id
        assert version_id is not None
        if version_id not in versions:
            found = session.scalars(select(SurveyVersion).filter_by(id=version_id)).one()
            versions[version_id] = (found.id, found.definition)
            for is_form in (True, False):
                schemas[found.id, is_form] = answers_schema(found.definition, is_form=is_form)
        return versions[version_id]

    def open_survey(session: Session, distribution: Distribution) -> Version | None:
        """The version people answer, when survey and link are open."""
        survey = session.get(Survey, (distribution.organization_id, distribution.survey_id))
        if survey is None or survey.state != "open" or distribution.closed_at is not None:
            return None
        return version_of(session, survey)

    def by_link(token: str) -> tuple[Session, Distribution | None]:
        """The link's distribution, in a session of its organization."""
        session = begin(engine)
        found = session.execute(
            text("SELECT * FROM efm_find_link(:hash)"), {"hash": token_hash(token)}
        ).one_or_none()
        if found is None or found.kind != "distribution":
            return session, None
        tell(session, found.organization_id)
        return session, session.get(Distribution, (found.organization_id, found.id))

    @app.teardown_request
    def close(_: BaseException | None = None) -> None:
        session = g.pop("session", None)
        if session is not None:
            session.close()

    @app.post("/api/v1/responses")
    def receive() -> Response | tuple[Response, int]:
        session = begin(engine)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        principal = session.execute(
            text("SELECT * FROM efm_find_api_token(:hash)"), {"hash": token_hash(token)}
        ).one_or_none()
        if scheme != "Bearer" or principal is None or "responses.write" not in principal.scopes:
            return jsonify(message="The token is not known."), 401
        tell(session, principal.organization_id)
        try:
            body = response_schema().load(request.get_json())
        except ValidationError as error:
            return jsonify(errors=error.messages), 422
        distribution = session.scalars(
            select(Distribution).filter_by(
                organization_id=principal.organization_id, survey_id=body["survey_id"], kind="api"
            )
        ).first()
        version = open_survey(session, distribution) if distribution else None
        if distribution is None or version is None:
            return jsonify(message="There is no such open survey."), 404
        try:
            answers = schemas[version[0], False].load(body["answers"])
        except ValidationError as error:
            return jsonify(errors=error.messages), 422
        try:
            stored = store(session, distribution, *version, answers, body["key"], now())
            session.commit()
        except IntegrityError:
            session.rollback()
            return jsonify(message="This key was used before."), 409
        return jsonify(id=stored.id), 201

    @app.get("/s/<token>")
    def show(token: str) -> str | tuple[str, int]:
        session, distribution = by_link(token)
        version = open_survey(session, distribution) if distribution else None
        if version is None:
            return render_template("message.html", words="There is no such survey."), 404
        key = signer.dumps(new_token())
        return render_template("form.html", definition=version[1], key=key, errors={}, values={})

    @app.post("/s/<token>")
    def submit(token: str) -> Any:
        session, distribution = by_link(token)
        version = open_survey(session, distribution) if distribution else None
        if distribution is None or version is None:
            return render_template("message.html", words="There is no such survey."), 404
        form = {name: value for name, value in request.form.items() if value}
        for question in (q for page in version[1]["pages"] for q in page["questions"]):
            if question["kind"] == "multiple_choice" and question["key"] in form:
                form[question["key"]] = request.form.getlist(question["key"])
        try:
            key = signer.loads(request.form.get("_key", ""))
            answers = schemas[version[0], True].load(form)
        except BadSignature:
            return render_template("message.html", words="Open the survey again."), 422
        except ValidationError as error:
            page = render_template(
                "form.html",
                definition=version[1],
                key=request.form["_key"],
                errors=error.messages,
                values=form,
            )
            return page, 422
        try:
            store(session, distribution, *version, answers, f"form:{key}", now())
            session.commit()
        except IntegrityError:
            session.rollback()
        return redirect(f"/s/{token}/thanks", 303)

    return app


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class OwnSession(Session):
    """A session that tells PostgreSQL its organization in each transaction, once it knows it."""


@event.listens_for(OwnSession, "after_begin")
def tell_again(session: Session, _: Any, connection: Any) -> None:
    """Row-level security shows the rows of this organization only."""
    if "organization_id" in session.info:
        named = {"organization": str(session.info["organization_id"]), "user": ""}
        connection.execute(SET_TENANT, named)


def begin(engine: Engine) -> Session:
    """This request's session."""
    g.session = OwnSession(engine)
    return g.session


def tell(session: Session, organization_id: uuid.UUID) -> None:
    """Set the organization, now and in the session's next transactions."""
    session.info["organization_id"] = organization_id
    tell_again(session, None, session.connection())


def from_environment() -> Flask:
    """The service as the benchmark starts it."""
    return make_service(
        os.environ["EFM_DATABASE_URL"],
        pool_size=int(os.environ["EFM_THREADS"]),
        secret_key=os.environ["EFM_SECRET_KEY"],
    )
