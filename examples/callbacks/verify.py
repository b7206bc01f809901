"""Verify a callback of Parcelveil, with nothing but Python's own library (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

TOLERANCE = 300
"""Seconds that the time of an attempt may be off: what is older may have been recorded and sent again."""


def verify(body: bytes, headers: dict[str, str], secrets: list[str], now: float | None = None) -> bool:
    """Whether this body came from Parcelveil. ``body`` as it arrived, never parsed and written anew; ``headers`` with
    names in lower case; ``secrets``: ``whsec_…``, two while one is being changed.
    """
    message, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message or not stamp.isdecimal() or abs((now or time.time()) - int(stamp)) > TOLERANCE:
        return False
    given = [each[3:].encode() for each in headers.get("webhook-signature", "").split() if each.startswith("v1,")]
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        mac = hmac.new(key, f"{message}.{stamp}.".encode() + body, hashlib.sha256)
        wanted = base64.b64encode(mac.digest())
        if any(hmac.compare_digest(wanted, each) for each in given):
            return True
    return False
