"""Mappings from raw records to canonical ones: refusals, attributes, previews, proposals."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.canonical import Account, Contact, Interaction, Measurement
from connectors.entities import ENTITIES
from connectors.errors import ConfigError, RecordError
from connectors.mapping import FieldMapping, Mapping, suggest, suggest_measurements
from connectors.records import Stream, content_hash, plain


def mapping(entity: str, *fields: FieldMapping, **more: Any) -> Mapping:
    return Mapping(entity, fields, **more)


CONTACT = mapping(
    "contact",
    FieldMapping("id", "external_id"),
    FieldMapping("name", "name"),
    FieldMapping("mail", "email"),
    FieldMapping("tel", "phone", "e164", {"region": "GB"}),
)
ORDER = mapping(
    "interaction",
    FieldMapping("no", "external_id"),
    FieldMapping("customer", "contact_external_id"),
    FieldMapping("", "kind", "constant", {"value": "order"}),
    FieldMapping("day", "occurred_at"),
    FieldMapping("total", "amount_minor"),
    FieldMapping("ccy", "currency"),
)


def test_a_record_becomes_canonical_and_the_rest_attributes() -> None:
    raw = {
        "id": 7,
        "name": " Ann ",
        "mail": "A@B.de",
        "tel": "",
        "city": "Bonn",
        "_row": 3,
        "x": "",
    }
    assert CONTACT.apply(raw) == Contact(
        external_id="7", name="Ann", email="a@b.de", attributes={"city": "Bonn"}
    )


def test_unmapped_fields_may_be_left_out() -> None:
    slim = mapping("contact", FieldMapping("id", "external_id"), keep_unmapped=False)
    assert slim.apply({"id": "7", "city": "Bonn"}) == Contact(external_id="7")


def test_attributes_may_be_mapped_and_converted() -> None:
    named = mapping(
        "account",
        FieldMapping("id", "external_id"),
        FieldMapping("vip", "attributes.is_vip", "boolean"),
        FieldMapping("since", "attributes.since", "date", {"formats": ["dd/mm/yyyy"]}),
    )
    made = named.apply({"id": "1", "vip": "Yes", "since": "03/04/2026", "n": Decimal("1.50")})
    assert made == Account(
        external_id="1", attributes={"is_vip": True, "since": "2026-04-03", "n": "1.50"}
    )
    json.dumps(made.attributes)


def test_money_and_currency_come_together() -> None:
    raw = {"no": "1", "customer": "9", "day": "2026-01-02", "total": "12.50", "ccy": "EUR"}
    order = ORDER.apply(raw)
    assert isinstance(order, Interaction)
    assert (order.amount_minor, order.currency) == (1250, "EUR")
    assert order.occurred_at == datetime(2026, 1, 2, tzinfo=UTC)
    yen = ORDER.apply({**raw, "ccy": "JPY", "total": "1500"})
    assert isinstance(yen, Interaction)
    assert (yen.amount_minor, yen.currency) == (1500, "JPY")
    free = ORDER.apply({**raw, "total": ""})
    assert isinstance(free, Interaction)
    assert (free.amount_minor, free.currency) == (None, None)


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"no": " "}, "external_id", "External id is empty."),
        ({"day": ""}, "occurred_at", "Happened at is empty."),
        ({"day": "soon"}, "occurred_at", "Happened at (from “day”) is not a date"),
        ({"customer": None}, "contact_external_id", "One of contact or account is needed"),
        ({"total": "many"}, "amount_minor", "Amount (from “total”) is not a number"),
        ({"ccy": "gold"}, "amount_minor", "is not a currency code"),
        ({"ccy": ""}, "amount_minor", "has no currency"),
        ({"no": "9" * 256}, "external_id", "is 256 characters long; the most is 255"),
        ({"no": "a\0b"}, "external_id", "External id contains a NUL character."),
        ({"customer": "\ud800"}, "contact_external_id", "Contact contains broken Unicode."),
        ({"note": "a\0b"}, "note", "“note” contains a NUL character."),
        ({"note": "x" * 100_001}, "note", "“note” is 100,001 characters long"),
        ({f"n{i}": "x" * 90_000 for i in range(12)}, None, "holds 1,080,000 characters"),
        ({"deep": json.loads("[" * 40 + "]" * 40)}, "deep", "is nested too deeply"),
        ({"huge": 10**60}, "huge", "is too large for a number"),
        ({"no": ["list"]}, "external_id", "is not a single value"),
    ],
)
def test_a_refusal_names_the_field_and_the_reason(change: Any, field: str, said: str) -> None:
    raw = {"no": "A1", "customer": "9", "day": "2026-01-02", "total": "12.50", "ccy": "EUR"}
    ORDER.apply(raw)
    with pytest.raises(RecordError) as caught:
        ORDER.apply({**raw, **change})
    assert said in caught.value.message
    assert caught.value.field == field
    assert caught.value.external_id == (None if "no" in change else "A1")


def test_a_bad_value_may_be_kept_as_an_attribute() -> None:
    kind = mapping(
        "contact",
        FieldMapping("id", "external_id"),
        FieldMapping("tel", "phone", None, {"on_error": "attribute"}),
    )
    assert kind.apply({"id": "1", "tel": "call me"}) == Contact(
        external_id="1", attributes={"tel": "call me"}
    )


def test_defaults_and_words_that_mean_nothing() -> None:
    kind = mapping(
        "contact",
        FieldMapping("id", "external_id"),
        FieldMapping("lang", "language", None, {"default": "en", "nulls": ["n/a", "-"]}),
        FieldMapping("name", "name", None, {"nulls": ["NULL"]}),
    )
    for empty in (None, "", "  ", "n/a", " - "):
        made = kind.apply({"id": "1", "lang": empty, "name": "NULL"})
        assert isinstance(made, Contact)
        assert (made.language, made.name) == ("en", None)


@pytest.mark.parametrize(("said", "value"), [("Yes", Decimal(1)), ("No", Decimal(0))])
def test_words_become_numbers_where_numbers_are_wanted(said: str, value: Decimal) -> None:
    kind = mapping(
        "measurement",
        FieldMapping("id", "external_id"),
        FieldMapping("id", "account_external_id"),
        FieldMapping("", "metric", "constant", {"value": "Churn"}),
        FieldMapping("churn", "value", "boolean"),
    )
    made = kind.apply({"id": "1", "churn": said})
    assert isinstance(made, Measurement)
    assert (made.value, made.metric, made.measured_on) == (value, "churn", None)


@pytest.mark.parametrize(
    ("fields", "target", "said"),
    [
        ([("a", "name")], "external_id", "External id is needed"),
        ([("a", "external_id"), ("b", "external_id")], "external_id", "mapped twice"),
        ([("a", "external_id"), ("b", "nonsense")], "nonsense", "have no field “nonsense”"),
        ([("a", "external_id"), ("b", "email", "shout")], "email", "no converter “shout”"),
        ([("a", "external_id"), ("b", "name", "money")], "name", "An amount is read by"),
        (
            [("a", "external_id"), ("b", "name", None, {"on_error": "ignore"})],
            "name",
            "rejected, or the value kept",
        ),
        (
            [("a", "external_id"), ("", "name", "constant", {"value": "x", "default": "y"})],
            "name",
            "takes no default",
        ),
    ],
)
def test_problems_are_told_before_anything_runs(fields: Any, target: str, said: str) -> None:
    kind = mapping("contact", *(FieldMapping(*each) for each in fields))
    assert said in kind.problems()[target]
    with pytest.raises(ConfigError) as caught:
        kind.apply({})
    assert target in caught.value.errors


def test_an_amount_needs_a_currency_and_an_owner() -> None:
    kind = mapping(
        "measurement",
        FieldMapping("a", "external_id"),
        FieldMapping("b", "metric"),
        FieldMapping("c", "amount_minor"),
    )
    assert set(kind.problems()) == {"amount_minor", "contact_external_id"}
    assert mapping("nonsense").problems() == {
        "": f"“nonsense” is not a kind of record; choose one of {', '.join(ENTITIES)}."
    }


def test_a_mapping_survives_as_json() -> None:
    document = json.loads(json.dumps(CONTACT.document()))
    assert Mapping.from_document(document) == CONTACT
    for damaged in (
        {},
        {"entity": "contact"},
        {"entity": "contact", "fields": [{}]},
        {"fields": 7},
    ):
        with pytest.raises(ConfigError):
            Mapping.from_document(damaged)


def test_a_preview_shows_each_field_and_the_verdict() -> None:
    good, bad = CONTACT.preview(
        [{"id": "1", "mail": "a@b.de"}, {"id": "2", "mail": "nobody", "tel": "+44 20 7946 0000"}]
    )
    assert isinstance(good.record, Contact)
    assert good.error is None
    assert bad.record is None
    assert bad.field == "email"
    assert bad.error == "E-mail (from “mail”) is not an e-mail address."
    cells = {cell.target: cell for cell in bad.cells}
    assert cells["email"].raw == "nobody"
    assert cells["email"].error == "is not an e-mail address"
    assert cells["phone"].value == "+442079460000"


def test_coverage_counts_what_is_filled_and_what_fails() -> None:
    records = [{"id": "1", "mail": "a@b.de"}, {"id": "2", "mail": "no"}, {"id": "3"}]
    found = {each.target: each for each in CONTACT.coverage(records)}
    assert (found["email"].records, found["email"].filled, found["email"].errors) == (3, 1, 1)
    assert found["external_id"].share == 1.0
    assert CONTACT.coverage([])[0].share == 0.0


def test_a_field_that_comes_and_goes_does_no_harm() -> None:
    assert CONTACT.apply({"id": "1", "a": "x"}).attributes == {"a": "x"}
    assert CONTACT.apply({"id": "1", "b": "y"}).attributes == {"b": "y"}
    assert CONTACT.apply({"a": "x", "id": "1"}).attributes == {"a": "x"}
    assert CONTACT.apply({"id": "1"}).attributes == {}


JSONISH = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.decimals()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["id", "name", "mail", "tel", "x", "y\0", "_z"]), JSONISH))
def test_whatever_a_source_says_is_a_record_or_a_reason(raw: dict[str, Any]) -> None:
    try:
        made = CONTACT.apply(raw)
    except RecordError:
        return
    text = json.dumps(
        {"id": made.external_id, "name": made.name, "rest": dict(made.attributes)},
        allow_nan=False,
        ensure_ascii=False,
    )
    assert "\\u0000" not in text
    text.encode("utf-8")


# --- proposals ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entity", "fields", "expected"),
    [
        (
            "contact",
            ["Customer ID", "Full Name", "E-Mail", "Mobile", "Company ID", "Lang"],
            {
                "external_id": "Customer ID",
                "name": "Full Name",
                "email": "E-Mail",
                "phone": "Mobile",
                "account_external_id": "Company ID",
                "language": "Lang",
            },
        ),
        (
            "account",
            ["AccountID", "Company Name", "Website", "updatedAt"],
            {
                "external_id": "AccountID",
                "name": "Company Name",
                "domain": "Website",
                "modified_at": "updatedAt",
            },
        ),
        (
            "interaction",
            ["ticket_number", "contact", "created_at", "channel", "title", "status"],
            {
                "external_id": "ticket_number",
                "contact_external_id": "contact",
                "occurred_at": "created_at",
                "channel": "channel",
                "subject": "title",
                "outcome": "status",
            },
        ),
        (
            "measurement",
            ["id", "account", "metric", "value", "month"],
            {
                "external_id": "id",
                "account_external_id": "account",
                "metric": "metric",
                "value": "value",
                "measured_on": "month",
            },
        ),
    ],
)
def test_obvious_headers_map_themselves(entity: str, fields: list[str], expected: Any) -> None:
    found = suggest(entity, fields)
    assert {each.target: each.source for each in found.fields} == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2026-01-02", "2026-12-31"], None),
        (["19970101"], None),
        (["31/12/2026", "01/02/2026"], ["dd/mm/yyyy"]),
        (["12/31/2026", "01/02/2026"], ["mm/dd/yyyy"]),
        (["01/02/2026"], None),  # two readings: the preview shows that it must be declared
        (["31.12.2026 14:05"], ["dd.mm.yyyy hh:nn"]),
        (["soon"], None),
    ],
)
def test_dates_are_declared_only_when_one_reading_fits(values: list[str], expected: Any) -> None:
    sample = [{"id": "1", "customer_id": "2", "date": value} for value in values]
    found = suggest("interaction", ["id", "customer_id", "date"], sample)
    (day,) = [each for each in found.fields if each.target == "occurred_at"]
    assert day.options.get("formats") == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["12.50", "3"], {}),
        (["1,234.50", "12.00"], {"group": ","}),
        (["1.234,50", "12,00"], {"decimal": ",", "group": "."}),
        (["12,5"], {"decimal": ","}),
        (["1,234"], {}),  # a thousand or one and a bit: left open, so refused in the preview
        (["€12.50"], {"currency": "*"}),
        (["12,50 EUR"], {"decimal": ",", "currency": "*"}),
        (["$12.50"], {}),
    ],
)
def test_number_signs_are_declared_only_when_one_reading_fits(values: Any, expected: Any) -> None:
    sample = [{"id": "1", "total": value} for value in values]
    found = suggest("interaction", ["id", "total"], sample)
    amounts = [each for each in found.fields if each.target == "amount_minor"]
    assert [dict(each.options) for each in amounts] in ([expected], [])
    assert amounts or not expected


def test_metric_columns_become_measurements() -> None:
    sample = [{"id": "7", "churn": "Yes", "monthly_charges": "29.85"}]
    found = suggest_measurements(["id", "churn", "monthly_charges"], sample, ("id",))
    made = [each.apply(sample[0]) for each in found]
    assert all(each.problems() == {} for each in found)
    assert {m.external_id: (m.metric, m.value) for m in made if isinstance(m, Measurement)} == {
        "7:churn": ("churn", Decimal(1)),
        "7:monthly_charges": ("monthly_charges", Decimal("29.85")),
    }


def test_every_field_of_every_entity_can_be_mapped() -> None:
    for entity in ENTITIES.values():
        for field in entity.fields:
            assert hasattr(entity.record, field.name), (entity.name, field.name)
            assert field.label
            assert field.help
            full = Mapping(
                entity.name, tuple(FieldMapping(each.name, each.name) for each in entity.fields)
            )
            assert full.problems() == {}


# --- documents ------------------------------------------------------------------------------


def test_documents_are_plain_and_their_hash_ignores_order() -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    document = {"a": Decimal("1.50"), "b": moment, "c": b"\x00", "d": {"e": date(2026, 1, 2)}}
    assert plain(document) == {
        "a": "1.50",
        "b": "2026-01-02T00:00:00+00:00",
        "c": "00",
        "d": {"e": "2026-01-02"},
    }
    turned = dict(reversed(list(document.items())))
    assert content_hash(document) == content_hash(turned)
    assert len(content_hash(document)) == 32
    assert content_hash(document) != content_hash({**document, "a": Decimal("1.51")})


def test_a_streams_key_names_the_record() -> None:
    stream = Stream("s", ("a", "b"), "account")
    assert stream.external_id({"a": 1, "b": " x "}) == "1|x"
    for raw in ({"a": 1}, {"a": 1, "b": " "}, {"a": None, "b": 2}):
        with pytest.raises(RecordError, match="has no identity"):
            stream.external_id(raw)
