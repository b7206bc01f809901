"""The JSON parcel API's answer: what may come back from a parcel platform is an allow-list too."""

from __future__ import annotations

from marshmallow import fields, validate

from schemas.allowlist import AllowList


class Shipment(AllowList):
    """The answer to ``POST /shipments``: a barcode that the platform made and the shipment's state."""

    barcode = fields.String(required=True, validate=validate.Regexp(r"[A-Z0-9]{8,40}\Z", error="pattern"))
    state = fields.String(
        required=True, validate=validate.OneOf(("created", "handed_over", "delivered", "cancelled"), error="unknown")
    )


SHIPMENT = Shipment()
