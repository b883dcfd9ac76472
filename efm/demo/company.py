"""The demo company's people and history, drawn from a fixed seed: the same company each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from connectors.canonical import Account, Contact, Interaction, Measurement, Record

NAME = "Northwind Telecom (demo)"
SLUG = "northwind-demo"
CURRENCY = "EUR"
MONTHS = 15
ACCOUNTS = 240
PEOPLE_AN_ACCOUNT = (2, 5)
FIRST = [
    "Ada",
    "Ben",
    "Clara",
    "David",
    "Emma",
    "Felix",
    "Greta",
    "Hanna",
    "Igor",
    "Julia",
    "Karim",
    "Lena",
    "Mateo",
    "Nadia",
    "Oskar",
    "Paula",
    "Rafael",
    "Sofia",
    "Tariq",
    "Ulla",
    "Viktor",
    "Wanda",
    "Yusuf",
    "Zoe",
]
LAST = [
    "Albrecht",
    "Bianchi",
    "Costa",
    "Dubois",
    "Eriksson",
    "Ferrari",
    "Garcia",
    "Hoffmann",
    "Ivanova",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Oliveira",
    "Petrov",
    "Rossi",
    "Schneider",
    "Tanaka",
    "Varga",
    "Weber",
    "Yilmaz",
]
TRADE = [
    "Bakery",
    "Logistics",
    "Pharmacy",
    "Architects",
    "Brewery",
    "Printing",
    "Dental",
    "Foods",
    "Hotel",
    "Insurance",
    "Motors",
    "Optics",
    "Robotics",
    "Shipping",
    "Textiles",
    "Travel",
    "Wines",
    "Yachts",
]
TOUCHPOINTS = ("Onboarding", "Support call", "Invoice", "Technician visit")

PRAISE = (
    "The support team is quick, friendly and solved it in one call.",
    "Reliable network and honest prices. I am happy to recommend you.",
    "Switching was easy and the technician was very helpful.",
    "Great service. Thank you to the people in the Hamburg shop.",
    "I love the new portal, it saves me an hour each week.",
)
MIDDLING = (
    "It works. The portal could be quicker.",
    "Good product, but the invoices are hard to read.",
    "Fine overall, although waiting times are long in the evening.",
    "Nothing to complain about, nothing special either.",
)
BLAME = (
    "I had to call three times about the same fault and nobody felt responsible. Terrible.",
    "The invoice was wrong again and the refund takes forever. I am very disappointed.",
    "Awful waiting times, rude answers, and the line still fails every evening.",
    "The technician did not come twice. This is a waste of my time and I am angry.",
)
ELSEWHERE = {
    PRAISE: "Très bon service, merci.",
    MIDDLING: "Der Support war freundlich, aber die Rechnung ist unverständlich.",
    BLAME: "Schon wieder eine falsche Rechnung, und niemand meldet sich.",
}
HARD = (
    "Getting access took two weeks and nobody knew who was responsible. Very frustrating.",
    "The setup guide was confusing and wrong in two places. I gave up and called.",
)
EASY = (
    "Everything was ready on the first day. Easy and well explained.",
    "The person who set it up was patient and helpful. Great start.",
)


@dataclass
class Person:
    """A contact with what decides how they feel, which nobody in the product ever sees."""

    external_id: str
    name: str
    account: str
    mood: float


@dataclass
class Said:
    """One response to be stored."""

    survey: str
    key: str
    person: Person
    at: datetime
    touchpoint: str
    answers: dict[str, Any]


@dataclass
class Company:
    """Everything of the demo: records for the customer tables, responses for the surveys."""

    today: date
    people: list[Person] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)


def make(today: date) -> Company:
    """The company as of a day; later days give the same people with a moved history."""
    draw = random.Random(20260101)  # noqa: S311 - a demo, not a secret
    company = Company(today)
    for number in range(ACCOUNTS):
        _account(company, draw, number)
    company.said.sort(key=lambda each: each.at)
    return company


def _at(draw: random.Random, day: date) -> datetime:
    return datetime.combine(day, time(draw.randint(7, 19), draw.randint(0, 59)), UTC)


def _account(company: Company, draw: random.Random, number: int) -> None:
    key = f"A{number:03}"
    town = draw.choice(("Hamburg", "Lyon", "Milano", "Porto", "Gdańsk", "Malmö", "Graz"))
    name = f"{draw.choice(LAST)} {draw.choice(TRADE)}"
    tier = draw.choices(("Gold", "Silver", "Standard"), (1, 3, 6))[0]
    company.records.append(
        Account(
            external_id=key, name=name, domain=f"a{number:03}.example",
            attributes={"tier": tier, "town": town, "employees": draw.randint(4, 400)},
        )
    )  # fmt: skip
    mood = max(0.02, min(0.98, draw.gauss(0.62, 0.22)))
    people = [_person(company, draw, key, mood) for _ in range(draw.randint(*PEOPLE_AN_ACCOUNT))]
    base = {"Gold": 240_000, "Silver": 90_000, "Standard": 30_000}[tier] * draw.uniform(0.7, 1.4)
    left_on = _history(company, draw, key, people, mood)
    _money(company, draw, key, base, mood, left_on)


def _person(company: Company, draw: random.Random, account: str, mood: float) -> Person:
    number = len(company.people)
    name = f"{draw.choice(FIRST)} {draw.choice(LAST)}"
    person = Person(f"C{number:04}", name, account, max(0.02, min(0.98, draw.gauss(mood, 0.12))))
    plain = name.lower().replace(" ", ".")
    company.people.append(person)
    company.records.append(
        Contact(
            external_id=person.external_id, account_external_id=account, name=name,
            email=f"{plain}.{number}@{account.lower()}.example", phone=f"+4940555{number:05}",
            language="en",
        )
    )  # fmt: skip
    return person


def _history(
    company: Company, draw: random.Random, account: str, people: list[Person], mood: float
) -> date | None:
    """Support, surveys and the yearly renewal; the day the account left, if it did."""
    start = company.today - timedelta(days=30 * MONTHS)
    renewal_on = start + timedelta(days=draw.randint(200, 30 * MONTHS - 5))
    leaves = draw.random() < 0.03 + 0.75 * (1 - mood) ** 2
    left_on = renewal_on if leaves else None
    company.records.append(
        Measurement(
            external_id=f"{account}:churn", account_external_id=account, metric="churn",
            value=Decimal(int(leaves)), measured_on=renewal_on,
        )
    )  # fmt: skip
    for person in people:
        for month in range(MONTHS):
            day = start + timedelta(days=30 * month + draw.randint(0, 29))
            if day > company.today or (left_on and day >= left_on):
                continue
            if draw.random() < 0.10 + 0.35 * (1 - person.mood):
                _support(company, draw, person, day)
            if month % 6 == int(person.external_id[1:]) % 6 and draw.random() < 0.55:
                company.said.append(_relationship(draw, person, _at(draw, day)))
            if month == int(person.external_id[1:]) * 7 % MONTHS and draw.random() < 0.6:
                company.said.append(_onboarding(draw, person, _at(draw, day)))
    return left_on


def _support(company: Company, draw: random.Random, person: Person, day: date) -> None:
    at = _at(draw, day)
    solved = draw.random() < 0.45 + 0.5 * person.mood
    touchpoint = draw.choice(TOUCHPOINTS)
    company.records.append(
        Interaction(
            external_id=f"{person.external_id}:{day:%Y%m%d}:{at:%H%M}",
            contact_external_id=person.external_id, kind="support_contact",
            channel=draw.choice(("phone", "chat", "email")), touchpoint=touchpoint,
            subject=draw.choice(("Line fails", "Invoice question", "Change of plan", "New device")),
            outcome="solved" if solved else "not solved", occurred_at=at,
            duration_seconds=draw.randint(120, 2400),
        )
    )  # fmt: skip
    answered_at = at + timedelta(hours=draw.randint(1, 30))
    if draw.random() < 0.4 and answered_at.date() <= company.today:
        company.said.append(_after_support(draw, person, answered_at, touchpoint, solved))


def _comment(draw: random.Random, tone: tuple[str, ...]) -> str:
    """Something said in a tone; now and then in another language."""
    return ELSEWHERE[tone] if draw.random() < 0.04 else draw.choice(tone)


def _relationship(draw: random.Random, person: Person, at: datetime) -> Said:
    score = max(0, min(10, round(draw.gauss(3.4 + 7.4 * person.mood, 1.4))))
    answers: dict[str, Any] = {
        "recommend": score,
        "satisfaction": max(1, min(5, round(draw.gauss(1.4 + 3.6 * person.mood, 0.7)))),
        "drivers": draw.sample(("quality", "support", "ease", "people", "price"), 2),
        "stay": "renew" if person.mood > 0.5 else draw.choice(("leave", "unsure", "reduce")),
        "contact": draw.choice(("yes", "no")),
    }
    if draw.random() < 0.7:
        answers["reason"] = _comment(
            draw, PRAISE if score >= 9 else MIDDLING if score >= 6 else BLAME
        )
    key = f"nps:{person.external_id}:{at:%Y%m%d}"
    return Said("relationship_nps", key, person, at, "Relationship", answers)


def _after_support(
    draw: random.Random, person: Person, at: datetime, touchpoint: str, solved: bool
) -> Said:
    level = 1.6 + 2.2 * person.mood + (1.1 if solved else -0.7)
    rating = max(1, min(5, round(draw.gauss(level, 0.7))))
    answers: dict[str, Any] = {"satisfaction": rating}
    answers["solved"] = "solved" if solved else "not_solved"
    if draw.random() < 0.5:
        answers["reason"] = _comment(
            draw, PRAISE if rating >= 4 else MIDDLING if rating == 3 else BLAME
        )
    key = f"csat:{person.external_id}:{at:%Y%m%d%H}"
    return Said("post_support_csat", key, person, at, touchpoint, answers)


def _onboarding(draw: random.Random, person: Person, at: datetime) -> Said:
    """How easy the start was, asked once, a short while after somebody joined."""
    effort = max(1, min(7, round(draw.gauss(2.6 + 4.2 * person.mood, 1.1))))
    answers: dict[str, Any] = {
        "effort": effort,
        "hardest": draw.choice(("access", "setup", "data", "learning", "none")),
        "days_to_value": draw.randint(1, 30),
    }
    if draw.random() < 0.4 and effort != 4:
        answers["reason"] = draw.choice(EASY if effort > 4 else HARD)
    key = f"ces:{person.external_id}"
    return Said("onboarding_effort", key, person, at, "Onboarding", answers)


def _money(
    company: Company,
    draw: random.Random,
    account: str,
    base: float,
    mood: float,
    left_on: date | None,
) -> None:
    """A revenue figure a month until the account leaves; satisfied accounts grow a little."""
    start = company.today.replace(day=1)
    for month in range(MONTHS, 0, -1):
        day = (start - timedelta(days=30 * month)).replace(day=1)
        if left_on and day > left_on:
            return
        growth = 1 + (MONTHS - month) * (mood - 0.55) * 0.03
        company.records.append(
            Measurement(
                external_id=f"{account}:revenue:{day:%Y%m}", account_external_id=account,
                metric="revenue", amount_minor=max(0, round(base * growth * draw.uniform(0.9, 1.1))),
                currency=CURRENCY, measured_on=day,
            )
        )  # fmt: skip


def pages(records: list[Record], size: int = 2000) -> Iterator[list[Record]]:
    """The records in pieces."""
    for start in range(0, len(records), size):
        yield records[start : start + size]
