"""Made-up WooCommerce orders, and the shop that sends them."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
from typing import Any

from middleware.model import Inbound, Parsed, ShopSettings
from middleware.platforms.woocommerce import WooCommerce
from tests.middleware.platforms import making
from tests.middleware.platforms.making import changed

ORDERS = making.ORDERS.with_name("orders-woocommerce")
EXAMPLES = sorted(file.name for file in ORDERS.glob("[0-9][0-9]-*.json"))
EXPECTED: dict[str, dict[str, str | None]] = json.loads((ORDERS / "expected.json").read_text(encoding="utf-8"))
PLATFORM = WooCommerce()
SITE = "winkel.example"
SECRET = b"made-up secret of webhooks"
PLAIN = "02-guest.json"


def example(name: str) -> dict[str, Any]:
    order = json.loads((ORDERS / name).read_bytes())
    assert isinstance(order, dict)
    return order


def document(**changes: Any) -> dict[str, Any]:
    """A paid order of one Belgian guest."""
    return changed(copy.deepcopy(example(PLAIN)), changes)


def address(**changes: Any) -> dict[str, Any]:
    return changed(document()["shipping"], changes)


def settings(notify: str = "none", **changes: Any) -> ShopSettings:
    own = {"platform": "woocommerce", "domain": SITE, "own_app": True, "secrets": (SECRET,)}
    return making.settings(notify, **{**own, **changes})


def inbound(topic: str = "order.updated", body: bytes = b"", **headers: str) -> Inbound:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Inbound(platform="woocommerce", shop="demo", headers={"x-wc-webhook-topic": topic, **named}, body=body)


def sign(body: bytes, secret: bytes = SECRET) -> str:
    return base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()


def parse(order: object, topic: str = "order.updated", **shop: Any) -> Parsed:
    return PLATFORM.parse(order, inbound(topic), settings(**shop))
