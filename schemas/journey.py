"""What a shop is told of a parcel's way: an allow-list too. States, codes and times; no place, no word, nobody."""

from __future__ import annotations

from enum import StrEnum

from marshmallow import fields, validate

from schemas.allowlist import AllowList


class Progress(StrEnum):
    """How far a parcel is. The words are ours, whatever a parcel platform calls it."""

    ANNOUNCED = "announced"  # the parcel platform knows of it, and has not had it in hand
    HANDED_OVER = "handed_over"  # it has it
    SORTED = "sorted"
    IN_TRANSIT = "in_transit"
    DELAYED = "delayed"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AWAITING_PICKUP = "awaiting_pickup"
    NOT_DELIVERED = "not_delivered"  # it could not be: it is kept, or goes back
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"  # told by a code that nobody outside explains


def _state(says: str) -> fields.String:
    return fields.String(required=True, validate=validate.OneOf(list(Progress)), metadata={"description": says})


def _moment(says: str) -> fields.AwareDateTime:
    return fields.AwareDateTime(required=True, allow_none=True, format="iso", metadata={"description": says})


class Scan(AllowList):
    """One step of its way."""

    at = _moment("When, to the second; null where it was not told in a form that can be read")
    state = _state("How far it was then")
    code = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The parcel platform's own code for it, a letter and two digits; null for none"},
    )


class Window(AllowList):
    """When the parcel platform means to deliver it."""

    starts = _moment("Not before; null where it is not told")
    ends = _moment("Not after; null where it is not told")


class Journey(AllowList):
    """The answer to a shop that asks how far a parcel of its own is, as the parcel platform tells it at that moment."""

    barcode = fields.String(required=True, metadata={"description": "The parcel platform's"})
    state = _state("How far it is")
    scans = fields.Nested(
        Scan,
        many=True,
        required=True,
        metadata={"description": "Its way, the oldest first; empty where the parcel platform tells the state alone"},
    )
    window = fields.Nested(Window, required=True, allow_none=True)


JOURNEY = Journey()
