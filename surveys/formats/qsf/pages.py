"""Pages, blocks and endings made of the plan of a QSF: what is asked when, and where it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from surveys.formats.naming import Keys
from surveys.formats.qsf.blocks import Laid, laid_out, skips
from surveys.formats.qsf.conditions import both, either, fits, opposite, size
from surveys.formats.qsf.parts import At, Document, Place, Unknown, Visit, When
from surveys.formats.qsf.plan import Drawn, Ends, Plan, Sets
from surveys.formats.qsf.settling import Settling
from surveys.formats.qsf.values import is_on, listed, mapping, name
from surveys.logic import Condition
from surveys.parts import Logic

END_OF_SURVEY = "ENDOFSURVEY"
_MOST_SKIPS = 200
# Beyond so many parts the skips taken so far are put into one value.
_LONG = 150


@dataclass
class _Jump:
    """A skip that may have been taken: what lies between is not asked."""

    taken: Logic
    to: str


@dataclass
class Pages:
    """The pages of one import as they come about."""

    settling: Settling
    plan: Plan
    places: Mapping[int, list[Place]]
    documents: list[Document] = field(default_factory=list)
    endings: list[Document] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ends_early: bool = False
    keys: Keys = field(default_factory=Keys)
    _legs_of: Counter[str] = field(default_factory=Counter)

    def lay(self) -> None:
        """All pages of the plan, in its order."""
        self.settling.answers.mark = self._mark
        self._legs_of.update(each.unit for each in self.plan.legs)
        for leg in self.plan.legs:
            if isinstance(leg, Visit):
                self._visit(leg)
            elif isinstance(leg, Sets):
                self._sets(leg)
            elif isinstance(leg, Ends):
                self._ends(leg)
            else:
                assert isinstance(leg, Drawn)
                self._page([], leg.unit)

    def _page(self, questions: list[Document], unit: str, show_if: Logic = None) -> Document:
        document: Document = {
            "key": self.keys.key(len(self.documents), f"page_{len(self.documents) + 1}"),
            "questions": questions,
        }
        if unit:
            document["block"] = unit
        if show_if is not None and show_if is not True:
            document["show_if"] = self._fitting(show_if, False)
        self.documents.append(document)
        return document

    def guards(self, guards: Iterable[When], at: At) -> Logic:
        """What must hold on the way to a place of the flow."""
        return both(*(self.settling.condition(each, at) for each in guards))

    def _sets(self, leg: Sets) -> None:
        at = At(leg.number)
        made: list[Document] = []
        for source, value in leg.values:
            key = self.settling.calculated.get((leg.number, source))
            if key is None or value is None:
                continue
            title = self.settling.texts.plain(source)
            document: Document = {"key": key, "kind": "calculated", "text": title}
            document["value"] = self.settling.assigned(source, value, at)
            made.append(document)
        if made or leg.unit:
            self._page(made, leg.unit, self.guards(leg.guards, at))

    def _ends(self, leg: Ends) -> None:
        options = mapping(leg.payload.get("Options"))
        flag = name(options.get("ResponseFlag"))
        key = self.keys.key(("ending", leg.number), flag or "ending", "ending")
        document: Document = {"key": key}
        address = options.get("EOSRedirectURL")
        if name(options.get("SurveyTermination")) == "Redirect" and isinstance(address, str):
            redirect = self.settling.address(address, At(leg.number))
            if redirect:
                document["redirect"] = redirect
            else:
                self.notes.append("An ending leads to an address that cannot be kept.")
        elif name(options.get("SurveyTermination")) == "DisplayMessage":
            self.notes.append(
                "The message of an ending is in the source's library, not in the file."
            )
        if leg.is_last and not leg.unit:
            self.endings.insert(0, document)
            return
        if is_on(options.get("Screenout")) or flag in ("Screened", "Screenout", "QuotaMet"):
            document["is_screen_out"] = True
        else:
            # Nobody comes here but by the way of the flow.
            document["show_if"] = False
        self.endings.append(document)
        page = self._page([], leg.unit, self.guards(leg.guards, At(leg.number)))
        page["skips"] = [{"to": key}]

    def _visit(self, leg: Visit) -> None:
        places = self.places.get(leg.number, [])
        unit = self.plan.units[leg.unit]
        guards = self.guards(leg.guards, At(leg.number))
        is_own = self._legs_of[leg.unit] == 1
        if guards is not None and is_own:
            unit["show_if"] = self._fitting(guards, False)
        show_if = None if is_own else guards
        block = self.settling.file.blocks[leg.block]
        self.settling.is_muted = guards is False
        first = len(self.documents)
        laid = laid_out(block, places, unit, self.settling.fields, self.notes, is_own=is_own)
        if not laid:
            self._page([], leg.unit, show_if)
            return
        drawn_unit = bool(unit.get("randomizer")) and self._draws_some(str(unit["randomizer"]))
        jumps: list[_Jump] = []
        skips_after = skips(block)
        for page in laid:
            self._one_page(page, leg, guards, show_if, jumps, skips_after, is_drawn=drawn_unit)
        self.settling.is_muted = False
        self._collect(leg, first, is_shuffled=unit.get("page_order") == "random")

    def _collect(self, leg: Visit, first: int, *, is_shuffled: bool) -> None:
        """The present values of fields that texts of this visit pipe, computed before it."""
        made: list[Document] = []
        for (number, _), (key, value) in self.settling.texts.collected.items():
            if number == leg.number:
                made.append({"key": key, "kind": "calculated", "text": key, "value": value})
        if made:
            page = self._page(made, "" if is_shuffled else leg.unit)
            self.documents.insert(first, self.documents.pop())
            assert page is self.documents[first]

    def _mark(self, place: Place) -> str:
        """A value that says that a question was passed, where only a draw knows whether it is."""
        if place.page is None:
            raise Unknown("Whether this was displayed before is a matter of a draw.")
        if not place.seen:
            key = self.settling.texts.one_more(
                ("seen", place.number), f"{place.made.shape.key}_seen"
            )
            document: Document = {
                "key": key,
                "kind": "calculated",
                "text": place.source,
                "value": 1,
            }
            if "show_if" in place.made.document:
                document["show_if"] = place.made.document["show_if"]
            questions = place.page["questions"]
            assert isinstance(questions, list)
            keys = [each["key"] for each in questions]
            questions.insert(keys.index(place.made.document["key"]) + 1, document)
            place.seen = key
        return place.seen

    def _draws_some(self, key: str) -> bool:
        return any(each["key"] == key and "show" in each for each in self.plan.randomizers)

    def _one_page(
        self,
        page: Laid,
        leg: Visit,
        guards: Logic,
        show_if: Logic,
        jumps: list[_Jump],
        skips_after: Mapping[str, list[Mapping[str, object]]],
        *,
        is_drawn: bool,
    ) -> None:
        sources = [each.source for each in page.places]
        inside = [each for each in jumps if each.to in sources]
        outside = [each for each in jumps if each.to not in sources]
        passed_over = [opposite(each.taken) for each in outside]
        documents: list[Document] = []
        made_page = self._page(documents, leg.unit, both(show_if, *passed_over))
        if page.order != "as_given":
            made_page["question_order"] = page.order
        ends: list[Logic] = []
        taken: list[_Jump] = []
        for index, place in enumerate(page.places):
            hidden = [opposite(each.taken) for each in inside if sources.index(each.to) > index]
            made = self.settling.question(place, both(*hidden, page.drawn.get(place.source)))
            documents += made
            place.page = made_page
            if not is_drawn:
                place.shown_if = [guards, *passed_over, made[0].get("show_if")]  # type: ignore[list-item]
            for logic, to in self._taken(place, skips_after.get(place.source, [])):
                if to == END_OF_SURVEY:
                    ends.append(logic)
                else:
                    taken.append(_Jump(logic, to))
        jumps[:] = self._condensed([*outside, *taken], leg)
        if ends:
            self.ends_early = True
            made_page["skips"] = [{"to": "end", "when": self._fitting(either(ends), True)}]

    def _condensed(self, jumps: list[_Jump], leg: Visit) -> list[_Jump]:
        """The skips; where they have grown long, a value is computed that says whether one was taken."""
        if sum(size(each.taken) for each in jumps) < _LONG:
            return jumps
        by_goal: dict[str, list[Logic]] = {}
        for each in jumps:
            by_goal.setdefault(each.to, []).append(each.taken)
        made: list[_Jump] = []
        documents: list[Document] = []
        for to, taken in by_goal.items():
            try:
                key = self.settling.texts.one_more(("skipped", len(self.documents), to), "skipped")
            except Unknown:
                return jumps
            value = self._fitting(either(taken), True)
            documents.append({"key": key, "kind": "calculated", "text": to[:100], "value": value})
            made.append(_Jump({"==": [{"var": key}, "true"]}, to))
        self._page(documents, leg.unit)
        return made

    def _fitting(self, logic: Logic, otherwise: bool) -> Logic:
        """Logic if it is not too large to be kept; else what shows nothing."""
        if fits(logic):
            return logic
        self.settling.too_large(f"page {len(self.documents)}")
        return otherwise

    def _taken(self, place: Place, given: list[Mapping[str, object]]) -> list[tuple[Logic, str]]:
        """The skips of a question with where they lead; the first that holds is taken."""
        taken: list[tuple[Logic, str]] = []
        before: list[Logic] = []
        if not given:
            return []
        shown = both(*self.settling.answers.shown(place))
        for number, skip in enumerate(given[:_MOST_SKIPS], 1):
            logic = self.settling.skip(skip, number, At(place.number + 1, place.visit), place)
            if logic is None:
                continue
            # A question that was not asked selects nothing, but it may lack a selection.
            asked = shown if Condition(logic).holds({}) else None
            mine = both(asked, *map(opposite, before), logic)
            if mine is False:
                continue
            taken.append((mine, name(skip.get("SkipToDestination"))))
            before.append(logic)
        return taken

    def skipped_end(self) -> None:
        """The end that skipping leads to is the usual one, whatever the flow ends with."""
        usual = self.settling.usual_ending()
        self.notes += dict.fromkeys(self.settling.told)
        if not self.endings:
            self.endings += [{"key": "usual", **usual}] if usual else []
            return
        if self.endings[0].get("show_if") is not None or self.endings[0].get("is_screen_out"):
            self.endings.insert(0, {"key": "usual", **usual})
        elif self.ends_early:
            self.endings.append({"key": "usual", "show_if": False, **usual})
            for page in self.documents:
                for skip in listed(page.get("skips")):
                    if isinstance(skip, dict) and skip["to"] == "end":
                        skip["to"] = "usual"
