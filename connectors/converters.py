"""The fixed set of converters from a source's value to a canonical one; each refuses in words.

A converter is made once from its options and then called with `(value, raw)`. It returns the
converted value, or None for an empty one, or raises ValueError with a reason that fits after the
field's label and never quotes the value (it may be personal; the rejected record shows it).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any

from connectors import dates
from connectors.errors import ConfigError
from connectors.money import SYMBOLS, currency_code
from connectors.phones import e164
from connectors.quantities import Convert, Money, Options, decimal_number, integer_number
from connectors.scalars import as_text

_TRUE = frozenset(("true", "yes", "y", "t", "1", "on"))
_FALSE = frozenset(("false", "no", "n", "f", "0", "off"))
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
).fullmatch
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}").fullmatch


def _text(options: Options) -> Convert:
    return lambda value, raw: as_text(value) or None


def _trim(options: Options) -> Convert:
    def convert(value: Any, raw: Mapping[str, Any]) -> str | None:
        return (value if type(value) is str else as_text(value)).strip() or None

    return convert


def _lower(options: Options) -> Convert:
    return lambda value, raw: as_text(value).strip().lower() or None


def _boolean(options: Options) -> Convert:
    true = frozenset(str(v).strip().lower() for v in options.get("true", ())) or _TRUE
    false = frozenset(str(v).strip().lower() for v in options.get("false", ())) or _FALSE

    def convert(value: Any, raw: Mapping[str, Any]) -> bool | None:
        if isinstance(value, bool):
            return value
        text = as_text(value).strip().lower()
        if not text:
            return None
        if text in true:
            return True
        if text in false:
            return False
        raise ValueError("is neither yes nor no")

    return convert


def _formats(options: Options) -> tuple[list[dates.Parser], str]:
    given = options.get("formats", ["iso"])
    names = [given] if isinstance(given, str) else [str(each) for each in given]
    try:
        parsers = [dates.parser(name) for name in names or ["iso"]]
    except ValueError as error:
        raise ConfigError(f"Date format: {error}.") from error
    shown = {"iso": "YYYY-MM-DD"}
    return parsers, " or ".join(shown.get(name, name) for name in names)


def _zone(options: Options) -> Any:
    name = options.get("zone")
    try:
        return None if not name else dates.zone(str(name))
    except ValueError as error:
        raise ConfigError(f"Time zone: {error}.") from error


def _date(options: Options) -> Convert:
    parsers, described = _formats(options)
    home = _zone(options)
    return lambda value, raw: dates.to_day(value, parsers, home, described)


def _datetime(options: Options) -> Convert:
    parsers, described = _formats(options)
    home = _zone(options) or UTC
    return lambda value, raw: dates.to_utc(value, parsers, home, described)


def _e164(options: Options) -> Convert:
    region = str(options["region"]).upper() if options.get("region") else None
    if region is not None and not re.fullmatch("[A-Z]{2}", region):
        raise ConfigError("The default region is a country of two letters, such as GB.")

    def convert(value: Any, raw: Mapping[str, Any]) -> str | None:
        text = as_text(value).strip()
        if not text:
            return None
        if len(text) > 60:
            raise ValueError("is not a phone number")
        return e164(text, region)

    return convert


def _email(options: Options) -> Convert:
    def convert(value: Any, raw: Mapping[str, Any]) -> str | None:
        text = as_text(value).strip()
        if not text:
            return None
        low = text.lower()
        if len(low) <= 254 and _EMAIL(low) and low.index("@") <= 64 and "xn--" not in low:
            return low
        return _unusual_email(text)

    return convert


def _unusual_email(text: str) -> str:
    """Addresses beyond plain ASCII, by the rules of email-validator, NFC and in lower case."""
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text[:400], check_deliverability=False, allow_smtputf8=True)
    except EmailNotValidError as error:
        raise ValueError("is not an e-mail address") from error
    if len(found.local_part) > 64:
        raise ValueError("is not an e-mail address")
    return found.normalized.lower()


def _language(options: Options) -> Convert:
    def convert(value: Any, raw: Mapping[str, Any]) -> str | None:
        text = as_text(value).strip()
        if not text:
            return None
        if not _LANGUAGE(text):
            raise ValueError("is not a language tag, such as en or pt-BR")
        first, *rest = re.split("[-_]", text)
        sized = {2: str.upper, 4: str.title}
        return "-".join([first.lower(), *(sized.get(len(p), str.lower)(p) for p in rest)])

    return convert


def _currency(options: Options) -> Convert:
    def convert(value: Any, raw: Mapping[str, Any]) -> str | None:
        text = as_text(value).strip()
        return currency_code(SYMBOLS.get(text, text)) if text else None

    return convert


def _enum(options: Options) -> Convert:
    pairs = options.get("map")
    if not isinstance(pairs, Mapping) or not pairs:
        raise ConfigError("A value map needs at least one pair.")
    unknown = options.get("unknown", "reject")
    if unknown not in ("reject", "keep", "empty"):
        raise ConfigError("Values outside the map are rejected, kept or emptied.")
    exact = {str(k).strip(): v for k, v in pairs.items()}
    folded = {k.casefold(): v for k, v in exact.items()}

    def convert(value: Any, raw: Mapping[str, Any]) -> Any:
        text = as_text(value).strip()
        if not text:
            return None
        if text in exact:
            return exact[text]
        if text.casefold() in folded:
            return folded[text.casefold()]
        if unknown == "reject":
            raise ValueError("is not one of the values of its map")
        return text if unknown == "keep" else None

    return convert


def _constant(options: Options) -> Convert:
    if "value" not in options or options["value"] in (None, ""):
        raise ConfigError("A constant needs its value.")
    value = options["value"]
    return lambda given, raw: value


def _join(options: Options) -> Convert:
    sources: Sequence[str] = options.get("sources") or ()
    if isinstance(sources, str) or not sources:
        raise ConfigError("Joining needs the list of its source fields.")
    names = [str(each) for each in sources]
    between = str(options.get("separator", "|"))
    prefix, suffix = str(options.get("prefix", "")), str(options.get("suffix", ""))

    def convert(value: Any, raw: Mapping[str, Any]) -> str | None:
        parts = []
        for name in names:
            part = raw.get(name)
            text = "" if part is None else as_text(part).strip()
            if not text:
                return None
            parts.append(text)
        return f"{prefix}{between.join(parts)}{suffix}"

    return convert


CONVERTERS: Mapping[str, Callable[[Options], Convert]] = {
    "trim": _trim,
    "lower": _lower,
    "text": _text,
    "integer": integer_number,
    "decimal": decimal_number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "e164": _e164,
    "email": _email,
    "language": _language,
    "currency": _currency,
    "money": Money,
    "enum": _enum,
    "constant": _constant,
    "join": _join,
}

OPTIONS: Mapping[str, frozenset[str]] = {
    "integer": frozenset({"decimal", "group"}),
    "decimal": frozenset({"decimal", "group"}),
    "boolean": frozenset({"true", "false"}),
    "date": frozenset({"formats", "zone"}),
    "datetime": frozenset({"formats", "zone"}),
    "e164": frozenset({"region"}),
    "money": frozenset({"decimal", "group", "currency", "currency_from", "rounding"}),
    "enum": frozenset({"map", "unknown"}),
    "constant": frozenset({"value"}),
    "join": frozenset({"sources", "separator", "prefix", "suffix"}),
}
"""Options each converter knows; `COMMON` ones go with all."""

COMMON = frozenset({"default", "nulls", "on_error"})


def make(name: str, options: Options) -> Convert:
    """The converter of that name with these options. Raises ConfigError for unknown ones."""
    if name not in CONVERTERS:
        raise ConfigError(f"There is no converter “{name}”; choose one of {', '.join(CONVERTERS)}.")
    unknown = set(options) - COMMON - OPTIONS.get(name, frozenset())
    if unknown:
        raise ConfigError(f"The converter “{name}” has no option {', '.join(sorted(unknown))}.")
    try:
        return CONVERTERS[name](options)
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"The options of “{name}” are damaged; choose them again.") from error
