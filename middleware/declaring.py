"""The customer's declaration of lawfulness comes later than the order: the receipt is signed anew with it, and what was
blocked goes out (MS-CTL-3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from middleware.core import receipt
from middleware.model_events import Selector
from middleware.ports import Calls, Clock


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Desk:
    """Where blocked records are, and the key that signs receipts."""

    calls: Calls
    clock: Clock
    key: receipt.Key

    def declare(self, shop: str, selector: Selector, identity: str, day: date) -> int:
        """Let go what is blocked of a shop's order or record, by the declaration of that id and day. How many records
        that were; what is blocked no more stays as it is, so it may be told again. Raises: TamperedError,
        StorageError.
        """
        declaration = {"id": identity, "declared_at": day.isoformat()}
        return sum(
            self.calls.unblock(record_id, token, self._signed(token, declaration), self.clock())
            for record_id, token in self.calls.blocked(shop, selector)
        )

    def _signed(self, token: str, declaration: dict[str, str]) -> str:
        payload = receipt.verify(token, {str(self.key.kid): self.key})
        return receipt.sign({**payload, "declaration": declaration}, self.key)
