"""Questions that take choices over from earlier ones, with all choices they may ever offer."""

from __future__ import annotations

from dataclasses import replace

from surveys.parts import Carry, Choice, Definition, Question


def widened(definition: Definition) -> Definition:
    """The definition with carried choices and rows written out; the same where nothing is carried."""
    if not any(each.choices_from or each.rows_from for each in definition.questions):
        return definition
    known: dict[str, Question] = {}
    pages = []
    for page in definition.pages:
        questions = []
        for question in page.questions:
            made = replace(
                question,
                choices=_with(question.choices, question.choices_from, known),
                rows=_with(question.rows, question.rows_from, known),
            )
            known[made.key] = made
            questions.append(made)
        pages.append(replace(page, questions=tuple(questions)))
    return replace(definition, pages=tuple(pages))


def source_choices(source: Question) -> tuple[Choice, ...]:
    """What can be taken over from a question: the rows of a matrix, else its choices."""
    return source.rows or source.choices


def _with(
    own: tuple[Choice, ...], carry: Carry | None, known: dict[str, Question]
) -> tuple[Choice, ...]:
    source = known.get(carry.question) if carry is not None else None
    if source is None:
        return own
    mine = {each.key: each for each in own}
    offered = source_choices(source)
    taken = tuple(
        mine.pop(each.key) if each.key in mine else replace(each, show_if=None, takes_text=False)
        for each in offered
    )
    if len(mine) < len(own) and not mine:
        # Its own choices are some of those: only these are meant, in its own order.
        return own
    return (*taken, *mine.values())
