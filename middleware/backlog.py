"""The quota of the outbox: a shop with too many orders that wait for their parcel platform is told to come again.

A platform that is down for a day leaves what came meanwhile here; the quota bounds what one shop can pile up, so that
the disk stays for the others. What it keeps from being stored, the shop's platform keeps.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from middleware.errors import BacklogFullError
from middleware.ports import Store

KEPT: Final = timedelta(seconds=5)
"""How long a count is good for. The quota is exceeded at most by what a shop is accepted within that time."""


class Backlog:
    """``most`` is how many records of one shop may wait."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counted: dict[str, tuple[datetime, bool]] = {}

    def check(self, store: Store, shop: str, now: datetime) -> None:
        """Before one more is made. Raises: BacklogFullError; StorageError."""
        counted, full = self._counted.get(shop, (None, False))
        if counted is None or abs(now - counted) >= KEPT:
            full = store.waiting(shop, self._most) >= self._most
            self._counted[shop] = (now, full)
        if full:
            raise BacklogFullError(shop)
