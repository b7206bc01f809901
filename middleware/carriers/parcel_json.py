"""The JSON parcel API (contract, "HTTP, outbound"): sealed parts travel as they are, this side can never read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from middleware.account import ACCOUNT_CHANGED
from middleware.carriers import records
from middleware.core import body, customs, due, kind_shipment, postal, receipt
from middleware.errors import BodyError, Fault, SchemaError
from middleware.exchange import (
    Batch,
    Batched,
    Delivered,
    Failed,
    Gone,
    Heard,
    Impossible,
    Label,
    Labelled,
    Lacking,
    Outcome,
    PickupPoint,
    Refused,
    Request,
    Response,
    Sheaf,
    Sheaves,
    TooLate,
    Unserved,
    Wish,
)
from middleware.model import Delivery, ShopSettings, Stored
from middleware.model_keys import Sealing
from middleware.model_purge import Notice, Telling
from middleware.trail import Sighting
from schemas import parcel_platform
from schemas.allowlist import Refused as NotPermitted
from schemas.allowlist import load
from schemas.order import Address, CustomsItem, Order

MAX_WEIGHT_GRAMS = 30_000
"""The heaviest parcel of the product."""

CANCELLED = "cancelled"
"""The state of a shipment that was cancelled (contract: the parcel API's states)."""

PDF = "application/pdf"
NO_SUCH_FORM = "no-such-form"
LARGEST_LABEL = 2 * 1024 * 1024
"""Bytes."""

MAX_CUSTOMS_ITEMS = 500
LONGEST_DESCRIPTION = 255
"""Characters; Shopify's titles have no more."""

_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_COUNTRY = re.compile(r"[A-Z]{2}")
_EVERY = "recipient.delivery"
"""The part that every shipment has."""

_RETRY = frozenset((408, 425, 429))
_LANE = frozenset((401, 403))
_FORBIDDEN = "http-403"
_NO_SUCH_THING = frozenset((405, 501))


def _unknown(shop: ShopSettings) -> Iterator[tuple[str, object]]:
    """The settings that another kind of carrier knows, and what the shop has there."""
    for key in ("account", "cash_on_delivery", "products", "lines"):
        yield key, getattr(shop, key)


@dataclass(frozen=True, slots=True)
class ParcelJson:
    """The carrier port for the JSON parcel API."""

    @property
    def sealing(self) -> Sealing:
        """For the platform, to its own keys."""
        return Sealing.RETENTION

    def serving(self, shop: ShopSettings) -> ParcelJson | Unserved:
        """All shops alike: the profile's token speaks for them, and ``product`` is the platform's own word."""
        for key, given in _unknown(shop):
            if given:
                return Unserved(key=(key,), problem="this kind of carrier knows none", expected="it to be left out")
        return self

    def choose(self, order: Order, line: str | None, usual: Delivery) -> tuple[Order, Delivery]:  # noqa: ARG002 - the port's signature
        """The order's product is the platform's own word, so the shop's settings alone tell what it needs. Raises:
        SchemaError for one that is paid on delivery, for the API has no way to say so.
        """
        due.refuse(order)
        return order, usual

    def fit(self, order: Order, points: Mapping[str, PickupPoint]) -> Order:
        """Check what this carrier needs, and let a known pick-up point's address take the place of the recipient's.
        Raises: SchemaError, with pointers into the canonical order.
        """
        if order.parcel.pickup_point is not None:
            order = _at_point(order, points.get(order.parcel.pickup_point))
        order = _trimmed(order)
        faults = tuple(_faults(order))
        if faults:
            raise SchemaError(faults)
        return order

    @property
    def shared_account(self) -> None:
        """This platform knows one token, and no accounts."""

    def under(self, stored: Stored) -> tuple[ParcelJson, None] | Failed:
        """Under none: what went out under one is at another carrier, which bore this name."""
        return (self, None) if stored.account is None else Failed(code=ACCOUNT_CHANGED)

    def openly(self, order: Order) -> tuple[str, ...]:
        """The members beside the sealed parts that are not empty."""
        told = kind_shipment.clear(order, "ours", "ours")
        groups = ((group, inner) for group, inner in told.items() if isinstance(inner, Mapping))
        return tuple(f"{group}.{name}" for group, inner in groups for name, value in inner.items() if value is not None)

    def start(self, stored: Stored) -> Request:
        """The same bytes under the same key, however often it is sent; or, for what is to end there, the request to
        cancel it.
        """
        home = records.home_of(stored)
        if stored.cancelling and home != records.SHIPMENTS:
            return records.erasure(stored)
        if stored.cancelling:
            headers = {"Accept": "application/json"}
            return Request(method="POST", path=f"/shipments/{stored.id}/cancel", headers=headers, body=b"")
        outbound = {**receipt.body(stored.clear, stored.parts), "receipt": stored.receipt}
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": stored.id}
        return Request(method="POST", path=home, headers=headers, body=receipt.canonical(outbound))

    def after(self, stored: Stored, asked: Request, response: Response) -> Request | Outcome:
        """What an answer means. The body of a refusal is never looked at: it may echo what was sent."""
        parcel = records.home_of(stored) == records.SHIPMENTS
        if stored.cancelling and not parcel:
            return records.erased(stored, asked, response.status) or _unsuccessful(response)
        if stored.cancelling:
            return _ended(stored, asked, response) or _unsuccessful(response)
        if response.status in (200, 201):
            return _read(response) if parcel else _kept(response)
        return _unsuccessful(response)

    def label(self, record: Sighting, wish: Wish) -> Request | Impossible:
        """The PDF, as it is made when it is asked for; its size is the platform's own."""
        if special := wish.special():
            return Impossible(code=NO_SUCH_FORM, clash=special)
        return _label_of(record)

    def labelled(self, record: Sighting, wish: Wish, response: Response) -> Labelled:  # noqa: ARG002 - the port's signature
        """Only what says of itself that it is a PDF, and begins like one, is handed on. It tells nobody's barcode."""
        return _pdf(response)

    def labels(self, shop: str, records: Mapping[int, Sighting], wish: Wish) -> Batched:  # noqa: ARG002 - the port's signature
        """One request for each: the platform gives one label at a time."""
        if special := wish.special():
            return Impossible(code=NO_SUCH_FORM, clash=special)
        return [
            Batch(request=_label_of(record), places={record.barcode or "": place}, wish=wish)
            for place, record in records.items()
        ]

    def sheaves(self, batch: Batch, response: Response) -> Sheaves:
        """The one document of an answer."""
        places = tuple(batch.places.values())
        match _pdf(response):
            case Label(content=content):
                return [Sheaf(content=content, places=places)]
            case Failed() as failed:
                return failed
        return Lacking(places=places)

    def tell(self, notice: Notice) -> Request:
        """The erasure of a part, or the new end of its retention."""
        if notice.telling is Telling.ERASE:
            return _asking("DELETE", f"{records.home(notice.part)}/{notice.record_id}/parts/{notice.part}")
        starts, until = (day and day.isoformat() for day in (notice.starts, notice.ends))
        tag = {"part": notice.part, "class": notice.retention, "starts": starts, "until": until}
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        path = f"{records.home(notice.part)}/{notice.record_id}/retention"
        return Request(method="PATCH", path=path, headers=headers, body=receipt.canonical([tag]))

    def heard(self, notice: Notice, response: Response) -> Heard:
        """What an answer to it means. An id that the platform has never heard of is erased, too (contract: a
        tombstone), but has no end that could be moved.
        """
        done = (204, 410) if notice.telling is Telling.ERASE else (200, 204)
        if response.status in done:
            return Gone()
        if response.status in _NO_SUCH_THING:
            return Impossible(code=f"http-{response.status}")
        answer = _unsuccessful(response)
        if isinstance(answer, Failed) and answer.code == _FORBIDDEN:
            # To deliver may be permitted where this is not: other shipments go on.
            return replace(answer, pause_lane=False)
        return answer


def _ended(stored: Stored, asked: Request, response: Response) -> Request | Outcome | None:
    """What became of a cancellation; None if it did not succeed.

    Of an id that the platform has never heard, it is told to forget the part: it then refuses the shipment if a
    request of ours that was lost on its way should arrive after all (contract: a tombstone). It may have arrived a
    moment before, so the platform is asked what it has now.
    """
    path = f"/shipments/{stored.id}"
    match asked.method, response.status:
        case "POST", 404:
            return _asking("DELETE", f"{path}/parts/{_EVERY}")
        case "POST", 409:
            return TooLate()
        case "DELETE", 204 | 410:
            return _asking("GET", path)
        case ("POST", 410) | ("GET", 404 | 410):
            return Gone()
        case "POST" | "GET", 200:  # said by whatever stands in between, too: only the shipment's own state counts
            return Gone() if _state(response) == CANCELLED else Failed(code="unreadable-answer")
    return None


def _pdf(response: Response) -> Labelled:
    if response.status in (404, 410):
        return Gone()
    if response.status == 409:
        return Refused(code="http-409")
    if response.status != 200:
        return Failed(code=f"http-{response.status}")
    media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    fits = media == PDF and response.body.startswith(b"%PDF-") and len(response.body) <= LARGEST_LABEL
    return Label(content=response.body) if fits else Failed(code="unreadable-answer")


def _label_of(record: Sighting) -> Request:
    return Request(method="GET", path=f"/shipments/{record.id}/label", headers={"Accept": PDF}, body=None)


def _asking(method: str, path: str) -> Request:
    return Request(method=method, path=path, headers={"Accept": "application/json"}, body=None)


def _unsuccessful(response: Response) -> Refused | Failed:
    code = f"http-{response.status}"
    if response.status in _LANE:
        return Failed(code=code, pause_lane=True)
    if 400 <= response.status < 500 and response.status not in _RETRY:
        return Refused(code=code)
    return Failed(code=code, retry_after=response.retry_after)


def _at_point(order: Order, point: PickupPoint | None) -> Order:
    if point is None or customs.declared(point.country, point.postal_code):  # no customs data go with a pick-up point
        raise SchemaError((Fault(pointer="/parcel/pickup_point", code="unknown-pickup-point"),))
    address = Address(postal_code=point.postal_code, country=point.country)
    return replace(order, recipient=replace(order.recipient, address=address))


def _trimmed(order: Order) -> Order:
    """The postal code without what is no part of it."""
    address = order.recipient.address
    if address.postal_code is None:
        return order
    trimmed = replace(address, postal_code=postal.bare(address.postal_code, address.country))
    return replace(order, recipient=replace(order.recipient, address=trimmed))


def _faults(order: Order) -> Iterator[Fault]:
    address, weight = order.recipient.address, order.parcel.weight_grams or 0
    if order.parcel.pickup_point is None:
        for name, value in (("street", address.street), ("locality", address.locality)):
            if not (value or "").strip():
                yield Fault(pointer=f"/recipient/address/{name}", code="required")
    if code := postal.fault(address.postal_code, address.country):
        yield Fault(pointer="/recipient/address/postal_code", code=code)
    if not _COUNTRY.fullmatch(address.country or ""):
        yield Fault(pointer="/recipient/address/country", code="pattern" if address.country else "required")
    if weight > MAX_WEIGHT_GRAMS:
        yield Fault(pointer="/parcel/weight_grams", code="too-heavy")
    yield from customs.faults(order)
    yield from _customs(order.customs)


def _customs(items: Sequence[CustomsItem]) -> Iterator[Fault]:
    if len(items) > MAX_CUSTOMS_ITEMS:
        yield Fault(pointer="/customs", code="too-many")
    for place, item in enumerate(items):
        if len(item.description or "") > LONGEST_DESCRIPTION:
            yield Fault(pointer=f"/customs/{place}/description", code="too-long")
        if item.value is not None and not _DECIMAL.fullmatch(item.value):
            yield Fault(pointer=f"/customs/{place}/value", code="decimal")


def _read(response: Response) -> Outcome:
    answer = _shipment(response)
    if answer is None:
        return Failed(code="unreadable-answer")
    return Delivered(barcode=answer["barcode"], state=answer["state"])


def _kept(response: Response) -> Outcome:
    """Of what is no parcel there is no barcode."""
    try:
        answer = load(parcel_platform.RECORD, body.read(response.body))
    except (BodyError, NotPermitted):
        return Failed(code="unreadable-answer")
    return Delivered(barcode=None, state=answer["state"])


def _state(response: Response) -> str | None:
    answer = _shipment(response)
    return None if answer is None else str(answer["state"])


def _shipment(response: Response) -> Mapping[str, Any] | None:
    try:
        return load(parcel_platform.SHIPMENT, body.read(response.body))
    except (BodyError, NotPermitted):
        return None
