"""Class, clock and key for every part of a record: how long it may exist, from when, and which month's key seals it.

A part is sealed to the month of the *earliest possible* end, counted from now; so a clock that has not started, or
one that starts later, never needs another key at sealing time (sealing.md, "Retention keys").
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from middleware.core.calendar import end, month, today
from middleware.model import PartPlan, Plan
from schemas.errors import SchemaFault
from schemas.order import Order
from schemas.policy import Policy, RetentionRule

STARTS_AT_INTAKE = "label_created"
"""The one trigger that has come when an order is taken in: label creation counts as the day of intake."""


def schedule(order: Order, policy: Policy, account_type: str, now: datetime) -> Plan:
    """The plan of a record taken in at ``now``. Raises: schemas.errors.SchemaFault for a pack without the part, rule
    or basis.
    """
    day = today(now)
    parts = tuple(_part(name, policy, account_type, day) for name in _names(order))
    ends = {part.name: part.until or end(day, _duration(policy, part.name)) for part in parts}
    recipient = [until for name, until in ends.items() if name.startswith("recipient.")]
    return Plan(parts=parts, recipient_until=max(recipient), record_until=max(ends.values()))


def required_kids(policy: Policy, day: date) -> frozenset[str]:
    """The ids of all keys that a record taken in on ``day`` may need."""
    sealed = (part for part in policy.parts.values() if part.sealed)
    return frozenset(f"{part.name}/{part.retention}/{month(end(day, _duration(policy, part.name)))}" for part in sealed)


def memory(policy: Policy, now: datetime) -> date:
    """The last day of what is remembered of an order that was ignored or rejected (class ``pv.inbox``), taken in at
    ``now``.
    """
    return end(today(now), _length(policy.retention["pv.inbox"]))


def _names(order: Order) -> Iterator[str]:
    yield "recipient.delivery"
    if order.recipient.contact.email or order.recipient.contact.phone:
        yield "recipient.notification"
    if order.customs:
        yield "recipient.customs"
    yield "sender.contact"


def _part(name: str, policy: Policy, account_type: str, day: date) -> PartPlan:
    part, rule = policy.parts[name], policy.rule(name)
    earliest = end(day, _duration(policy, name))
    started = rule.trigger == STARTS_AT_INTAKE
    return PartPlan(
        name=name,
        retention=rule.id,
        trigger=rule.trigger,
        starts=day if started else None,
        until=earliest if started else None,
        kid=f"{name}/{rule.id}/{month(earliest)}",
        purpose=part.purpose,
        basis=policy.basis(part.purpose, part.subject, account_type),
    )


def _duration(policy: Policy, part: str) -> str:
    return _length(policy.rule(part))


def _length(rule: RetentionRule) -> str:
    if rule.duration is None:
        raise SchemaFault(f"retention.{rule.id}: nothing may be stored without a duration")
    return rule.duration
