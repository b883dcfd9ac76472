"""The matrix of a QSF in all its forms: choices, texts, two ends, best and worst, numbers."""

from __future__ import annotations

from surveys.formats.qsf.choosing import Asked, as_words, list_of, offered
from surveys.formats.qsf.demands import (
    add_check,
    content_of,
    demands,
    kind_of,
    limit_choices,
    number_limits,
    total,
)
from surveys.formats.qsf.parts import Document, Form, Html, Made, Shape
from surveys.formats.qsf.tables import MOST_PARTS, columns_of, finished, table_of
from surveys.formats.qsf.values import entries, in_order, is_on, mapping
from surveys.parts import Logic


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
    columns = columns_of(asked)
    several = sub == "MultipleAnswer"
    kind = "matrix_multiple" if several or len(columns.documents) == 1 else "matrix_single"
    if kind == "matrix_single" and sub == "DL":
        kind = "matrix_dropdown"
    table = table_of(asked, kind)
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
    made = finished(asked, table, shape, columns.reasons)
    if several and made.outcome == "mapped":
        limit_choices(made, asked.payload, len(columns.documents))
        if made.document.get("settings"):
            made.differs("How many may be chosen is counted in each row.")
    elif kind == "matrix_multiple" and made.outcome == "mapped":
        made.document["settings"] = {"maximum": 1}
    if sub not in ("", "None", "SingleAnswer", "MultipleAnswer", "DL", "SACH", "SACV", "DND"):
        made.differs("How its rows are laid out is not known here.")
    return made


def _texts(asked: Asked, sub: str) -> Made:
    columns = columns_of(asked)
    found = demands(asked.payload)
    is_number = content_of(found) == "ValidNumber"
    if len(columns.documents) < 2:
        table = table_of(asked, "matrix_number" if is_number else "matrix_text")
        table.document["settings"] = (
            number_limits(mapping(found.get("ValidNumber"))) if is_number else {"max_length": 5000}
        )
        form: Form = "rows_number" if is_number else "rows_text"
        made = finished(asked, table, Shape(form, asked.key, rows=table.rows.keys))
    else:
        table = table_of(asked, "grid")
        kind = "number" if is_number else ("long_text" if sub == "Long" else "short_text")
        parts: list[Document] = []
        for column in columns.documents[:MOST_PARTS]:
            part: Document = {"key": column["key"], "kind": kind, "text": column["label"]}
            if is_number:
                part["settings"] = number_limits(mapping(found.get("ValidNumber")))
            if column.get("show_if") is not None:
                part["show_if"] = column["show_if"]
            parts.append(part)
        table.document["parts"] = parts
        shape = Shape("rows_text", asked.key, rows=table.rows.keys, columns=columns.keys)
        made = finished(asked, table, shape)
    if kind_of(found) not in ("", "CustomValidation") and not is_number:
        made.differs("What is typed into the boxes is not checked here.")
    return made


def _bipolar(asked: Asked) -> Made:
    columns = columns_of(asked)
    table = table_of(asked, "semantic_differential")
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
    return finished(asked, table, shape, reasons)


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
    ends = columns_of(asked)
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
    columns = columns_of(asked)
    table = table_of(asked, "grid")
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
        for column in columns.documents[:MOST_PARTS]
    ]
    shape = Shape("rows_text", asked.key, rows=table.rows.keys, columns=columns.keys)
    made = finished(asked, table, shape)
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
    shapes: dict[str, Shape] = {}
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
        shapes[source] = part.shape
        if made is None:
            made = part
        else:
            made.more.append(part.document)
    if made is None:
        return as_words(asked, "It has no rows.")
    made.document["help"] = asked.text()
    made.differs("Each of its rows is a question of its own.")
    shape = Shape("rows_own", asked.key, parts=shapes)
    return Made(made.document, shape, made.reasons, more=made.more)
