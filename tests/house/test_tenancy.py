"""The three walls: the ORM hook, row-level security, composite keys."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, ForeignKeyConstraint, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from efm import clock
from efm.db.base import Base, Tenanted
from efm.db.engine import NoTenant, TenantSession, check_serving_role
from efm.errors import Unready
from efm.models import Account, Contact
from tests.factories import House


def _account(house: House, name: str = "Acme") -> Account:
    with house.unit() as session:
        account = Account(name=name)
        session.add(account)
    return account


def test_a_session_without_organization_is_refused(engine: Engine, house: House) -> None:
    with TenantSession(engine, None) as session, pytest.raises(NoTenant):
        session.scalars(select(Account)).all()


def test_the_orm_shows_only_own_rows(house: House, stranger: House) -> None:
    mine, theirs = _account(house), _account(stranger)
    with house.unit() as session:
        assert session.scalars(select(Account.id)).all() == [mine.id]
        assert session.get(Account, (stranger.id, theirs.id)) is None


def test_raw_sql_shows_only_own_rows(house: House, stranger: House) -> None:
    mine, _ = _account(house), _account(stranger)
    with house.unit() as session:
        assert session.execute(text("SELECT id FROM accounts")).scalars().all() == [mine.id]


def test_without_organization_raw_sql_shows_nothing(engine: Engine, house: House) -> None:
    _account(house)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM accounts")).scalar_one() == 0


def test_the_setting_does_not_stay_on_the_pooled_connection(engine: Engine, house: House) -> None:
    with engine.connect() as connection:
        with TenantSession(connection, house.id) as session:
            session.execute(text("SELECT 1"))
            session.commit()
        assert connection.execute(text("SELECT efm_current_organization()")).scalar_one() is None


def test_a_foreign_row_cannot_be_written(house: House, stranger: House) -> None:
    with pytest.raises(NoTenant), house.unit() as session:
        session.add(Account(organization_id=stranger.id, name="planted"))
        session.flush()


def test_postgres_refuses_a_foreign_row_too(house: House, stranger: House) -> None:
    with pytest.raises(DBAPIError, match="row-level security"), house.unit() as session:
        session.execute(
            text("INSERT INTO accounts (organization_id, id, name) VALUES (:org, :id, 'planted')"),
            {"org": stranger.id, "id": clock.new_id()},
        )


def test_a_row_cannot_point_to_a_foreign_parent(house: House, stranger: House) -> None:
    theirs = _account(stranger)
    with pytest.raises(IntegrityError, match="fk_contacts"), house.unit() as session:
        session.add(Contact(account_id=theirs.id, name="Dora"))
        session.flush()


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_every_table_has_a_tenant_or_says_why(table: str, owner_engine: Engine) -> None:
    mapper = next(m for m in Base.registry.mappers if m.local_table.name == table)
    if not issubclass(mapper.class_, Tenanted):
        assert mapper.class_.without_tenant
        return
    keys = [column.name for column in mapper.local_table.primary_key.columns]
    assert keys[0] == "organization_id"
    with owner_engine.connect() as connection:
        walls = connection.execute(
            text("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = :t"),
            {"t": table},
        ).one()
    assert tuple(walls) == (True, True)
    leads_there = False
    for constraint in mapper.local_table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            leads_there = leads_there or constraint.column_keys[0] == "organization_id"
        if constraint.__visit_name__ == "unique_constraint":
            assert next(iter(constraint.columns)).name == "organization_id"
    assert leads_there


def test_serving_as_the_owner_is_refused(owner_engine: Engine) -> None:
    with pytest.raises(Unready, match="owns"):
        check_serving_role(owner_engine)


def test_read_only_units_cannot_write(house: House) -> None:
    with pytest.raises(DBAPIError, match="read-only"), house.unit(read_only=True) as session:
        session.add(Account(name="Acme"))
        session.flush()
