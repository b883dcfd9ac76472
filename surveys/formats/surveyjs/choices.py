"""The choices of a SurveyJS question: plain or with words, special ones, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from surveys.formats.naming import Keys
from surveys.formats.surveyjs.desk import (
    Desk,
    Document,
    Json,
    OwnKeys,
    first,
    listed,
    mapping,
    said,
    whole,
)
from surveys.formats.surveyjs.expressions import Scope
from surveys.formats.surveyjs.pieces import both, constant
from surveys.formats.surveyjs.values import Known, as_number, converted, text_of
from surveys.parts import Logic
from surveys.strings import tidy

MOST_CHOICES = 900
LONGEST_LABEL = 2000
LARGEST = 10**12
_LONGEST_IMAGE = 2000
_ORDERS = {"random": "random", "asc": "alphabetical"}
# The special choices: the property, what older versions called it, its value, its usual words.
_SPECIAL = (
    ("showOtherItem", "hasOther", "other", "otherText", "Other (describe)"),
    ("showNoneItem", "hasNone", "none", "noneText", "None"),
    ("showRefuseItem", "hasRefuse", "refused", "refuseText", "Refuse to answer"),
    ("showDontKnowItem", "hasDontKnow", "dontknow", "dontKnowText", "Don't know"),
)
_MISSING = {"refused": "refused", "dontknow": "dont_know"}


@dataclass(frozen=True, slots=True)
class Offered:
    """One choice or row: our key, the source's value, and what the source says about it."""

    key: str
    value: Known
    label: object
    raw: Json = field(default_factory=dict)
    special: str = ""

    @property
    def takes_text(self) -> bool:
        """Whether words are asked beside it."""
        return self.special == "other" or self.raw.get("showCommentArea") is True


def plain_value(found: object) -> Known:
    """The value of a choice, None for what is none."""
    if isinstance(found, bool):
        return found
    if isinstance(found, int | float):
        return found
    if isinstance(found, str):
        return tidy(found)[:1000] or None
    return None


def offered(found: object, most: int = MOST_CHOICES) -> list[Offered]:
    """The choices, rows or columns of a list: scalars, or objects with a value and words."""
    keys = OwnKeys()
    read: list[Offered] = []
    seen: set[tuple[str, str]] = set()
    for each in listed(found):
        raw = mapping(each)
        value = plain_value(raw.get("value", raw.get("name")) if raw else each)
        label = raw.get("text", raw.get("title"))
        if value is None and isinstance(label, str):
            value = plain_value(label)
        identity = (type(value).__name__, text_of(value))
        if value is None or identity in seen:
            continue
        seen.add(identity)
        key = keys.key(identity, text_of(value), "choice")
        read.append(Offered(key, value, text_of(value) if label in (None, "") else label, raw))
        if len(read) >= most:
            break
    return read


def counted(raw: Json) -> list[Offered]:
    """The numbers a list offers between two ends."""
    low, high = whole(raw.get("choicesMin"), 0), whole(raw.get("choicesMax"), 0)
    step = max(whole(raw.get("choicesStep"), 1), 1)
    if high <= low:
        return []
    return offered(list(range(low, high + 1, step)[:MOST_CHOICES]))


def special(raw: Json, taken: list[Offered]) -> list[Offered]:
    """ "Other", "none" and their kin."""
    keys = Keys(each.key for each in taken)
    values = {text_of(each.value).lower() for each in taken}
    found = []
    for name, older, value, words, usual in _SPECIAL:
        if first(raw, name, older) is True and value not in values:
            found.append(Offered(keys.key(value), value, raw.get(words) or usual, special=value))
    return found


def values(choices: list[Offered]) -> dict[str, Known]:
    """The source's values by our keys."""
    return {each.key: each.value for each in choices}


def choice_documents(
    choices: list[Offered],
    desk: Desk,
    place: str,
    path: str,
    scope: Scope,
    *,
    show_if: object = None,
    many: bool = False,
    has_images: bool = False,
) -> list[Document]:
    """Choices as ours; ``show_if`` is the condition of the whole list, asked for each item."""
    made: list[Document] = []
    for number, each in enumerate(choices):
        label = desk.texts.say(
            each.label, f"{place}.{each.key}", LONGEST_LABEL, scope, text_of(each.value)
        )
        document: Document = {"key": each.key, "label": label or each.key}
        counts = first(each.raw, "efmValue", "value") if each.raw else each.value
        amount = as_number(counts) if not isinstance(counts, str) else None
        if amount is not None and abs(amount) <= LARGEST:
            document["value"] = int(amount) if amount.is_integer() else amount
        if each.takes_text:
            document["takes_text"] = True
            required = each.special == "other" or each.raw.get("isCommentRequired") is True
            document["is_text_required"] = required
        missing = _MISSING.get(each.special) or said(each.raw.get("efmMissing"))
        if missing in ("dont_know", "refused", "not_applicable"):
            document["missing"] = missing
        if many and (each.special not in ("", "other") or each.raw.get("isExclusive") is True):
            document["is_exclusive"] = True
        if each.special or each.raw.get("randomize") is False:
            document["is_fixed"] = True
        image = said(first(each.raw, "imageLink")) if has_images else ""
        if image.startswith(("https://", "http://")) and len(image) <= _LONGEST_IMAGE:
            document["image"] = tidy(image)
        shown = _shown(each, desk, f"{path}[{number}]", scope, show_if)
        if shown is not None:
            document["show_if"] = shown
        made.append(document)
    return made


def _shown(each: Offered, desk: Desk, path: str, scope: Scope, show_if: object) -> Logic:
    """When a choice is offered: its own condition and that of the list, special ones always."""
    item = constant(converted(each.value))
    inside = replace(scope, near={**scope.near, "item": item, "choice": item})
    conditions: list[Logic] = []
    if said(show_if).strip() and not each.special:
        conditions.append(desk.condition(show_if, path.rpartition("[")[0] + "VisibleIf", inside))
    for name in ("visibleIf", "enableIf"):
        if said(each.raw.get(name)).strip():
            conditions.append(desk.condition(each.raw[name], f"{path}.{name}", inside))
    if each.raw.get("visible") is False or each.raw.get("enabled") is False:
        return False
    if not conditions:
        return None
    logic = both(*conditions)
    return None if logic is True else logic


def order(raw: Json) -> str:
    """In which order choices are shown."""
    return _ORDERS.get(said(raw.get("choicesOrder")).lower(), "as_given")


def sorted_down(choices: list[Offered], desk: Desk) -> list[Offered]:
    """Choices from Z to A, which we keep as they then stand."""
    return sorted(choices, key=lambda each: desk.texts.words(each.label).casefold(), reverse=True)


def labels(choices: list[Offered], desk: Desk) -> Mapping[str, str]:
    """The words of choices by our keys."""
    return {each.key: desk.texts.words(each.label, 300) for each in choices}
