"""What a shop says of its orders: versions of an order, written anew in the tests' own words, and their webhooks."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from middleware.model import Inbound
from tests.system.stack import headers

BEGINNING = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
"""When a history begins; the first versions of its orders are of this minute."""

SHIP_WHEN = {"prompt": "created", "paid": "paid", "held": "paid", "slow": "fulfillable"}
HOLDS = {"prompt": "0s", "paid": "0s", "held": "2m", "slow": "30m"}
"""The shops, by name."""

GOOD_ZIP, BAD_ZIP = "1000", "N1ET"

Content = tuple[str, str, str, int]
"""What a shipment tells of an order: name, street, postal code, grams."""


class Unreadable:
    """A version that cannot be taken: it lacks what a parcel needs, or is no order at all."""


class Used:
    """A version that tells of a parcel under way, and asks for nothing."""


UNREADABLE, USED = Unreadable(), Used()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """An order as it stands in the shop since ``minute``."""

    order: int
    minute: int = 0
    street: int = 0
    zip: str = GOOD_ZIP
    grams: int = 500
    pieces: int = 2
    paid: bool = True
    fulfilled: bool = False
    cancelled: bool = False
    well_formed: bool = True

    @property
    def name(self) -> str:
        """Who receives: another name for each order."""
        return f"Verzonnen Bestelling{self.order}"

    def wish(self, shop: str) -> Content | Unreadable | Used | None:
        """What that shop wants shipped now; None: nothing."""
        if self.cancelled:
            return None
        if not self.well_formed:
            return UNREADABLE
        if not self.pieces:
            return None
        if self.fulfilled:
            return USED
        if not self.paid and SHIP_WHEN[shop] != "created":
            return None
        if self.zip == BAD_ZIP:
            return UNREADABLE
        return self.name, f"Laan {self.street}", self.zip, self.grams * self.pieces

    def changed(self, field: str, value: object, minutes: int) -> Version:
        """The next version; ``nothing`` changes nothing but the time."""
        change = {} if field == "nothing" else {field: value}
        return replace(self, **{**change, "minute": self.minute + minutes})  # type: ignore[arg-type]  # made-up pairs

    def body(self, dialect: int) -> bytes:
        """The webhook's body. Two subscriptions may tell the same version with other words around it."""
        first, last = self.name.split()
        line = {
            "title": "Theepot",
            "quantity": 2,
            "current_quantity": self.pieces,
            "fulfillable_quantity": self.pieces if self.paid and not self.fulfilled else 0,
            "grams": self.grams,
            "requires_shipping": True,
        }
        content = {
            "id": 7_000_000_000 + self.order,
            "name": f"#{1000 + self.order}",
            "updated_at": self._moment(),
            "cancelled_at": self._moment() if self.cancelled else None,
            "financial_status": self._financial(),
            "fulfillment_status": "fulfilled" if self.fulfilled else None,
            "note": f"dialect {dialect}",
            "shipping_address": {
                "first_name": first,
                "last_name": last,
                "address1": f"Laan {self.street}",
                "zip": self.zip,
                "city": "Brussel",
                "country_code": "BE",
            },
            "line_items": [line] if self.well_formed else "a line",
        }
        return json.dumps(content).encode()

    def _moment(self) -> str:
        return (BEGINNING + timedelta(minutes=self.minute)).isoformat()

    def _financial(self) -> str:
        if not self.paid:
            return "pending"
        return {0: "refunded", 1: "partially_refunded"}.get(self.pieces, "paid")


def webhook(shop: str, body: bytes, topic: str, number: int) -> Inbound:
    """A signed delivery; ``number`` makes its webhook id."""
    given = headers(
        body,
        f"{shop}.myshopify.com",
        x_shopify_topic=topic,
        x_shopify_webhook_id=f"00000000-0000-0000-0000-{number:012}",
        x_shopify_event_id="00000000-0000-0000-0000-000000000000",
    )
    return Inbound(platform="shopify", shop=None, headers=given, body=body)
