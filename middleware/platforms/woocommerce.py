"""WooCommerce: signed webhooks in, the canonical order out (design: shop platforms §9).

Only the body of a webhook is signed, so every effect comes from the body alone. A delivery that fails is never sent
again, and what is ``cancelled`` here may be taken up again: a payment that was late, a second thought.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from middleware.core.address_taking import Notes
from middleware.errors import SignatureError
from middleware.model import Inbound, Parsed, Reason, ShopSettings
from middleware.platforms.documents import loaded, refusal
from middleware.platforms.signed import Signed
from middleware.platforms.taking import Fields, Lines, moment
from middleware.platforms.woocommerce_order import canonise
from middleware.ports_senders import Headers
from schemas import woocommerce
from schemas.allowlist import AllowList, Node, is_blank
from schemas.shop_rules import site_of

HEADERS = Headers(
    signature="X-WC-Webhook-Signature",
    shop="X-WC-Webhook-Source",
    topic="X-WC-Webhook-Topic",
    delivery="X-WC-Webhook-Delivery-ID",
)
DELETED = "order.deleted"
ORDER_TOPICS = frozenset(("order.created", "order.updated", DELETED))

UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
"""When a deletion took place, which tells no time: a cancellation is final whatever its time."""

_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
_ENTITY = re.compile(r"&(?:(lt|gt|quot|amp)|#0*(39|34|60|62|38)|#x0*(27|22|26));", re.IGNORECASE)
_NAMED: Final = {"lt": "<", "gt": ">", "quot": '"', "amp": "&"}
_PAID = frozenset(("processing", "completed"))
_NEVER_PAID = frozenset(("pending", "on-hold", "failed", "checkout-draft", "auto-draft", "draft", ""))
_NO_ORDER_YET = frozenset(("failed", "checkout-draft", "auto-draft", "draft", ""))
"""Not shipped, even by a shop that ships before it is paid."""

_CALLED_OFF = frozenset(("cancelled", "trash"))
_IN_STORE = frozenset(("local_pickup", "pickup_location"))

NAMES: Mapping[str, str] = {
    "/recipient/name": "/shipping/last_name",
    "/recipient/company": "/shipping/company",
    "/recipient/address": "/shipping",
    "/recipient/address/street": "/shipping/address_1",
    "/recipient/address/number": "/shipping/address_1",
    "/recipient/address/box": "/shipping/address_1",
    "/recipient/address/line2": "/shipping/address_2",
    "/recipient/contact/email": "/billing/email",
    "/recipient/contact/phone": "/shipping/phone",
    "/recipient/address/locality": "/shipping/city",
    "/recipient/address/postal_code": "/shipping/postcode",
    "/recipient/address/country": "/shipping/country",
    "/parcel/weight_grams": "/line_items",
    "/parcel/product": "/shipping_lines",
    "/parcel/pickup_point": "/meta_data",
    "/cash_on_delivery": "/payment_method",
    "/cash_on_delivery/amount": "/total",
    "/cash_on_delivery/currency": "/currency",
    "/customs": "/line_items",
    "/customs/description": "/line_items/name",
    "/customs/quantity": "/line_items/quantity",
    "/customs/weight_grams": "/settings/customs/weight_grams",
    "/customs/value": "/line_items/total",
    "/customs/currency": "/currency",
    "/customs/hs_code": "/settings/customs/hs_code",
    "/customs/origin": "/settings/customs/origin",
    "/ids/order_name": "/number",
    "/updated_at": "/date_modified_gmt",
}
"""Pointers into the canonical order, and where a WooCommerce order has the same, or the shop's settings."""


