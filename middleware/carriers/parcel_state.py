"""How far a parcel is, at the JSON parcel API: it tells a state alone (contract: ``GET /shipments/<id>``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from middleware.core import body
from middleware.errors import BodyError
from middleware.exchange import Failed, Gone, Request, Response
from middleware.journey import Journey, Unheard
from middleware.trail import Sighting
from schemas import parcel_platform
from schemas.allowlist import Refused, load
from schemas.journey import Progress

STATES: Final[Mapping[str, Progress]] = {
    "created": Progress.ANNOUNCED,
    "handed_over": Progress.HANDED_OVER,
    "delivered": Progress.DELIVERED,
    "cancelled": Progress.CANCELLED,
}
"""The parcel API's states, by what they stand for."""


class ParcelState:
    """The port ``Follower`` for the JSON parcel API; the transport bears the token."""

    def question(self, record: Sighting) -> Request:
        """By the record's id, which the platform knows it by."""
        headers = {"Accept": "application/json"}
        return Request(method="GET", path=f"/shipments/{record.id}", headers=headers, body=None)

    def answer(self, record: Sighting, response: Response) -> Journey | Unheard | Gone | Failed:
        """Barcode and state; what else stands there is dropped. A refusal's body is never looked at."""
        if response.status in (404, 410):
            return Gone()
        if response.status != 200:
            return Failed(code=f"http-{response.status}", retry_after=response.retry_after)
        try:
            told = load(parcel_platform.SHIPMENT, body.read(response.body))
        except (BodyError, Refused):
            return Failed(code="unreadable-answer")
        if told["barcode"] != record.barcode:
            return Failed(code="unreadable-answer")
        return Journey(barcode=told["barcode"], state=STATES[told["state"]])
