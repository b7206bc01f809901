"""Blind index: keyed digests by which a person's records are found without storing the person (sealing.md).

HMAC-SHA-256 over the normalised value, under a key derived per shop and per kind of value (HKDF, RFC 5869). The same
value in two shops, or as two kinds, gives two unlinkable digests.

A rotation chains: the next digest is the HMAC of the one before under the next key, and so can be made of what rests in
a database without the value. A digest tells its generation: the first is 32 bytes, later ones have a byte more.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
DIGEST_BYTES = 32

MOST_KEYS = 255
"""Keys of a chain: the generation is one byte."""

EXACT = frozenset(("order.id", "customer.id", "carrier.account"))
"""The kinds of value that a machine gave: ``AbC1`` and ``aBc1`` are two orders."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Chain:
    """The index keys, the oldest first, 32 bytes each. While a rotation is under way, the last one is ``turning``: what
    rests may be of its generation or of the one before.
    """

    keys: tuple[bytes, ...]
    turning: bool = False

    def __repr__(self) -> str:
        return "<Chain>"

    def forward(self, digest: bytes) -> bytes:
        """The same value's digest of the newest generation, from one of any generation."""
        for key in self.keys[generation(digest) :]:
            digest = _linked(key, digest)
        return digest


class Blind(bytes):
    """A digest of the newest generation while a rotation is under way: ``former`` is that of the generation before, and
    ``forward`` takes others of before forward.
    """

    former: bytes
    forward: Callable[[bytes], bytes]

    @classmethod
    def of(cls, former: bytes, chain: Chain) -> Blind:
        """The digest that follows ``former``."""
        made = cls(chain.forward(former))
        made.former, made.forward = former, chain.forward
        return made


def forms(digest: bytes) -> tuple[bytes, ...]:
    """What may rest in a database for this digest, the newest first."""
    return (bytes(digest), digest.former) if isinstance(digest, Blind) else (digest,)


def same(rests: bytes, digest: bytes) -> bool:
    """Whether what rests in a database is this digest, of whatever generation it is."""
    return any(hmac.compare_digest(rests, form) for form in forms(digest))


def generation(digest: bytes) -> int:
    """1 for a digest of the first key of a chain, and so on."""
    return digest[DIGEST_BYTES] if len(digest) > DIGEST_BYTES else 1


@dataclass(frozen=True, slots=True, repr=False)
class Indexer:
    """Makes the digests of one shop. ``key`` is the index key (32 bytes), or tells the chain of index keys as it is."""

    key: bytes | Callable[[], Chain]
    shop: str

    def __repr__(self) -> str:
        return f"<Indexer {self.shop}>"

    def of(self, kind: str, value: str) -> bytes:
        """The blind index of a text, normalised for its kind: an id is another one by any of its bytes."""
        return self.of_bytes(kind, (value if kind in EXACT else normalised(value)).encode())

    def of_bytes(self, kind: str, value: bytes) -> bytes:
        """The keyed digest of bytes as they are."""
        chain = self.key() if callable(self.key) else Chain(keys=(self.key,))
        digest = hmac.digest(_derived(chain.keys[0], self.shop, kind), value, "sha256")
        if chain.turning:
            return Blind.of(Chain(keys=chain.keys[:-1]).forward(digest), chain)
        return chain.forward(digest)


def normalised(value: str) -> str:
    """NFKC, case-folded, NFKC again (folding takes some letters apart), with single spaces: how a person types it must
    not matter.
    """
    folded = unicodedata.normalize("NFKC", value).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def _linked(key: bytes, digest: bytes) -> bytes:
    """The digest of the next generation. What goes in is bound to shop and kind already."""
    return hmac.digest(_derived(key, "", "link"), digest, "sha256") + bytes((generation(digest) + 1,))


@lru_cache(maxsize=4096)
def _derived(key: bytes, shop: str, kind: str) -> bytes:
    info = b"\0".join((b"parcelveil index v1", shop.encode(), kind.encode()))
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)
