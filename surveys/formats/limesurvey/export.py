"""A survey of ours as a LimeSurvey survey (LSS), and what of it LimeSurvey cannot say."""

from __future__ import annotations

import re
from html import escape

from surveys.formats.exported import Exported
from surveys.formats.expressionscript.writing import Unwritable, write_condition
from surveys.formats.limesurvey.codes import Codes
from surveys.formats.limesurvey.export_questions import QuestionRows
from surveys.formats.limesurvey.export_rows import Rows
from surveys.formats.limesurvey.xml import document
from surveys.localizing import localized
from surveys.parts import Definition, Ending, Logic, Page, Quota

SID = "100001"
_MEMBER = re.compile(r'([A-Za-z0-9_]+)\.NAOK == "([^"]*)"')
_ORDER = (
    "answers", "answer_l10ns", "defaultvalues", "defaultvalue_l10ns", "groups", "group_l10ns",
    "questions", "subquestions", "question_l10ns", "question_attributes", "quota",
    "quota_languagesettings", "quota_members", "surveys", "surveys_languagesettings",
)  # fmt: skip


def write_lss(definition: Definition) -> Exported:
    """The survey as an LSS file with all its languages."""
    return _Export(definition).write()


class _Export:
    """One writing of one survey."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        languages = [each for each in definition.translations if each != definition.language]
        self.spoken = {definition.language: definition}
        self.spoken |= {each: localized(definition, each) for each in languages}
        self.codes = Codes(definition)
        self.rows = Rows(self.spoken, self.codes)
        self.questions = QuestionRows(self.rows, self.codes, SID)

    def write(self) -> Exported:
        rows = self.rows
        passed = self._skips()
        for number, page in enumerate(self.definition.pages, 1):
            self._group(number, page, passed[page.key])
        self._survey()
        for quota in self.definition.quotas:
            self._quota(quota)
        for open_point in self.definition.unresolved:
            rows.lose(
                f"{open_point.path}: not resolved since it was imported: {open_point.text[:200]}"
            )
        tables = {name: rows.tables.get(name, []) for name in _ORDER}
        return Exported(document(list(self.spoken), tables), tuple(dict.fromkeys(rows.losses)))

    def _skips(self) -> dict[str, list[Logic]]:
        """For each page the conditions under which it is skipped over."""
        pages = self.definition.pages
        places = {page.key: place for place, page in enumerate(pages)}
        passed: dict[str, list[Logic]] = {page.key: [] for page in pages}
        for place, page in enumerate(pages):
            for skip in page.skips:
                to = places.get(skip.to, len(pages))
                if skip.to not in places and skip.to != "end":
                    self.rows.lose(
                        f"{page.key}: the ending {skip.to} it skips to becomes the usual end."
                    )
                for other in pages[place + 1 : to]:
                    passed[other.key].append(True if skip.when is None else skip.when)
        return passed

    def _group(self, number: int, page: Page, passed: list[Logic]) -> None:
        definition = self.definition
        block = next((each for each in definition.blocks if each.key == page.block), None)
        parts: list[Logic] = [page.show_if] if page.show_if is not None else []
        random = ""
        if block is not None:
            if block.show_if is not None:
                parts.append(block.show_if)
            random = block.randomizer
            alone = sum(each.block == block.key for each in definition.pages) == 1
            if random and not alone:
                self.rows.lose(f"{block.key}: a block of several pages keeps its place.")
                random = ""
            if block.page_order != "as_given":
                random = block.key
            chosen = next(
                (each for each in definition.randomizers if each.key == block.randomizer), None
            )
            if chosen is not None and chosen.show is not None:
                self.rows.lose(f"{chosen.key}: all of its blocks are shown, in random order.")
        parts += [{"!": [each]} for each in passed]
        gid = str(number)
        self.rows.add(
            "groups",
            gid=gid,
            sid=SID,
            group_order=number,
            randomization_group=random[:20],
            grelevance=self.rows.condition(parts, f"{page.key}.show_if") if parts else "",
        )
        for language, spoken in self.spoken.items():
            own = spoken.pages[number - 1]
            self.rows.add(
                "group_l10ns",
                id=self.rows.next_id("group"),
                gid=gid,
                group_name=self.rows.html(own.title or page.key),
                description=self.rows.html(own.description),
                language=language,
            )
        for place, question in enumerate(page.questions, 1):
            self.questions.write(question, gid, place, page.question_order == "random")

    def _survey(self) -> None:
        definition = self.definition
        redirect = next((e for e in definition.endings if e.redirect and not e.is_screen_out), None)
        for ending in definition.endings:
            self._note_ending(ending, redirect)
        self.rows.add(
            "surveys",
            sid=SID,
            language=definition.language,
            additional_languages=" ".join(
                each for each in self.spoken if each != definition.language
            ),
            anonymized="Y" if definition.anonymous else "N",
            format="G",
            autoredirect="Y" if redirect is not None and redirect.show_if is None else "N",
            allowprev="Y",
            showwelcome="Y",
            assessments="N",
        )
        for language, spoken in self.spoken.items():
            usual = next(
                (e for e in spoken.endings if not e.is_screen_out and e.show_if is None), None
            )
            thanks = (usual.text if usual is not None else "") or spoken.thank_you
            self.rows.add(
                "surveys_languagesettings",
                surveyls_survey_id=SID,
                surveyls_language=language,
                surveyls_title=escape(spoken.title, quote=False),
                surveyls_welcometext=self.rows.html(spoken.introduction),
                surveyls_endtext=self.rows.html(thanks),
                surveyls_policy_notice=self.rows.html(spoken.privacy),
                surveyls_url=self.rows.address(redirect.redirect)
                if redirect is not None and redirect.show_if is None
                else "",
            )

    def _note_ending(self, ending: Ending, redirect: Ending | None) -> None:
        used = any(quota.ending == ending.key for quota in self.definition.quotas)
        if ending.show_if is not None:
            self.rows.lose(f"{ending.key}: LimeSurvey ends in one way; this ending is left out.")
        elif ending.redirect and ending is not redirect and not used:
            self.rows.lose(f"{ending.key}: its address is left out.")

    def _quota(self, quota: Quota) -> None:
        members = self._members(quota.when)
        if members is None:
            self.rows.lose(
                f"{quota.key}: LimeSurvey counts quotas by single answers; it is left out."
            )
            return
        number = self.rows.next_id("quota")
        if quota.action == "continue":
            self.rows.lose(f"{quota.key}: beyond its limit the survey ends.")
        ending = next((e for e in self.definition.endings if e.key == quota.ending), None)
        self.rows.add(
            "quota", id=number, sid=SID, name=quota.title or quota.key, qlimit=quota.limit, action=1,
            active=1, autoload_url=int(bool(ending and ending.redirect)),
        )  # fmt: skip
        for language, spoken in self.spoken.items():
            own = next((e for e in spoken.endings if e.key == quota.ending), None)
            self.rows.add(
                "quota_languagesettings", quotals_id=self.rows.next_id("quotals"), quotals_quota_id=number,
                quotals_language=language, quotals_name=quota.title or quota.key,
                quotals_message=self.rows.html(own.text if own else ""),
                quotals_url=self.rows.address(own.redirect) if own else "",
            )  # fmt: skip
        for qid, code in members:
            self.rows.add(
                "quota_members",
                id=self.rows.next_id("member"),
                sid=SID,
                qid=qid,
                quota_id=number,
                code=code,
            )

    def _members(self, logic: Logic) -> list[tuple[int, str]] | None:
        """The answers a quota counts; None where its condition is more than that."""
        if isinstance(logic, dict) and list(logic) == ["and"]:
            parts = logic["and"]
            groups = [
                self._alternatives(each) for each in (parts if isinstance(parts, list) else [parts])
            ]
        else:
            groups = [self._alternatives(logic)]
        found = [each for group in groups if group is not None for each in group]
        questions = [{qid for qid, _ in group} for group in groups if group is not None]
        is_plain = all(group is not None for group in groups) and all(
            len(each) == 1 for each in questions
        )
        distinct = len({qid for each in questions for qid in each}) == len(questions)
        return found if is_plain and distinct and found else None

    def _alternatives(self, logic: Logic) -> list[tuple[int, str]] | None:
        parts = logic["or"] if isinstance(logic, dict) and list(logic) == ["or"] else [logic]
        found: list[tuple[int, str]] = []
        for each in parts if isinstance(parts, list) else [parts]:
            try:
                written = write_condition(each, self.codes.lookup)
            except Unwritable:
                return None
            match = _MEMBER.fullmatch(written)
            member = self.questions.member(match[1], match[2]) if match else None
            if member is None:
                return None
            found.append(member)
        return found
