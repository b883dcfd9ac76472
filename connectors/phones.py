"""Telephone numbers in E.164, as phonenumbers reads them, with a quick way for the plain ones.

phonenumbers takes some 60 microseconds a number; most numbers in a CRM are digits after a plus or
after a national zero, for which its own tables answer in two. What is not plainly so is left to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

_PLAIN = re.compile(r"\+?[0-9]{5,17}").fullmatch
_MARKS = str.maketrans("", "", " -.()\u00a0")
_WRONG = "is not a phone number"


Match = Callable[[str], "re.Match[str] | None"]


@dataclass(frozen=True, slots=True)
class _Country:
    """What the tables say of one calling code: lengths, and what is dialled before a number."""

    code: str
    lengths: frozenset[int]
    is_number: Match
    trunk: Match
    abroad: Match
    is_rewritten: bool


def _never(text: str) -> re.Match[str] | None:
    return None


@lru_cache(maxsize=512)
def _country(region: str) -> _Country | None:
    """The tables of a region, None when there are none."""
    from phonenumbers import PhoneMetadata

    found = PhoneMetadata.metadata_for_region_or_calling_code(0, region)
    if found is None or found.general_desc is None or not found.general_desc.possible_length:
        return None
    trunk, abroad = found.national_prefix_for_parsing, found.international_prefix
    return _Country(
        code=str(found.country_code),
        lengths=frozenset(found.general_desc.possible_length),
        is_number=re.compile(found.general_desc.national_number_pattern or "$^").fullmatch,
        trunk=re.compile(trunk).match if trunk else _never,
        abroad=re.compile(abroad).match if abroad else _never,
        is_rewritten=bool(found.national_prefix_transform_rule),
    )


@lru_cache(maxsize=1024)
def _of_code(digits: str) -> _Country | None:
    """The country whose calling code the first three digits begin with."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    for length in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length]))
        if regions:
            return None if regions[0] == "001" else _country(regions[0])
    return None


def _quick(text: str, region: str | None) -> str | None:
    """The number when the quick way is sure, None when phonenumbers must say."""
    digits = text.translate(_MARKS)
    if not _PLAIN(digits):
        return None
    if digits[0] == "+":
        country = _of_code(digits[1:4])
        national = "" if country is None else digits[1 + len(country.code) :]
        if country is None or country.trunk(national):
            return None
    else:
        country = None if region is None else _country(region)
        if country is None or digits.startswith(country.code) or country.abroad(digits):
            return None
        national = digits
        trunk = country.trunk(digits)
        if trunk:
            national = digits[1:]
            if trunk.group() != "0" or country.is_rewritten or not country.is_number(national):
                return None
    if national[:1] in ("", "0") or len(national) not in country.lengths:
        return None
    return f"+{country.code}{national}"


@lru_cache(maxsize=50_000)
def e164(text: str, region: str | None = None) -> str:
    """The number in E.164. `region` (GB, DE...) reads numbers without a country code.

    Raises ValueError with the reason for what cannot be a number.
    """
    found = _quick(text, region)
    if found is not None:
        return found
    import phonenumbers  # its tables take 40 ms and 15 MB; only those who map phones pay

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            raise ValueError(
                "has no country code; write it as +44 20 7946 0000 or choose a default region"
            ) from error
        raise ValueError(_WRONG) from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError(_WRONG)
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
