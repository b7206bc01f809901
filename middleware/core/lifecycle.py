"""The life of an order as a pure decision: what a newly arrived version does to what stands.

Order matters by ``updated_at``; at equal times the later arrival is newer; cancelled is final. Until its first claim
a record's content may be replaced; from then on it is frozen, and a version that should have changed it flags it for
a person (contract: ``changed_after_delivery``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from middleware.model import Reason, State


class Step(StrEnum):
    """What storage has to do with an arrival."""

    CREATE = "create"  # store the record
    REPLACE = "replace"  # the waiting record goes, the new one takes its place
    WITHDRAW = "withdraw"  # the waiting record ends, its sealed parts leave
    DUPLICATE = "duplicate"  # nothing changes but the time of the newest version
    OLDER = "older"  # a newer version stands: nothing changes
    FLAG = "flag"  # frozen and different: flag the record for a person
    NOTE = "note"  # nothing to ship and nothing stands: remember the version only


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands for an order: its newest version, and the record if there is one.

    ``content`` is the keyed digest of the record's permitted content, ``claimed`` whether a relay ever took it.
    """

    updated_at: datetime
    cancelled: bool
    state: State | None = None
    content: bytes | None = None
    claimed: bool = False


def decide(standing: Standing | None, updated_at: datetime, halt: Reason | None, content: bytes | None) -> Step:
    """The step for a version of ``updated_at`` that either ships ``content`` or, for ``halt``, does not.

    Cancelled is final, so a cancellation counts whatever its time, and nothing counts after it.
    """
    if standing is None:
        return Step.CREATE if halt is None else Step.NOTE
    if standing.cancelled:
        return Step.DUPLICATE if halt is Reason.CANCELLED else Step.OLDER
    if updated_at < standing.updated_at and halt is not Reason.CANCELLED:
        return Step.OLDER
    live = standing.state in (State.WAITING, State.CLAIMED, State.DELIVERED, State.DEAD, State.QUARANTINED)
    if not live:
        return Step.CREATE if halt is None else Step.NOTE
    if halt is not None:
        return _halted(standing, halt)
    if content == standing.content:
        return Step.DUPLICATE
    return Step.FLAG if standing.claimed else Step.REPLACE


def _halted(standing: Standing, halt: Reason) -> Step:
    if not standing.claimed:
        return Step.WITHDRAW
    # A fulfilment is what the shop reports after our label was used: it changes nothing.
    return Step.NOTE if halt is Reason.FULFILLED else Step.FLAG
