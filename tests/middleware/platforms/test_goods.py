"""What customs are told of a webshop's goods: what its orders tell, and what the shop's settings say beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from middleware import binding
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.carriers.parcel_json import ParcelJson
from middleware.core.planning import Carriage, Planned, planned
from middleware.errors import SchemaError
from middleware.model import ShopSettings
from middleware.ports import Carrier
from middleware.ports_senders import Platform
from schemas.order import CustomsItem, Order
from tests.middleware.platforms import making, woo
from tests.middleware.platforms.plugging import shipment
from tests.middleware.platforms.test_plugin import NOW, PLUGIN

POLICY = binding.pack("bpost-shipping-platform")
BPOST = BpostShm(accounts=lambda _: None, shared=None, spots={})
GOODS = CustomsItem(description="Textile goods", hs_code="6302.60", origin="BE", weight_grams=400)
LONG = "Linnen theedoek met de hand geweven"
SWISS = making.address(country_code="CH", zip="8001", city="Zürich")
TITLED = {"hs_code": "9403.60", "origin": "PT"}
"""What the duties of a line of Shopify's tell, in the canonical order's words."""


def line(**changes: Any) -> dict[str, Any]:
    duty = {"harmonized_system_code": TITLED["hs_code"], "country_code_of_origin": TITLED["origin"]}
    return making.line(**{"duties": [duty], **changes})


def shopify(*lines: Mapping[str, Any], to: Mapping[str, Any] = SWISS) -> Any:
    return making.document(line_items=[*lines], shipping_address={**to}, currency="EUR")


def woocommerce(country: str = "CH", **changes: Any) -> Any:
    there = woo.address(country=country, postcode="8001" if country == "CH" else "9000")
    return woo.document(**{"shipping": there, "currency": "EUR", **changes})


def plan(document: Any, carrier: Carrier, shop: ShopSettings) -> Planned:
    source = woo.PLATFORM if shop.platform == "woocommerce" else making.PLATFORM
    asked = woo.inbound() if shop.platform == "woocommerce" else making.inbound()
    carriage = Carriage(
        choose=lambda order, line: carrier.choose(order, line, shop.delivery), fit=lambda order: carrier.fit(order, {})
    )
    parsed = source.parse(document, asked, shop)
    made = planned(parsed, document, source.shape, source.names, shop, POLICY, carriage, NOW)
    assert made is not None
    return made


def gone(document: Any, shop: ShopSettings, carrier: Carrier = BPOST) -> Order:
    order = plan(document, carrier, shop).order
    assert isinstance(order, Order)
    return order


def faults(document: Any, shop: ShopSettings, carrier: Carrier = BPOST) -> list[tuple[str, str]]:
    with pytest.raises(SchemaError) as caught:
        plan(document, carrier, shop)
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


EACH = pytest.mark.parametrize("carrier", [BPOST, ParcelJson()], ids=["bpost", "json"])


@pytest.mark.policy("VP-CAT-7")
@EACH
@pytest.mark.parametrize("kind", ["shopify", "woocommerce"])
def test_with_a_description_no_title_passes_whatever_carries_it(kind: str, carrier: Carrier) -> None:
    document: Any = woo.example("03-outside-eu.json") if kind == "woocommerce" else shopify(line(title=LONG), line())
    shop = (woo if kind == "woocommerce" else making).settings(customs=GOODS)
    made = plan(document, carrier, shop)
    assert isinstance(made.order, Order)
    assert {item.description for item in made.order.customs} == {"Textile goods"}
    titles = f"line_items[].{'name' if kind == 'woocommerce' else 'title'}"
    assert (titles, "customs.description") not in made.report.kept
    assert {one.reason for one in made.report.removed if one.path == titles} == {"basket"}


@pytest.mark.policy("VP-CAT-7")
@pytest.mark.parametrize("document", [woocommerce("BE"), woo.example("01-domestic-full.json")])
def test_within_the_union_the_settings_are_not_used(document: Any) -> None:
    order = gone(document, woo.settings(customs=GOODS, default_weight_grams=300), ParcelJson())
    assert (order.customs, order.parcel.weight_grams) == ((), 300)


@EACH
def test_what_a_line_tells_itself_is_not_replaced_but_for_its_title(carrier: Carrier) -> None:
    lines = (line(quantity=1), line(quantity=3, grams=0, duties=[]), line(quantity=1, grams=None, duties=None))
    first, *others = gone(shopify(*lines), making.settings(customs=GOODS), carrier).customs
    assert (first.description, first.weight_grams, first.hs_code, first.origin) == (
        "Textile goods",
        300,
        TITLED["hs_code"],
        TITLED["origin"],
    )
    told = [(one.description, one.weight_grams, one.hs_code, one.origin) for one in others]
    assert told == [("Textile goods", 400, "6302.60", "BE")] * 2


def test_without_a_description_the_titles_pass() -> None:
    goods = CustomsItem(hs_code="6302.60", origin="BE", weight_grams=400)
    order = gone(woo.example("03-outside-eu.json"), woo.settings(customs=goods))
    assert [item.description for item in order.customs] == ["Wollen das", "Linnen theedoek"]


def test_an_order_of_woocommerce_leaves_the_union_with_what_the_settings_say() -> None:
    order = gone(woo.example("03-outside-eu.json"), woo.settings(customs=GOODS))
    told = [(one.quantity, one.weight_grams, one.value, one.currency, one.hs_code) for one in order.customs]
    assert told == [(3, 400, "33.33", "CHF", "6302.60"), (1, 400, "9.50", "CHF", "6302.60")]
    assert (order.parcel.product, order.parcel.weight_grams) == ("bpack-world-business", 1600)


WITHOUT = [
    ("/settings/customs/weight_grams", "required"),
    ("/settings/customs/hs_code", "required"),
    ("/settings/customs/origin", "required"),
]


def test_what_no_order_of_woocommerce_tells_is_asked_of_the_settings() -> None:
    assert faults(woo.example("03-outside-eu.json"), woo.settings()) == WITHOUT


def test_what_a_line_of_shopify_lacks_is_told_where_shopify_has_it() -> None:
    lacking = line(grams=None, duties=[], title=LONG, quantity=1)
    assert sorted(faults(shopify(lacking), making.settings())) == [
        ("/line_items/duties/country_code_of_origin", "required"),
        ("/line_items/duties/harmonized_system_code", "required"),
        ("/line_items/grams", "required"),
        ("/line_items/title", "too-long"),
    ]


@pytest.mark.parametrize(("name", "refused"), [("x" * 30, False), ("x" * 31, True)])
def test_a_title_that_is_too_long_is_refused_where_the_shop_has_it_and_never_cut(name: str, refused: bool) -> None:
    document = woocommerce(line_items=[{"name": name, "quantity": 1, "total": "20.00"}])
    goods = CustomsItem(hs_code="6302.60", origin="BE", weight_grams=400)
    if refused:
        assert faults(document, woo.settings(customs=goods)) == [("/line_items/name", "too-long")]
        assert gone(document, woo.settings(customs=GOODS)).customs[0].description == "Textile goods"
    else:
        assert gone(document, woo.settings(customs=goods)).customs[0].description == name


@pytest.mark.parametrize(("default", "weighs"), [(1000, 1200), (2000, 2000)])
def test_a_parcel_that_nobody_weighed_is_not_lighter_than_what_is_declared(default: int, weighs: int) -> None:
    told = woocommerce(line_items=[{"name": "Das", "quantity": 3, "total": "20.00"}])
    shop = woo.settings(customs=GOODS, default_weight_grams=default)
    assert gone(told, shop).parcel.weight_grams == weighs
    lines = (line(quantity=2, grams=0), line(quantity=1, grams=0))
    assert (
        gone(shopify(*lines), making.settings(customs=GOODS, default_weight_grams=default)).parcel.weight_grams
        == weighs
    )


def test_a_line_that_nobody_weighed_makes_the_parcel_of_shopify_heavier() -> None:
    lines = (line(quantity=2, grams=300), line(quantity=1, grams=0))
    assert gone(shopify(*lines), making.settings(customs=GOODS)).parcel.weight_grams == 1000
    assert gone(shopify(*lines, to=making.ADDRESS), making.settings(customs=GOODS)).parcel.weight_grams == 600


TEAPOT: dict[str, Any] = {
    "description": "Teapot",
    "quantity": 5,
    "weight_grams": 1000,
    "value": "20.00",
    "currency": "EUR",
}
THERE = {"address": {"street": "Gasse 8", "locality": "Zug", "postal_code": "6300", "country": "CH"}}
HERE = {"address": {"street": "Laan 8", "locality": "Gent", "postal_code": "9000", "country": "BE"}}


@pytest.mark.parametrize(
    ("parcel", "to", "weighs"),
    [
        (None, THERE, 5000),
        ({"weight_grams": 0}, THERE, 5000),
        ({"weight_grams": 6000}, THERE, 6000),
        (None, HERE, 1000),
        ({"pickup_point": "PUP-1000-01"}, THERE, 1000),
    ],
)
def test_a_plug_ins_parcel_weighs_what_it_says_or_what_is_declared(
    parcel: Mapping[str, Any] | None, to: Mapping[str, Any], weighs: int
) -> None:
    parsed = PLUGIN.parse(shipment(recipient=to, customs=[TEAPOT], parcel=parcel), making.settings(), NOW)
    assert parsed.order is not None
    assert parsed.order.parcel.weight_grams == weighs


def test_the_settings_say_nothing_of_what_a_plug_in_sends() -> None:
    parsed = PLUGIN.parse(shipment(recipient=THERE, customs=[TEAPOT]), making.settings(customs=GOODS), NOW)
    assert parsed.order is not None
    assert parsed.order.customs == (CustomsItem(**TEAPOT),)


@pytest.mark.parametrize("source", [making.PLATFORM, woo.PLATFORM], ids=["shopify", "woocommerce"])
def test_what_is_wrong_is_told_by_a_name_of_the_order_or_of_the_settings(source: Platform) -> None:
    """Each pointer leads to a field that is read, or to one of ``customs``."""
    for canonical, pointer in source.names.items():
        steps = pointer.removeprefix("/").split("/")
        if steps[:2] == ["settings", "customs"]:
            assert steps[2] in CustomsItem.__dataclass_fields__, canonical
            continue
        node = source.shape
        for step in steps:
            assert step in node.children, (canonical, pointer)
            node = node.children[step]
