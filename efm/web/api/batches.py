"""Batches: every row is read and stored for itself, and the answer says what became of each."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from efm.errors import Invalid
from efm.feedback import collect
from efm.feedback.store import Outcome
from efm.web.api import ingest
from efm.web.pointers import pointer, where

MOST = collect.BATCH_LIMIT
Answer = dict[str, Any]


def rows(document: object, name: str) -> list[Any]:
    """The rows of a batch. Raises Invalid when it is none, or too long."""
    problems: dict[str, str] = {}
    if type(document) is not dict:
        problems[""] = "Send a JSON object."
    else:
        for each in [each for each in document if each != name][:20]:
            problems[pointer(each)] = "There is no such field."
        found = document.get(name)
        if type(found) is not list or not 1 <= len(found) <= MOST:
            problems[name] = f"Send a list of 1 to {MOST:,}."
        elif not problems:
            return found
    raise Invalid("The batch has problems.", problems=problems)


def responses(session: Session, given: Sequence[Any], now: datetime, token_id: uuid.UUID) -> Answer:
    """Store the rows of a batch of responses and say what became of each."""
    incoming: dict[int, collect.Incoming] = {}
    results: list[Answer] = []
    for index, row in enumerate(given):
        try:
            incoming[index] = ingest.incoming(row)
        except Invalid as error:
            results.append(_refused("responses", index, error.problems))
    outcomes = collect.submit_batch(session, list(incoming.values()), now, token_id=token_id)
    for index, outcome in zip(incoming, outcomes, strict=True):
        if outcome.state == "refused":
            results.append(_refused("responses", index, _reasons(outcome)))
        else:
            results.append(
                {"index": index, "outcome": outcome.state, "id": outcome.id, "errors": []}
            )
    results.sort(key=lambda each: int(each["index"]))
    sums = dict.fromkeys(("created", "duplicate", "refused"), 0)
    for each in results:
        sums[each["outcome"]] += 1
    return {**sums, "results": results}


def _reasons(outcome: Outcome) -> Mapping[str, str]:
    if outcome.problems:
        return outcome.problems
    words = {
        "closed": "This survey is closed and takes no answers.",
        "expired": "This survey is closed and takes no answers.",
        "invalid": "A value cannot be stored.",
    }
    return {"": words.get(outcome.reason or "", "There is no such published survey.")}


def _refused(name: str, index: int, problems: Mapping[str, str]) -> Answer:
    return {
        "index": index,
        "outcome": "refused",
        "id": None,
        "errors": errors(name, index, problems),
    }


def errors(name: str, index: int, problems: Mapping[str, str]) -> list[Answer]:
    """The problems of one row, their pointers beginning at the batch."""
    start = pointer(name, index)
    return [
        {"pointer": start + where(place)["pointer"].removeprefix("#"), "detail": words}
        for place, words in problems.items()
    ]
