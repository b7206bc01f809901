"""The protocols between what shops are told and the world: where it waits, and how each way speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from middleware.exchange import Failed, Refused, Request, Response
from middleware.model import ShopSettings
from middleware.model_back import Done, Ended, Event, Stop, Unheard

Heard = Done | Ended | Refused | Failed
"""What came of telling a shop."""


class Outbox(Protocol):
    """What shops are to be told. Every method is one transaction. Raises: StorageError from all of them."""

    def due(self, now: datetime) -> Sequence[str]:
        """The shops that are to be told something now."""

    def claim(self, now: datetime, lease_seconds: float, shop: str) -> Event | None:
        """Lease the shop's oldest that is due, of each shipment in the order in which it happened. That the sealed id
        of its order is about to be opened stands in the audit log, in the same transaction.
        """

    def done(self, event: Event) -> bool:
        """The shop has heard it: it leaves with what happened before it and was given up, and the id of the order too,
        once no way needs it any more. False if the lease was lost, here and below.
        """

    def again(self, event: Event, at: datetime, code: str) -> bool:
        """It is told again at ``at``."""

    def failed(self, event: Event, code: str) -> bool:
        """It is given up, for a person."""

    def stop(self, event: Event, stop: Stop) -> bool:
        """It rests, and all that waits for that shop, or will; a fulfilment does not."""

    def stops(self) -> Sequence[Stop]:
        """The shops that want to hear nothing more."""

    def resume(self, shop: str, now: datetime) -> bool:
        """Tell that shop again, and what rested. False where nothing had stopped it."""

    def retry(self, shop: str | None, now: datetime) -> int:
        """Let what was given up be told again, of one shop or of all; how much that is. What goes to a shop that wants
        to hear nothing more rests.
        """

    def unheard(self, shop: str | None, limit: int) -> Sequence[Unheard]:
        """What shops have not heard of, the oldest first."""

    def counts(self) -> Mapping[str, int]:
        """How much is ``waiting`` and how much ``failed``; how many shops have ``stopped``, whose rests apart."""

    def close(self) -> None: ...


class Speaker(Protocol):
    """How one way speaks: requests and answers, without I/O."""

    def origin(self, shop: ShopSettings) -> str | None:
        """Where the shop is told: ``scheme://host[:port]``. None where it asked for nothing."""

    def start(self, event: Event, order: str | None, shop: ShopSettings, now: datetime) -> Request | Heard:
        """What is to be sent. ``order`` is the shop's own id of its order, None once it has left."""

    def after(self, event: Event, order: str | None, shop: ShopSettings, response: Response) -> Request | Heard:
        """What the answer means, or what is to be sent next."""
