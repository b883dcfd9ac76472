"""What an import of a LimeSurvey survey writes down as it goes: questions, logic, open points, notes."""

from __future__ import annotations

import re

from surveys.formats.cleaning import Cleaner
from surveys.formats.report import Item, LogicItem, LogicOutcome, Outcome
from surveys.strings import tidy

_MOST = 2_000
# What could run in a page; in logic that is kept as words it is only noise.
_ACTIVE = re.compile(
    r"<(?=\s*/?\s*(?:script|iframe|object|embed|style|svg|img|body|link|meta|base)\b)|javascript\s*:",
    re.I,
)
_MOST_NOTES = 200


def harmless(text: str) -> str:
    """A text of the source as words: nothing in it can run, comparisons stay."""
    return _ACTIVE.sub("‹", tidy(text))


class Ledger:
    """Collects the report of one import."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.logic: list[LogicItem] = []
        self.unresolved: list[dict[str, object]] = []
        self.notes: list[str] = []
        self.reasons: list[str] = []
        self.cleaner = Cleaner()

    def approximate(self, reason: str) -> None:
        """Note why the question at hand is not quite what it was."""
        if reason not in self.reasons:
            self.reasons.append(reason)

    def note(self, sentence: str) -> None:
        """Note something about the survey as a whole, once."""
        if sentence not in self.notes and len(self.notes) < _MOST_NOTES:
            self.notes.append(harmless(sentence)[:500])

    def question(self, source_id: str, type_: str, key: str, outcome: Outcome = "mapped") -> None:
        """Close a question: with reasons collected it is approximated."""
        if outcome == "mapped" and self.reasons:
            outcome = "approximated"
        reason = harmless(" ".join(self.reasons))[:1_000]
        self.items.append(
            Item(harmless(source_id)[:100], harmless(type_)[:40], outcome, key, reason)
        )
        self.reasons = []

    def evaluated(self, path: str, source: str, reason: str = "") -> None:
        """Note logic that a walk obeys."""
        self._logic(path, source, "evaluated", reason)

    def left(self, path: str, source: str, reason: str) -> None:
        """Note logic for a person to decide; it keeps the survey from being published."""
        self._logic(path, source, "raw", reason)
        if len(self.unresolved) < _MOST:
            self.unresolved.append(
                {
                    "path": harmless(path)[:300],
                    "text": harmless(source)[:20_000],
                    "reason": harmless(reason)[:2_000],
                }
            )

    def _logic(self, path: str, source: str, outcome: LogicOutcome, reason: str) -> None:
        self.logic.append(
            LogicItem(
                harmless(path)[:300], harmless(source)[:4_000], outcome, harmless(reason)[:1_000]
            )
        )
