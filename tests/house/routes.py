"""What the routes of the house need to be tested: extend this when you add a page.

`test_permissions.py` fails when a public route is not in PUBLIC, or a route with values in its
address is in neither OBJECTS nor WITHOUT_OBJECT.
"""

from __future__ import annotations

import io
import secrets
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from connectors.canonical import Contact as ContactRecord
from efm import clock
from efm.customers import matches, merging, sources
from efm.customers.upsert import upsert
from efm.feedback import (
    authoring,
    bank,
    bank_shelf,
    collect,
    commenting,
    distributions,
    simulations,
)
from efm.imports import requests
from efm.imports.responses import requests as past_responses
from efm.models import (
    Account,
    ApiToken,
    Case,
    Contact,
    DryRun,
    File,
    Identity,
    Interaction,
    Match,
    Membership,
    RejectedRecord,
    StaffSession,
    StaffToken,
    Survey,
    SyncRun,
    WriteItem,
)
from efm.staff.actor import Actor
from efm.sync import connections, setup, uploads
from efm.vault import new_token, token_hash
from efm.writing import rules
from tests.factories import House

# Endpoints that ask for no sign-in, and why.
PUBLIC = {
    "health.live": "the machine's own question",
    "health.ready": "the machine's own question",
    "health.metrics": "guarded by its own token, or for this machine only",
    "health.static": "styles, scripts and icons hold no data",
    "health.icon": "an icon holds no data",
    "gallery.show": "components without data, in development only",
    "gallery.answer": "components without data, in development only",
    "sign_in.home": "leads to the sign-in",
    "sign_in.show": "the sign-in",
    "sign_in.submit": "the sign-in",
    "sign_in.show_code": "the sign-in",
    "sign_in.submit_code": "the sign-in",
    "passwords.forgot": "for somebody who cannot sign in",
    "passwords.ask": "for somebody who cannot sign in",
    "passwords.choose": "the mailed link is the key",
    "passwords.finish": "the mailed link is the key",
    "joining.show": "the mailed link is the key",
    "joining.accept": "the mailed link is the key",
    "set_up.show": "nobody works here yet",
    "set_up.submit": "nobody works here yet; the set-up code is the key",
    "answer.show": "the link is the key; whoever has it may answer",
    "answer.send": "the link is the key; whoever has it may answer",
    "answer.thanks": "the link is the key; whoever has it may answer",
    "answer.picture": "pictures that surveys show to everybody",
    "answer.theme_style": "a stylesheet made of its own name",
    "api_docs.openapi": "how the API is used holds no data of anybody",
    "api_docs.show": "how the API is used holds no data of anybody",
    "account.sign_out": "somebody whose session ended may still press the button",
    "hooks.take": "the address proves itself, and what comes is signed",
}

# Public routes that write without our form's CSRF value, and why that is right.
WITHOUT_CSRF = {
    "answer.send": "no cookie says who answers, so no other site can borrow one",
    "hooks.take": "no cookie says who calls; the signature does",
}

# Endpoints whose address carries values that name no object of an organization, and why.
WITHOUT_OBJECT = {
    "surveys.preview_template": "a template of the product, the same for everybody",
    "health.static": "a file's name",
    "passwords.choose": "a secret, the same refusal for every other one",
    "passwords.finish": "a secret, the same refusal for every other one",
    "joining.show": "a secret, the same refusal for every other one",
    "joining.accept": "a secret, the same refusal for every other one",
    "answer.show": "a secret, the same refusal for every other one",
    "answer.send": "a secret, the same refusal for every other one",
    "hooks.take": "a secret, the same refusal for every other one",
    "answer.thanks": "a secret, the same refusal for every other one",
    "answer.picture": "a picture everybody may see",
    "answer.theme_style": "a stylesheet made of its own name",
    "connection_setup.new": "a connector's name, the same for everybody",
    "connection_setup.create": "a connector's name, the same for everybody",
    "measures.show": "a measure of the product, the same for everybody",
    "measures.save": "a measure of the product, the same for everybody",
    "overview.chart": "one of the product's charts",
    "overview.table": "one of the product's charts",
    "api_contacts.put": "makes or changes one's own record under one's own id",
    "api_accounts.put": "makes or changes one's own record under one's own id",
    "api_interactions.put": "makes or changes one's own record under one's own id",
    "api_measurements.put": "makes or changes one's own record under one's own id",
}


