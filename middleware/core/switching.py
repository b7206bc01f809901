"""What an objection, a withdrawal, a consent or its return means for a pack: which switches it moves, in the pack's own
word (AMB-11), and by which ways it might have come (AMB-15): it counts by whatever way it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from middleware.core.calendar import today
from middleware.core.standing import classes, kept, purposes
from middleware.model_standing import Shift, Switch, Switched
from schemas.levels import DATA_SUBJECT, LOWERING, Change, Objection, change, initial, object_to
from schemas.permission import Refusal
from schemas.policy import NOT_STATED, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What was said: of a level or a purpose, in which word (``LOWERING``, ``RAISING`` of ``schemas.levels``), by which
    way where that is told, on which day, told by whom; ``own``: by a source of the data subject's own.
    """

    kind: Switched
    name: str
    verb: str
    way: str | None
    day: date
    by: str
    own: bool


def heard(policy: Policy, saying: Saying, now: datetime) -> tuple[Shift, tuple[str, ...]] | Refusal:
    """What it changes, and the ways that the text names if it came by another. A purpose that depends on levels moves
    these: one matter, one switch.
    """
    if saying.kind is Switched.PURPOSE and saying.name not in policy.purposes:
        return Refusal(reason="unknown_purpose", clause=policy.reads_with.clause)
    moved: list[Switch] = []
    for kind, name in _switches(policy, saying):
        verb = _verb(policy, saying, kind, name)
        if isinstance(verb, Refusal):
            return verb
        on = saying.verb not in LOWERING
        moved.append(
            Switch(kind=kind, name=name, on=on, verb=verb, way=saying.way, day=saying.day, heard_at=now, by=saying.by)
        )
    ends = {one.name: classes(policy, one) for one in moved}
    remembered = kept(policy, max(saying.day, today(now)))  # one of long ago is not forgotten the night it is told
    shift = Shift(day=saying.day, kept=remembered, switches=tuple(moved), classes=ends)
    return shift, ways(policy, saying) if saying.verb in LOWERING else ()


def ways(policy: Policy, saying: Saying) -> tuple[str, ...]:
    """The ways that the text names for an objection that came by another, with their addresses where it has them."""
    found: dict[str, None] = {}
    for purpose in sorted(purposes(policy, saying.kind, saying.name)):
        objection = object_to(policy, purpose, saying.way or "")
        if isinstance(objection, Objection):
            found |= dict.fromkeys(_told(policy, objection, purpose))
    return tuple(found)


def _told(policy: Policy, objection: Objection, purpose: str) -> Iterator[str]:
    addresses = {channel.kind: channel.address for channel in objection.channels}
    levels = [policy.bases[name].level for name in policy.purposes[purpose].bases]
    dashboards = [policy.levels[name].dashboard for name in levels if name is not None]
    addresses |= {"dashboard": next(iter(dashboards), NOT_STATED)}
    for way in objection.ways:
        address = addresses.get(way, NOT_STATED)
        yield way if address == NOT_STATED else f"{way}: {address}"


def _switches(policy: Policy, saying: Saying) -> list[tuple[Switched, str]]:
    if saying.kind is Switched.LEVEL:
        return [(Switched.LEVEL, saying.name)]
    levels = [policy.bases[name].level for name in policy.purposes[saying.name].bases]
    found = [(Switched.LEVEL, name) for name in dict.fromkeys(levels) if name is not None]
    return found or [(Switched.PURPOSE, saying.name)]


def _verb(policy: Policy, saying: Saying, kind: Switched, name: str) -> str | Refusal:
    by = DATA_SUBJECT if saying.own else saying.by
    if kind is Switched.LEVEL:
        changed = change(policy, initial(policy), name, saying.verb, by)
        return changed.verb if isinstance(changed, Change) else changed
    if saying.verb in LOWERING:
        return "object"
    if by != DATA_SUBJECT:
        return Refusal(reason="only_the_data_subject", clause=policy.purposes[name].clause)
    return saying.verb
