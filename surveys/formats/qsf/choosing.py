"""Questions of a QSF answered by choosing or by writing: MC, NPS, ranking, text entry, and display."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from surveys.formats.naming import Keys
from surveys.formats.qsf.data import Fields
from surveys.formats.qsf.demands import limit_choices, text_kind
from surveys.formats.qsf.order import Arranged, arranged
from surveys.formats.qsf.parts import Document, Html, Made, Shape, When
from surveys.formats.qsf.values import entries, in_order, is_on, mapping, name, number
from surveys.loading import MAX_CHOICES
from surveys.parts import Logic

AGREED = "agreed"
_MULTIPLE = frozenset({"MAVR", "MAHR", "MACOL", "MSB"})
_NAMELESS = "\u2013"


class Asked(NamedTuple):
    """A question of the source on its way: its payload, its key here, where draws are made."""

    payload: Mapping[str, object]
    key: str
    fields: Fields
    keys: Keys

    @property
    def source(self) -> str:
        """The id in the file."""
        return name(self.payload.get("QuestionID"))

    def another(self, what: str) -> str:
        """A key for a further question that belongs to this one."""
        return self.keys.key(("more", self.key, what, object()), f"{self.key[:34]}_{what}")

    def said(self, part: str, *place: str) -> dict[str, object]:
        """A text of the question in its other languages."""
        found: dict[str, object] = {}
        for code, given in mapping(self.payload.get("Language")).items():
            value: object = mapping(given)
            for step in (*place, part):
                value = mapping(value).get(step)
            if isinstance(value, str) and value:
                found[code] = value
        return found

    def text(self) -> Html:
        """The question's own text."""
        return Html(
            self.payload.get("QuestionText"),
            self.said("QuestionText"),
            name(self.payload.get("DataExportTag")) or self.source or _NAMELESS,
            10_000,
        )


class Offered(NamedTuple):
    """Choices or rows as ours, and the keys their ids became."""

    documents: list[Document]
    keys: dict[str, str]
    order: Arranged
    reasons: list[str]


def offered(
    asked: Asked, which: str, given: object, order: object, randomization: object, prefix: str = ""
) -> Offered:
    """The choices (``which`` "Choices") or answers of a question; their ids become their keys."""
    found = entries(given)
    ids = in_order(found, order)
    laid = arranged(randomization, ids, asked.fields)
    keys, names = {}, Keys()
    for source in ids:
        keys[source] = names.key(source, f"{prefix}{source}", "c")
    reasons = [laid.reason] if laid.reason else []
    recodes = mapping(asked.payload.get("RecodeValues"))
    documents: list[Document] = []
    if len(laid.ids) > MAX_CHOICES:
        reasons.append(f"Only {MAX_CHOICES} choices are offered here.")
    for source in laid.ids[:MAX_CHOICES]:
        choice = found[source]
        image = mapping(choice.get("Image"))
        if image:
            reasons.append("Pictures of choices are left out.")
        document: Document = {
            "key": keys[source],
            "label": Html(
                choice.get("Display"),
                asked.said("Display", which, source),
                name(image.get("Display")) or _NAMELESS,
            ),
        }
        value = number(recodes.get(source, source if which != "rows" else None))
        if value is not None:
            document["value"] = value
        condition = _condition(
            choice, laid.shown_if.get(source), f"{asked.source}.{which}.{source}"
        )
        if condition is not None:
            document["show_if"] = condition
        if source in laid.fixed:
            document["is_fixed"] = True
        documents.append(document)
    return Offered(documents, keys, laid, reasons)


def _condition(choice: Mapping[str, object], drawn: Logic, path: str) -> When | Logic:
    logic = choice.get("DisplayLogic") or choice.get("InPageDisplayLogic")
    if logic:
        return When(logic, f"{path}.DisplayLogic", also=drawn)
    return drawn


def carry(made: Made, asked: Asked, which: str) -> None:
    """Choices or rows that are carried over from an earlier question."""
    given = mapping(asked.payload.get("DynamicChoices"))
    if name(given.get("Locator")):
        made.document[which] = {"locator": name(given.get("Locator"))}


