"""Our logic written as expressions of SurveyJS, such that they decide the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from surveys import kinds
from surveys.formats.surveyjs.values import as_number
from surveys.parts import Definition, Logic, Question

_COMPARED = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
_FUNCTIONS = {
    "sum": "sum", "avg": "avg", "count": "count", "round": "round", "min": "min", "max": "max",
    "year": "year", "month": "month", "day": "day",
}  # fmt: skip
_SPECIAL = {"_today": "today()", "_language": "{locale}"}


class Unwritable(Exception):
    """Logic that no expression of SurveyJS says."""


class Writer:
    """Writes the logic of one definition; knows which of its names hold choices."""

    def __init__(self, definition: Definition) -> None:
        self._kinds: dict[str, Question] = {}
        self._entries: set[str] = set()
        self._others: dict[str, str] = {}
        for question in definition.questions:
            if question.kind == "entries":
                self._entries.add(question.key)
            for atom in kinds.atoms(question):
                self._kinds[atom.key] = atom
            for choice in question.choices:
                if choice.takes_text:
                    self._others[f"{question.key}.{choice.key}"] = choice.key

    def condition(self, logic: Logic) -> str:
        """A condition as an expression; raises Unwritable."""
        if isinstance(logic, bool):
            return "true" if logic else "false"
        return self._said(logic)

    def calculation(self, logic: Logic) -> str:
        """A value as an expression; raises Unwritable."""
        return self._said(logic)

    def _said(self, logic: Logic) -> str:
        if isinstance(logic, list):
            return f"[{', '.join(self._said(each) for each in logic)}]"
        if not isinstance(logic, dict):
            return _plain(logic)
        if len(logic) != 1:
            raise Unwritable("An object is compared.")
        ((sign, given),) = logic.items()
        if sign == "var":
            return self._name(given)
        write = self._writers().get(sign)
        if write is None or not isinstance(given, list):
            raise Unwritable(f"There is no {sign} in SurveyJS.")
        return write(given)

    def _writers(self) -> Mapping[str, Callable[[list[Logic]], str]]:
        return {
            "and": self._all_of,
            "length": self._length,
            "or": lambda given: self._chained("or", given),
            "!": lambda given: f"!({self._said(given[0])})",
            "==": lambda given: self._equal("=", given),
            "!=": lambda given: self._equal("!=", given),
            **{sign: self._ordered(sign) for sign in _COMPARED},
            "in": self._in,
            "contains": self._contains,
            "any_of": lambda given: self._between("anyof", given),
            "all_of": lambda given: self._between("allof", given),
            "none_of": lambda given: self._between("noneof", given),
            "is_empty": lambda given: f"{self._variable(given[0])} empty",
            "is_answered": lambda given: f"{self._variable(given[0])} notempty",
            "!!": lambda given: f"!(!({self._said(given[0])}))",
            "if": self._if,
            "cat": self._joined,
            "-": self._minus,
            "/": lambda given: self._between("/", given),
            "*": lambda given: self._chained("*", given),
            "%": lambda given: self._between("%", given),
            "date_add_days": self._added_days,
            "days_between": self._unwritable,
            **{sign: self._function(name) for sign, name in _FUNCTIONS.items()},
        }

    def _unwritable(self, given: list[Logic]) -> str:
        raise Unwritable("SurveyJS counts days between dates without regard to their order.")

    def _name(self, given: Logic) -> str:
        if not isinstance(given, str) or not given:
            raise Unwritable("A name is computed.")
        if given in _SPECIAL:
            return _SPECIAL[given]
        head, _, rest = given.partition(".")
        if head == "_data":
            return f"{{{rest}}}"
        if head == "_text" and rest in self._others and self._others[rest] == "other":
            return f"{{{rest.partition('.')[0]}-Comment}}"
        if head.startswith("_") and head not in {key.split(".")[0] for key in self._kinds}:
            raise Unwritable(f"SurveyJS does not know {given}.")
        if head in self._entries and rest.partition(".")[0].isdigit():
            number, _, part = rest.partition(".")
            return f"{{{head}[{int(number) - 1}].{part}}}"
        return f"{{{given}}}"

    def _variable(self, given: Logic) -> str:
        if not (isinstance(given, dict) and "var" in given):
            raise Unwritable("Whether a calculation is empty cannot be asked.")
        return self._said(given)

    def _question(self, given: Logic) -> Question | None:
        path = given.get("var") if isinstance(given, dict) else None
        return self._kinds.get(path) if isinstance(path, str) else None

    def _takes_many(self, given: Logic) -> bool:
        question = self._question(given)
        return question is not None and kinds.kind(question.kind).takes_many

    def _part(self, logic: Logic) -> str:
        """A part of a larger expression, in brackets where it has parts itself."""
        said = self._said(logic)
        is_atom = not isinstance(logic, dict) or set(logic) <= {"var", *_FUNCTIONS, "if"}
        return said if is_atom else f"({said})"

    def _chained(self, sign: str, given: list[Logic]) -> str:
        if (sign == "or" and len(given) == 1) or not given:
            raise Unwritable("A chain has one part.")
        return f" {sign} ".join(self._part(each) for each in given)

    def _all_of(self, given: list[Logic]) -> str:
        """A chain without the guards that a comparison there has by itself."""
        kept: list[str] = []
        place = 0
        while place < len(given):
            guards = 0
            while _guarded(given, place + guards) is not None:
                guards += 1
            compared = given[place + guards] if guards and place + guards < len(given) else None
            wanted = [_guarded(given, place + each) for each in range(guards)]
            found = self._bare(compared, wanted) if compared is not None else ""
            if found:
                kept.append(f"({found})")
                place += guards + 1
                continue
            kept.append(self._part(given[place]))
            place += 1
        if not kept:
            raise Unwritable("A chain has no part.")
        return kept[0] if len(kept) == 1 else " and ".join(kept)

    def _bare(self, compared: Logic, wanted: list[Logic]) -> str:
        """A comparison whose sides were asked to be answered before; nothing for any other."""
        if not isinstance(compared, dict) or len(compared) != 1:
            return ""
        ((sign, given),) = compared.items()
        if sign not in _COMPARED or not isinstance(given, list) or len(given) != 2:
            return ""
        sides = [each for each in given if isinstance(each, dict)]
        if sides != wanted:
            return ""
        return f"{self._part(given[0])} {sign} {self._part(given[1])}"

    def _length(self, given: list[Logic]) -> str:
        said = self._variable(given[0])
        return f"{said.removesuffix('}')}.length}}"

    def _between(self, sign: str, given: list[Logic]) -> str:
        return f"{self._part(given[0])} {sign} {self._part(given[1])}"

    def _equal(self, sign: str, given: list[Logic]) -> str:
        left, right = given
        if self._takes_many(left) or self._takes_many(right):
            raise Unwritable("A list is compared as a whole.")
        lowered = left.get("lower") if isinstance(left, dict) else None
        if isinstance(lowered, list) and isinstance(right, str):
            if right != right.lower():
                raise Unwritable("Letters' case is compared.")
            left = lowered[0]
        elif isinstance(right, str) and self._is_text(left):
            raise Unwritable("SurveyJS compares texts without regard to letters' case.")
        right = self._truth(left, right)
        return f"{self._part(left)} {sign} {self._part(right)}"

    def _truth(self, left: Logic, right: Logic) -> Logic:
        """Yes and no as the true and false they are there."""
        question = self._question(left)
        if question is None or question.kind != "yes_no" or right not in ("yes", "no"):
            return right
        return right == "yes"

    def _is_text(self, given: Logic) -> bool:
        question = self._question(given)
        return question is not None and question.kind in ("short_text", "long_text", "email", "url")

    def _ordered(self, sign: str) -> Callable[[list[Logic]], str]:
        def ordered(given: list[Logic]) -> str:
            if len(given) != 2:
                first: Logic = {sign: given[:2]}
                second: Logic = {sign: given[1:]}
                return self._chained("and", [first, second])
            left, right = given
            said = f"{self._part(left)} {sign} {self._part(right)}"
            number = as_number(right)
            if number is None or not isinstance(left, dict) or "var" not in left:
                return said
            holds = {"<": number > 0, "<=": number >= 0, ">": number < 0, ">=": number <= 0}[sign]
            # Here no answer counts as nought, in SurveyJS it compares with nothing.
            return f"{self._said(left)} empty or {said}" if holds else said

        return ordered

    def _in(self, given: list[Logic]) -> str:
        part, whole = given
        if isinstance(whole, list):
            listed: Logic = [self._truth(part, each) for each in whole]
            return f"{self._part(part)} anyof {self._said(listed)}"
        if not self._takes_many(whole):
            raise Unwritable("A part of a text is searched.")
        return f"{self._part(whole)} contains {self._part(part)}"

    def _contains(self, given: list[Logic]) -> str:
        left, right = given
        lowered = left.get("lower") if isinstance(left, dict) else None
        if not isinstance(lowered, list) or not isinstance(right, str) or right != right.lower():
            raise Unwritable("SurveyJS searches texts without regard to letters' case.")
        return f"{self._part(lowered[0])} contains {self._part(right)}"

    def _if(self, given: list[Logic]) -> str:
        joined = given[2].get("cat") if len(given) == 3 and isinstance(given[2], dict) else None
        if isinstance(joined, list) and len(joined) == 2 and _adds(given[1]):
            # Whether these are numbers or words, SurveyJS finds out by itself.
            return f"{self._part(joined[0])} + {self._part(joined[1])}"
        if len(given) < 2:
            raise Unwritable("A choice has no condition.")
        rest = given[2:]
        otherwise = (
            "null" if not rest else self._said(rest[0]) if len(rest) == 1 else self._if(rest)
        )
        return f"iif({self._said(given[0])}, {self._said(given[1])}, {otherwise})"

    def _joined(self, given: list[Logic]) -> str:
        if len(given) == 1:
            return self._said(given[0])
        if not any(isinstance(each, str) and as_number(each) is None for each in given):
            raise Unwritable("Values are put one after the other without words between them.")
        return " + ".join(self._part(each) for each in given)

    def _minus(self, given: list[Logic]) -> str:
        if len(given) == 1:
            return f"0 - {self._part(given[0])}"
        return f"{self._part(given[0])} - {self._part(given[1])}"

    def _added_days(self, given: list[Logic]) -> str:
        return f"dateAdd({self._said(given[0])}, {self._said(given[1])}, 'days')"

    def _function(self, name: str) -> Callable[[list[Logic]], str]:
        return lambda given: f"{name}({', '.join(self._said(each) for each in given)})"


def _guarded(given: list[Logic], place: int) -> Logic:
    """What is asked to be answered at this place of a chain."""
    part = given[place] if place < len(given) else None
    asked = part.get("is_answered") if isinstance(part, dict) else None
    return asked[0] if isinstance(asked, list) else None


def _adds(logic: Logic) -> bool:
    if not isinstance(logic, dict) or len(logic) != 1:
        return False
    ((sign, given),) = logic.items()
    if sign == "round" and isinstance(given, list):
        return _adds(given[0])
    return sign == "sum"


def _plain(value: Logic) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    if not isinstance(value, str) or any(sign in value for sign in "'\"\\\n"):
        raise Unwritable("A text with quotation marks is compared.")
    return f"'{value}'"


def constant_of(logic: Logic) -> str | int | float | None:
    """The value of logic that is one, as a definition keeps it."""
    if isinstance(logic, dict) and isinstance(parts := logic.get("cat"), list) and len(parts) == 1:
        logic = parts[0]
    if isinstance(logic, str) or (isinstance(logic, int | float) and not isinstance(logic, bool)):
        return logic
    return None
