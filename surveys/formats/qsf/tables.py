"""Tables of a QSF: their rows and columns, several questions side by side, groups, levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from surveys.formats.qsf.choosing import (
    AGREED,
    Asked,
    Offered,
    as_words,
    carry,
    is_carried,
    list_of,
    offered,
)
from surveys.formats.qsf.demands import require
from surveys.formats.qsf.parts import Document, Form, Html, Made, Shape
from surveys.formats.qsf.values import entries, is_on, mapping, name

_NAMELESS = "\u2013"
MOST_PARTS = 60


class Table(NamedTuple):
    """The rows of a table, and its document so far."""

    document: Document
    rows: Offered


def table_of(asked: Asked, kind: str) -> Table:
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


def columns_of(asked: Asked) -> Offered:
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


def finished(asked: Asked, table: Table, shape: Shape, reasons: list[str] | None = None) -> Made:
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


def side_by_side(asked: Asked) -> Made:
    """Several questions in each row."""
    table = table_of(asked, "grid")
    parts: list[Document] = []
    shapes: dict[str, Shape] = {}
    for number, column in entries(asked.payload.get("AdditionalQuestions")).items():
        if len(parts) < MOST_PARTS:
            made, shape = _part(asked, column, number, table.rows.keys)
            parts += made
            if shape is not None:
                shapes[number] = shape
    if not parts:
        return as_words(asked, "It has no columns.")
    table.document["parts"] = parts[:MOST_PARTS]
    shape = Shape("rows_text", asked.key, rows=table.rows.keys, parts=shapes)
    return finished(asked, table, shape)


def _part(
    asked: Asked,
    column: Mapping[str, object],
    number: str,
    rows: dict[str, str],
) -> tuple[list[Document], Shape | None]:
    """The part or the parts that one column of a side-by-side question becomes."""
    inner = asked._replace(payload={"QuestionID": f"{asked.source}#{number}", **column})
    text = Html(column.get("QuestionText"), _said_of_column(asked, number), number or _NAMELESS)
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
            {
                **base,
                "key": f"{key}_{each['key']}"[:40],
                "kind": wanted,
                "text": _under(text, each["label"]),
            }
            for each in many
        ]
        columns = {source: f"{key}_{k}"[:40] for source, k in answers.keys.items()}
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


def _under(heading: Html, label: object) -> Html:
    """The words of a box with those of the column it stands in before them."""
    assert isinstance(label, Html)
    others = {
        code: f"{heading.others.get(code, heading.text)}: {label.others.get(code, label.text)}"
        for code in {**heading.others, **label.others}
    }
    return Html(f"{heading.text or ''}: {label.text or label.otherwise}", others)


def _said_of_column(asked: Asked, number: str) -> dict[str, object]:
    return asked.said("QuestionText", "AdditionalQuestions", number)


def groups(asked: Asked) -> Made:
    """Items put into groups and ranked there: the group of each item is asked."""
    names = entries(asked.payload.get("Groups"))
    if len(names) < 2:
        made = list_of(asked, "multiple_choice")
        if made.outcome == "mapped":
            made.differs("What belongs to its group is chosen from a list, its order is not asked.")
        return made
    table = table_of(asked, "matrix_single")
    keys = {source: f"g{place}" for place, source in enumerate(names)}
    table.document["choices"] = [
        {"key": keys[source], "label": Html(group.get("Display"), {}, _NAMELESS)}
        for source, group in names.items()
    ]
    shape = Shape("rows_single", asked.key, keys, table.rows.keys)
    return finished(asked, table, shape, ["The order within the groups is not asked."])


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
