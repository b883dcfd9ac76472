"""The one expression language of the engine: JsonLogic, more operators, and a text form to read."""

from surveys.expressions.compiled import Expression, compile_expression
from surveys.expressions.errors import (
    BadPattern,
    BadText,
    ExpressionError,
    NotLogic,
    TooLarge,
    TooLong,
    UnknownOperator,
    WrongArguments,
)
from surveys.expressions.limits import Limits
from surveys.expressions.parsing import parse
from surveys.expressions.values import JsonValue, Value
from surveys.expressions.writing import normal, write

__all__ = [
    "BadPattern",
    "BadText",
    "Expression",
    "ExpressionError",
    "JsonValue",
    "Limits",
    "NotLogic",
    "TooLarge",
    "TooLong",
    "UnknownOperator",
    "Value",
    "WrongArguments",
    "compile_expression",
    "normal",
    "parse",
    "write",
]
