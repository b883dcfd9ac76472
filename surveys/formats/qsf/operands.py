"""The answers that conditions and texts of a QSF read, at a point of its flow."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from surveys.formats.qsf.conditions import both, either, first_given, size
from surveys.formats.qsf.locators import Locator, key_of, labels, locator, path, selected, value
from surveys.formats.qsf.parts import At, Place, Shape, Unknown, Visit
from surveys.parts import Logic

_LONG = 60
_NPS_GROUPS = {"1": (0, 6), "2": (7, 8), "3": (9, 10)}


class Answers:
    """All questions at all visits, and how their answers are read at a point of the flow."""

    def __init__(self, known: Container[str]) -> None:
        self.places: dict[str, list[Place]] = {}
        # All questions of the file: those without a place are never asked.
        self._known = known
        self.mark: Callable[[Place], str] | None = None

    def add(self, place: Place) -> None:
        """One more place where a question is asked."""
        self.places.setdefault(place.source, []).append(place)

    def keys_at(self, visit: Visit) -> set[str]:
        """The keys of the questions of a visit."""
        return {
            each.made.shape.key
            for places in self.places.values()
            for each in places
            if each.visit is visit
        }

    def _is_never_asked(self, wanted: Locator) -> bool:
        return wanted.source not in self.places and wanted.source in self._known

    def at(self, wanted: Locator, at: At) -> list[Place]:
        """The places a locator means here: of this visit, of the loop it names, or those before."""
        places = self.places.get(wanted.source)
        if not places:
            raise Unknown(f"The question {wanted.source} is not in the survey.")
        if wanted.loop:
            named = [
                each for each in places if each.visit.loop and each.visit.loop[0] == wanted.loop
            ]
            if not named:
                raise Unknown(f"The loop {wanted.loop} of {wanted.source} is not in the survey.")
            return named
        here = [each for each in places if at.visit is not None and each.visit is at.visit]
        return here or [each for each in places if each.number < at.number] or places

    def _shapes(self, wanted: Locator, at: At) -> list[Shape]:
        shapes = [each.made.shape for each in self.at(wanted, at)]
        if wanted.part:
            shapes = [each.parts[wanted.part] for each in shapes if wanted.part in each.parts]
        if not shapes or any(each.form == "none" for each in shapes):
            raise Unknown(f"The answers to {wanted.source} are not known here.")
        return shapes

    def selected(self, text: str, at: At) -> Logic:
        """Whether a choice, a row's choice or a scale point was selected."""
        wanted = locator(text)
        if wanted.source.endswith("_NPS_GROUP"):
            return self._in_group(wanted, at)
        if self._is_never_asked(wanted):
            return False
        return either([selected(shape, wanted) for shape in self._shapes(wanted, at)])

    def _in_group(self, wanted: Locator, at: At) -> Logic:
        bounds = _NPS_GROUPS.get(wanted.ids[-1] if wanted.ids else "")
        asked = wanted._replace(source=wanted.source.removesuffix("_NPS_GROUP"))
        if bounds is None:
            raise Unknown("This group of an NPS question is not known here.")
        value = first_given([{"var": shape.key} for shape in self._shapes(asked, at)])
        answered: Logic = {"is_answered": [value]}
        return {"and": [answered, {">=": [value, bounds[0]]}, {"<=": [value, bounds[1]]}]}

    def value(self, text: str, at: At) -> Logic:
        """The value of an answer: its text, number, count or recoded value."""
        wanted = locator(text)
        if self._is_never_asked(wanted):
            return None
        if wanted.selector == "ChoiceGroup/SelectedChoices":
            return first_given([labels(each) for each in reversed(self.at(wanted, at))])
        return first_given([value(shape, wanted) for shape in reversed(self._shapes(wanted, at))])

    def is_ranking(self, text: str, at: At) -> bool:
        """Whether the locator means the place of a choice in a ranking."""
        wanted = locator(text)
        if self._is_never_asked(wanted):
            return False
        return (
            bool(wanted.ids)
            and all(each.form == "ranking" for each in self._shapes(wanted, at))
            and not wanted.selector.startswith(("ChoiceText", "Selected"))
        )

    def ranked(self, text: str, at: At, holds: Callable[[int], bool]) -> Logic:
        """Whether the place of a choice in a ranking, from 1, is one for which ``holds`` is true."""
        wanted = locator(text)
        shape = self._shapes(wanted, at)[-1]
        key = key_of(shape.choices, wanted.ids[0])
        places = [n for n in range(1, len(shape.choices) + 1) if holds(n)]
        return either([{"==": [{"var": f"{shape.key}.{n - 1}"}, key]} for n in places])

    def displayed(self, text: str, at: At) -> Logic:
        """Whether a question, choice or scale point was displayed."""
        wanted = locator(text)
        if self._is_never_asked(wanted):
            return False
        found: list[Logic] = []
        for place in self.at(wanted, at):
            if place.number >= at.number:
                continue
            shown = both(*self.shown(place), *_offered(place, wanted))
            found.append(True if shown is None else shown)
        return either(found)

    def shown(self, place: Place) -> list[Logic]:
        """The conditions under which a question was shown; where they are long, what says so."""
        conditions = place.shown_if
        if conditions is not None and sum(map(size, conditions)) < _LONG:
            return conditions
        if self.mark is None:
            raise Unknown("Whether this was displayed is a matter of a draw.")
        return [{"==": [{"var": self.mark(place)}, 1]}]

    def path(self, text: str, at: At) -> tuple[str, bool]:
        """The path under which a text pipes an answer, and whether others might be meant as well."""
        wanted = locator(text)
        shapes = self._shapes(wanted, at)
        return path(shapes[-1], wanted), len(shapes) == 1


def _offered(place: Place, wanted: Locator) -> Sequence[Logic]:
    """The conditions of the choice or the row a locator asks about, none for the whole question."""
    if wanted.selector not in ("ChoiceDisplayed", "AnswerDisplayed") or not wanted.ids:
        return ()
    shape, document = place.made.shape, place.made.document
    if wanted.part:
        if wanted.part not in shape.parts:
            raise Unknown("There is no such column.")
        shape = shape.parts[wanted.part]
    rows = wanted.selector == "ChoiceDisplayed" and bool(shape.rows)
    listed = document.get("rows" if rows else "choices")
    if document.get("rows_from" if rows else "choices_from") is not None:
        raise Unknown("Whether a choice that is carried over was displayed is not known here.")
    key = key_of(shape.rows if rows else shape.choices, wanted.ids[0])
    for each in listed if isinstance(listed, list) else []:
        if each["key"] == key and each.get("show_if") is not None:
            return (each["show_if"],)
    return ()
