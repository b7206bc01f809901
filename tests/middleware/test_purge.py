"""The purge as a use-case: the day in Brussels, batches that shrink, and that it can be stopped and swept again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.core.calendar import BRUSSELS, end
from middleware.errors import ClockJumpedError, LeaseLostError, StorageError
from middleware.model_purge import Boot, Kind, PartKey, Upkeep
from middleware.purge import BATCH, EVERY_SECONDS, MOST_UNREADABLE, Purge
from tests.middleware.relay_bench import Stop

BOOT = Boot(id="made up", since=timedelta(hours=1))
TOLD: list[tuple[str, int]] = []
NOW = datetime(2027, 12, 22, 23, 30, tzinfo=UTC)


@dataclass
class FakePurging:
    """So many rows of each kind, each with its last permitted day; a batch above ``room`` finds no space."""

    rows: dict[Kind, list[date]] = field(default_factory=dict)
    room: int = 10_000
    odd: set[PartKey] = field(default_factory=set)
    sizes: list[int] = field(default_factory=list)
    swept: list[set[Kind]] = field(default_factory=list)
    unsweepable: int = 0
    fence: int | None = 7
    jumped: bool = False
    begun: list[tuple[datetime, Boot]] = field(default_factory=list)
    finished: list[tuple[int, datetime]] = field(default_factory=list)

    def ended(self, day: date, most: int) -> Mapping[Kind, int]:
        return {kind: min(most, sum(until < day for until in self.rows.get(kind, ()))) for kind in Kind}

    def begin(self, now: datetime, boot: Boot) -> int | None:
        if self.jumped:
            raise ClockJumpedError()
        self.begun.append((now, boot))
        return self.fence

    def finish(self, fence: int, now: datetime) -> None:
        self.finished.append((fence, now))

    def accept(self, now: datetime, boot: Boot) -> None:
        self.jumped = False

    def upkeep(self) -> Upkeep:
        raise NotImplementedError

    def unreadable(self, day: date, now: datetime, most: int, without: Collection[PartKey]) -> Collection[PartKey]:
        return sorted(self.odd - set(without))[:most]

    def purge(
        self, kind: Kind, day: date, now: datetime, limit: int, fence: int, without: Collection[PartKey] = ()
    ) -> int:
        assert fence == self.fence
        self.sizes.append(limit)
        if limit > self.room or (kind is Kind.PARTS and self.odd - set(without)):
            raise StorageError()
        ended = [until for until in self.rows.get(kind, ()) if until < day][:limit]
        for until in ended:
            self.rows[kind].remove(until)
        return len(ended)

    def sweep(self, kinds: Collection[Kind]) -> None:
        if self.unsweepable:
            self.unsweepable -= 1
            raise StorageError()
        self.swept.append(set(kinds))

    def close(self) -> None: ...


def full(count: int, **changes: Any) -> FakePurging:
    return FakePurging(rows={kind: [date(2027, 12, 22)] * count for kind in Kind}, **changes)


def made(purging: FakePurging, now: datetime = NOW) -> Purge:
    return Purge(purging=purging, clock=lambda: now, boot=lambda: BOOT, observe=lambda *told: TOLD.append(told))


def taken(purging: FakePurging) -> Mapping[Kind, int]:
    found = made(purging).run()
    assert found is not None
    return found


STARTS = st.dates(date(2020, 1, 1), date(2040, 12, 31)) | st.sampled_from(
    [date(2024, 2, 29), date(2025, 1, 31), date(2027, 3, 28), date(2027, 10, 31), date(2023, 12, 31), date(2028, 2, 29)]
)
MOMENTS = st.integers(-48 * 60, 48 * 60)


@pytest.mark.policy("VP-RET-3", "VP-RET-4", "AMB-20")
@given(start=STARTS, duration=st.sampled_from(["P13M", "P10Y", "P36M", "P3Y", "P30D"]), minutes=MOMENTS)
def test_never_early_and_never_a_day_late(start: date, duration: str, minutes: int) -> None:
    """Around the midnight in Brussels after the last day: summer time, leap days and the ends of months included."""
    until = end(start, duration)
    midnight = datetime.combine(until + timedelta(days=1), datetime.min.time(), BRUSSELS).astimezone(UTC)
    now = midnight + timedelta(minutes=minutes)
    purging = FakePurging(rows={Kind.PARTS: [until]})
    assert made(purging, now).run() == ({Kind.PARTS: 1} if minutes >= 0 else {})


def test_every_kind_is_taken_in_its_order() -> None:
    purging = full(2)
    assert list(taken(purging)) == list(Kind)
    assert not any(purging.rows.values())
    assert purging.swept == [set(Kind)]


def test_nothing_to_do_sweeps_nothing() -> None:
    purging = FakePurging()
    assert made(purging).run() == {}
    assert purging.swept == []


def test_a_batch_is_bounded() -> None:
    purging = full(2 * BATCH + 3)
    assert set(taken(purging).values()) == {2 * BATCH + 3}
    assert set(purging.sizes) == {BATCH}
    assert purging.sizes.count(BATCH) == 3 * len(Kind)


def test_where_there_is_no_room_a_batch_shrinks() -> None:
    purging = full(9, room=3)
    assert set(taken(purging).values()) == {9}
    assert set(purging.sizes) == {100, 20, 4, 1}


def test_where_there_is_no_room_for_a_row_it_fails() -> None:
    purging = full(9, room=0)
    with pytest.raises(StorageError):
        made(purging).run()
    assert purging.sizes == [100, 20, 4, 1] * len(Kind)  # one kind that cannot be taken stops no other


def test_a_kind_that_cannot_be_taken_stops_no_other_and_what_was_taken_is_swept() -> None:
    purging = Damaged(rows={kind: [date(2027, 12, 22)] for kind in Kind})
    with pytest.raises(StorageError):
        made(purging).run()
    assert [kind for kind, rows in purging.rows.items() if rows] == [Kind.PARTS]
    assert purging.swept == [set(Kind) - {Kind.PARTS}]


class Damaged(FakePurging):
    """The parts cannot be taken, whichever they are."""

    def purge(
        self, kind: Kind, day: date, now: datetime, limit: int, fence: int, without: Collection[PartKey] = ()
    ) -> int:
        if kind is Kind.PARTS:
            raise StorageError()
        return super().purge(kind, day, now, limit, fence, without)


def test_parts_that_cannot_be_read_are_left_and_named_and_the_rest_goes() -> None:
    """More of them than fit in a page, and a batch is not cut for it."""
    odd = {(f"{number:032x}", "recipient.delivery") for number in range(BATCH + 1)}
    purging = full(3, odd=set(odd))
    purge = made(purging)
    assert purge.run() == dict.fromkeys(Kind, 3)
    assert purging.sizes == [BATCH] * len(Kind)
    assert purge.unreadable == odd
    assert len(purging.finished) == 1
    told = len(purge.unreadable)
    assert purge.run() == {}
    assert len(purge.unreadable) == told


def test_round_too_many_of_them_no_way_is_found() -> None:
    purging = full(3, odd={(str(number), "p") for number in range(MOST_UNREADABLE + BATCH + 1)})
    with pytest.raises(StorageError):
        made(purging).run()
    assert [kind for kind, rows in purging.rows.items() if rows] == [Kind.PARTS]


def test_what_could_not_be_swept_is_swept_with_the_next_run() -> None:
    purging = full(1, unsweepable=1)
    purge = made(purging)
    with pytest.raises(StorageError):
        purge.run()
    assert purge.run() == {}
    assert purging.swept == [set(Kind)]


def test_it_stops_between_two_steps() -> None:
    purging = full(3 * BATCH)
    left = iter([True, True])
    assert made(purging).run(lambda: next(left, False)) == {Kind.PARTS: 2 * BATCH}


def test_it_counts_what_is_there() -> None:
    assert set(made(full(3)).ended().values()) == {3}


def test_one_process_at_a_time() -> None:
    purging = full(1, fence=None)
    assert made(purging).run() is None
    assert (purging.sizes, purging.swept, purging.finished) == ([], [], [])


def test_it_says_when_it_has_come_to_its_end() -> None:
    purging = full(1)
    made(purging).run()
    assert (purging.begun, purging.finished) == ([(NOW, BOOT)], [(7, NOW)])
    stopped = full(1)
    made(stopped).run(lambda: False)
    assert stopped.finished == []


@pytest.mark.policy("AMB-20")
def test_a_clock_that_jumped_stops_it_until_it_is_accepted() -> None:
    purging = full(1, jumped=True)
    purge = made(purging)
    with pytest.raises(ClockJumpedError):
        purge.run()
    assert purging.sizes == []
    purge.accept()
    assert purge.run() == dict.fromkeys(Kind, 1)


@pytest.mark.parametrize("problem", [ClockJumpedError(), StorageError(), LeaseLostError()], ids=lambda each: each.code)
def test_whatever_goes_wrong_it_is_tried_again(problem: Exception) -> None:
    """At most a quarter of an hour later."""
    assert EVERY_SECONDS <= 15 * 60

    class Failing(FakePurging):
        def begin(self, now: datetime, boot: Boot) -> int | None:
            self.begun.append((now, boot))
            if len(self.begun) == 1:
                raise problem
            return super().begin(now, boot)

    purging, stop = Failing(rows={Kind.PARTS: [date(2027, 12, 22)]}), Stop(2)
    made(purging).keep(stop)
    assert stop.rests == [EVERY_SECONDS, EVERY_SECONDS]
    assert purging.rows == {Kind.PARTS: []}


def test_what_was_taken_is_told() -> None:
    TOLD.clear()
    made(full(BATCH + 1)).run()
    assert sum(rows for kind, rows in TOLD if kind == Kind.RECORDS) == BATCH + 1
