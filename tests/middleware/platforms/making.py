"""Made-up Shopify orders, small enough to see what is in them, and the shop that takes them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from middleware.model import Delivery, Inbound, Parsed, ShopSettings
from middleware.platforms.shopify import Shopify
from schemas.order import Order, Sender

ORDERS = Path(__file__).resolve().parents[3] / "examples" / "orders"
EXAMPLES = sorted(file.name for file in ORDERS.glob("[0-9][0-9]-*.json"))
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PACK = "bpost-shipping-platform"
PLATFORM = Shopify()
NUMBER = "68000000001"


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT: Any = _Absent()
"""As a change: the name is not there at all."""

ADDRESS = {
    "first_name": "Mirte",
    "last_name": "Oosterlynck",
    "address1": "Lijsterbesdreef 14",
    "zip": "9000",
    "city": "Gent",
    "country_code": "BE",
}
LINE = {"quantity": 2, "grams": 300, "requires_shipping": True, "title": "Wollen das", "price": "24.50"}


def changed(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**document, **changes}.items() if value is not ABSENT}


def address(**changes: Any) -> dict[str, Any]:
    return changed(ADDRESS, changes)


def line(**changes: Any) -> dict[str, Any]:
    return changed(LINE, changes)


def document(**changes: Any) -> dict[str, Any]:
    """A paid order of one Belgian, of whom nothing but the address is known."""
    order = {
        "id": 5_001,
        "name": "#1001",
        "updated_at": "2026-11-22T10:00:00+01:00",
        "financial_status": "paid",
        "currency": "EUR",
        "shipping_address": address(),
        "line_items": [line()],
    }
    return changed(order, changes)


def example(name: str) -> dict[str, Any]:
    order = json.loads((ORDERS / name).read_bytes())
    assert isinstance(order, dict)
    return order


def settings(notify: str = "none", **changes: Any) -> ShopSettings:
    values: dict[str, Any] = {
        "name": "demo",
        "platform": "shopify",
        "domain": "demo.myshopify.com",
        "secrets": (b"made-up",),
        "own_app": False,
        "carrier": "platform",
        "policy": PACK,
        "account_type": "professional",
        "integration_requested_on": date(2026, 11, 1),
        "integration_reference": "made up",
        "sender": Sender(name="Winkel Demo"),
        "delivery": Delivery(notify=notify),
    }
    return ShopSettings(**{**values, **changes})


def inbound(topic: str = "orders/updated", body: bytes = b"", **headers: str) -> Inbound:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Inbound(platform="shopify", shop=None, headers={"x-shopify-topic": topic, **named}, body=body)


def parse(order: object, topic: str = "orders/updated", **shop: Any) -> Parsed:
    return PLATFORM.parse(order, inbound(topic), settings(**shop))


def shipped(order: object, **shop: Any) -> Order:
    """The canonical order of a document from which a parcel follows."""
    parsed = parse(order, **shop)
    assert parsed.halt is None
    assert parsed.order is not None
    return parsed.order
