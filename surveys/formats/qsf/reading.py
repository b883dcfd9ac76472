"""Surveys of Qualtrics, read from QSF files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from surveys.errors import DefinitionError
from surveys.formats.cleaning import Cleaner
from surveys.formats.errors import FormatError
from surveys.formats.naming import Keys, plain
from surveys.formats.qsf.choosing import Asked
from surveys.formats.qsf.data import Fields
from surveys.formats.qsf.file import File, language, read
from surveys.formats.qsf.logic import Logics
from surveys.formats.qsf.operands import Answers
from surveys.formats.qsf.pages import Pages
from surveys.formats.qsf.parts import At, Document, Made, Place, Visit
from surveys.formats.qsf.plan import STEP, Plan, Planner, Sets
from surveys.formats.qsf.questions import make
from surveys.formats.qsf.settling import Settling
from surveys.formats.qsf.telling import Telling
from surveys.formats.qsf.texts import Texts
from surveys.formats.qsf.values import listed, mapping, name, whole
from surveys.formats.report import Imported, Report, imported
from surveys.loading import MAX_PAGES, MAX_QUESTIONS, MAX_TEXTS, RESERVED
from surveys.loading_flow import MAX_BLOCKS, MAX_ENDINGS, MAX_QUOTAS, MAX_UNRESOLVED

_MOST_CALCULATED = MAX_QUESTIONS // 3


def read_qsf(content: bytes) -> Imported:
    """The survey of a QSF file as ours, with a report; raises FormatError."""
    return _Import(read(content)).done()


class _Import:
    """One file on its way."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.cleaner = Cleaner()
        self.keys = Keys(RESERVED)
        self.fields = Fields()
        self.answers = Answers(file.questions)
        self.language = language(file.entry.get("SurveyLanguage")) or "en"
        logics = Logics(self.answers, self.fields, self.cleaner)
        self.texts = Texts(file, self.cleaner, logics, self.language, self.keys)
        self.settling = Settling(file, self.fields, self.answers, logics, self.texts)
        self.notes: list[str] = []
        self.places: dict[int, list[Place]] = {}
        self.left_out: set[str] = set()
        self._tagged: Counter[str] = Counter()

    def done(self) -> Imported:
        """The finished import."""
        plan = Planner(self.file, self.fields).walk()
        self._calculate(plan)
        self._place(plan)
        if not self.places:
            raise FormatError("The file holds no question that is asked.")
        self.fields.declare_all()
        pages = Pages(self.settling, plan, self.places)
        pages.lay()
        pages.skipped_end()
        document = self._document(plan, pages)
        self.notes += [*plan.notes, *pages.notes]
        places = [place for held in self.places.values() for place in held]
        told = Telling(self.file, places, self.left_out, self.texts)
        self.notes += told.notes()
        report = Report(
            "qsf",
            tuple(told.items()),
            tuple(told.logic(self.settling.logic.values())),
            (self.language, *sorted(self.texts.said)),
            told.scripts() + self.cleaner.scripts,
            tuple(dict.fromkeys(map(self.texts.words, self.notes))),
        )
        try:
            return imported(document, report)
        except DefinitionError as error:
            raise FormatError(f"The survey cannot be carried over: {error.problems[0]}.") from error

    def _place(self, plan: Plan) -> None:
        """A place for each question at each visit, under a key of its own."""
        room = MAX_QUESTIONS - len(self.settling.calculated)
        for leg in plan.legs:
            if not isinstance(leg, Visit):
                continue
            held: list[Place] = []
            seen: set[str] = set()
            for part in listed(self.file.blocks[leg.block].get("BlockElements")):
                source = name(mapping(part).get("QuestionID"))
                payload = self.file.questions.get(source)
                if payload is None or source in seen:
                    continue
                if room <= 0:
                    self.left_out.add(source)
                    continue
                seen.add(source)
                made = self._made(source, payload, leg)
                room -= 1 + len(made.more)
                number = leg.number + min(len(held) + 1, STEP - 2)
                place = Place(source, leg, number, made)
                held.append(place)
                self.answers.add(place)
            if held:
                self.places[leg.number] = held
        self.texts.room = room

    def _made(self, source: str, payload: Mapping[str, object], visit: Visit) -> Made:
        tag = name(payload.get("DataExportTag"))
        words = plain(tag) or plain(source)
        self._tagged[words] += 1
        if self._tagged[words] > 1:
            words = f"{words[:34]}_{self._tagged[words]}"
        key = self.keys.key((visit.number, source), words, "q")
        return make(Asked({**payload, "QuestionID": source}, key, self.fields, self.keys))

    def _calculate(self, plan: Plan) -> None:
        """Keys for the values of embedded data that are not the same from the beginning on."""
        for leg in plan.legs:
            if not isinstance(leg, Sets):
                continue
            for source, value in leg.values:
                if value is None or self.fields.constant(source) is not None:
                    continue
                if len(self.settling.calculated) >= _MOST_CALCULATED:
                    why = f"More than {_MOST_CALCULATED} values are set on the way."
                    self.settling.unresolved["EmbeddedData"] = (source, why)
                    return
                key = self.keys.key(("set", leg.number, source), source, "field")
                self.settling.calculated[leg.number, source] = key
                self.fields.calculated(source, leg.number, key)

    def _document(self, plan: Plan, pages: Pages) -> Document:
        made, kept = self._fitting(pages.documents)
        blocks = [plan.units[key] for key in plan.units if key in kept]
        if len(blocks) > MAX_BLOCKS:
            made, blocks = self._without_blocks(made, blocks)
        used = {str(each["randomizer"]) for each in blocks if each.get("randomizer")}
        for each in blocks:
            each["title"] = self.texts.plain(each.get("title"), 2000)
        endings = pages.endings[:MAX_ENDINGS]
        document: Document = {
            "title": self.texts.plain(self.file.entry.get("SurveyName")) or "Survey",
            "language": self.language,
            "anonymous": name(self.file.options.get("AnonymizeResponse")) != "No",
            "blocks": blocks,
            "randomizers": [each for each in plan.randomizers if each["key"] in used],
            "endings": endings,
            "quotas": self._quotas(),
            "pages": made,
            "translations": {
                code: dict(list(texts.items())[:MAX_TEXTS])
                for code, texts in list(self.texts.said.items())[:60]
            },
        }
        data, lost = self.fields.written()
        if lost:
            self.notes.append(f"{lost} embedded fields that nothing reads are left out.")
        for each in data:
            if "name" in each:
                each["name"] = self.texts.plain(each["name"]) or each["key"]
        document["data"] = data
        document["unresolved"] = self._unresolved(plan)
        return document

    def _fitting(self, pages: list[Document]) -> tuple[list[Document], set[str]]:
        """The pages there is room for, with the blocks they are in."""
        if len(pages) > MAX_PAGES:
            path, why = "pages", f"There are more than {MAX_PAGES} pages; the rest is left out."
            self.settling.unresolved[path] = ("", why)
            pages = pages[:MAX_PAGES]
        kept = {str(page["key"]) for page in pages}
        for page in pages:
            skips = page.get("skips")
            if isinstance(skips, list):
                page["skips"] = [
                    each
                    for each in skips
                    if not str(each["to"]).startswith("page_") or each["to"] in kept
                ]
        return pages, {str(page.get("block", "")) for page in pages}

    def _without_blocks(
        self, pages: list[Document], blocks: list[Document]
    ) -> tuple[list[Document], list[Document]]:
        """Pages by themselves where there are more blocks than possible; draws keep theirs."""
        plain = {str(each["key"]) for each in blocks if not each.get("randomizer")}
        conditions = {str(each["key"]): each.get("show_if") for each in blocks}
        for page in pages:
            block = str(page.get("block", ""))
            if block in plain:
                del page["block"]
                if conditions[block] is not None:
                    own = page.get("show_if")
                    page["show_if"] = (
                        conditions[block] if own is None else {"and": [conditions[block], own]}
                    )
        return pages, [each for each in blocks if each.get("randomizer")][:MAX_BLOCKS]

    def _quotas(self) -> list[Document]:
        quotas: list[Document] = []
        keys = Keys()
        for payload in self.file.quotas[:MAX_QUOTAS]:
            source = name(payload.get("ID")) or str(len(quotas))
            title = self.texts.plain(payload.get("Name")) or source
            path = f"{source}.Logic"
            action = name(payload.get("QuotaAction"))
            limit = whole(payload.get("Occurrences"))
            logic = payload.get("Logic")
            if isinstance(logic, list):
                found = self.settling.logics.compile(None, At(2**40))
                self.settling.note(
                    path, {}, ("Quotas across several conditions are not known here.",)
                )
                when: object = False
            else:
                found = self.settling.logics.compile(logic, At(2**40))
                if found.logic is not None:
                    self.settling.note(path, logic, found.problems)
                when = found.logic if found.logic is not None else False
            if limit is None or limit < 0:
                self.notes.append(f"The quota {title} has no limit and is left out.")
                continue
            if action not in ("EndCurrentSurvey", "ForBranching", ""):
                self.notes.append(
                    f"What the quota {title} does when it is full is left to be set here."
                )
            quotas.append({
                "key": keys.key(source, title, "quota"), "title": title, "limit": limit, "when": when,
                "action": "end" if action == "EndCurrentSurvey" else "continue",
            })  # fmt: skip
        return quotas

    def _unresolved(self, plan: Plan) -> list[Document]:
        listed_: list[tuple[str, str, str]] = [
            *plan.unresolved,
            *((path, text, why) for path, (text, why) in self.settling.unresolved.items()),
        ]
        return [
            {
                "path": self.texts.words(path, 300),
                "text": self.texts.words(text),
                "reason": self.texts.words(why),
            }
            for path, text, why in listed_[:MAX_UNRESOLVED]
        ]
