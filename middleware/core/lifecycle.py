"""The life of an order as a pure decision: what a newly arrived version does to what stands.

Order matters by ``updated_at``; at equal times the later arrival is newer; cancelled is final. Until its first claim
a record's content may be replaced; from then on it is frozen: another content waits until the platform has cancelled
what it holds, and goes out as a record of its own. What the platform can no longer cancel, or what is legally held
there, is flagged for a person (contract: ``changed_after_delivery``). One live shipment per order, with the newest
content.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from middleware.model import Ending, Reason, State


class Step(StrEnum):
    """What storage has to do with an arrival."""

    CREATE = "create"  # store the record
    REPLACE = "replace"  # the record that was never claimed goes, the new one takes its place
    SUPERSEDE = "supersede"  # the frozen record is to be cancelled at the platform; the new one is held until then
    WITHDRAW = "withdraw"  # the record that was never claimed ends, its sealed parts leave
    RECALL = "recall"  # the frozen record is to be cancelled at the platform
    DUPLICATE = "duplicate"  # nothing changes but the time of the newest version
    OLDER = "older"  # a newer version stands: nothing changes
    FLAG = "flag"  # what is under way can no longer be changed, or not by us: flag the record for a person
    NOTE = "note"  # nothing to ship and nothing to end: remember the version only


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands for an order: its newest version, and the record if there is one.

    ``content`` is the keyed digest of the newest version's permitted content, None where it had nothing to ship;
    ``claimed`` tells whether a relay ever took the record, ``ending`` what is to become of it since, ``held``
    whether a legal hold keeps what is at the parcel platform, or on its way there.
    """

    updated_at: datetime
    cancelled: bool
    content: bytes | None = None
    state: State | None = None
    claimed: bool = False
    ending: Ending | None = None
    held: bool = False


GONE = frozenset((None, State.WITHDRAWN, State.CANCELLED))
"""Where nothing of an order is at the parcel platform, nor on its way there."""


GIVEN_UP = frozenset((State.DEAD, State.QUARANTINED))
"""Where nothing happens by itself any more: a newer version takes the place of it, whatever its content."""


IDLE = GIVEN_UP | {State.BLOCKED}
"""Where nothing goes out unless somebody comes: what has not started the clock of a part so far may never do."""


def decide(
    standing: Standing | None,
    updated_at: datetime,
    halt: Reason | None,
    content: bytes | None,
    *,
    free: bool = False,
) -> Step:
    """The step for a version of ``updated_at`` that either ships ``content`` or, for ``halt``, does not. ``free`` tells
    whether it waits for no declaration: then it lets go the same content that does, by taking its place.

    Cancelled is final, so a cancellation counts whatever its time, and nothing counts after it.
    """
    if standing is None:
        return Step.CREATE if halt is None else Step.NOTE
    if standing.cancelled:
        return Step.DUPLICATE if halt is Reason.CANCELLED else Step.OLDER
    if updated_at < standing.updated_at and halt is not Reason.CANCELLED:
        return Step.OLDER
    if halt is not None:
        return _halted(standing, halt)
    if standing.state in GONE:
        return Step.CREATE
    if content == standing.content and not _anew(standing, updated_at, free=free):
        return Step.DUPLICATE
    if not standing.claimed:
        return Step.REPLACE
    return Step.FLAG if _stays(standing) else Step.SUPERSEDE


def _anew(standing: Standing, updated_at: datetime, *, free: bool) -> bool:
    """Whether a version with the content that stands takes its place all the same."""
    if standing.state is State.BLOCKED:
        return free
    return standing.state in GIVEN_UP and updated_at > standing.updated_at


def _halted(standing: Standing, halt: Reason) -> Step:
    if standing.state in GONE:
        return Step.NOTE
    if halt is Reason.FULFILLED and (standing.claimed or standing.state is State.HELD):
        return Step.NOTE  # what the shop reports once a label of ours is used: it changes nothing
    if not standing.claimed:
        return Step.WITHDRAW
    if halt is Reason.REJECTED or _stays(standing):
        return Step.FLAG  # what cannot be read tells of a change, but not of which
    return Step.RECALL


def _stays(standing: Standing) -> bool:
    """Whether what is frozen cannot be taken back, or must not be."""
    return standing.held or standing.ending is Ending.TOO_LATE
