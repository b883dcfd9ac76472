"""Guesses from names and samples: which source field is which canonical one, and in what form.

A guess is only a proposal: people see it, with a preview, before anything runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.dates import parser
from connectors.entities import ENTITIES
from connectors.fields import FieldMapping
from connectors.money import EXPONENTS, SYMBOLS
from connectors.words import NAMES

Raw = Mapping[str, Any]

METRICS: Mapping[str, str] = {
    "revenue": "revenue sales turnover total_revenue monthly_revenue",
    "monthly_charges": "monthly_charges monthlycharges mrr monthly_fee",
    "total_charges": "total_charges totalcharges total_spend lifetime_value ltv clv",
    "arr": "arr annual_revenue annual_recurring_revenue",
    "cost": "cost costs cost_to_serve total_cost",
    "churn": "churn churned attrition left",
    "renewal": "renewal renewed",
    "tenure": "tenure tenure_months months_as_customer years_at_company years_as_customer",
    "income": "monthly_income monthlyincome income salary",
}
_MONETARY = frozenset(("revenue", "cost", "arr"))
_DATES = ("iso", "dd/mm/yyyy", "mm/dd/yyyy", "dd.mm.yyyy", "mm-dd-yyyy", "dd-mm-yyyy", "yyyy/mm/dd")
_CLOCKS = ("", " hh:nn:ss", " hh:nn")
_NUMBERS: tuple[tuple[dict[str, str], str], ...] = (
    ({}, r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?"),
    ({"decimal": ","}, r"[+-]?\d+,(\d{1,2}|\d{4,})"),
    ({"group": ","}, r"[+-]?\d{1,3}(,\d{3})*(\.\d+)?"),
    ({"decimal": ",", "group": "."}, r"[+-]?\d{1,3}(\.\d{3})*(,\d+)?"),
    ({"decimal": ",", "group": " "}, r"[+-]?\d{1,3}([ \u00a0\u2009\u202f]\d{3})*(,\d+)?"),
    ({"group": " "}, r"[+-]?\d{1,3}([ \u00a0\u2009\u202f]\d{3})*(\.\d+)?"),
    ({"group": "'"}, r"[+-]?\d{1,3}('\d{3})*(\.\d+)?"),
)
_MARK = re.compile(r"^([$€£¥]|[A-Za-z]{3}\b)\s*|\s*([$€£¥]|\b[A-Za-z]{3})$")
_YES_NO = frozenset(("yes", "no", "true", "false", "y", "n", "t", "f"))


def _plain_name(name: str) -> str:
    """Order Date, orderDate and ORDER-DATE are all order_date."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def _by_name(fields: Sequence[str]) -> dict[str, str]:
    named: dict[str, str] = {}
    for name in fields:
        if not name.startswith("_"):
            named.setdefault(_plain_name(name), name)
            named.setdefault(re.sub(r"[^a-z0-9]", "", name.lower()), name)
    return named


def _filled(sample: Iterable[Raw], name: str) -> list[Any]:
    return [raw[name] for raw in sample if raw.get(name) not in (None, "")]


def _texts(sample: Sequence[Raw], name: str) -> list[str]:
    return [str(each).strip() for each in _filled(sample, name)]


def date_formats(values: Sequence[Any]) -> list[str] | None:
    """The one declared format that fits every value; None when none does or it stays ambiguous."""
    texts = [
        str(v).strip() for v in values if not isinstance(v, (date, datetime)) and str(v).strip()
    ]
    if not texts:
        return ["iso"] if values else None
    fitting: list[str] = []
    for day in _DATES:
        for clock in _CLOCKS if day != "iso" else ("",):
            parse = parser(day + clock)
            if all(len(text) <= 64 and parse(text) is not None for text in texts):
                fitting.append(day + clock)
                break
    # 03/04/2024 is two different days: only people know which.
    return [fitting[0]] if fitting and (fitting[0] == "iso" or len(fitting) == 1) else None


