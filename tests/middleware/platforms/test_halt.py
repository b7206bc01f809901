"""Nothing to ship now: why, in which order of precedence, and what is left of the person (nothing)."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from middleware.errors import SchemaError
from middleware.model import Reason
from tests.middleware.platforms.making import ABSENT, PLATFORM, address, document, line, parse, shipped

PAYER = {"first_name": "Joachim", "last_name": "Terweduwe"}
IN_STORE = {"shipping_lines": [{"delivery_category": "pickup"}]}

# In order of precedence: what comes first is the reason, whatever else is true.
HALTS: dict[Reason, dict[str, Any]] = {
    Reason.CANCELLED: {"cancelled_at": "2026-11-22T09:00:00Z"},
    Reason.TEST_ORDER: {"test": True},
    Reason.NOTHING_TO_SHIP: {"line_items": [line(requires_shipping=False)]},
    Reason.FULFILLED: {"fulfillment_status": "fulfilled"},
    Reason.IN_STORE: IN_STORE,
    Reason.NOT_PAID: {"financial_status": "pending"},
}


@pytest.mark.parametrize("reason", HALTS, ids=str)
def test_each_halts_an_order_by_itself(reason: Reason) -> None:
    assert parse(document(**HALTS[reason])).halt is reason
    assert parse(document()).halt is None


@pytest.mark.parametrize(("first", "second"), list(combinations(HALTS, 2)))
def test_the_first_of_two_is_the_reason(first: Reason, second: Reason) -> None:
    assert parse(document(**HALTS[second], **HALTS[first])).halt is first


def test_all_at_once_is_a_cancellation() -> None:
    assert parse(document(**{name: value for halt in HALTS.values() for name, value in halt.items()})).halt is (
        Reason.CANCELLED
    )


@pytest.mark.parametrize("reason", HALTS, ids=str)
def test_of_an_order_that_halts_nothing_of_a_person_is_read(reason: Reason) -> None:
    parsed = parse(document(**HALTS[reason], customer={"id": 7, **PAYER}, email="joachim@example.com"))
    assert parsed.order is None
    assert parsed.taken == {}
    assert parsed.order_id == "5001"


@pytest.mark.parametrize("reason", HALTS, ids=str)
def test_an_order_that_halts_is_not_refused_for_its_address(reason: Reason) -> None:
    order = document(**{**HALTS[reason], "shipping_address": address(first_name=ABSENT, last_name=ABSENT)})
    assert parse(order).halt is reason
    with pytest.raises(SchemaError):
        parse(document(shipping_address=address(first_name=ABSENT, last_name=ABSENT)))


def test_a_test_order_is_what_a_shop_in_test_mode_is_for() -> None:
    tried = parse(document(test=True), mode="test")
    assert (tried.halt, tried.order is None) == (None, False)
    assert parse(document(test=True, **HALTS[Reason.NOT_PAID]), mode="test").halt is Reason.NOT_PAID


PAID = ("paid", "partially_refunded")
UNPAID = [
    "refunded",
    "pending",
    "authorized",
    "partially_paid",
    "voided",
    "expired",
    "",
    None,
    ABSENT,
    "PAID",
    "something new",
]


@pytest.mark.parametrize("status", [*PAID, *UNPAID], ids=str)
def test_an_order_ships_when_it_is_paid(status: Any) -> None:
    """What is unknown is not paid. After the refund of a part the rest still goes; after that of the whole, nothing."""
    assert parse(document(financial_status=status)).halt is (None if status in PAID else Reason.NOT_PAID)


@pytest.mark.parametrize("ship_when", ["created", "fulfillable"])
@pytest.mark.parametrize("status", [*PAID, *UNPAID], ids=str)
def test_a_shop_may_ship_before_it_is_paid(ship_when: str, status: Any) -> None:
    order = document(financial_status=status, line_items=[line(fulfillable_quantity=2)])
    assert parse(order, ship_when=ship_when).halt is None


@pytest.mark.parametrize(
    ("quantities", "ships"),
    [((2,), True), ((0,), False), ((None,), False), ((0, 0), False), ((0, 1), True), ((None, 3), True)],
)
def test_a_shop_may_wait_until_something_can_be_sent(quantities: tuple[int | None, ...], ships: bool) -> None:
    order = document(line_items=[line(fulfillable_quantity=quantity) for quantity in quantities])
    assert parse(order, ship_when="fulfillable").halt is (None if ships else Reason.NOTHING_TO_SHIP)
    assert parse(order, ship_when="paid").halt is None


def test_what_can_be_sent_of_a_file_is_no_parcel() -> None:
    lines = [line(fulfillable_quantity=0), line(fulfillable_quantity=1, requires_shipping=False)]
    assert parse(document(line_items=lines), ship_when="fulfillable").halt is Reason.NOTHING_TO_SHIP


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([], id="no line"),
        pytest.param(None, id="null"),
        pytest.param(ABSENT, id="absent"),
        pytest.param([{}], id="a line that says nothing"),
        pytest.param([line(requires_shipping=False)], id="a file"),
        pytest.param([line(gift_card=True)], id="a gift card"),
        pytest.param([line(gift_card=True, requires_shipping=False), line(requires_shipping=False)], id="both"),
        pytest.param([line(current_quantity=0)], id="all refunded"),
        pytest.param([line(quantity=0)], id="nothing ordered"),
        pytest.param([line(quantity=ABSENT)], id="no quantity"),
    ],
)
def test_an_order_without_a_thing_to_send_leaves_nothing_behind(lines: Any) -> None:
    for ship_when in ("paid", "created", "fulfillable"):
        assert parse(document(line_items=lines), ship_when=ship_when).halt is Reason.NOTHING_TO_SHIP


@pytest.mark.parametrize(
    "changes", [{}, {"requires_shipping": ABSENT}, {"requires_shipping": None}, {"gift_card": None}]
)
def test_a_line_goes_into_the_parcel_unless_it_says_otherwise(changes: dict[str, Any]) -> None:
    assert shipped(document(line_items=[line(**changes)])).parcel.weight_grams == 600


@pytest.mark.parametrize("status", [None, ABSENT, "", "partial", "restocked", "unfulfilled", "FULFILLED"])
def test_an_order_of_which_a_part_is_still_to_go_ships(status: Any) -> None:
    assert parse(document(fulfillment_status=status)).halt is None


@pytest.mark.parametrize("category", ["pickup", "pick-up", "pick_up", "local_pickup", "PICKUP", "Pick-Up"])
def test_a_rate_that_says_so_is_picked_up_in_store_whatever_the_address(category: str) -> None:
    assert parse(document(shipping_lines=[{"delivery_category": category}])).halt is Reason.IN_STORE
    assert parse(document(shipping_lines=[{}, {"delivery_category": category}])).halt is None  # a part of it is sent


@pytest.mark.parametrize(
    "rates",
    [
        None,
        [],
        [{}],
        [{"delivery_category": None}],
        [{"delivery_category": "shipping"}],
        [{"delivery_category": "pickup", "is_removed": True}],
        [{"delivery_category": "pickup_point"}],
    ],
)
def test_any_other_rate_to_an_address_is_shipped(rates: Any) -> None:
    assert parse(document(shipping_lines=rates)).halt is None


RATE = {"shipping_lines": [{"is_removed": False}]}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="no rate, nobody known"),
        pytest.param({"shipping_lines": []}, id="no rate"),
        pytest.param({"shipping_lines": [{"is_removed": True}]}, id="the rate was taken off"),
        pytest.param({**RATE, "billing_address": PAYER}, id="a rate, and who pays"),
        pytest.param({**RATE, "billing_address": {"name": "Joachim Terweduwe"}}, id="the same by one name"),
        pytest.param({**RATE, "customer": PAYER}, id="a rate, and the customer"),
        pytest.param({**RATE, "customer": {"last_name": "Terweduwe"}}, id="a part of a name"),
    ],
)
@pytest.mark.parametrize("nowhere", [None, ABSENT])
def test_without_an_address_it_is_picked_up_in_store(changes: dict[str, Any], nowhere: Any) -> None:
    assert parse(document(shipping_address=nowhere, **changes)).halt is Reason.IN_STORE


@pytest.mark.parametrize(
    "person", [None, {}, {"first_name": None, "last_name": ""}, {"first_name": " ", "last_name": None}]
)
def test_without_an_address_and_without_a_person_protected_data_are_missing(person: Any) -> None:
    """Such an app would otherwise take every order for one that is picked up, and say nothing."""
    order = document(shipping_address=None, billing_address=person, customer=person, **RATE)
    with pytest.raises(SchemaError) as caught:
        parse(order)
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [("/shipping_address", "required")]
    assert PLATFORM.order_id(order) == "5001"  # the merchant can find the order and send it again
