"""Shares: half of the places for who is alone, a free one for whoever comes, and a turn each."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.core.shares import LATEST, SOONEST, Shares, Ticket, come_again

SHOPS = ("a", "b", "c", "d")
PLACES, AT_WORK = 12, 3

moves = st.lists(st.tuples(st.sampled_from(SHOPS), st.booleans(), st.integers(0, PLACES)), max_size=120)
"""(who comes, whether instead one that is here leaves, which one)."""


def shares(places: int = PLACES, at_work: int = AT_WORK) -> Shares:
    return Shares(places=places, at_work=at_work)


def flood(made: Shares, shop: str) -> list[Ticket]:
    """All that are let in of a shop that sends without end."""
    found = []
    while (ticket := made.come(shop)) is not None:
        found.append(ticket)
    return found


def working(tickets: list[Ticket]) -> list[Ticket]:
    return [ticket for ticket in tickets if ticket.called]


@pytest.mark.parametrize(("places", "expected"), [(32, 16), (8, 4), (3, 2), (1, 1)])
def test_alone_a_shop_gets_half_of_the_places(places: int, expected: int) -> None:
    assert len(flood(shares(places), "a")) == expected


def test_what_is_left_is_shared_by_who_floods_next() -> None:
    made = shares(32)
    assert [len(flood(made, shop)) for shop in SHOPS] == [16, 8, 4, 2]


def test_floods_that_go_on_end_in_equal_shares() -> None:
    made = shares(30)
    here = {shop: flood(made, shop) for shop in ("a", "b")}
    for _ in range(100):
        for shop, tickets in here.items():
            made.leave(tickets.pop(0))
            tickets += flood(made, shop)
    assert [len(tickets) for tickets in here.values()] == [10, 10]


def test_who_gives_a_place_back_may_come_again() -> None:
    made = shares(8)
    first, *_ = flood(made, "a")
    made.leave(first)
    assert made.come("a") is not None
    assert made.come("a") is None


def test_at_work_are_no_more_than_may_be() -> None:
    assert len(working(flood(shares(), "a"))) == AT_WORK


def test_shops_take_turns_each_with_its_oldest() -> None:
    made = shares(places=30, at_work=1)
    a, b = flood(made, "a")[:3], flood(made, "b")[:2]
    following: Ticket | None = a[0]
    order: list[Ticket] = []
    while following is not None and len(order) < 5:
        order.append(following)
        following = made.leave(following)
    assert order == [a[0], a[1], b[0], a[2], b[1]]


def test_who_is_tired_of_waiting_leaves_no_gap() -> None:
    made = shares(places=30, at_work=1)
    a, b = flood(made, "a"), flood(made, "b")
    for ticket in b:
        assert made.leave(ticket) is None
    assert made.leave(a[1]) is None
    assert made.leave(a[0]) is a[2]
    assert not any(ticket.called for ticket in b)


@given(moves)
def test_whatever_happens_whoever_has_nobody_here_is_let_in(moves: list[tuple[str, bool, int]]) -> None:
    made, here = shares(), list[Ticket]()
    for shop, leaves, which in moves:
        if leaves and here:
            made.leave(here.pop(which % len(here)))
        elif (ticket := made.come(shop)) is not None:
            here.append(ticket)
        count = Counter(ticket.shop for ticket in here)
        assert len(here) < PLACES
        assert all(number <= (PLACES + 1) // 2 for number in count.values())
        assert len(working(here)) == min(AT_WORK, len(here))  # nobody waits while there is room at work


@given(moves)
def test_nobody_waits_for_more_than_a_turn_of_each_other_shop(moves: list[tuple[str, bool, int]]) -> None:
    made, here = shares(), list[Ticket]()
    waited: dict[Ticket, Counter[str]] = {}
    for shop, leaves, which in moves:
        before = set(working(here))
        if leaves and before:
            ticket = sorted(before, key=here.index)[which % len(before)]
            here.remove(ticket)
            made.leave(ticket)
        elif (came := made.come(shop)) is not None:
            if not any(one.shop == shop and not one.called for one in here):
                waited[came] = Counter()  # the first of its shop that waits
            here.append(came)
        for called in set(working(here)) - before:
            for ticket, turns in waited.items():
                if not ticket.called:
                    turns[called.shop] += 1
    assert all(number == 1 for turns in waited.values() for number in turns.values())


def test_those_that_were_sent_away_together_come_back_apart() -> None:
    seconds = {come_again(f"delivery {number}") for number in range(200)}
    assert seconds == set(range(SOONEST, LATEST + 1))
