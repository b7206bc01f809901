"""Which points are near a postal code: its own first, then by distance, and by number where no place is known."""

from __future__ import annotations

import pytest

from middleware.core.nearby import near
from middleware.exchange import PickupPoint


def point(
    id_: str, code: str, latitude: float | None = None, longitude: float | None = None, country: str = "BE"
) -> PickupPoint:
    return PickupPoint(id=id_, postal_code=code, country=country, latitude=latitude, longitude=longitude)


PLACES = (
    point("far", "9300", 50.94, 4.04),
    point("own-2", "9000", 51.07, 3.73),
    point("next", "9050", 51.03, 3.76),
    point("own-1", "9000", 51.05, 3.72),
    point("east", "9040", 51.06, 3.80),
    point("abroad", "9000", 51.05, 3.72, country="NL"),
)


def ids(code: str, most: int = 10, country: str = "BE", places: tuple[PickupPoint, ...] = PLACES) -> list[str]:
    return [found.id for found in near(places, code, country, most)]


def test_those_of_the_code_come_first_and_then_the_nearest() -> None:
    assert ids("9000") == ["own-1", "own-2", "next", "east", "far"]
    assert ids("9000", 3) == ["own-1", "own-2", "next"]


def test_a_code_without_a_point_is_looked_for_where_its_number_is_nearest() -> None:
    assert ids("9051")[:2] == ["next", "own-1"]
    assert ids("9299")[0] == "far"


def test_points_of_another_country_are_never_told() -> None:
    assert ids("9000", country="NL") == ["abroad"]
    assert ids("9000", country="FR") == []


def test_without_places_the_numbers_tell_and_then_the_ids() -> None:
    bare = tuple(point(found.id, found.postal_code) for found in PLACES if found.country == "BE")
    assert ids("9041", places=bare) == ["east", "next", "own-1", "own-2", "far"]


def test_a_point_whose_place_is_not_known_comes_behind_those_whose_is() -> None:
    assert ids("9000", places=(*PLACES, point("somewhere", "9051")))[-1] == "somewhere"


def test_a_space_makes_no_other_code() -> None:
    places = (point("a", "1011 AC", country="NL"), point("b", "1011 AB", country="NL"))
    assert ids("1011AB", country="NL", places=places) == ["b", "a"]


@pytest.mark.parametrize("code", ["1011 AB", "SW1A 1AA", "X"])
def test_a_code_with_letters_is_taken_by_its_digits(code: str) -> None:
    assert len(ids(code)) == 5
