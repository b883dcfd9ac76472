"""What a QSF demands of answers: that there is one, how many choices, which numbers and texts."""

from __future__ import annotations

from collections.abc import Mapping

from surveys.formats.qsf.parts import Document, Html, Made, When
from surveys.formats.qsf.values import mapping, name, number, whole
from surveys.parts import Logic

_LONGEST = {"short_text": 1000, "long_text": 20_000}
_ZIP = r"^\s*\d{5}(-\d{4})?\s*$"
_CONTENT = {
    "ValidEmail": "email",
    "ValidPhone": "phone",
    "ValidDate": "date",
    "ValidNumber": "number",
}
# Letters, and what stands between them; neither digits nor signs.
_TEXT_ONLY = r"^[^\d_!@#$%^&*()+=\[\]{}|\\:;<>?/~]*$"


def demands(payload: Mapping[str, object]) -> Mapping[str, object]:
    """The settings of a question's validation; empty where there are none."""
    return mapping(mapping(payload.get("Validation")).get("Settings"))


def kind_of(found: Mapping[str, object]) -> str:
    """Which validation is chosen; what others left behind in the settings counts for nothing."""
    chosen = name(found.get("Type"))
    if chosen == "ValidNumber":
        return "ContentType"
    return "" if chosen in ("None", "null") else chosen


def content_of(found: Mapping[str, object]) -> str:
    """Which content a text must have."""
    if name(found.get("Type")) == "ValidNumber":
        return "ValidNumber"
    return name(found.get("ContentType")) if kind_of(found) == "ContentType" else ""


_JUDGED = {
    "TE": ("ContentType", "MinChar", "TotalChar", "CharRange", "MaxChar"),
    "MC": ("MinChoices", "MaxChoices", "ChoiceRange"),
    "HotSpot": ("MinChoices", "MaxChoices", "ChoiceRange"),
    "CS": ("ChoicesTotal",),
    "Matrix": ("ContentType", "MinChar", "TotalChar", "CharRange", "ChoicesTotal", "MinChoices",
               "MaxChoices", "ChoiceRange"),
    "FileUpload": ("ContentType",),
}  # fmt: skip


def tell_of_others(made: Made, payload: Mapping[str, object]) -> None:
    """Say which validation is not carried over."""
    chosen = kind_of(demands(payload))
    if chosen not in ("", "CustomValidation", *_JUDGED.get(name(payload.get("QuestionType")), ())):
        made.differs(f"Its validation ({chosen[:40]}) is not carried over.")


def require(made: Made, payload: Mapping[str, object]) -> None:
    """Whether an answer is demanded, asked for once more, or neither."""
    found = demands(payload)
    force, how = name(found.get("ForceResponse")), name(found.get("ForceResponseType"))
    if force == "RequestResponse" or (force == "ON" and how == "RequestResponse"):
        made.document["is_requested"] = True
    elif force == "ON":
        made.document["is_required"] = True


def check(made: Made, payload: Mapping[str, object]) -> None:
    """The custom validation of a question, as a check."""
    found = demands(payload)
    logic = mapping(found.get("CustomValidation")).get("Logic")
    if kind_of(found) == "CustomValidation" and logic:
        source = name(payload.get("QuestionID"))
        add_check(made.document, When(logic, f"{source}.CustomValidation", is_check=True))


def add_check(document: Document, valid_if: When | Logic) -> None:
    """One more check of a question."""
    checks = document.setdefault("checks", [])
    assert isinstance(checks, list)
    checks.append({"valid_if": valid_if})


def limit_choices(made: Made, payload: Mapping[str, object], offered: int) -> None:
    """At least and at most so many choices."""
    found = demands(payload)
    chosen = kind_of(found)
    least = whole(found.get("MinChoices")) if chosen in ("MinChoices", "ChoiceRange") else None
    most = whole(found.get("MaxChoices")) if chosen in ("MaxChoices", "ChoiceRange") else None
    settings: Document = {}
    if least is not None and 0 < least <= min(offered, 200):
        settings["minimum"] = least
    if most is not None and max(least or 0, 1) <= most <= min(offered, 200):
        settings["maximum"] = most
    if settings:
        held = made.document.setdefault("settings", {})
        assert isinstance(held, dict)
        held.update(settings)


def text_kind(made: Made, payload: Mapping[str, object]) -> None:
    """The kind of a text entry by the content it demands, with its limits."""
    found = demands(payload)
    document = made.document
    chosen, content = kind_of(found), content_of(found)
    if chosen == "ContentType" and content in _CONTENT:
        document["kind"] = _CONTENT[content]
        if content == "ValidNumber":
            document["settings"] = number_limits(mapping(found.get("ValidNumber")))
        if content == "ValidDate":
            made.differs("A day is picked or typed as year-month-day, not in the source's format.")
        return
    longest = _LONGEST[str(document["kind"])]
    key = made.shape.key
    if chosen == "ContentType" and content == "ValidZip":
        add_check(document, {"matches": [{"var": key}, _ZIP]})
    elif chosen == "ContentType" and content == "ValidTextOnly":
        add_check(document, {"matches": [{"var": key}, _TEXT_ONLY]})
        made.differs("Which signs count as text only is decided a little differently here.")
    elif chosen == "ContentType" and content:
        made.differs("That the text is of a certain content is not checked here.")
    if chosen in ("MinChar", "CharRange"):
        least = whole(found.get("MinChars"))
        if least is not None and 0 < least <= longest:
            add_check(document, {">=": [{"length": [{"var": key}]}, least]})
    if chosen in ("TotalChar", "CharRange", "MaxChar"):
        most = whole(found.get("TotalChars")) or whole(found.get("MaxChars"))
        if most is not None and 0 < most <= longest:
            longest = most
    document["settings"] = {"max_length": longest}


def number_limits(found: Mapping[str, object]) -> Document:
    """The limits of a number; without any, up to six decimal places are taken."""
    decimals = whole(found.get("NumDecimals"))
    places = 6 if decimals is None else max(0, min(decimals, 6))
    settings: Document = {"decimals": places}
    low, high = number(found.get("Min")), number(found.get("Max"))
    for limit, value in (("minimum", low), ("maximum", high)):
        if value is not None and abs(value) <= 10**12:
            settings[limit] = value
            if value != round(value, places):
                settings["decimals"] = 6
    if low is not None and high is not None and low > high:
        return {"decimals": places}
    return settings


def total(payload: Mapping[str, object]) -> int | float | None:
    """What the numbers of a question must add up to."""
    found = demands(payload)
    wanted = number(found.get("ChoiceTotal")) if kind_of(found) == "ChoicesTotal" else None
    return wanted if wanted is not None and wanted > 0 else None


def preset(made: Made, payload: Mapping[str, object]) -> None:
    """The answer that is there from the beginning, for questions of one answer."""
    given = payload.get("DefaultChoices")
    if not isinstance(given, dict) or not given:
        return
    form, document = made.shape.form, made.document
    if form in ("single", "multiple"):
        chosen = [
            made.shape.choices[source]
            for source, part in given.items()
            if source in made.shape.choices and mapping(part).get("Selected")
        ]
        if chosen:
            document["default"] = chosen if form == "multiple" else chosen[0]
            return
    text = mapping(given.get("TEXT")).get("Text")
    if form == "text" and isinstance(text, str):
        document["default"] = Html(text, longest=1000, is_value=True)
        return
    made.differs("Answers that are preset in the source are not carried over.")
