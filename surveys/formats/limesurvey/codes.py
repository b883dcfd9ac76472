"""The codes our keys become in LimeSurvey, and what its expressions call each answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from surveys import kinds
from surveys.formats.expressionscript.writing import Sort, Written
from surveys.parts import Carry, Choice, Definition, Question

_LONGEST = 20
_OTHERS = re.compile(r"[^a-z0-9]+")
TYPES = {
    "nps": "L", "csat": "L", "ces": "L", "stars": "L", "smileys": "L", "likert": "L", "scale": "L",
    "single_choice": "L", "consent": "L", "dropdown": "!", "yes_no": "Y", "multiple_choice": "M",
    "ranking": "R", "constant_sum": "K", "matrix_single": "F", "matrix_dropdown": "F",
    "matrix_rating": "F", "semantic_differential": "F", "matrix_multiple": ":", "matrix_text": "Q",
    "matrix_number": "K", "short_text": "S", "long_text": "T", "statement": "X", "number": "N",
    "slider": "N", "date": "D", "email": "S", "phone": "S", "url": "S", "time": "D", "address": "Q",
    "contact": "Q", "calculated": "*", "hidden": "S", "picture_choice": "L", "signature": "S",
    "date_time": "D", "file_upload": "|",
}  # fmt: skip
_LISTS = frozenset({"L", "!", "R"})


@dataclass(slots=True)
class Coded:
    """A question with its codes: of itself, its choices, rows and columns by their keys."""

    question: Question
    code: str
    type: str
    choices: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)


class Codes:
    """The codes of a whole survey."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.by_key: dict[str, Coded] = {}
        self.names: dict[str, Written] = {}
        taken: set[str] = set()
        for question in definition.questions:
            coded = self._coded(question, _free(question.key, taken, _LONGEST))
            self.by_key[question.key] = coded
            self._name(coded)

    def _coded(self, question: Question, code: str) -> Coded:
        made = Coded(question, code, type_of(question))
        choices = question.choices or self._carried(question.choices_from)
        rows = question.rows or self._carried(question.rows_from)
        longest = 5 if made.type in (*_LISTS, "F", "1") else _LONGEST
        made.choices = short((each.key for each in choices), longest)
        if made.type in ("M", "P", "K") and question.kind in ("multiple_choice", "constant_sum"):
            made.rows = made.choices
        else:
            made.rows = short((each.key for each in rows), _LONGEST)
        if question.kind == "matrix_multiple":
            made.columns = short((each.key for each in choices), _LONGEST)
        elif made.type in (":", ";", "1"):
            made.columns = short((each.key for each in question.parts), _LONGEST)
        other = other_of(question)
        if other is not None and made.type in ("L", "!"):
            made.choices[other.key] = "-oth-"
        return made

    def _carried(self, carry: Carry | None) -> tuple[Choice, ...]:
        """The choices taken over from an earlier question."""
        source = self.by_key.get(carry.question) if carry is not None else None
        return (source.question.rows or source.question.choices) if source is not None else ()

    def lookup(self, path: str) -> Written | None:
        """What an expression calls the answer at this path; None where LimeSurvey has none."""
        if path == "_language":
            return Written("LANG", "text")
        if path == "_today":
            return Written('date("Y-m-d")', "date")
        if path.startswith("_data."):
            known = {each.key: each for each in self.definition.data}
            field_ = known.get(path[6:])
            if field_ is not None and field_.source in ("contact", "link") and field_.name:
                name = (
                    field_.name.upper()
                    .replace("FIRST_NAME", "FIRSTNAME")
                    .replace("LAST_NAME", "LASTNAME")
                )
                return (
                    Written("TOKEN" if name == "TOKEN" else f"TOKEN:{name}", "text")
                    if name.replace("_", "").isalnum()
                    else None
                )
            return None
        return self.names.get(path)

    def _name(self, coded: Coded) -> None:
        """Note the names of a question's variables."""
        question, code = coded.question, coded.code
        key = question.key
        if coded.type in ("M", "P"):
            parts = {each: f"{code}_{coded.rows[each]}.NAOK" for each in coded.rows}
            other = other_of(question) if coded.type == "M" else None
            if other is not None:
                parts[other.key] = f"{code}_other.NAOK"
                self.names[f"_text.{key}.{other.key}"] = Written(f"{code}_other.NAOK", "text")
            self.names[key] = Written(f"{code}.NAOK", "marks", parts=parts)
            for each, sub in coded.rows.items():
                if coded.type == "P":
                    self.names[f"_text.{key}.{each}"] = Written(f"{code}_{sub}comment.NAOK", "text")
            return
        if coded.type == "R":
            for place in range(len(coded.choices)):
                self.names[f"{key}.{place}"] = Written(
                    f"{code}_{place + 1}.NAOK", "choice", coded.choices
                )
            return
        if coded.rows:
            self._name_cells(coded)
            return
        sort, codes = self._sort(coded)
        self.names[key] = Written(f"{code}.NAOK", sort, codes)
        other = other_of(question)
        if other is not None:
            self.names[f"_text.{key}.{other.key}"] = Written(f"{code}_other.NAOK", "text")

    def _sort(self, coded: Coded) -> tuple[Sort, Mapping[str, str]]:
        kind = coded.question.kind
        if coded.type == "Y":
            return "choice", {"yes": "Y", "no": "N"}
        if kind == "date":
            return "date", {}
        if coded.choices:
            return "choice", coded.choices
        if coded.type in ("L", "5", "N"):
            return "number", {}
        return "text", {}

    def _name_cells(self, coded: Coded) -> None:
        key, code = coded.question.key, coded.code
        for row, sub in coded.rows.items():
            name = f"{code}_{sub}"
            if coded.type == ":" and coded.question.kind == "matrix_multiple":
                parts = {each: f"{name}_{column}.NAOK" for each, column in coded.columns.items()}
                self.names[f"{key}.{row}"] = Written(f"{name}.NAOK", "marks", parts=parts, mark="1")
            elif coded.type == "1":
                for place, part in enumerate(coded.question.parts):
                    codes = short((each.key for each in part.choices), 5)
                    self.names[f"{key}.{row}.{part.key}"] = Written(
                        f"{name}_{place}.NAOK", "choice", codes
                    )
            elif coded.type in (":", ";"):
                sort: Sort = "number" if coded.type == ":" else "text"
                for part_key, column in coded.columns.items():
                    self.names[f"{key}.{row}.{part_key}"] = Written(f"{name}_{column}.NAOK", sort)
            elif coded.choices and coded.type == "F":
                self.names[f"{key}.{row}"] = Written(f"{name}.NAOK", "choice", coded.choices)
            else:
                sort = "text" if coded.type == "Q" else "number"
                self.names[f"{key}.{row}"] = Written(f"{name}.NAOK", sort)


