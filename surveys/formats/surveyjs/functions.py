"""The functions of SurveyJS expressions as our logic: iif, sums, averages, ages and days."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from surveys.formats.surveyjs.pieces import (
    Piece,
    Shape,
    Unknown,
    answered,
    constant,
    labelled,
    plain,
    valued,
)
from surveys.formats.surveyjs.values import as_number, text_of
from surveys.parts import Logic

TODAY: Logic = {"var": "_today"}
# A Sunday before any day that is asked for.
_SUNDAY = "0001-01-07"
_MONTHS = ("age", "years", "months")


def number(logic: Logic, *, is_fraction: bool = False) -> Piece:
    """A number that was worked out."""
    return Piece("number", logic, is_fraction=is_fraction)


def exact(logic: Logic, *given: Piece) -> Piece:
    """A sum or product; with decimals it is rounded, as the source does."""
    if any(each.is_fraction for each in given):
        return number({"round": [logic, 10]}, is_fraction=True)
    return number(logic)


def zero(piece: Piece) -> Logic:
    """A number for calculating, nought where nothing was answered."""
    if piece.shape == "constant":
        found = as_number(piece.value)
        if found is None and piece.value is not None:
            raise Unknown("It calculates with words.")
        return piece.logic if isinstance(piece.value, int | float) else (found or 0)
    return {"sum": [plain(piece).logic if piece.shape == "one" else valued(piece)]}


def _flat(given: Sequence[Piece]) -> list[Piece]:
    """All pieces given, tables and lists opened."""
    flat: list[Piece] = []
    for each in given:
        if each.shape == "table":
            if not each.parts and not each.entries:
                raise Unknown(each.reason or "A whole table is calculated with.")
            flat += _flat([*each.parts.values(), *each.entries])
        elif each.shape == "constant" and isinstance(each.value, list):
            flat += [constant(value) for value in each.value]
        else:
            flat.append(each)
    return flat


def _sum(given: Sequence[Piece]) -> Piece:
    flat = _flat(given)
    return exact({"sum": [valued(each) for each in flat] or [0]}, *flat)


def _average(given: Sequence[Piece]) -> Piece:
    # Nothing at all comes to nought in the source.
    flat = _flat(given)
    return number({"sum": [{"avg": [valued(each) for each in flat] or [0]}]}, is_fraction=True)


def _count(given: Sequence[Piece]) -> Piece:
    counts: list[Logic] = [{"count": [valued(each)]} for each in _flat(given)]
    return number(counts[0] if len(counts) == 1 else {"sum": counts or [0]})


def _extreme(sign: str) -> Callable[[Sequence[Piece]], Piece]:
    def extreme(given: Sequence[Piece]) -> Piece:
        flat = _flat(given)
        if not flat:
            return constant(None)
        listed: Logic = [valued(each) for each in flat]
        if any(each.shape == "many" for each in flat):
            listed = {"merge": listed if isinstance(listed, list) else [listed]}
        current: Logic = {"var": "current"}
        best: Logic = {"var": "accumulator"}
        logic: Logic = {
            "reduce": [
                {"filter": [listed, {"is_answered": [{"var": ""}]}]},
                {"if": [{"or": [{"is_empty": [best]}, {sign: [current, best]}]}, current, best]},
                None,
            ]
        }
        shapes = {plain(each).shape for each in flat}
        return Piece("date" if shapes == {"date"} else "number", logic)

    return extreme


def _column(given: Sequence[Piece]) -> list[tuple[Piece, Piece]]:
    """The cells of a column of a growing list, each with the row it is in."""
    if len(given) < 2 or given[0].shape != "table" or given[1].shape != "constant":
        raise Unknown("It adds up something other than a column of a list.")
    if len(given) > 2:
        raise Unknown("It adds up only some rows of a list.")
    name = text_of(given[1].value)
    rows = [*given[0].entries] or [*given[0].parts.values()]
    cells = [(row, cell) for row in rows if (cell := row.of(name)) is not None]
    if not cells:
        raise Unknown(f"The list has no column {name[:60]!r}.")
    return cells


def _of_column(
    function: Callable[[Sequence[Piece]], Piece],
) -> Callable[[Sequence[Piece]], Piece]:
    return lambda given: function([cell for _, cell in _column(given)])


def _round(given: Sequence[Piece]) -> Piece:
    digits = given[1].value if len(given) > 1 else 0
    if not isinstance(digits, int) or isinstance(digits, bool) or not 0 <= digits <= 15:
        raise Unknown("It rounds to a number of places that is not written out.")
    return number(
        {"round": [_measured(given[0]), digits]} if digits else {"round": [_measured(given[0])]},
        is_fraction=digits > 0,
    )


def _trunc(given: Sequence[Piece]) -> Piece:
    digits = given[1].value if len(given) > 1 else 0
    if not isinstance(digits, int) or isinstance(digits, bool) or not 0 <= digits <= 12:
        raise Unknown("It cuts to a number of places that is not written out.")
    value = _measured(given[0])
    scaled: Logic = {"*": [value, 10**digits]} if digits else value
    cut: Logic = {"if": [{"<": [scaled, 0]}, {"ceil": [scaled]}, {"floor": [scaled]}]}
    return number({"/": [cut, 10**digits]} if digits else cut, is_fraction=digits > 0)


def _measured(piece: Piece) -> Logic:
    return valued(plain(piece))


def day_of(piece: Piece) -> Logic:
    """A piece as a day."""
    if piece.shape not in ("date", "now", "text", "any", "constant"):
        raise Unknown("It takes for a date what is none.")
    return valued(piece)


def _today(given: Sequence[Piece]) -> Piece:
    if not given:
        return Piece("date", TODAY)
    return Piece("date", {"date_add_days": [TODAY, zero(given[0])]})


def _months(first: Logic, last: Logic) -> Logic:
    """Whole months from a day to another, as the source counts them."""
    years: Logic = {"*": [{"-": [{"year": [last]}, {"year": [first]}]}, 12]}
    months: Logic = {"-": [{"month": [last]}, {"month": [first]}]}
    short: Logic = {"if": [{"<": [{"day": [last]}, {"day": [first]}]}, 1, 0]}
    return {"-": [{"+": [years, months]}, short]}


def _between(first: Logic, last: Logic, unit: str) -> Piece:
    given: Logic = {"and": [answered({"year": [first]}), answered({"year": [last]})]}
    if unit == "days":
        return number({"abs": [{"days_between": [first, last]}]})
    months = _months(first, last)
    if unit == "months":
        return number({"if": [given, months, None]})
    if unit != "years":
        raise Unknown(f"It counts time in {unit[:20]}.")
    years: Logic = {"/": [months, 12]}
    whole: Logic = {"if": [{"<": [months, 0]}, {"ceil": [years]}, {"floor": [years]}]}
    return number({"if": [given, whole, None]})


def _unit(given: Sequence[Piece], place: int, otherwise: str) -> str:
    return text_of(given[place].value) if len(given) > place and given[place].value else otherwise


def _age(given: Sequence[Piece]) -> Piece:
    return _between(day_of(given[0]), TODAY, _unit(given, 1, "years"))


def _difference(given: Sequence[Piece]) -> Piece:
    return _between(day_of(given[0]), day_of(given[1]), _unit(given, 2, "days"))


def _add(given: Sequence[Piece]) -> Piece:
    if _unit(given, 2, "days") != "days":
        raise Unknown("It adds months or years to a date.")
    return Piece("date", {"date_add_days": [day_of(given[0]), zero(given[1])]})


def _part_of_day(sign: str) -> Callable[[Sequence[Piece]], Piece]:
    def part(given: Sequence[Piece]) -> Piece:
        day = day_of(given[0]) if given else TODAY
        if given and given[0].shape != "constant":
            day = {"if": [answered(day), day, TODAY]}
        if sign == "weekday":
            return number({"%": [{"days_between": [_SUNDAY, day]}, 7]})
        return number({sign: [day]})

    return part


def _year_of(given: Sequence[Piece]) -> Piece:
    return number({"year": [day_of(given[0])]})


def _substring(given: Sequence[Piece]) -> Piece:
    start, end = given[1].value, given[2].value if len(given) > 2 else None
    if not isinstance(start, int) or not (end is None or isinstance(end, int)):
        raise Unknown("It takes a part of a text from a place that is not written out.")
    begin = max(int(start), 0)
    length: list[Logic] = [] if end is None else [max(int(end) - begin, 0)]
    return Piece("text", {"substr": [{"cat": [valued(given[0])]}, begin, *length]})


def _date(given: Sequence[Piece]) -> Piece:
    return Piece("date", day_of(given[0]))


def _display(given: Sequence[Piece]) -> Piece:
    return Piece("any", labelled(given[0]))


# What each takes at least, and how it is worked out.
FUNCTIONS: Mapping[str, tuple[int, Callable[[Sequence[Piece]], Piece]]] = {
    "sum": (0, _sum),
    "avg": (0, _average),
    "count": (0, _count),
    "min": (0, _extreme("<")),
    "max": (0, _extreme(">")),
    "round": (1, _round),
    "trunc": (1, _trunc),
    "sumInArray": (2, _of_column(_sum)),
    "avgInArray": (2, _of_column(_average)),
    "countInArray": (2, _of_column(_count)),
    "minInArray": (2, _of_column(_extreme("<"))),
    "maxInArray": (2, _of_column(_extreme(">"))),
    "today": (0, _today),
    "currentDate": (0, lambda given: Piece("now", TODAY)),
    "currentYear": (0, lambda given: number({"year": [TODAY]})),
    "getYear": (1, _year_of),
    "year": (0, _part_of_day("year")),
    "month": (0, _part_of_day("month")),
    "day": (0, _part_of_day("day")),
    "weekday": (0, _part_of_day("weekday")),
    "getDate": (1, _date),
    "age": (1, _age),
    "dateDiff": (2, _difference),
    "diffDays": (2, _difference),
    "dateAdd": (2, _add),
    "substring": (2, _substring),
    "isDisplayMode": (0, lambda given: constant(False)),
}


def display(piece: Piece) -> Piece:
    """The words shown for an answer."""
    return _display([piece])


def merged(first: Piece, second: Piece) -> Shape:
    """The shape of what is one or the other."""
    shapes = {_shape(first), _shape(second)} - {"constant"}
    return shapes.pop() if len(shapes) == 1 else "any"


def _shape(piece: Piece) -> Shape:
    """The shape of a piece; "constant" for nothing at all, which takes any."""
    piece = plain(piece)
    if piece.shape != "constant":
        return "date" if piece.shape == "now" else piece.shape
    if piece.value is None:
        return "constant"
    if isinstance(piece.value, bool):
        return "truth"
    return "number" if isinstance(piece.value, int | float) else "text"
