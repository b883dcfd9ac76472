"""Two customers become one and two again: nothing is forgotten, and everything comes back exactly."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from connectors.canonical import (
    Account,
    Contact,
    Interaction,
    Invoice,
    Measurement,
    Opportunity,
    Order,
    Payment,
    Subscription,
)
from efm import clock
from efm.customers import identity, matches, merging, separating, sources
from efm.customers.references import REFERENCES, STAYS
from efm.customers.upsert import upsert
from efm.errors import Conflict, NotFound
from efm.feedback import authoring, collect
from efm.models import Case, Distribution, Invitation, Merge
from efm.models import Contact as ContactRow
from efm.models import Response as ResponseRow
from efm.vault import new_token, token_hash
from tests.factories import House

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
EUR: dict[str, Any] = {"amount_minor": 990, "currency": "EUR"}


def _history(who: str, account: str) -> list[Any]:
    """One record of each kind that belongs to a customer."""
    owner = {"contact_external_id": who, "account_external_id": account}
    return [
        Interaction(external_id=f"i-{who}", kind="call", occurred_at=THEN, **owner),
        Measurement(
            external_id=f"m-{who}", metric="churn", value=Decimal(1), measured_on=date(2026, 3, 1),
            **owner,
        ),
        Opportunity(external_id=f"d-{who}", **owner, **EUR),
        Order(external_id=f"o-{who}", ordered_at=THEN, **owner, **EUR),
        Invoice(external_id=f"n-{who}", issued_on=date(2026, 3, 2), **owner, **EUR),
        Payment(external_id=f"p-{who}", paid_at=THEN, **owner, **EUR),
        Subscription(external_id=f"s-{who}", started_on=date(2026, 3, 3), **owner),
    ]  # fmt: skip


def _load(house: House, source: str, *records: Any) -> None:
    with house.unit() as session:
        upsert(session, sources.own_connection(session, source).id, records, clock.now())


def _ids(house: House, source: str, entity: str, *names: str) -> list[uuid.UUID]:
    with house.unit() as session:
        connection = sources.own_connection(session, source).id
        known = identity.known(session, connection, entity, names)
    return [known[name] for name in names]


def _two(house: House) -> tuple[uuid.UUID, uuid.UUID]:
    """Dora as the CRM and as the shop know her, each with a whole history, an answer and a case."""
    _load(
        house, "CRM", Account(external_id="a1", name="Acme", domain="acme.example"),
        Contact(
            external_id="c1", account_external_id="a1", name="Dora Lind", email="d@x.example",
            attributes={"tier": "gold"},
        ),
        *_history("c1", "a1"),
    )  # fmt: skip
    _load(
        house, "Shop", Account(external_id="k1", name="Acme Ltd"),
        Contact(
            external_id="s1", account_external_id="k1", name="Theodora Lind", email="t@x.example",
            phone="+49301234567", language="de", attributes={"tier": "new", "size": 42},
        ),
        *_history("s1", "k1"),
    )  # fmt: skip
    [one], [other] = _ids(house, "CRM", "contact", "c1"), _ids(house, "Shop", "contact", "s1")
    for each in (one, other):
        _answer(house, each)
    return one, other


def _answer(house: House, contact_id: uuid.UUID) -> None:
    """An answer of the contact, and the case it opened."""
    with house.unit() as session:
        survey = authoring.create_from_template(session, "relationship_nps", clock.now())
        authoring.publish(session, survey.id, clock.now())
        given = collect.Incoming(survey.id, {"recommend": 2}, contact_id=contact_id)
        response = collect.submit_json(session, given, clock.now()).id
        session.add(
            Case(
                number=uuid.uuid4().int % 2**31, response_id=response, contact_id=contact_id,
                reason="detractor", opened_at=clock.now(), due_at=clock.now() + timedelta(days=1),
            )
        )  # fmt: skip


def _invite(house: House, *contact_ids: uuid.UUID) -> dict[uuid.UUID, str]:
    """Personal links of one distribution."""
    tokens = {each: new_token() for each in contact_ids}
    with house.unit() as session:
        survey = authoring.create_from_template(session, "relationship_nps", clock.now())
        authoring.publish(session, survey.id, clock.now())
        sent = Distribution(survey_id=survey.id, name="Invited", kind="personal_links")
        session.add(sent)
        session.flush()
        for each, token in tokens.items():
            session.add(
                Invitation(
                    distribution_id=sent.id, contact_id=each, token_hash=token_hash(token),
                    expires_at=clock.now() + timedelta(days=9),
                )
            )  # fmt: skip
    return tokens


def _picture(house: House, entity: str = "contact") -> dict[str, list[Any]]:
    """Every customer and every row that points to one; without the time of the last change."""
    found: dict[str, list[Any]] = {}
    with house.unit() as session:
        for table in ("contacts", "accounts"):
            rows = session.execute(
                text(f"SELECT to_jsonb(t) - 'updated_at' FROM {table} t ORDER BY id")
            )
            found[table] = list(rows.scalars())
        for each in REFERENCES[entity]:
            if each.table in ("contacts", "accounts"):
                continue
            rows = session.execute(
                text(f"SELECT id, contact_id FROM {each.table} ORDER BY id")
                if entity == "contact"
                else text(f"SELECT id, {each.column} FROM {each.table} ORDER BY id")
            )
            found[each.name] = [tuple(row) for row in rows]
    return found


def _merge(house: House, entity: str, *ids: uuid.UUID) -> uuid.UUID:
    with house.unit() as session:
        return merging.merge(session, entity, (ids[0], ids[1]), clock.now())


def _undo(house: House, merge_id: uuid.UUID) -> None:
    with house.unit() as session:
        separating.undo(session, merge_id, clock.now())


@pytest.mark.parametrize("entity", ["contact", "account"])
def test_no_pointer_to_a_customer_is_forgotten(entity: str, owner_engine: Engine) -> None:
    """The database's own foreign keys, against what merging moves and what stays for a reason."""
    with owner_engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT c.conrelid::regclass::text AS at, a.attname FROM pg_constraint c"
                " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2]"
                " WHERE c.contype = 'f' AND c.confrelid = CAST(:target AS regclass)"
            ),
            {"target": f"{entity}s"},
        )
        there = {(row.at, row.attname) for row in rows}
    moved = {(each.table, each.column) for each in REFERENCES[entity]}
    stays = {each for each in STAYS if each in there}
    assert there == moved | stays
    assert not moved & stays
    assert len(moved) > 8


