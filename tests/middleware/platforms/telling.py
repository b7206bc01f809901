"""Documents of what is no parcel, made up: a contact of Maxiresponse, an order of stamps."""

from __future__ import annotations

import random
from typing import Any

from PIL import Image

from middleware.core.images import stripped
from tests.middleware.core.pictures import JPEGS, exif, put, saved, segment, segments

Json = dict[str, Any]

PERSON: Json = {
    "name": "Verbeelde",
    "first_name": "Josefien",
    "email": "josefien@verbeeld.example",
    "phone": "+32470123456",
}
FORBIDDEN: Json = {
    "address": {"street": "Verzonnenlaan", "number": "71", "locality": "Aalst"},
    "company": "Huis Nergens",
    "vat": "BE0214596464",
}
CUSTOMER: Json = {
    "name": "Ververbeeld",
    "first_name": "Anselm",
    "email": "anselm@verbeeld.example",
    "address": {
        "street": "Denkbeeldstraat",
        "number": "12",
        "box": "B",
        "postal_code": "9300",
        "locality": "Aalst",
        "country": "BE",
    },
}


def contact(identity: object, **changes: Any) -> Json:
    """The body that tells of a contact; what is None is left out. ``contract`` stands beside the person."""
    contract = changes.pop("contract", "person")
    person = {key: value for key, value in {"id": str(identity), **PERSON, **changes}.items() if value is not None}
    return {"contact": person, **({"contract": contract} if contract is not None else {})}


def stamps(identity: object, *, customer: Json | None = None, **changes: Any) -> Json:
    """The body of an order of stamps, of the customer ``customer.id``."""
    return {
        "order": {"id": str(identity)},
        "customer": {"id": "c-1", **CUSTOMER, **(customer or {})},
        "stamps": {"product": "mystamp-national", "pieces": 10},
        **changes,
    }


def tagged_jpeg() -> bytes:
    """A photograph with all that a telephone writes into it, ``pictures.CANARY`` in each place."""
    pieces = segments(JPEGS["baseline"])
    return put(pieces, 1, segment(0xE1, exif()))


def large_png(size: int) -> bytes:
    """A picture of nearly so many bytes, as it is after nothing was left to take out of it."""
    side = int((size / 3) ** 0.5)
    noise = random.Random(11).randbytes(side * side * 3)  # noqa: S311 - a picture, not a secret
    return stripped(saved(Image.frombytes("RGB", (side, side), noise), "PNG", compress_level=0))
