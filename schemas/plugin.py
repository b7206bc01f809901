"""What a plug-in may send on its own lane, and what it is answered: the canonical order under its own names, closed.

A plug-in is written for this service, so nothing is dropped in silence: a name that is not listed refuses the
document. What is permitted and not needed for this delivery is withheld all the same, and reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from schemas.allowlist import EMPTY, AllowList, Text, Whole, index, kept, nested, several, tree

ORDER_ID = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"
"""The form of an order's id: the shop's own, as its webhooks tell it."""

UNKNOWN = "unknown"
"""The code of a name that is not listed; its pointer ends in ``*``."""

MOST_PIECES = 99
MOST_ITEMS = 500


class Closed(AllowList):
    """An object with no other names than these. The name that is one too many is never repeated."""

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _no_others(self, data: Mapping[str, Any], original: object, **kwargs: Any) -> None:  # noqa: ARG002 - marshmallow's signature
        if isinstance(original, Mapping) and not set(original) <= self.fields.keys():
            raise ValidationError({"*": [UNKNOWN]})


def _needed(target: str, longest: int) -> Text:
    return Text(longest=longest, required=True, metadata=kept(target, spare=EMPTY))


def _text(target: str, longest: int = 255) -> Text:
    return Text(longest=longest, metadata=kept(target, spare=EMPTY))


class _Matching(Text):
    """A text of that form: it travels in the clear, or finds an order again."""

    def __init__(self, form: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(validate.Regexp(f"(?:{form})\\Z", error="pattern"))


class Named(Closed):
    """Which order it is. ``updated_at`` (ISO 8601 with offset) orders its versions; without one it is this moment."""

    id = _Matching(ORDER_ID, longest=64, required=True, metadata=index("order.id"))
    name = Text(longest=255, metadata=index("order.name"))
    updated_at = Text(longest=40, metadata=index("order.time"))


class Address(Closed):
    """Where the parcel goes; a pick-up point takes its place."""

    street = _text("recipient.address.street")
    number = _text("recipient.address.number", 32)
    box = _text("recipient.address.box", 32)
    line2 = _text("recipient.address.line2")
    locality = _text("recipient.address.locality")
    postal_code = _text("recipient.address.postal_code", 32)
    country = _needed("recipient.address.country", 2)


class Recipient(Closed):
    """The person who receives, never the person who pays."""

    name = _needed("recipient.name", 255)
    company = _text("recipient.company")
    address = fields.Nested(Address, required=True, error_messages={"required": "required", "null": "required"})
    email = _text("recipient.contact.email")
    phone = _text("recipient.contact.phone", 64)
    language = _text("recipient.contact.language", 35)


class Parcel(Closed):
    """Facts of the parcel; what is left out, the shop's settings tell."""

    weight_grams = Whole(metadata=kept("parcel.weight_grams", spare=EMPTY))
    pieces = Whole(largest=MOST_PIECES, metadata=kept("parcel.pieces", spare=EMPTY))
    product = _Matching(r"[a-z0-9][a-z0-9-]*", longest=32, metadata=kept("parcel.product", spare=EMPTY))
    pickup_point = Text(longest=32, metadata=kept("parcel.pickup_point", spare=EMPTY))


class CustomsItem(Closed):
    """One line of a customs declaration: ``value`` is a decimal string per piece."""

    description = _text("customs.description")
    quantity = Whole(metadata=kept("customs.quantity", spare=EMPTY))
    weight_grams = Whole(metadata=kept("customs.weight_grams", spare=EMPTY))
    value = _text("customs.value", 32)
    currency = _text("customs.currency", 3)
    hs_code = _text("customs.hs_code", 32)
    origin = _text("customs.origin", 2)


class Shipment(Closed):
    """The body of ``POST /v1/shops/{shop}/shipments``."""

    order = fields.Nested(Named, required=True, error_messages={"required": "required", "null": "required"})
    recipient = fields.Nested(Recipient, required=True, error_messages={"required": "required", "null": "required"})
    parcel = nested(Parcel)
    customs = several(CustomsItem, most=MOST_ITEMS)


class Made(Schema):
    """The answer: of a shipment that the parcel platform has, ``barcode`` and ``label`` too."""

    id = fields.UUID(required=True, metadata={"description": "The record"})
    reference = fields.String(required=True, metadata={"description": "The short code that the label shows"})
    status = fields.String(required=True, metadata={"description": "Where its state is told"})
    barcode = fields.String(metadata={"description": "The parcel platform's"})
    label = fields.String(metadata={"description": "Where its label is fetched (PDF)"})


SHIPMENT = Shipment()
MADE = Made()
"""The one instance of each."""

SHAPE = tree(SHIPMENT, {})
"""Every name that a plug-in may send."""
