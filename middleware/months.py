"""A month closes: what lives on is sealed again, and only then may its key go.

    provision ─▶ … the month passes … ─▶ close: re-seal what ends later ─▶ announce ─▶ destroy

A part is sealed to the month of its earliest possible end. Whatever still lives when that month is over (a clock that
started later or not at all, one that was reset, a legal hold) is opened and sealed to a later month; everything else
ends with the key, in backups too. To destroy takes two steps, and both are in the audit log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from middleware.core.calendar import end, month, today
from middleware.core.schedule import required_kids
from middleware.core.weeks import week_of
from middleware.errors import DestructionRefusedError, TamperedError, UnknownKeyError
from middleware.logs import logger
from middleware.model_keys import AuditEntry, Fact, KeptCopy
from middleware.ports import Copies
from middleware.retention_keys import KeyRing
from schemas.policy import Policy

MONTHS_AHEAD: Final = 6
"""Keys are there for what is taken in this month and in so many after it."""

BATCH: Final = 200
_log = logger("months")

ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What a closing did: how many copies were sealed again, and how many do not open."""

    resealed: int
    unreadable: int


def needed(policies: Collection[Policy], day: date) -> frozenset[str]:
    """The ids of all keys that records of these packs may need, taken in on ``day`` or in the months ahead."""
    firsts = [end(day.replace(day=1), f"P{ahead}M") for ahead in range(MONTHS_AHEAD + 1)]
    lasts = [end(first, "P1M") - ONE_DAY for first in firsts]
    return frozenset(kid for policy in policies for when in (*firsts, *lasts) for kid in required_kids(policy, when))


def close(copies: Copies, ring: KeyRing, now: datetime, duration: Callable[[str], str]) -> Closed:
    """Seal again what outlives its month. ``duration`` tells a class's length (ISO 8601): a copy whose clock has not
    started is sealed as if it started today. One that does not open stays as it is, is counted, and keeps its key: a
    person has to look. Raises: StorageError, ConfigError.
    """
    day = today(now)
    first = day.replace(day=1)
    closed = over(copies.kids(), now)
    counts: Counter[bool] = Counter()
    for kid in sorted(closed):
        page = copies.living(kid, first, BATCH)
        while page:
            opened = [(copy, _resealed(ring, copy, _later(copy, day, duration))) for copy in page]
            done = [(before, after) for before, after in opened if after]
            copies.resealed([before for before, _ in done], [after for _, after in done])
            counts.update(after is not None for _, after in opened)
            page = copies.living(kid, first, BATCH, page[-1])
    return Closed(resealed=counts[True], unreadable=counts[False])


def over(kids: Iterable[str], now: datetime) -> frozenset[str]:
    """Those of the key ids whose month is over; a transit key has none."""
    return frozenset(kid for kid in kids if week_of(kid) is None and kid.rpartition("/")[2] < month(today(now)))


def _resealed(ring: KeyRing, copy: KeptCopy, kid: str) -> KeptCopy | None:
    try:
        return ring.reseal(copy, kid)
    except (TamperedError, UnknownKeyError) as problem:
        _log.error("copy_unreadable", record_id=copy.record_id, path=copy.part, code=problem.code)
    return None


def _later(copy: KeptCopy, day: date, duration: Callable[[str], str]) -> str:
    part, retention, _ = copy.kid.split("/")
    until = copy.until or end(day, duration(retention))
    return f"{part}/{retention}/{month(until)}"


def destructible(ring: KeyRing, named: str, now: datetime) -> Iterator[str]:
    """The ids of the keys of a month (``2027-12``), or the one key id. Raises: DestructionRefusedError where there is
    none, and for a month that is not over.
    """
    found = sorted(kid for kid in ring.kids() | ring.gone() if named in (kid, kid.rpartition("/")[2]))
    if not found:
        raise DestructionRefusedError("there is no such key; `parcelveil keys list` shows them")
    if over(found, now) < set(found):
        raise DestructionRefusedError("its month is not over: what is permitted to live is sealed to it")
    yield from found


def announce(copies: Copies, kid: str, actor: str, now: datetime) -> None:
    """The first step. Raises: DestructionRefusedError while something that lives is sealed to the key; StorageError."""
    _note(copies, AuditEntry(at=now, fact=Fact.DESTRUCTION_ANNOUNCED, subject=kid, actor=actor))


def carry_out(copies: Copies, ring: KeyRing, kid: str, actor: str, now: datetime) -> None:
    """The second step: the key is destroyed, and that is noted; done again after a stop in between, it is completed.

    Raises: DestructionRefusedError where it was never announced, or something lives again; StorageError, ConfigError.
    """
    told = {entry.fact for entry in copies.noted(kid)}
    if Fact.DESTRUCTION_ANNOUNCED not in told:
        raise DestructionRefusedError(f"{kid}: its destruction was not announced; that is the first step")
    if Fact.DESTROYED not in told:
        _note(copies, AuditEntry(at=now, fact=Fact.DESTROYED, subject=kid, actor=actor))
    ring.destroy(kid)


def _note(copies: Copies, entry: AuditEntry) -> None:
    living = copies.note(entry, today(entry.at).replace(day=1))
    if living:
        raise DestructionRefusedError(
            f"{entry.subject}: {living} parts that are permitted to live are sealed to it; "
            "the relay seals them again within a quarter of an hour"
        )
