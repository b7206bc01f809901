"""What goes into the parcel: its weight, the pick-up point, what customs demands."""

from __future__ import annotations

from typing import Any

import pytest

from middleware.errors import SchemaError
from schemas.order import CustomsItem, Parcel
from tests.middleware.platforms.making import ABSENT, document, example, line, parse, shipped

POINT = "PUP-1000-01"


def test_a_parcel_is_one_piece_of_the_shops_product_and_of_the_weight_of_its_lines() -> None:
    order = document(line_items=[line(quantity=2, grams=300), line(quantity=3, grams=50)])
    assert shipped(order, product="parcel-24h").parcel == Parcel(weight_grams=750, pieces=1, product="parcel-24h")


@pytest.mark.parametrize(
    ("lines", "grams"),
    [
        ([line(quantity=4, current_quantity=1)], 300),
        ([line(quantity=4, current_quantity=None)], 1200),
        ([line(), line(current_quantity=0)], 600),
        ([line(), line(requires_shipping=False, grams=9000)], 600),
        ([line(), line(gift_card=True, grams=9000)], 600),
        ([line(), line(grams=None)], 600),
        ([line(quantity=1, grams=2**60)] * 2, 2**61),
    ],
)
def test_what_does_not_go_weighs_nothing(lines: list[dict[str, Any]], grams: int) -> None:
    assert shipped(document(line_items=lines)).parcel.weight_grams == grams


@pytest.mark.parametrize("grams", [0, None, ABSENT])
def test_what_nobody_weighed_weighs_what_the_shop_says(grams: Any) -> None:
    order = document(line_items=[line(grams=grams), line(grams=grams)])
    assert shipped(order, default_weight_grams=750).parcel.weight_grams == 750
    assert shipped(order).parcel.weight_grams == 1000


def noted(*notes: tuple[Any, Any]) -> dict[str, Any]:
    return document(note_attributes=[{"name": name, "value": value} for name, value in notes])


def point(order: dict[str, Any], attribute: str | None = "pickup_point") -> str | None:
    return shipped(order, pickup_attribute=attribute).parcel.pickup_point


@pytest.mark.parametrize("value", [POINT, "A1", "12", "be-1000", "x" * 32])
def test_the_one_attribute_may_name_a_pick_up_point(value: str) -> None:
    order = noted(("gift", "Dikke zoen"), ("pickup_point", value), ("door", "4711#"))
    parsed = parse(order, pickup_attribute="pickup_point")
    assert parsed.order is not None
    assert parsed.order.parcel.pickup_point == value
    assert [path for path in parsed.taken if path.startswith("note_")] == ["note_attributes[1].value"]


@pytest.mark.parametrize(
    "value",
    [
        "Dikke zoen van ons",
        "x!",
        "x" * 33,
        "-1000",
        "PUP.1000",
        "PUP 1000",
        " PUP-1000",
        "PUP-1000\n",
        "1000/../2",
        "١٠٠٠",
    ],
)
def test_what_can_be_no_id_of_a_point_is_refused_without_being_repeated(value: str) -> None:
    with pytest.raises(SchemaError) as caught:
        parse(noted(("pickup_point", value)), pickup_attribute="pickup_point")
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [("/note_attributes", "pickup-point")]
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    "notes",
    [
        (),
        (("gift", POINT),),
        (("Pickup_Point", POINT),),
        (("pickup_point ", POINT),),
        (("pickup_point", None),),
        (("pickup_point", ""),),
        (("pickup_point", ABSENT),),
        ((None, POINT),),
    ],
)
def test_no_other_attribute_is_looked_at(notes: tuple[tuple[Any, Any], ...]) -> None:
    order = document(
        note_attributes=[
            {key: value for key, value in (("name", name), ("value", value)) if value is not ABSENT}
            for name, value in notes
        ]
    )
    assert point(order) is None


@pytest.mark.parametrize("attribute", [None, ""])
def test_a_shop_without_a_pick_up_attribute_reads_none(attribute: str | None) -> None:
    for notes in ((("pickup_point", POINT),), (("", POINT),), ((None, POINT),), (("gift", "Dikke zoen van ons"),)):
        assert point(noted(*notes), attribute) is None


def test_the_first_of_two_points_counts() -> None:
    assert point(noted(("pickup_point", ""), ("pickup_point", POINT), ("pickup_point", "PUP-2000-02"))) == POINT


@pytest.mark.parametrize("notes", [None, [], [{}], ABSENT])
def test_an_order_without_attributes_has_no_point(notes: Any) -> None:
    assert point(document(note_attributes=notes)) is None


def test_customs_is_told_of_each_line_that_goes() -> None:
    duties = [
        {"harmonized_system_code": "6301.20", "country_code_of_origin": "PT", "id": 9},
        {"country_code_of_origin": "CN"},
    ]
    order = document(
        currency="CHF",
        line_items=[
            line(title="Deken", quantity=3, current_quantity=2, duties=duties, sku="D-1"),
            line(requires_shipping=False, title="Cadeaubon"),
            line(title="Das", quantity=1, price=None, grams=0, duties=[]),
        ],
    )
    parsed = parse(order)
    assert parsed.order is not None
    assert parsed.order.customs == (
        CustomsItem(
            description="Deken",
            quantity=2,
            weight_grams=300,
            value="24.50",
            currency="CHF",
            hs_code="6301.20",
            origin="PT",
        ),
        CustomsItem(description="Das", quantity=1, weight_grams=0, currency="CHF"),
    )
    first, last = "line_items[0].", "line_items[2]."
    assert {path: target for path, target in parsed.taken.items() if target.startswith("customs.")} == {
        "currency": "customs.currency",
        f"{first}title": "customs.description",
        f"{first}current_quantity": "customs.quantity",
        f"{first}grams": "customs.weight_grams",
        f"{first}price": "customs.value",
        f"{first}duties[0].harmonized_system_code": "customs.hs_code",
        f"{first}duties[0].country_code_of_origin": "customs.origin",
        f"{last}title": "customs.description",
        f"{last}quantity": "customs.quantity",
        f"{last}grams": "customs.weight_grams",
    }


@pytest.mark.parametrize("duties", [None, [], [{}], ABSENT, [{"harmonized_system_code": None}], [{}, {"id": 1}]])
def test_a_line_without_a_tariff_code_is_declared_without_one(duties: Any) -> None:
    (item,) = shipped(document(line_items=[line(duties=duties)])).customs
    assert (item.hs_code, item.origin, item.description) == (None, None, "Wollen das")


def test_an_order_to_switzerland_tells_customs_of_every_line() -> None:
    order = shipped(example("03-outside-eu.json"))
    assert [(item.description, item.quantity) for item in order.customs] == [
        ("Wollen reisdeken", 1),
        ("Set van vier kandelaars", 2),
    ]
    assert all(item.hs_code and item.origin and item.value for item in order.customs)
    assert {item.currency for item in order.customs} == {"EUR"}  # prices are in the shop's currency, not the payer's
