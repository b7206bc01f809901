"""The orders that are sent with canaries in them, what must become of each, and what of each may pass where.

What may pass is written here anew, from the contract alone: nothing of the service is asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.system.canaries import INSIDE, OUTSIDE, Document, mobile, order, shipped
from tests.system.stack import SENDER, Json

SHOPS: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "email": {"notify": "email"},
    "sms": {"notify": "sms"},
    "refuse": {"on_invalid": "refuse"},
    "named": {"reference": "order-name"},
    "pickup": {"notify": "email", "pickup_attribute": "pickup_point"},
    "failing": {"carrier": "failing"},
    "refusing": {"carrier": "refusing"},
    "garbling": {"carrier": "garbling"},
    "chatty": {"carrier": "chatty"},
}
"""Every shop with what sets it apart; the last four have a parcel platform of their own."""

POINT = "PUP-1000-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One order to send. ``clear`` maps the paths of canaries to the kinds of haystack in which they may be found.

    ``parts`` is what the parcel platform may read of it; None if nothing may arrive there. ``change`` turns the
    document's bytes into those that are sent; ``headers`` replace those of the webhook.
    """

    document: Document
    shop: str
    status: int = 200
    answer: str = "accepted"
    parts: Mapping[str, Json] | None = None
    clear: Mapping[str, frozenset[str]] = field(default_factory=dict)
    change: Callable[[bytes], bytes] = bytes
    headers: Mapping[str, str | None] = field(default_factory=dict)
    times: int = 1
    platform: str = "shopify"

    @property
    def name(self) -> str:
        """As its canaries name it."""
        return self.document.name


SENT = frozenset({"outbound"})
RESTING = SENT | {"database", "rows"}
"""What may be seen of an order that still waits, or that was given up: its clear rest lies in the database."""


def variants() -> Iterator[Variant]:
    """All of them."""
    yield from accepted()
    yield from left_aside()
    yield from refused()
    yield from rudely_answered()


def accepted() -> Iterator[Variant]:
    """Orders that go out: every way to notify, inside and outside the EU, paid by the recipient or by another."""
    for notify in ("none", "email", "sms"):
        for country in (INSIDE, OUTSIDE):
            document = to(f"{notify} {country}", country)
            paid_by_recipient = country == INSIDE
            if paid_by_recipient:
                pay(document)
            told = notification(document, notify, paid_by_recipient=paid_by_recipient)
            yield Variant(document=document, shop=notify, parts=parts(document, told), clear=postal_code(SENT))
    document = to("twice", INSIDE)
    yield Variant(document=document, shop="none", parts=parts(document), clear=postal_code(SENT), times=2)
    document = to("named", INSIDE)
    clear = {**postal_code(SENT), "name": SENT}
    yield Variant(document=document, shop="named", parts=parts(document), clear=clear)
    yield from split()
    document = to("pickup", INSIDE)
    document.content["note_attributes"].append({"name": "pickup_point", "value": POINT})
    delivery = {"name": full_name(document)}
    yield Variant(document=document, shop="pickup", parts={"recipient.delivery": delivery, **sender()})


def split() -> Iterator[Variant]:
    """Orders whose address lines are split, and one with a line in doubt. A Belgian postal code is too short to look
    for.
    """
    lines: Mapping[str, tuple[str, Json]] = {
        "split": ("Verzonnen-{} 12", {"number": "12", "box": "14"}),
        "split, in doubt": ("Verzonnen-{} 7 8", {}),
    }
    for name, (line1, pieces) in lines.items():
        document = to(name, INSIDE)
        document.put("shipping_address.country_code", "BE")
        document.put("shipping_address.zip", "1000")
        whole = document.put_text("shipping_address.address1", template=line1)
        line2 = document.put_text("shipping_address.address2", template="bus 14, {}")
        made = {"street": whole.removesuffix(" 12"), "line2": line2.removeprefix("bus 14, ") if pieces else line2}
        sealed = parts(document)
        sealed["recipient.delivery"] |= {**made, **pieces}
        yield Variant(document=document, shop="none", parts=sealed)


def left_aside() -> Iterator[Variant]:
    """Genuine orders of which nothing is shipped."""
    changes: Mapping[str, Mapping[str, Any]] = {
        "test order": {"test": True},
        "in store": {"shipping_lines[0].delivery_category": "pickup"},
        "fulfilled": {"fulfillment_status": "fulfilled"},
        "digital": {"line_items[1].requires_shipping": False},
    }
    for name, change in changes.items():
        document = to(name, INSIDE)
        for path, value in change.items():
            document.put(path, value)
        yield Variant(document=document, shop="email", answer="ignored")
    for name, path in (("cancelled", "cancelled_at"), ("not paid", "financial_status")):
        document = to(name, OUTSIDE)
        document.put_text(path)
        yield Variant(document=document, shop="sms", answer="ignored")


