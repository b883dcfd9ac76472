"""Names for the columns of a file: legal in its format, each used once, the same every time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_FINGERPRINT = 6


@dataclass(frozen=True, slots=True)
class NameRule:
    """What a format takes as the name of a variable.

    ``refused`` matches the characters it does not take, ``most`` is the longest name, ``reserved``
    holds, in small letters, the words that mean something else to its program.
    """

    refused: re.Pattern[str]
    most: int
    reserved: frozenset[str] = frozenset()


# Words of the command languages: SPSS Statistics "Variable names", Stata's manual [U] 11.3.
SPSS = NameRule(
    re.compile(r"[^a-z0-9_.]", re.IGNORECASE),
    64,
    frozenset(["all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"]),
)
_STATA_WORDS = (
    "_all", "_b", "_coef", "_cons", "_n", "_pi", "_pred", "_r", "_rc", "_skip", "_se", "_weight",
    "alias", "byte", "double", "float", "if", "in", "int", "long", "strl", "using", "with",
)  # fmt: skip
# Stata takes 32 characters; four are left to the number that names a variable's set of labels.
STATA = NameRule(
    re.compile(r"[^a-z0-9_]", re.IGNORECASE),
    28,
    frozenset(_STATA_WORDS),
)
_STATA_TYPE = re.compile(r"str[0-9]+")
RULES: Mapping[str, NameRule] = {"sav": SPSS, "dta": STATA}


def legal(name: str, rule: NameRule) -> str:
    """The name in a form the format takes; it depends on the name alone.

    One that must be shortened ends in a fingerprint of the whole, so that two long names stay two.
    """
    kept = rule.refused.sub("_", name).rstrip(".")
    if not kept[:1].isalpha():
        kept = f"v{kept}" if kept.startswith("_") else f"v_{kept}"
    if kept.lower() in rule.reserved or (rule is STATA and _STATA_TYPE.fullmatch(kept.lower())):
        kept += "_"
    if rule is SPSS and kept.endswith("_"):
        # SPSS keeps names that end in an underscore for what its procedures make.
        kept += "v"
    if len(kept) > rule.most:
        digest = hashlib.sha256(name.encode("utf-8")).hexdigest()[:_FINGERPRINT]
        kept = f"{kept[: rule.most - _FINGERPRINT - 1].rstrip('._')}_{digest}"
    return kept


def unique(names: Iterable[str], most: int = 1000) -> list[str]:
    """The names in order; one that came before, in whatever case, gets the next free number."""
    given = list(names)
    first = {name.lower() for name in given}
    taken: set[str] = set()
    made = []
    for name in given:
        chosen, number = name, 2
        # A numbered name gives way to one that is really called so, wherever that one stands.
        while chosen.lower() in taken or (chosen != name and chosen.lower() in first):
            ending = f"_{number}"
            chosen, number = name[: most - len(ending)] + ending, number + 1
        taken.add(chosen.lower())
        made.append(chosen)
    return made


def all_legal(names: Iterable[str], ending: str) -> list[str]:
    """The names of a whole file's columns in the format with this ending."""
    rule = RULES.get(ending)
    if rule is None:
        return list(names)
    return unique((legal(name, rule) for name in names), rule.most)
