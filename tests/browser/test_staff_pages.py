"""Every page of the product with the demo company's data, looked at in a real browser.

With EFM_SHOTS=FOLDER each page is photographed there, wide and narrow, light and dark.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import Engine, func, select, text
from werkzeug.routing import Rule

from connectors.canonical import Contact as ContactRecord
from efm import clock
from efm.config import Config
from efm.customers import matches, sources
from efm.customers.resolving import Resolver
from efm.customers.upsert import upsert
from efm.demo import company as demo
from efm.demo import seed
from efm.events.registry import JobContext
from efm.feedback import distributions, simulating, simulations
from efm.mail import make_mailer
from efm.models import (
    Case,
    Connection,
    Contact,
    DataImport,
    Distribution,
    DryRun,
    Interaction,
    Match,
    Membership,
    Response,
    Survey,
    WriteBack,
    WriteItem,
)
from efm.sync import connections, dry_runs
from efm.sync.runner import Runner
from efm.vault import Vault
from efm.web.flask import EfmFlask
from efm.web.permissions import PUBLIC, permission_of
from tests.chromium import AXE, AXE_RUN, RULES, drawn, opened
from tests.efm import cased
from tests.efm.written import World
from tests.factories import House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

SHOTS = os.environ.get("EFM_SHOTS")
WIDE, NARROW = 1280, 390
# What axe looks for at each width in each theme; the themes differ in colours only.
COLOURS = ["color-contrast"]
WHOLE = {WIDE: {"light": RULES, "dark": COLOURS}, NARROW: {"light": RULES, "dark": []}}
# Only whether they open, fit and complain: what they are made of is judged in the gallery.
QUICK: dict[int, dict[str, list[str]]] = {WIDE: {"light": []}, NARROW: {"light": []}}
CHECKED = pytest.mark.parametrize(
    "checked",
    [pytest.param(QUICK, id="quick"), pytest.param(WHOLE, id="whole", marks=pytest.mark.full)],
)
# What an address needs behind its path so that the page has something to show.
QUERIES = {
    "search.show": "q=Weber",
    "connection_fields.fields": "stream=orders.csv",
    "connection_records.index": "stream=orders.csv",
    "connection_streams.show": "stream=orders.csv",
    "connection_streams.ask_anew": "stream=orders.csv",
}
# Routes that are no page of their own, and why.
NO_PAGE = {
    "health.static": "files",
    "sign_in.home": "leads on",
    "sign_in.show_code": "leads back until the first step is done",
    "set_up.show": "leads on once somebody works here",
    "account.second_step_form": "leads back unless the second step is being set up",
    "bank.drawn": "one question, seen in a frame of our own pages",
    "answer.thanks": "leads back until an answer was sent",
    "gallery.show": "looked at in test_gallery",
    "gallery.answer": "looked at in test_gallery",
    "responses.file": "a file, always a download",
    "answer.picture": "a picture",
    "answer.theme_style": "a stylesheet",
}


@pytest.fixture(scope="module")
def company(app: EfmFlask, engine: Engine, config: Config) -> House:
    """The demo company as `make run` shows it: with cases opened and a shop's file read."""
    seed._seed(engine, config, clock.now())
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT id FROM efm_organizations() WHERE slug = :slug"), {"slug": demo.SLUG}
        ).scalar_one()
    house = House(app, engine, found, demo.SLUG, {"owner": clock.new_id()})
    with house.unit() as session:
        for role, user_id in session.execute(select(Membership.role, Membership.user_id)):
            house.people[role] = user_id
    cased.open_all(house)
    _read_orders(house, config)
    _plan_an_import(house)
    _upload_past_responses(house)
    _let_people_walk(house, config)
    _write_back(house, config)
    _know_people_twice(house)
    return house


