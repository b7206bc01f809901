"""Which products and options an account may use, and what is said of an order that takes others."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

from simulator.bpost.names import INSURANCE, MANDATORY, OPTION_NAMES, OPTIONAL, PRODUCTS, V3, v3, v5

HEAVY = ("bpack XL", "bpack Pallet")
MOST_GRAMS = 30_000
"""Of all other products; a limit that client libraries know, whether the service does is not known."""
NEEDS_ITEMS = "bpack World Business"


def faults(order: etree._Element, without: frozenset[str], demanded: frozenset[str] = frozenset()) -> list[str]:
    """What an account that has all but ``without`` may not choose, and what of ``demanded`` is not chosen, each in a
    sentence. Both as the switches have them.
    """
    return [fault for box in order.iterchildren(v5("box")) for fault in _of_box(box, without, demanded)]


def missing_items(order: etree._Element) -> bool:
    """Whether a box abroad lacks the list of what is in it where the product demands one."""
    return any(
        _text(box, "product") == NEEDS_ITEMS and not any(True for _ in _named(box, "parcelContent"))
        for box in order.iterchildren(v5("box"))
    )


def configuration(
    without: frozenset[str], demanded: frozenset[str] = frozenset(), *, renamed: bool = False
) -> etree._Element:
    """The answer about products: methods, products, prices in cents, options. Names and prices are made up in part;
    ``renamed``: no option is called by a name that is known in public.
    """
    root = etree.Element(v3("productConfiguration"), nsmap={None: V3})
    for method, products in PRODUCTS.items():
        kept = [product for product in products if product not in without]
        if not kept:
            continue
        shown = "INVISIBLE" if method in demanded else "VISIBLE"
        entry = etree.SubElement(root, v3("deliveryMethod"), name=method, visiblity=shown)
        for product in kept:
            _product(entry, product, without, demanded, renamed=renamed)
    return root


def _product(
    method: etree._Element, name: str, without: frozenset[str], demanded: frozenset[str], *, renamed: bool
) -> None:
    product = etree.SubElement(method, v3("product"), name=name)
    for country in ("FR", "GB") if "World" in name or "Europe" in name else ("BE",):
        price = etree.SubElement(product, v3("price"), countryIso2Code=country)
        for weight in ("LessThan2", "2To5", "5To10", "10To20", "20To30"):
            price.set(f"price{weight}", "500")
    for option, shown in OPTION_NAMES.items():
        if _may(name, option, without):
            called = f"Optie {len(product)}" if renamed else shown
            sight = MANDATORY if {option, f"{name}/{option}"} & demanded else OPTIONAL
            entry = etree.SubElement(product, v3("option"), price="100", name=called, visiblity=sight)
            if option == "insured":
                _ranges(entry, name, without)


def _ranges(option: etree._Element, product: str, without: frozenset[str]) -> None:
    for level, shown in INSURANCE.items():
        if _may(product, f"insured-{level}", without):
            named = {"displayValue": shown, "value": level, "name": "Insurance range code"}
            etree.SubElement(option, v3("chracteristic"), attrib=named)


def _may(product: str, option: str, without: frozenset[str]) -> bool:
    return not {option, f"{product}/{option}"} & without and (option != "fragile" or product == "bpack XL")


def _of_box(box: etree._Element, without: frozenset[str], demanded: frozenset[str]) -> Iterator[str]:
    product = _text(box, "product")
    if product in without or not any(product in products for products in PRODUCTS.values()):
        yield f"Product {product} is not allowed"
    options = [etree.QName(option).localname for options in _named(box, "options") for option in options]
    for option in (*options, *_levels(box)):
        if not _may(product, option, without):
            yield f"Option {option} is not allowed"
    for option in OPTION_NAMES:
        if {option, f"{product}/{option}"} & demanded and option not in options:
            yield f"Option {option} is mandatory"
    if product == "bpack XL" and not all(_text(box, name) for name in ("height", "length", "width")):
        yield f"Product {product} needs dimensions"
    weight = _text(box, "weight") or _text(box, "parcelWeight")
    if weight and Decimal(weight) > MOST_GRAMS and product not in HEAVY:
        yield f"Product {product} carries no more than {MOST_GRAMS} grams"


def _levels(box: etree._Element) -> Iterator[str]:
    for insurance in _named(box, "additionalInsurance"):
        yield f"insured-{insurance.get('value', '')}"


def _named(box: etree._Element, name: str) -> Iterator[etree._Element]:
    return (node for node in box.iter() if isinstance(node.tag, str) and etree.QName(node).localname == name)


def _text(box: etree._Element, name: str) -> str:
    return next(((node.text or "").strip() for node in _named(box, name)), "")
