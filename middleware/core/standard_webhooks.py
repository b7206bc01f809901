"""Callbacks as Standard Webhooks 1.0.0 has them: the body, and its signature (HMAC-SHA-256, ``v1``).

What is signed is ``id.timestamp.body``, byte for byte as it is sent. While a secret is being changed there are two, and
a signature by each.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from middleware.model_back import STATES, Event, Kind
from schemas import callback, failure

PREFIX: Final = "whsec_"
SHORTEST_KEY: Final = 24
LONGEST_KEY: Final = 64
"""Bytes of a key."""


def key_of(secret: str) -> bytes | None:
    """The key that a secret stands for (``whsec_`` and base64 of 24 to 64 bytes); None for what is none."""
    if not secret.startswith(PREFIX):
        return None
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return key if SHORTEST_KEY <= len(key) <= LONGEST_KEY else None


def signature(message: str, timestamp: int, body: bytes, key: bytes) -> str:
    """``v1,`` and the base64 of the signature. ``message`` is the webhook's id, ``timestamp`` Unix seconds."""
    signed = f"{message}.{timestamp}.".encode("ascii") + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")


def headers(message: str, now: datetime, body: bytes, keys: Sequence[bytes]) -> Mapping[str, str]:
    """What goes beside the body of an attempt that is made now."""
    at = int(now.timestamp())
    return {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(signature(message, at, body, key) for key in keys),
    }


def body(event: Event, order: str | None) -> bytes:
    """What a shop is told of an event. Raises: schemas.errors.SchemaFault for what may not be sent."""
    data: dict[str, Any] = {"shipment": event.record_id, "reference": event.reference}
    data |= {name: value for name, value in (("order", order), ("barcode", event.barcode)) if value is not None}
    data["state"] = STATES[event.kind]
    if event.kind is Kind.FAILED:
        data["code"] = failure.told(event.why)
    data["test"] = event.test
    at = event.happened_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    document = {"type": event.kind.value, "timestamp": at, "data": data}
    callback.check(document)
    return orjson.dumps(document)