def _know_people_twice(house: House) -> None:
    """A shop that knows some of the people too: some surely the same, some in doubt, one pair merged."""
    with house.unit() as session:
        people = session.scalars(
            select(Contact).where(Contact.phone.is_not(None)).order_by(Contact.id).limit(6)
        ).all()
        shop = sources.own_connection(session, "Web shop").id
        records = [
            ContactRecord(
                external_id=f"W-{n}", name=each.name, phone=each.phone, language="de",
                email=each.email if n == 0 else f"private.{n}@mail.example",
                attributes={"town": "Kiel", "newsletter": True},
            )
            for n, each in enumerate(people)
        ]  # fmt: skip
        upsert(session, shop, records, clock.now())
    Resolver(house.engine, house.id).run()
    with house.unit() as session:
        found = session.scalars(select(Match.id).where(Match.state == "open")).all()
        assert len(found) > 1
        matches.accept(session, found[0], clock.now(), by=house.people["owner"])


def _read_orders(house: House, config: Config) -> None:
    folder = connections.folder_of(config, house.id)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "orders.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["order_id", "customer_id", "order_date", "amount", "channel"])
        for n in range(120):
            day = "31.02." if n == 7 else f"2026-0{n % 9 + 1}-{n % 28 + 1:02}"
            lines.writerow([f"O-{n:04}", f"C{n % 40:04}", day, f"{n * 3}.50", "shop"])
    vault = Vault(config.secret_key)
    given = {"folder": str(folder), "patterns": ["orders.csv"], "currency": "EUR",
             "settle_seconds": 0}  # fmt: skip
    with house.unit() as session:
        made = connections.create(session, vault, "files", "Shop orders", given, clock.now())
        (stream,) = connections.open_connector(config, vault, made).streams()
        connections.enable(
            session, made, stream.name, connections.proposed(stream), now=clock.now()
        )
        run = connections.request_run(session, made.id, stream.name, clock.now())
    Runner(house.engine, config, house.id, run.id).run()
    with house.unit() as session:
        wanted = dry_runs.request(
            session, connections.get(session, made.id), stream.name, clock.now(), is_anew=True
        )
    dry_runs.run(house.engine, config, house.id, wanted.id)


def _plan_an_import(house: House) -> None:
    words = ("Low", "Medium", "High", "Very_High")
    rows = "".join(
        f"{n},{'No' if n % 5 else 'Yes'},{words[n % 4]},{3000 + n}\n" for n in range(200)
    )
    file = io.BytesIO(f"rownames,Attrition,JobSatisfaction,MonthlyIncome\n{rows}".encode())
    client: Any = house.login("owner")
    reply = client.post(
        "/import", data={"csrf_token": client.csrf, "files": (file, "employees.csv")}
    )
    assert reply.status_code == 302, reply.text


def _upload_past_responses(house: House) -> None:
    """A file of another tool whose columns wait to be looked at, some cells of it unreadable."""
    with house.unit(read_only=True) as session:
        survey_id = session.scalars(select(Survey.id).order_by(Survey.id)).first()
    rows = "".join(
        f"r{n},{n % 28 + 1}.01.2026 10:00,{n % 12},Comment {n},nora{n}@example.org,shop\n"
        for n in range(60)
    )
    text = (
        f"Response ID,Date submitted,How likely are you to recommend us,Why,E-mail,Branch\n{rows}"
    )
    client: Any = house.login("owner")
    reply = client.post(
        f"/surveys/{survey_id}/responses/import",
        data={"csrf_token": client.csrf, "files": (io.BytesIO(text.encode()), "past.csv")},
    )
    assert reply.status_code == 302, reply.text


def _write_back(house: House, config: Config) -> None:
    """Scores for a system that takes some of them, refuses one and is still to get one."""
    world = World.make(house, config, people=6)
    for n in range(6):
        world.answer(f"k{n}", n * 2, "The engineer came twice and was kind both times.")
    rule = world.rule(notes="comment", language="nps_band")
    world.run(rule, most=3)
    with house.unit() as session:
        refused = session.scalars(select(WriteItem).where(WriteItem.state == "written")).first()
        assert refused is not None
        refused.state, refused.message = "refused", "The record is locked by another user."
        refused.accepted = refused.accepted_at = None
    world.edit(rule, state="held", held_changes=3)


