"""Pick-up points as an order of the Shipping Manager names them: what bpost would refuse is none."""

from __future__ import annotations

from middleware.carriers.bpost_shm import limits
from middleware.carriers.bpost_shm.mapping import Spot
from middleware.carriers.bpost_shm.values import Place, Point
from middleware.exchange import Kind, PickupPoint


def spot_of(point: PickupPoint) -> Spot | None:
    """The point as it stands in an order; None for one that no order can go to. A name that is longer than an order
    takes is cut: it is the id by which bpost finds the place.
    """
    place = Place(
        street=point.street or "",
        number=point.number,
        postal_code=point.postal_code,
        locality=point.locality or "",
        country=point.country,
    )
    name = (point.name or "")[: limits.LONGEST_NAME].rstrip()
    spot = Spot(point=Point(id=point.id, name=name, place=place), locker=point.kind is Kind.LOCKER)
    return None if any(limits.of_point("", spot.point)) else spot
