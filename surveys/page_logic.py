"""What a browser is told of a page, so that it can show, hide and judge in place; the server stays the judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from surveys import kinds
from surveys.carrying import source_choices
from surveys.compiled import Compiled
from surveys.flow import Route
from surveys.logic import Condition, Context, condition
from surveys.parts import Carry, Choice, Question
from surveys.steps import Atom, Step
from surveys.values import Answer

# The settings a browser reads by.
_SETTINGS = (
    "minimum", "maximum", "decimals", "step", "max_length", "total", "least_rows", "is_unique", "has_select_all",
)  # fmt: skip
_LOGIC = frozenset({"show_if", "required_if", "value"})
# Which words of refusal a browser may need: by how an answer is read, and by kind.
_CODES: Mapping[str, tuple[str, ...]] = {
    "point": ("scale",),
    "number": ("number", "whole", "decimals", "too_small", "too_large", "step"),
    "many": ("too_few", "too_many", "exclusive"),
    "ranks": ("rank_twice", "rank_all", "too_many"),
    "text": ("too_long",),
    "date": ("date", "too_early", "too_late"),
    "constant_sum": ("total",),
    "max_diff": ("best_is_worst",),
    "entries": ("entry_incomplete", "too_few_entries"),
    "least_rows": ("too_few_rows",),
    "is_unique": ("not_unique",),
    "checks": ("check",),
    "is_requested": ("requested",),
}


def page_logic(
    compiled: Compiled, place: int, answers: Mapping[str, Answer], context: Context
) -> dict[str, object]:
    """What a browser needs to show, hide and judge the questions of a page, as plain JSON values.

    ``data`` holds only what the page's own logic reads of earlier answers and of the link.
    """
    leg = compiled.flow.legs[place]
    if compiled.is_plain:
        told = compiled.told.get(place)
        if told is None:
            told = {"data": {}, "questions": [_told(each, {}) for each in leg.steps]}
            compiled.told[place] = told
        return told
    route = _before(compiled, place, answers, context)
    steps = list(compiled.flow.on_page(leg, context))
    paths: set[str] = set()
    for each in steps:
        paths |= {path for when in _conditions(each) for path in when.paths}
    names = {path.partition(".")[0] for path in paths}
    data = {name: route.data[name] for name in sorted(names) if name in route.data}
    if "_data" in data:
        wanted = {path.split(".")[1] for path in paths if path.startswith("_data.")}
        data["_data"] = {key: data["_data"].get(key) for key in sorted(wanted)}
    here = {each.question.key: each.question for each in steps}
    return {"data": data, "questions": [_told(each, here) for each in steps]}


def whole(
    compiled: Compiled, place: int, answers: Mapping[str, Answer], context: Context
) -> dict[str, Question]:
    """The questions of which answers on the same page decide what they offer, with all they may offer."""
    flow = compiled.flow
    here = {each.question.key for each in flow.legs[place].steps}
    moving = [each for each in flow.legs[place].steps if _moves(each, here)]
    if not moving:
        return {}
    route = _before(compiled, place, answers, context)
    found = {}
    for each in moving:
        question = each.question
        open_step = each._replace(
            question=replace(
                question,
                choices_from=_unless(question.choices_from, here),
                rows_from=_unless(question.rows_from, here),
            ),
            choices={},
            rows={},
        )
        asked = flow.asked(open_step, route.answers, route.data, context)
        if asked is not None:
            found[question.key] = replace(
                asked, choices_from=question.choices_from, rows_from=question.rows_from
            )
    return found


def codes(told: Mapping[str, object]) -> set[str]:
    """The words of refusal that judging such a page may need."""
    wanted = {"required"}
    questions = told["questions"]
    assert isinstance(questions, list)
    for each in questions:
        names = {each["kind"], *each["settings"], *(atom["reads"] for atom in each["atoms"])}
        names |= {name for name in ("checks", "is_requested") if each.get(name)}
        names |= {"checks" for atom in each["atoms"] if atom.get("checks")}
        for name in names:
            wanted.update(_CODES.get(name, ()))
    return wanted


def _before(
    compiled: Compiled, place: int, answers: Mapping[str, Answer], context: Context
) -> Route:
    """The way up to a page, none of its own questions answered."""
    mine = compiled.keys_on(place)
    others = {key: answer for key, answer in answers.items() if key not in mine}
    return compiled.flow.walk(others, context, until=place)


def _conditions(each: Step) -> Iterable[Condition]:
    found = [each.show, each.required, each.value, *each.choices.values(), *each.rows.values()]
    found += [when for atom in each.atoms for when in atom.conditions]
    found += [condition(check.valid_if) for check in each.question.checks]
    return (when for when in found if when is not None)


def _moves(each: Step, here: set[str]) -> bool:
    question = each.question
    carries = (question.choices_from, question.rows_from)
    return bool(
        each.choices
        or each.rows
        or any(atom.show or atom.choices for atom in each.atoms)
        or any(carry and carry.question in here for carry in carries)
    )


def _unless(carry: Carry | None, here: set[str]) -> Carry | None:
    """A carry from an earlier page, which is settled; one from the same page is for the browser."""
    return None if carry is not None and carry.question in here else carry


def _told(each: Step, here: Mapping[str, Question]) -> dict[str, object]:
    question = each.question
    given = {"var": f"_data.{question.key}"} if each.value and question.value is None else None
    return _given(
        key=question.key,
        kind=question.kind,
        is_asked=kinds.kind(question.kind).is_asked,
        is_composite=kinds.kind(question.kind).expand is not None,
        is_lined=bool(question.rows),
        is_required=question.is_required,
        is_requested=question.is_requested,
        show_if=question.show_if,
        required_if=question.required_if,
        value=given if question.value is None else question.value,
        choices=_offer(question.choices, each.choices, question.choices_from, here),
        rows=_offer(question.rows, each.rows, question.rows_from, here),
        needs=_needed(question),
        checks=_checks(question),
    ) | {
        "settings": _settings(question),
        "atoms": [
            _atom(question, atom)
            for atom in each.atoms
            if kinds.kind(atom.question.kind).answer != "none"
        ],
    }


def _offer(
    choices: tuple[Choice, ...],
    conditions: Mapping[str, Condition],
    carry: Carry | None,
    here: Mapping[str, Question],
) -> dict[str, object] | None:
    """The keys that may be offered and what decides it, where answers on the same page may."""
    source = here.get(carry.question) if carry is not None else None
    if not conditions and source is None:
        return None
    told: dict[str, object] = {
        "keys": [each.key for each in choices],
        "show_if": {each.key: each.show_if for each in choices if each.key in conditions},
    }
    if carry is not None and source is not None:
        told["from"] = {
            "question": carry.question,
            "which": carry.which,
            "keys": [each.key for each in source_choices(source)],
        }
    return told


def _atom(question: Question, atom: Atom) -> dict[str, object]:
    asked = atom.question
    is_own = asked is question
    points = kinds.points(asked)
    settings = _settings(asked)
    if points:
        settings |= {"low": points[0], "high": points[-1]}
    alone = [choice.key for choice in asked.choices if choice.is_exclusive]
    if alone:
        settings["alone"] = alone
    wordy = [choice.key for choice in asked.choices if choice.is_text_required]
    return _given(
        key=asked.key,
        reads=_reads(asked),
        is_required=asked.is_required,
        is_beside=atom.is_beside,
        row=atom.row,
        of=atom.belongs_to,
        host=atom.host,
        wordy=wordy,
        show_if=None if is_own else asked.show_if,
        required_if=None if is_own else asked.required_if,
        value=None if is_own else asked.value,
        checks=[] if is_own else _checks(asked),
        choices=None if is_own else _offer(asked.choices, atom.choices, None, {}),
        settings=settings,
    )


def _needed(question: Question) -> list[str]:
    """The parts a begun entry must have, by their keys in each."""
    if question.rows:
        return []
    return [part.key for part in question.parts if part.is_required]


def _checks(question: Question) -> list[dict[str, object]]:
    return [{"valid_if": each.valid_if, "message": each.message} for each in question.checks]


def _reads(question: Question) -> str:
    """How an answer is read: a point, number, one or many choices, ranks, text, date, or the kind's own."""
    kind = kinds.kind(question.kind)
    if kinds.points(question):
        return "point"
    if question.kind in ("number", "slider"):
        return "number"
    if question.kind == "ranking":
        return "ranks"
    if question.kind == "file_upload":
        return "file"
    if kind.answer == "choices":
        return "many" if kind.takes_many else "one"
    return "text" if "max_length" in {each.name for each in kind.settings} else question.kind


def _settings(question: Question) -> dict[str, object]:
    declared = kinds.kind(question.kind)
    known = {each.name for each in declared.settings}
    found = {name: declared.setting(question, name) for name in _SETTINGS if name in known}
    return {
        name: value for name, value in found.items() if value is not None and value is not False
    }


def _given(**parts: object) -> dict[str, object]:
    """The parts that say something: what is false, empty or nothing goes without saying.

    Of logic only what is not there does: a condition that is plainly false says something.
    """
    return {
        name: value
        for name, value in parts.items()
        if value is not None
        and (name in _LOGIC or not (value is False or value == "" or value == [] or value == {}))
    }