def test_everything_moves_and_comes_back_exactly(house: House) -> None:
    one, other = _two(house)
    _invite(house, other)
    before = _picture(house)
    made = _merge(house, "contact", one, other)
    merged = _picture(house)
    for name, rows in merged.items():
        if name not in ("contacts", "accounts"):
            assert {row[1] for row in rows} <= {one, None}, name
    with house.unit() as session:
        left = session.get_one(ContactRow, (house.id, one))
        assert (left.name, left.email) == ("Theodora Lind", "t@x.example")
        assert (left.phone, left.language) == ("+49301234567", "de")
        assert left.attributes == {"tier": "new", "size": 42}
        assert session.get_one(ContactRow, (house.id, other)).merged_into_id == one
    _undo(house, made)
    assert _picture(house) == before


def test_a_merge_of_accounts_comes_back_exactly(house: House) -> None:
    _two(house)
    [one], [other] = _ids(house, "CRM", "account", "a1"), _ids(house, "Shop", "account", "k1")
    _load(house, "Shop", Account(external_id="k2", name="Acme Nord", parent_external_id="k1"))
    before = _picture(house, "account")
    made = _merge(house, "account", one, other)
    with house.unit() as session:
        people = session.scalars(select(ContactRow.account_id)).all()
        assert set(people) == {one}
        parents = text("SELECT parent_account_id FROM accounts WHERE name = 'Acme Nord'")
        assert session.execute(parents).scalar() == one
    _undo(house, made)
    assert _picture(house, "account") == before


def test_new_records_after_a_merge_go_with_their_own_source_when_it_is_undone(house: House) -> None:
    one, other = _two(house)
    tokens = _invite(house, other)
    made = _merge(house, "contact", one, other)
    late = {"ordered_at": THEN, **EUR}
    _load(house, "Shop", Order(external_id="late", contact_external_id="s1", **late))
    _load(house, "CRM", Order(external_id="own", contact_external_id="c1", **late))
    _load(house, "Shop", Contact(external_id="s1", name="Theodora Berg"))
    _answer_link(house, tokens[other])
    with house.unit() as session:
        orders = text("SELECT count(*) FROM orders WHERE contact_id = :id")
        assert session.execute(orders, {"id": one}).scalar() == 4
        assert session.get_one(ContactRow, (house.id, one)).name == "Theodora Berg"
    _undo(house, made)
    with house.unit() as session:
        rows = session.execute(text("SELECT external_id, contact_id FROM orders")).all()
        assert {row.external_id: row.contact_id for row in rows} == {
            "o-c1": one, "own": one, "o-s1": other, "late": other,
        }  # fmt: skip
        names = {row.id: row.name for row in session.scalars(select(ContactRow))}
        assert names == {one: "Dora Lind", other: "Theodora Berg"}
        invited = ResponseRow.invitation_id.is_not(None)
        assert session.scalars(select(ResponseRow.contact_id).where(invited)).one() == other


