"""A page of a survey for itself: logic among its own questions stays, whatever looks elsewhere is left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace

from surveys.logic import Condition
from surveys.parts import Carry, Choice, Definition, Logic, Page, Question, Turn

# Of the text beside a choice logic speaks by the key of its question; what else begins with a line
# under is known only while somebody answers. Parts of a question call one another entries.
_TEXT, _ENTRY = "_text.", "_entry."


def alone(definition: Definition, page: Page, always: str = "") -> Definition:
    """A survey of this page only, whose other pages are as good as answered.

    What an earlier page or the link would decide is shown; the question ``always`` is shown whatever
    is said of it. ``page`` has its carried choices written out. Of a loop it is the turn it stands for.
    """
    here = frozenset(question.key for question in page.questions)
    if isinstance(page, Turn):
        always = f"{always}.{page.about.key}"
        page = Page(**{each.name: getattr(page, each.name) for each in fields(Page)})
    questions = tuple(_for_itself(each, here, each.key == always) for each in page.questions)
    made = replace(
        page,
        questions=questions,
        block="",
        show_if=None,
        question_order="as_given",
        loop=None,
        skips=(),
    )
    return replace(
        definition, pages=(made,), blocks=(), randomizers=(), data=(), endings=(), quotas=()
    )


def _for_itself(question: Question, here: frozenset[str], is_always: bool = False) -> Question:
    mine: Collection[str] = () if is_always else here
    return replace(
        question,
        show_if=_within(question.show_if, mine),
        required_if=_within(question.required_if, here),
        value=_within(question.value, here),
        default=_within(question.default, here),
        choices=_offered(question.choices, mine),
        rows=_offered(question.rows, mine),
        choices_from=_carried(question.choices_from, mine),
        rows_from=_carried(question.rows_from, mine),
        choice_order="as_given",
        row_order="as_given",
        parts=tuple(_for_itself(part, here) for part in question.parts),
        checks=tuple(check for check in question.checks if _is_within(check.valid_if, here)),
    )


def _offered(choices: tuple[Choice, ...], here: Collection[str]) -> tuple[Choice, ...]:
    return tuple(
        each if each.show_if is None else replace(each, show_if=_within(each.show_if, here))
        for each in choices
    )


def _carried(carry: Carry | None, here: Collection[str]) -> Carry | None:
    return carry if carry is not None and carry.question in here else None


def _within(logic: Logic, here: Collection[str]) -> Logic:
    return logic if _is_within(logic, here) else None


def _is_within(logic: Logic, here: Collection[str]) -> bool:
    """Whether logic looks at nothing but answers on the page."""
    if logic is None:
        return True
    asked = Condition(logic)
    return asked.is_closed and all(
        path.startswith(_ENTRY) or _is_of(path.removeprefix(_TEXT), here) for path in asked.paths
    )


def _is_of(path: str, keys: Collection[str]) -> bool:
    """Whether a path is one of the keys, or leads into one; keys of a loop have points in them."""
    return any(path == key or path.startswith(f"{key}.") for key in keys)
