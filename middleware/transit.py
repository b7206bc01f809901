"""Transit keys go: once nothing of their week waits, and two weeks after it whatever waits.

provision ─▶ … the week passes … ─▶ all settled, or 14 days ─▶ destroy

The relay does so by itself, and a person may do it earlier than it would be looked for; either way it stands in the
audit log, in the transaction that saw that nothing waits. What was sealed to the key can then be read nowhere, in no
backup either; a dead letter of that week can go no more, and its order has to come again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from middleware.core.weeks import last_day, may_go, must_go, week_of
from middleware.errors import ConfigError, DestructionRefusedError, StorageError
from middleware.logs import logger
from middleware.model_keys import AuditEntry, Fact
from middleware.ports_retention import Weeks
from middleware.retention_keys import KeyRing

ACTOR: Final = "relay"

_log = logger("transit")


def weeks_of(ring: KeyRing, *, gone: bool = False) -> Sequence[tuple[str, str]]:
    """(week, key id) of every transit key, the oldest first; with ``gone`` of those that were destroyed, too. Raises:
    ConfigError.
    """
    kids = ring.kids() | ring.gone() if gone else ring.kids()
    return sorted((week, kid) for kid in kids if (week := week_of(kid)))


def clear_away(weeks: Weeks, ring: KeyRing, now: datetime) -> Sequence[str]:
    """Destroy every transit key whose time is over; the ids of those that were. Raises: StorageError, ConfigError."""
    over = [(week, kid) for week, kid in weeks_of(ring) if may_go(week, now)]
    waiting = weeks.weeks() if over else {}
    going = [kid for week, kid in over if must_go(week, now) or not waiting.get(week)]
    for kid in going:
        _destroy(weeks, ring, kid, ACTOR, now)
    return going


def keep_clear(weeks: Weeks, ring: KeyRing, now: datetime) -> None:
    """The same beside other work, which a fault does not stop."""
    try:
        gone = clear_away(weeks, ring, now)
    except (StorageError, ConfigError, DestructionRefusedError) as problem:
        _log.error("transit_keys_not_destroyed", code=problem.code)
    else:
        if gone:
            _log.info("transit_keys_destroyed", rows=len(gone))


def destructible(ring: KeyRing, named: str, now: datetime) -> Sequence[str]:
    """The ids of the keys of a week (``2026-W48``), or the one key id. Raises: DestructionRefusedError where there is
    none, and for a week that is not over; ConfigError.
    """
    found = [(week, kid) for week, kid in weeks_of(ring, gone=True) if named in (week, kid)]
    if not found:
        raise DestructionRefusedError("there is no such key; `parcelveil keys list` shows them")
    if not all(may_go(week, now) for week, _ in found):
        raise DestructionRefusedError("its week is not over: orders are sealed to it still")
    return [kid for _, kid in found]


def announce(weeks: Weeks, kid: str, actor: str, now: datetime) -> None:
    """The first step. Raises: DestructionRefusedError while records of its week wait, unless the 14 days are over;
    StorageError.
    """
    _note(weeks, AuditEntry(at=now, fact=Fact.DESTRUCTION_ANNOUNCED, subject=kid, actor=actor))


def carry_out(weeks: Weeks, ring: KeyRing, kid: str, actor: str, now: datetime) -> None:
    """The second step; done again after a stop in between, it is completed. Raises: DestructionRefusedError where it
    was never announced, or as ``announce``; StorageError, ConfigError.
    """
    told = {entry.fact for entry in weeks.noted(kid)}
    if told.isdisjoint((Fact.DESTRUCTION_ANNOUNCED, Fact.DESTROYED)):
        raise DestructionRefusedError(f"{kid}: its destruction was not announced; that is the first step")
    _destroy(weeks, ring, kid, actor, now)


def _destroy(weeks: Weeks, ring: KeyRing, kid: str, actor: str, now: datetime) -> None:
    if Fact.DESTROYED not in {entry.fact for entry in weeks.noted(kid)}:
        _note(weeks, AuditEntry(at=now, fact=Fact.DESTROYED, subject=kid, actor=actor))
    ring.destroy(kid)


def _note(weeks: Weeks, entry: AuditEntry) -> None:
    week = week_of(entry.subject) or ""
    waiting = weeks.note(entry, None if must_go(week, entry.at) else week)
    if waiting:
        raise DestructionRefusedError(
            f"{entry.subject}: {waiting} records of its week wait still; it goes by itself once they are settled, and "
            f"on {last_day(week) + timedelta(days=1)} whatever waits"
        )
