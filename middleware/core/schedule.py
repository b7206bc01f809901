"""Class, clock and key for every part of a record: how long it may exist, from when, and which month's key seals it.

A part is sealed to the month of the *earliest possible* end, counted from now; so a clock that has not started, or
one that starts later, never needs another key at sealing time (sealing.md, "Retention keys"). For a carrier that takes
cleartext the key is that of the week of sealing, and class and clock are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from middleware.core.calendar import end, month, today
from middleware.core.kinds import kind_of
from middleware.core.permitting import PLUGIN, ground
from middleware.core.weeks import transit_kid
from middleware.model import PartPlan, Plan
from middleware.model_keys import Sealing
from schemas.errors import SchemaFault
from schemas.matter import Matter
from schemas.policy import Policy, RetentionRule

COME_AT_INTAKE = frozenset(("label_created", "last_order", "ordered"))
"""The triggers that have come when a record is taken in: label creation counts as the day of intake, and the order that
is taken in is its customer's last.
"""


def schedule(
    matter: Matter,
    policy: Policy,
    account_type: str,
    now: datetime,
    sealing: Sealing = Sealing.RETENTION,
    lane: str = PLUGIN,
) -> Plan:
    """The plan of a record taken in at ``now``, for a carrier whose parts are sealed so. Raises:
    schemas.errors.SchemaFault for a pack without the part, rule or basis.
    """
    day = today(now)
    kind = kind_of(matter)
    contract = kind.contract(matter)
    parts = tuple(
        _part(name, policy, day, ground(policy, name, account_type, lane, contract)) for name in kind.parts(matter)
    )
    if sealing is Sealing.TRANSIT:
        parts = tuple(replace(part, kid=transit_kid(part.name, day), month_kid=part.kid) for part in parts)
    first, last = ends({part.name: part.until for part in parts})
    return Plan(parts=parts, recipient_until=first, record_until=last)


def ends(parts: Mapping[str, date | None]) -> tuple[date | None, date | None]:
    """The last permitted days that follow from those of a record's parts: of what leads to it and its clear rest, which
    tell of the recipient (of everybody, where it has none), and of the record. None while a clock has not started.
    """
    recipient = [until for name, until in parts.items() if name.startswith("recipient.")]
    return latest(recipient or parts.values()), latest(parts.values())


def latest(days: Iterable[date | None]) -> date | None:
    """The last of these days; None, which has no end, where one of them is."""
    known = list(days)
    ended = [day for day in known if day is not None]
    return max(ended) if len(ended) == len(known) else None


def required_kids(policy: Policy, day: date) -> frozenset[str]:
    """The ids of all keys that a record taken in on ``day`` may need."""
    sealed = (part for part in policy.parts.values() if part.sealed)
    return frozenset(f"{part.name}/{part.retention}/{month(end(day, _duration(policy, part.name)))}" for part in sealed)


def memory(policy: Policy, now: datetime) -> date:
    """The last day of what is remembered of an order that was ignored or rejected (class ``pv.inbox``), taken in at
    ``now``.
    """
    return end(today(now), _length(policy.retention["pv.inbox"]))


def _part(name: str, policy: Policy, day: date, basis: str) -> PartPlan:
    part, rule = policy.parts[name], policy.rule(name)
    earliest = end(day, _duration(policy, name))
    started = rule.trigger in COME_AT_INTAKE
    return PartPlan(
        name=name,
        retention=rule.id,
        trigger=rule.trigger,
        starts=day if started else None,
        until=earliest if started else None,
        ceiling=earliest,
        kid=f"{name}/{rule.id}/{month(earliest)}",
        purpose=part.purpose,
        basis=basis,
    )


def _duration(policy: Policy, part: str) -> str:
    return _length(policy.rule(part))


def _length(rule: RetentionRule) -> str:
    if rule.duration is None:
        raise SchemaFault(f"retention.{rule.id}: nothing may be stored without a duration")
    return rule.duration
