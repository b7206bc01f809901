"""The gate before the line: a shop's flood never takes more than its share of a process (docs/adr/0014).

Who has come through the signature waits here for a turn, with its thread. Threads that wait cost little, so there are
many more of them than webhooks at work; nobody's database connection is taken meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from middleware.core.shares import Shares, Ticket, come_again
from middleware.errors import BusyError

PLACES: Final = 32
"""Threads of an intake process, and so how many webhooks can be here at once."""

AT_WORK: Final = 4
"""Webhooks at work at once. One writes, others are read and sealed meanwhile: more of them only wait for each other,
where no turns are taken any more.
"""

PATIENCE_SECONDS: Final = 2.0
"""How long one waits for its turn. A shop waits for five in all, and the storage may take three of them."""


class Gate:
    """Lets webhooks through by ``shares``, for all threads of a process."""

    def __init__(self, shares: Shares | None = None, patience: float = PATIENCE_SECONDS) -> None:
        """``patience`` is in seconds."""
        self._shares = shares or Shares(places=PLACES, at_work=AT_WORK)
        self._patience = patience
        self._lock = threading.Lock()
        self._bells: dict[Ticket, threading.Event] = {}

    @contextmanager
    def turn(self, shop: str, webhook: str, patience: float | None = None) -> Iterator[None]:
        """Work within. ``webhook`` is the delivery's id; ``patience`` is in seconds, if it is another than all have.

        Raises: BusyError where the shop has its share of places already, or no turn came.
        """
        ticket, bell = self._come(shop)
        try:
            if ticket is None or not (ticket.called or bell.wait(self._patience if patience is None else patience)):
                raise BusyError(shop, come_again(webhook))
            yield
        finally:
            if ticket is not None:
                self._leave(ticket)

    def _come(self, shop: str) -> tuple[Ticket | None, threading.Event]:
        bell = threading.Event()
        with self._lock:
            ticket = self._shares.come(shop)
            if ticket is not None and not ticket.called:
                self._bells[ticket] = bell
        return ticket, bell

    def _leave(self, ticket: Ticket) -> None:
        with self._lock:
            self._bells.pop(ticket, None)
            following = self._shares.leave(ticket)
            if following is not None:
                self._bells.pop(following).set()