def _member(house: House) -> dict[str, Any]:
    with house.unit() as session:
        found = session.scalars(
            select(Membership.id).where(Membership.user_id == house.people["analyst"])
        ).one()
    return {"member_id": found}


def _invitation(house: House) -> dict[str, Any]:
    row = StaffToken(
        purpose="invitation",
        email="new@example.org",
        role="agent",
        token_hash=token_hash(new_token()),
        expires_at=clock.now() + timedelta(days=1),
    )
    with house.unit() as session:
        session.add(row)
    return {"invitation_id": row.id}


def _token(house: House) -> dict[str, Any]:
    row = ApiToken(name="Shop", hint="abcd", token_hash=token_hash(new_token()), scopes=[])
    with house.unit() as session:
        session.add(row)
    return {"token_id": row.id}


def _session(house: House) -> dict[str, Any]:
    house.login("owner")
    with house.unit() as session:
        found = session.scalars(
            select(StaffSession.id).where(StaffSession.user_id == house.people["owner"])
        ).first()
    return {"session_id": found}


def _organization(house: House) -> dict[str, Any]:
    return {"organization_id": house.id}


def _survey(house: House) -> dict[str, Any]:
    with house.unit() as session:
        survey = authoring.create_from_template(session, "relationship_nps", clock.now())
        authoring.publish(session, survey.id, clock.now())
    return {"survey_id": survey.id}


def _edited(house: House) -> dict[str, Any]:
    """A survey whose draft was changed once."""
    survey_id = _survey(house)["survey_id"]
    with house.unit() as session:
        draft = authoring.get(session, survey_id).draft | {"title": "Another title"}
        authoring.save_draft(session, survey_id, draft, 1, clock.now())
    return {"survey_id": survey_id}


def _bank_question(house: House) -> dict[str, Any]:
    survey_id, given = _survey(house)["survey_id"], {"name": f"Stay {uuid.uuid4()}"}
    with house.unit() as session:
        row = bank.keep(session, survey_id, 1, "stay", given, clock.now(), Actor("Anna", None))
        return {"handle": bank_shelf.handle_of(row)}


def _simulation(house: House) -> dict[str, Any]:
    """A survey through which made-up people are to walk."""
    made = _survey(house)
    with house.unit() as session:
        simulations.request(session, made["survey_id"], clock.now(), n=3)
    return made


def _commented(house: House) -> dict[str, Any]:
    """A survey with one comment on a question."""
    survey_id, by = _survey(house)["survey_id"], Actor("Anna", house.people["owner"])
    voice = commenting.Voice(survey_id, by, "Anna", clock.now(), clock.new_id(), "http://localhost")
    with house.unit() as session:
        made = commenting.open_thread(session, voice, "question.stay", "Why five choices?")
        return {"survey_id": survey_id, "thread_id": made.id}


def _distribution(house: House) -> dict[str, Any]:
    survey = _survey(house)["survey_id"]
    with house.unit() as session:
        made = distributions.open_link(
            session, house.app.extensions["efm.vault"], survey, clock.now(), name="Everybody"
        )
    return {"distribution_id": made.id}


def _response(house: House) -> dict[str, Any]:
    survey = _survey(house)["survey_id"]
    with house.unit() as session:
        outcome = collect.submit_json(
            session, collect.Incoming(survey, {"recommend": 9}), clock.now()
        )
    return {"response_id": outcome.id}


def _file(house: House) -> dict[str, Any]:
    made = _response(house)
    row = File(
        purpose="answer", name="a.txt", media_type="text/plain", size=1, content=b"a", **made
    )
    with house.unit() as session:
        session.add(row)
    return {**made, "file_id": row.id}


def _contact(house: House) -> dict[str, Any]:
    row = Contact(name="Dora")
    with house.unit() as session:
        session.add(row)
    return {"contact_id": row.id}


def _met(house: House, name: str) -> dict[str, Any]:
    """A customer with one interaction, so that there is something to draw."""
    who = _contact(house) if name == "contact_id" else _account(house)
    with house.unit() as session:
        session.add(Interaction(**who, kind="call", occurred_at=clock.now()))
    return who


def _account(house: House) -> dict[str, Any]:
    row = Account(name="Acme")
    with house.unit() as session:
        session.add(row)
    return {"account_id": row.id}


def _two_contacts(house: House) -> tuple[uuid.UUID, uuid.UUID]:
    return _contact(house)["contact_id"], _contact(house)["contact_id"]


