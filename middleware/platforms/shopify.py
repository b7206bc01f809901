"""Shopify: signed webhooks in, the canonical order out (design: shop platforms §1–§6).

Only the body of a webhook is signed, so every effect comes from the body alone; headers merely say which secret to
try and what to compare.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from middleware.core import signature
from middleware.errors import Fault, SchemaError, SignatureError
from middleware.model import Inbound, Parsed, Reason, ShopSettings
from schemas import shopify
from schemas.allowlist import AllowList, Node, Refused, is_blank, load
from schemas.order import PICKUP_POINT, Address, Contact, CustomsItem, Ids, Order, Parcel, Recipient

SIGNATURE_HEADER = "x-shopify-hmac-sha256"

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

_PAID = frozenset(("paid", "partially_refunded"))
_IN_STORE = frozenset(("pickup", "pick-up", "pick_up", "local_pickup"))
_SHOP_NUMBER = re.compile(r"https?://[^/]+/(?:[a-z]{2}(?:-[A-Za-z]{2,4})?/)?([0-9]+)/orders/")

NAMES: Mapping[str, str] = {
    "/recipient/address/street": "/shipping_address/address1",
    "/recipient/address/locality": "/shipping_address/city",
    "/recipient/address/postal_code": "/shipping_address/zip",
    "/recipient/address/country": "/shipping_address/country_code",
    "/parcel/weight_grams": "/line_items",
    "/parcel/pickup_point": "/note_attributes",
    "/customs": "/line_items",
    "/customs/description": "/line_items/title",
    "/customs/value": "/line_items/price",
    "/ids/order_name": "/name",
}
"""Pointers into the canonical order, and where a Shopify order has the same."""

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shopify:
    """The platform port for Shopify."""

    shape: Node = shopify.SHAPE
    order_topics: frozenset[str] = ORDER_TOPICS

    @property
    def names(self) -> Mapping[str, str]:
        """Where an order has what the canonical order calls otherwise."""
        return NAMES

    def shop_of(self, inbound: Inbound) -> str:
        """The domain that the request claims; unsigned."""
        return inbound.headers.get("x-shopify-shop-domain", "").lower()

    def topic_of(self, inbound: Inbound) -> str:
        """The topic that the request claims; unsigned."""
        return inbound.headers.get("x-shopify-topic", "")

    def webhook_of(self, inbound: Inbound) -> str:
        """The delivery's id, for de-duplication; unsigned."""
        return inbound.headers.get("x-shopify-webhook-id", "")

    def verify(self, inbound: Inbound, secrets: Sequence[bytes], topics: frozenset[str]) -> None:
        """Check the HMAC over the raw body, and that the claimed topic belongs to this route. Raises: SignatureError,
        always alike.
        """
        genuine = signature.verify(inbound.body, inbound.headers.get(SIGNATURE_HEADER), secrets)
        if not genuine or self.topic_of(inbound) not in topics:
            raise SignatureError()

    def order_id(self, document: object) -> str | None:
        """The order's id, even of a document that is otherwise refused."""
        value = document.get("id") if isinstance(document, dict) else None
        return str(value) if type(value) is int else None

    def updated_at(self, document: object) -> datetime | None:
        """When the order was changed, even of a document that is otherwise refused."""
        value = document.get("updated_at") if isinstance(document, dict) else None
        return _moment(value) if isinstance(value, str) else None

    def page_of(self, domain: str, order_id: str) -> str:
        """Where the merchant finds an order, in the shop's own administration."""
        return f"https://{domain}/admin/orders/{order_id}"

    def parse(self, document: object, inbound: Inbound, shop: ShopSettings) -> Parsed:
        """Read the permitted fields. Raises: SchemaError; SignatureError where the body contradicts the claimed topic
        or shop.
        """
        version = _load(shopify.VERSION, document)
        if self.topic_of(inbound) == "orders/cancelled" and not version["cancelled_at"]:
            raise SignatureError()
        _cross_check(version["order_status_url"], shop.number)
        order_id, updated_at = str(version["id"]), _instant(version["updated_at"])
        if version["cancelled_at"]:  # a cancellation counts, whatever else the order holds
            return Parsed(order_id=order_id, updated_at=updated_at, halt=Reason.CANCELLED, order=None, taken={})
        order = _load(shopify.ORDER, document)
        lines = tuple(_shipped(order))
        halt = _halt(order, lines, shop)
        taken: dict[str, str] = {}
        canonical = None if halt else _order(order, lines, shop, taken)
        return Parsed(order_id=order_id, updated_at=updated_at, halt=halt, order=canonical, taken=taken)


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