def refused() -> Iterator[Variant]:
    """What is not acceptable: genuine orders without the permitted form, and requests that are not genuine."""
    for name in ("record", "refuse"):
        document = to(f"without a street, {name}", OUTSIDE)
        document.put("shipping_address.address1", None)
        answer = {"record": {"shop": "email", "answer": "rejected"}, "refuse": {"shop": "refuse", "status": 422}}[name]
        page = {"id": frozenset(("commands",))} if name == "record" else {}  # the link to the order in the shop's admin
        yield Variant(document=document, clear=page, **answer)  # type: ignore[arg-type]  # a table of keyword arguments
        yield Variant(document=order(f"texts only, {name}", texts=True), **answer)  # type: ignore[arg-type]
    changes: Mapping[str, Callable[[bytes], bytes]] = {
        "cut off": lambda body: body[:-1],
        "doubled name": lambda body: body[:-1] + b', "id": 1}',
        "no number": lambda body: body[:-1] + b', "x": NaN}',
        "no UTF-8": lambda body: body[:-1] + b', "x": "\xff"}',
    }
    for name, change in changes.items():
        yield Variant(document=to(name, INSIDE), shop="none", status=400, change=change)
    for name, headers in {
        "forged": {"x_shopify_hmac_sha256": "A" * 43 + "="},
        "other topic": {"x_shopify_topic": "customers/redact"},
        "cancelled without a word": {"x_shopify_topic": "orders/cancelled"},
        "other shop": {"x_shopify_shop_domain": "nobody.myshopify.com"},
    }.items():
        yield Variant(document=to(name, INSIDE), shop="none", status=401, headers=headers)
    yield Variant(document=to("form", INSIDE), shop="none", status=415, headers={"content_type": "text/plain"})
    yield Variant(document=to("long", INSIDE), shop="none", status=413, change=lambda body: body.ljust((2 << 20) + 1))


def rudely_answered() -> Iterator[Variant]:
    """Orders whose parcel platform answers with what it was sent, and with words of its own."""
    for shop in ("failing", "refusing", "garbling"):
        document = to(shop, INSIDE)
        yield Variant(document=document, shop=shop, clear=postal_code(RESTING))
    yield Variant(document=to("chatty", INSIDE), shop="chatty", clear=postal_code(SENT))


def to(name: str, country: str) -> Document:
    """An order to be shipped to ``country``."""
    return shipped(order(name), country=country, mobile=mobile(name, country))


def pay(document: Document) -> None:
    """Let the recipient be the one who pays: the same name stands everywhere, and is one canary."""
    for holder in ("billing_address", "customer"):
        for name in ("first_name", "last_name"):
            document.put(f"{holder}.{name}", document.get(f"shipping_address.{name}"))
    document.put("billing_address.name", full_name(document))


def full_name(document: Document) -> str:
    """Who receives."""
    return f"{document.get('shipping_address.first_name')} {document.get('shipping_address.last_name')}"


def notification(document: Document, notify: str, *, paid_by_recipient: bool) -> Json:
    """The one channel of the delivery; the order's e-mail and language are the payer's."""
    language = {"language": "nl"} if paid_by_recipient else {}
    if notify == "email" and paid_by_recipient:
        return {"recipient.notification": {"email": document.get("email"), **language}}
    if notify == "sms":
        return {"recipient.notification": {"mobile": document.get("shipping_address.phone"), **language}}
    return {}


def parts(document: Document, told: Mapping[str, Json] | None = None) -> dict[str, Json]:
    """What may travel sealed to the recipient's own address."""
    address = document.content["shipping_address"]
    delivery = {
        "name": full_name(document),
        "company": address["company"],
        "street": address["address1"],
        "line2": address["address2"],
        "locality": address["city"],
    }
    customs = {} if address["country_code"] in (INSIDE, "BE") else {"recipient.customs": {"items": [item(document)]}}
    return {"recipient.delivery": delivery, **customs, **(told or {}), **sender()}


def item(document: Document) -> Json:
    """What customs is told of the one line that is shipped."""
    line = document.content["line_items"][1]
    return {
        "description": line["title"],
        "quantity": 2,
        "weight_grams": 321,
        "value": line["price"],
        "currency": "EUR",
        "hs_code": line["duties"][0]["harmonized_system_code"],
        "origin": "PT",
    }


def sender() -> dict[str, Json]:
    """The shop's own settings."""
    return {"sender.contact": dict(SENDER)}


def postal_code(kinds: frozenset[str]) -> dict[str, frozenset[str]]:
    """The one datum of the address that is read in the clear: it routes and prices the parcel."""
    return {"shipping_address.zip": kinds}
