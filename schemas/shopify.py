"""What may be read from a Shopify order (REST resource, API 2026-10), and nothing else.

Statuses as in ``schemas.allowlist``. Shopify's own list of personal fields misses several; this list is what may
pass, not what may not.
"""

from __future__ import annotations

from collections.abc import Iterator

from marshmallow import Schema, fields

from schemas.allowlist import AllowList, Flag, Loose, Text, Whole, index, kept, nested, several, tree, used
from schemas.known import removed_names


class Customer(AllowList):
    """Who pays. The names are compared with the recipient's and gone; the id becomes an index."""

    id = Whole(metadata=index("customer.id"))
    first_name = Text(metadata=used("payer.name"))
    last_name = Text(metadata=used("payer.name"))


class BillingAddress(AllowList):
    """Who pays, again: the name alone, to know whether the order's e-mail is the recipient's."""

    first_name = Text(metadata=used("payer.name"))
    last_name = Text(metadata=used("payer.name"))
    name = Text(metadata=used("payer.name"))


class ShippingAddress(AllowList):
    """Who receives."""

    first_name = Text(metadata=kept("recipient.name", spare="duplicate"))
    last_name = Text(metadata=kept("recipient.name", spare="duplicate"))
    name = Text(metadata=kept("recipient.name", spare="duplicate"))
    company = Text(metadata=kept("recipient.company", spare="empty"))
    address1 = Text(metadata=kept("recipient.address.street", spare="empty"))
    address2 = Text(metadata=kept("recipient.address.line2", spare="empty"))
    zip = Text(longest=32, metadata=kept("recipient.address.postal_code", spare="empty"))
    city = Text(metadata=kept("recipient.address.locality", spare="empty"))
    country_code = Text(longest=2, metadata=kept("recipient.address.country", spare="empty"))
    phone = Text(metadata=kept("recipient.contact.phone", spare="no_notification"))


class NoteAttribute(AllowList):
    """Free text but for the one attribute that names a known pick-up point."""

    name = Loose(metadata=used("parcel.pickup_point"))
    value = Loose(metadata=kept("parcel.pickup_point", spare="free_text"))


class Duty(AllowList):
    """What customs demands of a line."""

    harmonized_system_code = Text(longest=32, metadata=kept("customs.hs_code", spare="duplicate"))
    country_code_of_origin = Text(longest=2, metadata=kept("customs.origin", spare="duplicate"))


class LineItem(AllowList):
    """One line: how much of it goes into the parcel, and what customs demands outside the EU."""

    quantity = Whole(metadata=used("parcel.weight"))
    current_quantity = Whole(metadata=used("parcel.weight"))
    fulfillable_quantity = Whole(metadata=used("order.state"))
    grams = Whole(metadata=used("parcel.weight"))
    requires_shipping = Flag(metadata=used("order.state"))
    gift_card = Flag(metadata=used("order.state"))
    title = Text(metadata=kept("customs.description", spare="basket"))
    price = Text(longest=32, metadata=kept("customs.value", spare="not_shipped"))
    duties = several(Duty, most=10)


class ShippingLine(AllowList):
    """The shipping rate: its code, which the shop's settings may know, whether it is picked up in store, and the phone
    typed for a rate that demands one.
    """

    code = Loose(metadata=used("order.line"))
    phone = Text(metadata=kept("recipient.contact.phone", spare="duplicate"))
    is_removed = Flag(metadata=used("order.state"))
    delivery_category = Text(longest=64, metadata=used("order.state"))


class Version(AllowList):
    """What tells one version of an order from another, and whether it is cancelled: read before all else."""

    id = Whole(required=True, metadata=index("order.id"))
    updated_at = Text(longest=40, required=True, metadata=index("order.time"))
    cancelled_at = Text(longest=40, metadata=used("order.state"))
    order_status_url = Text(metadata=used("order.state"))


class Order(Version):
    """The order as Shopify's webhooks carry it, unwrapped."""

    name = Text(longest=255, metadata=index("order.name"))
    financial_status = Text(longest=64, metadata=used("order.state"))
    fulfillment_status = Text(longest=64, metadata=used("order.state"))
    test = Flag(metadata=used("order.state"))
    currency = Text(longest=3, metadata=kept("customs.currency", spare="in_customs_union"))
    email = Text(metadata=kept("recipient.contact.email", spare="payer"))
    customer_locale = Text(longest=35, metadata=kept("recipient.contact.language", spare="no_notification"))
    customer = nested(Customer)
    billing_address = nested(BillingAddress)
    shipping_address = nested(ShippingAddress)
    note_attributes = several(NoteAttribute, most=250)
    line_items = several(LineItem, most=2_000)
    shipping_lines = several(ShippingLine, most=100)


VERSION = Version()
ORDER = Order()
"""The one instance of each: building a marshmallow schema costs more than loading with it."""

SHAPE = tree(ORDER, removed_names("shopify-order"))
"""Every known name of a Shopify order, permitted or not."""


def include_fields() -> tuple[str, ...]:
    """The ``include_fields`` of ``shopify.app.toml``: what is permitted, so that the shop never sends the rest.

    ``updated_at``, which changes with every version, is among them: Shopify drops a delivery whose body equals the
    one before.
    """
    return tuple(sorted(_leaves(ORDER, "")))


def _leaves(schema: Schema, prefix: str) -> Iterator[str]:
    for name, declared in schema.fields.items():
        if isinstance(declared, fields.Nested):
            yield from _leaves(declared.schema, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"