def _load(schema: AllowList, document: object) -> Fields:
    faults: tuple[tuple[str, str], ...] = ()
    try:
        return load(schema, document)
    except Refused as refused:
        faults = refused.faults
    raise SchemaError(tuple(Fault(pointer=pointer, code=code) for pointer, code in faults))


def _refuse(pointer: str, code: str) -> SchemaError:
    return SchemaError((Fault(pointer=pointer, code=code),))


def _cross_check(url: str | None, number: str | None) -> None:
    """The shop number in the path of ``order_status_url``, never its host (that may be the merchant's own domain)."""
    match = _SHOP_NUMBER.match(url or "")
    if number and (match is None or match.group(1) != number):
        raise SignatureError()


def _instant(text: str) -> datetime:
    instant = _moment(text)
    if instant is None:
        raise _refuse("/updated_at", "timestamp")
    return instant


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None and 2000 <= moment.year < 2200 else None


def _shipped(order: Fields) -> Iterator[tuple[int, Fields, int]]:
    """(position, line, pieces) of every line that goes into the parcel: what was ordered less what was refunded."""
    for position, line in enumerate(order["line_items"] or ()):
        pieces = line["quantity"] if line["current_quantity"] is None else line["current_quantity"]
        if pieces and line["requires_shipping"] is not False and not line["gift_card"]:
            yield position, line, pieces


def _halt(order: Fields, lines: Sequence[tuple[int, Fields, int]], shop: ShopSettings) -> Reason | None:
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


def _picked_up(order: Fields) -> bool:
    """Picked up in store: a rate says so, or there is no address to ship to although the shop may tell who pays.

    Without that second condition an app that may not see protected data would take every order for one that is picked
    up.
    """
    rates = _rates(order)
    if rates and all((rate["delivery_category"] or "").lower() in _IN_STORE for rate in rates):
        return True
    return order["shipping_address"] is None and (not rates or bool(_payers(order)))


def _full_name(person: Fields | None) -> str:
    names = (person["first_name"], person["last_name"]) if person else ()
    return " ".join(name.strip() for name in names if name and name.strip())


def _payers(order: Fields) -> tuple[str, ...]:
    """The names under which the order is paid: the billing address's and the customer's, who need not be the same."""
    billing = order["billing_address"]
    names = (_full_name(billing) or ((billing or {}).get("name") or "").strip(), _full_name(order["customer"]))
    return tuple(name for name in names if name)


class _Taking:
    """Reads a loaded object and notes every value that it took: concrete source path → canonical path."""

    def __init__(self, source: Fields, prefix: str, taken: dict[str, str]) -> None:
        self._source, self._prefix, self._taken = source, prefix, taken

    def __call__(self, name: str, target: str) -> Any:
        value = self._source[name]
        if is_blank(value):
            return None
        self._taken[f"{self._prefix}{name}"] = target
        return value


