"""Kinds that ask the same of several rows: matrices, grids, semantic differentials, entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from surveys.entries import Place, placed
from surveys.kinds.base import Asked, Kind, Setting, no_columns, no_readers, whole
from surveys.kinds.beside import beside
from surveys.parts import Choice, Logic, Posed, Question, SettingValue
from surveys.values import Answer, Refusal

MOST_ENTRIES = 30
CALCULATED = "calculated"

_UNIQUE = Setting(
    "is_unique", "boolean", "Each answer once", "No two rows take the same answer.", default=False
)
_LEAST_ROWS = Setting(
    "least_rows",
    "integer",
    "Answer at least so many rows",
    "Empty: every row of a required question.",
    minimum=1,
    maximum=1000,
)
_LOW = Setting("low", "integer", "Lowest point", default=1, minimum=-100, maximum=100)
_HIGH = Setting("high", "integer", "Highest point", default=5, minimum=-99, maximum=100)
_LABELS = (
    Setting("low_label", "text", "Words at the low end", "Empty: only the number."),
    Setting("high_label", "text", "Words at the high end", "Empty: only the number."),
)
_MAX_LENGTH = Setting(
    "max_length", "integer", "Most characters in a field", default=200, minimum=1, maximum=5000
)


def _settings(**given: SettingValue | None) -> Mapping[str, SettingValue]:
    return MappingProxyType({name: value for name, value in given.items() if value is not None})


def _row(question: Asked, row: Choice, kind: str, settings: Mapping[str, SettingValue]) -> Question:
    return Question(
        key=f"{question.key}.{row.key}",
        kind=kind,
        text=f"{question.text}: {row.label}",
        is_required=question.is_required and "least_rows" not in question.settings,
        show_if=row.show_if,
        settings=settings,
    )


def _single(question: Asked) -> tuple[Asked, ...]:
    return tuple(
        replace(_row(question, row, "single_choice", _settings()), choices=question.choices)
        for row in question.rows
    )


def _multiple(question: Asked) -> tuple[Asked, ...]:
    return tuple(
        replace(
            _row(
                question,
                row,
                "multiple_choice",
                _settings(
                    minimum=question.settings.get("minimum"),
                    maximum=question.settings.get("maximum"),
                ),
            ),
            choices=question.choices,
        )
        for row in question.rows
    )


def _rating(question: Asked) -> tuple[Asked, ...]:
    chosen = question.settings
    return tuple(
        _row(
            question,
            row,
            "scale",
            _settings(
                low=chosen.get("low"),
                high=chosen.get("high"),
                low_label=row.label if row.opposite else chosen.get("low_label"),
                high_label=row.opposite or chosen.get("high_label"),
            ),
        )
        for row in question.rows
    )


def _text(question: Asked) -> tuple[Asked, ...]:
    longest = question.settings.get("max_length")
    return tuple(
        _row(question, row, "short_text", _settings(max_length=longest)) for row in question.rows
    )


def _number(question: Asked) -> tuple[Asked, ...]:
    chosen = {
        name: question.settings.get(name) for name in ("minimum", "maximum", "step", "decimals")
    }
    return tuple(_row(question, row, "number", _settings(**chosen)) for row in question.rows)


def _grid(question: Asked) -> tuple[Asked, ...]:
    """The parts of each row; a required grid asks for all that its parts require."""
    return tuple(
        atom
        for number, row in enumerate(question.rows, 1)
        for part in question.parts
        for atom in _in_row(question, part, row, number)
    )


def _in_row(question: Asked, part: Asked, row: Choice, number: int) -> tuple[Asked, ...]:
    place = Place(f"{question.key}.{row.key}", number, row.key)
    made = placed(part, place, f"{question.text}: {row.label}, {part.text}")
    made = replace(
        made,
        is_required=(part.is_required or question.is_required) and part.kind != CALCULATED,
        show_if=_both(row.show_if, made.show_if),
    )
    return (made, *beside(made))


def _entries(question: Asked) -> tuple[Asked, ...]:
    """The parts of each entry, numbered from 1; what an entry requires is for its judge."""
    most = whole(question.settings.get("maximum"), 10)
    return tuple(
        atom
        for number in range(1, most + 1)
        for part in question.parts
        for atom in _in_entry(question, part, number)
    )


def _in_entry(question: Asked, part: Asked, number: int) -> tuple[Asked, ...]:
    place = Place(f"{question.key}.{number}", number, str(number))
    made = placed(part, place, f"{question.text} {number}, {part.text}")
    made = replace(made, is_required=False)
    return (made, *beside(made))


def _both(first: Logic, second: Logic) -> Logic:
    if first is None or second is None:
        return second if first is None else first
    return {"and": [first, second]}


def _judge_rows(question: Asked, answers: Mapping[str, Answer]) -> None:
    given = [
        answer
        for row in question.rows
        if (answer := answers.get(f"{question.key}.{row.key}")) is not None
    ]
    least = whole(question.settings.get("least_rows"), 0)
    if question.is_required and len(given) < least:
        raise Refusal("too_few_rows", minimum=least)
    if question.settings.get("is_unique"):
        values = [answer[2:] for answer in given]
        if len(set(values)) < len(values):
            raise Refusal("not_unique")


def _judge_entries(question: Asked, answers: Mapping[str, Answer]) -> None:
    """As many entries as wanted, none of them half filled in where a part is required."""
    most = whole(question.settings.get("maximum"), 10)
    asked = [part for part in question.parts if part.kind != CALCULATED]
    filled = 0
    for number in range(1, most + 1):
        keys = {f"{question.key}.{number}.{part.key}": part for part in asked}
        if any(key in answers for key in keys):
            filled += 1
            if any(
                key not in answers and _is_needed(question, key, part) for key, part in keys.items()
            ):
                raise Refusal("entry_incomplete", number=number)
    least = max(whole(question.settings.get("minimum"), 0), int(question.is_required))
    if (filled or question.is_required) and filled < least:
        raise Refusal("too_few_entries", minimum=least)


def _is_needed(question: Asked, key: str, part: Asked) -> bool:
    """Whether an entry that is begun must have this part: what is not asked cannot be missing."""
    if not isinstance(question, Posed):
        return part.is_required
    return key in question.needs or (part.is_required and key in question.asks)


def _check_scale(question: Asked) -> Iterable[tuple[str, str]]:
    low = whole(question.settings.get("low"), 1)
    high = whole(question.settings.get("high"), 5)
    if not low < high <= low + 100:
        yield "high", "Set it above the lowest point, by at most 100."


def _check_entries(question: Asked) -> Iterable[tuple[str, str]]:
    least = whole(question.settings.get("minimum"), 0)
    most = whole(question.settings.get("maximum"), 10)
    if most < least:
        yield "maximum", f"It is less than the minimum of {least}. Set it to {least} or more."


def _array(name: str, title: str, expand: object, *settings: Setting, **more: object) -> Kind:
    declared = {
        "answer": "none",
        "template": "array",
        "readers": no_readers,
        "columns": no_columns,
        "has_rows": True,
        "judge": _judge_rows,
    }
    return Kind(name=name, title=title, expand=expand, settings=settings, **(declared | more))  # type: ignore[arg-type]


_LIMITS = (
    Setting("minimum", "number", "Smallest number"),
    Setting("maximum", "number", "Largest number"),
    Setting("step", "number", "Step", minimum=0.000001),
    Setting("decimals", "integer", "Decimal places", default=0, minimum=0, maximum=6),
)

ARRAYS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _array(
            "matrix_single", "Matrix, one choice a row", _single, _UNIQUE, _LEAST_ROWS,
            has_choices=True,
        ),
        _array(
            "matrix_multiple",
            "Matrix, several choices a row",
            _multiple,
            Setting("minimum", "integer", "Choose at least in a row", default=0, minimum=0),
            Setting("maximum", "integer", "Choose at most in a row", minimum=1),
            _LEAST_ROWS,
            has_choices=True,
            least_choices=1,
        ),
        _array(
            "matrix_dropdown", "Matrix, a list a row", _single, _UNIQUE, _LEAST_ROWS,
            has_choices=True,
        ),
        _array(
            "matrix_rating", "Matrix of ratings", _rating, _LOW, _HIGH, *_LABELS, _LEAST_ROWS,
            check=_check_scale,
        ),
        _array("matrix_text", "Matrix of texts", _text, _MAX_LENGTH, _LEAST_ROWS),
        _array("matrix_number", "Matrix of numbers", _number, *_LIMITS, _LEAST_ROWS),
        _array(
            "semantic_differential",
            "Between two words",
            _rating,
            _LOW,
            Setting("high", "integer", "Highest point", default=7, minimum=-99, maximum=100),
            _LEAST_ROWS,
            check=_check_scale,
        ),
        _array("grid", "Several questions a row", _grid, has_parts=True),
        _array(
            "entries",
            "Entries, each with the same questions",
            _entries,
            Setting("minimum", "integer", "At least so many entries", default=0, minimum=0, maximum=MOST_ENTRIES),
            Setting("maximum", "integer", "At most so many entries", default=5, minimum=1, maximum=MOST_ENTRIES),
            has_rows=False,
            has_parts=True,
            judge=_judge_entries,
            check=_check_entries,
        ),
    )
}  # fmt: skip