def _let_people_walk(house: House, config: Config) -> None:
    """Some made-up people walk through the survey that is looked at, twice."""
    vault, mailer = Vault(config.secret_key), make_mailer(config.mail_url)
    context = JobContext(house.engine, config, vault, mailer, organization_id=house.id)
    for number in (1, 2):
        with house.unit() as session:
            survey_id = session.scalars(select(Survey.id).order_by(Survey.id)).first()
            assert survey_id is not None
            made = simulations.request(session, survey_id, clock.now(), n=40, seed=number)
        simulating.run(context, simulation_id=str(made.id))


def _values(house: House, config: Config) -> dict[str, Any]:
    """For each name in an address, something of the company worth looking at."""
    with house.unit(read_only=True) as session:
        busiest = session.scalars(
            select(Interaction.contact_id)
            .where(Interaction.contact_id.is_not(None))
            .group_by(Interaction.contact_id)
            .order_by(func.count().desc(), Interaction.contact_id)
        ).first()
        link = session.scalars(
            select(Distribution.id).where(Distribution.kind == "anonymous_link")
        ).first()
        assert link is not None
        return {
            "survey_id": session.scalars(select(Survey.id).order_by(Survey.id)).first(),
            "distribution_id": link,
            "response_id": session.scalars(
                select(Response.id).order_by(Response.submitted_at.desc())
            ).first(),
            "contact_id": busiest,
            "account_id": session.scalars(
                select(Contact.account_id).where(Contact.id == busiest)
            ).first(),
            "case_id": session.scalars(select(Case.id).order_by(Case.number.desc())).first(),
            "connection_id": session.scalars(
                select(Connection.id).where(Connection.connector == "files")
            ).first(),
            "dry_run_id": session.scalars(select(DryRun.id)).first(),
            "rule_id": session.scalars(select(WriteBack.id)).first(),
            "writing.connection_id": session.scalars(select(WriteBack.connection_id)).first(),
            "import_id": session.scalars(
                select(DataImport.id).where(DataImport.survey_id.is_(None))
            ).first(),
            "upload_id": session.scalars(
                select(DataImport.id).where(DataImport.survey_id.is_not(None))
            ).first(),
            "name": "relationship_nps",
            "measures.name": "cost_to_serve",
            "language": "de",
            "handle": "standard_drivers",
            "connector": "files",
            "token": distributions.url_of(config, Vault(config.secret_key), link).split("/")[-1],
        }


def pages_of(app: EfmFlask, values: dict[str, Any], *, without_values: bool = False) -> list[str]:
    """The address of every staff page there is; fails for a route it does not know how to open."""
    found, unknown = [], []
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" not in (rule.methods or ()) or rule.rule.startswith("/api/v1"):
            continue
        if rule.endpoint in NO_PAGE or _is_public(app, rule):
            continue
        if without_values and rule.arguments:
            continue
        missing = [name for name in rule.arguments if name not in values]
        if missing and not _is_file(rule):
            unknown.append((rule.rule, missing))
        elif not _is_file(rule):
            found.append(_address(app, rule, values))
    assert not unknown, f"say in _values what to show for these, or in NO_PAGE why not: {unknown}"
    return found


def _is_public(app: EfmFlask, rule: Rule) -> bool:
    return permission_of(app.view_functions[rule.endpoint]) == PUBLIC


def _is_file(rule: Rule) -> bool:
    """Whether the address ends like a file: a download, a drawing, data."""
    return bool(re.search(r"\.(<\w+>|\w+)$", rule.rule))


def _address(app: EfmFlask, rule: Rule, values: dict[str, Any]) -> str:
    with app.test_request_context():
        room = rule.endpoint.partition(".")[0]
        given = {n: values.get(f"{room}.{n}", values[n]) for n in rule.arguments}
        path = app.url_for(rule.endpoint, **given)
    return f"{path}?{QUERIES[rule.endpoint]}" if rule.endpoint in QUERIES else str(path)


