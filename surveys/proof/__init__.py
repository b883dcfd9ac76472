"""The static proof of a definition: what nobody meets, what contradicts itself, what leads nowhere.

Nothing is claimed that was not decided: conditions over choices and scales are tried with every value
they can have, numbers and days around every point they are compared with; what is beyond that, or
beyond the bounds of the search, is left unsaid.
"""

from __future__ import annotations

from collections.abc import Iterator

from surveys.parts import Definition
from surveys.proof.answering import answering
from surveys.proof.conditions import conditions
from surveys.proof.findings import Finding, Level, error, listed, note
from surveys.proof.outcomes import endings, quotas
from surveys.proof.privacy import privacy
from surveys.proof.references import references
from surveys.proof.turns import as_written
from surveys.proof.ways import Ways
from surveys.proof.wording import wording

__all__ = ["Finding", "Level", "errors", "prove"]


def prove(definition: Definition) -> tuple[Finding, ...]:
    """Everything found, errors first; a survey with errors is not published."""
    ways = Ways(definition)
    return listed(as_written(definition, ways.definition, _found(definition, ways)))


def errors(definition: Definition) -> dict[str, str]:
    """What keeps a definition from being published: messages by path."""
    found: dict[str, str] = {}
    for each in prove(definition):
        if each.level == "error":
            words = f"{each.message} ({each.question})" if each.question else each.message
            found[each.path] = f"{found[each.path]} {words}" if each.path in found else words
    return found


def _found(definition: Definition, ways: Ways) -> Iterator[Finding]:
    for i, open_point in enumerate(definition.unresolved):
        yield error(
            "unresolved",
            f"unresolved[{i}]",
            f"{open_point.path}: {open_point.reason} Decide what is meant by “{_short(open_point.text)}”, "
            "write it as logic, and remove the open point.",
        )
    yield from references(ways)
    yield from conditions(ways)
    yield from endings(ways)
    yield from quotas(ways)
    yield from answering(ways)
    yield from wording(ways, definition)
    yield from privacy(definition)
    if ways.purse.was_short:
        yield note(
            "proof_cut_short",
            "",
            "The logic is too large to be decided whole; what was not decided is not among the findings.",
        )


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:119] + "…"
