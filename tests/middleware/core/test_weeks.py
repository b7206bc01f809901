"""Weeks of transit keys: ISO weeks as Brussels counts them, over year ends and changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from middleware.core.calendar import BRUSSELS, today
from middleware.core.weeks import (
    end_of,
    is_week,
    last_day,
    may_go,
    must_go,
    needed,
    oldest,
    transit_kid,
    week,
    week_of,
)
from tests.middleware.core.made_up import POLICY

ONE = timedelta(days=1)
days = st.dates(date(2020, 1, 1), date(2120, 12, 31))
moments = st.datetimes(datetime(2020, 1, 8), datetime(2120, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone


@pytest.mark.parametrize(
    ("day", "named", "ends"),
    [
        (date(2026, 11, 23), "2026-W48", date(2026, 11, 29)),
        (date(2026, 11, 22), "2026-W47", date(2026, 11, 22)),
        (date(2026, 12, 31), "2026-W53", date(2027, 1, 3)),  # a year of 53 weeks, which ends in the next
        (date(2027, 1, 3), "2026-W53", date(2027, 1, 3)),
        (date(2027, 1, 4), "2027-W01", date(2027, 1, 10)),
        (date(2024, 12, 30), "2025-W01", date(2025, 1, 5)),  # the week begins in the year before
        (date(2023, 1, 1), "2022-W52", date(2023, 1, 1)),
    ],
)
def test_a_week_is_that_of_iso_8601(day: date, named: str, ends: date) -> None:
    assert (week(day), end_of(named)) == (named, ends)


@given(days)
@example(date(2026, 12, 31))
@example(date(2024, 12, 30))
def test_a_week_has_seven_days_and_names_sort_as_time_does(day: date) -> None:
    named = week(day)
    assert end_of(named) - 6 * ONE <= day <= end_of(named)
    assert {week(end_of(named) - back * ONE) for back in range(7)} == {named}
    assert week(end_of(named) + ONE) > named > week(end_of(named) - 7 * ONE)


@given(days)
def test_a_key_id_tells_its_week(day: date) -> None:
    kid = transit_kid("recipient.delivery", day)
    assert kid == f"recipient.delivery/transit/{week(day)}"
    assert week_of(kid) == week(day)
    assert is_week(week(day))


@pytest.mark.parametrize(
    "kid",
    [
        "recipient.delivery/vp.recipient.operational/2027-12",
        "recipient.delivery/transit/2026-W54",
        "recipient.delivery/transit/2026-W00",
        "recipient.delivery/transit/2026-W4",
        "recipient.delivery/transit/2026-W48/more",
        "recipient.delivery/vp.transit/2026-W48",
        "",
    ],
)
def test_another_key_has_no_week(kid: str) -> None:
    assert week_of(kid) is None


@pytest.mark.policy("AMB-21")
@given(moments)
@example(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))  # the clock goes back in this night
@example(datetime(2027, 3, 28, 0, 30, tzinfo=UTC))  # and forward in this one
@example(datetime(2027, 1, 3, 23, 30, tzinfo=UTC))  # Monday in Brussels, and another year
def test_the_keys_of_the_week_that_runs_never_go(now: datetime) -> None:
    named = week(today(now))
    assert not may_go(named, now)
    assert not must_go(named, now)
    assert named >= oldest(today(now))


@pytest.mark.policy("AMB-21")
@given(days)
def test_a_week_is_over_an_hour_after_its_last_midnight_in_brussels(day: date) -> None:
    named = week(day)
    midnight = datetime.combine(end_of(named) + ONE, datetime.min.time(), BRUSSELS).astimezone(UTC)
    assert not may_go(named, midnight)
    assert not may_go(named, midnight + timedelta(minutes=59, seconds=59))
    assert may_go(named, midnight + timedelta(hours=1))


@pytest.mark.policy("AMB-21")
@given(days)
@example(date(2026, 10, 18))  # with a change of the clock between the week and its end
def test_a_key_goes_fourteen_days_after_its_week_at_the_latest(day: date) -> None:
    named = week(day)
    midnight = datetime.combine(end_of(named) + 15 * ONE, datetime.min.time(), BRUSSELS).astimezone(UTC)
    assert last_day(named) == end_of(named) + 14 * ONE
    assert not must_go(named, midnight - timedelta(microseconds=1))
    assert must_go(named, midnight)


@given(moments, st.integers(0, 60))
def test_what_must_go_is_what_lies_before_the_oldest(now: datetime, back: int) -> None:
    named = week(today(now) - back * ONE)
    assert must_go(named, now) is (named < oldest(today(now)))
    assert may_go(named, now) or not must_go(named, now)


@given(days, st.integers(0, 27))
def test_every_day_of_the_four_weeks_ahead_finds_its_keys(day: date, ahead: int) -> None:
    sealed = [part.name for part in POLICY.parts.values() if part.sealed]
    assert {transit_kid(name, day + ahead * ONE) for name in sealed} <= needed((POLICY,), day)


def test_no_more_keys_are_made_than_four_weeks_ahead() -> None:
    kids = needed((POLICY,), date(2026, 12, 20))
    assert {week_of(kid) for kid in kids} == {"2026-W51", "2026-W52", "2026-W53", "2027-W01", "2027-W02"}
    assert {kid.partition("/")[0] for kid in kids} == {
        "recipient.delivery",
        "recipient.notification",
        "recipient.customs",
        "sender.contact",
    }
    assert {week_of(kid) for kid in needed((POLICY,), date(2026, 12, 20), ahead=0)} == {"2026-W51"}
