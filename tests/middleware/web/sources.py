"""Three who send the same parcel, each in its own form: a shop of Shopify's, one of WooCommerce's, a plug-in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.system.stack import OWN_SECRET, Json, headers

_numbers = itertools.count(1)
TOKEN = "made-up token of a plug-in"
ANOTHER = b"made-up secret of nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is to be sent. ``minute`` orders its versions; ``street`` None leaves the street out."""

    order: int
    minute: int = 0
    street: str | None = "Lijsterbesdreef 14"
    email: str = "mirte@voorbeeld.example"
    payer: str = "Mirte"


class Source(Protocol):
    """One who sends."""

    name: str

    def document(self, parcel: Parcel) -> Json:
        """The parcel in its own form."""

    def send(self, content: object, *, secret: bytes | None = None, shop: str = "") -> TestResponse:
        """Send JSON or bytes, as the shop that it is or as another."""

    def cancel(self, parcel: Parcel, record: str) -> TestResponse:
        """Take it back."""


def encoded(content: object) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()


@dataclass(slots=True)
class ShopifyShop:
    """Of one app for many shops."""

    intake: FlaskClient
    name: str = "shopify"

    def document(self, parcel: Parcel) -> Json:
        names = {"first_name": "Mirte", "last_name": "Oosterlynck"}
        return {
            "id": parcel.order,
            "name": f"#{parcel.order}",
            "updated_at": f"2026-11-20T10:{parcel.minute:02}:00+01:00",
            "financial_status": "paid",
            "email": parcel.email,
            "note": "Gelieve te bellen",
            "billing_address": names | {"first_name": parcel.payer},
            "shipping_address": {
                **names,
                "address1": parcel.street,
                "zip": "9000",
                "city": "Gent",
                "country_code": "BE",
                "phone": "+32470123456",
            },
            "line_items": [{"title": "Das", "quantity": 1, "grams": 1_000, "requires_shipping": True, "price": "9.50"}],
        }

    def send(self, content: object, *, secret: bytes | None = None, shop: str = "") -> TestResponse:
        body = encoded(content)
        signing: Mapping[str, Any] = {} if secret is None else {"secret": secret}
        given = headers(body, f"{shop or 'shopify'}.myshopify.com", **signing)
        return self.intake.post("/webhooks/shopify/orders", data=body, headers=given)

    def cancel(self, parcel: Parcel, record: str) -> TestResponse:
        return self.send({**self.document(parcel), "cancelled_at": "2026-11-20T11:00:00+01:00"})


@dataclass(slots=True)
class WooShop:
    """Its webhooks have a secret of their own."""

    intake: FlaskClient
    name: str = "woocommerce"

    def document(self, parcel: Parcel) -> Json:
        who = {"first_name": "Mirte", "last_name": "Oosterlynck"}
        where = {"address_1": parcel.street, "city": "Gent", "postcode": "9000", "country": "BE"}
        return {
            "id": parcel.order,
            "number": f"{parcel.order}",
            "date_modified_gmt": f"2026-11-20T09:{parcel.minute:02}:00",
            "status": "processing",
            "customer_note": "Gelieve te bellen",
            "billing": {**who, "first_name": parcel.payer, "email": parcel.email},
            "shipping": {**who, **where, "phone": "+32470123456"},
            "line_items": [{"name": "Das", "quantity": 1, "total": "9.50"}],
            "shipping_lines": [{"method_id": "flat_rate"}],
        }

    def send(self, content: object, *, secret: bytes | None = None, shop: str = "") -> TestResponse:
        body = encoded(content)
        digest = hmac.new(OWN_SECRET if secret is None else secret, body, hashlib.sha256).digest()
        given = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": "https://winkel.example/",
            "X-WC-Webhook-Topic": "order.deleted"
            if body.startswith(b'{"id": ') and len(body) < 32
            else "order.updated",
            "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
            "X-WC-Webhook-Delivery-ID": "always the same",
        }
        return self.intake.post(f"/webhooks/woocommerce/{shop or 'woocommerce'}/orders", data=body, headers=given)

    def cancel(self, parcel: Parcel, record: str) -> TestResponse:
        return self.send({"id": parcel.order})


@dataclass(slots=True)
class Plug:
    """It holds the shop's token."""

    api: FlaskClient
    name: str = "plugin"

    def document(self, parcel: Parcel) -> Json:
        street, _, number = (parcel.street or "").rpartition(" ")  # it tells them apart itself
        where = {"street": street, "number": number, "locality": "Gent", "postal_code": "9000", "country": "BE"}
        stamp = f"2026-11-20T10:{parcel.minute:02}:00+01:00"
        email = {"email": parcel.email} if parcel.payer == "Mirte" else {}
        return {
            "order": {"id": f"{parcel.order}", "name": f"{parcel.order}", "updated_at": stamp},
            "recipient": {"name": "Mirte Oosterlynck", "address": where, "phone": "+32470123456", **email},
        }

    def send(self, content: object, *, secret: bytes | None = None, shop: str = "") -> TestResponse:
        given = {
            "Authorization": f"Bearer {TOKEN if secret is None else secret.decode()}",
            "Idempotency-Key": f'"{next(_numbers)}"',
            "Content-Type": "application/json",
            "Prefer": "wait=0",
        }
        return self.api.post(f"/v1/shops/{shop or 'plugin'}/shipments", data=encoded(content), headers=given)

    def cancel(self, parcel: Parcel, record: str) -> TestResponse:
        given = {"Authorization": f"Bearer {TOKEN}", "Prefer": "wait=0"}
        return self.api.delete(f"/v1/shops/plugin/shipments/{record}", headers=given)
