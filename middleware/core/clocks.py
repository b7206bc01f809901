"""What an event means for the clocks of retention: a pure decision over the shop's pack as the shop reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from middleware.core.calendar import end
from middleware.core.lifecycle import IDLE
from middleware.core.schedule import COME_AT_INTAKE, ends
from middleware.model import Record, State, TaggedPart
from middleware.model_events import Clock, Cut
from middleware.model_keys import Fact
from schemas.policy import Policy
from schemas.policy_terms import CUSTOMER_REQUEST

ASSUMED: Final = frozenset(("label_created",))
"""The triggers that count as come at intake (``schedule.COME_AT_INTAKE``) until another day is told."""

OF_A_SHIPMENT: Final = ("label_created", "delivered")
"""The triggers that come once for each shipment: what takes the place of one is another."""

Running = Mapping[tuple[str, str, str], tuple[date, date]]
"""Part, class and trigger of what has a clock that runs → its first and its last day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A part with its dates. ``untold``: no event has moved them; ``ended``: its end was carried out; ``unwanted``: its
    record is being taken back.
    """

    name: str
    retention: str
    trigger: str
    starts: date | None
    until: date | None
    ceiling: date
    untold: bool
    ended: bool
    unwanted: bool = False


def clock(policy: Policy, trigger: str, day: date) -> Clock:
    """The clock that ``trigger`` starts on ``day``: every class of a part with this trigger that has a duration,
    counted once from the day. A pack without such a class gives a clock that moves nothing.
    """
    kept = {part.retention for part in policy.parts.values()}
    waiting = [rule for rule in policy.retention.values() if rule.id in kept and rule.trigger == trigger]
    rules = [rule for rule in waiting if rule.duration is not None]
    ends: Mapping[str, date] = {rule.id: end(day, rule.duration) for rule in rules if rule.duration is not None}
    return Clock(trigger=trigger, day=day, ends=ends, resets=frozenset(rule.id for rule in rules if rule.resets))


def moved(
    clock: Clock, retention: str, starts: date | None, until: date | None, today: date, *, untold: bool = False
) -> date | None:
    """The new last day of a part of that class, None where nothing changes: a first event wins, unless the class starts
    anew with each; then only a later one does. A start that intake assumed (``untold``: no event has moved it) gives
    way to the first event, even of the same day. What has ended stays ended, and no end comes nearer.
    """
    new = clock.ends.get(retention)
    if new is None:
        return None
    if starts is None:
        return new if until is None else None  # with a last day and no start: nothing can start it any more
    first = untold and clock.trigger in ASSUMED
    if until is None or until < today or not (first or retention in clock.resets):
        return None
    later = clock.day >= starts if first else clock.day > starts
    return new if later and new >= until else None


def last_day(state: State, until: date | None, ceiling: date) -> date | None:
    """The last permitted day of a part as things are; None where it has none. What nothing sends, and whose clock has
    not started, may stay as if the trigger had come on the day of intake (``ceiling``); once it goes out again, or its
    clock starts, that is over.
    """
    return ceiling if until is None and state in IDLE else until


def as_signed(trigger: str, starts: date | None, until: date | None, ceiling: date, taken: date) -> bool:
    """Whether a part's clock runs as its receipt says, whatever was told of it since: from ``taken``, the day of
    intake.
    """
    return trigger in COME_AT_INTAKE and (starts, until) == (taken, ceiling)


def early_end(policy: Policy, part: str, day: date) -> Cut | None:
    """The end of a part at the customer's request of ``day``, which is its first day without; None where the text knows
    no such end of its class, or the pack no such part.
    """
    asked = policy.parts.get(part)
    if asked is None or CUSTOMER_REQUEST not in policy.retention[asked.retention].ended_early_by:
        return None
    return Cut(part=part, day=day, until=day - timedelta(days=1))


def shortened(cut: Cut, part: str, until: date | None) -> date | None:
    """The new last day of a part, None where nothing changes: it is another part, or ends as early by itself."""
    return cut.until if part == cut.part and (until is None or until > cut.until) else None


def new_dates(change: Clock | Cut, part: Dated, state: State, today: date) -> tuple[date | None, date] | None:
    """The new first and last day of a part of a record in that state, None where nothing changes. A part that ends
    early keeps its first day, which is none where its clock never started. What is being taken back lives no longer; a
    clock that never started starts there, too, for the platform may keep it.
    """
    last = last_day(state, part.until, part.ceiling)
    if part.ended or (last is not None and last < today):
        return None  # it has ended, whether the purge has been here or not
    if isinstance(change, Cut):
        starts, until = part.starts, shortened(change, part.name, part.until)
    elif part.trigger == change.trigger and (part.until is None or not part.unwanted):
        starts = change.day
        until = moved(change, part.retention, part.starts, part.until, today, untold=part.untold)
    else:
        return None
    return None if until is None else (starts, until)


def fact(change: Clock | Cut) -> Fact:
    """What is audited of each record that it changes."""
    return Fact.ENDED_EARLY if isinstance(change, Cut) else Fact.CLOCK_MOVED


def succeeding(record: Record, before: Running) -> Record:
    """A newer version of an order goes on with the clocks that run for the one whose place it takes: to be told anew
    begins no agreement again, and is no new order.
    """
    parts = tuple(_going_on(part, before) for part in record.parts)
    first, last = ends({part.name: part.until for part in parts})
    index = tuple(replace(entry, until=first) for entry in record.index)
    return replace(record, parts=parts, index=index, clear_until=first, until=last)


def _going_on(part: TaggedPart, before: Running) -> TaggedPart:
    starts, until = before.get((part.name, part.retention, part.trigger), (part.starts, part.until))
    return replace(part, starts=starts, until=until)
