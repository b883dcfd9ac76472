"""Conditions that always or never hold, and pages, questions, choices and rows nobody meets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from surveys.parts import Choice, Question
from surveys.proof.findings import Finding, error, few, note, warning
from surveys.proof.formulas import FALSE, TRUE, Node, all_of
from surveys.proof.places import LAST, Site, Use, uses
from surveys.proof.ways import Ways

_NO_CONDITIONS = frozenset({"data", "value", "default", "quota", "ending"})
_WHAT = {
    "block": "this block is",
    "page": "this page is",
    "question": "this question is",
    "part": "this part is",
    "choice": "this choice is",
    "row": "this row is",
}


def conditions(ways: Ways) -> Iterator[Finding]:
    """All findings on whether conditions can hold."""
    settled: set[str] = set()
    looked_at = (use for use in uses(ways.definition) if use.what not in _NO_CONDITIONS)
    by_path = sorted(looked_at, key=lambda use: use.path)
    for path, same in groupby(by_path, key=lambda use: use.path):
        for found in _everywhere(ways, same):
            settled.add(path)
            yield found
    for index in range(len(ways.definition.pages)):
        yield from _page(ways, index, settled)


def _everywhere(ways: Ways, same: Iterable[Use]) -> list[Finding]:
    """What is true of a condition in every place it is asked: that of a part is asked in each entry."""
    found: list[Finding] | None = None
    for use in same:
        formula = ways.formulas.of(use.logic, use.site)
        here = list(_alone(ways, use.path, use.what, formula, use.question))
        found = here if found is None else [each for each in found if each in here]
        if not found:
            return []
    return found or []


def _alone(ways: Ways, path: str, what: str, formula: Node, key: str) -> Iterator[Finding]:
    """A condition looked at for itself."""
    if formula is FALSE:
        yield _switched_off(path, what, key)
    elif ways.is_never(formula):
        yield _never(path, what, key)
    elif formula is not TRUE and ways.is_always(formula):
        yield _always(path, what, key)
    elif formula is TRUE and what in _WHAT:
        yield note(
            "always_true", path, f"The condition is plainly true, so {_WHAT[what]} always shown. "
            "Remove the condition.", key,
        )  # fmt: skip


def _switched_off(path: str, what: str, key: str) -> Finding:
    if what == "check":
        return error("never_valid", path, "No answer is ever accepted. Correct the check.", key)
    words = (
        f"so {_WHAT[what]} never shown. Remove it"
        if what in _WHAT
        else "so it does nothing. Remove it"
    )
    return warning(
        "switched_off",
        path,
        f"The condition is plainly false, {words}, or give it a condition.",
        key,
    )


def _never(path: str, what: str, key: str) -> Finding:
    if what == "check":
        return error(
            "never_valid",
            path,
            "No answer can meet this check, so nobody can go on. Correct it.",
            key,
        )
    if what == "skip":
        return warning("dead_skip", path, "No answers meet this condition, so nobody skips here.")
    if what == "required":
        return warning(
            "never_required", path, "No answers meet this condition; it does nothing.", key
        )
    message = f"No answers can meet this condition, so {_WHAT[what]} never shown. Correct it."
    make = warning if what in ("choice", "row", "part") else error
    return make("contradiction", path, message, key)


def _always(path: str, what: str, key: str) -> Finding:
    if what == "check":
        return warning(
            "always_true", path, "Every answer meets this check. Remove or correct it.", key
        )
    if what == "required":
        return note("always_true", path, "It always holds; set is_required instead.", key)
    if what == "skip":
        return warning(
            "always_true", path, "All answers meet this condition: everybody skips here."
        )
    return warning(
        "always_true", path,
        f"All answers meet this condition, so {_WHAT[what]} always shown. Remove or correct it.", key,
    )  # fmt: skip


def _page(ways: Ways, index: int, settled: set[str]) -> Iterator[Finding]:
    page = ways.definition.pages[index]
    path = f"pages[{index}]"
    yield from _skips(ways, index, path)
    block = ways.places.block_of(page)
    blocks = [
        f"blocks[{i}].show_if" for i, each in enumerate(ways.definition.blocks) if each is block
    ]
    if f"{path}.show_if" in settled and ways.page_shown(index) is FALSE:
        return
    if not settled.isdisjoint(blocks) and ways.is_never(ways.page_shown(index)):
        return
    reached = ways.page_reached(index)
    if reached is not TRUE and ways.is_never(reached):
        if f"{path}.show_if" not in settled:
            yield error("unreachable_page", path, _why(ways, index))
        return
    for number, question in enumerate(page.questions):
        yield from _question(ways, index, number, question, settled)


def _why(ways: Ways, index: int) -> str:
    if ways.is_never(ways.page_shown(index)):
        return (
            "Nobody is shown this page: its condition and that of its block exclude one another, or "
            "rest on questions that are not shown then. Correct one of them."
        )
    return (
        "Nobody gets to this page: everybody who could see it is led past it by a skip before. "
        "Correct the skip, or remove the page."
    )


def _skips(ways: Ways, index: int, path: str) -> Iterator[Finding]:
    page = ways.definition.pages[index]
    taken: Node = FALSE
    for j, skip in enumerate(page.skips):
        goal = ways.places.page_index.get(skip.to)
        if taken is TRUE:
            yield warning(
                "dead_skip", f"{path}.skips[{j}]",
                "A skip before it always applies, so this one never does. Change their order.",
            )  # fmt: skip
        if goal is not None and goal <= index:
            where = "this page itself" if goal == index else "an earlier page"
            yield error(
                "loop", f"{path}.skips[{j}].to",
                f"It leads back to {where}, which would never end. Choose a later page or an ending.",
            )  # fmt: skip
        elif goal is not None and ways.places.page_before(index, goal) is None:
            yield warning(
                "random_skip", f"{path}.skips[{j}].to",
                "The page it leads to comes earlier for some people, as both stand in a random order; "
                "for them the survey would end there.",
            )  # fmt: skip
        formula = ways.formulas.of(skip.when, Site(index, LAST))
        if formula is TRUE or (formula is not FALSE and ways.is_always(formula)):
            taken = TRUE


def _question(
    ways: Ways, page: int, number: int, question: Question, settled: set[str]
) -> Iterator[Finding]:
    path = f"pages[{page}].questions[{number}]"
    shown = ways.question_shown(page, number)
    if f"{path}.show_if" in settled and ways.is_never(shown):
        return
    if question.show_if is not None and ways.is_never(shown):
        yield error(
            "unreachable_question", path,
            "Nobody is shown this question: its condition and those of its page, its block and the way "
            "to it exclude one another. Correct one of them.", question.key,
        )  # fmt: skip
        return
    for name, choices in (("choices", question.choices), ("rows", question.rows)):
        yield from _offered(
            ways, Site(page, float(number)), shown, question, (path, name), choices, settled
        )


def _offered(
    ways: Ways,
    site: Site,
    shown: Node,
    question: Question,
    where: tuple[str, str],
    choices: tuple[Choice, ...],
    settled: set[str],
) -> Iterator[Finding]:
    path, name = where
    gone = []
    for k, each in enumerate(choices):
        if each.show_if is None:
            continue
        own = f"{path}.{name}[{k}].show_if"
        formula = ways.formulas.of(each.show_if, site)
        is_gone = ways.is_never(all_of([shown, formula]))
        if is_gone:
            gone.append(each.key)
        if is_gone and own not in settled:
            yield warning(
                f"unreachable_{name[:-1]}", own,
                f"Nobody who is shown {question.key} is offered {each.key}: its condition and those of "
                "the way to it exclude one another.", question.key,
            )  # fmt: skip
    if gone and len(gone) == len(choices):
        yield error(
            "no_choices", f"{path}.{name}",
            f"None of its {name} ({few(gone)}) is ever offered, so nobody is asked. Correct their "
            "conditions.", question.key,
        )  # fmt: skip
