"""The end of a month: what lives on is sealed anew, and the keys of the months that have closed are destroyed."""

from __future__ import annotations

from simulator.clock import month_of, plus_months
from simulator.jwe import seal_token
from simulator.keys import KeyRing
from simulator.opened import open_part
from simulator.parts import PARTS
from simulator.store import Store, StoredPart


def close_months(store: Store, ring: KeyRing, month: str) -> tuple[int, frozenset[str]]:
    """Close all months before ``month``; how many parts were re-sealed, and the ids of the keys that are no more.

    Exactly the parts whose end lies in ``month`` or later, or whose clock has not started, are re-sealed. That is
    durable before a key goes; a stop in between repeats the closing at the next start.
    """
    closed = ring.closed(month)
    with store.transaction():
        living = [part for part in store.parts_sealed_to(closed) if _lives(part, month)]
        for part in living:
            store.put_part(_resealed(part, ring, month))
    ring.destroy(closed)
    return len(living), closed


def _lives(stored: StoredPart, month: str) -> bool:
    return stored.tag.until is None or month_of(stored.tag.until) >= month


def _resealed(stored: StoredPart, ring: KeyRing, month: str) -> StoredPart:
    tag, part = stored.tag, PARTS[stored.tag.part]
    plaintext = open_part(stored.jwe, part, stored.shipment, ring)
    kid = part.kid(month_of(tag.until) if tag.until is not None else plus_months(month, part.months))
    jwe = seal_token(plaintext, kid=kid, rid=stored.shipment, key=ring.make(kid).public_key())
    return StoredPart(shipment=stored.shipment, kid=kid, jwe=jwe, tag=tag)
