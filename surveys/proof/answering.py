"""Questions nobody can answer: nothing left to choose, more asked for than offered, sources hidden."""

from __future__ import annotations

from collections.abc import Iterator

from surveys.kinds.base import whole
from surveys.parts import Question
from surveys.proof.findings import Finding, error, warning
from surveys.proof.formulas import all_of, negated
from surveys.proof.ways import Ways


def answering(ways: Ways) -> Iterator[Finding]:
    """Findings on what a question asks for and what it takes over."""
    for i, page in enumerate(ways.definition.pages):
        for j, question in enumerate(page.questions):
            path = f"pages[{i}].questions[{j}]"
            yield from _carried(ways, path, i, j, question)
            yield from _wanted(ways, path, question)


def _carried(
    ways: Ways, path: str, page: int, number: int, question: Question
) -> Iterator[Finding]:
    for name, carry in (("choices_from", question.choices_from), ("rows_from", question.rows_from)):
        if carry is None or carry.which == "offered" or carry.question not in ways.places.asked:
            continue
        source = ways.places.asked[carry.question]
        before = ways.places.page_before(source[0], page)
        if before is None:
            yield warning(
                "random_reference", f"{path}.{name}",
                f"It takes over from {carry.question}, which for some people is asked later, as both "
                "stand in a random order.", question.key,
            )  # fmt: skip
            continue
        here = ways.question_shown(page, number)
        there = ways.question_shown(*source)
        block = ways.places.block_of(ways.definition.pages[source[0]])
        is_drawn = block is not None and _leaves_some_out(ways, block.randomizer)
        if is_drawn or not ways.is_never(all_of([here, negated(there)])):
            yield warning(
                "carried_from_hidden", f"{path}.{name}",
                f"It takes over from {carry.question}, which some people are not shown; they are "
                + ("not asked this either." if carry.which == "chosen" else "offered everything.")
                + f" Ask it only of those who are shown {carry.question}.",
                question.key,
            )  # fmt: skip


def _leaves_some_out(ways: Ways, randomizer: str) -> bool:
    return any(
        each.key == randomizer and each.show is not None for each in ways.definition.randomizers
    )


def _wanted(ways: Ways, path: str, question: Question) -> Iterator[Finding]:
    key = question.key
    if question.choices_from is None and question.kind in ("multiple_choice", "ranking"):
        least = whole(question.settings.get("minimum"), 0)
        always = sum(each.show_if is None for each in question.choices)
        has_exit = any(each.is_exclusive and each.show_if is None for each in question.choices)
        if question.kind == "multiple_choice":
            alone = sum(each.is_exclusive for each in question.choices)
            together = len(question.choices) - alone
            if least > together and not alone:
                yield _impossible(path, f"It wants {least} choices and offers {together}.", key)
            elif least > together and alone:
                yield warning(
                    "dead_choices", f"{path}.settings.minimum",
                    f"It wants {least} choices, and only {together} go together: nothing but an "
                    "exclusive choice is accepted. Lower the minimum.", key,
                )  # fmt: skip
                return
        if least > always and not has_exit and question.is_required:
            yield warning(
                "too_few_offered", f"{path}.settings.minimum",
                f"It wants {least} choices; where the conditions of its choices hide some, fewer are "
                "offered and nobody could go on. Lower the minimum.", key,
            )  # fmt: skip
    if question.rows and question.rows_from is None:
        yield from _rows(path, question)


def _rows(path: str, question: Question) -> Iterator[Finding]:
    key = question.key
    least = whole(question.settings.get("least_rows"), 0)
    if question.is_required and least > len(question.rows):
        yield _impossible(
            path, f"It wants {least} rows answered and has {len(question.rows)}.", key
        )
    if not question.settings.get("is_unique") or question.choices_from is not None:
        return
    wanted = least or sum(each.show_if is None for each in question.rows)
    if question.is_required and wanted > len(question.choices):
        yield _impossible(
            path,
            f"Each of {wanted} rows wants another choice, and there are {len(question.choices)}.",
            key,
        )


def _impossible(path: str, why: str, key: str) -> Finding:
    return error(
        "no_way_to_answer", f"{path}.settings", f"{why} Nobody can answer it; correct it.", key
    )
