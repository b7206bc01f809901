"""Seats: so many at once, and one shop never has them all."""

from __future__ import annotations

import pytest

from middleware.seats import Seats


def test_of_two_seats_each_shop_has_one() -> None:
    seats = Seats(2)
    asked = [seats.seat(shop) for shop in ("flood", "flood", "small", "late")]
    assert [one.__enter__() for one in asked] == [True, False, True, False]


def test_of_eight_seats_one_shop_has_four_and_others_find_one() -> None:
    seats = Seats(8)
    held = [seats.seat("flood") for _ in range(8)]
    assert [one.__enter__() for one in held] == [True] * 4 + [False] * 4
    with seats.seat("small") as other:
        assert other


def test_of_four_seats_of_which_a_shop_has_one_four_shops_sit() -> None:
    seats = Seats(4, each=1)
    asked = [seats.seat(shop) for shop in ("one", "one", "two", "three", "two", "four", "five")]
    assert [one.__enter__() for one in asked] == [True, False, True, True, False, True, False]


def test_a_seat_is_given_back_even_by_what_fails_and_by_nobody_who_had_none() -> None:
    seats = Seats(2)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            fail_in(seats)


def fail_in(seats: Seats) -> None:
    with seats.seat("demo") as seated:
        for _ in range(2):
            with seats.seat("demo") as another:
                assert (seated, another) == (True, False)
        raise ZeroDivisionError


def test_where_there_are_none_nobody_sits() -> None:
    with Seats(0).seat("demo") as seated:
        assert not seated
