"""The JSON parcel API's answer: what may come back from a parcel platform is an allow-list too."""

from __future__ import annotations

from marshmallow import fields, validate

from schemas.allowlist import AllowList


def _state() -> fields.String:
    states = ("created", "handed_over", "delivered", "cancelled")
    return fields.String(required=True, validate=validate.OneOf(states, error="unknown"))


class Record(AllowList):
    """The answer to ``POST /records/<type>``: the record's state."""

    state = _state()


class Shipment(AllowList):
    """The answer to ``POST /shipments``: a barcode that the platform made and the shipment's state."""

    barcode = fields.String(required=True, validate=validate.Regexp(r"[A-Z0-9]{8,40}\Z", error="pattern"))
    state = _state()


RECORD = Record()
SHIPMENT = Shipment()
