"""What an inbound webhook makes of bodies: records, kinds, keys, times, and refusals."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import signatures
from connectors.errors import ConfigError, NotSupported
from connectors.records import Item, Page, Stream, Target
from connectors.settings import form
from connectors.signatures import BadSignature, WebhookRefused
from connectors.systems.webhook import bodies
from connectors.systems.webhook.connector import Webhook
from tests.connectors.webhook.sources import REVIEWS, SAMPLE, SECRET, sent, standard
from tests.drawing import many

NOW = datetime(2026, 9, 21, 12, tzinfo=UTC)


def connect(**change: Any) -> Webhook:
    return Webhook({**REVIEWS, **change})


def received(connector: Webhook, document: Any) -> list[tuple[str, Page]]:
    return list(connector.receive(standard(document)))


def test_a_review_becomes_an_interaction() -> None:
    connector = connect()
    ((name, page),) = received(connector, SAMPLE)
    assert (name, page.state) == ("review.created", {})
    mapping = connector.stream(name).default_mapping
    assert mapping is not None
    found = mapping.apply(page.records[0])
    assert (found.external_id, found.contact_external_id) == ("r1", "c1")
    assert found.kind == "review.created"
    assert found.occurred_at == found.modified_at == NOW
    assert found.attributes["rating"] == 5


def test_the_example_proposes_complete_mappings() -> None:
    for stream in connect(streams=["review.created", "order.placed: order"]).streams():
        assert stream.default_mapping is not None
        assert stream.default_mapping.problems() == {}
        assert stream.default_mapping.entity == stream.entity
        assert dict(stream.fields) == {
            "id": "text", "customer_id": "text", "name": "text", "rating": "integer",
            "_delivery": "text", "_type": "text", "_timestamp": "any",
        }  # fmt: skip


def test_without_an_example_nothing_is_proposed() -> None:
    (stream,) = connect(sample="", streams=["events"], key="").streams()
    assert stream.default_mapping is None
    assert stream.key == ("_delivery",)
    assert set(stream.fields) == {"_delivery", "_type", "_timestamp"}
    assert (stream.entity, stream.deletes) == ("interaction", "none")


def test_kinds_may_hold_different_things() -> None:
    streams = connect(streams=["review.created", "Invoice paid : invoice"]).streams()
    assert [(each.name, each.entity) for each in streams] == [
        ("review.created", "interaction"),
        ("Invoice paid", "invoice"),
    ]


@pytest.mark.parametrize("kind", ["other", "", None, 5, ["review.created"], "REVIEW.CREATED"])
def test_other_kinds_are_ignored(kind: Any) -> None:
    assert received(connect(), {**SAMPLE, "type": kind}) == []


def test_without_a_field_for_the_kind_all_is_of_the_first() -> None:
    connector = connect(stream_field="")
    ((name, page),) = received(connector, {"data": {"id": "r1"}})
    assert name == "review.created"
    assert page.records[0]["_type"] is None


@pytest.mark.parametrize(
    ("records", "document", "ids"),
    [
        ("data", {"data": {"id": "a"}}, ["a"]),
        ("data", {"data": [{"id": "a"}, {"id": "b"}]}, ["a", "b"]),
        ("data.object", {"data": {"object": {"id": "a"}}}, ["a"]),
        ("data.object", {"data.object": {"id": "a"}}, ["a"]),
        ("", {"id": "a"}, ["a"]),
        ("", [{"id": "a"}, {"id": "b"}], ["a", "b"]),
        ("data", {"data": []}, []),
    ],
)
def test_where_the_records_are(records: str, document: Any, ids: list[str]) -> None:
    found = received(connect(records=records, stream_field="", sample=""), document)
    assert [record["id"] for _, page in found for record in page.records] == ids


@pytest.mark.parametrize("data", [None, 5, "x", True])
def test_a_body_without_records_is_refused(data: Any) -> None:
    with pytest.raises(WebhookRefused, match="data") as refused:
        received(connect(), {**SAMPLE, "data": data})
    assert refused.value.status == 400


def test_what_is_no_record_is_rejected_alone() -> None:
    ((_, page),) = received(connect(), {**SAMPLE, "data": [{"id": "a"}, 5, None, [1]]})
    assert [record["id"] for record in page.records] == ["a"]
    assert [each.row for each in page.rejected] == [2, 3, 4]


def test_without_a_key_each_delivery_is_something_new() -> None:
    connector = connect(key="")
    (stream, _) = connector.streams()
    ((_, one),) = connector.receive(standard(SAMPLE, "msg_1"))
    ((_, many_),) = connector.receive(standard({**SAMPLE, "data": [{"a": 1}, {"a": 2}]}, "msg_2"))
    keys = [stream.external_id(record) for page in (one, many_) for record in page.records]
    assert keys == ["msg_1", "msg_2:1", "msg_2:2"]


@pytest.mark.parametrize(
    ("body", "data", "moment"),
    [
        ("2026-09-21T12:00:00Z", None, NOW),
        (None, "2026-09-21T12:00:00+00:00", NOW),
        ("2020-01-01T00:00:00Z", "2026-09-21T12:00:00Z", NOW),  # the record's own goes first
        (int(NOW.timestamp()), None, NOW),
        (str(int(NOW.timestamp())), None, NOW),
        (int(NOW.timestamp() * 1000), None, NOW),
        (None, None, None),
        (True, [], None),
    ],
)
def test_when_it_happened(body: Any, data: Any, moment: datetime | None) -> None:
    record = {"id": "r1", "customer_id": "c1", "timestamp": data}
    connector = connect()
    ((_, page),) = received(connector, {**SAMPLE, "timestamp": body, "data": record})
    mapping = connector.stream("review.created").default_mapping
    assert mapping is not None
    if moment is None:
        assert page.records[0]["_timestamp"] is None
    else:
        assert mapping.apply(page.records[0]).modified_at == moment


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 50_000, b'{"a": NaN}', b'{"a": 1e999}',
     b'{"a": -Infinity}', b"1" * 5000, b"[" * 40 + b"]" * 40],
)  # fmt: skip
def test_a_signed_body_that_is_no_plain_json_is_refused(body: bytes) -> None:
    now = datetime.now(UTC)
    delivery = sent(body, signatures.sign_standard(SECRET, "msg_1", now, body), now)
    connector = connect(records="", stream_field="")
    assert connector.verify(delivery) == "msg_1"
    with pytest.raises(WebhookRefused) as refused:
        list(connector.receive(delivery))
    assert refused.value.status == 400


def test_too_many_records_are_refused() -> None:
    rows = [{"id": str(number)} for number in range(1001)]
    assert len(received(connect(), {**SAMPLE, "data": rows[:1000]})[0][1].records) == 1000
    with pytest.raises(WebhookRefused, match="1,000"):
        received(connect(), {**SAMPLE, "data": rows})


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["", "data", "data.x"]))
@settings(max_examples=many(300), deadline=None)
def test_no_body_whatsoever_breaks_it(document: Any, where: str) -> None:
    shape = bodies.Shape(where, "type", "timestamp")
    for given_ in (document, {"data": document, "type": document, "timestamp": document}):
        try:
            parsed = bodies.parse(json.dumps(given_).encode("utf-8", "surrogatepass"))
            found = bodies.read(parsed, shape, "id")
        except WebhookRefused:
            continue
        keys = [record["_delivery"] for record in found.records]
        assert len(set(keys)) == len(keys)


# --- the schemes -----------------------------------------------------------------------------


def github(body: bytes, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return sent(body, {**signatures.sign_github(SECRET, body), **named})


def test_the_sender_s_own_id_tells_deliveries_apart_or_else_the_body() -> None:
    connector, body = connect(scheme="github"), json.dumps(SAMPLE).encode()
    assert connector.verify(github(body, X_GitHub_Delivery="72d3162e")) == "72d3162e"
    assert connector.verify(github(body, Idempotency_Key="k1")) == "k1"
    plain = connector.verify(github(body))
    assert len(plain) == 64
    for bad in ("", "é", "a b", "x" * 201):
        assert connector.verify(github(body, X_GitHub_Delivery=bad)) == plain
    assert connector.verify(github(body + b" ")) != plain


def test_the_header_may_be_another() -> None:
    body = json.dumps(SAMPLE).encode()
    for scheme, value in (
        ("github", signatures.sign_github(SECRET, body)["X-Hub-Signature-256"]),
        ("shared", SECRET),
    ):
        connector = connect(scheme=scheme, header="X-Shop-Hmac")
        assert list(connector.receive(sent(body, {"x-shop-hmac": value})))
        with pytest.raises(BadSignature):
            connector.verify(sent(body, {"X-Webhook-Secret": value}))


def test_two_secrets_while_one_replaces_the_other() -> None:
    other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    connector = connect(secret=f"{other} {SECRET}")
    assert connector.verify(standard(SAMPLE)) == "msg_1"
    assert connector.verify(standard(SAMPLE, secret=other)) == "msg_1"


def test_the_form_needs_a_secret_only() -> None:
    assert [each.name for each in form(Webhook.Config) if each.required] == ["secret"]
    connector = Webhook({"secret": SECRET})
    assert [each.name for each in connector.streams()] == ["events"]
    assert connector.check().ok


@pytest.mark.parametrize(
    "sample", ["x", "[", "5", '{"type": "a"}', "[" * 90_000, '{"data": 1e999}', '"\ud800"']
)
def test_a_bad_example_is_told_beside_its_field(sample: str) -> None:
    with pytest.raises(ConfigError) as refused:
        connect(sample=sample)
    assert set(refused.value.errors) == {"sample"}


def test_the_example_is_not_logged() -> None:
    assert "customer_id" not in repr(connect())
    assert SECRET not in repr(connect())


def test_nothing_is_written() -> None:
    connector = connect()
    assert list(connector.targets()) == []
    target = Target("none", "None", "update", "review.created", {"name": "text"})
    with pytest.raises(NotSupported):
        connector.write(target, [Item("1", {})])
    with pytest.raises(NotSupported):
        connector.stream("other")


def test_an_invoice_of_a_webhook() -> None:
    sample = {"type": "invoice.paid", "data": {
        "id": "i1", "customer_id": "c1", "invoice_date": "2026-09-21", "amount": "12.50",
        "currency": "EUR", "status": "paid"}}  # fmt: skip
    connector = connect(streams=["invoice.paid: invoice"], sample=json.dumps(sample))
    ((name, page),) = received(connector, sample)
    stream: Stream = connector.stream(name)
    assert stream.default_mapping is not None
    if stream.default_mapping.problems():
        pytest.fail(str(stream.default_mapping.problems()))
    found: Any = stream.default_mapping.apply(page.records[0])
    assert (found.amount_minor, found.currency, found.issued_on) == (1250, "EUR", date(2026, 9, 21))
