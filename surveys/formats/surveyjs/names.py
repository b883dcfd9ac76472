"""What the names in expressions and texts of a SurveyJS survey stand for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from surveys.formats.naming import Keys
from surveys.formats.surveyjs.expressions import Scope
from surveys.formats.surveyjs.pieces import Piece, Unknown, both, either
from surveys.parts import Logic
from surveys.strings import tidy

MAX_FIELDS = 150
_MOST_SHARED = 21
_INDEX = re.compile(r"^(.*)\[(-?[0-9]{1,4})\]$", re.DOTALL)
# Names of the source for the place an expression stands in; without that place they mean nothing.
_NEAR = (
    "row panel item choice column self parent prevrow nextrow totalrow prevpanel nextpanel parentpanel"
    " rowindex rowvalue rowname rowtitle visiblerowindex panelindex visiblepanelindex composite matrix"
    " survey"
)
NEAR = frozenset(_NEAR.split())
_COUNTED = frozenset({"pageno", "pagecount", "timespent", "totaltimespent"})


class Names:
    """The names of one survey; questions are added before any logic is read."""

    def __init__(self) -> None:
        self._pieces: dict[str, Piece] = {}
        self._small: dict[str, str] = {}
        self._later: dict[str, Callable[[Scope], Piece]] = {}
        self._fields = Keys()
        self.fields: dict[str, str] = {}
        # Where a named value is found in texts, its logic being no plain variable.
        self.paths: dict[str, str] = {}

    def add(self, name: str, piece: Piece) -> bool:
        """Give a name its meaning; whether it had none before is returned.

        Questions of one name share their answer: it is that of the first which was answered.
        """
        if not name or name in self._later:
            return False
        if name in self._pieces:
            self._pieces[name] = _shared(self._pieces[name], piece)
            return False
        self._pieces[name] = piece
        self._small.setdefault(name.lower(), name)
        return True

    def add_later(self, name: str, work_out: Callable[[Scope], Piece]) -> bool:
        """A name whose meaning is worked out where it is asked for: a calculated value."""
        if not name or name in self._pieces or name in self._later:
            return False
        self._later[name] = work_out
        self._small.setdefault(name.lower(), name)
        return True

    def knows(self, name: str) -> bool:
        """Whether a question or value has this name."""
        return name in self._pieces or name in self._later or name.lower() in self._small

    def find(self, name: str, scope: Scope) -> Piece:
        """What a name stands for; an unknown one is a value from outside. Raises Unknown."""
        found = self.known(name, scope)
        if found is None:
            if len(self.fields) >= MAX_FIELDS:
                raise Unknown("More names than can be kept are used and not asked for.")
            if _INDEX.match(name.split(".")[0]):
                raise Unknown(f"There is no list {name[:60]!r}.")
            said = tidy(name)[:200]
            key = self._fields.key(said, said, "value")
            self.fields[key] = said
            found = Piece("any", {"var": f"_data.{key}"})
        if found.shape == "broken":
            raise Unknown(found.reason)
        return found

    def known(self, name: str, scope: Scope) -> Piece | None:
        """What a name of the survey itself stands for, None for any other; raises Unknown."""
        if name.startswith("$"):
            raise Unknown("It asks how a question is shown, not what was answered.")
        near = {key.lower(): piece for key, piece in scope.near.items()}
        head = name.partition(".")[0].lower()
        if head in near:
            return self._inside(near[head], name[len(head) :].removeprefix("."))
        found = self._whole(name, scope)
        if found is not None:
            return found
        parts = name.split(".")
        for length in range(len(parts) - 1 if len(parts) < 20 else 0, 0, -1):
            start = self._indexed(".".join(parts[:length]), scope)
            if start is not None:
                return self._inside(start, ".".join(parts[length:]))
        found = self._indexed(name, scope)
        if found is None and head in NEAR:
            raise Unknown(f"It asks for {head!r} where there is none.")
        if found is None and head in _COUNTED:
            raise Unknown("It asks for pages or time, which logic does not know here.")
        return Piece("text", {"var": "_language"}) if found is None and head == "locale" else found

    def _whole(self, name: str, scope: Scope) -> Piece | None:
        if name not in self._pieces and name not in self._later:
            name = self._small.get(name.lower(), name)
        if name in self._later:
            return self._later[name](scope)
        return self._pieces.get(name)

    def _indexed(self, name: str, scope: Scope) -> Piece | None:
        """A name with or without a number in brackets."""
        found = _INDEX.match(name)
        if found is None:
            return self._whole(name, scope)
        held = self._whole(found[1], scope)
        return None if held is None else _entry(held, int(found[2]))

    def _inside(self, piece: Piece, rest: str) -> Piece:
        """A part of a table or list by what follows its name."""
        while rest:
            if rest == "length":
                return _length(piece)
            found = piece.of(rest)
            if found is not None:
                return found
            token, _, rest = rest.partition(".")
            indexed = _INDEX.match(token)
            part = piece.of(indexed[1] if indexed else token)
            if part is None and piece.shape == "table" and not indexed:
                # What no row or panel has is empty in all of them.
                return Piece("constant")
            if part is None:
                raise Unknown(f"There is no part {token[:60]!r} of what it asks for.")
            piece = _entry(part, int(indexed[2])) if indexed else part
        return piece


def _shared(first: Piece, second: Piece) -> Piece:
    is_alike = first.shape == second.shape and dict(first.values) == dict(second.values)
    if not is_alike or first.shape in ("table", "broken", "constant"):
        return first
    chain = [first.logic]
    if isinstance(first.logic, dict) and isinstance(inside := first.logic.get("if"), list):
        chain = inside
    if len(chain) > _MOST_SHARED:
        return first
    return replace(
        first, logic={"if": [*chain[:-1], {"is_answered": [chain[-1]]}, chain[-1], second.logic]}
    )


def _entry(piece: Piece, place: int) -> Piece:
    if not piece.entries:
        raise Unknown("It takes by number from what is no list.")
    place = place + len(piece.entries) if place < 0 else place
    if not 0 <= place < len(piece.entries):
        # What was never filled in is empty.
        return replace(
            piece.entries[0],
            parts={name: Piece("constant") for name in piece.entries[0].parts},
        )
    return piece.entries[place]


def _length(piece: Piece) -> Piece:
    if piece.shape == "many":
        return Piece("number", {"count": [piece.logic]})
    if piece.entries:
        filled: list[Logic] = [
            {"if": [_is_filled(each), 1, 0]} for each in piece.entries if each.parts
        ]
        return Piece("number", {"sum": filled or [0]})
    if piece.shape in ("text", "any", "number"):
        return Piece("number", {"length": [piece.logic]})
    raise Unknown("It asks for the length of what has none.")


def _is_filled(entry: Piece) -> Logic:
    answered: list[Logic] = [
        {"is_answered": [each.logic]}
        for each in entry.parts.values()
        if each.shape not in ("broken", "table", "constant")
    ]
    return either(*answered)


def filled(entries: list[Piece]) -> Logic:
    """Whether anything was answered in each of these entries."""
    return both(*(_is_filled(each) for each in entries))
