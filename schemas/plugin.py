"""What a plug-in may send on its own lane, and what it is answered: the canonical order under its own names, closed.

A plug-in is written for this service, so nothing is dropped in silence: a name that is not listed refuses the
document. What is permitted and not needed for this delivery is withheld all the same, and reported.
"""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.allowlist import EMPTY, Text, Whole, index, kept, nested, several, tree
from schemas.closed import Closed, Matching, needed, text, whole

ORDER_ID = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"
"""The form of an order's id: the shop's own, as its webhooks tell it."""

MOST_PIECES = 99
MOST_ITEMS = 500


class Named(Closed):
    """Which order it is. ``updated_at`` (ISO 8601 with offset) orders its versions; without one it is this moment."""

    id = Matching(ORDER_ID, longest=64, required=True, metadata=index("order.id"))
    name = Text(longest=255, metadata=index("order.name"))
    updated_at = Text(longest=40, metadata=index("order.time"))


class Address(Closed):
    """Where the parcel goes; a pick-up point takes its place."""

    street = text("recipient.address.street")
    number = text("recipient.address.number", 32)
    box = text("recipient.address.box", 32)
    line2 = text("recipient.address.line2")
    locality = text("recipient.address.locality")
    postal_code = text("recipient.address.postal_code", 32)
    country = needed("recipient.address.country", 2)


class Recipient(Closed):
    """The person who receives, never the person who pays."""

    name = needed("recipient.name", 255)
    company = text("recipient.company")
    locker_member = Matching(r"[0-9]{9}", longest=9, metadata=kept("recipient.locker_member", spare=EMPTY))
    address = whole(Address)
    email = text("recipient.contact.email")
    phone = text("recipient.contact.phone", 64)
    language = text("recipient.contact.language", 35)


class Parcel(Closed):
    """Facts of the parcel; what is left out, the shop's settings tell."""

    weight_grams = Whole(metadata=kept("parcel.weight_grams", spare=EMPTY))
    pieces = Whole(largest=MOST_PIECES, metadata=kept("parcel.pieces", spare=EMPTY))
    product = Matching(r"[a-z0-9][a-z0-9-]*", longest=32, metadata=kept("parcel.product", spare=EMPTY))
    pickup_point = Text(longest=32, metadata=kept("parcel.pickup_point", spare=EMPTY))


class CustomsItem(Closed):
    """One line of a customs declaration: ``value`` is a decimal string per piece."""

    description = text("customs.description")
    quantity = Whole(metadata=kept("customs.quantity", spare=EMPTY))
    weight_grams = Whole(metadata=kept("customs.weight_grams", spare=EMPTY))
    value = text("customs.value", 32)
    currency = text("customs.currency", 3)
    hs_code = text("customs.hs_code", 32)
    origin = text("customs.origin", 2)


class CashOnDelivery(Closed):
    """What the recipient pays when the parcel is handed over: ``amount`` is a decimal string."""

    amount = needed("cash_on_delivery.amount", 32)
    currency = needed("cash_on_delivery.currency", 3)


class Shipment(Closed):
    """The body of ``POST /v1/shops/{shop}/shipments``."""

    order = whole(Named)
    recipient = whole(Recipient)
    parcel = nested(Parcel)
    customs = several(CustomsItem, most=MOST_ITEMS)
    cash_on_delivery = nested(CashOnDelivery)


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
