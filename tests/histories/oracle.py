"""What must be true of every order: a dictionary of what the shop last said, and the judgement of what came of it.

Nothing here asks the service how it judges: what is newest, and what is to be shipped, is decided anew.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from simulator.store import State
from tests.histories.shop import UNREADABLE, USED, Content, Unreadable, Used, Version

ON_ITS_WAY = (State.HANDED_OVER, State.DELIVERED)


class Promise(StrEnum):
    """What can be broken."""

    LOST = "lost"  # nothing is live of an order that is to be shipped
    DOUBLED = "doubled"  # two live shipments of one order, or one that no change asked for
    STALE = "stale"  # what is live is not the newest content
    UNTOLD = "untold"  # nobody is told of a parcel that could not be changed, or somebody of one that was
    UNSETTLED = "unsettled"  # something moves on for ever
    UNEQUAL = "unequal"  # the same record was sent with other bytes


class Broken(AssertionError):
    """A promise that was not kept."""

    def __init__(self, promise: Promise, what: str) -> None:
        super().__init__(promise, what)
        self.promise = promise

    def __str__(self) -> str:
        return ": ".join(map(str, self.args))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A shipment at the platform that was not cancelled, and what could be opened of it."""

    id: str
    content: Content
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What can be seen of an order: what the platform has live of it, whether a relay ever took it, and whether it was
    given up, so that any newer version takes its place.
    """

    live: Content | None
    touched: bool
    given_up: bool


@dataclass(slots=True, kw_only=True)
class Told:
    """What the shop last said of one order. ``wanted`` holds what may be live in the end: one, or several where it is
    told apart only by what nobody outside can see.
    """

    minute: int = -1
    cancelled: bool = False
    unreadable: bool = False
    ever_unreadable: bool = False
    wanted: frozenset[Content | None] = frozenset({None})
    changes: int = 0
    once_wanted: set[Content] = field(default_factory=set)
    bodies: set[bytes] = field(default_factory=set)


class Book:
    """What every shop last said, by order."""

    def __init__(self) -> None:
        self._told: dict[int, Told] = {}

    def hear(self, version: Version, shop: str, body: bytes, seen: Seen) -> None:
        """The service acknowledged this webhook; what could be ``seen`` of the order before."""
        told = self._told.setdefault(version.order, Told())
        again = body in told.bodies
        told.bodies.add(body)
        if again or told.cancelled or (version.minute < told.minute and not version.cancelled):
            return
        told.minute = max(told.minute, version.minute)
        told.cancelled = version.cancelled
        wish = version.wish(shop)
        told.wanted, stood = self._wanted(told, wish, seen), told.wanted
        told.changes += told.wanted != stood or seen.given_up
        told.unreadable = wish is UNREADABLE or (wish is USED and told.unreadable)
        told.ever_unreadable |= told.unreadable
        told.once_wanted |= {content for content in told.wanted if content is not None}

    def _wanted(self, told: Told, wish: Content | Unreadable | Used | None, seen: Seen) -> frozenset[Content | None]:
        if wish is None or isinstance(wish, tuple):
            return frozenset({wish})
        if not seen.touched:  # nobody has taken it yet: it ends
            return frozenset({None})
        live = seen.live
        if live in told.wanted and (wish is USED or told.changes == 1):  # it is under way: it goes on
            return told.wanted
        return told.wanted | {None} if wish is USED else told.wanted | {None, live}

    def judge(self, order: int, parcels: Sequence[Parcel], made: int, flagged: Collection[str]) -> None:
        """At rest: exactly the newest content is live, once. ``made`` counts the shipments that there ever were,
        ``flagged`` are the ids of records that wait for a person. Raises: Broken.
        """
        told = self._told.get(order, Told())
        if made > told.changes:
            raise Broken(
                Promise.DOUBLED, f"order {order}: {made} shipments, although it changed only {told.changes} times"
            )
        if len(parcels) > 1:
            raise Broken(Promise.DOUBLED, f"order {order}: {len(parcels)} live shipments")
        if not parcels:
            if None not in told.wanted:
                raise Broken(Promise.LOST, f"order {order}: nothing is live, wanted is {_words(told)}")
            return
        (parcel,) = parcels
        if parcel.content in told.wanted:
            self._judge_flag(order, told, parcel, flagged=parcel.id in flagged)
        elif parcel.state not in ON_ITS_WAY:
            raise Broken(Promise.STALE, f"order {order}: live is {parcel.content}, wanted is {_words(told)}")
        elif parcel.content not in told.once_wanted:
            raise Broken(Promise.STALE, f"order {order}: on its way is {parcel.content}, which the shop never wanted")
        elif parcel.id not in flagged:
            raise Broken(Promise.UNTOLD, f"order {order}: changed after the parcel went on its way, and nobody is told")

    def _judge_flag(self, order: int, told: Told, parcel: Parcel, *, flagged: bool) -> None:
        if told.unreadable and not flagged:
            raise Broken(
                Promise.UNTOLD,
                f"order {order}: its newest version was rejected, its shipment goes on, and nobody is told",
            )
        if flagged and not told.ever_unreadable and parcel.state not in ON_ITS_WAY:
            raise Broken(Promise.UNTOLD, f"order {order}: flagged, although the newest content is what is live")


def _words(told: Told) -> str:
    return " or ".join(sorted("nothing" if content is None else str(content) for content in told.wanted))
