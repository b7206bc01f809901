"""One process purges at a time, and none of them by a clock that is not believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from middleware.errors import ClockJumpedError, LeaseLostError
from middleware.model_purge import Boot, Kind, Upkeep
from middleware.ports_retention import Retention
from middleware.storage import open_retention
from middleware.storage.retention import LEASE
from tests.storage.builders import NOW
from tests.storage.purging import rows

HERE = Boot(id="here", since=timedelta(days=3))
THERE = Boot(id="there", since=timedelta(days=50))
YEAR = timedelta(days=365)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


def after(boot: Boot, time: timedelta) -> Boot:
    """The same machine when it has been running for so much longer."""
    assert boot.since is not None
    return replace(boot, since=boot.since + time)


def begun(retention: Retention, now: datetime = NOW, boot: Boot = HERE) -> int:
    fence = retention.begin(now, boot)
    assert fence is not None
    return fence


def test_one_at_a_time(retention: Retention) -> None:
    fence = begun(retention)
    almost = LEASE - MOMENT
    assert retention.begin(NOW + almost, THERE) is None
    assert retention.purge(Kind.INBOX, NOW.date(), NOW + almost, 10, fence) == 0  # which makes it last longer
    assert retention.begin(NOW + LEASE, THERE) is None
    retention.finish(fence, NOW + LEASE)
    assert begun(retention, NOW + LEASE, after(THERE, MOMENT)) == fence + 1


def test_who_lost_the_lease_takes_nothing(retention: Retention) -> None:
    first = begun(retention)
    second = begun(retention, NOW + LEASE, THERE)
    with pytest.raises(LeaseLostError):
        retention.purge(Kind.INBOX, NOW.date(), NOW, 10, first)
    retention.finish(first, NOW)
    assert retention.upkeep() == Upkeep(last_run=None, stopped=False)
    assert retention.purge(Kind.INBOX, NOW.date(), NOW + LEASE, 10, second) == 0
    retention.finish(second, NOW + LEASE)
    assert retention.upkeep() == Upkeep(last_run=NOW + LEASE, stopped=False)


@pytest.mark.policy("AMB-20")
@pytest.mark.parametrize("by", [YEAR, -YEAR, timedelta(days=1) + MOMENT, -timedelta(days=1) - MOMENT])
def test_a_clock_that_jumps_stops_the_purge_until_it_is_accepted(retention: Retention, by: timedelta) -> None:
    retention.finish(begun(retention), NOW)
    for _ in range(2):
        with pytest.raises(ClockJumpedError):
            retention.begin(NOW + by, HERE)
        assert retention.upkeep() == Upkeep(last_run=NOW, stopped=True)
    retention.accept(NOW + by, HERE)
    assert not retention.upkeep().stopped
    begun(retention, NOW + by, HERE)


def test_a_clock_that_is_set_right_again_is_believed(retention: Retention) -> None:
    retention.finish(begun(retention), NOW)
    with pytest.raises(ClockJumpedError):
        retention.begin(NOW + YEAR, HERE)
    begun(retention, NOW + timedelta(minutes=1), after(HERE, timedelta(minutes=1)))
    assert not retention.upkeep().stopped


def test_downtime_is_no_jump(retention: Retention) -> None:
    retention.finish(begun(retention), NOW)
    begun(retention, NOW + YEAR, Boot(id="after a reboot", since=timedelta(minutes=1)))
    begun(retention, NOW + YEAR + LEASE, after(HERE, YEAR + LEASE))  # it ran all the time, and only the relay did not


def test_one_machine_s_clock_is_not_another_s(retention: Retention) -> None:
    """What jumped is not believed there, and moves nothing here."""
    retention.finish(begun(retention, NOW, HERE), NOW)
    retention.finish(begun(retention, NOW, THERE), NOW)
    with pytest.raises(ClockJumpedError):
        retention.begin(NOW + YEAR, THERE)
    retention.finish(begun(retention, NOW, HERE), NOW)
    assert retention.upkeep().stopped
    retention.accept(NOW, HERE)
    assert not retention.upkeep().stopped
    with pytest.raises(ClockJumpedError):
        retention.begin(NOW + YEAR, THERE)
    assert retention.upkeep().stopped


def test_a_lease_out_of_another_time_holds_nobody_up(retention: Retention) -> None:
    """The clock was set back by an hour, and who had the lease died."""
    hour = timedelta(hours=1)
    fence = begun(retention, NOW + hour)
    assert begun(retention, NOW) == fence + 1


@pytest.mark.policy("AMB-20")
def test_nobody_gets_ahead_step_by_step(retention: Retention) -> None:
    """The clock is compared with the first look of a boot, not with the last."""
    step = timedelta(hours=23)
    for now in (NOW, NOW + step):
        retention.finish(begun(retention, now), now)
    with pytest.raises(ClockJumpedError):
        retention.begin(NOW + 2 * step, HERE)


def test_a_machine_that_is_gone_is_forgotten(retention: Retention, behind: Engine) -> None:
    retention.finish(begun(retention), NOW)
    later = NOW + timedelta(days=30)
    begun(retention, later, THERE)
    assert {row["boot"] for row in rows(behind, "clocks")} == {"here", "there"}
    begun(retention, later + LEASE, THERE if THERE.since is None else after(THERE, LEASE))
    assert {row["boot"] for row in rows(behind, "clocks")} == {"there"}
