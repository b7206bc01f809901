"""A WooCommerce order: what is read of it for whom, and why there may be nothing to ship."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from middleware import binding
from middleware.binding import PLATFORMS
from middleware.carriers.parcel_json import ParcelJson
from middleware.errors import SchemaError
from middleware.inspection import inspect
from middleware.model import Reason
from schemas.order import Address, CashOnDelivery, Contact, CustomsItem, Order
from tests.middleware.platforms.making import ABSENT, NOW, PACK
from tests.middleware.platforms.woo import (
    EXAMPLES,
    EXPECTED,
    ORDERS,
    PLATFORM,
    address,
    document,
    example,
    parse,
    settings,
)

PAYER = {"first_name": "Joachim", "last_name": "Terweduwe", "email": "joachim@example.com", "phone": "+32470000003"}


def shipped(order: object, **shop: Any) -> Order:
    parsed = parse(order, **shop)
    assert parsed.halt is None
    assert parsed.order is not None
    return parsed.order


def refused(order: object, **shop: Any) -> list[tuple[str, str]]:
    with pytest.raises(SchemaError) as caught:
        parse(order, **shop)
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_answered_as_it_is_said_to_be(name: str) -> None:
    expected, policy = EXPECTED[name], binding.pack(PACK)
    shop = settings("email", pickup_attribute="pickup_point")
    found = inspect((ORDERS / name).read_bytes(), PLATFORMS["woocommerce"], ParcelJson(), shop, policy, NOW)
    assert (found.status, found.reason) == (expected["status"], expected["reason"])


def test_who_receives_and_where() -> None:
    order = shipped(document(shipping=address(company="Verzonnen bv", address_2="bus 2")), default_weight_grams=640)
    who = order.recipient
    assert (who.name, who.company) == ("Mirte Oosterlynck", "Verzonnen bv")
    assert who.address == Address(
        street="Lijsterbesdreef", number="14", box="2", locality="Gent", postal_code="9000", country="BE"
    )
    assert (order.parcel.weight_grams, order.parcel.pieces, order.parcel.product) == (640, 1, "parcel")
    assert (order.ids.order_id, order.ids.order_name) == ("7002", "7002")


@pytest.mark.parametrize(("told", "kept"), [(0, None), (None, None), (ABSENT, None), (33, "33")])
def test_a_guest_has_no_id(told: Any, kept: str | None) -> None:
    """0 is the id of every guest: as an index it would make one person of all of them."""
    assert shipped(document(customer_id=told)).ids.customer_id == kept


def test_what_the_payer_typed_is_the_recipient_s_only_where_they_are_one() -> None:
    own = {**PAYER, "first_name": " mirte", "last_name": "OOSTERLYNCK "}
    contact = shipped(document(billing=own)).recipient.contact
    assert contact == Contact(email="joachim@example.com", phone="+32470000003")
    for billing in (PAYER, {**own, "last_name": ""}, {**own, "first_name": None, "last_name": None}, None, ABSENT):
        assert shipped(document(billing=billing)).recipient.contact == Contact()
    there = document(billing=PAYER, shipping=address(phone="+32470000014"))
    assert shipped(there).recipient.contact == Contact(phone="+32470000014")
    assert shipped(document(billing=own, shipping=address(phone="+32470000014"))).recipient.contact.phone == (
        "+32470000014"
    )


@pytest.mark.parametrize("shipping", [None, ABSENT])
def test_no_address_is_made_of_the_billing_address(shipping: Any) -> None:
    assert refused(document(shipping=shipping)) == [("/shipping", "required")]
    assert refused(document(shipping=address(first_name="", last_name=" "))) == [("/shipping/last_name", "required")]


LINES = [
    {"name": "Theepot", "quantity": 3, "total": "100.00", "price": 33.333333},
    {"name": "Niets", "quantity": 0, "total": "0.00", "price": 0},
    {"name": "Gratis", "quantity": 1, "total": "", "price": 0},
]


def test_customs_are_told_the_value_of_a_piece_as_it_was_sold() -> None:
    """``price`` is a float: it is never read."""
    items = shipped(document(line_items=LINES, currency="CHF")).customs
    assert items == (
        CustomsItem(description="Theepot", quantity=3, value="33.33", currency="CHF"),
        CustomsItem(description="Gratis", quantity=1, value=None, currency="CHF"),
    )
    odd = [{"name": "Theepot", "quantity": 2, "total": "veel"}, {"name": "Kop", "quantity": 1, "total": "1E+999999"}]
    assert [item.value for item in shipped(document(line_items=odd)).customs] == ["veel", "1E+999999"]


POINT = {"key": "pickup_point", "value": "PUP-1000-01"}
OTHERS = [{"key": "pickup_point_name", "value": "x"}, {"key": None, "value": None}, {"key": 7, "value": {"a": [1]}}, {}]


def method(**changes: Any) -> list[dict[str, Any]]:
    return [{"method_id": "flat_rate", "meta_data": [], **changes}]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"meta_data": [*OTHERS, POINT]}, "meta_data[4].value"),
        ({"shipping_lines": method(meta_data=[*OTHERS, POINT])}, "shipping_lines[0].meta_data[4].value"),
    ],
)
def test_one_key_may_name_a_pick_up_point(changes: dict[str, Any], path: str) -> None:
    order = document(**changes)
    assert shipped(order).parcel.pickup_point is None
    parsed = parse(order, pickup_attribute="pickup_point")
    assert parsed.order is not None
    assert parsed.order.parcel.pickup_point == "PUP-1000-01"
    assert parsed.taken[path] == "parcel.pickup_point"


@pytest.mark.parametrize("value", [["PUP-1000-01"], 7, True, "Kouter 1, Gent", {"id": "PUP-1000-01"}, "x" * 5_000])
def test_what_can_be_no_pick_up_point_is_refused(value: Any) -> None:
    order = document(meta_data=[{"key": "pickup_point", "value": value}])
    assert refused(order, pickup_attribute="pickup_point") == [("/meta_data", "pickup-point")]
    assert shipped(order).parcel.pickup_point is None


BLANK = dict.fromkeys(document()["shipping"], "")
# In order of precedence: what comes first is the reason, whatever else is true.
HALTS: list[tuple[Reason, dict[str, Any]]] = [
    (Reason.CALLED_OFF, {"status": "cancelled"}),
    (Reason.CALLED_OFF, {"status": "trash"}),
    (Reason.NOTHING_TO_SHIP, {"status": "refunded"}),
    (Reason.NOTHING_TO_SHIP, {"line_items": []}),
    (Reason.NOTHING_TO_SHIP, {"needs_processing": False}),
    (Reason.FULFILLED, {"status": "completed"}),
    (Reason.IN_STORE, {"shipping_lines": method(method_id="local_pickup")}),
    (Reason.IN_STORE, {"shipping_lines": method(method_id="pickup_location:2")}),
    (Reason.NOT_PAID, {"status": "on-hold"}),
]


@pytest.mark.parametrize(("reason", "changes"), HALTS)
def test_each_halts_an_order_and_nothing_of_a_person_is_read(reason: Reason, changes: dict[str, Any]) -> None:
    parsed = parse(document(**changes, billing=PAYER))
    assert (parsed.halt, parsed.order, parsed.taken) == (reason, None, {})
    assert parse(document(**{**changes, "shipping": None})).halt is reason


def test_the_first_of_two_is_the_reason() -> None:
    for (first, one), (_, two) in combinations(HALTS, 2):
        assert parse(document(**two | one)).halt is first


def test_without_a_method_and_an_address_nothing_is_sent() -> None:
    nowhere = document(shipping=BLANK, shipping_lines=[], needs_processing=ABSENT)
    assert parse(nowhere).halt is Reason.NOTHING_TO_SHIP
    assert parse({**nowhere, "shipping": {**BLANK, "country": "BE"}}).halt is Reason.NOTHING_TO_SHIP
    assert parse(document(shipping_lines=[])).halt is None  # typed by the shop, with an address
    assert refused(document(shipping=BLANK)) == [("/shipping/last_name", "required")]
    two = [*method(), *method(method_id="local_pickup")]
    assert parse(document(shipping_lines=two)).halt is None


PAID = {"processing": None, "in-de-maak": None, "completed": Reason.FULFILLED}
UNPAID = ("pending", "on-hold", "failed", "checkout-draft", "auto-draft", "draft", "", None, ABSENT)


@pytest.mark.parametrize("status", [*PAID, *UNPAID], ids=str)
def test_an_order_ships_when_it_is_paid(status: Any) -> None:
    assert parse(document(status=status)).halt is PAID.get(status, Reason.NOT_PAID)


def test_a_status_of_a_plug_in_s_own_is_paid_with_a_date_of_payment() -> None:
    assert parse(document(status="in-de-maak", date_paid_gmt=None)).halt is Reason.NOT_PAID
    assert parse(document(status="processing", date_paid_gmt=None)).halt is None  # paid at the door


def test_a_shop_may_ship_before_it_is_paid_but_not_before_there_is_an_order() -> None:
    early = {status: parse(document(status=status), ship_when="created").halt for status in [*PAID, *UNPAID]}
    assert {status for status, halt in early.items() if halt is None} == {
        *("processing", "in-de-maak", "pending", "on-hold")
    }
    ready = {status: parse(document(status=status), ship_when="fulfillable").halt for status in [*PAID, *UNPAID]}
    assert {status for status, halt in ready.items() if halt is None} == {"processing"}


def test_the_full_example_fills_what_may_be_read() -> None:
    taken = parse(example("01-domestic-full.json"), "order.created").taken
    assert set(taken) == {
        *(f"shipping.{name}" for name in ("first_name", "last_name", "company", "address_1", "address_2")),
        *(f"shipping.{name}" for name in ("postcode", "city", "country", "phone")),
        *("billing.email", "currency", "line_items[0].name", "line_items[0].quantity", "line_items[0].total"),
    }
    assert PLATFORM.names["/recipient/address/postal_code"] == "/shipping/postcode"


DOOR = {"payment_method": "cod", "date_paid_gmt": None, "total": "54.49", "currency": "EUR"}


def refund(total: object) -> dict[str, Any]:
    return {"id": 7, "reason": "made up", "total": total}


@pytest.mark.parametrize(
    ("changes", "amount"),
    [
        ({}, "54.49"),
        ({"refunds": [refund("-20.25"), refund("-4.00")]}, "30.24"),
        ({"refunds": [refund("20.25")]}, "34.24"),
        ({"refunds": [refund("-54.49")]}, None),
        ({"total": "0.00"}, None),
        ({"total": "0.10", "refunds": [refund("-0.03")]}, "0.07"),
        ({"date_paid_gmt": "2026-11-21T10:00:00"}, None),
        ({"payment_method": "bacs"}, None),
        ({"payment_method": ABSENT}, None),
    ],
)
def test_what_is_paid_at_the_door_is_told_to_the_cent(changes: dict[str, Any], amount: str | None) -> None:
    parsed = parse(document(**{**DOOR, **changes}))
    assert parsed.order is not None
    due = CashOnDelivery(amount=amount, currency="EUR") if amount else CashOnDelivery()
    assert parsed.order.cash_on_delivery == due
    assert (parsed.taken.get("total") == "cash_on_delivery.amount") is (amount is not None)


@pytest.mark.parametrize("told", ["", None, "veel", "1e3", "NaN", "54,49", "-54.49 "])
def test_a_total_that_is_no_number_is_refused_where_it_is_paid_at_the_door(told: str | None) -> None:
    assert refused(document(**{**DOOR, "total": told})) == [("/total", "decimal")]
    assert refused(document(**DOOR, refunds=[refund(told)])) == [("/refunds/total", "decimal")]
    assert shipped(document(**{**DOOR, "payment_method": "bacs", "total": told})).cash_on_delivery == CashOnDelivery()


@pytest.mark.policy("VP-PUR-5")
def test_no_amount_is_kept_of_an_order_that_is_paid_and_none_goes_that_nobody_collects() -> None:
    policy, shop = binding.pack(PACK), settings()
    for name, told in (("01-domestic-full.json", "payment"), ("10-cash-on-delivery.json", None)):
        found = inspect((ORDERS / name).read_bytes(), PLATFORMS["woocommerce"], ParcelJson(), shop, policy, NOW)
        removed = {one.path: one.reason for one in found.report.removed} if found.report else {}
        assert removed.get("total") == told
    assert [(one.pointer, one.code) for one in found.faults] == [("/payment_method", "not-collected")]
