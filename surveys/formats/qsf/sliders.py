"""Sliders, stars and sums of a QSF: numbers on a scale, one row or several."""

from __future__ import annotations

from collections.abc import Mapping

from surveys.formats.qsf.choosing import Asked, is_carried, offered
from surveys.formats.qsf.demands import add_check, number_limits, total
from surveys.formats.qsf.parts import Document, Form, Html, Made, Shape
from surveys.formats.qsf.tables import finished, table_of
from surveys.formats.qsf.values import entries, is_on, mapping, name
from surveys.parts import Logic

_NAMELESS = "\u2013"


def slider(asked: Asked, selector: str) -> Made:
    """Sliders, bars, stars and number scales; one row is a question, several are a grid."""
    payload = asked.payload
    config = mapping(payload.get("Configuration"))
    reasons: list[str] = []
    settings: Document
    if selector == "STAR":
        points = _bounded(config.get("StarCount"), 5)
        kind, settings = "stars", {"points": max(3, min(points, 10))}
        if not 3 <= points <= 10:
            reasons.append("It has three to ten stars here.")
        if name(config.get("StarInteractionType")) not in ("", "Discrete", "discrete"):
            reasons.append("Whole stars only are taken here.")
    elif selector == "NumberScale":
        points = _bounded(config.get("NumScalePoints"), 11)
        low = _bounded(config.get("StartingValue"), 0)
        kind, settings = "scale", {"low": low, "high": low + max(1, min(points, 101) - 1)}
    else:
        kind, settings = "slider", _range(config, reasons)
    settings = {**settings, **_labels(asked, reasons, kind)}
    if is_on(config.get("NotApplicable")):
        reasons.append("There is no box for what does not apply; it may be left unanswered.")
    form: Form = "number" if kind == "slider" else "scale"
    rows = entries(payload.get("Choices"))
    if len(rows) == 1 and not is_carried(asked) and not _has_conditions(rows):
        source = next(iter(rows))
        document: Document = {
            "key": asked.key, "kind": kind, "text": asked.text(), "settings": settings,
            "help": Html(rows[source].get("Display"), asked.said("Display", "Choices", source)),
        }  # fmt: skip
        shape = Shape(form, asked.key, _points(settings))
        return Made(document, shape, reasons)
    table = table_of(asked, "grid")
    table.document["parts"] = [
        {"key": "value", "kind": kind, "text": Html(_NAMELESS), "settings": settings}
    ]
    row_form: Form = "rows_number" if kind == "slider" else "rows_scale"
    shape = Shape(row_form, asked.key, _points(settings), table.rows.keys, cell=".value")
    return finished(asked, table, shape, reasons)


def _points(settings: Mapping[str, object]) -> dict[str, int]:
    low, high = settings.get("low", 1), settings.get("high", settings.get("points", 0))
    if not isinstance(low, int) or not isinstance(high, int):
        return {}
    return {str(point): point for point in range(low, high + 1)}


def _has_conditions(rows: Mapping[str, Mapping[str, object]]) -> bool:
    return any(each.get("DisplayLogic") for each in rows.values())


def _bounded(value: object, otherwise: int) -> int:
    limits = number_limits({"Min": value})
    found = limits.get("minimum")
    return int(found) if isinstance(found, int | float) and abs(found) <= 1000 else otherwise


def _range(config: Mapping[str, object], reasons: list[str]) -> Document:
    """The ends and the steps of a slider."""
    limits = number_limits(
        {
            "Min": config.get("CSSliderMin", 0),
            "Max": config.get("CSSliderMax", 100),
            "NumDecimals": config.get("NumDecimals") or "0",
        }
    )
    low, high = limits.get("minimum", 0), limits.get("maximum", 100)
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    if low >= high:
        low, high = 0, 100
    decimals = limits["decimals"]
    assert isinstance(decimals, int)
    step = round(10**-decimals, 6) if decimals else 1
    lines = _bounded(config.get("GridLines"), 0)
    if is_on(config.get("SnapToGrid")) and lines > 0:
        wide = round((high - low) / lines, 6)
        if wide == round(wide, decimals):
            step = wide
        elif (high - low) / lines == wide:
            step, decimals = wide, 6
        else:
            reasons.append("It does not snap to the lines of its grid.")
    return {"minimum": low, "maximum": high, "decimals": decimals, "step": step}


def _labels(asked: Asked, reasons: list[str], kind: str) -> Document:
    labels = list(entries(asked.payload.get("Labels")).items())
    if not labels:
        return {}
    made: Document = {}
    if len(labels) > 2:
        reasons.append("The words between both ends of its scale are left out.")
    for side, (source, label) in (("low_label", labels[0]), ("high_label", labels[-1])):
        others = asked.said("Display", "Labels", source)
        made[side] = Html(label.get("Display"), others, longest=300)
    return made


def constant_sum(asked: Asked, selector: str) -> Made:
    """Numbers that add up to a total, or just numbers where none is demanded."""
    payload = asked.payload
    config = mapping(payload.get("Configuration"))
    wanted = total(payload)
    decimals = number_limits({"NumDecimals": config.get("NumDecimals")})["decimals"]
    unit = payload.get("ClarifyingSymbol")
    items = entries(payload.get("Choices"))
    reasons: list[str] = []
    if any(is_on(each.get("TextEntry")) for each in items.values()):
        reasons.append("The boxes for words beside its items are left out.")
    given = offered(
        asked, "Choices", payload.get("Choices"), payload.get("ChoiceOrder"),
        payload.get("Randomization"),
    )  # fmt: skip
    if wanted is not None and len(given.documents) > 1 and not is_carried(asked):
        settings: Document = {"total": wanted, "decimals": decimals}
        if isinstance(unit, str) and unit:
            settings["unit"] = Html(unit, longest=20)
        document: Document = {
            "key": asked.key, "kind": "constant_sum", "text": asked.text(),
            "choices": given.documents, "settings": settings, "choice_order": given.order.order,
        }  # fmt: skip
        shape = Shape("rows_number", asked.key, rows=given.keys)
        return Made(document, shape, [*given.reasons, *reasons])
    table = table_of(asked, "matrix_number")
    limits: Document = {"decimals": decimals, "minimum": 0}
    if selector in ("HSLIDER", "HBAR", "HR"):
        limits = {key: value for key, value in _range(config, reasons).items() if key != "step"}
    table.document["settings"] = limits
    if wanted is not None and not is_carried(asked):
        cells: list[Logic] = [{"var": f"{asked.key}.{row}"} for row in table.rows.keys.values()]
        add_check(table.document, {"==": [{"sum": cells}, wanted]})
    shape = Shape("rows_number", asked.key, rows=table.rows.keys)
    return finished(asked, table, shape, reasons)
