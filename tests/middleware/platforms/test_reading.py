"""Ids, times, nulls and absences; and that no document whatsoever makes the reader do anything but refuse."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from middleware.core.body import read
from middleware.errors import RequestError, SchemaError, SignatureError
from middleware.model import Parsed, Reason
from schemas.order import Ids
from tests.middleware.platforms import making
from tests.middleware.platforms.making import ABSENT, EXAMPLES, PLATFORM, document, example, inbound, parse, shipped
from tests.middleware.platforms.mutating import JSON, anywhere, mutated, without


def faults(order: object) -> set[tuple[str, str]]:
    with pytest.raises(SchemaError) as caught:
        parse(order)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    return {(fault.pointer, fault.code) for fault in caught.value.faults}


@pytest.mark.parametrize("number", [1, 2**53 + 1, 820982911946154508, 820982911946154509, 2**63 - 1])
def test_an_id_beyond_what_a_float_holds_survives_from_the_bytes_on(number: int) -> None:
    body = b'{"id":%d,"updated_at":"2026-11-22T10:00:00Z","customer":{"id":%d},"line_items":[]}' % (number, number)
    parsed = parse(read(body))
    assert parsed.order_id == str(number)
    order = read(body)
    assert isinstance(order, dict)
    ids = shipped({**document(), "id": order["id"], "customer": order["customer"]}).ids
    assert ids == Ids(order_id=str(number), order_name="#1001", customer_id=str(number))


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({}, Ids(order_id="5001", order_name="#1001")),
        ({"name": None}, Ids(order_id="5001")),
        ({"name": ""}, Ids(order_id="5001")),
        ({"customer": None}, Ids(order_id="5001", order_name="#1001")),
        ({"customer": {}}, Ids(order_id="5001", order_name="#1001")),
        ({"customer": {"id": None}}, Ids(order_id="5001", order_name="#1001")),
        ({"customer": {"id": 7}, "id": 0}, Ids(order_id="0", order_name="#1001", customer_id="7")),
    ],
)
def test_an_id_that_is_not_there_is_none(changes: dict[str, Any], ids: Ids) -> None:
    assert shipped(document(**changes)).ids == ids


@pytest.mark.parametrize(
    ("order", "order_id"),
    [
        ({"id": 820982911946154509, "updated_at": 7}, "820982911946154509"),
        ({"id": -1}, "-1"),
        ({"id": 2**63}, str(2**63)),
        ({"id": True}, None),
        ({"id": "820982911946154509"}, None),
        ({"id": 8.2}, None),
        ({"id": None}, None),
        ({"id": [7]}, None),
        ({}, None),
        ([{"id": 7}], None),
        ("id", None),
        (None, None),
    ],
)
def test_the_id_of_a_document_that_is_refused_can_be_told(order: object, order_id: str | None) -> None:
    assert PLATFORM.order_id(order) == order_id
    assert faults(order)


TEN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22T10:00:00Z", TEN),
        ("2026-11-22T10:00:00+00:00", TEN),
        ("2026-11-22T11:00:00+01:00", TEN),
        ("2026-11-22T05:30:00-04:30", TEN),
        ("2026-11-23T00:00:00+14:00", TEN),
        ("2026-11-22T10:00:00.000Z", TEN),
        ("2026-11-22T10:00:00.123456Z", TEN.replace(microsecond=123456)),
        ("2000-01-01T00:00:00+14:00", datetime(1999, 12, 31, 10, tzinfo=UTC)),
        ("2199-12-31T23:59:59-12:00", datetime(2200, 1, 1, 11, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_with_its_zone_is_that_moment(text: str, instant: datetime) -> None:
    parsed = parse(document(updated_at=text))
    assert parsed.updated_at == instant
    assert parsed.updated_at.tzinfo is UTC
    assert parsed.order is not None
    assert parsed.order.updated_at == instant


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T10:00:00",
        "2026-11-22",
        "",
        " ",
        "gisteren",
        "2026-11-22T10:00:00+01:00 ",
        "2026-13-22T10:00:00Z",
        "2026-02-29T10:00:00Z",
        "2026-11-22T25:00:00Z",
        "2026-11-22T10:00:00+25:00",
        "1999-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1763805600",
        "2026-11-22T10:00:00\U0001f550",
        "٢٠٢٦-11-22T10:00:00Z",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    """Also where nothing is to be shipped: without a moment nobody knows which version is the newer one."""
    assert faults(document(updated_at=text)) == {("/updated_at", "timestamp")}
    assert faults(document(updated_at=text, cancelled_at="2026-11-22T10:00:00Z")) == {("/updated_at", "timestamp")}


def test_when_it_was_cancelled_need_not_be_a_moment() -> None:
    assert parse(document(cancelled_at="gisteren")).halt is Reason.CANCELLED


NULLABLE = sorted(
    {"name", "cancelled_at", "fulfillment_status", "test", "order_status_url", "currency", "email", "customer_locale"}
    | {"customer", "billing_address", "note_attributes", "shipping_lines"}
)


@pytest.mark.parametrize("name", NULLABLE)
def test_null_and_absence_are_the_same(name: str) -> None:
    order = {**example("01-domestic-full.json")}
    assert name in order
    absent = {key: value for key, value in order.items() if key != name}
    for notify in ("none", "email", "sms"):
        shop: dict[str, Any] = {"notify": notify, "pickup_attribute": "pickup_point"}
        assert parse({**order, name: None}, **shop) == parse(absent, **shop)


def test_an_order_with_nulls_wherever_it_may_have_them_is_read() -> None:
    null_heavy = shipped(example("09-null-heavy.json"), notify="email")
    assert null_heavy.recipient.name == "Schöffelmann"
    assert null_heavy.recipient.contact.email is None


@pytest.mark.policy("VP-PLG-2")
@pytest.mark.parametrize(
    "strange", [{"properties": [{"name": "x"}]}, {"note": {"deep": [1, None]}}, {"": 1}, {"*": "x"}, {"_schema": "x"}]
)
def test_what_is_not_permitted_changes_nothing(strange: dict[str, Any]) -> None:
    order = document(customer={"id": 7, "first_name": "Mirte"}, line_items=[making.line(**strange)], **strange)
    plain = document(customer={"id": 7, "first_name": "Mirte"})
    assert parse(order) == parse(plain)


@pytest.mark.parametrize("value", [ABSENT, None])
def test_what_is_required_is_refused_where_it_is_missing(value: Any) -> None:
    assert faults(document(id=value, updated_at=value)) == {("/id", "required"), ("/updated_at", "required")}


SEEDS = [example(name) for name in EXAMPLES if not name.startswith("13-")]
TOPICS = st.sampled_from(["orders/create", "orders/cancelled", "", "customers/redact"])
SHOPS = st.fixed_dictionaries(
    {
        "notify": st.sampled_from(["none", "email", "sms"]),
        "ship_when": st.sampled_from(["paid", "created", "fulfillable"]),
        "pickup_attribute": st.sampled_from([None, "pickup_point", "", "afleverdag"]),
        "number": st.sampled_from([None, making.NUMBER, "1"]),
    }
)


def read_or_refused(order: object, topic: str, shop: dict[str, Any]) -> Parsed | RequestError:
    try:
        return PLATFORM.parse(order, inbound(topic), making.settings(**shop))
    except (SchemaError, SignatureError) as refusal:
        return refusal


@given(order=JSON, topic=TOPICS, shop=SHOPS)
@settings(max_examples=100, deadline=None)
def test_a_document_of_any_form_is_refused(order: object, topic: str, shop: dict[str, Any]) -> None:
    assert isinstance(read_or_refused(order, topic, shop), SchemaError)
    PLATFORM.order_id(order)


@given(order=mutated(SEEDS, [anywhere, without]), topic=TOPICS, shop=SHOPS)
@settings(max_examples=150, deadline=None)
def test_an_order_with_anything_anywhere_is_read_or_refused(order: object, topic: str, shop: dict[str, Any]) -> None:
    outcome = read_or_refused(order, topic, shop)
    if isinstance(outcome, Parsed):
        assert (outcome.order is None) == (outcome.halt is not None)
        assert repr(outcome) == "<Parsed>"
    elif isinstance(outcome, SchemaError):
        assert all(set(fault.code) <= set("abcdefghijklmnopqrstuvwxyz-") for fault in outcome.faults)


CANARY = "canary-7f3a"


@pytest.mark.parametrize("name", [name for name in EXAMPLES if not name.startswith(("11-", "13-"))])
def test_a_refusal_carries_nothing_of_the_order(name: str) -> None:
    order = {**example(name), "note": CANARY, CANARY: CANARY, "currency": CANARY, "email": [CANARY]}
    with pytest.raises(SchemaError) as caught:
        parse(order)
    error = caught.value
    told = [repr(error), str(error), repr(error.args), repr(vars(error)), *traceback.format_exception(error)]
    assert error.__context__ is None
    assert not [text for text in told if CANARY in text]
    assert {(fault.pointer, fault.code) for fault in error.faults} == {("/currency", "too-long"), ("/email", "type")}


@pytest.mark.parametrize("odd", [{"email": [1]}, {"line_items": "none"}, {"shipping_address": 7}])
def test_a_cancellation_counts_whatever_else_the_order_holds(odd: dict[str, object]) -> None:
    """Else the parcel of a cancelled order would go out because of a field that nobody needs."""
    order = {**example("02-minimal.json"), **odd, "cancelled_at": "2026-11-22T11:00:00Z"}
    assert parse(order).halt is Reason.CANCELLED
