"""What the expression language refuses, and in which words: one root, one error per way to recover."""

from __future__ import annotations

from surveys.errors import SurveyError


class ExpressionError(SurveyError):
    """An expression was refused: what to do, and where in the JsonLogic (``and[0].<=[1]``)."""

    def __init__(self, message: str, path: str = "") -> None:
        self.message = message
        self.path = path
        super().__init__(message, path)

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class NotLogic(ExpressionError):
    """Something that is no JSON stands where logic should."""


class UnknownOperator(ExpressionError):
    """An operator was named that the language does not have."""


class WrongArguments(ExpressionError):
    """An operator was given too few or too many arguments."""


class TooLarge(ExpressionError):
    """Logic, text or a list is deeper, larger or longer than its bound."""


class TooLong(ExpressionError):
    """Evaluation took more steps than its bound."""


class BadPattern(ExpressionError):
    """A regular expression cannot be read, or asks for what has no linear time."""


class BadText(ExpressionError):
    """The text form cannot be read: the position (from 0) and what was expected there."""

    def __init__(self, message: str, position: int, expected: str = "") -> None:
        self.position = position
        self.expected = expected
        super().__init__(message, f"character {position + 1}")
