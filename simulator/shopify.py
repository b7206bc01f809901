"""A shop of Shopify's, as its webhooks look from outside: signature, headers, time-outs, retries, no redirects.

Sources: shopify.dev, 'Verify webhook deliveries', 'Delivery structure' and the changelog on retries (8 in 4 hours).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from simulator.encoding import read_json
from simulator.wire import Answer, NoAnswerError, exchange

API_VERSION = "2026-10"
CONNECT_SECONDS = 1.0
TOTAL_SECONDS = 5.0
RETRIES = 8
RETRY_HOURS = 4
RETRY_SCALE = 0.001
"""How much shorter than Shopify's the waits are by default: all eight take some 14 seconds."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Delivery:
    """How one webhook went: last status (None: no answer came), the JSON answered (else None), requests sent."""

    webhook_id: str
    status: int | None
    answer: object
    attempts: int

    @property
    def acknowledged(self) -> bool:
        """Whether Shopify would count it as delivered."""
        return self.status is not None and 200 <= self.status <= 299


def signature(body: bytes, secret: bytes) -> str:
    """Base64 of HMAC-SHA256 over the raw body: the value of ``X-Shopify-Hmac-Sha256``."""
    return base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode("ascii")


def headers(body: bytes, *, shop: str, topic: str, secret: bytes, webhook_id: str, now: datetime) -> dict[str, str]:
    """The headers of one delivery."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature(body, secret),
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-API-Version": API_VERSION,
        "X-Shopify-Webhook-Id": webhook_id,
        "X-Shopify-Event-Id": str(uuid.uuid5(uuid.NAMESPACE_URL, webhook_id)),
        "X-Shopify-Triggered-At": now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "000Z"),
    }


def waits(scale: float = RETRY_SCALE) -> list[float]:
    """Seconds before each retry: doubling, in all ``RETRY_HOURS`` × ``scale``. The true intervals are not published."""
    first = RETRY_HOURS * 3600 / (2**RETRIES - 1)
    return [first * 2**number * scale for number in range(RETRIES)]


def send(
    url: str,
    shop: str,
    topic: str,
    body: bytes,
    secret: bytes,
    *,
    webhook_id: str | None = None,
    retry_scale: float = RETRY_SCALE,
    sleep: Callable[[float], object] = time.sleep,
) -> Delivery:
    """Sign ``body`` and deliver it as Shopify does: until a 2xx or the last retry. A redirect is a failure.

    Raises:
        ValueError: ``url`` is not http(s), ``secret`` is empty.
    """
    if not secret:
        raise ValueError("empty secret")
    webhook_id = webhook_id or str(uuid.uuid4())
    fixed = headers(body, shop=shop, topic=topic, secret=secret, webhook_id=webhook_id, now=datetime.now(UTC))
    delivery = _attempt(url, body, fixed, webhook_id, 1)
    for number, seconds in enumerate(waits(retry_scale), start=2):
        if delivery.acknowledged:
            break
        sleep(seconds)
        delivery = _attempt(url, body, fixed, webhook_id, number)
    return delivery


def _attempt(url: str, body: bytes, fixed: dict[str, str], webhook_id: str, number: int) -> Delivery:
    try:
        answer: Answer | None = exchange(
            "POST", url, headers=fixed, body=body, connect_seconds=CONNECT_SECONDS, total_seconds=TOTAL_SECONDS
        )
    except NoAnswerError:
        answer = None
    if answer is None:
        return Delivery(webhook_id=webhook_id, status=None, answer=None, attempts=number)
    try:
        content: object = read_json(answer.body)
    except ValueError:
        content = None
    return Delivery(webhook_id=webhook_id, status=answer.status, answer=content, attempts=number)
