"""The attributes of LimeSurvey questions: limits, looks, equations and checks."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from surveys.formats.expressionscript.writing import Unwritable, write_condition, write_value
from surveys.formats.limesurvey.codes import Coded, Codes, other_of
from surveys.formats.limesurvey.export_rows import Rows
from surveys.parts import Choice, Definition, Logic, Question


class AttributeRows:
    """Writes the attributes of questions."""

    def __init__(self, rows: Rows, codes: Codes) -> None:
        self.rows = rows
        self.codes = codes

    def write(self, question: Question, coded: Coded, qid: int, *, is_random: bool) -> None:
        """Write all attributes of a question."""
        for name, value in self._settings(question, coded):
            self.rows.add("question_attributes", qid=qid, attribute=name, value=value, language="")
        other = other_of(question)
        if other is not None and coded.type in ("L", "!", "M"):
            for language, spoken in self.rows.spoken.items():
                own = choice_of(spoken, spoken.question(question.key), other.key)
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
        if question.kind == "date_time":
            yield "date_format", "yyyy-mm-dd HH:MM"
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
            for name, paths in filters_of(question).items():
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


def choice_of(spoken: Definition, question: Question, key: str) -> Choice | None:
    """A choice of a question, its own or one it takes over."""
    own = next((each for each in question.choices if each.key == key), None)
    if own is not None or question.choices_from is None:
        return own
    source = spoken.question(question.choices_from.question)
    return next((each for each in (source.rows or source.choices) if each.key == key), None)


def filters_of(question: Question) -> dict[str, list[str]]:
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
