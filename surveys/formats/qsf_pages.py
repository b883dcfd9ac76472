"""Pages, blocks and endings made of the plan of a QSF: what is asked when, and where it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from surveys.formats.naming import Keys
from surveys.formats.qsf_conditions import both, opposite
from surveys.formats.qsf_order import arranged
from surveys.formats.qsf_parts import At, Document, Place, Visit, When
from surveys.formats.qsf_plan import Drawn, Ends, Plan, Sets
from surveys.formats.qsf_settling import Settling
from surveys.formats.qsf_values import is_on, listed, mapping, name, whole
from surveys.logic import Condition
from surveys.parts import Logic

END_OF_SURVEY = "ENDOFSURVEY"
_RANDOM = frozenset({"true", "all", "randomizeall", "randomwithxperpage", "randomwithonlyx"})


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

    def lay(self) -> None:
        """All pages of the plan, in its order."""
        self.settling.answers.mark = self._mark
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
            document["show_if"] = show_if
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
            document: Document = {"key": key, "kind": "calculated", "text": source[:200]}
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
        is_own = sum(each.unit == leg.unit for each in self.plan.legs) == 1
        if guards is not None and is_own:
            unit["show_if"] = guards
        show_if = None if is_own else guards
        block = self.settling.file.blocks[leg.block]
        self.settling.is_muted = guards is False
        first = len(self.documents)
        laid = self._arranged(block, places, unit, is_own=is_own)
        if not laid:
            self._page([], leg.unit, show_if)
            return
        drawn_unit = bool(unit.get("randomizer")) and self._draws_some(str(unit["randomizer"]))
        jumps: list[_Jump] = []
        skips = _skips(block)
        for page, order, drawn in laid:
            self._one_page(
                page, order, drawn, leg, guards, show_if, jumps, skips, is_drawn=drawn_unit
            )
        self.settling.is_muted = False
        self._collect(leg, first, is_shuffled=unit.get("page_order") == "random")

    def _collect(self, leg: Visit, first: int, *, is_shuffled: bool) -> None:
        """The present values of fields that texts of this visit pipe, computed before it."""
        made: list[Document] = []
        for (number, source), (key, value) in self.settling.texts.collected.items():
            if number == leg.number:
                made.append(
                    {"key": key, "kind": "calculated", "text": source[:200], "value": value}
                )
        if made:
            page = self._page(made, "" if is_shuffled else leg.unit)
            self.documents.insert(first, self.documents.pop())
            assert page is self.documents[first]

    def _mark(self, place: Place) -> str:
        """A value that says that a question was passed, where only a draw knows whether it is."""
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
            assert place.page is not None
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
        page: list[Place],
        order: str,
        drawn: Mapping[str, Logic],
        leg: Visit,
        guards: Logic,
        show_if: Logic,
        jumps: list[_Jump],
        skips: Mapping[str, list[Mapping[str, object]]],
        *,
        is_drawn: bool,
    ) -> None:
        sources = [each.source for each in page]
        inside = [each for each in jumps if each.to in sources]
        outside = [each for each in jumps if each.to not in sources]
        passed_over = [opposite(each.taken) for each in outside]
        documents: list[Document] = []
        made_page = self._page(documents, leg.unit, both(show_if, *passed_over))
        ends: list[Logic] = []
        taken: list[_Jump] = []
        for index, place in enumerate(page):
            hidden = [opposite(each.taken) for each in inside if sources.index(each.to) > index]
            some = drawn.get(place.source)
            made = self.settling.question(place, both(*hidden, some))
            documents += made
            place.page = made_page
            if not is_drawn:
                place.shown_if = [guards, *passed_over, made[0].get("show_if")]  # type: ignore[list-item]
            for logic, to in self._taken(place, skips.get(place.source, [])):
                if to == END_OF_SURVEY:
                    ends.append(logic)
                else:
                    taken.append(_Jump(logic, to))
        jumps[:] = [*outside, *taken]
        if order != "as_given":
            made_page["question_order"] = order
        if ends:
            self.ends_early = True
            made_page["skips"] = [{"to": "end", "when": each} for each in ends[:50]]

    def _taken(self, place: Place, skips: list[Mapping[str, object]]) -> list[tuple[Logic, str]]:
        """The skips of a question with where they lead; the first that holds is taken."""
        taken: list[tuple[Logic, str]] = []
        before: list[Logic] = []
        shown = both(*(place.shown_if or []))
        for skip in skips:
            logic = self.settling.skip(skip, At(place.number + 1, place.visit), place)
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

    def _arranged(
        self, block: Mapping[str, object], places: list[Place], unit: Document, *, is_own: bool
    ) -> list[tuple[list[Place], str, Mapping[str, Logic]]]:
        """The pages of a block: places, order and what is drawn of them."""
        options = mapping(block.get("Options"))
        how = name(options.get("RandomizeQuestions")).lower() or (
            "true" if options.get("RandomizeQuestions") is True else ""
        )
        if how == "advanced":
            return self._advanced(options, places)
        if how not in _RANDOM or len(places) < 2:
            return [(each, "as_given", {}) for each in _by_breaks(block, places)]
        advanced = mapping(mapping(options.get("Randomization")).get("Advanced"))
        drawn: Mapping[str, Logic] = {}
        if how == "randomwithonlyx":
            show = advanced.get("TotalRandSubset") or options.get("TotalRandSubset")
            given = {"Type": "SubSet", "TotalRandSubset": show}
            ids = [each.source for each in places]
            found = arranged(given, ids, self.settling.fields)
            drawn = found.shown_if
            if found.reason:
                self.notes.append(f"In the block {unit['key']}: {found.reason}")
        a_page = whole(advanced.get("QuestionsPerPage")) if how == "randomwithxperpage" else None
        if a_page and a_page < len(places):
            if is_own:
                unit["page_order"] = "random"
            if a_page > 1 or not is_own:
                self.notes.append(
                    f"In the block {unit['key']} questions change their order less than in the source."
                )
            pages = [places[each : each + a_page] for each in range(0, len(places), a_page)]
            return [(each, "random", drawn) for each in pages]
        return [(places, "random", drawn)]

    def _advanced(
        self, options: Mapping[str, object], places: list[Place]
    ) -> list[tuple[list[Place], str, Mapping[str, Logic]]]:
        """Fixed questions and random ones take turns: each run of them is a page."""
        given = mapping(options.get("Randomization"))
        by_source = {each.source: each for each in places}
        found = arranged(
            {"Type": "Advanced", "Advanced": given.get("Advanced")},
            list(by_source), self.settling.fields,
        )  # fmt: skip
        if found.reason:
            self.notes.append(found.reason)
        pages: list[tuple[list[Place], str, Mapping[str, Logic]]] = []
        for source in found.ids:
            order = "as_given" if source in found.fixed else "random"
            if not pages or pages[-1][1] != order:
                pages.append(([], order, found.shown_if))
            pages[-1][0].append(by_source[source])
        if sum(order == "random" for _, order, _ in pages) > 1:
            self.notes.append("Questions change places only between those that keep theirs.")
        return pages

    def skipped_end(self) -> None:
        """The end that skipping leads to is the usual one, whatever the flow ends with."""
        usual = self.settling.usual_ending()
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


def _skips(block: Mapping[str, object]) -> dict[str, list[Mapping[str, object]]]:
    """The skips after each question of a block."""
    found: dict[str, list[Mapping[str, object]]] = {}
    for part in listed(block.get("BlockElements")):
        element = mapping(part)
        logic = [mapping(each) for each in listed(element.get("SkipLogic")) if mapping(each)]
        if logic:
            found[name(element.get("QuestionID"))] = logic
    return found


def _by_breaks(block: Mapping[str, object], places: list[Place]) -> list[list[Place]]:
    """The questions of a block by page: a break ends one, and a question that may skip."""
    left = {each.source: each for each in places}
    pages: list[list[Place]] = [[]]
    for part in listed(block.get("BlockElements")):
        element = mapping(part)
        if element.get("Type") == "Page Break":
            pages.append([])
        elif (place := left.pop(name(element.get("QuestionID")), None)) is not None:
            pages[-1].append(place)
            if any(isinstance(each, dict) for each in listed(element.get("SkipLogic"))):
                pages.append([])
    return [each for each in pages if each]
