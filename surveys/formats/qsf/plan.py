"""The flow of a QSF laid out as one line: blocks visited, values set, ends, randomised units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from surveys.formats.naming import Keys, plain
from surveys.formats.qsf.data import Fields
from surveys.formats.qsf.file import File
from surveys.formats.qsf.loops import MOST_LOOPS, rounds
from surveys.formats.qsf.parts import Document, Visit, When
from surveys.formats.qsf.values import is_on, listed, mapping, name, whole

# Between two elements of the flow there is room for the questions of a block.
STEP = 1000
MOST_VISITS = 1500
_NOT_ASKED: Mapping[str, object] = {}


class Sets(NamedTuple):
    """Embedded data that is given values: field and value, None where it only is declared."""

    number: int
    values: tuple[tuple[str, object], ...]
    guards: tuple[When, ...]
    unit: str


class Ends(NamedTuple):
    """An end of the survey in the flow."""

    number: int
    payload: Mapping[str, object]
    guards: tuple[When, ...]
    unit: str
    is_last: bool


class Drawn(NamedTuple):
    """An arm of a randomizer in which nothing is asked; it still takes its turn."""

    number: int
    unit: str


Leg: TypeAlias = Visit | Sets | Ends | Drawn


@dataclass
class Plan:
    """The whole line, with the blocks and randomizers of ours it needs."""

    legs: list[Leg] = field(default_factory=list)
    units: dict[str, Document] = field(default_factory=dict)
    randomizers: list[Document] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    # Flow elements without a counterpart: where, what, why.
    unresolved: list[tuple[str, str, str]] = field(default_factory=list)


class Planner:
    """Walks the flow of one file."""

    def __init__(self, file: File, fields: Fields) -> None:
        self.file = file
        self.fields = fields
        self.plan = Plan()
        self._keys = Keys()
        self._titles: Counter[str] = Counter()
        self._number = 0
        self._is_full = False

    def walk(self) -> Plan:
        """The plan of the file's flow."""
        self._nodes(self.file.flow, (), "", is_top=True)
        return self.plan

    def _nodes(
        self, nodes: Sequence[object], guards: tuple[When, ...], unit: str, *, is_top: bool = False
    ) -> None:
        for place, node in enumerate(nodes):
            if isinstance(node, dict):
                self._node(node, guards, unit, is_last=is_top and place == len(nodes) - 1)

    def _node(
        self, node: Mapping[str, object], guards: tuple[When, ...], unit: str, *, is_last: bool
    ) -> None:
        kind = name(node.get("Type"))
        inside = listed(node.get("Flow"))
        path = name(node.get("FlowID")) or kind
        if kind in ("Block", "Standard", "Default"):
            self._block(name(node.get("ID")), guards, unit)
        elif kind == "EmbeddedData":
            self._embedded(node, guards, unit)
        elif kind == "Branch":
            logic = When(node.get("BranchLogic"), f"{path}.BranchLogic")
            self._nodes(inside, (*guards, logic), unit)
        elif kind in ("BlockRandomizer", "Randomizer"):
            self._randomizer(node, inside, guards, unit, path)
        elif kind == "Group":
            self._nodes(inside, guards, unit)
        elif kind == "EndSurvey":
            self._add(Ends(self._next(), node, guards, unit, is_last and not guards))
        elif kind == "WebService":
            self._web_service(node, path)
        elif kind in ("Authenticator", "TableOfContents", "Root"):
            self.plan.notes.append(f"The {kind} of the flow is left out; what is in it is asked.")
            self._nodes(inside, guards, unit)
        elif kind == "Quota":
            self.plan.notes.append("Quotas are looked at on every page, not at one place only.")
        elif kind:
            why = "This element of the flow is not known here; what is in it is not shown."
            if kind == "ReferenceSurvey":
                why = "The questions of a library block are not in the file."
            self.plan.unresolved.append((path, kind, why))
            self._nodes(inside, (*guards, When(None, path, also=False)), unit)

    def _next(self) -> int:
        self._number += STEP
        return self._number

    def _add(self, leg: Leg) -> None:
        if len(self.plan.legs) < MOST_VISITS:
            self.plan.legs.append(leg)
        elif not self._is_full:
            self._is_full = True
            why = f"The flow is longer than {MOST_VISITS} elements; what follows is left out."
            self.plan.unresolved.append(("flow", "", why))

    def unit(self, title: object, randomizer: str = "") -> str:
        """A new block of ours."""
        words = plain(title)[:30] if isinstance(title, str) else ""
        self._titles[words] += 1
        if self._titles[words] > 1:
            # Counting here is quicker than looking for a key that is free.
            words = f"{words or 'block'}_{self._titles[words]}"
        key = self._keys.key(len(self.plan.units), words, "block")
        self.plan.units[key] = {"key": key, "title": title}
        if randomizer:
            self.plan.units[key]["randomizer"] = randomizer
        return key

    def _block(self, source: str, guards: tuple[When, ...], unit: str) -> None:
        block = self.file.blocks.get(source)
        if block is None:
            self.plan.notes.append("The flow names a block that is not in the file.")
            return
        if self._is_full:
            return
        options = mapping(block.get("Options"))
        loops = rounds(options, self.file.questions)
        title = block.get("Description")
        if loops is None:
            self._visit(source, guards, unit or self.unit(title), None, {})
            return
        if len(loops) > MOST_LOOPS:
            why = f"It loops more than {MOST_LOOPS} times; the rest is left out."
            self.plan.unresolved.append((f"{source}.Looping", "", why))
            loops = loops[:MOST_LOOPS]
        chosen = mapping(options.get("LoopingOptions"))
        drawn = name(chosen.get("Randomization"))
        randomizer = ""
        if drawn in ("All", "Subset", "SubSet") and not unit and len(loops) > 1:
            show = whole(chosen.get("TotalRandSubset")) if drawn != "All" else None
            randomizer = self._draws(show, len(loops), is_even=False)
        elif drawn in ("All", "Subset", "SubSet"):
            self.plan.notes.append("A loop inside a randomizer goes through its rows in order.")
        for number, (loop, values, logic) in enumerate(loops, 1):
            more = (*guards, logic) if logic is not None else guards
            held = unit or self.unit(title, randomizer)
            self._visit(source, more, held, (loop, number, len(loops)), values)

    def _visit(
        self,
        source: str,
        guards: tuple[When, ...],
        unit: str,
        loop: tuple[str, int, int] | None,
        fields: Mapping[str, str],
    ) -> None:
        self._add(Visit(self._next(), source, guards, unit, loop, fields))

    def _embedded(self, node: Mapping[str, object], guards: tuple[When, ...], unit: str) -> None:
        values: dict[str, object] = {}
        for part in listed(node.get("EmbeddedData")):
            field = mapping(part)
            if source := name(field.get("Field")):
                value = field.get("Value")
                values[source] = None if field.get("Type") == "Recipient" or value == "" else value
        number = self._next()
        for source, value in values.items():
            self.fields.note(source, value, number, is_free=not guards and not unit)
        if values:
            self._add(Sets(number, tuple(values.items()), guards, unit))

    def _web_service(self, node: Mapping[str, object], path: str) -> None:
        self.plan.notes.append("A web service of the flow is not called.")
        for part in listed(node.get("ResponseMap")):
            if source := name(mapping(part).get("value")) or name(mapping(part).get("key")):
                self.fields.from_outside(source)

    def _draws(self, show: int | None, arms: int, *, is_even: bool) -> str:
        key = self._keys.key(("randomizer", len(self.plan.randomizers)), "draw", "draw")
        document: Document = {"key": key, "is_even": is_even}
        if show is not None and 0 < show < arms:
            document["show"] = show
        self.plan.randomizers.append(document)
        return key

    def _randomizer(
        self,
        node: Mapping[str, object],
        inside: Sequence[object],
        guards: tuple[When, ...],
        unit: str,
        path: str,
    ) -> None:
        arms = [each for each in inside if isinstance(each, dict)]
        show = whole(node.get("SubSet"))
        if len(arms) < 2:
            self._nodes(arms, guards, unit)
            return
        if not unit:
            key = self._draws(show, len(arms), is_even=is_on(node.get("EvenPresentation")))
            for arm in arms:
                block = self.file.blocks.get(name(arm.get("ID")))
                title = arm.get("Description") or (block or _NOT_ASKED).get("Description")
                held = self.unit(title, key)
                before = len(self.plan.legs)
                self._nodes([arm], guards, held)
                if len(self.plan.legs) == before:
                    self._add(Drawn(self._next(), held))
            return
        chosen = None
        if show is not None and 0 < show < len(arms):
            chosen = self.fields.subset([str(n) for n in range(len(arms))], show)
        if chosen is None:
            self.plan.notes.append(
                f"The randomizer {path} stands inside another one; its parts keep their order."
            )
            self._nodes(arms, guards, unit)
            return
        self.plan.notes.append(
            f"The randomizer {path} stands inside another one: which parts are shown is drawn, each "
            "as likely as the others, but they keep their order."
        )
        for number, arm in enumerate(arms):
            self._nodes([arm], (*guards, When(None, path, also=chosen[str(number)])), unit)
