"""Names of people and companies as values: their words, and whether two can be of one."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from rapidfuzz.distance import JaroWinkler

Agreement = Literal["same", "alike", "given", "family", "other", "unknown"]

_TITLES = "dr prof mr mrs ms miss mx herr frau sir dipl ing med mag phd jr sr"
_LEGAL_FORMS = (
    "ab ag as bv co corp corporation company eg ek gbr gmbh inc incorporated kg kgaa limited llc llp"
    " ltd mbh nv ohg oy plc pty pvt sa sarl sas se sl spa srl the und and ug"
)
TITLES = frozenset(_TITLES.split())
LEGAL_FORMS = frozenset(_LEGAL_FORMS.split())
LIKE = 0.9
# Letters no decomposition turns into plain ones.
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
)
_BETWEEN = re.compile(r"[^\w]+|_+")
_SOUNDS = str.maketrans("bfpvwcgjkqsxzdtlmnr", "1111122222222334556")


def plain(value: str) -> str:
    """Lower case, without marks and punctuation: Müller-Lüdenscheidt is muller ludenscheidt."""
    lowered = value.casefold()
    if not lowered.isascii():
        lowered = unicodedata.normalize("NFKD", lowered.translate(_LETTERS))
        lowered = "".join(each for each in lowered if not unicodedata.combining(each))
    return _BETWEEN.sub(" ", lowered).strip()


def words(name: str | None) -> tuple[str, ...]:
    """The words of a person's name in reading order, without titles."""
    if not name:
        return ()
    last, comma, first = name.partition(",")
    if comma and first.strip():
        name = f"{first} {last}"
    found = plain(name).split()
    return tuple(each for each in found if each not in TITLES) or tuple(found)


def split(name: str | None) -> tuple[str, str]:
    """The first and the last word of a name; one word alone counts as the first."""
    found = words(name)
    if not found:
        return "", ""
    return found[0], found[-1] if len(found) > 1 else ""


def alike(one: str, other: str) -> bool:
    """Whether two words can be one name: equal, an initial, shortened, or nearly so written."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if not short:
        return False
    if len(short) == 1 or (len(short) >= 3 and long.startswith(short)):
        return long.startswith(short)
    return JaroWinkler.similarity(one, other) >= LIKE


def agreement(one: str | None, other: str | None) -> Agreement:
    """How far two names of people agree; unknown when either is missing."""
    mine, theirs = words(one), words(other)
    if not mine or not theirs:
        return "unknown"
    if sorted(mine) == sorted(theirs):
        return "same"
    if len(mine) == 1 or len(theirs) == 1:
        single, rest = (mine[0], theirs) if len(mine) == 1 else (theirs[0], mine)
        return "alike" if any(alike(single, each) for each in rest) else "other"
    is_given, is_family = alike(mine[0], theirs[0]), alike(mine[-1], theirs[-1])
    if (is_given and is_family) or (alike(mine[0], theirs[-1]) and alike(mine[-1], theirs[0])):
        return "alike"
    return "given" if is_given else "family" if is_family else "other"


def sound(word: str) -> str:
    """How a word sounds: its first letter and the classes of its consonants (after Soundex)."""
    if not word:
        return ""
    codes, last = [], ""
    for each in word.translate(_SOUNDS):
        if each.isdigit() and each != last:
            codes.append(each)
        last = each
    head = word[0].translate(_SOUNDS)
    body = codes[1:] if head.isdigit() and codes else codes
    return (head if head.isdigit() else "0") + "".join(body[:3])


def company(name: str | None) -> str:
    """A company's name without its legal form, for comparing: ACME GmbH & Co. KG is acme."""
    found = plain(name or "").split()
    kept = [each for each in found if each not in LEGAL_FORMS]
    return " ".join(kept or found)
