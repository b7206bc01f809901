"""Retention dates: one addition to the original trigger, in Brussels, to the last permitted day."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from middleware.core.calendar import end, month, today

VECTORS = Path(__file__).parents[2] / "vectors" / "calendar" / "ends.csv"
with VECTORS.open(encoding="utf-8", newline="") as _file:
    ENDS = list(csv.DictReader(_file))

days = st.dates(date(1990, 1, 1), date(2200, 12, 31))
durations = st.builds(
    lambda years, months, days: f"P{years}Y{months}M{days}D",
    *(st.integers(0, 20), st.integers(0, 400), st.integers(0, 4000)),
).filter(lambda duration: duration != "P0Y0M0D")
moments = st.datetimes(datetime(1990, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone


@pytest.mark.policy("AMB-20")
@pytest.mark.parametrize("row", ENDS, ids=lambda row: f"{row['start']}+{row['duration']}")
def test_vector(row: dict[str, str]) -> None:
    assert end(date.fromisoformat(row["start"]), row["duration"]) == date.fromisoformat(row["until"]), row["why"]


@pytest.mark.policy("AMB-20")
def test_is_never_counted_month_by_month() -> None:
    day = date(2025, 1, 31)
    for _ in range(12):
        day = end(day, "P1M")
    assert day == date(2026, 1, 28)
    assert end(date(2025, 1, 31), "P12M") == date(2026, 1, 31)


@pytest.mark.policy("AMB-20")
@given(days, days, durations)
@example(date(2026, 2, 28), date(2026, 3, 1), "P0Y1M0D")
def test_a_later_trigger_never_ends_earlier(one: date, other: date, duration: str) -> None:
    first, second = sorted((one, other))
    assert end(first, duration) <= end(second, duration)


@given(days, durations)
def test_an_end_comes_after_its_trigger(day: date, duration: str) -> None:
    assert end(day, duration) > day


@pytest.mark.policy("VP-RET-1")
@given(days, st.integers(0, 2000))
def test_a_reset_never_shortens(day: date, later: int) -> None:
    assert end(day + timedelta(days=later), "P36M") >= end(day, "P36M")


@given(days, st.integers(1, 400))
def test_months_keep_the_day_or_take_the_last_one(day: date, months: int) -> None:
    until = end(day, f"P{months}M")
    assert (until.year * 12 + until.month) - (day.year * 12 + day.month) == months
    assert until.day == day.day or (until.day < day.day and (until + timedelta(days=1)).day == 1)


@given(days, st.integers(1, 30))
def test_twelve_months_are_a_year(day: date, years: int) -> None:
    assert end(day, f"P{years}Y") == end(day, f"P{12 * years}M")


@pytest.mark.parametrize(
    "duration",
    [
        *("", "P", "P13", "13M", "p13M", "P13m", "P-1M", "P+1M", "P1.5M", "P1,5M", "P13M ", " P13M", "P13M\n", "PT13M"),
        *("P2W", "P1M1Y", "P1D1M", "P1Y2Y", "P13MT0S", "P10000M", "P1000Y", "P١٣M", "P１３M"),
    ],
)
def test_another_form_is_refused(duration: str) -> None:
    with pytest.raises(ValueError, match="a duration is written like P13M, P10Y or P30D"):
        end(date(2026, 11, 22), duration)


@pytest.mark.policy("AMB-20")
@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-11-22T22:59:59.999999+00:00", "2026-11-22"),  # winter: an hour ahead
        ("2026-11-22T23:00:00+00:00", "2026-11-23"),
        ("2026-06-30T21:59:59.999999+00:00", "2026-06-30"),  # summer: two hours ahead
        ("2026-06-30T22:00:00+00:00", "2026-07-01"),
        ("2026-03-28T22:59:59+00:00", "2026-03-28"),  # the night before summer time begins
        ("2026-03-28T23:00:00+00:00", "2026-03-29"),
        ("2026-03-29T21:59:59+00:00", "2026-03-29"),  # the same day, now two hours ahead
        ("2026-03-29T22:00:00+00:00", "2026-03-30"),
        ("2026-10-24T21:59:59+00:00", "2026-10-24"),  # the night before summer time ends
        ("2026-10-24T22:00:00+00:00", "2026-10-25"),
        ("2026-10-25T22:59:59+00:00", "2026-10-25"),
        ("2026-10-25T23:00:00+00:00", "2026-10-26"),
        ("2027-12-31T23:30:00+00:00", "2028-01-01"),  # another year in Brussels
        ("2028-02-28T23:00:00+00:00", "2028-02-29"),
        ("2026-11-23T00:30:00+01:00", "2026-11-23"),  # any zone tells the same moment
        ("2026-11-22T15:00:00-08:00", "2026-11-23"),
    ],
)
def test_the_day_is_that_of_brussels(moment: str, day: str) -> None:
    assert today(datetime.fromisoformat(moment)) == date.fromisoformat(day)


@given(moments, st.integers(-14 * 60, 14 * 60))
def test_the_day_depends_on_the_moment_and_not_on_its_zone(moment: datetime, minutes: int) -> None:
    assert today(moment.astimezone(timezone(timedelta(minutes=minutes)))) == today(moment)


@given(moments)
def test_the_day_follows_utc_by_one_hour_or_two(moment: datetime) -> None:
    assert today(moment) in {(moment + timedelta(hours=hours)).date() for hours in (1, 2)}


@pytest.mark.parametrize(
    ("day", "name"), [("2027-12-01", "2027-12"), ("2027-12-31", "2027-12"), ("2028-01-01", "2028-01")]
)
def test_a_month_as_key_ids_name_it(day: str, name: str) -> None:
    assert month(date.fromisoformat(day)) == name
