"""Logic as rows of a sentence: "NPS is at most 6 and Tier is Gold"; what is no such rows stays text.

Rows are joined by "and" and "or"; "and" binds more tightly. Comparing a number that was not answered
counts it as zero in JsonLogic, so where that would hold a row also asks that it was answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from surveys.expressions import compile_expression, write
from surveys.parts import Logic
from surveys.subjects import Shape, Subject

Takes: TypeAlias = Literal["nothing", "one", "many"]
Join: TypeAlias = Literal["and", "or"]


class Operator(NamedTuple):
    """What a row says of its subject."""

    name: str
    words: str
    takes: Takes


class Row(NamedTuple):
    """One row: how it joins the row before, the variable, the operator, its values as text."""

    join: Join
    path: str
    operator: str
    values: tuple[str, ...] = ()


_Given: TypeAlias = tuple[str, str, Takes]


def _operators(*given: _Given) -> dict[str, Operator]:
    return {name: Operator(name, words, takes) for name, words, takes in given}


_IS: tuple[_Given, ...] = (("is", "is", "one"), ("is_not", "is not", "one"))
_GIVEN: tuple[_Given, ...] = (
    ("answered", "is answered", "nothing"),
    ("empty", "is not answered", "nothing"),
)
OPERATORS: Mapping[Shape, Mapping[str, Operator]] = {
    "number": _operators(
        ("at_least", "is at least", "one"),
        ("at_most", "is at most", "one"),
        ("more_than", "is more than", "one"),
        ("less_than", "is less than", "one"),
        *_IS,
        *_GIVEN,
        ("at_least_or_empty", "is at least, or not answered,", "one"),
        ("at_most_or_empty", "is at most, or not answered,", "one"),
        ("more_than_or_empty", "is more than, or not answered,", "one"),
        ("less_than_or_empty", "is less than, or not answered,", "one"),
    ),
    "choice": _operators(
        *_IS, ("any_of", "is one of", "many"), ("none_of", "is none of", "many"), *_GIVEN
    ),
    "choices": _operators(
        ("includes", "includes", "one"),
        ("includes_not", "does not include", "one"),
        ("any_of", "includes any of", "many"),
        ("all_of", "includes all of", "many"),
        ("none_of", "includes none of", "many"),
        *_GIVEN,
    ),
    "text": _operators(
        ("includes", "contains", "one"),
        ("includes_not", "does not contain", "one"),
        *_IS,
        *_GIVEN,
    ),
    "date": _operators(
        ("before", "is before", "one"), ("after", "is after", "one"), *_IS, *_GIVEN
    ),
}  # fmt: skip
_COMPARED = {"at_least": ">=", "at_most": "<=", "more_than": ">", "less_than": "<"}
_COMPARES = {sign: name for name, sign in _COMPARED.items()}
_DAYS = {"before": "<", "after": ">"}
_LISTED = {"any_of", "all_of", "none_of"}


def operator_of(row: Row, subjects: Mapping[str, Subject]) -> Operator:
    """The operator of a row; raises KeyError where its subject has no such one."""
    return OPERATORS[_shape(row.path, subjects)][row.operator]


def to_logic(rows: Sequence[Row], subjects: Mapping[str, Subject]) -> Logic:
    """The logic of rows; None where there are none."""
    groups: list[list[Any]] = []
    for row in rows:
        if not groups or row.join == "or":
            groups.append([])
        groups[-1].extend(_parts(row, subjects))
    joined: list[Any] = [{"and": group} if len(group) > 1 else group[0] for group in groups]
    if not joined:
        return None
    made: Logic = {"or": joined} if len(joined) > 1 else joined[0]
    return made


def to_rows(logic: Logic, subjects: Mapping[str, Subject]) -> tuple[Row, ...] | None:
    """The rows of logic; None where it says what rows cannot."""
    if logic is None:
        return ()
    rows: list[Row] = []
    for alternative in _given(logic, "or") or [logic]:
        first: Join = "or" if rows else "and"
        found = _group(_given(alternative, "and") or [alternative], subjects)
        if found is None:
            return None
        rows += [found[0]._replace(join=first), *found[1:]]
    # What rows would say must be the very same logic.
    return tuple(rows) if to_logic(rows, subjects) == logic else None


def sentence(logic: Logic, subjects: Mapping[str, Subject]) -> str:
    """Logic in words; in its text form where rows cannot say it."""
    if isinstance(logic, bool):
        return "always" if logic else "never"
    rows = to_rows(logic, subjects)
    if rows is None:
        return write(logic)
    return " ".join(
        (f"{row.join} " if number else "") + said(row, subjects) for number, row in enumerate(rows)
    )


def said(row: Row, subjects: Mapping[str, Subject]) -> str:
    """One row in words, without what joins it."""
    subject = subjects.get(row.path)
    labels = dict(subject.options) if subject is not None else {}
    label = f"“{subject.label}”" if subject is not None else f"“{row.path}”, which is gone,"
    values = [labels.get(value, value) for value in row.values]
    end = (
        ""
        if not values
        else " " + " or ".join([", ".join(values[:-1]), values[-1]][len(values) < 2 :])
    )
    return f"{label} {operator_of(row, subjects).words}{end}"


def first_row(subject: Subject, join: Join = "and") -> Row:
    """A row about a subject that is complete as it stands."""
    if subject.shape in ("choice", "choices") and subject.options:
        return Row(
            join,
            subject.path,
            "is" if subject.shape == "choice" else "includes",
            (subject.options[0][0],),
        )
    if subject.shape == "number" and subject.points:
        middle = subject.points[len(subject.points) // 2]
        return Row(join, subject.path, "at_least", (str(middle),))
    return Row(join, subject.path, "answered")


def fitting(row: Row, subjects: Mapping[str, Subject]) -> Row:
    """The row with an operator its subject has and values it takes."""
    subject = subjects.get(row.path)
    if subject is None:
        return (
            row
            if row.operator in OPERATORS["text"]
            else row._replace(operator="answered", values=())
        )
    operator = OPERATORS[subject.shape].get(row.operator)
    usual = first_row(subject, row.join)
    if operator is None:
        return usual
    known = {key for key, _ in subject.options}
    values = tuple(each for each in row.values if each and (not known or each in known))
    if operator.takes == "nothing":
        return row._replace(values=())
    if not values:
        return usual._replace(operator=row.operator) if usual.values else usual
    return row._replace(values=values if operator.takes == "many" else values[:1])


def _shape(path: str, subjects: Mapping[str, Subject]) -> Shape:
    subject = subjects.get(path)
    return "text" if subject is None else subject.shape


def _parts(row: Row, subjects: Mapping[str, Subject]) -> list[Any]:
    """The logic of one row; two parts where it must be answered too."""
    name, variable = row.operator, {"var": row.path}
    shape = _shape(row.path, subjects)
    if name in ("answered", "empty"):
        return [{"is_answered" if name == "answered" else "is_empty": [variable]}]
    if name in _LISTED:
        return [{name: [variable, list(row.values)]}]
    value = _value(row.values[0] if row.values else "", shape)
    if name in ("is", "is_not"):
        return [{"==" if name == "is" else "!=": [variable, value]}]
    if name in ("includes", "includes_not"):
        contains = {"contains": [variable, value]}
        return [contains if name == "includes" else {"!": [contains]}]
    if name in _DAYS:
        return [{_DAYS[name]: [variable, value]}]
    compared = {_COMPARED[name.removesuffix("_or_empty")]: [variable, value]}
    if name.endswith("_or_empty") or not _holds_unanswered(compared):
        return [compared]
    return [{"is_answered": [variable]}, compared]


def _holds_unanswered(compared: Any) -> bool:
    return bool(compile_expression(compared).evaluate({}))


def _value(text: str, shape: Shape) -> str | int | float:
    if shape != "number":
        return text
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def _given(logic: Any, name: str) -> list[Any] | None:
    """The arguments of this operator, None for anything else."""
    if isinstance(logic, dict) and set(logic) == {name}:
        given = logic[name]
        return given if isinstance(given, list) else [given]
    return None


def _group(parts: list[Any], subjects: Mapping[str, Subject]) -> list[Row] | None:
    """Rows joined by "and"; a guard and its comparison are one."""
    rows: list[Row] = []
    for part in parts:
        row = _row(part, subjects)
        if row is None:
            return None
        guard = rows[-1] if rows else None
        if (
            guard is not None
            and (guard.operator, guard.path) == ("answered", row.path)
            and row.operator.endswith("_or_empty")
        ):
            rows[-1] = row._replace(operator=row.operator.removesuffix("_or_empty"))
        else:
            rows.append(row)
    return rows or None


def _row(logic: Any, subjects: Mapping[str, Subject]) -> Row | None:
    if not isinstance(logic, dict) or len(logic) != 1:
        return None
    ((name, given),) = logic.items()
    if not isinstance(given, list) or not given:
        return None
    if name == "!":
        inner = _row(given[0], subjects)
        is_contained = inner is not None and inner.operator == "includes"
        return (
            inner._replace(operator="includes_not") if inner is not None and is_contained else None
        )
    path = _path(given[0])
    if path is None:
        return None
    shape = _shape(path, subjects)
    found = _named(name, given[1:], shape, logic)
    if found is None or found[0] not in OPERATORS[shape]:
        return None
    return Row("and", path, *found)


def _path(logic: Any) -> str | None:
    if isinstance(logic, dict) and set(logic) == {"var"} and isinstance(logic["var"], str):
        return logic["var"] or None
    return None


def _named(
    name: str, given: list[Any], shape: Shape, logic: Any
) -> tuple[str, tuple[str, ...]] | None:
    """The operator and values that this operation stands for."""
    if name in ("is_answered", "is_empty") and not given:
        return ("answered" if name == "is_answered" else "empty"), ()
    if len(given) != 1:
        return None
    value = given[0]
    if name in _LISTED and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return name, tuple(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    values = (str(value),)
    if name in ("==", "!="):
        return ("is" if name == "==" else "is_not"), values
    if name == "contains":
        return "includes", values
    if shape == "date" and name in _DAYS.values():
        return ("before" if name == "<" else "after"), values
    if name in _COMPARES and shape == "number":
        end = "_or_empty" if _holds_unanswered(logic) else ""
        return _COMPARES[name] + end, values
    return None