def _order(order: Fields, lines: Sequence[tuple[int, Fields, int]], shop: ShopSettings, taken: dict[str, str]) -> Order:
    recipient = _recipient(order, taken)
    grams = sum((line["grams"] or 0) * pieces for _, line, pieces in lines)
    return Order(
        ids=Ids(
            order_id=str(order["id"]),
            order_name=order["name"] or None,
            customer_id=str(order["customer"]["id"])
            if order["customer"] and order["customer"]["id"] is not None
            else None,
        ),
        recipient=recipient,
        parcel=Parcel(
            weight_grams=grams or shop.default_weight_grams,
            pieces=1,
            product=shop.product,
            pickup_point=_pickup_point(order, shop.pickup_attribute, taken),
        ),
        customs=tuple(_customs(order, lines, taken)),
        updated_at=_instant(order["updated_at"]),
    )


def _recipient(order: Fields, taken: dict[str, str]) -> Recipient:
    if order["shipping_address"] is None:
        raise _refuse("/shipping_address", "required")
    take = _Taking(order["shipping_address"], "shipping_address.", taken)
    parts = (take("first_name", "recipient.name"), take("last_name", "recipient.name"))
    name = " ".join(part for part in parts if part) or take("name", "recipient.name")
    if not name:
        raise _refuse("/shipping_address/name", "required")
    address = Address(
        street=take("address1", "recipient.address.street"),
        line2=take("address2", "recipient.address.line2"),
        locality=take("city", "recipient.address.locality"),
        postal_code=take("zip", "recipient.address.postal_code"),
        country=take("country_code", "recipient.address.country"),
    )
    return Recipient(
        name=name,
        company=take("company", "recipient.company"),
        address=address,
        contact=_contact(order, name, take, taken),
    )


def _contact(order: Fields, name: str, take: _Taking, taken: dict[str, str]) -> Contact:
    """The recipient's own contact data: the order's e-mail and language are the payer's, and pass only where whoever
    pays is the recipient.
    """
    top = _Taking(order, "", taken)
    payers = _payers(order)
    own = bool(payers) and all(_same(payer, name) for payer in payers)
    return Contact(
        email=top("email", "recipient.contact.email") if own else None,
        phone=take("phone", "recipient.contact.phone") or _rate_phone(order, taken),
        language=top("customer_locale", "recipient.contact.language") if own else None,
    )


def _rate_phone(order: Fields, taken: dict[str, str]) -> str | None:
    """The phone typed for a rate that demands one, where the address has none."""
    for position, rate in enumerate(order["shipping_lines"] or ()):
        phone: str | None = (
            None
            if rate["is_removed"]
            else _Taking(rate, f"shipping_lines[{position}].", taken)("phone", "recipient.contact.phone")
        )
        if phone:
            return phone
    return None


def _same(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def _pickup_point(order: Fields, attribute: str | None, taken: dict[str, str]) -> str | None:
    """The value of the one note attribute that names a pick-up point. Raises: SchemaError for a value that can be no
    id of one.
    """
    for position, note in enumerate(order["note_attributes"] or ()):
        if attribute and note["name"] == attribute and note["value"]:
            if not PICKUP_POINT.fullmatch(note["value"]):
                raise _refuse("/note_attributes", "pickup-point")
            taken[f"note_attributes[{position}].value"] = "parcel.pickup_point"
            return str(note["value"])
    return None


def _customs(order: Fields, lines: Sequence[tuple[int, Fields, int]], taken: dict[str, str]) -> Iterator[CustomsItem]:
    currency = _Taking(order, "", taken)("currency", "customs.currency")
    for position, line, pieces in lines:
        take = _Taking(line, f"line_items[{position}].", taken)
        take("quantity" if line["current_quantity"] is None else "current_quantity", "customs.quantity")
        duty: Fields = (line["duties"] or [{}])[0]
        take_duty = _Taking(duty, f"line_items[{position}].duties[0].", taken)
        yield CustomsItem(
            description=take("title", "customs.description"),
            quantity=pieces,
            weight_grams=take("grams", "customs.weight_grams"),
            value=take("price", "customs.value"),
            currency=currency,
            hs_code=take_duty("harmonized_system_code", "customs.hs_code") if duty else None,
            origin=take_duty("country_code_of_origin", "customs.origin") if duty else None,
        )
