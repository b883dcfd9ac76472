"""Personal data in a survey, and above all in one that says it is anonymous."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveys.parts import Definition
from surveys.proof.findings import Finding, warning

PERSONAL_KINDS = frozenset({"email", "phone", "contact", "address", "signature"})
_PERSONAL = re.compile(
    r"(?:^|[^a-z])(?:e_?mail|phone|mobile|telephone|address|street|birth(?:day|date)?|date_of_birth|dob"
    r"|iban|passport|ssn|social_security|salary|income|health)(?:$|[^a-z])"
)
_NAMES = re.compile(r"(?:^|[^a-z])(?:name|first_name|last_name|full_name|surname)(?:$|[^a-z])")


def is_personal(kind: str, name: str) -> bool:
    """Whether an answer of this kind, or a value of this name, tells who or how somebody is."""
    return kind in PERSONAL_KINDS or _PERSONAL.search(name.casefold()) is not None


def privacy(definition: Definition) -> Iterator[Finding]:
    """Findings on what a survey asks of people it calls anonymous."""
    if not definition.anonymous:
        return
    for i, page in enumerate(definition.pages):
        for j, question in enumerate(page.questions):
            kinds = {question.kind, *(part.kind for part in question.parts)}
            if not kinds.isdisjoint(PERSONAL_KINDS):
                yield warning(
                    "personal_though_anonymous", f"pages[{i}].questions[{j}]",
                    "The survey says that answers are anonymous, and this question asks who somebody "
                    "is. Leave it out, or set anonymous to false.", question.key,
                )  # fmt: skip
    for i, field in enumerate(definition.data):
        name = f"{field.key} {field.name}".casefold()
        if field.source in ("contact", "account") or is_personal("", name) or _NAMES.search(name):
            yield warning(
                "data_though_anonymous", f"data[{i}]",
                f"The survey says that answers are anonymous, and {field.key} brings along what is "
                "known of the person. Leave it out, or set anonymous to false.",
            )  # fmt: skip
