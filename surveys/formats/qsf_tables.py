"""Questions of a QSF that ask the same of several rows: matrix, side by side, sliders, sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from surveys.formats.qsf_choosing import (
    AGREED,
    Asked,
    Offered,
    as_words,
    carry,
    is_carried,
    list_of,
    offered,
)
from surveys.formats.qsf_demands import (
    add_check,
    demands,
    kind_of,
    limit_choices,
    number_limits,
    require,
    total,
)
from surveys.formats.qsf_parts import Document, Form, Html, Made, Shape
from surveys.formats.qsf_values import entries, in_order, is_on, mapping, name
from surveys.parts import Logic

_NAMELESS = "\u2013"
_MOST_PARTS = 60


class Table(NamedTuple):
    """The rows of a table, and its document so far."""

    document: Document
    rows: Offered


def _table(asked: Asked, kind: str) -> Table:
    payload = asked.payload
    prefix = "own_" if is_carried(asked) else ""
    rows = offered(
        asked, "Choices", payload.get("Choices"), payload.get("ChoiceOrder"),
        payload.get("Randomization"), prefix,
    )  # fmt: skip
    for row in rows.documents:
        row.pop("value", None)
    document: Document = {
        "key": asked.key, "kind": kind, "text": asked.text(), "rows": rows.documents,
    }  # fmt: skip
    if rows.order.order == "random":
        document["row_order"] = "random"
    return Table(document, rows)


def _columns(asked: Asked) -> Offered:
    """The scale points of a matrix."""
    payload = asked.payload
    random = mapping(payload.get("Randomization"))
    own = random.get("Answers")
    reversed_ = {"Type": "ScaleReversal"} if _is_reversed(random) else None
    return offered(
        asked, "Answers", payload.get("Answers"), payload.get("AnswerOrder"),
        own if isinstance(own, dict) else reversed_,
    )  # fmt: skip


def _is_reversed(random: Mapping[str, object]) -> bool:
    return (
        is_on(random.get("ConsistentScaleReversal")) or name(random.get("Type")) == "ScaleReversal"
    )


def _made(asked: Asked, table: Table, shape: Shape, reasons: list[str] | None = None) -> Made:
    made = Made(table.document, shape, [*table.rows.reasons, *(reasons or [])])
    if is_carried(asked):
        carry(made, asked, "rows_from")
    elif not table.rows.documents:
        return as_words(asked, "It has no rows.")
    _beside_rows(made, asked)
    return made


def _beside_rows(made: Made, asked: Asked) -> None:
    """The boxes beside rows, asked in a question of their own right after."""
    found = entries(asked.payload.get("Choices"))
    sources = [each for each in made.shape.rows if is_on(found[each].get("TextEntry"))]
    if not sources or made.shape.form == "rows_text":
        return
    key = asked.another("text")
    rows: list[Document] = []
    listed = made.document["rows"]
    for row in listed if isinstance(listed, list) else []:
        if any(made.shape.rows[each] == row["key"] for each in sources):
            rows.append({each: row[each] for each in ("key", "label", "show_if") if each in row})
    made.more.append({
        "key": key, "kind": "matrix_text", "text": asked.text(), "rows": rows,
        "settings": {"max_length": 500},
    })  # fmt: skip
    beside = {each: f"{key}.{made.shape.rows[each]}" for each in sources}
    made.shape = replace(made.shape, beside=beside)
    made.differs("The boxes beside its rows are asked in a question of their own after it.")


def matrix(asked: Asked, selector: str, sub: str) -> Made:
    """A matrix of any selector."""
    if selector == "TE":
        return _texts(asked, sub)
    if selector == "Bipolar":
        return _bipolar(asked)
    if selector == "MaxDiff":
        return _best_and_worst(asked)
    if selector in ("CS", "RO"):
        return _numbers_in_cells(asked, selector)
    if selector == "Profile":
        return _profile(asked)
    columns = _columns(asked)
    several = sub == "MultipleAnswer"
    kind = "matrix_multiple" if several or len(columns.documents) == 1 else "matrix_single"
    if kind == "matrix_single" and sub == "DL":
        kind = "matrix_dropdown"
    table = _table(asked, kind)
    if not columns.documents:
        return as_words(asked, "It has no columns.")
    answers = entries(asked.payload.get("Answers"))
    for column in columns.documents:
        source = next(each for each, key in columns.keys.items() if key == column["key"])
        if several and is_on(answers[source].get("ExclusiveAnswer")):
            column["is_exclusive"] = True
    table.document["choices"] = columns.documents
    if columns.order.order != "as_given":
        table.document["choice_order"] = columns.order.order
    form: Form = "rows_multiple" if kind == "matrix_multiple" else "rows_single"
    shape = Shape(
        form, asked.key, columns.keys, table.rows.keys, mapping(asked.payload.get("RecodeValues"))
    )
    made = _made(asked, table, shape, columns.reasons)
    if several and made.outcome == "mapped":
        limit_choices(made, asked.payload, len(columns.documents))
    elif kind == "matrix_multiple" and made.outcome == "mapped":
        made.document["settings"] = {"maximum": 1}
    if sub not in ("", "None", "SingleAnswer", "MultipleAnswer", "DL", "SACH", "SACV", "DND"):
        made.differs("How its rows are laid out is not known here.")
    return made


def _texts(asked: Asked, sub: str) -> Made:
    columns = _columns(asked)
    found = demands(asked.payload)
    is_number = kind_of(found) == "ContentType" and name(found.get("ContentType")) == "ValidNumber"
    if len(columns.documents) < 2:
        table = _table(asked, "matrix_number" if is_number else "matrix_text")
        table.document["settings"] = (
            number_limits(mapping(found.get("ValidNumber"))) if is_number else {"max_length": 5000}
        )
        form: Form = "rows_number" if is_number else "rows_text"
        made = _made(asked, table, Shape(form, asked.key, rows=table.rows.keys))
    else:
        table = _table(asked, "grid")
        kind = "number" if is_number else ("long_text" if sub == "Long" else "short_text")
        parts: list[Document] = []
        for column in columns.documents[:_MOST_PARTS]:
            part: Document = {"key": column["key"], "kind": kind, "text": column["label"]}
            if is_number:
                part["settings"] = number_limits(mapping(found.get("ValidNumber")))
            if column.get("show_if") is not None:
                part["show_if"] = column["show_if"]
            parts.append(part)
        table.document["parts"] = parts
        shape = Shape("rows_text", asked.key, rows=table.rows.keys, columns=columns.keys)
        made = _made(asked, table, shape)
    if kind_of(found) not in ("", "CustomValidation") and not is_number:
        made.differs("What is typed into the boxes is not checked here.")
    return made


def _bipolar(asked: Asked) -> Made:
    columns = _columns(asked)
    table = _table(asked, "semantic_differential")
    points = len(columns.documents)
    if not 2 <= points <= 100:
        return as_words(asked, "It has no scale between its ends.")
    reasons = []
    for row in table.rows.documents:
        row["label"], row["opposite"] = _ends(row["label"])
    texts = [str(column["label"].text or "").strip() for column in columns.documents]  # type: ignore[attr-defined]
    if any(text and not text.lstrip("-").isdigit() for text in texts):
        reasons.append("The words of the scale's points are left out; its ends have theirs.")
    table.document["settings"] = {"low": 1, "high": points}
    places = {each["key"]: point for point, each in enumerate(columns.documents, 1)}
    keys = {source: places[key] for source, key in columns.keys.items() if key in places}
    recodes = mapping(asked.payload.get("RecodeValues"))
    shape = Shape("rows_scale", asked.key, keys, table.rows.keys, recodes)
    return _made(asked, table, shape, reasons)


def _ends(label: object) -> tuple[Html, Html]:
    """Both ends of a bipolar row, which stand in one text with a colon between."""
    assert isinstance(label, Html)

    def side(text: object, place: int) -> str:
        left, _, right = str(text or "").partition(":")
        return right if place else left

    made = [
        label._replace(
            text=side(label.text, place),
            others={code: side(text, place) for code, text in label.others.items()},
        )
        for place in (0, 1)
    ]
    return made[0], made[1]


def _best_and_worst(asked: Asked) -> Made:
    """Best and worst of the same items: a row for each end, an item for each row."""
    payload = asked.payload
    items = offered(
        asked, "Choices", payload.get("Choices"), payload.get("ChoiceOrder"),
        payload.get("Randomization"),
    )  # fmt: skip
    ends = _columns(asked)
    if len(items.documents) < 2 or not ends.documents:
        return as_words(asked, "It has too few items.")
    for row in ends.documents:
        row.pop("value", None)
    document: Document = {
        "key": asked.key, "kind": "matrix_single", "text": asked.text(), "rows": ends.documents,
        "choices": items.documents, "settings": {"is_unique": True},
        "choice_order": items.order.order,
    }  # fmt: skip
    return Made(document, Shape("swapped", asked.key, items.keys, ends.keys), items.reasons)


def _numbers_in_cells(asked: Asked, selector: str) -> Made:
    columns = _columns(asked)
    table = _table(asked, "grid")
    if not columns.documents:
        return as_words(asked, "It has no columns.")
    table.document["parts"] = [
        {
            "key": column["key"],
            "kind": "number",
            "text": column["label"],
            "settings": {"minimum": 0, "decimals": 6}
            if selector == "CS"
            else {"minimum": 1, "maximum": len(columns.documents)},
        }
        for column in columns.documents[:_MOST_PARTS]
    ]
    shape = Shape("rows_text", asked.key, rows=table.rows.keys, columns=columns.keys)
    made = _made(asked, table, shape)
    wanted = total(asked.payload)
    if selector == "RO":
        made.differs(
            "The ranks of a row are typed as numbers; that none is given twice is not checked."
        )
    elif wanted is not None and made.outcome == "mapped" and len(table.rows.keys) <= 20:
        for row in table.rows.keys.values():
            cells: list[Logic] = [{"var": f"{asked.key}.{row}.{c}"} for c in columns.keys.values()]
            counted: Logic = {"sum": cells}
            is_empty: Logic = {"==": [{"count": [*cells, None]}, 0]}
            add_check(made.document, {"or": [is_empty, {"==": [counted, wanted]}]})
        made.differs("That each row adds up is checked when all of it was typed.")
    return made


def _profile(asked: Asked) -> Made:
    """Rows with scale points of their own: a question each."""
    rows = entries(asked.payload.get("Choices"))
    answers = mapping(asked.payload.get("Answers"))
    made: Made | None = None
    for source in in_order(rows, asked.payload.get("ChoiceOrder")):
        own = {
            **asked.payload, "QuestionText": rows[source].get("Display"), "Choices": answers.get(source),
            "ChoiceOrder": asked.payload.get("AnswerOrder"), "DynamicChoices": None,
            "Language": None, "Randomization": None,
        }  # fmt: skip
        key = asked.key if made is None else asked.another("row")
        part = list_of(asked._replace(payload=own, key=key), "single_choice")
        if part.outcome == "raw":
            return as_words(asked, "Its rows have no scale points.")
        if made is None:
            made = part
        else:
            made.more.append(part.document)
    if made is None:
        return as_words(asked, "It has no rows.")
    made.document["help"] = asked.text()
    made.differs("Each of its rows is a question of its own.")
    return Made(made.document, Shape("none", asked.key), made.reasons, more=made.more)


def side_by_side(asked: Asked) -> Made:
    """Several questions in each row."""
    table = _table(asked, "grid")
    parts: list[Document] = []
    shapes: dict[str, Shape] = {}
    reasons: list[str] = []
    for number, column in entries(asked.payload.get("AdditionalQuestions")).items():
        if len(parts) < _MOST_PARTS:
            made, shape = _part(asked, column, number, table.rows.keys, reasons)
            parts += made
            if shape is not None:
                shapes[number] = shape
    if not parts:
        return as_words(asked, "It has no columns.")
    table.document["parts"] = parts[:_MOST_PARTS]
    shape = Shape("rows_text", asked.key, rows=table.rows.keys, parts=shapes)
    return _made(asked, table, shape, reasons)


def _part(
    asked: Asked,
    column: Mapping[str, object],
    number: str,
    rows: dict[str, str],
    reasons: list[str],
) -> tuple[list[Document], Shape | None]:
    """The part or the parts that one column of a side-by-side question becomes."""
    inner = asked._replace(payload={"QuestionID": f"{asked.source}#{number}", **column})
    text = Html(column.get("QuestionText"), _said_of_column(asked, number), f"{number}")
    answers = offered(
        inner, "Answers", column.get("Answers"), column.get("AnswerOrder"), None
    )  # fmt: skip
    kind, sub = name(column.get("Selector")), name(column.get("SubSelector"))
    holder = Made({}, Shape("none", asked.key))
    require(holder, column)
    base: Document = {each: True for each in holder.document if each == "is_required"}
    key = f"c{number}"[:40]
    if kind == "TE" or not answers.documents:
        many = answers.documents if len(answers.documents) > 1 else []
        wanted = "long_text" if sub == "Long" else "short_text"
        if not many:
            columns = dict.fromkeys(answers.keys, key)
            shape = Shape("rows_text", asked.key, rows=rows, columns=columns or {"1": key})
            return [{**base, "key": key, "kind": wanted, "text": text}], shape
        made = [
            {**base, "key": f"{key}_{each['key']}"[:40], "kind": wanted, "text": each["label"]}
            for each in many
        ]
        columns = {source: f"{key}_{k}"[:40] for source, k in answers.keys.items()}
        reasons.append("The heading over several boxes of a column is left out.")
        return made, Shape("rows_text", asked.key, rows=rows, columns=columns)
    several = sub == "MultipleAnswer"
    found = "multiple_choice" if several else "dropdown" if sub == "DL" else "single_choice"
    keys = answers.keys
    if len(answers.documents) == 1:
        found, several = "consent", False
        answers.documents[0]["key"] = AGREED
        keys = dict.fromkeys(keys, AGREED)
    part: Document = {**base, "key": key, "kind": found, "text": text, "choices": answers.documents}
    recodes = mapping(column.get("RecodeValues"))
    form: Form = "rows_multiple" if several else "rows_single"
    return [part], Shape(form, asked.key, keys, rows, recodes, cell=f".{key}")


def _said_of_column(asked: Asked, number: str) -> dict[str, object]:
    return asked.said("QuestionText", "AdditionalQuestions", number)


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
    table = _table(asked, "grid")
    table.document["parts"] = [
        {"key": "value", "kind": kind, "text": Html(_NAMELESS), "settings": settings}
    ]
    row_form: Form = "rows_number" if kind == "slider" else "rows_scale"
    shape = Shape(row_form, asked.key, _points(settings), table.rows.keys, cell=".value")
    return _made(asked, table, shape, reasons)


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
    if wanted is not None and len(items) > 1 and not is_carried(asked):
        given = offered(
            asked, "Choices", payload.get("Choices"), payload.get("ChoiceOrder"),
            payload.get("Randomization"),
        )  # fmt: skip
        settings: Document = {"total": wanted, "decimals": decimals}
        if isinstance(unit, str) and unit:
            settings["unit"] = Html(unit, longest=20)
        document: Document = {
            "key": asked.key, "kind": "constant_sum", "text": asked.text(),
            "choices": given.documents, "settings": settings, "choice_order": given.order.order,
        }  # fmt: skip
        shape = Shape("rows_number", asked.key, rows=given.keys)
        return Made(document, shape, [*given.reasons, *reasons])
    table = _table(asked, "matrix_number")
    limits: Document = {"decimals": decimals, "minimum": 0}
    if selector in ("HSLIDER", "HBAR", "HR"):
        limits = {key: value for key, value in _range(config, reasons).items() if key != "step"}
    table.document["settings"] = limits
    if wanted is not None and not is_carried(asked):
        cells: list[Logic] = [{"var": f"{asked.key}.{row}"} for row in table.rows.keys.values()]
        add_check(table.document, {"==": [{"sum": cells}, wanted]})
    shape = Shape("rows_number", asked.key, rows=table.rows.keys)
    return _made(asked, table, shape, reasons)


def groups(asked: Asked) -> Made:
    """Items put into groups and ranked there: the group of each item is asked."""
    table = _table(asked, "matrix_single")
    names = entries(asked.payload.get("Groups"))
    if len(names) < 2:
        return as_words(asked, "It has too few groups.")
    keys = {source: f"g{place}" for place, source in enumerate(names)}
    table.document["choices"] = [
        {"key": keys[source], "label": Html(group.get("Display"), {}, _NAMELESS)}
        for source, group in names.items()
    ]
    shape = Shape("rows_single", asked.key, keys, table.rows.keys)
    return _made(asked, table, shape, ["The order within the groups is not asked."])


def drill_down(asked: Asked) -> Made:
    """Levels that are narrowed down: the last ones are offered in one list, with those above."""
    payload = asked.payload
    answers = entries(payload.get("Answers"))
    if len(answers) < 2 or len(answers) > 1000:
        return as_words(asked, "Its levels are not in the file, or there are too many.")
    keys = {source: f"a{place}" for place, source in enumerate(answers)}
    choices = [
        {
            "key": keys[source],
            "label": Html(str(answer.get("Display") or "").replace("~", " \u2013 "), {}, _NAMELESS),
        }
        for source, answer in answers.items()
    ]
    document: Document = {
        "key": asked.key, "kind": "dropdown", "text": asked.text(), "choices": choices,
    }  # fmt: skip
    return Made(
        document, Shape("single", asked.key, keys),
        ["Its levels are offered in one list instead of one after the other."],
    )  # fmt: skip