def _match(house: House) -> dict[str, Any]:
    """Two contacts that may be one."""
    found = matches.Found(*_two_contacts(house), "likely", 0.9, ["same name"])
    with house.unit() as session:
        matches.propose(session, "contact", [found], clock.now())
        return {"match_id": session.scalars(select(Match.id).order_by(Match.id.desc())).first()}


def _merge(house: House) -> dict[str, Any]:
    """Two contacts that were merged."""
    with house.unit() as session:
        return {"merge_id": merging.merge(session, "contact", _two_contacts(house), clock.now())}


def _identity(house: House) -> dict[str, Any]:
    """One of two sources' records of one contact."""
    said = ContactRecord(external_id=f"c{uuid.uuid4()}", email=f"{uuid.uuid4()}@example.org")
    with house.unit() as session:
        for name in ("CRM", "Shop"):
            upsert(session, sources.own_connection(session, name).id, [said], clock.now())
        query = select(Identity.id).where(Identity.external_id == said.external_id)
        return {"identity_id": session.scalars(query).first()}


def _case(house: House) -> dict[str, Any]:
    row = Case(
        number=secrets.randbelow(2**31),
        response_id=_response(house)["response_id"],
        reason="detractor",
        opened_at=clock.now(),
        due_at=clock.now() + timedelta(days=2),
    )
    with house.unit() as session:
        session.add(row)
    return {"case_id": row.id}


def _connection(house: House) -> dict[str, Any]:
    """A connection to an uploaded file whose stream is chosen, not yet started."""
    config, vault = house.app.extensions["efm.config"], house.app.extensions["efm.vault"]
    made_id, now = clock.new_id(), clock.now()
    folder = uploads.folder_of(config, house.id, made_id)
    uploads.keep(
        folder, "orders.csv", io.BytesIO(b"order_id,customer_id,order_date\no1,c1,2026-01-01\n")
    )
    given = {"folder": str(folder), "settle_seconds": 0}
    with house.unit() as session:
        made = connections.create(
            session, vault, "files", f"Orders {made_id}", given, now, connection_id=made_id
        )
        streams = connections.open_connector(config, vault, made).streams()
        setup.choose(session, made, streams, ["orders.csv"], now)
        made.state = "active"
    return {"connection_id": made_id}


def _write_back(house: House) -> dict[str, Any]:
    """A rule that is on, of a system that may be written to, with something of each state."""
    config, vault = house.app.extensions["efm.config"], house.app.extensions["efm.vault"]
    now = clock.now()
    with house.unit() as session:
        given = {"store": f"written {clock.new_id()}"}
        made = connections.create(session, vault, "memory", f"CRM {clock.new_id()}", given, now)
        target = connections.open_connector(config, vault, made).target("contact")
        rule = rules.create(session, made, target, "customer", now)
        rules.change(session, rule, target, {"notes": "nps", "language": "text:en"})
        rule.state = "on"
        for state in ("written", "refused", "waiting"):
            is_written = state == "written"
            session.add(
                WriteItem(
                    write_back_id=rule.id, connection_id=made.id, key=state, remote_id=f"c-{state}",
                    state=state, wanted={"notes": "9"}, changed_at=now,
                    accepted={"notes": "9"} if is_written else None,
                    accepted_at=now if is_written else None,
                    message="The record is locked." if state == "refused" else None,
                )
            )  # fmt: skip
        return {"connection_id": made.id, "rule_id": rule.id}


def _run(house: House) -> dict[str, Any]:
    made = _connection(house)
    row = SyncRun(connection_id=made["connection_id"], stream="orders.csv")
    with house.unit() as session:
        session.add(row)
    return {**made, "run_id": row.id}


def _dry_run(house: House) -> dict[str, Any]:
    made = _connection(house)
    found = {
        "created": 4, "updated": 1, "unchanged": 90, "deleted": 0, "rejected": 1, "is_whole": True,
        "reasons": [["It has no id.", 1]], "new": ["O-0001"],
        "changes": [["O-0002", [["amount", "5.00", "6.00"], ["channel", None, "shop"]]]],
    }  # fmt: skip
    row = DryRun(
        connection_id=made["connection_id"], stream="orders.csv", state="succeeded", read=96,
        found=found, finished_at=clock.now(),
    )  # fmt: skip
    with house.unit() as session:
        session.add(row)
    return {**made, "dry_run_id": row.id}


