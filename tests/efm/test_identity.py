"""Who is who: declared rules first, likeness second, and what contradicts itself waits for a person."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from connectors.canonical import Account, Contact
from efm import clock
from efm.customers import counting, identity, matches, rules, sources, survivorship
from efm.customers.resolving import Resolver, Stopped
from efm.customers.upsert import upsert
from efm.errors import Conflict, Invalid
from efm.models import Account as AccountRow
from efm.models import Contact as ContactRow
from efm.models import Match, Merge, Resolution
from tests.factories import House

OLD, NEW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
LIVES = {"street": "12 Lark road", "postal_code": "10115", "city": "Berlin"}


def load(house: House, source: str, *records: Any) -> None:
    with house.unit() as session:
        upsert(session, sources.own_connection(session, source).id, records, clock.now())


def pass_over(house: House) -> dict[str, Any]:
    return Resolver(house.engine, house.id).run()


def of(house: House, source: str, name: str, entity: str = "contact") -> uuid.UUID:
    with house.unit() as session:
        connection = sources.own_connection(session, source).id
        return identity.known(session, connection, entity, [name])[name]


def are_one(house: House, one: tuple[str, str], other: tuple[str, str]) -> bool:
    return of(house, *one) == of(house, *other)


def waiting(house: House) -> list[Match]:
    with house.unit() as session:
        return list(session.scalars(select(Match).where(Match.state == "open")))


def test_fields_are_those_of_the_newest_change_and_say_whose_they_are(house: House) -> None:
    said = {"email": "d@x.example", "attributes": {"tier": "gold", "size": 1}}
    load(house, "CRM", Contact(external_id="1", name="Dora Lind", modified_at=NEW, **said))
    load(
        house, "Shop",
        Contact(
            external_id="s", name="Dora", email="d@x.example", phone="+49301234567",
            attributes={"tier": "none", "shop": True}, modified_at=OLD,
        ),
    )  # fmt: skip
    contact_id = of(house, "Shop", "s")
    with house.unit() as session:
        row = session.get_one(ContactRow, (house.id, contact_id))
        assert (row.name, row.phone) == ("Dora Lind", "+49301234567")
        assert row.attributes == {"tier": "gold", "size": 1, "shop": True}
        whose = survivorship.origins(session, "contact", contact_id, rules.of(session))
    assert {name: each.source for name, each in whose.items()} == {
        "name": "CRM", "email": "CRM", "phone": "Shop",
    }  # fmt: skip
    assert whose["phone"].at == OLD
    load(house, "Shop", Contact(external_id="s", name="Dora Berg", modified_at=NEW + timedelta(1)))
    with house.unit() as session:
        assert session.get_one(ContactRow, (house.id, contact_id)).name == "Dora Berg"


def test_the_declared_source_goes_before_the_newest(house: House) -> None:
    load(house, "CRM", Contact(external_id="1", name="Dora Lind", email="d@x.example"))
    load(house, "Shop", Contact(external_id="s", name="Dora", email="d@x.example"))
    with house.unit() as session:
        crm = sources.own_connection(session, "CRM").id
        declared = {"priorities": {"contact": {"name": [str(crm)]}}}
        rules.save(session, declared, clock.now())
        ids = list(session.scalars(select(ContactRow.id)))
        survivorship.derive(session, "contact", ids, rules.of(session), clock.now())
        assert session.scalars(select(ContactRow.name)).all() == ["Dora Lind"]
    load(house, "Shop", Contact(external_id="s", name="Dora B.", modified_at=clock.now()))
    with house.unit() as session:
        assert session.scalars(select(ContactRow.name)).all() == ["Dora Lind"]


@pytest.mark.parametrize(
    "document",
    [{"no": 1}, {"automatic": "x"}, {"automatic": 0.1, "review": 0.5}, {"attributes": 3}],
)
def test_rules_that_cannot_be_read_are_refused(house: House, document: dict[str, Any]) -> None:
    with house.unit() as session, pytest.raises(Invalid):
        rules.save(session, document, clock.now())


DORA = {"name": "Dora Lind", "email": "d@x.example", "phone": "+49301234567"}
ARRIVALS = [
    ("the same e-mail", DORA, {"email": "d@x.example"}, "email"),
    ("the same e-mail, another last name", DORA, {**DORA, "name": "Dora Berg"}, "email"),
    ("the e-mail of another person", DORA, {**DORA, "name": "Emil Lind"}, ""),
    ("a mailbox of a function", {"name": "Dora Lind", "email": "info@x.example"},
     {"name": "Emil Berg", "email": "info@x.example"}, ""),
    ("a mailbox of a function, the same name", {"name": "Dora Lind", "email": "info@x.example"},
     {"name": "Lind, Dora", "email": "info@x.example"}, "email"),
    ("the same phone, a name alike", DORA, {"name": "D. Lind", "phone": "+49301234567"}, "phone"),
    ("the phone of a household", DORA, {"name": "Emil Lind", "phone": "+49301234567"}, ""),
    ("the same phone, another e-mail", DORA, {**DORA, "email": "other@x.example"}, ""),
    ("another birthday", {**DORA, "attributes": {"birth_date": "1980-01-01"}},
     {**DORA, "attributes": {"birth_date": "1991-07-05"}}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "how"), [each[1:] for each in ARRIVALS],
                         ids=[each[0] for each in ARRIVALS])  # fmt: skip
def test_a_record_is_known_on_arrival_or_not(
    house: House, first: dict[str, Any], second: dict[str, Any], how: str
) -> None:
    load(house, "CRM", Contact(external_id="1", **first))
    load(house, "Shop", Contact(external_id="s", **second))
    with house.unit() as session:
        query = text("SELECT matched_by FROM identities WHERE external_id = 's'")
        assert session.execute(query).scalar() == (how or "external_id")
    assert are_one(house, ("CRM", "1"), ("Shop", "s")) == bool(how)


def test_two_records_of_one_source_are_not_joined_by_phone(house: House) -> None:
    load(house, "CRM", Contact(external_id="1", name="Dora Lind", phone="+49301234567"))
    load(house, "CRM", Contact(external_id="2", name="Dora Lind", phone="+49301234567"))
    pass_over(house)
    assert not are_one(house, ("CRM", "1"), ("CRM", "2"))
    (pair,) = waiting(house)
    assert pair.kind == "conflict"
    assert "two records of one source" in pair.reasons


def test_the_pass_joins_who_is_very_much_alike_and_says_why(house: House) -> None:
    born = {"birth_date": "1980-03-01", **LIVES}
    load(house, "CRM", Contact(external_id="1", name="Dora Lindemann", attributes=born))
    load(house, "Shop", Contact(external_id="s", name="Dora Lindeman", attributes=born))
    load(house, "Shop", Contact(external_id="t", name="Emil Lindemann", attributes=LIVES))
    found = pass_over(house)
    assert found["joined"] == {"likeness": 1}
    assert are_one(house, ("CRM", "1"), ("Shop", "s"))
    assert not are_one(house, ("CRM", "1"), ("Shop", "t"))
    with house.unit() as session:
        merge = session.scalars(select(Merge)).one()
    assert {"same birthday", "same address"} <= set(merge.reasons)
    assert any(each.startswith("names 9") for each in merge.reasons)
    assert pass_over(house)["joined"] == {}


def test_what_contradicts_itself_waits_and_is_not_asked_twice(house: House) -> None:
    load(house, "CRM", Contact(external_id="1", name="Dora Lind", email="d@x.example"))
    load(house, "Shop", Contact(external_id="s", name="Emil Berg", email="d@x.example"))
    pass_over(house)
    (pair,) = waiting(house)
    assert pair.kind == "conflict"
    assert pair.reasons[0] == "same e-mail"
    with house.unit() as session:
        matches.decide(session, pair.id, "different", clock.now())
    assert pass_over(house)["conflicts"] == 0
    assert waiting(house) == []


def test_a_person_s_word_holds_whatever_the_rules_say(house: House) -> None:
    """Separated by hand, they stay two though they share their e-mail, also over a third record."""
    load(house, "CRM", Contact(external_id="1", name="Dora Lind", email="d@x.example"))
    load(house, "Shop", Contact(external_id="s", name="Dora Lind", phone="+49301234567"))
    load(house, "Desk", Contact(external_id="z", **{**DORA, "email": None}))
    with house.unit() as session:
        one, other = of(house, "CRM", "1"), of(house, "Shop", "s")
        matches.remember_different(session, "contact", (one, other), clock.now())
        session.execute(text("UPDATE identities SET email = 'd@x.example' WHERE external_id = 'z'"))
    pass_over(house)
    assert not are_one(house, ("CRM", "1"), ("Shop", "s"))


def test_accepting_a_pair_merges_it(house: House) -> None:
    load(
        house,
        "CRM",
        Contact(external_id="1", name="Dora Lind", email="d@x.example", phone="+49301234567"),
    )
    load(
        house,
        "Shop",
        Contact(external_id="s", name="Dora Lind", email="l@x.example", phone="+49301234567"),
    )
    pass_over(house)
    (pair,) = waiting(house)
    with house.unit() as session:
        matches.accept(session, pair.id, clock.now())
        with pytest.raises(Conflict):
            matches.accept(session, pair.id, clock.now())
    assert are_one(house, ("CRM", "1"), ("Shop", "s"))
    assert waiting(house) == []


def test_accounts_of_one_domain_and_name_are_one(house: House) -> None:
    load(
        house, "CRM", Account(external_id="1", name="Acme GmbH", domain="acme.example"),
        Account(external_id="2", name="Umbra", domain="gmail.com"),
        Account(external_id="3", name="Nord", domain="nord.example", attributes={"vat_id": "DE 1"}),
    )  # fmt: skip
    load(
        house, "Shop", Account(external_id="a", name="ACME", domain="www.acme.example"),
        Account(external_id="b", name="Umbrella", domain="gmail.com"),
        Account(external_id="c", name="Other name", attributes={"tax_id": "de1"}),
        Account(external_id="d", name="Zebra", domain="acme.example"),
    )  # fmt: skip
    found = pass_over(house)["accounts"]
    assert (found["domain"], found["tax_id"]) == (1, 1)
    assert of(house, "CRM", "1", "account") == of(house, "Shop", "a", "account")
    assert of(house, "CRM", "3", "account") == of(house, "Shop", "c", "account")
    assert of(house, "CRM", "2", "account") != of(house, "Shop", "b", "account")
    assert [pair.reasons[0] for pair in waiting(house)] == ["same web domain"]


def test_a_pass_that_was_cut_is_gone_on_with(house: House) -> None:
    load(house, "CRM", Contact(external_id="1", name="Dora Lind", phone="+49301234567"))
    load(house, "Shop", Contact(external_id="s", name="Emil", phone="+49301234567"))
    cut = Resolver(house.engine, house.id, is_stopping=lambda: True)
    with pytest.raises(Stopped):
        cut.run()
    pass_over(house)
    with house.unit() as session:
        run = session.scalars(select(Resolution)).one()
    assert (run.state, run.found["contacts"]) == ("succeeded", 2)


def test_two_workers_never_pass_at_once(house: House, engine: Engine) -> None:
    with Resolver(house.engine, house.id)._alone(), pytest.raises(Conflict, match="already"):
        pass_over(house)
    assert pass_over(house)["contacts"] == 0


def test_a_strangers_customers_are_never_compared(house: House, stranger: House) -> None:
    for each in (house, stranger):
        load(each, "CRM", Contact(external_id="1", **DORA))
    found = pass_over(house)
    assert (found["records"], found["compared"]) == (1, 0)
    with stranger.unit() as session:
        assert counting.report(session)["last_pass"] is None


def test_parents_are_known_and_never_go_round(house: House) -> None:
    load(
        house, "CRM", Account(external_id="1", name="Acme Nord", parent_external_id="0"),
        Account(external_id="2", name="Acme Süd", parent_external_id="1"),
    )  # fmt: skip
    load(house, "CRM", Account(external_id="0", name="Acme", parent_external_id="2"))
    with house.unit() as session:
        rows = {row.name: row.parent_account_id for row in session.scalars(select(AccountRow))}
    one, two = of(house, "CRM", "1", "account"), of(house, "CRM", "0", "account")
    assert rows == {"Acme": None, "Acme Nord": two, "Acme Süd": one}
    load(house, "CRM", Account(external_id="5", name="Own", parent_external_id="5"))
    with house.unit() as session:
        found = session.get_one(AccountRow, (house.id, of(house, "CRM", "5", "account")))
        assert found.parent_account_id is None


def test_the_job_and_the_report(house: House) -> None:
    from tests.efm.test_jobs import Bench

    load(house, "CRM", Contact(external_id="1", name="Dora Lind", phone="+49301234567"))
    load(house, "Shop", Contact(external_id="s", name="Dora Lind", email="d@x.example"))
    load(house, "Desk", Contact(external_id="z", **DORA))
    bench = Bench(house.app.extensions["efm.config"], house.engine)
    from efm.jobs import identity as jobs

    jobs.register(bench.registry)
    bench.put(house, "identity.resolve")
    bench.run()
    with house.unit() as session:
        told = counting.report(session)
    assert told["contacts"] + told["merged"]["contacts"] == 2
    assert told["matched_on_arrival"]["contact"]["email"] == 1
    assert told["last_pass"]["state"] == "succeeded"


def test_a_pass_is_begun_where_something_is_new(house: House) -> None:
    from efm.customers import passes
    from efm.jobs import identity as jobs
    from tests.efm.test_jobs import Bench

    bench = Bench(house.app.extensions["efm.config"], house.engine)
    jobs.register(bench.registry)

    def begun(**arguments: bool) -> int:
        bench.put(house, "identity.resolve", **arguments)
        bench.run()
        with house.unit() as session:
            return session.execute(text("SELECT count(*) FROM resolutions")).scalar_one()

    def time_goes_by() -> None:
        with house.unit() as session:
            values = {"by": passes.MARGIN + timedelta(hours=1)}
            session.execute(text("UPDATE identities SET said_at = said_at - :by"), values)
            session.execute(text("UPDATE resolutions SET started_at = started_at - :by"), values)
            session.execute(text("UPDATE identities SET said_at = said_at - :by"), values)

    assert begun() == 0, "there is nobody"
    load(house, "CRM", Contact(external_id="1", name="Dora Lind", phone="+49301234567"))
    assert begun() == 1
    time_goes_by()
    assert begun() == 1, "nothing is new"
    assert begun(is_asked=True) == 2, "somebody wants it all the same"
    time_goes_by()
    load(house, "CRM", Contact(external_id="2", name="Ben Lind"))
    assert begun() == 3
    time_goes_by()
    with house.unit() as session:
        rules.save(session, rules.document(rules.DEFAULT), clock.now())
    assert begun() == 4, "the rules are new"
