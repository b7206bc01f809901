"""What a box says of who gets it, where: for its label, and for the tracking that tells too much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from simulator.bpost.store import Box
from simulator.label import Label

ADDRESS = ("streetName", "number", "box", "addressLineTwo", "postalCode", "locality", "countryCode")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Party:
    """A name and address with contact; empty where the box has none."""

    name: str
    company: str
    address: dict[str, str]
    email: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Contents:
    """What stands in a box. ``point``: (id, name, address) of a pick-up point or locker."""

    product: str
    receiver: Party
    sender: Party | None
    point: tuple[str, str, dict[str, str]] | None
    weight: str


def contents(box: Box) -> Contents:
    """What stands in ``box``."""
    root = box.element
    receiver, sender = _first(root, "receiver"), _first(root, "sender")
    place = _first(root, "pugoAddress", "parcelsDepotAddress")
    point = None
    if place is not None:
        id_ = _text(root, "pugoId", "parcelsDepotId")
        point = (id_, _text(root, "pugoName", "parcelsDepotName"), _address(place))
    return Contents(
        product=_text(root, "product"),
        receiver=_at_a_point(root) if receiver is None else _party(receiver),
        sender=None if sender is None else _party(sender),
        point=point,
        weight=_text(root, "weight", "parcelWeight"),
    )


def label(box: Box, barcode: str, *, back: bool = False) -> Label:
    """The label of ``box`` under that barcode; ``back``: the way to the sender."""
    told = contents(box)
    if back:
        lines = _lines(told.sender) if told.sender else ("(the account's own address)",)
    elif told.point:
        lines = (told.receiver.name, told.receiver.company, told.point[1], *_address_lines(told.point[2]))
    else:
        lines = _lines(told.receiver)
    shown = _text(box.element, "additionalCustomerReference")
    text = tuple(line for line in (*lines, told.product, shown) if line)
    return Label(lines=text, reference=box.reference, barcode=barcode)


def _lines(party: Party) -> tuple[str, ...]:
    return (party.name, party.company, *_address_lines(party.address))


def _address_lines(address: dict[str, str]) -> Iterator[str]:
    street = " ".join(filter(None, (address["streetName"], address["number"])))
    yield f"{street} / {address['box']}" if address["box"] else street
    yield address["addressLineTwo"]
    yield f"{address['postalCode']} {address['locality']}"
    yield address["countryCode"]


def _party(node: etree._Element) -> Party:
    place = _first(node, "address")
    return Party(
        name=_text(node, "name"),
        company=_text(node, "company"),
        address=dict.fromkeys(ADDRESS, "") if place is None else _address(place),
        email=_text(node, "emailAddress"),
        phone=_text(node, "phoneNumber"),
    )


def _at_a_point(root: etree._Element) -> Party:
    return Party(
        name=_text(root, "receiverName"),
        company=_text(root, "receiverCompany"),
        address=dict.fromkeys(ADDRESS, ""),
        email=_text(root, "emailAddress"),
        phone=_text(root, "mobilePhone"),
    )


def _address(node: etree._Element) -> dict[str, str]:
    return {name: _text(node, name) for name in ADDRESS}


def _first(node: etree._Element, *names: str) -> etree._Element | None:
    """The first element beneath ``node`` that has one of these local names."""
    return next((child for child in node.iterdescendants() if etree.QName(child).localname in names), None)


def _text(node: etree._Element, *names: str) -> str:
    found = _first(node, *names)
    return "" if found is None else (found.text or "").strip()