def _rejected(house: House) -> dict[str, Any]:
    made = _connection(house)
    row = RejectedRecord(
        connection_id=made["connection_id"], stream="orders.csv", external_id="(row 2)",
        document={}, reason="It has no id.",
    )  # fmt: skip
    with house.unit() as session:
        session.add(row)
    return {**made, "record_id": row.id}


def _import(house: House) -> dict[str, Any]:
    config = house.app.extensions["efm.config"]
    source = io.BytesIO(b"id,rating\n1,5\n2,4\n3,5\n")
    with house.unit() as session:
        made = requests.take(session, config, "a.csv", source, clock.now(), currency="EUR")
    return {"import_id": made.id}


def _past_responses(house: House) -> dict[str, Any]:
    made, config = _survey(house), house.app.extensions["efm.config"]
    source = io.BytesIO(b"nps,why\n9,Good\n")
    with house.unit() as session:
        found = past_responses.take(
            session, config, made["survey_id"], "past.csv", source, clock.now()
        )
    path = past_responses.refused_path(config, found)
    path.write_text("line")
    return {**made, "upload_id": found.id}


def _version(house: House) -> dict[str, Any]:
    survey_id = _survey(house)["survey_id"]
    with house.unit() as session:
        version = session.get_one(Survey, (house.id, survey_id)).current_version_id
    return {"survey_id": survey_id, "version_id": version}


RECORDS: dict[str, dict[str, Any]] = {
    "contacts": {"name": "Dora"},
    "accounts": {"name": "Acme"},
    "interactions": {
        "kind": "call",
        "occurred_at": "2026-01-02T03:04:05Z",
        "contact_external_id": "c1",
    },
    "measurements": {"metric": "revenue", "value": "1", "contact_external_id": "c1"},
}


def _record(kind: str) -> Callable[[House], dict[str, Any]]:
    """Sends a record in through the API; its id and the id it was given."""

    def make(house: House) -> dict[str, Any]:
        external_id = f"own-{uuid.uuid4()}"
        answer = house.app.test_client().put(
            f"/api/v1/{kind}/external/{external_id}",
            headers=house.api_token("customers.write"),
            json=RECORDS[kind],
        )
        assert answer.status_code == 201, answer.text
        return {"record_id": uuid.UUID(answer.json["id"]), "external_id": external_id}

    return make


def _only(make: Callable[[House], dict[str, Any]], name: str) -> Callable[[House], dict[str, Any]]:
    """One of the values alone."""
    return lambda house: {name: make(house)[name]}


