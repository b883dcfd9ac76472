"""Our questions as the rows of LimeSurvey's questions, subquestions, answers and attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from surveys import kinds
from surveys.formats.expressionscript_writing import Unwritable, write_condition, write_value
from surveys.formats.limesurvey_codes import Coded, Codes, high_of, low_of, other_of, short
from surveys.formats.limesurvey_export_rows import Rows
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
        type_ = coded.type or "X"
        asked = kinds.kind(question.kind).is_asked
        self._row("questions", qid, question, coded.code, 0, 0, gid, place, type_, coded)
        self._words(qid, lambda q: q.text or q.key, lambda q: q.help, question)
        if type_ != "X":
            self._lists(question, coded, qid, gid)
            self._attributes(question, coded, qid, is_random=is_random and asked)
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
            self._subs(question, coded, qid, gid, keys, _choice)
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
                choice = _choice(source, question, key)
                if choice is not None and choice.show_if is not None:
                    if choice.show_if is False and choice.key == "never_offered":
                        continue
                    if not _filters_of(question):
                        self.rows.lose(
                            f"{question.key}.{key}: LimeSurvey always offers this choice."
                        )

                def label(own: Question, key: str = key) -> str:
                    found = _choice(self.rows.spoken[self._language], own, key)
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

    def _attributes(self, question: Question, coded: Coded, qid: int, *, is_random: bool) -> None:
        for name, value in self._settings(question, coded):
            self.rows.add("question_attributes", qid=qid, attribute=name, value=value, language="")
        other = other_of(question)
        if other is not None and coded.type in ("L", "!", "M"):
            for language, spoken in self.rows.spoken.items():
                own = _choice(spoken, spoken.question(question.key), other.key)
                self._local(qid, "other_replace_text", own.label if own else other.label, language)
        if coded.type == "1":
            for place, name in enumerate(("dualscale_headerA", "dualscale_headerB")):
                for language, spoken in self.rows.spoken.items():
                    self._local(
                        qid, name, spoken.question(question.key).parts[place].text, language
                    )
        if is_random:
            self.rows.add(
                "question_attributes", qid=qid, attribute="random_group", value="page", language=""
            )
        self._checks(question, qid)

    def _local(self, qid: int, name: str, text: str, language: str) -> None:
        self.rows.add(
            "question_attributes",
            qid=qid,
            attribute=name,
            value=escape(text, quote=False),
            language=language,
        )

    def _settings(self, question: Question, coded: Coded) -> Iterable[tuple[str, str]]:
        """Attributes of a question that are the same in every language."""
        chosen = question.settings
        numbers = {
            "number": (("minimum", "min_num_value_n"), ("maximum", "max_num_value_n")),
            "slider": (("minimum", "min_num_value_n"), ("maximum", "max_num_value_n")),
            "matrix_number": (("minimum", "min_num_value_n"), ("maximum", "max_num_value_n")),
            "date": (("minimum", "date_min"), ("maximum", "date_max")),
            "multiple_choice": (("minimum", "min_answers"), ("maximum", "max_answers")),
            "ranking": (("minimum", "min_answers"), ("maximum", "max_answers")),
            "constant_sum": (("total", "equals_num_value"),),
        }
        for setting, name in numbers.get(question.kind, ()):
            value = chosen.get(setting)
            is_usual = value in (None, 0) if question.kind == "multiple_choice" else value is None
            # What LimeSurvey counts it counts of those who answer nothing, too.
            if name == "min_answers" and not question.is_required:
                if not is_usual and value != 1:
                    self.rows.lose(f"{question.key}: its smallest number of choices is left out.")
                continue
            if not is_usual:
                yield name, str(value)
        if question.kind in ("number", "slider", "matrix_number") and not chosen.get("decimals"):
            yield "num_value_int_only", "1"
        if chosen.get("max_length") and coded.type in ("S", "T", "Q", ";"):
            yield "maximum_chars", str(chosen["max_length"])
        if chosen.get("unit"):
            yield "suffix", str(chosen["unit"])
        yield from self._looks(question, coded)

    def _looks(self, question: Question, coded: Coded) -> Iterable[tuple[str, str]]:
        alone = [
            coded.rows[each.key]
            for each in question.choices
            if each.is_exclusive and each.key in coded.rows
        ]
        if alone and coded.type in ("M", "P"):
            yield "exclude_all_others", ";".join(alone)
        if "random" in (question.choice_order, question.row_order):
            yield "random_order", "1"
        elif question.choice_order == "alphabetical":
            yield "alphasort", "1"
        elif "reversed_for_half" in (question.choice_order, question.row_order):
            self.rows.lose(f"{question.key}: its choices are not reversed for half of the people.")
        if question.kind in ("stars", "smileys") and coded.type == "5":
            yield "slider_rating", "1" if question.kind == "stars" else "2"
        if question.kind == "matrix_dropdown":
            yield "use_dropdown", "1"
        if question.kind == "matrix_multiple":
            yield "multiflexible_checkbox", "1"
        if coded.type == ":" and question.kind == "grid":
            yield from self._cells(question)
        if question.kind == "time":
            yield "date_format", "HH:MM"
        if question.kind in ("calculated", "hidden"):
            yield from self._value(question)
        for carry in (question.choices_from, question.rows_from):
            if carry is not None and carry.question in self.codes.by_key:
                name = {"chosen": "array_filter", "not_chosen": "array_filter_exclude"}.get(
                    carry.which
                )
                if name:
                    yield name, self.codes.by_key[carry.question].code
        if coded.type in ("L", "R"):
            for name, paths in _filters_of(question).items():
                known = [
                    self.codes.by_key[each].code for each in paths if each in self.codes.by_key
                ]
                yield name, ";".join(known)
        other = other_of(question)
        if other is not None and other.is_text_required and coded.type in ("L", "!"):
            yield "other_comment_mandatory", "1"
        if sum(each.takes_text for each in question.choices) > 1 and coded.type != "P":
            self.rows.lose(f"{question.key}: the words beside its choices are not asked.")

    def _cells(self, question: Question) -> Iterable[tuple[str, str]]:
        part = question.parts[0]
        if part.kind == "dropdown":
            points = [int(each.key) for each in part.choices]
            step = points[1] - points[0]
            for name, value in (("min", points[0]), ("max", points[-1]), ("step", step)):
                yield f"multiflexible_{name}", str(value)
            return
        yield "input_boxes", "1"
        for setting, name in (("minimum", "multiflexible_min"), ("maximum", "multiflexible_max")):
            if part.settings.get(setting) is not None:
                yield name, str(part.settings[setting])

    def _value(self, question: Question) -> Iterable[tuple[str, str]]:
        yield "hidden", "1"
        if question.value is None or question.kind == "hidden":
            if question.kind == "hidden":
                self.rows.lose(f"{question.key}: fill it in from the link by its code.")
            return
        try:
            yield "equation", "{" + write_value(question.value, self.codes.lookup) + "}"
        except Unwritable as error:
            self.rows.lose(f"{question.key}.value: ExpressionScript cannot say {error}.")

    def _is_check(self, question: Question) -> bool:
        """Whether it is required exactly where its checks fail, as LimeSurvey judges them anyway."""
        return bool(question.checks)

    def _checks(self, question: Question, qid: int) -> None:
        parts: list[Logic] = [check.valid_if for check in question.checks]
        if not parts:
            return
        try:
            written = write_condition(
                {"and": parts} if len(parts) > 1 else parts[0], self.codes.lookup
            )
        except Unwritable as error:
            self.rows.lose(
                f"{question.key}: ExpressionScript cannot say {error}; a check is left out."
            )
            return
        if question.required_if is None:
            written = f"count(self.NAOK) == 0 or ({written})"
        self.rows.add(
            "question_attributes", qid=qid, attribute="em_validation_q", value=written, language=""
        )
        for language, spoken in self.rows.spoken.items():
            said = [
                check.message for check in spoken.question(question.key).checks if check.message
            ]
            if said:
                self._local(qid, "em_validation_q_tip", "\n".join(said), language)

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


def _choice(spoken: Definition, question: Question, key: str) -> Choice | None:
    """A choice of a question, its own or one it takes over."""
    own = next((each for each in question.choices if each.key == key), None)
    if own is not None or question.choices_from is None:
        return own
    source = spoken.question(question.choices_from.question)
    return next((each for each in (source.rows or source.choices) if each.key == key), None)


def _rowed(spoken: Definition, question: Question, key: str) -> Choice | None:
    own = next((each for each in question.rows if each.key == key), None)
    if own is not None or question.rows_from is None:
        return own
    source = spoken.question(question.rows_from.question)
    return next((each for each in (source.rows or source.choices) if each.key == key), None)


def _filters_of(question: Question) -> dict[str, list[str]]:
    """The questions whose answers let choices of the same key through, or keep them out.

    Nothing where the conditions of choices say anything else.
    """
    found: dict[tuple[str, str], None] = {}
    for choice in question.choices:
        logic = choice.show_if
        both = logic.get("and") if isinstance(logic, dict) and len(logic) == 1 else None
        for part in both if isinstance(both, list) else [logic]:
            if part is None:
                continue
            read = _read_of(part, choice.key)
            if read is None:
                return {}
            found[read] = None
    return {
        name: [path for each, path in found if each == name]
        for name in ("array_filter", "array_filter_exclude")
        if any(each == name for each, _ in found)
    }


def _read_of(logic: Logic, key: str) -> tuple[str, str] | None:
    """How one condition of a choice reads the same choice of another question."""
    name = "array_filter"
    if isinstance(logic, dict) and list(logic) == ["!"] and isinstance(logic["!"], list):
        name, logic = "array_filter_exclude", logic["!"][0]
    inside = logic.get("in") if isinstance(logic, dict) and len(logic) == 1 else None
    if not isinstance(inside, list) or len(inside) != 2 or inside[0] != key:
        return None
    path = inside[1].get("var") if isinstance(inside[1], dict) else None
    return (name, path) if isinstance(path, str) else None
