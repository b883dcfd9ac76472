"""Our questions as the rows of LimeSurvey's questions, subquestions, answers and attributes."""

from __future__ import annotations

from collections.abc import Callable

from surveys import kinds
from surveys.formats.limesurvey.codes import Coded, Codes, high_of, low_of, other_of, short
from surveys.formats.limesurvey.export_attributes import AttributeRows, choice_of, filters_of
from surveys.formats.limesurvey.export_rows import Rows
from surveys.parts import Choice, Definition, Logic, Question

_PATTERNS = {
    "email": r"/^[\w.!#$%&'*+=?^`|~-]+@[\w-]+(\.[\w-]+)+$/",
    "url": r"/^(https?:\/\/)?[\w-]+(\.[\w-]+)+(\/.*)?$/i",
    "phone": r"/^\+?[0-9 ().-]{5,40}$/",
}
_UNSAID = {
    "max_diff": "best and worst choices", "entries": "entries that repeat", "grid": "a grid of mixed parts",
}  # fmt: skip


class QuestionRows:
    """Writes questions one after another."""

    def __init__(self, rows: Rows, codes: Codes, sid: str) -> None:
        self.rows = rows
        self.codes = codes
        self.sid = sid
        self.attributes = AttributeRows(rows, codes)
        self.ids: dict[str, int] = {}
        self._members: dict[str, tuple[int, str]] = {}
        self._subs_of: dict[tuple[str, str], int] = {}

    def member(self, name: str, code: str) -> tuple[int, str] | None:
        """The question and answer a quota counts, by what expressions call them."""
        found = self._members.get(name)
        if found is None:
            return None
        return found if found[1] else (found[0], code)

    def write(self, question: Question, gid: str, place: int, is_random: bool) -> None:
        """Write a question with all that belongs to it."""
        coded = self.codes.by_key[question.key]
        qid = self.rows.next_id("question") + 1_000
        self.ids[question.key] = qid
        self._members[coded.code] = (qid, "")
        if not coded.type:
            what = _UNSAID.get(question.kind, f"questions of the kind {question.kind}")
            self.rows.lose(f"{question.key}: LimeSurvey has no {what}; its words are kept.")
        if question.kind == "statement" and question.settings:
            self.rows.lose(f"{question.key}: its picture or video is left out; it lies only here.")
        type_ = coded.type or "X"
        asked = kinds.kind(question.kind).is_asked
        self._row("questions", qid, question, coded.code, 0, 0, gid, place, type_, coded)
        self._words(qid, lambda q: q.text or q.key, lambda q: q.help, question)
        if type_ != "X":
            self._lists(question, coded, qid, gid)
            self.attributes.write(question, coded, qid, is_random=is_random and asked)
            self._default(question, coded, qid)
        if question.required_if is not None and not self._is_check(question):
            self.rows.lose(f"{question.key}: LimeSurvey cannot require it by a condition.")

    def _row(
        self, table: str, qid: int, question: Question, code: str, parent: int, scale: int, gid: str,
        place: int, type_: str, coded: Coded | None, show: Logic = None,
    ) -> None:  # fmt: skip
        when = question.show_if if coded is not None else show
        other = coded is not None and other_of(question) is not None and type_ in ("L", "!", "M")
        mandatory = "Y" if question.is_required else "S" if question.is_requested else "N"
        self.rows.add(
            table, qid=qid, parent_qid=parent, sid=self.sid, gid=gid, type=type_, title=code,
            preg=_PATTERNS.get(question.kind, "") if coded is not None else "",
            other="Y" if other else "N", mandatory=mandatory if coded is not None else "N",
            encrypted="N", question_order=place, scale_id=scale, same_default=0,
            relevance=self.rows.condition([when], f"{question.key}.show_if") if when is not None else "1",
        )  # fmt: skip

    def _words(
        self,
        qid: int,
        text: Callable[[Question], str],
        help_: Callable[[Question], str],
        question: Question,
    ) -> None:
        for language, spoken in self.rows.spoken.items():
            own = spoken.question(question.key)
            self.rows.add(
                "question_l10ns", id=self.rows.next_id("words"), qid=qid, question=self.rows.html(text(own)),
                help=self.rows.html(help_(own)), language=language,
            )  # fmt: skip

    def _lists(self, question: Question, coded: Coded, qid: int, gid: str) -> None:
        """Rows and columns as subquestions, choices as answers."""
        if coded.type in ("M", "P") or question.kind == "constant_sum":
            other = other_of(question) if coded.type == "M" else None
            keys = [key for key in coded.rows if other is None or key != other.key]
            self._subs(question, coded, qid, gid, keys, choice_of)
        elif coded.rows:
            self._subs(question, coded, qid, gid, list(coded.rows), _rowed)
        if coded.type in (":", ";"):
            self._columns(question, coded, qid, gid)
        if question.kind in ("address", "contact"):
            self.rows.lose(f"{question.key}: its parts are texts without checks of their own.")
            self._particulars(question, coded, qid, gid)
        if coded.type in ("L", "!", "R", "F") and question.kind != "constant_sum":
            self._answers(question, coded, qid)
        elif coded.type == "1":
            for scale in range(len(question.parts)):
                self._scale(question, qid, scale)

    def _scale(self, question: Question, qid: int, scale: int) -> None:
        """The choices of one of two scales."""
        part = question.parts[scale]
        codes = short((each.key for each in part.choices), 5)
        for place, choice in enumerate(part.choices):

            def label(own: Question, place: int = place) -> str:
                return own.parts[scale].choices[place].label

            self._answer(qid, codes[choice.key], scale, place, choice, label, question)

    def _subs(
        self, question: Question, coded: Coded, qid: int, gid: str, keys: list[str],
        find: Callable[[Definition, Question, str], Choice | None],
    ) -> None:  # fmt: skip
        for place, key in enumerate(keys, 1):
            sub = self.rows.next_id("question") + 1_000
            source = next(iter(self.rows.spoken.values()))
            choice = find(source, question, key)
            code = coded.rows[key]
            self._subs_of[question.key, key] = sub
            self._members[f"{coded.code}_{code}"] = (qid, code)
            show = choice.show_if if choice is not None else None
            self._row("subquestions", sub, question, code, qid, 0, gid, place, "T", None, show)
            for language, spoken in self.rows.spoken.items():
                said = find(spoken, spoken.question(question.key), key)
                label = said.label if said is not None else key
                if said is not None and said.opposite:
                    label = f"{label}|{said.opposite}"
                self.rows.add(
                    "question_l10ns", id=self.rows.next_id("words"), qid=sub,
                    question=self.rows.html(label), help="", language=language,
                )  # fmt: skip

    def _columns(self, question: Question, coded: Coded, qid: int, gid: str) -> None:
        for place, (key, code) in enumerate(coded.columns.items(), 1):
            sub = self.rows.next_id("question") + 1_000
            self._row("subquestions", sub, question, code, qid, 1, gid, place, "T", None)
            for language, spoken in self.rows.spoken.items():
                own = spoken.question(question.key)
                found = {each.key: each.label for each in own.choices} | {
                    p.key: p.text for p in own.parts
                }
                self.rows.add(
                    "question_l10ns", id=self.rows.next_id("words"), qid=sub,
                    question=self.rows.html(found.get(key, key)), help="", language=language,
                )  # fmt: skip

    def _particulars(self, question: Question, coded: Coded, qid: int, gid: str) -> None:
        for place, atom in enumerate(kinds.atoms(question), 1):
            sub = self.rows.next_id("question") + 1_000
            self._row("subquestions", sub, question, f"SQ{place:03}", qid, 0, gid, place, "T", None)
            for language in self.rows.spoken:
                self.rows.add(
                    "question_l10ns", id=self.rows.next_id("words"), qid=sub,
                    question=self.rows.html(atom.text), help="", language=language,
                )  # fmt: skip

    def _answers(self, question: Question, coded: Coded, qid: int) -> None:
        other = other_of(question)
        if coded.choices:
            kept = [key for key in coded.choices if other is None or key != other.key]
            for place, key in enumerate(kept):
                source = next(iter(self.rows.spoken.values()))
                choice = choice_of(source, question, key)
                if choice is not None and choice.show_if is not None:
                    if choice.show_if is False and choice.key == "never_offered":
                        continue
                    if not filters_of(question):
                        self.rows.lose(
                            f"{question.key}.{key}: LimeSurvey always offers this choice."
                        )

                def label(own: Question, key: str = key) -> str:
                    found = choice_of(self.rows.spoken[self._language], own, key)
                    return found.label if found is not None else key

                self._answer(qid, coded.choices[key], 0, place, choice, label, question)
            return
        low, high = low_of(question), high_of(question)
        points = kinds.points(question) or tuple(range(low, high + 1))
        for place, point in enumerate(points):

            def words(own: Question, place: int = place, point: int = point) -> str:
                scale = kinds.scale(own, self._language)
                return scale.words[place] if scale is not None and scale.words else str(point)

            if point < 0:
                self.rows.lose(f"{question.key}: its points below zero have other codes.")
            code = str(point) if point >= 0 else f"N{-point}"
            self._answer(qid, code, 0, place, None, words, question)

    _language = ""

    def _answer(
        self, qid: int, code: str, scale: int, place: int, choice: Choice | None,
        label: Callable[[Question], str], question: Question,
    ) -> None:  # fmt: skip
        aid = self.rows.next_id("answer")
        value = choice.value if choice is not None and choice.value is not None else 0
        self.rows.add(
            "answers",
            aid=aid,
            qid=qid,
            code=code,
            sortorder=place,
            assessment_value=int(value),
            scale_id=scale,
        )
        for language, spoken in self.rows.spoken.items():
            self._language = language
            self.rows.add(
                "answer_l10ns", id=self.rows.next_id("label"), aid=aid,
                answer=self.rows.html(label(spoken.question(question.key))), language=language,
            )  # fmt: skip

    def _is_check(self, question: Question) -> bool:
        """Whether it is required exactly where its checks fail, as LimeSurvey judges them anyway."""
        return bool(question.checks)

    def _default(self, question: Question, coded: Coded, qid: int) -> None:
        value = question.default
        if isinstance(value, dict) and list(value) == ["cat"] and isinstance(value["cat"], list):
            value = value["cat"][0] if len(value["cat"]) == 1 else value
        if value is None:
            return
        if coded.type == "M" and isinstance(value, list):
            for key in value:
                if (question.key, str(key)) in self._subs_of:
                    self._put_default(qid, self._subs_of[question.key, str(key)], "Y")
            return
        if coded.choices and isinstance(value, str):
            value = coded.choices.get(value, value)
        if isinstance(value, bool) or not isinstance(value, str | int | float) or coded.rows:
            self.rows.lose(f"{question.key}: what it is filled in with beforehand is left out.")
            return
        if coded.type == "Y":
            value = {"yes": "Y", "no": "N"}.get(str(value), str(value))
        self._put_default(qid, 0, str(value))

    def _put_default(self, qid: int, sub: int, value: str) -> None:
        number = self.rows.next_id("default")
        self.rows.add("defaultvalues", dvid=number, qid=qid, scale_id=0, sqid=sub, specialtype="")
        for language in self.rows.spoken:
            self.rows.add(
                "defaultvalue_l10ns", id=self.rows.next_id("default_words"), dvid=number, language=language,
                defaultvalue=value,
            )  # fmt: skip


def _rowed(spoken: Definition, question: Question, key: str) -> Choice | None:
    own = next((each for each in question.rows if each.key == key), None)
    if own is not None or question.rows_from is None:
        return own
    source = spoken.question(question.rows_from.question)
    return next((each for each in (source.rows or source.choices) if each.key == key), None)