def is_carried(asked: Asked) -> bool:
    """Whether it offers what was chosen in another question."""
    return bool(name(mapping(asked.payload.get("DynamicChoices")).get("Locator")))


def choosing(asked: Asked, selector: str) -> Made:
    """Multiple choice, one or several, a list or the eleven points of NPS."""
    payload = asked.payload
    found = entries(payload.get("Choices"))
    ids = in_order(found, payload.get("ChoiceOrder"))
    if selector == "NPS" and [name(found[each].get("Display")) for each in ids] == [
        str(point) for point in range(11)
    ]:
        return _nps(asked, ids)
    is_several = selector in _MULTIPLE or (selector.startswith("MA") and selector != "MACH")
    made = list_of(asked, "multiple_choice" if is_several else "single_choice")
    if selector in ("DL", "SB") and made.document["kind"] == "single_choice":
        made.document["kind"] = "dropdown"
    if made.document["kind"] == "multiple_choice":
        limit_choices(made, payload, len(ids) if not is_carried(asked) else 200)
    if payload.get("ChoiceGroups"):
        made.differs("The groups of choices have no headings here.")
    return made


def list_of(asked: Asked, kind: str, form: str = "") -> Made:
    """A question of a list of choices."""
    payload = asked.payload
    prefix = "own_" if is_carried(asked) else ""
    given = offered(
        asked, "Choices", payload.get("Choices"), payload.get("ChoiceOrder"),
        payload.get("Randomization"), prefix,
    )  # fmt: skip
    found = entries(payload.get("Choices"))
    beside: dict[str, str] = {}
    for document in given.documents:
        source = next(each for each, key in given.keys.items() if key == document["key"])
        choice = found[source]
        if kind == "multiple_choice" and is_on(choice.get("ExclusiveAnswer")):
            document["is_exclusive"] = True
        if is_on(choice.get("TextEntry")):
            document["takes_text"] = True
            beside[source] = f"_text.{asked.key}.{document['key']}"
            if is_on(choice.get("TextEntryForceResponse")):
                document["is_text_required"] = True
            if name(choice.get("TextEntryValidation")) not in ("", "None"):
                given.reasons.append("What is typed beside a choice is not checked here.")
    document = {"key": asked.key, "kind": kind, "text": asked.text(), "choices": given.documents}
    if given.order.order != "as_given":
        document["choice_order"] = given.order.order
    several = kind in ("multiple_choice", "ranking")
    shape = Shape(
        "multiple" if kind == "multiple_choice" else "ranking" if kind == "ranking" else "single",
        asked.key,
        given.keys,
        recodes=mapping(payload.get("RecodeValues")),
        beside=beside,
    )
    made = Made(document, shape, list(dict.fromkeys(given.reasons)))
    if is_carried(asked):
        carry(made, asked, "choices_from")
    elif len(given.documents) == 1 and kind != "ranking":
        return _only_one(made, several)
    elif len(given.documents) < 2:
        return as_words(asked, "It offers no choices.")
    return made


def _only_one(made: Made, several: bool) -> Made:
    """A single choice to tick: one of consent, whose only choice has its own words."""
    choices = made.document["choices"]
    assert isinstance(choices, list)
    source = next(key for key, value in made.shape.choices.items() if value == choices[0]["key"])
    beside = {}
    if source in made.shape.beside:
        beside[source] = f"_text.{made.shape.key}.{AGREED}"
    choices[0]["key"] = AGREED
    choices[0].pop("is_exclusive", None)
    made.document["kind"] = "consent"
    shape = Shape(
        "single", made.shape.key, {source: AGREED}, recodes=made.shape.recodes, beside=beside
    )
    return Made(made.document, shape, made.reasons)


