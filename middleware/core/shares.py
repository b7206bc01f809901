"""Who may come in, and whose turn it is, when several shops send at once: a pure rule that the gate obeys.

Two limits. So many webhooks may be here at all, waiting ones included, and a shop may have no more of them than places
are left free: alone it gets half, beside another that floods a third, and however many flood, one place more is free.
So many of them may be at work, and the shops that wait take turns for that: each gives its oldest, then the next comes.
"""

from __future__ import annotations

import zlib
from collections import Counter, deque
from dataclasses import dataclass, field

SOONEST, LATEST = 2, 9
"""Seconds after which a webhook that found no place may come again."""


@dataclass(slots=True, eq=False)
class Ticket:
    """One webhook that is here. ``called``: it may work."""

    shop: str
    called: bool = False


@dataclass(slots=True, kw_only=True)
class Shares:
    """``places`` is how many may be here, ``at_work`` how many of them may work at once, ``each`` how many of a shop
    may be here in any case. Not for several threads.
    """

    places: int
    at_work: int
    each: int | None = None
    _here: Counter[str] = field(init=False, default_factory=Counter)
    _working: int = field(init=False, default=0)
    _waiting: dict[str, deque[Ticket]] = field(
        init=False, default_factory=dict
    )  # the shop whose turn it is comes first

    def come(self, shop: str) -> Ticket | None:
        """A webhook of a shop comes: called at once, or waiting for its turn. None if the shop has its share."""
        free = self.places - self._here.total()
        if self._here[shop] >= (free if self.each is None else min(free, self.each)):
            return None
        self._here[shop] += 1
        ticket = Ticket(shop)
        self._waiting.setdefault(shop, deque()).append(ticket)
        self._call()
        return ticket

    def leave(self, ticket: Ticket) -> Ticket | None:
        """One goes, done or tired of waiting. Whose turn it is then, if somebody's."""
        self._here[ticket.shop] -= 1
        if not self._here[ticket.shop]:
            del self._here[ticket.shop]
        if ticket.called:
            self._working -= 1
            return self._call()
        queue = self._waiting[ticket.shop]
        queue.remove(ticket)
        if not queue:
            del self._waiting[ticket.shop]
        return None

    def _call(self) -> Ticket | None:
        if self._working >= self.at_work or not self._waiting:
            return None
        shop = next(iter(self._waiting))
        queue = self._waiting.pop(shop)
        ticket = queue.popleft()
        if queue:
            self._waiting[shop] = queue  # behind all others
        self._working += 1
        ticket.called = True
        return ticket


def come_again(webhook: str) -> int:
    """After how many seconds: those that were sent away together do not come back together."""
    return SOONEST + zlib.crc32(webhook.encode()) % (LATEST - SOONEST + 1)
