"""Our questions written as elements of SurveyJS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from surveys import kinds, translations
from surveys.formats.surveyjs import export_arrays as arrays
from surveys.formats.surveyjs.export_ledger import Element, Ledger, choice_elements
from surveys.formats.surveyjs.export_logic import constant_of
from surveys.kinds.files import MEGABYTE
from surveys.parts import Logic, Question

_CARRIED = {"chosen": "selected", "not_chosen": "unselected", "offered": "all"}
_ORDERS = {"random": "random", "alphabetical": "asc"}
_INPUTS = {"email": "email", "phone": "tel", "url": "url", "time": "time", "date": "date"}


def element(question: Question, ledger: Ledger, place: str = "") -> Element:
    """A question as an element; what SurveyJS cannot say is entered in the ledger."""
    place = place or question.key
    write = _WRITERS.get(question.kind, _text)
    made: Element = {"type": "text", "name": question.key}
    if question.text or question.kind not in ("statement",):
        made["title"] = ledger.text(question.text or question.key, f"{place}.text")
    if question.help:
        made["description"] = ledger.text(question.help, f"{place}.help")
    write(question, ledger, made, place)
    what = f"The question {question.key}"
    if question.is_required and kinds.kind(question.kind).is_asked:
        made["isRequired"] = True
    elif question.is_required:
        ledger.lose(f"{what} is shown to nobody and so not required.")
    if question.is_requested:
        ledger.lose(f"{what} is no more asked for once when it is left unanswered.")
    if question.required_if is not None:
        made["requiredIf"] = ledger.condition(question.required_if, f"{what}: when it is required")
    if question.show_if is not None:
        made["visibleIf"] = ledger.condition(question.show_if, f"{what}: when it is shown")
    if question.default is not None:
        _suggest(question, ledger, made, what)
    for number, check in enumerate(question.checks):
        if (pattern := _pattern(check.valid_if, question.key)) is not None:
            made.setdefault("validators", []).append(
                _worded(pattern, check.message, ledger, f"{place}.checks.{number}")
            )
            continue
        expression = ledger.condition(check.valid_if, f"{what}: a check")
        validator = {
            "type": "expression",
            "expression": f"{{{question.key}}} empty or ({expression})",
        }
        made.setdefault("validators", []).append(
            _worded(validator, check.message, ledger, f"{place}.checks.{number}")
        )
    return made


def _worded(validator: Element, message: str, ledger: Ledger, place: str) -> Element:
    return validator | ({"text": ledger.text(message, place)} if message else {})


def _pattern(logic: Logic, key: str) -> Element | None:
    """A check of the form of an answer as the validator it is there."""
    given = logic.get("matches") if isinstance(logic, dict) else None
    if not isinstance(given, list) or given[0] != {"var": key} or not isinstance(given[1], str):
        return None
    made: Element = {"type": "regex", "regex": given[1].removeprefix("(?i)")}
    return made | ({"caseInsensitive": True} if given[1].startswith("(?i)") else {})


def _suggest(question: Question, ledger: Ledger, made: Element, what: str) -> None:
    value = constant_of(question.default)
    if value is not None:
        made["defaultValue"] = (
            "true" if value == "yes" and question.kind == "yes_no" else str(value)
        )
        if value == "no" and question.kind == "yes_no":
            made["defaultValue"] = "false"
        return
    expression = ledger.calculation(question.default, f"{what}: what is filled in beforehand")
    if expression:
        made["defaultValueExpression"] = expression


def _choosing(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    what = f"The question {question.key}"
    types = {"single_choice": "radiogroup", "dropdown": "dropdown", "picture_choice": "imagepicker",
             "multiple_choice": "checkbox", "ranking": "ranking", "consent": "checkbox"}  # fmt: skip
    made["type"] = types[question.kind]
    has_images = any(each.image for each in question.choices)
    if question.kind == "multiple_choice" and has_images:
        made |= {"type": "imagepicker", "multiSelect": True}
    made["choices"] = choice_elements(
        question.choices, ledger, f"{place}.choices", what,
        has_images=made["type"] == "imagepicker",
    )  # fmt: skip
    if question.choices_from is not None:
        made["choicesFromQuestion"] = question.choices_from.question
        made["choicesFromQuestionMode"] = _CARRIED[question.choices_from.which]
        if question.choices:
            ledger.lose(f"{what}: its own choices beside those taken over were left out.")
            del made["choices"]
    if question.choice_order in _ORDERS:
        made["choicesOrder"] = _ORDERS[question.choice_order]
    elif question.choice_order != "as_given":
        ledger.lose(f"{what}: its choices are not reversed for half of the people.")
    settings = question.settings
    if question.kind == "ranking" and ("minimum" in settings or "maximum" in settings):
        made["selectToRankEnabled"] = True
    for name, theirs in (("minimum", "minSelectedChoices"), ("maximum", "maxSelectedChoices")):
        if settings.get(name):
            made[theirs] = settings[name]
    if settings.get("has_select_all"):
        made["showSelectAllItem"] = True
    if settings.get("version"):
        ledger.lose(f"{what}: the version of its text was left out.")


def _yes_no(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    made["type"] = "boolean"
    names = {"yes": "labelTrue", "no": "labelFalse"}
    usual = dict(kinds.kind("yes_no").fixed_choices)
    for each in question.choices:
        if each.label != translations.text(ledger.language, usual[each.key]):
            made[names[each.key]] = ledger.text(each.label, f"{place}.choices.{each.key}")
    choice_elements(question.choices, ledger, f"{place}.choices", f"The question {question.key}")


def _rating(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    settings = question.settings
    points = kinds.points(question)
    made |= {"type": "rating", "rateMin": points[0], "rateMax": points[-1]}
    shapes = {"stars": "stars", "smileys": "smileys"}
    if question.kind in shapes:
        made["rateType"] = shapes[question.kind]
    elif question.kind != "nps":
        made["efmKind"] = question.kind
    if settings.get("direction") == "low_is_easy":
        made["efmDirection"] = "low_is_easy"
    if settings.get("is_csat"):
        made["efmIsCsat"] = True
    for name, theirs in (("low_label", "minRateDescription"), ("high_label", "maxRateDescription")):
        if settings.get(name):
            made[theirs] = ledger.text(str(settings[name]), f"{place}.{name}")
    words = settings.get("labels")
    if isinstance(words, tuple):
        made["rateValues"] = [
            {"value": str(point), "text": ledger.text(text, f"{place}.labels.{number}")}
            for number, (point, text) in enumerate(zip(points, words, strict=False))
        ]


def _text(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    settings = question.settings
    made["type"] = "comment" if question.kind == "long_text" else "text"
    if question.kind in _INPUTS:
        made["inputType"] = _INPUTS[question.kind]
    elif question.kind not in ("short_text", "long_text"):
        ledger.lose(f"The question {question.key} is asked as plain text; it was {question.kind}.")
    if "max_length" in settings:
        made["maxLength"] = settings["max_length"]
    if settings.get("placeholder"):
        made["placeholder"] = ledger.text(str(settings["placeholder"]), f"{place}.placeholder")
    for name, theirs in (("minimum", "min"), ("maximum", "max")):
        if name in settings:
            made[theirs] = str(settings[name])


def _number(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    settings = question.settings
    is_slider = question.kind == "slider"
    made["type"] = "slider" if is_slider else "text"
    if not is_slider:
        made["inputType"] = "number"
    for name, theirs in (("minimum", "min"), ("maximum", "max")):
        if name in settings:
            made[theirs] = settings[name] if is_slider else _digits(settings[name])
    decimals = settings.get("decimals", 0)
    places = decimals if isinstance(decimals, int) else 0
    step = settings.get("step")
    if step is not None:
        made["step"] = step
    elif places < 6:
        made["step"] = round(10**-places, places) if places else 1
    for name in ("unit", "low_label", "high_label"):
        if settings.get(name):
            ledger.lose(f"The question {question.key}: its words beside the number were left out.")


def _digits(value: object) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _statement(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    made.pop("title", None)
    made |= {"type": "html", "html": ledger.text(question.text, f"{place}.text", is_html=True)}
    if question.settings:
        ledger.lose(f"{question.key}: its picture or video was left out; it lies only here.")


def _grid(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    arrays.grid(question, ledger, made, place, element)


def _entries(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    arrays.entries(question, ledger, made, place, element)


def _particulars(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    """Address, contact, shares of a total, best and worst: a list of what they consist of."""
    made["type"] = "multipletext"
    made["items"] = [
        {"name": each.key.partition(".")[2].replace(".", "_"), "title": each.text[:1000],
         "inputType": {"number": "number", "email": "email", "phone": "tel"}.get(each.kind, "text"),
         **({"isRequired": True} if each.is_required else {})}
        for each in kinds.atoms(question)
    ]  # fmt: skip
    ledger.lose(f"The question {question.key} is asked as a list of texts; it was {question.kind}.")


def _computed(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    made |= {"type": "expression", "visible": False}
    if question.kind == "hidden":
        made["type"] = "text"
        value = constant_of(question.value)
        if value is not None:
            made["defaultValue"] = str(value)
        elif question.value is not None:
            made["defaultValueExpression"] = ledger.calculation(
                question.value, f"The hidden value {question.key}"
            )
    elif question.value is not None:
        made["expression"] = ledger.calculation(question.value, f"The value {question.key}")


def _file(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    settings = question.settings
    made["type"] = "file"
    most = settings.get("max_files", 1)
    if most != 1:
        made |= {"allowMultiple": True, "maxFiles": most}
    size = settings.get("max_megabytes", 10)
    made["maxSize"] = (size if isinstance(size, int) else 10) * MEGABYTE
    types = settings.get("types")
    if isinstance(types, tuple):
        made["acceptedTypes"] = ",".join(f".{each}" for each in types)


def _signature(question: Question, ledger: Ledger, made: Element, place: str) -> None:
    made["type"] = "signaturepad"
    ledger.lose(f"The signature {question.key} is drawn instead of written.")


_WRITERS: Mapping[str, Callable[[Question, Ledger, Element, str], None]] = {
    **dict.fromkeys(("nps", "csat", "ces", "stars", "smileys", "likert", "scale"), _rating),
    **dict.fromkeys(
        ("single_choice", "dropdown", "picture_choice", "multiple_choice", "ranking", "consent"),
        _choosing,
    ),
    "yes_no": _yes_no,
    "number": _number,
    "slider": _number,
    "statement": _statement,
    **dict.fromkeys(
        ("matrix_single", "matrix_multiple", "matrix_dropdown", "matrix_rating",
         "semantic_differential"), arrays.matrix,
    ),
    "matrix_text": arrays.texts,
    "matrix_number": arrays.texts,
    "grid": _grid,
    "entries": _entries,
    **dict.fromkeys(("address", "contact", "constant_sum", "max_diff"), _particulars),
    "calculated": _computed,
    "hidden": _computed,
    "file_upload": _file,
    "signature": _signature,
}  # fmt: skip