def _answer_link(house: House, token: str) -> None:
    import re

    client = house.app.test_client()
    page = client.get(f"/s/{token}")
    assert page.status_code == 200
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    client.post(f"/s/{token}", data={**form, "recommend": "9", "go": "next"})


def test_an_old_link_of_a_merged_contact_counts_for_the_one_that_is_left(house: House) -> None:
    """Both were invited to one survey, so one invitation stays; its answer counts all the same."""
    one, other = _two(house)
    tokens = _invite(house, one, other)
    _merge(house, "contact", one, other)
    _answer_link(house, tokens[other])
    with house.unit() as session:
        invited = ResponseRow.invitation_id.is_not(None)
        assert session.scalars(select(ResponseRow.contact_id).where(invited)).one() == one


def test_rows_that_come_late_to_a_merged_contact_are_brought_after(house: House) -> None:
    one, other = _two(house)
    before = _picture(house)
    made = _merge(house, "contact", one, other)
    with house.unit() as session:
        session.execute(
            text("UPDATE orders SET contact_id = :other WHERE external_id = 'o-s1'"),
            {"other": other},
        )
        assert merging.bring_after(session, "contact") == 1
        assert merging.bring_after(session, "contact") == 0
    _undo(house, made)
    assert _picture(house) == before


def test_merges_undone_in_any_order_leave_everybody_with_their_own(house: House) -> None:
    one, other = _two(house)
    _load(house, "Desk", Contact(external_id="z1", name="D. Lind"), *_history("z1", "k1"))
    [third] = _ids(house, "Desk", "contact", "z1")
    before = _picture(house)
    for order in ((0, 1), (1, 0)):
        made = [_merge(house, "contact", one, other), _merge(house, "contact", third, one)]
        with house.unit() as session:
            leads = text(
                "SELECT DISTINCT merged_into_id FROM contacts WHERE merged_into_id IS NOT NULL"
            )
            assert len(session.execute(leads).all()) == 1
        for place in order:
            _undo(house, made[place])
        assert _picture(house) == before


def test_what_was_separated_is_not_proposed_again(house: House) -> None:
    one, other = _two(house)
    _undo(house, _merge(house, "contact", one, other))
    pair = matches.Found(one, other, "likely", 0.9, ["same name"])
    with house.unit() as session:
        matches.propose(session, "contact", [pair], clock.now())
        states = session.execute(text("SELECT state FROM matches")).scalars().all()
        assert states == ["different"]
        assert {frozenset(each) for each in matches.different(session, "contact")} == {
            frozenset((one, other))
        }


def test_a_source_is_separated_with_its_records(house: House) -> None:
    """Matched by e-mail when it came, so there is no merge to undo."""
    _load(house, "CRM", Contact(external_id="c1", name="Dora Lind", email="d@x.example"))
    _load(
        house, "Shop", Contact(external_id="s1", email="d@x.example", phone="+49301234567"),
        *_history("s1", "k1"),
    )  # fmt: skip
    [one], [same] = _ids(house, "CRM", "contact", "c1"), _ids(house, "Shop", "contact", "s1")
    assert one == same
    with house.unit() as session:
        found = session.execute(
            text("SELECT id FROM identities WHERE external_id = 's1'")
        ).scalar_one()
        _, made = separating.separate(session, found, clock.now())
    with house.unit() as session:
        assert session.get_one(ContactRow, (house.id, one)).phone is None
        assert session.get_one(ContactRow, (house.id, made)).phone == "+49301234567"
        orders = session.execute(text("SELECT DISTINCT contact_id FROM orders")).scalars().all()
        assert orders == [made]
    _load(house, "Shop", Contact(external_id="s1", email="d@x.example", language="de"))
    assert _ids(house, "Shop", "contact", "s1") == [made]
    with house.unit() as session, pytest.raises(Conflict, match="nothing to separate"):
        separating.separate(session, found, clock.now())


def test_a_merge_is_refused_twice_and_to_strangers(house: House, stranger: House) -> None:
    one, other = _two(house)
    made = _merge(house, "contact", one, other)
    with pytest.raises(Conflict):
        _merge(house, "contact", one, other)
    with pytest.raises(NotFound):
        _undo(stranger, made)
    with pytest.raises(NotFound):
        _merge(stranger, "contact", one, other)
    _undo(house, made)
    with pytest.raises(Conflict, match="already"):
        _undo(house, made)
    with house.unit() as session:
        assert session.scalars(select(Merge)).one().undone_at is not None
