"""A walk through a draft as a respondent: what was answered travels in a signed state, nothing is stored."""

from __future__ import annotations

import base64
import hmac
import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from efm.clock import new_id
from efm.feedback import course
from efm.vault import Vault
from surveys.asking import AskedPage, ask, ended, in_words
from surveys.compiled import Compiled
from surveys.logic import Context, to_json
from surveys.parts import Ending
from surveys.values import Answer, Cleaned

Form = Mapping[str, Sequence[str]]
LARGEST = 4 * 1024 * 1024


class State(NamedTuple):
    """Where a walk stands: the answers so far, the values of the link, what random orders come from."""

    answers: Mapping[str, Any] = {}
    data: Mapping[str, str] = {}
    seed: str = ""


class Stand(NamedTuple):
    """What a walk shows next: a page, or the ending with what was answered."""

    state: State
    asked: AskedPage | None
    answers: Mapping[str, Answer]
    cleaned: Cleaned | None = None
    ending: Ending | None = None
    said: Sequence[tuple[str, str]] = ()
    left: Sequence[str] = ()


class States:
    """Signs states, so that none but ours is read again."""

    def __init__(self, vault: Vault) -> None:
        self._secret = vault.key("test runs")

    def write(self, state: State) -> str:
        """The state as a hidden field carries it."""
        packed = zlib.compress(json.dumps(state, separators=(",", ":")).encode(), 6)
        mark = hmac.digest(self._secret, packed, "sha256")
        return base64.urlsafe_b64encode(mark + packed).decode()

    def read(self, text: str) -> State:
        """The state; a fresh one where the text was not made here."""
        try:
            whole = base64.b64decode(text, altchars=b"-_", validate=True)
        except ValueError:
            whole = b""
        mark, packed = whole[:32], whole[32:]
        if not whole or not hmac.compare_digest(mark, hmac.digest(self._secret, packed, "sha256")):
            return State(seed=new_id().hex)
        return State(*json.loads(zlib.decompressobj().decompress(packed, LARGEST)))


def begin(compiled: Compiled, query: Mapping[str, str], now: datetime) -> Stand:
    """The first page; `query` are the values a link would bring."""
    state = State(data=course.from_link(compiled, query), seed=new_id().hex)
    about = _about(compiled, state, now)
    return _page(compiled, state, {}, course.first_place(compiled, about), about)


def go_on(compiled: Compiled, state: State, form: Form, now: datetime) -> Stand:
    """The page after the one that was sent, or the same one with what is wrong."""
    about = _about(compiled, state, now)
    before = compiled.clean_all(dict(state.answers), partial=True, context=about).answers
    place = compiled.flow.places.get((form.get("_page") or [""])[0])
    if place is None:
        return _page(compiled, state, before, course.first_place(compiled, about), about)
    back = form.get("_go") == ["back"]
    cleaned = compiled.clean_form_page(place, form, before, about)
    mine = compiled.keys_on(place)
    answers = {key: each for key, each in before.items() if key not in mine} | dict(cleaned.answers)
    if not back and (not cleaned.is_valid or cleaned.unseen):
        left = tuple(key for key, code in cleaned.codes.items() if code == "requested")
        stand = _page(compiled, state, answers, place, about)
        return stand._replace(cleaned=None if cleaned.is_valid else cleaned, left=left)
    state = state._replace(answers={key: to_json(each) for key, each in answers.items()})
    goal = course.following(compiled, place, answers, about, back=back)
    if goal is None and not back:
        return _end(compiled, state, answers, about)
    return _page(compiled, state, answers, place if goal is None else goal, about)


def _about(compiled: Compiled, state: State, now: datetime) -> Context:
    about = course.context(compiled, new_id(), state.data, now)
    return about._replace(seed=state.seed)


def _page(
    compiled: Compiled, state: State, answers: Mapping[str, Answer], place: int, about: Context
) -> Stand:
    return Stand(state, ask(compiled, place, answers, about), answers)


def _end(compiled: Compiled, state: State, answers: Mapping[str, Answer], about: Context) -> Stand:
    """The ending, with every answer that counts in words."""
    route = compiled.flow.walk(answers, about)
    end = None if route.ending is None else ended(route.ending, compiled, route)
    said = [
        (compiled.atoms[key].text, in_words(compiled.atoms[key], answer, route.answers))
        for key, answer in route.answers.items()
        if key in compiled.atoms
    ]
    return Stand(state, None, answers, ending=end, said=said)
