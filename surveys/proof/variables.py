"""The variables logic reads: which answers a path names, and every value such an answer may have."""

from __future__ import annotations

from itertools import combinations, permutations
from math import ceil, floor
from typing import Literal, NamedTuple, TypeAlias

from surveys import kinds
from surveys.expressions import Value
from surveys.kinds.base import whole
from surveys.parts import DataField, Question
from surveys.proof.places import LAST, Atom, Places, Site

# "listed": all values are known. "number", "text", "day", "many" (several of many choices): only
# values that logic compares with matter. "any": it may be anything a link or a calculation gives.
Form: TypeAlias = Literal["listed", "number", "text", "day", "many", "any"]

_MOST_POINTS = 101
_MOST_CHOICES_LISTED = 7
_MOST_RANKED_LISTED = 4


class Domain(NamedTuple):
    """What values there are, beside no value at all."""

    form: Form
    values: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None
    is_whole: bool = False
    first: str = ""
    last: str = ""


class Variable(NamedTuple):
    """A place in the data; ``atom`` is the answer it holds, None where it holds no answer."""

    name: str
    domain: Domain
    atom: Atom | None


class Named(NamedTuple):
    """What a path names. ``problem`` says why it names nothing, ``is_fixed`` is false where what it

    names changes while logic runs, so that nothing can be said of it.
    """

    variables: tuple[Variable, ...] = ()
    problem: str = ""
    is_fixed: bool = True


ANY = Domain("any")
_CHANGING = ("_row", "_choice", "_response")


