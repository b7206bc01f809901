"""The same for WooCommerce: orders with canaries in every leaf, what must become of each, and what may pass where."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.system.canaries import INSIDE, OUTSIDE, Document, mobile, order, postal_code
from tests.system.stack import OWN_SECRET, Json
from tests.system.variants import SENT, Variant, sender

LEAVES = Path(__file__).parents[1] / "data" / "woocommerce-order-leaves.csv"
SHOP = "woo"
SHOPS: Mapping[str, Mapping[str, Any]] = {
    SHOP: {
        "platform": "woocommerce",
        "app": None,
        "secrets": [{"env": "OWN_SECRET"}],
        "domain": "woo.example",
        "notify": "email",
    }
}
ROUTE = f"/webhooks/woocommerce/{SHOP}/orders"
GRAMS = 1_000
"""The shop's own: no order tells a weight."""


def headers(body: bytes, **changes: str | None) -> dict[str, str]:
    """The headers of a webhook; keywords are names in lower case with ``_`` for ``-``, None leaves one out."""
    everything: dict[str, str | None] = {
        "content-type": "application/json",
        "x-wc-webhook-source": "https://woo.example/",
        "x-wc-webhook-topic": "order.updated",
        "x-wc-webhook-signature": base64.b64encode(hmac.new(OWN_SECRET, body, hashlib.sha256).digest()).decode(),
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return {name: value for name, value in everything.items() if value is not None}


def to(name: str, country: str) -> Document:
    """An order to be shipped to ``country``: what decides about that cannot hold any odd value."""
    document = order(name, leaves_in=LEAVES)
    settled: Mapping[str, Any] = {
        "status": "processing",
        "date_modified_gmt": "2026-11-20T08:41:07",
        "needs_processing": True,
        "currency": "EUR",
        "shipping.country": country,
        "line_items[0].quantity": 0,
        "line_items[1].quantity": 2,
    }
    for path, value in settled.items():
        document.put(path, value)
    document.put_text("billing.email", template="{}@post.example")
    document.put_text("shipping.address_1", template="Verzonnen-{} 12")
    document.put_text("shipping.first_name", template="Zoë-{}")
    document.plant("shipping.postcode", postal_code(name, country))
    document.plant("line_items[1].total", f"{document.number('a total') % 10**9:09}.50")
    document.plant("shipping.phone", f"+{mobile(name, country)}")
    return document


def pay(document: Document) -> None:
    """Let the recipient be the one who pays."""
    for name in ("first_name", "last_name"):
        document.put(f"billing.{name}", document.get(f"shipping.{name}"))


def variants() -> Iterator[Variant]:
    """All of them."""
    for country in (INSIDE, OUTSIDE):
        document = to(f"woo {country}", country)
        told: Mapping[str, Json] = {}
        if country == INSIDE:
            pay(document)
            told = {"recipient.notification": {"email": document.get("billing.email")}}
        clear = {"shipping.postcode": SENT}
        yield _variant(document, parts=parts(document, told), clear=clear)
    for name, change in ASIDE.items():
        document = to(f"woo {name}", INSIDE)
        for path, value in change.items():
            document.put(path, value)
        yield _variant(document, answer="ignored")
    gone = Document("woo deleted")
    gone.content["id"] = gone.number("id")
    yield _variant(gone, answer="ignored")
    yield from refused()


ASIDE: Mapping[str, Mapping[str, Any]] = {
    "called off": {"status": "cancelled"},
    "in store": {"shipping_lines[0].method_id": "local_pickup"},
    "downloads": {"needs_processing": False},
}


def refused() -> Iterator[Variant]:
    """What is not acceptable, and what is not genuine."""
    document = to("woo without a street", OUTSIDE)
    document.put("shipping.address_1", "")
    yield _variant(document, answer="rejected", clear={"id": frozenset(("commands",))})  # the link into the shop
    yield _variant(order("woo texts only", texts=True, leaves_in=LEAVES), answer="rejected")
    for name, given in {
        "forged": {"x_wc_webhook_signature": "A" * 43 + "="},
        "another topic": {"x_wc_webhook_topic": "customer.updated"},
        "deleted by its topic": {"x_wc_webhook_topic": "order.deleted"},
        "a copy of the shop": {"x_wc_webhook_source": "https://staging.woo.example/"},
    }.items():
        yield _variant(to(f"woo {name}", INSIDE), status=401, headers=given)
    broken: Callable[[bytes], bytes] = lambda body: body[:-1]  # noqa: E731 - a value of the table, as its neighbours are
    yield _variant(to("woo cut off", INSIDE), status=400, change=broken)


def _variant(document: Document, **more: Any) -> Variant:
    return Variant(document=document, shop=SHOP, platform="woocommerce", **more)


def parts(document: Document, told: Mapping[str, Json]) -> dict[str, Json]:
    """What may travel sealed to the recipient's own address."""
    address = document.content["shipping"]
    delivery = {
        "name": f"{address['first_name']} {address['last_name']}",
        "company": address["company"],
        "street": address["address_1"],
        "line2": address["address_2"],
        "locality": address["city"],
    }
    customs = {} if address["country"] == INSIDE else {"recipient.customs": {"items": [item(document)]}}
    return {"recipient.delivery": delivery, **customs, **told, **sender()}


def item(document: Document) -> Json:
    """What customs is told of the one line that is shipped: of a piece, out of what was paid for both."""
    line = document.content["line_items"][1]
    value = f"{Decimal(line['total']) / 2:.2f}"
    return {"description": line["name"], "quantity": 2, "value": value, "currency": "EUR"}
