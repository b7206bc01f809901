"""Seats for what takes long: so many at once in a process, and of them no more for one shop than are left free."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from middleware.core.shares import Shares


class Seats:
    """``places`` seats for all threads of a process. Nobody waits for one. Of two a shop gets one, of four two; never
    more than ``each``.
    """

    def __init__(self, places: int, each: int | None = None) -> None:
        self._shares = Shares(places=places, at_work=places, each=each)
        self._lock = threading.Lock()

    @contextmanager
    def seat(self, shop: str) -> Iterator[bool]:
        """Whether the shop has a seat within; False where it has its share already, or none is left."""
        with self._lock:
            ticket = self._shares.come(shop)
        try:
            yield ticket is not None
        finally:
            if ticket is not None:
                with self._lock:
                    self._shares.leave(ticket)