class Variables:
    """The variables of one survey."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.fields = {each.key: each for each in places.definition.data}
        self._known: dict[str, Named] = {}

    def named(self, path: str) -> Named:
        """What a path names."""
        found = self._known.get(path)
        if found is None:
            found = self._known[path] = self._named(path)
        return found

    def is_there(self, variable: Variable, site: Site) -> bool | None:
        """Whether its value is final at a moment, for everybody."""
        return True if variable.atom is None else self.places.is_before(variable.atom, site)

    def may_be_nothing(self, variable: Variable, site: Site) -> bool:
        """Whether it may have no value at a moment."""
        if variable.atom is None:
            return not (variable.domain.form == "listed" and variable.domain.values)
        page = variable.atom.page
        is_left = site == Site(page, LAST) or self.places.page_before(page, site.page) is True
        is_answer = not variable.name.startswith("_")
        return not (is_left and is_answer and self.places.is_certain(variable.atom))

    def _named(self, path: str) -> Named:
        if path.startswith("_"):
            return self._beside(path)
        atoms = self.places.atoms
        if path in atoms and not atoms[path].is_beside:
            return Named((self._answer(atoms[path]),))
        if path in self.places.groups:
            members = self.places.groups[path]
            return Named(tuple(self._answer(atoms[each]) for each in members))
        parent, _, last = path.rpartition(".")
        if parent in atoms and last.isdecimal() and not atoms[parent].is_beside:
            return Named((self._answer(atoms[parent]),))
        head = path.partition(".")[0]
        if head in self.places.asked:
            return Named(problem=f"The question {head} has no part called {path[len(head) + 1 :]}.")
        return Named(problem=f"There is no question called {head}.")

    def _answer(self, atom: Atom) -> Variable:
        return Variable(atom.question.key, domain(atom.question, atom.asked), atom)

    def _beside(self, path: str) -> Named:
        head, _, rest = path.partition(".")
        definition = self.places.definition
        if head == "_data":
            return self._data(rest)
        if head == "_language" and not rest:
            return Named((Variable(path, Domain("listed", definition.languages), None),))
        if head == "_today" and not rest:
            return Named((Variable(path, Domain("day"), None),))
        if head == "_text":
            return self._words(path, rest)
        if head == "_sentiment":
            atom = self.places.atoms.get(rest)
            if atom is None or kinds.kind(atom.question.kind).answer != "text":
                return Named(problem=f"There is no comment called {rest} to tell the feeling of.")
            return Named((Variable(path, Domain("number", low=-1.0, high=1.0), atom),))
        if head in _CHANGING:
            return Named(is_fixed=False)
        if head == "_entry":
            words = "Only parts of a question can name one another by _entry; write the key of the"
            return Named(problem=f"{words} question itself.")
        return Named(problem=f"There is no question called {head}.")

    def _data(self, rest: str) -> Named:
        key, _, inside = rest.partition(".")
        if not key:
            return Named(is_fixed=False)
        field = self.fields.get(key)
        hidden = self.places.atoms.get(key)
        if field is None and (hidden is None or hidden.question.kind != "hidden"):
            return Named(problem=f"There is no data field called {key}. Declare it under data.")
        values = ANY if field is None or inside else _data_domain(field)
        return Named((Variable(f"_data.{key}", values, None),))

    def _words(self, path: str, rest: str) -> Named:
        atom = self.places.atoms.get(f"{rest}.text")
        if atom is not None and atom.is_beside:
            return Named((Variable(path, Domain("text"), atom),))
        members = self.places.groups.get(path, [])
        atoms = [(each, self.places.atoms[f"{each[6:]}.text"]) for each in members]
        if atoms:
            return Named(tuple(Variable(each, Domain("text"), atom) for each, atom in atoms))
        return Named(problem=f"No choice called {rest} takes words beside it.")


def _data_domain(field: DataField) -> Domain:
    return Domain("listed", field.choices) if field.source == "random" and field.choices else ANY


def domain(question: Question, asked: Question) -> Domain:
    """All values an answer may have as logic sees it; more than it has is no harm."""
    kind = kinds.kind(question.kind)
    if points := kind.points(question):
        return Domain("listed", points)
    if kind.answer == "choices" and not kind.has_choices:
        return ANY  # Files are kept as keys that nobody knows before.
    keys = tuple(choice.key for choice in question.choices)
    if question.kind == "ranking":
        return Domain("listed", _rankings(keys)) if len(keys) <= _MOST_RANKED_LISTED else ANY
    if kind.takes_many:
        if len(keys) > _MOST_CHOICES_LISTED:
            return Domain("many", keys)
        return Domain("listed", _subsets(question, asked))
    if kind.answer == "choices":
        return Domain("listed", keys)
    if kind.answer == "numeric":
        return _numbers(question)
    if kind.answer == "date":
        first, last = (str(question.settings.get(name, "")) for name in ("minimum", "maximum"))
        return Domain("day", first=first, last=last)
    return Domain("text") if kind.answer == "text" and kind.is_asked else ANY


def _numbers(question: Question) -> Domain:
    low, high = question.settings.get("minimum"), question.settings.get("maximum")
    least = float(low) if isinstance(low, int | float) else None
    most = float(high) if isinstance(high, int | float) else None
    is_whole = whole(question.settings.get("decimals"), 0) == 0
    if is_whole and least is not None and most is not None and most - least < _MOST_POINTS:
        return Domain("listed", tuple(range(ceil(least), floor(most) + 1)))
    return Domain("number", low=least, high=most, is_whole=is_whole)


def _rankings(keys: tuple[str, ...]) -> tuple[Value, ...]:
    sizes = range(1, len(keys) + 1)
    return tuple(list(each) for size in sizes for each in permutations(keys, size))


def _subsets(question: Question, asked: Question) -> tuple[Value, ...]:
    """What may be chosen together; a minimum counts only where all choices are always offered."""
    alone = {choice.key for choice in question.choices if choice.is_exclusive}
    keys = [choice.key for choice in question.choices]
    is_narrowed = asked.choices_from is not None or any(
        each.show_if is not None for each in asked.choices
    )
    least = 1 if is_narrowed else max(1, whole(question.settings.get("minimum"), 0))
    most = whole(question.settings.get("maximum"), len(keys))
    found: list[Value] = [[each] for each in keys if each in alone]
    others = [each for each in keys if each not in alone]
    for size in range(least, min(most, len(others)) + 1):
        found += [list(each) for each in combinations(others, size)]
    return tuple(found)
