"""What is paid on delivery: a parcel for which nobody would collect it never goes as if it were paid."""

from __future__ import annotations

import pytest

from middleware.core import due
from middleware.core.planning import Carriage, planned
from middleware.errors import SchemaError
from middleware.model import Delivery, Parsed
from schemas.order import CashOnDelivery, Order
from schemas.policy import Policy
from schemas.woocommerce import SHAPE
from tests.middleware.core.made_up import NOW, POLICY, barring, changed, order
from tests.middleware.platforms.woo import settings

DUE = CashOnDelivery(amount="54.49", currency="EUR")
PAID = changed(order(), "cash_on_delivery", CashOnDelivery())
COLLECTED = Carriage(choose=lambda one, _: (one, Delivery()), fit=lambda one: one)


@pytest.mark.parametrize(
    ("told", "cents"),
    [
        *(("54.49", 5449), ("54.4", 5440), ("54", 5400), ("54.4900", 5449), ("0.01", 1), ("9999999.99", 999999999)),
        *((wrong, None) for wrong in (None, "", "0", "0.00", "-1.00", "54.495", "1e3", "1_000", "54,49", "٥٤", "54.")),
        *((wrong, None) for wrong in (" 54.49", "54.49\n", "10000000.00", "NaN")),
    ],
)
def test_an_amount_is_exact_or_none(told: str | None, cents: int | None) -> None:
    assert due.cents(told) == cents


def test_what_is_due_is_refused_where_nobody_collects_it() -> None:
    due.refuse(PAID)
    for due_there in (DUE, CashOnDelivery(amount="1"), CashOnDelivery(currency="EUR")):
        with pytest.raises(SchemaError) as caught:
            due.refuse(changed(order(), "cash_on_delivery", due_there))
        assert [(one.pointer, one.code) for one in caught.value.faults] == [("/cash_on_delivery", "not-collected")]


def planned_of(made: Order, policy: Policy) -> Order:
    parsed = Parsed(order_id="5001", updated_at=NOW, halt=None, order=made, taken={})
    names = {"/cash_on_delivery": "/payment_method"}
    told = planned(parsed, {}, SHAPE, names, settings(), policy, COLLECTED, NOW)
    assert told is not None
    assert isinstance(told.order, Order)
    return told.order


@pytest.mark.policy("VP-PUR-5")
def test_an_amount_that_the_pack_bars_does_not_go_as_if_it_were_paid() -> None:
    made = changed(order(), "cash_on_delivery", DUE)
    assert planned_of(made, POLICY).cash_on_delivery == DUE
    assert planned_of(PAID, barring("recipient.due.amount")).cash_on_delivery == CashOnDelivery()
    with pytest.raises(SchemaError) as caught:
        planned_of(made, barring("recipient.due.amount"))
    assert [(one.pointer, one.code) for one in caught.value.faults] == [("/payment_method", "not-collected")]