# For each endpoint with an object in its address: makes one in a house, returns the address's values.
OBJECTS: dict[str, Callable[[House], dict[str, Any]]] = {
    "members.change_role": _member,
    "members.deactivate": _member,
    "members.reactivate": _member,
    "members.remove_second_step": _member,
    "members.resend": _invitation,
    "members.withdraw": _invitation,
    "tokens.revoke": _token,
    "account.end_session": _session,
    "account.switch": _organization,
    "surveys.show": _survey,
    "themes.edit": _survey,
    "themes.save": _survey,
    "translations.index": _survey,
    "translations.add": _survey,
    "translations.edit": lambda house: {**_survey(house), "language": "de"},
    "translations.save": lambda house: {**_survey(house), "language": "de"},
    "translations.save_files": lambda house: {**_survey(house), "language": "de"},
    "translations.remove": lambda house: {**_survey(house), "language": "de"},
    "translations.download": lambda house: {**_survey(house), "language": "de", "ending": "xlf"},
    "surveys.edit": _survey,
    "surveys.save": _survey,
    "surveys.publish": _survey,
    "surveys.close": _survey,
    "surveys.download": lambda house: {**_survey(house), "number": 1},
    "surveys.put_in_folder": _survey,
    "builder.show": _survey,
    "builder.act": _survey,
    "builder.show_media": _survey,
    "builder.undo": _edited,
    "builder.redo": _survey,
    "builder.history": _survey,
    "builder.return_to": _edited,
    "builder_bank.insert": _survey,
    "builder_bank.keep": _survey,
    "bank.show": _bank_question,
    "bank.drawn": _bank_question,
    "bank.rename": _bank_question,
    "bank.retire": _bank_question,
    "bank.bring_back": _bank_question,
    "simulations.show": _survey,
    "simulations.start": _survey,
    "simulations.live": _simulation,
    "simulations.cancel": _simulation,
    "review.show": _survey,
    "review.comment": _survey,
    "review.reply": _commented,
    "review.resolve": _commented,
    "review.reopen": _commented,
    "builder_preview.show": _survey,
    "builder_preview.test": _survey,
    "builder_preview.begin_test": _survey,
    "builder_preview.go_on_test": _survey,
    "builder_preview.show_map": _survey,
    "publishing.show": _survey,
    "publishing.restore": lambda house: {**_survey(house), "number": 1},
    "responses.export": lambda house: {**_survey(house), "ending": "csv"},
    "responses.codebook": _survey,
    "responses.show": _response,
    "responses.file": _file,
    "distributions.show": _distribution,
    "distributions.qr": lambda house: {**_distribution(house), "ending": "svg"},
    "distributions.links": _distribution,
    "distributions.close": _distribution,
    "matches.accept": _match,
    "matches.decide": _match,
    "matches.undo": _merge,
    "matches.separate": _identity,
    "customers.show": _contact,
    "customers.show_account": _account,
    "customers.show_coverage": _account,
    "customers.chart": lambda house: {**_met(house, "contact_id"), "ending": "json"},
    "customers.account_chart": lambda house: {**_met(house, "account_id"), "ending": "csv"},
    "cases.show": _case,
    "cases.take": _case,
    "cases.assign": _case,
    "cases.note": _case,
    "cases.answer": _case,
    "cases.close": _case,
    "cases.reopen": _case,
    **dict.fromkeys(
        (
            "connections.show",
            "connections.live",
            "connections.runs",
            "connections.run",
            "connections.schedule",
            "connections.pause",
            "connections.resume",
            "connections.receive_again",
            "connections.ask_delete",
            "connections.delete",
            "connection_setup.settings",
            "connection_setup.save_settings",
            "connection_setup.delete_file",
            "connection_setup.check",
            "connection_setup.check_again",
            "connection_setup.streams",
            "connection_setup.choose_streams",
            "connection_fields.fields",
            "connection_fields.save_fields",
            "connection_fields.show_preview",
            "connection_fields.start",
            "connection_fields.begin",
            "connection_records.index",
            "connection_records.try_all",
            "connection_streams.show",
            "connection_streams.schedule",
            "connection_streams.pause",
            "connection_streams.resume",
            "connection_streams.ask_anew",
            "connection_dry_runs.create",
        ),
        _connection,
    ),
    "connections.cancel": _run,
    "connection_dry_runs.show": _dry_run,
    "connection_dry_runs.live": _dry_run,
    "connection_dry_runs.cancel": _dry_run,
    "writing.index": _only(_write_back, "connection_id"),
    "writing.create": _only(_write_back, "connection_id"),
    "writing.show": _write_back,
    "writing.save": _write_back,
    "writing.remove": _write_back,
    "writing.act": lambda house: {**_write_back(house), "action": "pause"},
    "connection_records.try_one": _rejected,
    "responses_in.index": _survey,
    "responses_in.upload": _survey,
    "responses_in.show": _past_responses,
    "responses_in.live": _past_responses,
    "responses_in.look": _past_responses,
    "responses_in.start": _past_responses,
    "responses_in.cancel": _past_responses,
    "responses_in.refused": _past_responses,
    "responses_in.forget": _past_responses,
    "imports.show": _import,
    "imports.live": _import,
    "imports.start": _import,
    "imports.cancel": _import,
    "api_surveys.show": _survey,
    "api_surveys.versions": _survey,
    "api_surveys.version": _version,
    "api_responses.show": _response,
    **{f"api_{kind}.show": _only(_record(kind), "record_id") for kind in RECORDS},
    **{f"api_{kind}.show_named": _only(_record(kind), "external_id") for kind in RECORDS},
}
# Form fields (or a JSON body under "json") without which a route would refuse before it looks.
BODIES: dict[str, dict[str, Any]] = {
    "builder.return_to": {"revision": "1"},
    "builder.show_media": {"at": "question.stay"},
    "builder_bank.insert": {"handle": "standard_recommend", "page": "value"},
    "builder_bank.keep": {"at": "question.stay", "name": "Stay"},
    "review.comment": {"at": "survey", "body": "Fine."},
    "review.reply": {"body": "Fine."},
    "members.change_role": {"role": "agent"},
    "connection_setup.delete_file": {"file": "orders.csv"},
}
