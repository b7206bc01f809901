"""What is known of who uses the label module of a shop, or of one contact or customer: how long each class of their
data may serve its purpose, and what they said of their switches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Switched(StrEnum):
    """What a switch is of: a level of the policy's dashboard, or a purpose for which the text has no level."""

    LEVEL = "level"
    PURPOSE = "purpose"


class Ended(StrEnum):
    """Why a class serves its purpose no longer."""

    TERM = "term"  # its last permitted day has passed
    OBJECTION = "objection"  # the data subject objected


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One class of the user's data: since which day it counts, and its last permitted day (Europe/Brussels), None while
    no day has come from which it counts, or while the use lasts that it lasts with. ``restricted_at``: since when what
    is kept serves legal claims alone.
    """

    retention: str
    starts: date | None = None
    until: date | None = None
    restricted_at: datetime | None = None
    restricted_by: Ended | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """What was last said of a switch: ``verb`` in the word of the pack, ``way`` by which it came where that was told,
    ``day`` on which it was said, ``by`` whom we heard it from.
    """

    kind: Switched
    name: str
    on: bool
    verb: str
    way: str | None
    day: date
    heard_at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that is known of the user of a shop's label module, or of one contact or customer."""

    terms: tuple[Term, ...] = ()
    switches: tuple[Switch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """The label module was used on a day: the classes that count from it (class → last permitted day; None: as long as
    the use lasts), and which of them begin anew with every use. ``kept``: how long it is remembered at least.
    ``lifts``: whether it makes a class live again that is over, as a label does, and not what a shop merely says.
    """

    day: date
    kept: date
    terms: Mapping[str, date | None]
    resets: frozenset[str]
    lifts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What an event changes: a use; the classes that end with the end of use on ``day``; switches that were moved, and
    the classes that they end early, or that live again with them. ``kept`` as in ``Use``.
    """

    day: date
    kept: date
    use: Use | None = None
    over: frozenset[str] = frozenset()
    switches: tuple[Switch, ...] = ()
    classes: Mapping[str, frozenset[str]] = field(default_factory=dict)  # switch → the classes that end with it
