"""Shopify: signed webhooks in, the canonical order out (design: shop platforms §1–§6).

Only the body of a webhook is signed, so every effect comes from the body alone; headers merely say which secret to
try and what to compare.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from middleware.core.address_taking import Notes
from middleware.errors import SignatureError
from middleware.model import Inbound, Parsed, Reason, ShopSettings
from middleware.platforms.documents import loaded, refusal
from middleware.platforms.shopify_order import canonise, payers
from middleware.platforms.signed import Signed
from middleware.platforms.taking import Fields, Lines, moment
from middleware.ports_senders import Headers
from schemas import shopify
from schemas.allowlist import AllowList, Node

HEADERS = Headers(
    signature="X-Shopify-Hmac-Sha256",
    shop="X-Shopify-Shop-Domain",
    topic="X-Shopify-Topic",
    delivery="X-Shopify-Webhook-Id",
)
ORDER_TOPICS = frozenset(
    f"orders/{event}" for event in ("create", "updated", "paid", "cancelled", "fulfilled", "partially_fulfilled")
)
COMPLIANCE: Mapping[str, frozenset[str]] = {
    "customers/data_request": frozenset(("shop_id", "shop_domain", "customer", "orders_requested", "data_request")),
    "customers/redact": frozenset(("shop_id", "shop_domain", "customer", "orders_to_redact")),
    "shop/redact": frozenset(("shop_id", "shop_domain")),
}
"""The compliance topics, each with exactly the names that its body has."""
COMPLIANCE_TOPICS = frozenset(COMPLIANCE)
UNINSTALL_TOPIC = "app/uninstalled"
APP_TOPICS = frozenset((UNINSTALL_TOPIC, "app/scopes_update"))
NOTICES: Mapping[str, frozenset[str]] = {"compliance": COMPLIANCE_TOPICS, "app": APP_TOPICS}

_PAID = frozenset(("paid", "partially_refunded"))
_IN_STORE = frozenset(("pickup", "pick-up", "pick_up", "local_pickup"))
_SHOP_NUMBER = re.compile(r"https?://[^/]+/(?:[a-z]{2}(?:-[A-Za-z]{2,4})?/)?([0-9]+)/orders/")

NAMES: Mapping[str, str] = {
    "/recipient/name": "/shipping_address/name",
    "/recipient/company": "/shipping_address/company",
    "/recipient/address": "/shipping_address",
    "/recipient/address/street": "/shipping_address/address1",
    "/recipient/address/number": "/shipping_address/address1",
    "/recipient/address/box": "/shipping_address/address1",
    "/recipient/address/line2": "/shipping_address/address2",
    "/recipient/contact/email": "/email",
    "/recipient/contact/phone": "/shipping_address/phone",
    "/recipient/address/locality": "/shipping_address/city",
    "/recipient/address/postal_code": "/shipping_address/zip",
    "/recipient/address/country": "/shipping_address/country_code",
    "/parcel/weight_grams": "/line_items",
    "/parcel/product": "/shipping_lines",
    "/parcel/pickup_point": "/note_attributes",
    "/customs": "/line_items",
    "/customs/description": "/line_items/title",
    "/customs/quantity": "/line_items/quantity",
    "/customs/weight_grams": "/line_items/grams",
    "/customs/value": "/line_items/price",
    "/customs/currency": "/currency",
    "/customs/hs_code": "/line_items/duties/harmonized_system_code",
    "/customs/origin": "/line_items/duties/country_code_of_origin",
    "/ids/order_name": "/name",
}
"""Pointers into the canonical order, and where a Shopify order has the same."""


@dataclass(frozen=True, slots=True)
class Shopify(Signed):
    """The platform port for Shopify."""

    headers: Headers = HEADERS
    changed: str = "updated_at"
    name: str = "shopify"
    title: str = "Shopify"
    example: str = "demo.myshopify.com"
    order: AllowList = shopify.ORDER
    shape: Node = shopify.SHAPE
    order_topics: frozenset[str] = ORDER_TOPICS
    shared: bool = True
    repeats: bool = True
    ping: re.Pattern[bytes] | None = None

    @property
    def notices(self) -> Mapping[str, frozenset[str]]:
        """What Shopify asks of an app, and tells it, beside orders."""
        return NOTICES

    @property
    def names(self) -> Mapping[str, str]:
        """Where an order has what the canonical order calls otherwise."""
        return NAMES

    def shop_of(self, inbound: Inbound) -> str:
        """The domain that the request claims; unsigned."""
        return inbound.headers.get(HEADERS.shop.lower(), "").lower()

    def webhook_of(self, inbound: Inbound) -> str:
        """The delivery's id, for de-duplication; unsigned."""
        return inbound.headers.get(HEADERS.delivery.lower(), "")

    def page_of(self, domain: str, order_id: str) -> str:
        """Where the merchant finds an order, in the shop's own administration."""
        return f"https://{domain}/admin/orders/{order_id}"

    def tells(self, document: object, topic: str, domain: str) -> bool:
        """A compliance request is its exact set of names; what an app is told brings the shop."""
        return is_compliance(document, topic, domain) if topic in COMPLIANCE else is_app(document, topic, domain)

    def ends(self, topic: str) -> bool:
        """That the app was uninstalled."""
        return topic == UNINSTALL_TOPIC

    def parse(self, document: object, inbound: Inbound, shop: ShopSettings) -> Parsed:
        """Read the permitted fields. Raises: SchemaError; SignatureError where the body contradicts the claimed topic
        or shop.
        """
        version = loaded(shopify.VERSION, document)
        if self.topic_of(inbound) == "orders/cancelled" and not version["cancelled_at"]:
            raise SignatureError()
        _cross_check(version["order_status_url"], shop.number)
        order_id, updated_at = str(version["id"]), _instant(version["updated_at"])
        if version["cancelled_at"]:  # a cancellation counts, whatever else the order holds
            return Parsed(order_id=order_id, updated_at=updated_at, halt=Reason.CANCELLED, order=None, taken={})
        if shop.creates == "call":  # whatever else it holds is not read
            return Parsed(order_id=order_id, updated_at=updated_at, halt=Reason.OTHER_LANE, order=None, taken={})
        order = loaded(shopify.ORDER, document)
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


