"""One answer as a value, what reading answers yields, and how a reader refuses one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple, TypeAlias

from surveys.errors import AnswerError

JsonValue: TypeAlias = int | float | str | list[str]


class Answer(NamedTuple):
    """One person's answer to one question; exactly one of the four last fields is set.

    ``number`` is an int for scales and whole numbers, a float else. ``choices`` are keys in the
    definition's order, never labels. A named tuple because hundreds of thousands are made at once.
    """

    question_key: str
    kind: str
    number: float | None = None
    text: str | None = None
    choices: tuple[str, ...] | None = None
    on: date | None = None


class Cleaned(NamedTuple):
    """What reading a form page or a JSON object yields; ``errors`` is empty when all is well.

    ``answers`` and ``errors`` are keyed by question; ``errors`` holds sentences in the language of
    the definition, ``codes`` the same refusals for programs, ``raw`` what was typed, to show again.
    ``unseen`` are questions of the page that the answers brought up and the form did not show yet.
    """

    answers: Mapping[str, Answer]
    errors: Mapping[str, str]
    codes: Mapping[str, str]
    raw: Mapping[str, object]
    unseen: tuple[str, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether nothing was refused."""
        return not self.errors

    @property
    def problems(self) -> tuple[AnswerError, ...]:
        """The refusals as errors, in the order of the definition, ready to raise or to list."""
        return tuple(AnswerError(key, text, self.codes[key]) for key, text in self.errors.items())


class Refusal(Exception):
    """A reader refuses a value: the code is a key of the translations, the rest fills its blanks.

    It never leaves the engine: the compiled survey turns it into words of the survey's language.
    """

    def __init__(self, code: str, **blanks: object) -> None:
        self.code = code
        self.blanks = blanks
        super().__init__(code)
