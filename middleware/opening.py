"""Opening what a carrier takes in cleartext: in memory, for one conversation, and only once it is in the audit log.

receipt ─▶ week ─▶ note ─▶ open ─▶ converse

The key of each part is told by the receipt, which says when the record was taken in, and never by the sealed part
itself or by the database: who can only write there cannot choose what is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from middleware.core import receipt, seal
from middleware.core.weeks import must_go, transit_kid, week
from middleware.errors import ConfigError, UnknownKeyError
from middleware.exchange import Failed, Refused
from middleware.model import Stored
from middleware.model_keys import AuditEntry, Fact, KeptCopy
from middleware.ports import Ring, Store

ACTOR: Final = "relay"
KEY_GONE: Final = "key-gone"
"""The weekly key may exist no longer: the order has to come again."""

KEY_MISSING, KEY_UNREADABLE, LEASE_LOST = "key-missing", "key-unreadable", "lease-lost"


class NoRing:
    """Where no carrier takes cleartext nothing can be opened."""

    def open(self, copy: KeptCopy) -> bytes:  # noqa: ARG002 - the port's signature
        """Raises: UnknownKeyError."""
        raise UnknownKeyError()


def opened(
    stored: Stored, payload: Mapping[str, Any], ring: Ring, store: Store, now: datetime, account: str | None
) -> Stored | Refused | Failed:
    """The record with the members of its parts; or why they cannot be had. ``payload`` is that of its receipt, which
    was checked against all of it; ``account`` the one that it goes under.

    Raises: TamperedError for a part that does not open; StorageError where the opening could not be noted: then
    nothing is opened.
    """
    day = receipt.taken_on(payload)
    if must_go(week(day), now):
        return Refused(code=KEY_GONE)
    if not store.opening(stored, AuditEntry(at=now, fact=Fact.OPENED, subject=stored.id, actor=ACTOR), account):
        return Failed(code=LEASE_LOST)
    sealed = {
        part.name: KeptCopy(
            record_id=stored.id, part=part.name, kid=transit_kid(part.name, day), until=part.until, jwe=part.jwe
        )
        for part in stored.parts
    }
    try:
        return replace(
            stored, account=account, opened={name: seal.members(ring.open(part)) for name, part in sealed.items()}
        )
    except UnknownKeyError:
        return Failed(code=KEY_MISSING)
    except ConfigError:
        return Failed(code=KEY_UNREADABLE, pause_lane=True)
