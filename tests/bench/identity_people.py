"""People as three systems know them, made up: who they really are is known, what is kept has faults."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

SOURCES = ("CRM", "Shop", "Help desk")
_HEADS = "an ber car da el fre gre han is jo ka lu mar nor ol pau ro sil tom ul vic wil yas zo"
_TAILS = "a as bert dra el en er gret ia ine is ka land mann na nard ne ney ra rin son ster ta tin"
_MIDDLES = "be de fer gel ho ker la le li mi ni ra ri sa sche te ti vel wa ze"
_TOWNS = [
    f"{head}{tail}" for head in _HEADS.split() for tail in ("burg", "dorf", "ford", "haven", "ton")
]
_STREETS = [f"{head}{middle} street" for head in _HEADS.split() for middle in _MIDDLES.split()]


@dataclass(frozen=True)
class Person:
    """Somebody as he is."""

    given: str
    family: str
    email: str
    phone: str
    born: str
    street: str
    town: str
    postal: str


def _word(draw: random.Random, parts: int) -> str:
    middle = "".join(draw.choices(_MIDDLES.split(), k=parts))
    return draw.choice(_HEADS.split()) + middle + draw.choice(_TAILS.split())


class Population:
    """Draws people: common and rare names, households that share much, mailboxes of functions."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.givens = list(dict.fromkeys(_word(self.draw, 0) for _ in range(900)))
        self.families = list(dict.fromkeys(_word(self.draw, 1) for _ in range(9000)))
        # A few names are common and most are rare, as among people.
        self.given_weights = self._cumulated(len(self.givens))
        self.family_weights = self._cumulated(len(self.families))
        self.last: Person | None = None
        self.count = 0

    @staticmethod
    def _cumulated(n: int) -> list[float]:
        total, found = 0.0, []
        for place in range(n):
            total += 1.0 / (place + 10)
            found.append(total)
        return found

    def person(self) -> Person:
        """Somebody new; one in eight lives with the one before."""
        draw = self.draw
        self.count += 1
        given = draw.choices(self.givens, cum_weights=self.given_weights)[0]
        born = f"{draw.randint(1940, 2006)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}"
        if self.last is not None and draw.random() < 0.125 and given != self.last.given:
            phone = self.last.phone if draw.random() < 0.5 else self._phone()
            made = replace(self.last, given=given, born=born, phone=phone, email="")
        else:
            family = draw.choices(self.families, cum_weights=self.family_weights)[0]
            town = draw.randrange(len(_TOWNS))
            made = Person(
                given, family, "", self._phone(), born,
                f"{draw.randint(1, 140)} {draw.choice(_STREETS)}", _TOWNS[town],
                f"{10000 + town * 40 + draw.randrange(40)}",
            )  # fmt: skip
        made = replace(made, email=self._email(made))
        self.last = made
        return made

    def _email(self, person: Person) -> str:
        place = self.draw.choice(("mail.example", "post.example", "web.example", "inbox.example"))
        number = self.draw.randrange(100) if self.draw.random() < 0.6 else self.count
        return f"{person.given}.{person.family}{number}@{place}"

    def _phone(self) -> str:
        return f"+49{self.draw.randrange(10**9, 10**10)}"


def _mistyped(draw: random.Random, value: str) -> str:
    at = draw.randrange(len(value))
    kind = draw.random()
    if kind < 0.4:
        return value[:at] + draw.choice("abcdefghijklmnopqrstuvwxyz") + value[at + 1 :]
    if kind < 0.7 and len(value) > 3:
        return value[:at] + value[at + 1 :]
    return value[:at] + value[at : at + 2][::-1] + value[at + 2 :]


def kept(people: Population, person: Person, source: int) -> dict[str, Any]:
    """What one system keeps of somebody: some of it missing, old, mistyped or another's."""
    draw = people.draw
    chance = draw.random
    given, family = person.given, person.family
    if chance() < 0.04:
        given = _mistyped(draw, given)
    if chance() < 0.04:
        family = _mistyped(draw, family)
    if chance() < 0.03:
        given = given[0] + "."
    name = f"{family}, {given}" if chance() < 0.02 else f"{given} {family}"
    said: dict[str, Any] = {"name": name.title()}
    if chance() < (0.75, 0.95, 0.65)[source]:
        said["email"] = person.email if chance() > 0.1 else people._email(person)
        if chance() < 0.004:
            said["email"] = f"info@{family}.example"
    if chance() < (0.7, 0.5, 0.6)[source]:
        said["phone"] = person.phone if chance() > 0.1 else people._phone()
    more: dict[str, str] = {}
    if chance() < (0.6, 0.3, 0.2)[source]:
        more["birth_date"] = (
            person.born if chance() > 0.02 else f"1970-01-{draw.randint(1, 28):02d}"
        )
    if chance() < (0.8, 0.9, 0.3)[source]:
        street = person.street if chance() > 0.05 else _mistyped(draw, person.street)
        more |= {"street": street, "city": person.town, "postal_code": person.postal}
        if chance() < 0.06:
            town = draw.randrange(len(_TOWNS))
            more = more | {
                "street": f"{draw.randint(1, 140)} {draw.choice(_STREETS)}",
                "city": _TOWNS[town], "postal_code": f"{10000 + town * 40}",
            }  # fmt: skip
    if more:
        said["attributes"] = more
    return said


def records(n: int, seed: int = 7) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """About n records: the number of the person, that of the source, and what it says."""
    people, made, number = Population(seed), 0, 0
    while made < n:
        person = people.person()
        known_in = [source for source in range(3) if people.draw.random() < 0.73] or [0]
        for source in known_in[: n - made]:
            yield number, source, kept(people, person, source)
            made += 1
        number += 1
