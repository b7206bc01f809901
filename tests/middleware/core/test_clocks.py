"""What an event means for clocks: first wins or later resets, never back, never shorter, never again once ended."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.core.calendar import end
from middleware.core.clocks import Dated, as_signed, clock, early_end, last_day, moved, new_dates, shortened
from middleware.model import State
from middleware.model_events import Clock, Cut
from schemas.policy import Policy
from schemas.policy_loader import load

PLATFORM, MAXIRESPONSE, MYSTAMP = (load(f"bpost-{name}") for name in ("shipping-platform", "maxiresponse", "mystamp"))
DAY = date(2026, 11, 22)
days = st.dates(date(2020, 1, 1), date(2100, 1, 1))
RESET = frozenset(("ms.customer",))


def customer(day: date, *, resets: bool = True) -> Clock:
    return Clock(
        trigger="last_order", day=day, ends={"ms.customer": end(day, "P3Y")}, resets=RESET if resets else frozenset()
    )


@pytest.mark.parametrize(
    ("policy", "trigger", "ends", "resets"),
    [
        pytest.param(
            PLATFORM.interpret({"recipient_clock": "delivered"}),
            "delivered",
            {"vp.recipient.operational": date(2027, 12, 22)},
            frozenset(),
            marks=pytest.mark.policy("VP-RET-4", "AMB-2"),
        ),
        pytest.param(
            PLATFORM.interpret({"sender_legal_start": "end-of-use"}),
            "end_of_use",
            {"vp.sender.legal": date(2036, 11, 22)},
            frozenset(),
            marks=pytest.mark.policy("VP-RET-3", "AMB-3"),
        ),
        pytest.param(
            PLATFORM,
            "last_label_use",
            {},  # no part is of the former user's class: what is known of them is no record's
            frozenset(),
            marks=pytest.mark.policy("VP-RET-1", "AMB-5"),
        ),
        (PLATFORM, "delivered", {}, frozenset()),
        pytest.param(
            MAXIRESPONSE,
            "agreement_dissolved",
            {"mx.all": date(2029, 11, 22)},
            frozenset(),
            marks=pytest.mark.policy("MX-RET-1", "AMB-7"),
        ),
        pytest.param(
            MYSTAMP,
            "last_order",
            {name: date(2029, 11, 22) for name in ("ms.customer", "ms.depicted", "ms.photo")},
            frozenset(("ms.customer", "ms.depicted", "ms.photo")),
            marks=pytest.mark.policy("MS-RET-1", "AMB-16"),
        ),
        pytest.param(
            MYSTAMP.interpret({"photo_clock": "order"}),
            "last_order",
            {"ms.customer": date(2029, 11, 22)},
            RESET,
            marks=pytest.mark.policy("AMB-16"),
        ),
    ],
)
def test_the_pack_says_which_classes_a_trigger_starts(
    policy: Policy, trigger: str, ends: dict[str, date], resets: frozenset[str]
) -> None:
    made = clock(policy, trigger, DAY)
    assert (made.trigger, made.day, made.ends, made.resets) == (trigger, DAY, ends, resets)


def test_a_class_that_another_event_ends_has_no_clock() -> None:
    assert clock(PLATFORM, "start_of_use", DAY).ends == {}


@pytest.mark.policy("MX-RET-1", "AMB-2")
def test_a_first_event_starts_a_clock() -> None:
    assert moved(customer(DAY, resets=False), "ms.customer", None, None, DAY) == date(2029, 11, 22)


@pytest.mark.policy("MX-RET-1", "VP-RET-4")
@given(days, days)
def test_a_first_event_wins_where_the_class_does_not_reset(first: date, other: date) -> None:
    until = end(first, "P3Y")
    assert moved(customer(other, resets=False), "ms.customer", first, until, first) is None


@pytest.mark.policy("MS-RET-1", "VP-RET-1", "AMB-20")
@given(days, days)
def test_a_reset_moves_on_and_never_back_nor_nearer(first: date, other: date) -> None:
    until = end(first, "P3Y")
    new = moved(customer(other), "ms.customer", first, until, first)
    assert (new is None) == (other <= first)
    assert new is None or new >= until


@pytest.mark.policy("MS-RET-1")
@given(days, st.integers(1, 4000))
def test_what_has_ended_stays_ended(first: date, later: int) -> None:
    until = end(first, "P3Y")
    after = until + timedelta(days=later)
    assert moved(customer(after), "ms.customer", first, until, after) is None
    assert moved(customer(until), "ms.customer", first, until, until) is not None


@pytest.mark.policy("VP-RET-3", "VP-RET-4", "AMB-2")
@given(days, days)
def test_the_first_label_replaces_what_intake_assumed_and_nothing_else_does(first: date, other: date) -> None:
    label, until = clock(PLATFORM, "label_created", other), end(first, "P13M")
    new = moved(label, "vp.recipient.operational", first, until, first, untold=True)
    assert new == (end(other, "P13M") if other >= first else None)
    assert moved(label, "vp.recipient.operational", first, until, until + timedelta(days=1), untold=True) is None
    assert moved(label, "vp.recipient.operational", first, until, first) is None
    assert moved(customer(other, resets=False), "ms.customer", first, end(first, "P3Y"), first, untold=True) is None


@pytest.mark.policy("VP-RET-4")
def test_what_can_get_no_clock_any_more_gets_none() -> None:
    assert moved(customer(DAY), "ms.customer", None, DAY, DAY) is None


def test_a_class_of_another_trigger_is_left_alone() -> None:
    assert moved(customer(DAY), "ms.photo", None, None, DAY) is None


@pytest.mark.policy("MX-RET-1")
@given(state=st.sampled_from(State), until=st.one_of(st.none(), days), ceiling=days)
def test_only_what_nothing_sends_has_a_ceiling_and_only_until_its_clock_starts(
    state: State, until: date | None, ceiling: date
) -> None:
    idle = state in (State.BLOCKED, State.DEAD, State.QUARANTINED)
    assert last_day(state, until, ceiling) == (ceiling if idle and until is None else until)


@pytest.mark.parametrize(
    ("trigger", "starts", "until", "same"),
    [
        ("label_created", DAY, date(2027, 12, 22), True),
        ("label_created", DAY + timedelta(days=1), date(2027, 12, 22), False),
        ("label_created", DAY, date(2027, 12, 23), False),
        ("delivered", DAY, date(2027, 12, 22), False),  # its receipt has no dates
        ("delivered", None, None, False),
    ],
)
def test_a_clock_runs_as_signed_from_the_day_of_intake_alone(
    trigger: str, starts: date | None, until: date | None, same: bool
) -> None:
    assert as_signed(trigger, starts, until, date(2027, 12, 22), DAY) == same


@pytest.mark.policy("MS-RET-1", "AMB-16")
@pytest.mark.parametrize("reading", ["customer", "order"])
@pytest.mark.parametrize("part", ["mystamp.photo", "mystamp.depicted"])
def test_image_and_persons_on_stamps_end_at_the_customers_request(part: str, reading: str) -> None:
    policy = MYSTAMP.interpret({"photo_clock": reading})
    assert early_end(policy, part, DAY) == Cut(part=part, day=DAY, until=DAY - timedelta(days=1))


@pytest.mark.policy("MS-RET-1", "MX-RET-1", "VP-RET-4")
@pytest.mark.parametrize(
    ("policy", "part"),
    [
        (MYSTAMP, "mystamp.customer"),
        (MYSTAMP, "mystamp.facts"),
        (MYSTAMP, "index"),
        (MYSTAMP, "mystamp"),
        (MAXIRESPONSE, "maxiresponse.contact"),
        (PLATFORM, "recipient.delivery"),  # ends early by an erasure that was accepted, which is another matter
        (PLATFORM, "mystamp.photo"),
    ],
)
def test_nothing_else_ends_at_a_customers_request(policy: Policy, part: str) -> None:
    assert early_end(policy, part, DAY) is None


def dated(**changes: Any) -> Dated:
    """The image of stamps of the day, as intake leaves it."""
    values: dict[str, Any] = {
        "name": "mystamp.photo",
        "retention": "ms.photo",
        "trigger": "last_order",
        "starts": DAY,
        "until": date(2029, 11, 22),
        "ceiling": date(2029, 11, 22),
        "untold": True,
        "ended": False,
    }
    return Dated(**{**values, **changes})


WAITS: dict[str, Any] = {"starts": None, "until": None}
CUT = Cut(part="mystamp.photo", day=DAY, until=DAY - timedelta(days=1))
ORDER = clock(MYSTAMP, "last_order", DAY + timedelta(days=9))


@pytest.mark.policy("MS-RET-1", "MX-RET-1")
@pytest.mark.parametrize(
    ("change", "part", "state", "today", "dates"),
    [
        (ORDER, dated(), State.DELIVERED, DAY, (ORDER.day, date(2029, 12, 1))),
        (ORDER, dated(**WAITS), State.DEAD, DAY, (ORDER.day, date(2029, 12, 1))),
        (ORDER, dated(trigger="ordered"), State.DELIVERED, DAY, None),
        (ORDER, dated(ended=True), State.DELIVERED, DAY, None),
        (ORDER, dated(), State.DELIVERED, date(2029, 11, 23), None),
        (ORDER, dated(**WAITS), State.DEAD, date(2029, 11, 23), None),
        (CUT, dated(), State.DELIVERED, DAY, (DAY, CUT.until)),
        (CUT, dated(trigger="ordered"), State.DELIVERED, DAY, (DAY, CUT.until)),
        (CUT, dated(**WAITS), State.DELIVERED, DAY, (None, CUT.until)),
        (CUT, dated(name="mystamp.depicted"), State.DELIVERED, DAY, None),
        (CUT, dated(ended=True), State.DELIVERED, DAY, None),
    ],
)
def test_a_change_says_the_new_dates_of_a_part(
    change: Clock | Cut, part: Dated, state: State, today: date, dates: tuple[date | None, date] | None
) -> None:
    assert new_dates(change, part, state, today) == dates


@pytest.mark.policy("MS-RET-1")
def test_a_request_brings_the_end_of_its_part_nearer_and_never_back() -> None:
    asked = Cut(part="mystamp.photo", day=DAY, until=DAY - timedelta(days=1))
    assert shortened(asked, "mystamp.photo", date(2029, 11, 22)) == asked.until
    assert shortened(asked, "mystamp.photo", None) == asked.until  # its clock has not started
    assert shortened(asked, "mystamp.photo", DAY) == asked.until
    for ended in (asked.until, DAY - timedelta(days=9)):
        assert shortened(asked, "mystamp.photo", ended) is None
    assert shortened(asked, "mystamp.depicted", date(2029, 11, 22)) is None
    again = Clock(trigger="last_order", day=DAY, ends={"ms.photo": end(DAY, "P3Y")}, resets=frozenset(("ms.photo",)))
    assert moved(again, "ms.photo", date(2026, 1, 1), asked.until, DAY) is None