def is_compliance(document: object, topic: str, domain: str) -> bool:
    """Whether a body is a compliance request of this topic and shop: the headers that say so are not signed."""
    return isinstance(document, dict) and set(document) == COMPLIANCE[topic] and document["shop_domain"] == domain


def is_app(document: object, topic: str, domain: str) -> bool:
    """Whether a body tells of this shop what the topic says. ``app/uninstalled`` brings the shop itself, whose
    ``domain`` may be the merchant's own where ``myshopify_domain`` stands beside it; ``app/scopes_update`` the scopes,
    and names no shop.
    """
    if not isinstance(document, dict):
        return False
    named = document.get("myshopify_domain", document.get("domain", document.get("shop_domain")))
    if topic == "app/scopes_update" and named is None:
        return isinstance(document.get("current"), list)
    return isinstance(named, str) and named.lower() == domain


def _cross_check(url: str | None, number: str | None) -> None:
    """The shop number in the path of ``order_status_url``, never its host (that may be the merchant's own domain)."""
    match = _SHOP_NUMBER.match(url or "")
    if number and (match is None or match.group(1) != number):
        raise SignatureError()


def _instant(text: str) -> datetime:
    instant = moment(text)
    if instant is None:
        raise refusal("/updated_at", "timestamp")
    return instant


def _shipped(order: Fields) -> Iterator[tuple[int, Fields, int]]:
    """(position, line, pieces) of every line that goes into the parcel: what was ordered less what was refunded."""
    for position, line in enumerate(order["line_items"] or ()):
        pieces = line["quantity"] if line["current_quantity"] is None else line["current_quantity"]
        if pieces and line["requires_shipping"] is not False and not line["gift_card"]:
            yield position, line, pieces


def _halt(order: Fields, lines: Lines, shop: ShopSettings) -> Reason | None:
    if order["test"] and shop.mode == "live":
        return Reason.TEST_ORDER
    if not lines:
        return Reason.NOTHING_TO_SHIP
    if order["fulfillment_status"] == "fulfilled":
        return Reason.FULFILLED
    if _picked_up(order):
        return Reason.IN_STORE
    if shop.ship_when == "paid" and order["financial_status"] not in _PAID:
        return Reason.NOT_PAID
    if shop.ship_when == "fulfillable" and not any(line["fulfillable_quantity"] for _, line, _ in lines):
        return Reason.NOTHING_TO_SHIP
    return None


def _rates(order: Fields) -> list[Fields]:
    return [rate for rate in order["shipping_lines"] or () if not rate["is_removed"]]


def _wanted(order: Fields, known: Mapping[str, str]) -> str | None:
    """What the shop's settings say of the first rate that ships and that they know."""
    codes = (rate["code"] for rate in _rates(order) if (rate["delivery_category"] or "").lower() not in _IN_STORE)
    return next((known[code] for code in codes if code in known), None)


def _picked_up(order: Fields) -> bool:
    """Picked up in store: a rate says so, or there is no address to ship to although the shop may tell who pays.

    Without that second condition an app that may not see protected data would take every order for one that is picked
    up.
    """
    rates = _rates(order)
    if rates and all((rate["delivery_category"] or "").lower() in _IN_STORE for rate in rates):
        return True
    return order["shipping_address"] is None and (not rates or bool(payers(order)))
