"""Made-up values for the storage tests: random bytes where a digest or a sealed part would be."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from middleware.model import Arrival, IndexEntry, Reason, Record, Rejection, Removal, RemovalReport, TaggedPart

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
UNTIL = date(2036, 11, 22)
LEASE = 30.0
LATER = timedelta(minutes=1)


def digest() -> bytes:
    return secrets.token_bytes(32)


def sealed() -> str:
    """As long as a real part, and found again in raw bytes."""
    return secrets.token_urlsafe(1500)


def part(name: str, **changes: Any) -> TaggedPart:
    values: dict[str, Any] = {
        "name": name,
        "retention": "vp.recipient.operational",
        "trigger": "label_created",
        "starts": date(2026, 11, 22),
        "until": date(2027, 12, 22),
        "ceiling": date(2050, 1, 1),
        "jwe": sealed(),
    }
    return TaggedPart(**{**values, **changes})


def record(**changes: Any) -> Record:
    values: dict[str, Any] = {
        "id": secrets.token_hex(16),
        "reference": secrets.token_hex(5),
        "carrier": "platform",
        "clear": secrets.token_bytes(200),
        "parts": (
            part("sender.contact", retention="vp.sender.legal", until=UNTIL),
            part("recipient.delivery"),
            part("recipient.customs", starts=None, until=None),
        ),
        "receipt": secrets.token_urlsafe(900),
        "index": tuple(IndexEntry(kind=kind, digest=digest(), until=UNTIL) for kind in ("order.id", "order.name")),
        "content": digest(),
        "removal": report(),
        "due": NOW,
        "clear_until": date(2027, 12, 22),
        "until": UNTIL,
    }
    return Record(**{**values, **changes})


def report(**changes: Any) -> RemovalReport:
    removed = (Removal(path="note", reason="free_text"), Removal(path="line_items[].*", reason="not_needed"))
    doubted = (Removal(path="shipping_address.address1", reason="unclear"),)
    return RemovalReport(**{"id": "0" * 64, "removed": removed, "doubted": doubted, **changes})


def arrival(**changes: Any) -> Arrival:
    values: dict[str, Any] = {
        "shop": "demo",
        "topic": "orders/create",
        "webhook": digest(),
        "body": digest(),
        "order": digest(),
        "updated_at": NOW - timedelta(seconds=5),
        "halt": None,
        "received_at": NOW,
        "until": date(2026, 12, 22),
        "standing_until": UNTIL,
    }
    return Arrival(**{**values, **changes})


def again(first: Arrival, **changes: Any) -> Arrival:
    """Another version of the same order: in another webhook, with another body, a minute newer."""
    return replace(first, **{"webhook": digest(), "body": digest(), "updated_at": first.updated_at + LATER, **changes})


def cancelled(**changes: Any) -> Arrival:
    return arrival(halt=Reason.CANCELLED, topic="orders/cancelled", **changes)


def rejection(**changes: Any) -> Rejection:
    values: dict[str, Any] = {
        "id": secrets.token_hex(16),
        "shop": "demo",
        "topic": "orders/create",
        "faults": (("/shipping_address/zip", "pattern"), ("/line_items/0/*", "type")),
        "order_ref": secrets.token_urlsafe(200),
        "version": None,
        "webhook": digest(),
        "body": digest(),
        "received_at": NOW,
        "until": date(2026, 12, 22),
    }
    return Rejection(**{**values, **changes})