def number_options(values: Sequence[Any]) -> dict[str, str] | None:
    """Decimal and thousands signs that fit every value; None when none does or two would."""
    texts = [_MARK.sub("", str(v).strip()) for v in values]
    if any(re.search(r"[.,]", text) for text in texts):
        fitting = [dict(options) for options, pattern in _NUMBERS
                   if all(re.fullmatch(pattern, text) for text in texts)]  # fmt: skip
        both = [o for o in fitting if o in ({"group": ","}, {"decimal": ",", "group": "."})]
        if not fitting or (fitting[0] and len(both) == 2):
            return None
        return fitting[0]
    return {} if all(re.fullmatch(r"[+-]?\d+", text) for text in texts) else None


def _names_currency(text: str) -> bool:
    found = _MARK.search(text.strip())
    mark = found.group(0).strip().upper() if found else ""
    return mark in EXPONENTS or mark in SYMBOLS


def _looks_yes_no(texts: Sequence[str]) -> bool:
    return bool(texts) and {each.lower() for each in texts} <= _YES_NO


def _options(kind: str, values: Sequence[Any]) -> tuple[str | None, dict[str, Any]]:
    """The converter (None: the target's own) and the options a sample speaks for."""
    if kind in ("date", "datetime"):
        formats = date_formats(values)
        return None, {"formats": formats} if formats and formats != ["iso"] else {}
    if kind in ("decimal", "integer", "money"):
        if kind == "decimal" and _looks_yes_no([str(v) for v in values]):
            return "boolean", {}
        numbers = [v for v in values if not isinstance(v, (int, float, Decimal))]
        options: dict[str, Any] = dict(number_options(numbers) or {})
        if kind == "money" and values and all(_names_currency(str(v)) for v in values):
            options["currency"] = "*"
        return None, options
    return None, {}


def _identity(key: Sequence[str], suffix: str = "") -> FieldMapping:
    """The external id made of the stream's key."""
    if len(key) == 1 and not suffix:
        return FieldMapping(key[0], "external_id")
    options = {"sources": list(key), "separator": "|"}
    if suffix:
        options["suffix"] = suffix
    return FieldMapping("", "external_id", "join", options)


def propose(
    entity: str, fields: Sequence[str], sample: Sequence[Raw], key: Sequence[str] = ()
) -> tuple[FieldMapping, ...]:
    """Field mappings for one entity; each source field is used once, the key where it is needed."""
    named, used = _by_name(fields), set[str]()
    chosen: list[FieldMapping] = []
    if key:
        chosen.append(_identity(key))
        used.update(key if len(key) == 1 else ())
    for target in ENTITIES[entity].fields:
        if target.name == "external_id" and key:
            continue
        words = (target.name, *NAMES[entity].get(target.name, "").split())
        source = next((named[w] for w in words if w in named and named[w] not in used), None)
        if source is None:
            continue
        values = _filled(sample[:200], source)
        if target.name == "amount_minor" and number_options(
            [v for v in values if isinstance(v, str)]
        ) is None:  # fmt: skip
            continue  # a column called “value” or “total” that holds no amounts
        converter, options = _options(target.type, values)
        used.add(source)
        chosen.append(FieldMapping(source, target.name, converter, options))
    return tuple(chosen)


def measurements(
    fields: Sequence[str], sample: Sequence[Raw], key: Sequence[str], owner: str
) -> list[tuple[FieldMapping, ...]]:
    """Field mappings of one undated measurement per metric column of a table of customers."""
    named = _by_name(fields)
    found: list[tuple[FieldMapping, ...]] = []
    for metric, words in METRICS.items():
        source = next((named[w] for w in (metric, *words.split()) if w in named), None)
        if source is None or source in key or not key:
            continue
        values = _filled(sample[:200], source)
        converter, options = _options("decimal", values)
        found.append(
            (
                _identity(key, f":{metric}"),
                FieldMapping("", f"{owner}_external_id", "join", {"sources": list(key)}),
                FieldMapping("", "metric", "constant", {"value": metric}),
                FieldMapping(source, "value", converter, options),
            )
        )
    return found
