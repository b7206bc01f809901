"""The JSON parcel API (contract, "HTTP, outbound"): sealed parts travel as they are, this side can never read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from middleware.core import body, receipt
from middleware.errors import BodyError, Fault, SchemaError
from middleware.model import Delivered, Failed, Outcome, PickupPoint, Refused, Request, Response, Stored
from schemas import parcel_platform
from schemas.allowlist import Refused as NotPermitted
from schemas.allowlist import load
from schemas.order import Address, Order

MAX_WEIGHT_GRAMS = 30_000
"""The heaviest parcel of the product."""

_COUNTRY = re.compile(r"[A-Z]{2}")
_RETRY = frozenset((408, 425, 429))
_LANE = frozenset((401, 403))


@dataclass(frozen=True, slots=True)
class ParcelJson:
    """The carrier port for the JSON parcel API."""

    def fit(self, order: Order, points: Mapping[str, PickupPoint]) -> Order:
        """Check what this carrier needs, and let a known pick-up point's address take the place of the recipient's.
        Raises: SchemaError.
        """
        if order.parcel.pickup_point is not None:
            order = _at_point(order, points.get(order.parcel.pickup_point))
        faults = tuple(_faults(order))
        if faults:
            raise SchemaError(faults)
        return order

    def start(self, stored: Stored) -> Request:
        """The one request: the same bytes under the same key, however often it is sent."""
        outbound: dict[str, Any] = body.read(stored.clear)  # type: ignore[assignment]  # our own canonical bytes: an object
        for part in stored.parts:
            holder, name = part.name.split(".", 1)
            outbound[holder].setdefault("sealed", {})[name] = part.jwe
        outbound["receipt"] = stored.receipt
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": stored.id}
        return Request(method="POST", path="/shipments", headers=headers, body=receipt.canonical(outbound))

    def after(self, response: Response) -> Outcome:
        """What an answer means. The body of a refusal is never looked at: it may echo what was sent."""
        if response.status in (200, 201):
            return _read(response)
        code = f"http-{response.status}"
        if response.status in _LANE:
            return Failed(code=code, pause_lane=True)
        if 400 <= response.status < 500 and response.status not in _RETRY:
            return Refused(code=code)
        return Failed(code=code, retry_after=_seconds(response.headers.get("retry-after")))


def _at_point(order: Order, point: PickupPoint | None) -> Order:
    if point is None:
        raise SchemaError((Fault(pointer="/note_attributes", code="unknown-pickup-point"),))
    address = Address(postal_code=point.postal_code, country=point.country)
    return replace(order, recipient=replace(order.recipient, address=address))


def _faults(order: Order) -> Iterator[Fault]:
    address, weight = order.recipient.address, order.parcel.weight_grams or 0
    if order.parcel.pickup_point is None:
        for name, value in (("address1", address.street), ("city", address.locality)):
            if not (value or "").strip():
                yield Fault(pointer=f"/shipping_address/{name}", code="required")
    if not (address.postal_code or "").strip() and address.country in _NEEDS_POSTAL_CODE:
        yield Fault(pointer="/shipping_address/zip", code="required")
    if not _COUNTRY.fullmatch(address.country or ""):
        yield Fault(pointer="/shipping_address/country_code", code="pattern" if address.country else "required")
    if weight > MAX_WEIGHT_GRAMS:
        yield Fault(pointer="/line_items", code="too-heavy")


_NEEDS_POSTAL_CODE = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CH",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GB",
        "GR",
        "HR",
        "HU",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
        "US",
    ]
)
"""Countries (ISO 3166-1) of our lanes in which no address lacks a postal code; Ireland's and Hong Kong's may."""


def _read(response: Response) -> Outcome:
    try:
        answer = load(parcel_platform.SHIPMENT, body.read(response.body))
    except (BodyError, NotPermitted):
        return Failed(code="unreadable-answer")
    return Delivered(barcode=answer["barcode"], state=answer["state"])


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isascii() and header.isdigit() and len(header) < 8 else None