def _nps(asked: Asked, ids: Sequence[str]) -> Made:
    labels = list(entries(asked.payload.get("ColumnLabels")).items())
    settings: Document = {}
    if labels:
        for side, (source, label) in (("low_label", labels[0]), ("high_label", labels[-1])):
            others = asked.said("Display", "ColumnLabels", source)
            settings[side] = Html(label.get("Display"), others, longest=300)
    document: Document = {
        "key": asked.key, "kind": "nps", "text": asked.text(), "settings": settings,
    }  # fmt: skip
    points = {source: point for point, source in enumerate(ids)}
    return Made(document, Shape("scale", asked.key, points))


def ranking(asked: Asked, selector: str) -> Made:
    """Choices put in order. Dragging orders all of them; typed places may leave some out."""
    made = list_of(asked, "ranking")
    if made.document["kind"] == "ranking" and selector not in ("DND", ""):
        made.document["settings"] = {"minimum": 1}
    return made


def writing(asked: Asked, selector: str) -> Made:
    """A text in one line or several, a password, or a list of boxes."""
    if selector == "FORM":
        return _boxes(asked)
    kind = "long_text" if selector in ("ML", "ESTB") else "short_text"
    document: Document = {"key": asked.key, "kind": kind, "text": asked.text()}
    made = Made(document, Shape("text", asked.key))
    text_kind(made, asked.payload)
    if selector == "PW":
        made.differs("What is typed can be read on the screen.")
    elif selector == "AUTO":
        made.differs("No words are proposed while typing.")
    elif selector.startswith("Calendar"):
        document["kind"], document["settings"] = "date", {}
        made.differs("A day is picked or typed as year-month-day.")
    if document["kind"] == "number":
        made = Made(document, Shape("number", asked.key), made.reasons)
    return made


def _boxes(asked: Asked) -> Made:
    payload = asked.payload
    rows = offered(
        asked, "Choices", payload.get("Choices"), payload.get("ChoiceOrder"),
        payload.get("Randomization"),
    )  # fmt: skip
    if not rows.documents:
        return as_words(asked, "It has no boxes.")
    document: Document = {
        "key": asked.key, "kind": "matrix_text", "text": asked.text(), "rows": rows.documents,
        "settings": {"max_length": 5000},
    }  # fmt: skip
    for row in rows.documents:
        row.pop("value", None)
    made = Made(document, Shape("rows_text", asked.key, rows=rows.keys), rows.reasons)
    checked = any(
        name(each.get("TextEntryValidation")) not in ("", "None")
        for each in entries(payload.get("Choices")).values()
    )
    if checked or name(mapping(mapping(payload.get("Validation")).get("Settings")).get("Type")) in (
        "ContentType", "MinChar", "TotalChar", "CharRange",
    ):  # fmt: skip
        made.differs("What is typed into the boxes is not checked here.")
    return made


def words(asked: Asked, selector: str) -> Made:
    """A text that is only read."""
    document: Document = {"key": asked.key, "kind": "statement", "text": asked.text()}
    made = Made(document, Shape("none", asked.key))
    if selector in ("GRB", "FLB") or asked.payload.get("Graphics"):
        described = asked.payload.get("GraphicsDescription")
        made.differs("Its picture or file is left out.")
        if not asked.payload.get("QuestionText") and isinstance(described, str):
            document["text"] = Html(described, {}, asked.text().otherwise, 10_000)
    return made


def as_words(asked: Asked, reason: str) -> Made:
    """A question that cannot be asked here, kept as words for a person to decide."""
    document: Document = {"key": asked.key, "kind": "statement", "text": asked.text()}
    return Made(document, Shape("none", asked.key), [reason], "raw")


def unasked(asked: Asked, reason: str) -> Made:
    """What is measured without asking: kept as a value that a program may give."""
    document: Document = {"key": asked.key, "kind": "hidden", "text": asked.text()}
    return Made(document, Shape("none", asked.key), [reason])


def simple(asked: Asked, kind: str) -> Made:
    """A question of a kind that is answered by itself and that no logic asks about."""
    document: Document = {"key": asked.key, "kind": kind, "text": asked.text()}
    return Made(document, Shape("none", asked.key))