def type_of(question: Question) -> str:
    """The type code of a question; "" where LimeSurvey has none."""
    if question.kind == "multiple_choice":
        texts = [each.takes_text for each in question.choices]
        return "P" if len(texts) > 1 and all(texts) else "M"
    if question.kind == "grid":
        asked = {part.kind for part in question.parts}
        if asked == {"number"} or _are_numbers(question):
            return ":"
        if len(question.parts) == 2 and asked <= {"single_choice", "dropdown"}:
            return "1"
        return ";" if asked <= {"short_text", "long_text", "email", "phone", "url"} else ""
    if question.kind in ("scale", "stars", "smileys") and points(question) == (1, 2, 3, 4, 5):
        return "5" if "labels" not in question.settings else "L"
    if question.kind == "matrix_rating" and not any(each.opposite for each in question.rows):
        return {(1, 5): "A", (1, 10): "B"}.get((low_of(question), high_of(question)), "F")
    return TYPES.get(question.kind, "")


def _are_numbers(question: Question) -> bool:
    """Whether all parts are lists of the same numbers in a row."""
    lists = {tuple(each.key for each in part.choices) for part in question.parts}
    return (
        {part.kind for part in question.parts} == {"dropdown"}
        and len(lists) == 1
        and all(key.isdigit() for key in next(iter(lists)))
    )


def points(question: Question) -> tuple[int, ...]:
    """The points of a scale, from kinds' own declaration."""
    return kinds.points(question)


def low_of(question: Question) -> int:
    """The lowest point of a matrix of ratings."""
    value = question.settings.get("low", 1)
    return int(value) if isinstance(value, int | float) else 1


def high_of(question: Question) -> int:
    """The highest point of a matrix of ratings."""
    value = question.settings.get("high", 5)
    return int(value) if isinstance(value, int | float) else 5


def other_of(question: Question) -> Choice | None:
    """The one choice that takes words beside it, where there is exactly one."""
    if type_of(question) == "P":
        return None
    found = [each for each in question.choices if each.takes_text]
    return found[0] if len(found) == 1 else None


def _free(key: str, taken: set[str], longest: int) -> str:
    """A code of letters and digits that begins with a letter and is not taken."""
    plain = _OTHERS.sub("", key)[:longest] or "q"
    plain = plain if plain[0].isalpha() else f"q{plain}"[:longest]
    made, number = plain, 1
    while made in taken:
        number += 1
        made = f"{plain[: longest - len(str(number))]}{number}"
    taken.add(made)
    return made


def short(keys: Iterable[str], longest: int) -> dict[str, str]:
    """A code for each key: itself where it is short enough, else a numbered one."""
    listed = list(keys)
    plain = {key: _OTHERS.sub("", key) for key in listed}
    taken = {code for key, code in plain.items() if code == key and 0 < len(code) <= longest}
    made: dict[str, str] = {}
    for place, key in enumerate(listed, 1):
        code = plain[key]
        if code == key and 0 < len(code) <= longest:
            made[key] = code
            continue
        number = place
        wanted = code if 0 < len(code) <= longest else f"A{number}"
        while wanted in taken:
            number += 1
            wanted = f"A{number}"
        taken.add(wanted)
        made[key] = wanted
    return made
