"""What a box tells, element by element, and which of it is whose: the reader of the judge, who knows no connector.

An element's name is its path of local names beneath the box (``nationalBox/atHome/receiver/name``); an attribute's has
an ``@`` before it. What has no place here nobody has permitted to be sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from simulator.bpost.reader import read
from simulator.bpost.validator import InvalidError

RECEIVER = "(?:nationalBox/atHome|internationalBox/international)/receiver"
AT_A_POINT = "nationalBox/(?:atBpost|at24-7)"
GOODS = "(?:nationalBox/(?:atHome|atBpost|at24-7)|internationalBox/international)"
TOLD = f"{GOODS}/options/(?:infoNextDay|keepMeInformed)"
OPENER = "nationalBox/at24-7/unregistered"
ARTICLE = r"internationalBox/international/parcelContents/parcelContent\[[0-9]+\]"
CUSTOMS = "internationalBox/international/customsInfo"
PLACES: Mapping[str, str] = {
    f"{RECEIVER}/name|{AT_A_POINT}/receiverName": "recipient.delivery/name",
    f"{RECEIVER}/company|{AT_A_POINT}/receiverCompany": "recipient.delivery/company",
    f"{RECEIVER}/address/streetName": "recipient.delivery/street",
    f"{RECEIVER}/address/addressLineTwo": "recipient.delivery/line2",
    f"{RECEIVER}/address/number": "recipient.delivery/number",
    f"{RECEIVER}/address/box": "recipient.delivery/box",
    f"{RECEIVER}/address/locality": "recipient.delivery/locality",
    f"{RECEIVER}/address/postalCode": "recipient/postal_code",
    f"{RECEIVER}/address/countryCode": "recipient/country",
    f"(?:{TOLD}|{OPENER}|{RECEIVER})/emailAddress": "recipient.notification/email",
    f"(?:{TOLD}|{OPENER})/mobilePhone|{RECEIVER}/phoneNumber": "recipient.notification/mobile",
    f"{TOLD}/@language|{OPENER}/language": "recipient.notification/language",
    f"{ARTICLE}/itemDescription": "recipient.customs/description",
    f"{ARTICLE}/numberOfItemType": "recipient.customs/quantity",
    f"{ARTICLE}/nettoWeight": "recipient.customs/weight_grams",
    f"{ARTICLE}/valueOfItem|{CUSTOMS}/parcelValue": "recipient.customs/value",
    f"{ARTICLE}/hsTariffCode": "recipient.customs/hs_code",
    f"{ARTICLE}/originOfGoods": "recipient.customs/origin",
    f"{CUSTOMS}/currency": "recipient.customs/currency",
    f"{AT_A_POINT}/(?:pugo|parcelsDepot)Id": "parcel/pickup_point",
    f"{AT_A_POINT}/(?:pugo|parcelsDepot)(?:Name|Address/[A-Za-z]+)": "point",
    "additionalCustomerReference": "parcel/reference",
    f"{GOODS}/(?:product|weight|parcelWeight)|barcode|status": "fact",
    f"{CUSTOMS}/(?:shipmentType|parcelReturnInstructions|privateAddress)": "fact",
}
"""Elements → (part or place in the clear)/member. ``fact``: of the parcel alone. ``point``: where a public place is."""
GIVEN = frozenset({"barcode", "status"})
"""Of a box as bpost tells it: what nobody told bpost."""
SUMMARY = re.compile(f"{CUSTOMS}/contentDescription")
"""All descriptions beside each other: of each line it is told on its own as well."""
NUMBERS = frozenset({"quantity", "weight_grams", "value"})
PATTERNS = tuple((re.compile(pattern), place) for pattern, place in PLACES.items())


Element = tuple[str, str]
"""Its path and its text."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Told:
    """What one box tells: every element with its text, the parts as they read, what stands in the clear, the elements
    about a pick-up point, and the names of those that nobody has permitted.
    """

    elements: tuple[Element, ...]
    parts: Mapping[str, Mapping[str, Any]]
    clear: Mapping[str, str]
    public: tuple[Element, ...]
    strange: tuple[str, ...]


def sides(elements: Sequence[Element]) -> tuple[tuple[Element, ...], tuple[Element, ...]]:
    """Of a box as bpost tells it: what bpost was told, and what it gave the box itself."""
    told = tuple(one for one in elements if one[0] not in GIVEN)
    return told, tuple(one for one in elements if one[0] in GIVEN)


def boxes(document: bytes) -> tuple[str, tuple[Told, ...]]:
    """An order's reference and its boxes. Raises: ValueError (it is none)."""
    try:
        root = read(document)
    except InvalidError:
        root = None
    if root is None:
        raise ValueError("order")
    found = {name: [child for child in root if etree.QName(child).localname == name] for name in ("reference", "box")}
    reference = next((child.text or "" for child in found["reference"]), "")
    return reference, tuple(told(tuple(_elements(box, ""))) for box in found["box"])


def told(elements: Sequence[Element]) -> Told:
    """The same elements, sorted by what they are."""
    parts: dict[str, dict[str, Any]] = {}
    items: dict[str, dict[str, object]] = {}
    clear: dict[str, str] = {}
    public, strange = list[Element](), list[str]()
    for path, text in elements:
        place = place_of(path)
        holder, _, member = place.partition("/")
        if place == "point":
            public.append((path, text))
        elif place == "":
            strange.append(path)
        elif holder == "recipient.customs":
            items.setdefault(path.rpartition("/")[0], {})[member] = _value(member, text)
        elif "." in holder:
            parts.setdefault(holder, {})[member] = _value(member, text)
        elif member:
            clear[place] = text
    if items:
        parts["recipient.customs"] = {"items": list(items.values())}
    return Told(elements=tuple(elements), parts=parts, clear=clear, public=tuple(public), strange=tuple(strange))


def place_of(path: str) -> str:
    """Which part, or place in the clear, an element belongs to; ``fact`` where it says nothing of anybody, nothing
    where it has no business in a box.
    """
    if SUMMARY.fullmatch(path):
        return "fact"
    return next((place for pattern, place in PATTERNS if pattern.fullmatch(path)), "")


def _value(member: str, text: str) -> object:
    if member == "language":
        return text.lower()
    return int(text) if member in NUMBERS and text.isascii() and text.isdigit() else text


def _elements(node: etree._Element, path: str) -> Iterator[tuple[str, str]]:
    """Every leaf and attribute beneath ``node``; brothers of one name are numbered."""
    for name, value in node.attrib.items():
        yield f"{path}/@{name}", str(value)
    children = [child for child in node if isinstance(child.tag, str)]
    if not children and path:
        yield path, (node.text or "").strip()
    for number, child in enumerate(children, start=1):
        name = etree.QName(child).localname
        many = sum(1 for other in children if other.tag == child.tag) > 1 or name == "parcelContent"
        here = f"{path}/{name}" if path else name
        yield from _elements(child, f"{here}[{number}]" if many else here)
