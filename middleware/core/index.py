"""Blind index: keyed digests by which a person's records are found without storing the person (sealing.md).

HMAC-SHA-256 over the normalised value, under a key derived per shop and per kind of value (HKDF, RFC 5869). The same
value in two shops, or as two kinds, gives two unlinkable digests.
"""

from __future__ import annotations

import hmac
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32

EXACT = frozenset(("order.id", "customer.id"))
"""The kinds of value that a machine gave: ``AbC1`` and ``aBc1`` are two orders."""


@dataclass(frozen=True, slots=True, repr=False)
class Indexer:
    """Makes the digests of one shop. ``key`` is the index key (32 bytes)."""

    key: bytes
    shop: str

    def __repr__(self) -> str:
        return f"<Indexer {self.shop}>"

    def of(self, kind: str, value: str) -> bytes:
        """The blind index (32 bytes) of a text, normalised for its kind: an id is another one by any of its bytes."""
        return self.of_bytes(kind, (value if kind in EXACT else normalised(value)).encode())

    def of_bytes(self, kind: str, value: bytes) -> bytes:
        """The keyed digest (32 bytes) of bytes as they are."""
        return hmac.digest(_derived(self.key, self.shop, kind), value, "sha256")


def normalised(value: str) -> str:
    """NFKC, case-folded, NFKC again (folding takes some letters apart), with single spaces: how a person types it must
    not matter.
    """
    folded = unicodedata.normalize("NFKC", value).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


@lru_cache(maxsize=4096)
def _derived(key: bytes, shop: str, kind: str) -> bytes:
    info = b"\0".join((b"parcelveil index v1", shop.encode(), kind.encode()))
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)
