"""Where a parcel is, with the sender's and the addressee's data in full: the real answer leaks them as well."""

from __future__ import annotations

from datetime import datetime, timedelta

from lxml import etree

from simulator.bpost.contents import Contents, Party, contents
from simulator.bpost.names import BoxState
from simulator.bpost.store import Box

TRACKING = "http://schema.post.be/tracking/v1/"
PARTIES = "http://schema.post.be/announcement/common/v1/"
SORTED = ("T00", "Sorted - sorted_out")
ON_THE_ROUND = ("L00", "BoundToRound - out_for_distribution")
JOURNEY = {
    BoxState.IN_TRANSIT: (SORTED,),
    BoxState.AWAITING_PICKUP: (SORTED, ("N74", "AwaitingPickup - at_the_point")),
    BoxState.DELIVERED: (SORTED, ON_THE_ROUND, ("U01", "DistributedNormally - regular")),
    BoxState.BACK_TO_SENDER: (SORTED, ON_THE_ROUND, ("B03", "BackToSender - refused")),
}
"""State of a box → what is told of its way. T00, L00 and U01 stand in a sample of bpost's own, N74 and B03 in public
software; the words to these two are ours.
"""
NAMES = {
    "streetName": "streetName",
    "number": "houseNumber",
    "box": "boxNumber",
    "postalCode": "postalCode",
    "locality": "city",
    "countryCode": "countryCode",
}
"""Parts of an address: in an order → in tracking."""


def tracking(box: Box, barcode: str, now: datetime) -> bytes:
    """The way of ``box`` so far, as it would be told at ``now`` (aware)."""
    told = contents(box)
    root = etree.Element(_name("itemTracking"), nsmap={None: TRACKING, "ns2": PARTIES})
    _add(root, "itemCode", barcode)
    if told.sender is not None:
        _party(root, "sender", told.sender)
    _party(root, "addressee", told.receiver)
    _add(root, "cityOrCountryOfDestination", told.receiver.address["locality"])
    _add(root, "nameOfDestination", told.receiver.name)
    _add(root, "customerReference", box.reference)
    window = etree.SubElement(root, _name("deliveryTimeWindow"))
    for bound, hours in (("Start", 1), ("End", 3)):
        planned = (now + timedelta(hours=hours)).isoformat(timespec="seconds")
        _add(window, f"plannedDeliveryDateWindow{bound}", planned)
    detail = etree.SubElement(root, _name("itemDetail"))
    _add(detail, "weightInGrams", told.weight)
    _states(root, box.state, now, told.receiver.address["locality"])
    _add(root, "trackingId", f"made-up-{box.number}")
    _point(root, told)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _states(root: etree._Element, state: BoxState, now: datetime, place: str) -> None:
    """``place``: the last scan was where the addressee lives."""
    for code, words in JOURNEY.get(state, ()):
        entry = etree.SubElement(root, _name("stateInfo"))
        _add(entry, "time", now.isoformat(timespec="seconds"))
        _add(entry, "location", "" if code == SORTED[0] else place)
        _add(entry, "stateCode", code)
        _add(entry, "stateDescription", words)


def _party(root: etree._Element, name: str, party: Party) -> None:
    entry = etree.SubElement(root, _name(name))
    _add(entry, "name", party.name, PARTIES)
    _add(entry, "company", party.company, PARTIES)
    if any(party.address.values()):
        address = etree.SubElement(entry, _name("address", PARTIES))
        for part, called in NAMES.items():
            _add(address, called, party.address[part], PARTIES)
    if party.email or party.phone:
        detail = etree.SubElement(entry, _name("contactDetail", PARTIES))
        _add(detail, "emailAddress", party.email, PARTIES)
        _add(detail, "phoneNumber", party.phone, PARTIES)


def _point(root: etree._Element, told: Contents) -> None:
    if told.point is None:
        return
    id_, name, address = told.point
    point = etree.SubElement(root, _name("pickupPoint"))
    _add(point, "id", id_)
    _add(point, "name", name)
    for part, called in NAMES.items():
        _add(point, called, address[part])


def _name(name: str, space: str = TRACKING) -> str:
    return f"{{{space}}}{name}"


def _add(parent: etree._Element, name: str, text: str, space: str = TRACKING) -> None:
    if text:
        etree.SubElement(parent, _name(name, space)).text = text