@contextmanager
def looking(
    browser: Browser,
    address: str,
    client: Any,
    checked: Mapping[int, Mapping[str, list[str]]],
) -> Iterator[Callable[..., list[str]]]:
    """Gives `look(path, folder, expected statuses)`: what is wrong with a page."""
    problems: list[str] = []
    # Without motion no colour is seen half-way from one theme to the other.
    size: dict[str, Any] = {"width": WIDE, "height": 900}
    with opened(
        browser, address, client, "/static/favicon.svg", viewport=size, reduced_motion="reduce"
    ) as page:
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.on(
            "console",
            lambda said: problems.append(f"console: {said.text}") if said.type == "error" else None,
        )

        def look(path: str, folder: str, expected: Sequence[int] = (200,)) -> list[str]:
            problems.clear()
            reply = page.goto(path)
            assert reply is not None
            if reply.request.redirected_from:
                return [f"leads on to {page.url}"]
            if reply.status not in expected:
                problems.append(f"status {reply.status}")
            if not page.evaluate("document.doctype"):
                return list(problems)  # A piece of a page, or data.
            drawn(page)
            if checked is not QUICK:
                page.evaluate(AXE)
            for width in (WIDE, NARROW):
                page.set_viewport_size({"width": width, "height": 900 if width == WIDE else 844})
                out = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                if out > 0:
                    problems.append(f"{out} pixels stick out at {width}")
                for scheme, rules in checked[width].items():
                    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                    photograph(page, folder, path, f"{width}-{scheme}")
                    if not rules:
                        continue
                    found = page.evaluate(AXE_RUN, rules)
                    for one in found["violations"]:
                        where = one["nodes"][0]["html"][:160]
                        problems.append(f"{one['impact']} {one['id']} at {width} {scheme}: {where}")
            page.set_viewport_size(size)
            return list(dict.fromkeys(problems))

        yield look


def photograph(page: Page, folder: str, address: str, look: str) -> None:
    if not SHOTS:
        return
    plain = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "id", address.split("?")[0]).strip("/")
    target = Path(SHOTS) / folder
    target.mkdir(parents=True, exist_ok=True)
    name = plain.replace("/", "_") or "start"
    page.screenshot(path=target / f"{name}-{look}.png", full_page=True)


@CHECKED
def test_every_page_of_the_demo_company(
    browser: Browser, address: str, app: EfmFlask, config: Config, company: House, checked: Any
) -> None:
    client = company.login("owner")
    problems: list[str] = []
    seen = 0
    with looking(browser, address, client, checked) as look:
        for path in pages_of(app, _values(company, config)):
            seen += 1
            problems += [f"{path}: {one}" for one in look(path, "demo")]
    assert not problems, "\n".join(problems)
    assert seen > 20


@CHECKED
def test_every_page_of_a_company_that_begins(
    browser: Browser, address: str, app: EfmFlask, house: House, checked: Any
) -> None:
    """Nothing is there yet: each page says what will be, and why it is worth it."""
    client = house.login("owner")
    problems: list[str] = []
    with looking(browser, address, client, checked) as look:
        for path in pages_of(app, {}, without_values=True):
            problems += [f"{path}: {one}" for one in look(path, "empty")]
        problems += look("/surveys/0190a0a0-0000-7000-8000-000000000000", "missing", (404,))
    # A page that says that there is nothing, or no more, is answered with that status.
    ours = [one for one in problems if "status of 404" not in one and "status of 410" not in one]
    assert not ours, "\n".join(ours)


@CHECKED
def test_public_pages_without_anybody_signed_in(
    browser: Browser, address: str, app: EfmFlask, config: Config, company: House, checked: Any
) -> None:
    values = _values(company, config)
    problems: list[str] = []
    client = app.test_client()
    with looking(browser, address, client, checked) as look:
        for rule in app.url_map.iter_rules():
            if not _is_public(app, rule) or rule.endpoint in NO_PAGE or _is_file(rule):
                continue
            if "GET" in (rule.methods or ()) and not rule.endpoint.startswith(("health", "api")):
                path = _address(app, rule, values)
                problems += [f"{path}: {one}" for one in look(path, "public", (200, 404, 410))]
    # A page that says that there is nothing, or no more, is answered with that status.
    ours = [one for one in problems if "status of 404" not in one and "status of 410" not in one]
    assert not ours, "\n".join(ours)
