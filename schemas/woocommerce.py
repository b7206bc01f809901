"""What may be read from a WooCommerce order (REST resource, version 3), and nothing else.

Statuses as in ``schemas.allowlist``. ``meta_data`` is where plug-ins leave what they like (payment profiles,
advertising ids, messages): of it one value may pass, that of the one configured key.
"""

from __future__ import annotations

from schemas.allowlist import AllowList, Flag, Loose, Text, Whole, index, kept, nested, several, tree, used
from schemas.known import removed_names

MOST_META = 1_000
"""How many values plug-ins may leave at one place."""


class Billing(AllowList):
    """Who pays: the name, to know whether e-mail and phone are the recipient's."""

    first_name = Text(metadata=used("payer.name"))
    last_name = Text(metadata=used("payer.name"))
    email = Text(metadata=kept("recipient.contact.email", spare="payer"))
    phone = Text(metadata=kept("recipient.contact.phone", spare="payer"))


class Shipping(AllowList):
    """Who receives."""

    first_name = Text(metadata=kept("recipient.name", spare="empty"))
    last_name = Text(metadata=kept("recipient.name", spare="empty"))
    company = Text(metadata=kept("recipient.company", spare="empty"))
    address_1 = Text(metadata=kept("recipient.address.street", spare="empty"))
    address_2 = Text(metadata=kept("recipient.address.line2", spare="empty"))
    postcode = Text(longest=32, metadata=kept("recipient.address.postal_code", spare="empty"))
    city = Text(metadata=kept("recipient.address.locality", spare="empty"))
    country = Text(longest=2, metadata=kept("recipient.address.country", spare="empty"))
    phone = Text(metadata=kept("recipient.contact.phone", spare="no_notification"))


class Meta(AllowList):
    """What a plug-in left: read but for the one key that names a known pick-up point."""

    key = Loose(metadata=used("parcel.pickup_point"))
    value = Loose(metadata=kept("parcel.pickup_point", spare="free_text"))


class OrderLine(AllowList):
    """One line: whether there is anything of it, and what customs demands outside the EU. It tells no weight."""

    quantity = Whole(metadata=used("order.state"))
    name = Text(metadata=kept("customs.description", spare="basket"))
    total = Text(longest=32, metadata=kept("customs.value", spare="not_shipped"))


class ShippingMethod(AllowList):
    """The shipping method, which the shop's settings may know: picked up in store or not, and where some plug-ins leave
    the pick-up point.
    """

    method_id = Text(longest=255, metadata=used("order.state"))
    instance_id = Loose(metadata=used("order.line"))
    meta_data = several(Meta, most=MOST_META)


class Refund(AllowList):
    """What was paid back, a negative number, or is not due any more."""

    total = Loose(metadata=used("order.state"))


class Version(AllowList):
    """What tells one version of an order from another, and whether it is called off: read before all else."""

    id = Whole(required=True, metadata=index("order.id"))
    date_modified_gmt = Text(longest=40, required=True, metadata=index("order.time"))
    status = Text(longest=64, metadata=used("order.state"))


class Order(Version):
    """The order as WooCommerce's webhooks carry it, unwrapped. A guest's ``customer_id`` is 0."""

    number = Text(longest=255, metadata=index("order.name"))
    date_paid_gmt = Text(longest=40, metadata=used("order.state"))
    needs_processing = Flag(metadata=used("order.state"))
    payment_method = Loose(metadata=used("order.state"))
    total = Loose(metadata=kept("cash_on_delivery.amount", spare="payment"))
    refunds = several(Refund, most=1_000)
    currency = Text(longest=3, metadata=kept("customs.currency", spare="in_customs_union"))
    customer_id = Whole(metadata=index("customer.id"))
    billing = nested(Billing)
    shipping = nested(Shipping)
    meta_data = several(Meta, most=MOST_META)
    line_items = several(OrderLine, most=2_000)
    shipping_lines = several(ShippingMethod, most=100)


VERSION = Version()
ORDER = Order()
"""The one instance of each: building a marshmallow schema costs more than loading with it."""

SHAPE = tree(ORDER, removed_names("woocommerce-order"))
"""Every known name of a WooCommerce order, permitted or not."""
