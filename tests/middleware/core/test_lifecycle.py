"""The life of an order: every cell of what stands by what arrives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from middleware.core.lifecycle import Standing, Step, decide
from middleware.model import Ending, Reason, State

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
TIMES = {
    "older": AT - timedelta(microseconds=1),
    "equal": AT,
    "newer": AT + timedelta(microseconds=1),
}
SAME, OTHER = b"s" * 32, b"o" * 32


def stands(
    state: State | None,
    *,
    claimed: bool = False,
    cancelled: bool = False,
    ending: Ending | None = None,
    held: bool = False,
) -> Standing:
    return Standing(
        updated_at=AT,
        cancelled=cancelled,
        content=None if state is None or ending is Ending.CANCELLED else SAME,
        state=state,
        claimed=claimed,
        ending=ending,
        held=held,
    )


STANDINGS: dict[str, Standing | None] = {
    "nothing": None,
    "noted": stands(None),
    "waiting": stands(State.WAITING),
    "blocked": stands(State.BLOCKED),
    "held": stands(State.HELD),
    "waiting-again": stands(State.WAITING, claimed=True),
    "claimed": stands(State.CLAIMED, claimed=True),
    "delivered": stands(State.DELIVERED, claimed=True),
    "dead": stands(State.DEAD, claimed=True),
    "quarantined": stands(State.QUARANTINED, claimed=True),
    "withdrawn": stands(State.WITHDRAWN),
    "recalled": stands(State.CLAIMED, claimed=True, ending=Ending.CANCELLED),
    "recalling": stands(State.CANCELLING, claimed=True, ending=Ending.CANCELLED),
    "recall-failed": stands(State.DEAD, claimed=True, ending=Ending.CANCELLED),
    "gone": stands(State.CANCELLED, claimed=True, ending=Ending.CANCELLED),
    "too-late": stands(State.DELIVERED, claimed=True, ending=Ending.TOO_LATE),
    "legally-held": stands(State.DELIVERED, claimed=True, held=True),
    "cancelled": stands(None, cancelled=True),
    "cancelled-withdrawn": stands(State.WITHDRAWN, cancelled=True),
    "cancelled-claimed": stands(State.CLAIMED, claimed=True, cancelled=True),
    "cancelled-delivered": stands(State.DELIVERED, claimed=True, cancelled=True),
}

Arriving = tuple[Reason | None, bytes | None]
ARRIVALS: dict[str, tuple[Arriving, ...]] = {
    "same": ((None, SAME),),
    "other": ((None, OTHER),),
    "cancellation": ((Reason.CANCELLED, None),),
    "fulfilment": ((Reason.FULFILLED, None),),
    "rejected": ((Reason.REJECTED, None),),
    "nothing-to-ship": tuple(
        (reason, None)
        for reason in (
            *(Reason.NOT_PAID, Reason.TEST_ORDER, Reason.IN_STORE, Reason.NOTHING_TO_SHIP),
            Reason.CALLED_OFF,
        )
    ),
}

# At equal times the later arrival is newer, so the two share a column. A cancellation counts whatever its time.
TABLE = """
standing             time   same       other      cancellation  fulfilment  rejected  nothing-to-ship
nothing              any    create     create     note          note        note      note
noted                older  older      older      note          older       older     older
noted                later  create     create     note          note        note      note
waiting              older  older      older      withdraw      older       older     older
waiting              later  duplicate  replace    withdraw      withdraw    withdraw  withdraw
blocked              older  older      older      withdraw      older       older     older
blocked              later  duplicate  replace    withdraw      withdraw    withdraw  withdraw
held                 older  older      older      withdraw      older       older     older
held                 later  duplicate  replace    withdraw      note        withdraw  withdraw
waiting-again        older  older      older      recall        older       older     older
waiting-again        later  duplicate  supersede  recall        note        flag      recall
claimed              older  older      older      recall        older       older     older
claimed              later  duplicate  supersede  recall        note        flag      recall
delivered            older  older      older      recall        older       older     older
delivered            later  duplicate  supersede  recall        note        flag      recall
dead                 older  older      older      recall        older       older     older
dead                 equal  duplicate  supersede  recall        note        flag      recall
dead                 newer  supersede  supersede  recall        note        flag      recall
quarantined          older  older      older      recall        older       older     older
quarantined          equal  duplicate  supersede  recall        note        flag      recall
quarantined          newer  supersede  supersede  recall        note        flag      recall
recalled             older  older      older      recall        older       older     older
recalled             later  supersede  supersede  recall        note        flag      recall
recalling            older  older      older      recall        older       older     older
recalling            later  supersede  supersede  recall        note        flag      recall
recall-failed        older  older      older      recall        older       older     older
recall-failed        later  supersede  supersede  recall        note        flag      recall
gone                 older  older      older      note          older       older     older
gone                 later  create     create     note          note        note      note
too-late             older  older      older      flag          older       older     older
too-late             later  duplicate  flag       flag          note        flag      flag
legally-held         older  older      older      flag          older       older     older
legally-held         later  duplicate  flag       flag          note        flag      flag
withdrawn            older  older      older      note          older       older     older
withdrawn            later  create     create     note          note        note      note
cancelled            any    older      older      duplicate     older       older     older
cancelled-withdrawn  any    older      older      duplicate     older       older     older
cancelled-claimed    any    older      older      duplicate     older       older     older
cancelled-delivered  any    older      older      duplicate     older       older     older
"""
NAMES = {
    "any": ("older", "equal", "newer"),
    "older": ("older",),
    "equal": ("equal",),
    "newer": ("newer",),
    "later": ("equal", "newer"),
}


def _cells() -> list[tuple[str, str, str, str]]:
    """(standing, time, arrival, step) of every cell."""
    head, *rows = (line.split() for line in TABLE.strip().splitlines())
    return [
        (row[0], time, arrival, step)
        for row in rows
        for time in NAMES[row[1]]
        for arrival, step in zip(head[2:], row[2:], strict=True)
    ]


CELLS = _cells()


@pytest.mark.parametrize(("standing", "time", "arrival", "step"), CELLS)
def test_cell(standing: str, time: str, arrival: str, step: str) -> None:
    for halt, content in ARRIVALS[arrival]:
        assert decide(STANDINGS[standing], TIMES[time], halt, content) is Step(step)


@pytest.mark.policy("MS-CTL-3")
@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize("time", TIMES)
def test_what_needs_no_declaration_takes_the_place_of_the_same_that_waits_for_one_alone(
    standing: str, time: str
) -> None:
    waits = decide(STANDINGS[standing], TIMES[time], None, SAME)
    free = decide(STANDINGS[standing], TIMES[time], None, SAME, free=True)
    assert free is (Step.REPLACE if standing == "blocked" and time != "older" else waits)


def test_the_table_has_every_cell_once() -> None:
    cells = [cell[:3] for cell in CELLS]
    assert len(cells) == len(set(cells))
    assert set(cells) == set(product(STANDINGS, TIMES, ARRIVALS))


def test_every_reason_and_every_state_is_in_the_table() -> None:
    reasons = {halt for arrivals in ARRIVALS.values() for halt, _ in arrivals if halt}
    answers = {Reason.OLDER_VERSION, Reason.HELD, Reason.OTHER_LANE}  # answered with, never what it is judged by
    assert reasons == set(Reason) - answers
    assert {standing.state for standing in STANDINGS.values() if standing} == {None, *State}


@pytest.mark.parametrize("name", [name for name in STANDINGS if name.startswith("cancelled")])
def test_cancelled_is_final(name: str) -> None:
    steps = {
        decide(STANDINGS[name], time, halt, content)
        for time in (*TIMES.values(), AT + timedelta(days=3650))
        for arrivals in ARRIVALS.values()
        for halt, content in arrivals
    }
    assert steps == {Step.OLDER, Step.DUPLICATE}


GIVEN_UP = {("dead", "same"), ("quarantined", "same")}
"""Where a second subscription of the same version must not begin anew what was given up."""


@pytest.mark.parametrize("arrival", ARRIVALS)
@pytest.mark.parametrize("standing", STANDINGS)
def test_at_equal_times_the_later_arrival_is_newer(standing: str, arrival: str) -> None:
    for halt, content in ARRIVALS[arrival]:
        equal, newer = (decide(STANDINGS[standing], TIMES[time], halt, content) for time in ("equal", "newer"))
        assert equal is newer or ((standing, arrival) in GIVEN_UP and equal is Step.DUPLICATE)


def test_times_are_compared_as_moments() -> None:
    summer = datetime.fromisoformat("2026-07-01T12:00:00+02:00")
    standing = Standing(updated_at=summer, cancelled=False, state=State.WAITING, content=SAME)
    assert decide(standing, datetime.fromisoformat("2026-07-01T10:00:00+00:00"), None, OTHER) is Step.REPLACE
    assert decide(standing, datetime.fromisoformat("2026-07-01T11:00:00+02:00"), None, OTHER) is Step.OLDER


@pytest.mark.parametrize("state", [State.WAITING, State.CLAIMED, State.DELIVERED, State.DEAD, State.QUARANTINED])
def test_from_the_first_claim_on_a_record_is_never_replaced_nor_withdrawn(state: State) -> None:
    frozen = stands(state, claimed=True)
    steps = {
        decide(frozen, time, halt, content)
        for time in TIMES.values()
        for arrivals in ARRIVALS.values()
        for halt, content in arrivals
    }
    assert not steps & {Step.REPLACE, Step.WITHDRAW, Step.CREATE}
