"""The port of rotation: what a database tells and takes when one of the service's keys takes the place of another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from middleware.model_keys import AuditEntry, Locked


class Rotations(Protocol):
    """Every method but ``signed`` and ``rechain`` is one transaction. Raises: StorageError from all of them."""

    def note(self, entry: AuditEntry) -> None:
        """Write the entry, once for a subject and a fact."""

    def signed(self, start: str) -> bool:
        """Whether a record is still there whose receipt begins so."""

    def admit(self, purpose: str, value: bytes, now: datetime, actor: str) -> None:
        """From now on the database may be used with the key of that check value too, as the next generation; that is
        noted. Done again it changes nothing.
        """

    def retire(self, purpose: str, value: bytes, now: datetime, actor: str) -> None:
        """From now on it may be used with the key of that check value alone; every generation that leaves is noted."""

    def locked(self, after: Locked | None, limit: int) -> Sequence[Locked]:
        """A page of what is locked under the service key, in one order, which begins behind ``after``."""

    def relocked(self, before: Sequence[Locked], after: Sequence[Locked]) -> int:
        """Put the new in the place of the old, where the old still is. How many were."""

    def fence(self, generation: int) -> None:
        """From now on every digest that is written is of that generation of the index key."""

    def rechain(self, forward: Callable[[bytes], bytes], now: datetime) -> tuple[int, int]:
        """Take what rests forward, in small transactions: (rows taken forward, rows that cannot be yet)."""

    def close(self) -> None: ...
