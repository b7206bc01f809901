"""Webhook signatures: HMAC-SHA-256 over the raw body, as shop platforms send it (base64 in one header).

Only the body is signed. Nothing is parsed before this has passed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

_DIGEST_BYTES = 32
NOBODY = b"nobody's secret: an unknown shop costs the same time as a known one"
"""Public, and so it opens nothing."""

MOST_SECRETS = 2


def decode(header: str | None) -> bytes | None:
    """The 32 bytes of a signature header, or None for whatever is not exactly that, in its one spelling."""
    try:
        text = (header or "").encode("ascii")
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    # The last character carries two bits that no byte uses and that the decoder passes over.
    return digest if len(digest) == _DIGEST_BYTES and base64.b64encode(digest) == text else None


def verify(body: bytes, header: str | None, secrets: Sequence[bytes], most: int = MOST_SECRETS) -> bool:
    """Whether one of ``secrets`` (two while rotating) made the signature. Bytes are compared in constant time; every
    secret is tried, and whoever has fewer than ``most`` costs as much as who has so many.
    """
    claimed = decode(header)
    genuine = False
    for secret in (*secrets, *(NOBODY,) * (most - len(secrets))):
        digest = hmac.new(secret, body, hashlib.sha256).digest()
        genuine |= hmac.compare_digest(digest, claimed or bytes(_DIGEST_BYTES)) and secret is not NOBODY
    return genuine and claimed is not None
