"""Made-up shipments as a plug-in sends them."""

from __future__ import annotations

from typing import Any

from tests.system.stack import Json

WHOLE: Json = {
    "order": {"id": "5001", "name": "#1001", "updated_at": "2026-11-22T09:30:00+01:00"},
    "recipient": {
        "name": "Mirte Oosterlynck",
        "company": "Bakkerij Verzonnen",
        "locker_member": "188565346",
        "address": {
            "street": "Lijsterbesdreef",
            "number": "14",
            "box": "3",
            "line2": "gelijkvloers",
            "locality": "Gent",
            "postal_code": "9000",
            "country": "BE",
        },
        "email": "mirte@voorbeeld.example",
        "phone": "+32470123456",
        "language": "nl-BE",
    },
    "parcel": {"weight_grams": 750, "pieces": 2, "product": "parcel-plus", "pickup_point": "PUP-1000-01"},
    "customs": [
        {
            "description": "Teapot",
            "quantity": 2,
            "weight_grams": 300,
            "value": "20.00",
            "currency": "EUR",
            "hs_code": "691110",
            "origin": "BE",
        }
    ],
    "cash_on_delivery": {"amount": "54.49", "currency": "EUR"},
}
"""Every field that there is."""


def shipment(number: int | str = 5001, **changes: Any) -> Json:
    """A parcel to an address in Belgium; ``changes`` are to the recipient's address, other keywords by their part."""
    recipient = {
        "name": "Mirte Oosterlynck",
        "address": {"street": "Lijsterbesdreef 14", "locality": "Gent", "postal_code": "9000", "country": "BE"},
        **changes.pop("recipient", {}),
    }
    return {"order": {"id": str(number)}, "recipient": recipient, **changes}
