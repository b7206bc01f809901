"""Which pick-up points are near a postal code, told from the points alone: nobody is asked on the way.

First those of that very code, then the others by their distance from the middle of those. Where none has the code, the
middle is that of the code whose number is nearest, for neighbours mostly have numbers that follow each other.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence

from middleware.exchange import PickupPoint

_KM_OF_A_DEGREE = 111.2
_FAR = math.inf


def near(points: Iterable[PickupPoint], postal_code: str, country: str, most: int) -> Sequence[PickupPoint]:
    """At most so many of the points of that country, the nearest first; of two that are as near, by their ids."""
    there = [point for point in points if point.country == country]
    if not there:
        return ()
    nearest = min((_apart(point.postal_code, postal_code), point.postal_code) for point in there)[1]
    middle = _middle([point for point in there if point.postal_code == nearest])

    def place(point: PickupPoint) -> tuple[bool, float, int, str]:
        code = point.postal_code
        return not _same(code, postal_code), _distance(middle, point), _apart(code, postal_code), point.id

    return heapq.nsmallest(most, there, key=place)


def _same(one: str, other: str) -> bool:
    return one.replace(" ", "") == other.replace(" ", "")


def _apart(one: str, other: str) -> int:
    """How far two codes are apart by the numbers in them."""
    return abs(_number(one) - _number(other))


def _number(code: str) -> int:
    return int("".join(filter(str.isdigit, code)) or 0)


def _middle(points: Sequence[PickupPoint]) -> tuple[float, float] | None:
    known = [(one.latitude, one.longitude) for one in points if one.latitude is not None and one.longitude is not None]
    if not known:
        return None
    return sum(latitude for latitude, _ in known) / len(known), sum(longitude for _, longitude in known) / len(known)


def _distance(middle: tuple[float, float] | None, point: PickupPoint) -> float:
    """Kilometres to the metre, as on a plane: exact enough to put points of one country in their order."""
    if middle is None or point.latitude is None or point.longitude is None:
        return _FAR
    north, east = point.latitude - middle[0], point.longitude - middle[1]
    return round(math.hypot(north, east * math.cos(math.radians(middle[0]))) * _KM_OF_A_DEGREE, 3)
