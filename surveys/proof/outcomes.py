"""How a survey ends: endings nobody reaches, screen-outs without words, quotas that never fill."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from surveys.proof.findings import Finding, error, note, warning
from surveys.proof.formulas import FALSE, TRUE, Node, all_of, negated
from surveys.proof.places import LAST, THE_END, Site
from surveys.proof.ways import Ways

_END = Site(THE_END, LAST)
_MOST_PAIRS = 300


def endings(ways: Ways) -> Iterator[Finding]:
    """Findings on the endings."""
    definition = ways.definition
    led_to = {skip.to for page in definition.pages for skip in page.skips}
    led_to |= {quota.ending for quota in definition.quotas}
    before: list[Node] = []
    for i, ending in enumerate(definition.endings):
        path = f"endings[{i}]"
        formula = ways.formulas.of(ending.show_if, _END)
        is_chosen = not ending.is_screen_out
        if ending.key not in led_to:
            if not is_chosen:
                yield warning(
                    "unreachable_ending", path,
                    f"No skip and no quota leads to the screen-out {ending.key}. Add one, or remove it.",
                )  # fmt: skip
            elif ways.is_never(all_of([formula, *map(negated, before)])):
                yield warning(
                    "unreachable_ending", path,
                    f"Nobody is shown the ending {ending.key}: its condition never holds, or an ending "
                    "before it is always taken. Change the order or the condition.",
                )  # fmt: skip
        if is_chosen:
            before.append(formula)
        if ending.is_screen_out and not (ending.text or ending.redirect):
            yield warning(
                "missing_end", f"{path}.text",
                f"Who is screened out at {ending.key} reads nothing. Write some kind words.",
            )  # fmt: skip
        if ending.redirect:
            yield _redirect(f"{path}.redirect", ending.redirect)
    yield from _no_end(ways, before)


def _redirect(path: str, address: str) -> Finding:
    parts = urlsplit(address)
    if parts.scheme != "https":
        return warning(
            "open_redirect", path, f"It leads to {parts.netloc} without https. Use https."
        )
    return note("redirect", path, f"It leads on to {parts.netloc}, which must be an allowed host.")


def _no_end(ways: Ways, before: list[Node]) -> Iterator[Finding]:
    """Whether some people end without any words of the survey."""
    if ways.definition.thank_you:
        return
    if TRUE in before or (before and ways.is_never(all_of([negated(each) for each in before]))):
        return
    yield note(
        "missing_end", "thank_you",
        "Who meets no ending reads only the usual thanks. Write your own under thank_you."
        if before
        else "There are no closing words; the usual thanks are shown. Write your own under thank_you.",
    )  # fmt: skip


def quotas(ways: Ways) -> Iterator[Finding]:
    """Findings on the quotas."""
    definition = ways.definition
    formulas = [ways.formulas.of(quota.when, _END) for quota in definition.quotas]
    for i, (quota, formula) in enumerate(zip(definition.quotas, formulas, strict=True)):
        path = f"quotas[{i}]"
        if formula is FALSE or ways.is_never(formula):
            yield error(
                "dead_quota", f"{path}.when",
                f"The quota {quota.key} can never fill: no answers meet its condition. Correct it.",
            )  # fmt: skip
        if quota.limit == 0 and quota.action == "end":
            yield warning(
                "full_quota", f"{path}.limit",
                f"The quota {quota.key} wants nobody, so it ends everyone it holds for at once.",
            )  # fmt: skip
    pairs = 0
    for i, first in enumerate(definition.quotas):
        for j in range(i + 1, len(definition.quotas)):
            second = definition.quotas[j]
            pairs += 1
            if pairs > _MOST_PAIRS or "end" not in (first.action, second.action):
                continue
            if first.when == second.when:
                yield warning(
                    "same_quota", f"quotas[{j}].when",
                    f"The quotas {first.key} and {second.key} hold for the same people; the smaller "
                    "one decides. Remove one of them.",
                )  # fmt: skip
            elif not ways.is_never(all_of([formulas[i], formulas[j]])):
                yield note(
                    "overlapping_quotas", f"quotas[{j}].when",
                    f"A response may count for {first.key} and for {second.key}; the first that is "
                    "full ends it.",
                )  # fmt: skip
