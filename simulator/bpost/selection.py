"""Which products and options an account may use, and what is said of an order that takes others."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

from simulator.bpost.names import OPTION_NAMES, PRODUCTS, V3, v3, v5

HEAVY = ("bpack XL", "bpack Pallet")
MOST_GRAMS = 30_000
"""Of all other products; a limit that client libraries know, whether the service does is not known."""
NEEDS_ITEMS = "bpack World Business"


def faults(order: etree._Element, without: frozenset[str]) -> list[str]:
    """What an account that has all but ``without`` may not choose, each in a sentence."""
    return [fault for box in order.iterchildren(v5("box")) for fault in _of_box(box, without)]


def missing_items(order: etree._Element) -> bool:
    """Whether a box abroad lacks the list of what is in it where the product demands one."""
    return any(
        _text(box, "product") == NEEDS_ITEMS and not any(True for _ in _named(box, "parcelContent"))
        for box in order.iterchildren(v5("box"))
    )


def configuration(without: frozenset[str]) -> etree._Element:
    """The answer about products: methods, products, prices in cents, options. Names and prices are made up in part."""
    root = etree.Element(v3("productConfiguration"), nsmap={None: V3})
    for method, products in PRODUCTS.items():
        kept = [product for product in products if product not in without]
        if not kept:
            continue
        entry = etree.SubElement(root, v3("deliveryMethod"), name=method)
        for product in kept:
            _product(entry, product, without)
    return root


def _product(method: etree._Element, name: str, without: frozenset[str]) -> None:
    product = etree.SubElement(method, v3("product"), name=name)
    for country in ("FR", "GB") if "World" in name or "Europe" in name else ("BE",):
        price = etree.SubElement(product, v3("price"), countryIso2Code=country)
        for weight in ("LessThan2", "2To5", "5To10", "10To20", "20To30"):
            price.set(f"price{weight}", "500")
    for option, shown in OPTION_NAMES.items():
        if option not in without and (option != "fragile" or name == "bpack XL"):
            etree.SubElement(product, v3("option"), price="100", name=shown)


def _of_box(box: etree._Element, without: frozenset[str]) -> Iterator[str]:
    product = _text(box, "product")
    if product in without or not any(product in products for products in PRODUCTS.values()):
        yield f"Product {product} is not allowed"
    options = [etree.QName(option).localname for options in _named(box, "options") for option in options]
    for option in options:
        if option in without or (option == "fragile" and product != "bpack XL"):
            yield f"Option {option} is not allowed"
    if product == "bpack XL" and not all(_text(box, name) for name in ("height", "length", "width")):
        yield f"Product {product} needs dimensions"
    weight = _text(box, "weight") or _text(box, "parcelWeight")
    if weight and Decimal(weight) > MOST_GRAMS and product not in HEAVY:
        yield f"Product {product} carries no more than {MOST_GRAMS} grams"


def _named(box: etree._Element, name: str) -> Iterator[etree._Element]:
    return (node for node in box.iter() if isinstance(node.tag, str) and etree.QName(node).localname == name)


def _text(box: etree._Element, name: str) -> str:
    return next(((node.text or "").strip() for node in _named(box, name)), "")
