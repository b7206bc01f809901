"""The data subject's own switches: what they are at first, how long what we know of them holds, and who may move them.

Lowering is always possible and for everybody; raising is the data subject's alone. Nothing that a shop sends, such as
Shopify's ``buyer_accepts_marketing``, raises a level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from schemas.permission import Refusal
from schemas.policy import Channel, Policy
from schemas.policy_terms import Clause

MAX_AGE: Final = timedelta(minutes=15)
"""How long what a dashboard said is believed; afterwards the level is unknown, and so denied (X-LVL-2)."""

DATA_SUBJECT: Final = "data_subject"
LOWERING: Final = ("object", "withdraw")
RAISING: Final[Mapping[str, str]] = MappingProxyType({"withdraw": "consent", "object": "resume"})
"""By the verb that ends a level, the one that raises it: consent is given, an objection is taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelState:
    """What a dashboard said of one level. ``heard_at``: aware."""

    on: bool
    heard_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The levels after a change. ``verb``: what happened, in the word of the level's basis whatever it was called."""

    levels: Mapping[str, bool]
    verb: str
    clause: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """An objection that counts. ``ways``: those that the text names, if it came by another; ``channels``: theirs."""

    ways: tuple[str, ...]
    channels: tuple[Channel, ...]
    clause: Clause


def initial(policy: Policy) -> Mapping[str, bool]:
    """The levels of somebody who has moved none: opt-out on, opt-in off."""
    return {level.id: level.starts_on for level in policy.levels.values()}


def known(states: Mapping[str, LevelState], now: datetime) -> Mapping[str, bool]:
    """The levels that may be relied on at ``now``: what is too old, or from a time to come, is unknown."""
    return {name: state.on for name, state in states.items() if timedelta(0) <= now - state.heard_at <= MAX_AGE}


def change(policy: Policy, levels: Mapping[str, bool], name: str, verb: str, by: str) -> Change | Refusal:
    """Lower or raise one level; the others stay. ``by``: ``data_subject``, or whoever else asks, who can only lower.

    A consent that is "objected to" is withdrawn, and the other way round (AMB-11): no word keeps anybody from lowering.
    """
    level = policy.levels.get(name)
    if level is None:
        return Refusal(reason="unknown_level", clause=policy.reads_with.clause)
    if verb in LOWERING:
        return Change(levels={**levels, name: False}, verb=level.verb, clause=level.clause)
    if by != DATA_SUBJECT:
        return Refusal(reason="only_the_data_subject", clause=level.clause)
    if verb != RAISING[level.verb]:
        return Refusal(reason="unknown_verb", clause=level.clause)
    return Change(levels={**levels, name: True}, verb=verb, clause=level.clause)


def object_to(policy: Policy, purpose_id: str, route: str) -> Objection | Refusal:
    """Object to a purpose by a route (``OBJECTION_ROUTES``). It counts even where the text names other ways (AMB-15):
    then they are told, with their addresses.
    """
    purpose = policy.purposes.get(purpose_id)
    if purpose is None:
        return Refusal(reason="unknown_purpose", clause=policy.reads_with.clause)
    rows = [policy.bases[name] for name in purpose.bases]
    named = tuple(dict.fromkeys(way for row in rows for way in row.objected_through))
    ways = () if route in named else named
    channels = tuple(channel for channel in policy.controller.channels if channel.kind in ways)
    return Objection(ways=ways, channels=channels, clause=rows[0].clause if rows else purpose.clause)
