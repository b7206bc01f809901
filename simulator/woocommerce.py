"""A shop of WooCommerce's, as its webhooks look from outside: signature, headers, HTTP/1.0, one attempt, a ping.

Source: WooCommerce's own code, ``WC_Webhook``: ``deliver``, ``deliver_ping``, ``generate_signature``,
``log_delivery``; and WordPress's ``wp_specialchars_decode``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from dataclasses import dataclass

from simulator.encoding import read_json
from simulator.wire import NoAnswerError, exchange

AGENT = "WooCommerce/10.3.4 Hookshot (WordPress/6.8.3)"
TOTAL_SECONDS = 60.0
PING_SECONDS = 5.0
WEBHOOK_ID = 7
"""Of the webhook in the shop, unless told otherwise."""

_ESCAPED = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&", "&#039;": "'"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Delivery:
    """How one delivery went: its status (None: no answer came), and the JSON answered (else None)."""

    delivery_id: str
    status: int | None
    answer: object

    @property
    def acknowledged(self) -> bool:
        """Whether WooCommerce counts it as delivered: a redirect too, although it does not follow any."""
        return self.status is not None and 200 <= self.status <= 302


def signature(body: bytes, secret: str) -> str:
    """The value of ``X-WC-Webhook-Signature``: the secret is taken as what its HTML entities mean."""
    key = re.sub("|".join(_ESCAPED), lambda found: _ESCAPED[found[0]], secret).encode()
    return base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode("ascii")


def delivery_id(webhook_id: int, now: float) -> str:
    """Made of the webhook and the second alone: two orders of one second have the same."""
    return hashlib.md5(f"{webhook_id}{int(now)}".encode(), usedforsecurity=False).hexdigest()


def headers(body: bytes, *, source: str, topic: str, secret: str, webhook_id: int, delivery: str) -> dict[str, str]:
    """The headers of one delivery."""
    resource, _, event = topic.partition(".")
    return {
        "User-Agent": AGENT,
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": source,
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Resource": resource,
        "X-WC-Webhook-Event": event,
        "X-WC-Webhook-Signature": signature(body, secret),
        "X-WC-Webhook-ID": str(webhook_id),
        "X-WC-Webhook-Delivery-ID": delivery,
    }


def send(
    url: str, source: str, topic: str, body: bytes, secret: str, *, webhook_id: int = WEBHOOK_ID, now: float = 0.0
) -> Delivery:
    """Sign ``body`` and deliver it as WooCommerce does: once. ``now`` is the second of the delivery, 0 for this one.

    Raises:
        ValueError: ``url`` is not http(s), ``secret`` is empty.
    """
    if not secret:
        raise ValueError("empty secret")
    id_ = delivery_id(webhook_id, now or time.time())
    told = headers(body, source=source, topic=topic, secret=secret, webhook_id=webhook_id, delivery=id_)
    return _sent(url, body, told, id_, TOTAL_SECONDS)


def ping(url: str, *, webhook_id: int = WEBHOOK_ID) -> Delivery:
    """What is sent when the webhook is made: a form, unsigned. Anything but 200 is told to the merchant as an error.

    Raises:
        ValueError: ``url`` is not http(s).
    """
    told = {"User-Agent": AGENT, "Content-Type": "application/x-www-form-urlencoded"}
    return _sent(url, f"webhook_id={webhook_id}".encode(), told, "", PING_SECONDS)


def _sent(url: str, body: bytes, told: dict[str, str], id_: str, seconds: float) -> Delivery:
    try:
        answer = exchange(
            "POST", url, headers=told, body=body, connect_seconds=seconds, total_seconds=seconds, old=True
        )
    except NoAnswerError:
        return Delivery(delivery_id=id_, status=None, answer=None)
    try:
        content: object = read_json(answer.body)
    except ValueError:
        content = None
    return Delivery(delivery_id=id_, status=answer.status, answer=content)
