"""The customer's declaration of lawfulness comes later than the order: the receipt is signed anew with it, and what was
blocked goes out (MS-CTL-3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from middleware.core import receipt
from middleware.errors import TamperedError
from middleware.live_keys import OwnKeys
from middleware.model_events import Event, Release, Selector


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Desk:
    """``blocked`` tells what waits for a declaration (``ports.Calls.blocked``); ``keys`` sign and verify receipts."""

    blocked: Callable[[str, Selector], Sequence[tuple[str, str]]]
    keys: OwnKeys

    def releases(self, event: Event) -> Sequence[Release]:
        """What an event that is a declaration lets go: what is blocked of its shop's order or record. Nothing is
        changed here: that is one transaction with what is kept of the event. Raises: TamperedError, StorageError.
        """
        declaration = {"id": event.id, "declared_at": event.day.isoformat()}
        return tuple(
            Release(record_id=record_id, before=token, after=self._signed(record_id, token, declaration))
            for record_id, token in self.blocked(event.shop, event.selector)
        )

    def _signed(self, record_id: str, token: str, declaration: dict[str, str]) -> str:
        """A receipt of another record is signed by nobody: it would declare what nobody declared."""
        payload = receipt.verify(token, self.keys.verifying())
        if payload.get("rid") != record_id:
            raise TamperedError()
        return receipt.sign(receipt.declared(payload, declaration), self.keys.signing)
