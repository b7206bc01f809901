"""The evidence made ready for the judge: shipments matched to the orders that they hold, leaves by their text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from anyascii import anyascii

from simulator.bpost.elements import Told, boxes
from simulator.encoding import read_object
from simulator.evidence import BPOST, Entry, Evidence, Sent, Shipment
from simulator.leaves import field_names, leaves
from simulator.permitted import addressee, permitted, plain
from simulator.rest import Sealed, sealed, sealed_in

WORDS = """
accepted duplicate ignored rejected created handed_over delivered cancelled parcelveil shopify demo.myshopify.com
orders/create id policy pack version sha256 parcel product weight_grams pieces reference pickup_point recipient country
postal_code sealed delivery notification customs sender shop contact retention part class starts until transfers
cleartext_outside_eea receipt bpost-shipping-platform vp.recipient.operational vp.sender.legal recipient.delivery
recipient.notification recipient.customs sender.contact pick-up
national international
"""
"""What the contract, or bpost's schema, itself writes into answers, bodies, tags and states: such a word says nothing
of an order.
"""


class Case:
    """All that the promises are judged by. Raises: ValueError (an order is no JSON object)."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.cleartext = evidence.carrier == BPOST
        self.spelled: Callable[[str], str] = _as_printers if self.cleartext else plain
        self.permitted = {sent.file: permitted(sent, evidence.shop) for sent in evidence.orders}
        self._identities = {sent.file: _identity(sent, evidence.shop.pickup_attribute) for sent in evidence.orders}
        self.bodies = {entry.seq: _read(entry) for entry in evidence.posts}
        self.order_of = {shipment.id: self._match(shipment) for shipment in evidence.shipments}
        self.texts_of: dict[str, frozenset[str]] = {}
        self._places: dict[str, list[str]] = defaultdict(list)
        for sent in evidence.orders:
            found = leaves(sent.body)
            self.texts_of[sent.file] = frozenset(text for _, text in found)
            for path, text in found:
                self._places[text].append(f"{sent.file}: {path}")
        names = frozenset[str]().union(*(field_names(sent.body) for sent in evidence.orders))
        self._vocabulary = " ".join((WORDS, *sorted(names))).casefold()

    @property
    def to_ship(self) -> tuple[Sent, ...]:
        """The orders that must arrive."""
        return tuple(sent for sent in self.evidence.orders if sent.expected == "accepted")

    @property
    def twins(self) -> tuple[str, ...]:
        """Files whose orders cannot be told apart by who receives what where."""
        seen = Counter(identity for identities in self._identities.values() for identity in identities)
        return tuple(file for file, identities in self._identities.items() if any(seen[one] > 1 for one in identities))

    def shipments_of(self, file: str) -> tuple[Shipment, ...]:
        """The shipments that hold the order of ``file``."""
        return tuple(shipment for shipment in self.evidence.shipments if self.order_of[shipment.id] == file)

    def entries_of(self, shipment_id: str) -> tuple[Entry, ...]:
        """The ledger entries that brought that shipment and were taken."""
        return tuple(entry for entry in self.taken if self.bodies[entry.seq].get("id") == shipment_id)

    @property
    def taken(self) -> tuple[Entry, ...]:
        """The entries that the platform took a shipment from."""
        return tuple(entry for entry in self.evidence.posts if entry.status in (200, 201))

    @cached_property
    def sealed(self) -> tuple[Sealed, ...]:
        """Every part as it was sealed for delivery: as the platform got it, or as it waited for the relay."""
        if self.cleartext:
            return sealed_in(self.evidence.waiting)
        found = (
            sealed(str(token), f"ledger entry {entry.seq}")
            for entry in self.taken
            for _, token in tokens(self.bodies[entry.seq])
        )
        return tuple(part for part in found if part is not None)

    def texts(self) -> frozenset[str]:
        """The text of every leaf that is no word of the contract or name of a field."""
        return frozenset(text for text in self._places if text.strip().casefold() not in self._vocabulary)

    def place(self, text: str) -> str:
        """Where in the orders that text stands, as ``file: path``."""
        first, *others = self._places.get(text) or ["the shop's sender settings"]
        return first + (f" (and {len(others)} more)" if others else "")

    def _match(self, shipment: Shipment) -> str | None:
        """By what the platform opened: the name, and the street or the pick-up point."""
        name, lines, point = self._read_shipment(shipment)
        for file, identities in self._identities.items():
            for addressed, line in identities:
                there = self.spelled(line)
                if name == self.spelled(addressed) and (
                    line == point if point else any(piece in there for piece in lines)
                ):
                    return file
        return None

    def _read_shipment(self, shipment: Shipment) -> tuple[str, tuple[str, ...], str | None]:
        delivery = shipment.parts.get("recipient.delivery", {})
        body = next((body for body in self.bodies.values() if body.get("id") == shipment.id), {})
        point = member(body, "parcel", "pickup_point")
        lines = (delivery.get("street"), delivery.get("line2"))
        texts = tuple(self.spelled(line) for line in lines if isinstance(line, str) and line.strip())
        return self.spelled(str(delivery.get("name", ""))), texts, point if isinstance(point, str) else None


def member(body: Mapping[str, Any], *path: str) -> object:
    """The member at ``path``, or None."""
    value: object = body
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def tokens(body: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """(name of the part, what stands in its place) of everything that is called sealed."""
    for party in ("recipient", "sender"):
        sealed = member(body, party, "sealed")
        for name, token in sealed.items() if isinstance(sealed, Mapping) else ():
            yield f"{party}.{name}", token


def _identity(sent: Sent, attribute: str) -> frozenset[tuple[str, str]]:
    """(name, address line or pick-up point) by which the shipment of an order is known."""
    order = read_object(sent.body)
    notes = order.get("note_attributes")
    points = (note.get("value") for note in notes if note.get("name") == attribute) if isinstance(notes, list) else ()
    lines = (member(order, "shipping_address", name) for name in ("address1", "address2"))
    return frozenset(_pairs(addressee(order), (*points, *lines)))


def _pairs(names: Iterable[str], lines: Iterable[object]) -> Iterator[tuple[str, str]]:
    there = [plain(line) for line in lines if isinstance(line, str) and line.strip()]
    for name in names:
        for line in there:
            yield plain(name), line


def _as_printers(text: str) -> str:
    """For comparison where a label printer has the letters of some scripts alone; spaces come and go there."""
    return "".join(anyascii(plain(text)).split())


def _read(entry: Entry) -> Mapping[str, Any]:
    """The body that brought a shipment; of bpost's XML what has a place in such a body."""
    try:
        return read_object(entry.body) if entry.path == "/shipments" else _told(*boxes(entry.body))
    except ValueError:
        return {}


def _told(reference: str, found: Iterable[Told]) -> Mapping[str, Any]:
    body: dict[str, Any] = {"id": reference, "recipient": {}, "parcel": {}}
    for box in found:
        for place, text in box.clear.items():
            holder, _, name = place.partition("/")
            body[holder][name] = text
    return body
