"""The groups of a LimeSurvey survey as pages, blocks and randomizers of our document."""

from __future__ import annotations

from surveys.formats.expressionscript.terms import joined
from surveys.formats.limesurvey.choices import Doc
from surveys.formats.limesurvey.conditions import Conditions
from surveys.formats.limesurvey.ledger import Ledger
from surveys.formats.limesurvey.questions import Questions
from surveys.formats.limesurvey.source import Group, Source
from surveys.formats.limesurvey.variables import Variables, said
from surveys.formats.limesurvey.wording import Wording
from surveys.formats.naming import Keys
from surveys.parts import Logic

MOST_PAGES = 290


class Pages:
    """Writes the pages of one survey, in the way its format divides them."""

    def __init__(
        self,
        source: Source,
        questions: Questions,
        wording: Wording,
        conditions: Conditions,
        ledger: Ledger,
    ) -> None:
        self.source = source
        self.questions = questions
        self.wording = wording
        self.conditions = conditions
        self.ledger = ledger
        self.variables: Variables = wording.variables
        self.keys = Keys(("end",))
        self.pages: list[Doc] = []
        self.blocks: list[Doc] = []
        self.randomizers: list[Doc] = []

    def write(self) -> None:
        """Write all groups."""
        shape = self.source.setting("format")
        count = sum(len(group.questions) for group in self.source.groups)
        if shape == "S" and count > MOST_PAGES:
            self.ledger.note(
                "A page for each question would be too many; there is one for each group."
            )
            shape = "G"
        groups = [group for group in self.source.groups if group.questions or group.descriptions]
        if len(groups) > MOST_PAGES:
            self.ledger.note("A page for each group would be too many; all are on one page.")
            shape = "A"
        if shape == "A":
            self._on_one_page(groups)
        else:
            for group in groups:
                self._group(group, is_divided=shape == "S")
        self._place_helpers()

    def _group(self, group: Group, *, is_divided: bool) -> None:
        key = self.keys.key(group.gid, said(group.texts, self.source.language), "page")
        show = self.conditions.read(group.relevance, f"pages.{key}.show_if")
        title = self.wording.say(group.texts, f"pages.{key}.title", 2_000)
        description = self.wording.say(group.descriptions, f"pages.{key}.description", 18_000)
        head: Doc = {"key": key}
        if title and self._shows("groups"):
            head["title"] = title
        if description and self._shows("descriptions"):
            head["description"] = description
        helpers = self.wording.take()
        order = self._order(group)
        made = [self.questions.write(asked, show) for asked in group.questions]
        needs_block = bool(group.random) or (is_divided and len(made) > 1)
        if needs_block:
            block: Doc = {"key": key, "title": title}
            if group.random:
                block["randomizer"] = self._randomizer(group.random)
            if show is not None:
                block["show_if"] = show
            if order and is_divided:
                block["page_order"] = order
            self.blocks.append(block)
            head["block"] = key
        elif show is not None:
            head["show_if"] = show
        if not is_divided:
            if order:
                head["question_order"] = order
            self.pages.append(
                {**head, "questions": [*helpers, *(each for part in made for each in part)]}
            )
            return
        for place, part in enumerate(made):
            page: Doc = (
                {**head} if place == 0 else {"key": self.keys.key((group.gid, place), key, "page")}
            )
            if needs_block:
                page["block"] = key
            elif show is not None:
                page["show_if"] = show
            self.pages.append({**page, "questions": [*(helpers if place == 0 else []), *part]})

    def _shows(self, what: str) -> bool:
        """Whether names or descriptions of groups are shown."""
        shown = self.source.setting("showgroupinfo") or "B"
        return shown == "B" or shown == {"groups": "N", "descriptions": "D"}[what]

    def _randomizer(self, name: str) -> str:
        key = self.keys.key(("random", name), f"random_{name}", "random")
        if not any(each["key"] == key for each in self.randomizers):
            self.randomizers.append({"key": key})
        return key

    def _order(self, group: Group) -> str:
        """Random where all questions of the group change places with one another."""
        asked = [each for each in group.questions if each.type not in ("X", "*")]
        names = {each.attribute("random_group") for each in asked}
        if not asked or names == {""}:
            return ""
        if len(names) == 1 and len(asked) > 1:
            return "random"
        self.questions.unmoved |= {each.qid for each in asked if each.attribute("random_group")}
        self.ledger.note(
            f"In the group {said(group.texts, self.source.language)[:80] or group.gid} some questions "
            "change places at random; here they keep theirs."
        )
        return ""

    def _on_one_page(self, groups: list[Group]) -> None:
        questions: list[Doc] = []
        for group in groups:
            key = self.variables.keys.key(
                ("group", group.gid), said(group.texts, self.source.language), "group"
            )
            show = self.conditions.read(group.relevance, f"{key}.show_if")
            if group.random:
                self.ledger.note("Groups in random order keep their order on one page.")
            self._order(group)
            words = self.wording.say(group.texts, f"{key}.text") if self._shows("groups") else ""
            more = (
                self.wording.say(group.descriptions, f"{key}.help")
                if self._shows("descriptions")
                else ""
            )
            made = self.wording.take()
            heading: Doc = {"key": key, "kind": "statement", "text": words or "–"}
            if words or more:
                made.append(heading | ({"help": more} if more else {}))
            for asked in group.questions:
                made += self.questions.write(asked, show)
            if show is not None:
                for each in made:
                    own: Logic = each.get("show_if")  # type: ignore[assignment]
                    each["show_if"] = show if own is None else joined("and", [show, own])
            questions += made
        self.pages.append({"key": "questions", "questions": questions})

    def _place_helpers(self) -> None:
        """Put the values that say whether a question is shown before that question."""
        helpers = {
            self.variables.layouts[qid].key: {
                "key": key, "kind": "calculated", "text": key, "value": {"if": [logic, 1, 0]},
            }
            for qid, (key, logic) in self.variables.helpers.items()
        }  # fmt: skip
        if not helpers:
            return
        for page in self.pages:
            listed = page["questions"]
            assert isinstance(listed, list)
            page["questions"] = [
                each
                for question in listed
                for each in (
                    (helpers[question["key"]], question)
                    if question["key"] in helpers
                    else (question,)
                )
            ]