@dataclass(frozen=True, slots=True)
class WooCommerce(Signed):
    """The platform port for WooCommerce."""

    headers: Headers = HEADERS
    changed: str = "date_modified_gmt"
    zone: str = "Z"
    spellings: int = 2
    name: str = "woocommerce"
    title: str = "WooCommerce"
    example: str = "https://shop.example/"
    order: AllowList = woocommerce.ORDER
    shape: Node = woocommerce.SHAPE
    order_topics: frozenset[str] = ORDER_TOPICS
    shared: bool = False
    repeats: bool = False
    ping: re.Pattern[bytes] | None = _PING

    @property
    def notices(self) -> Mapping[str, frozenset[str]]:
        """None: it is no app that could be uninstalled."""
        return {}

    @property
    def names(self) -> Mapping[str, str]:
        """Where an order has what the canonical order calls otherwise."""
        return NAMES

    def shop_of(self, inbound: Inbound) -> str:
        """The site that the request claims; unsigned. A copy of a shop (a staging site) has its webhooks and their
        secret too, and another address.
        """
        return site_of(inbound.headers.get(HEADERS.shop.lower(), "")) or ""

    def webhook_of(self, inbound: Inbound) -> str:
        """The delivery, for de-duplication; unsigned. Its id is made of webhook and second, so that two orders of one
        second bear the same: the body belongs to it.
        """
        return f"{inbound.headers.get(HEADERS.delivery.lower(), '')} {hashlib.sha256(inbound.body).hexdigest()}"

    def spelt(self, secret: bytes) -> Sequence[bytes]:
        """As it was given, and as WooCommerce reads it."""
        return spellings(secret)

    def page_of(self, domain: str, order_id: str) -> str:
        """Where the merchant finds an order, in the shop's own administration; where orders have tables of their own
        it leads on to them.
        """
        return f"https://{domain}/wp-admin/post.php?post={order_id}&action=edit"

    def tells(self, document: object, topic: str, domain: str) -> bool:  # noqa: ARG002 - the port's signature
        """Nothing but orders."""
        return False

    def ends(self, topic: str) -> bool:  # noqa: ARG002 - the port's signature
        """Nothing does."""
        return False

    def parse(self, document: object, inbound: Inbound, shop: ShopSettings) -> Parsed:
        """Read the permitted fields. A body of nothing but an id says that the order was deleted. Raises: SchemaError;
        SignatureError where the body contradicts the claimed topic.
        """
        deleted = isinstance(document, dict) and document.keys() == {"id"} and type(document["id"]) is int
        if deleted and isinstance(document, dict):
            told, gone = str(document["id"]), Reason.CANCELLED
            return Parsed(order_id=told, updated_at=UNDATED, halt=gone, order=None, taken={})
        if self.topic_of(inbound) == DELETED:
            raise SignatureError()
        version = loaded(woocommerce.VERSION, document)
        updated_at = moment(version["date_modified_gmt"], zone="Z")
        if updated_at is None:
            raise refusal("/date_modified_gmt", "timestamp")
        order_id, called_off = str(version["id"]), version["status"] in _CALLED_OFF
        if called_off or shop.creates == "call":  # it counts, or does not, whatever else the order holds
            reason = Reason.CALLED_OFF if called_off else Reason.OTHER_LANE
            return Parsed(order_id=order_id, updated_at=updated_at, halt=reason, order=None, taken={})
        order = loaded(woocommerce.ORDER, document)
        lines = tuple(_shipped(order))
        halt = _halt(order, lines, shop)
        notes = Notes()
        canonical = None if halt else canonise(order, lines, updated_at, shop, notes)
        return Parsed(
            order_id=order_id,
            updated_at=updated_at,
            halt=halt,
            order=canonical,
            line=_wanted(order, shop.lines),
            taken=notes.taken,
            shared=notes.shared,
            doubts=notes.doubts,
        )


def spellings(secret: bytes) -> tuple[bytes, ...]:
    """A secret as it was given, and with HTML entities as characters, which is how WooCommerce signs: a secret with
    ``&`` or ``<`` in it may be seen in its pages in either way. None of an empty one: with it anybody could sign.
    """
    text = secret.decode("utf-8", "surrogateescape")
    meant = _ENTITY.sub(_character, text).encode("utf-8", "surrogateescape")
    return tuple(one for one in (secret, meant) if one)


def _character(entity: re.Match[str]) -> str:
    name, decimal, hexadecimal = entity.groups()
    if name:
        return _NAMED.get(name, entity[0])
    return chr(int(decimal) if decimal else int(hexadecimal, 16))


def _shipped(order: Fields) -> Iterator[tuple[int, Fields, int]]:
    """(position, line, pieces) of every line that goes into the parcel; an order does not say of which line a refund
    was.
    """
    for position, line in enumerate(order["line_items"] or ()):
        if line["quantity"]:
            yield position, line, line["quantity"]


def _halt(order: Fields, lines: Lines, shop: ShopSettings) -> Reason | None:
    status = order["status"] or ""
    if status == "refunded" or not lines or order["needs_processing"] is False or _sent_nowhere(order):
        return Reason.NOTHING_TO_SHIP
    if status == "completed":
        return Reason.FULFILLED
    methods = [line["method_id"] or "" for line in order["shipping_lines"] or ()]
    if methods and all(method.partition(":")[0] in _IN_STORE for method in methods):
        return Reason.IN_STORE
    if status in _NO_ORDER_YET or (shop.ship_when == "paid" and not _paid(order, status)):
        return Reason.NOT_PAID
    if shop.ship_when == "fulfillable" and status != "processing":
        return Reason.NOTHING_TO_SHIP
    return None


def _wanted(order: Fields, known: Mapping[str, str]) -> str | None:
    """What the shop's settings say of the first shipping method that ships and that they know: of this one of its zone
    (``flat_rate:3``), or of all of its kind.
    """
    for line in order["shipping_lines"] or ():
        kind, _, instance = (line["method_id"] or "").partition(":")
        names = (f"{kind}:{instance or line['instance_id']}", kind)
        if kind not in _IN_STORE and (found := next((known[name] for name in names if name in known), None)):
            return found
    return None


def _paid(order: Fields, status: str) -> bool:
    """By its status; a plug-in's own status tells nothing, but there is a date of payment."""
    return status in _PAID or (status not in _NEVER_PAID and not is_blank(order["date_paid_gmt"]))


def _sent_nowhere(order: Fields) -> bool:
    """Without a shipping method and without an address (a country may be set beforehand): files and vouchers alone."""
    address = {name: value for name, value in (order["shipping"] or {}).items() if name != "country"}
    return not order["shipping_lines"] and all(is_blank(value) for value in address.values())
