"""What sources said of people as columns of numbers, so that millions can be compared at once."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from efm.customers import names

Numbers = npt.NDArray[np.int64]
MISSING = -1
_EUROPEAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


@dataclass(frozen=True)
class Said:
    """What one source said of one contact."""

    contact_id: uuid.UUID
    source: uuid.UUID | str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    birth_date: str | None = None
    postal_code: str | None = None
    street: str | None = None
    city: str | None = None
    person_id: str | None = None


@dataclass
class Coded:
    """A column: each value once, and for each row which (MISSING for none)."""

    values: list[str] = field(default_factory=list)
    codes: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    counts: Numbers = field(default_factory=lambda: np.empty(0, np.int64))

    @classmethod
    def of(cls, given: Iterable[str]) -> Coded:
        """A column of these; empty text is missing."""
        known: dict[str, int] = {}
        codes = [known.setdefault(each, len(known)) if each else MISSING for each in given]
        return cls._counted(list(known), np.asarray(codes, np.int64))

    @classmethod
    def _counted(cls, values: list[str], codes: Numbers) -> Coded:
        counts = np.bincount(codes[codes >= 0], minlength=len(values)).astype(np.int64)
        return cls(values, codes, counts)

    def derived(self, make: Callable[[str], str]) -> Coded:
        """The column made from this one's values, each made once."""
        made = Coded.of(make(each) for each in self.values)
        at = np.append(made.codes, MISSING)  # MISSING is the last place too.
        return Coded._counted(made.values, at[self.codes])


def day(value: str | None) -> str:
    """A birthday as eight digits, or nothing when it does not have them."""
    if not value:
        return ""
    if found := _EUROPEAN_DAY.fullmatch(value.strip()):
        return f"{found[3]}{int(found[2]):02d}{int(found[1]):02d}"
    digits = re.sub(r"\D", "", value[:10])
    return digits if len(digits) == 8 else ""


def compact(value: str | None) -> str:
    """Letters and digits only: a postal code, an id."""
    return re.sub(r"[\W_]", "", value).casefold() if value else ""


@dataclass(frozen=True)
class People:
    """Rows of what was said; `contact` and `source` are numbers too, `ids` the contacts' own."""

    ids: Sequence[uuid.UUID]
    contact: Numbers
    source: Coded
    given: Coded
    family: Coded
    whole: Coded
    email: Coded
    phone: Coded
    birth: Coded
    postal: Coded
    street: Coded
    city: Coded
    person_id: Coded

    def __len__(self) -> int:
        return len(self.contact)


class Gathering:
    """Takes in what was said, a part at a time, and makes the columns of it."""

    _COLUMNS = (
        "name",
        "email",
        "phone",
        "birth_date",
        "postal_code",
        "street",
        "city",
        "person_id",
    )

    def __init__(self) -> None:
        self._ids: dict[uuid.UUID, int] = {}
        self._contact: list[int] = []
        self._source: list[str] = []
        self._known: list[dict[str, int]] = [{} for _ in self._COLUMNS]
        self._codes: list[list[int]] = [[] for _ in self._COLUMNS]

    def add(self, each: Said) -> None:
        """One record of one source."""
        self._contact.append(self._ids.setdefault(each.contact_id, len(self._ids)))
        self._source.append(str(each.source))
        told = (
            each.name, each.email, each.phone, each.birth_date, each.postal_code, each.street,
            each.city, each.person_id,
        )  # fmt: skip
        for value, known, codes in zip(told, self._known, self._codes, strict=True):
            codes.append(known.setdefault(value, len(known)) if value else MISSING)

    def people(self) -> People:
        """The columns of all that was taken in; this is empty afterwards."""
        raw = {
            name: Coded(list(known), np.asarray(codes, np.int64))
            for name, known, codes in zip(self._COLUMNS, self._known, self._codes, strict=True)
        }
        self._known, self._codes = [], []
        name = raw["name"].derived(lambda value: " ".join(names.words(value)))
        return People(
            ids=list(self._ids),
            contact=np.asarray(self._contact, np.int64),
            source=Coded.of(self._source),
            given=name.derived(lambda value: value.split(" ", 1)[0]),
            family=name.derived(lambda value: value.rsplit(" ", 1)[1] if " " in value else ""),
            whole=name.derived(lambda value: " ".join(sorted(value.split()))),
            email=raw["email"].derived(str),
            phone=raw["phone"].derived(str),
            birth=raw["birth_date"].derived(day),
            postal=raw["postal_code"].derived(compact),
            street=raw["street"].derived(names.plain),
            city=raw["city"].derived(names.plain),
            person_id=raw["person_id"].derived(compact),
        )
