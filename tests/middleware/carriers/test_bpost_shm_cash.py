"""What bpost collects on delivery: euros to the cent, where somebody takes them, or the order is not taken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from middleware.account import Collecting
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.errors import SchemaError
from middleware.exchange import Failed, Request
from middleware.model import Delivery, Stored
from schemas.order import CashOnDelivery, Order
from tests.middleware.carriers.test_bpost_shm_conversation import STORED
from tests.middleware.carriers.test_bpost_shm_conversation import carrier as account_carrier
from tests.middleware.carriers.test_bpost_shm_fit import EMAIL, LONDON, TEAPOT, carrier, order
from tests.middleware.platforms.making import settings

WHERE = Collecting(iban="BE68539007547034", bic="KREDBEBB")
SERVING = replace(carrier(), collecting=lambda _: WHERE)
ROOT = "/cash_on_delivery"


def due(made: Order, amount: str | None = "54.49", currency: str | None = "EUR") -> Order:
    return replace(made, cash_on_delivery=CashOnDelivery(amount=amount, currency=currency))


def refused(made: Order, serving: BpostShm = SERVING) -> list[tuple[str, str]]:
    with pytest.raises(SchemaError) as caught:
        serving.choose(made, None, Delivery())
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


@pytest.mark.parametrize("made", [due(order()), due(order(pickup_point="207500"))])
def test_it_is_taken_where_somebody_hands_the_parcel_over(made: Order) -> None:
    chosen, _ = SERVING.choose(made, None, Delivery())
    assert SERVING.fit(chosen, {}).cash_on_delivery == CashOnDelivery(amount="54.49", currency="EUR")


WRONG: dict[str, tuple[Order, list[tuple[str, str]]]] = {
    "a locker": (due(order(EMAIL, pickup_point="014472")), [(ROOT, "not-collected")]),
    "abroad": (due(order(postal_code="1011 AB", country="NL")), [(ROOT, "not-collected")]),
    "outside": (due(order(at=LONDON, customs=(TEAPOT,))), [(ROOT, "not-collected")]),
    "a point abroad": (due(order(pickup_point="NL1")), [(ROOT, "not-collected")]),
    "other money": (due(order(), currency="CHF"), [(f"{ROOT}/currency", "not-euro")]),
    "no money named": (due(order(), currency=None), [(f"{ROOT}/currency", "not-euro")]),
    "less than a cent": (due(order(), "54.495"), [(f"{ROOT}/amount", "decimal")]),
    "nothing": (due(order(), "0.00"), [(f"{ROOT}/amount", "decimal")]),
    "no amount": (due(order(), None), [(f"{ROOT}/amount", "decimal")]),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_nobody_can_collect_is_refused_and_never_goes_as_if_it_were_paid(case: str) -> None:
    made, told = WRONG[case]
    assert refused(made) == told


def test_a_shop_that_does_not_say_where_money_goes_collects_none() -> None:
    shop = settings(account=account_carrier().accounts("demo"), cash_on_delivery=WHERE)
    bound = carrier().serving(shop)
    assert isinstance(bound, BpostShm)
    assert bound.choose(due(order()), None, Delivery())
    without = carrier().serving(replace(shop, cash_on_delivery=None))
    assert isinstance(without, BpostShm)
    assert refused(due(order()), without) == [(ROOT, "not-collected")]


def waiting() -> Stored:
    told = {**STORED.opened["recipient.delivery"], "cash_on_delivery": {"amount": "54.49", "currency": "EUR"}}
    return replace(STORED, opened={**STORED.opened, "recipient.delivery": told})


def test_it_goes_to_the_account_that_the_shop_names_now_and_not_at_all_without_one() -> None:
    spoken = account_carrier()
    assert spoken.start(waiting()) == Failed(code="not-collected")
    asked = replace(spoken, collecting=lambda shop: WHERE if shop == "demo" else None).start(waiting())
    assert isinstance(asked, Request)
    assert b"<common:codAmount>5449</common:codAmount><common:iban>BE68539007547034<" in (asked.body or b"")
    paid = replace(spoken, collecting=lambda _: WHERE).start(STORED)
    assert isinstance(paid, Request)
    assert b":cod>" not in (paid.body or b"")
