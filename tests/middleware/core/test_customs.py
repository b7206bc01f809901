"""When goods are declared, and what a parcel weighs that holds them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from middleware.core import customs
from middleware.core.minimise import minimise
from middleware.model import Delivery
from schemas.order import Address, CustomsItem
from tests.customs_places import PLACES
from tests.middleware.core.made_up import POLICY, order

DISH = CustomsItem(description="Dish", quantity=3, weight_grams=400, value="9.00", currency="EUR", origin="BE")
TEN, NONE = replace(DISH, quantity=1, weight_grams=10), replace(DISH, weight_grams=None)
SWISS, BELGIAN = Address(country="CH", postal_code="8001"), Address(country="BE", postal_code="1000")


@pytest.mark.policy("VP-CAT-7")
@pytest.mark.parametrize(("country", "postal_code", "declared"), PLACES)
def test_goods_are_declared_where_customs_look_and_nowhere_else(country: str, postal_code: str, declared: bool) -> None:
    whole = order(recipient__address__country=country, recipient__address__postal_code=postal_code)
    slim, withheld = minimise(whole, POLICY, Delivery())
    assert (slim.customs, "customs.description" in withheld) == ((whole.customs, False) if declared else ((), True))


@pytest.mark.parametrize(
    ("grams", "items", "address", "point", "weighs"),
    [
        (1000, (DISH,), SWISS, None, 1200),
        (1000, (DISH, TEN), SWISS, None, 1210),
        (1000, (TEN, NONE), SWISS, None, 1000),
        (1200, (DISH,), SWISS, None, 1200),
        (1000, (DISH,), BELGIAN, None, 1000),
        (1000, (DISH,), SWISS, "PUP-1000-01", 1000),
        (1000, (), SWISS, None, 1000),
    ],
)
def test_what_nobody_weighed_weighs_at_least_what_is_declared(
    grams: int, items: tuple[CustomsItem, ...], address: Address, point: str | None, weighs: int
) -> None:
    assert customs.weighed(grams, items, address, point) == weighs


@pytest.mark.parametrize(("grams", "refused"), [(1199, True), (1200, False), (0, True), (None, False)])
def test_a_parcel_is_not_lighter_than_what_is_declared_in_it(grams: int | None, refused: bool) -> None:
    whole = order(parcel__weight_grams=grams, customs=(DISH,))
    found = [(fault.pointer, fault.code) for fault in customs.faults(whole)]
    assert found == ([("/parcel/weight_grams", "lighter-than-contents")] if refused else [])
