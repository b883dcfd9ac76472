"""What the survey engine refuses, and in which words: one root, one error per thing that was given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class SurveyError(Exception):
    """Root of everything the engine raises about the values it was given."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a definition: where it is (``pages[0].questions[2].key``) and what to do."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class DefinitionError(SurveyError):
    """A definition was refused; every problem found is listed, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: list[Problem] = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class AnswerError(SurveyError):
    """One answer was refused: the question's key, words for the person, a code for the program."""

    def __init__(self, question_key: str, message: str, code: str) -> None:
        self.question_key = question_key
        self.message = message
        self.code = code
        super().__init__(f"{question_key}: {message}" if question_key else message)


class UnknownName(SurveyError):
    """A kind, template, text or page was asked for by a name that does not exist."""
