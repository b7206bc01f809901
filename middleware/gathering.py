"""Fetching the pick-up points of a carrier that has a service for them: off the request path, and by no order's doing.

Once a day all points of every country; then, where that list does not tell when they are open, what is around every
postal code that has a point, one question after another. So what is asked depends on the list alone, and on nobody who
looks for a point (docs/adr/0023).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from middleware.core.calendar import today
from middleware.errors import TransientDeliveryError
from middleware.exchange import PickupPoint, PointsTold, Request, Response
from middleware.points import KnownPoints, PointsFile, Zone
from middleware.ports import Clock, Transport

EVERY: Final = timedelta(days=1)
"""After how long points are fetched again."""

FEWEST: Final = 2
"""A list may have no less than one in so many of the points that are known of its country."""

MOST_POINTS: Final = 50_000
AT_ONCE: Final = 50
"""Postal codes after which what was learned is written down."""


class Source(Protocol):
    """A carrier's service for pick-up points."""

    def every(self, country: str) -> Request:
        """The question for all points of a country."""

    def around(self, country: str, postal_code: str, today: date) -> Request:
        """The question for what is around a postal code."""

    def read(self, response: Response, country: str) -> PointsTold:
        """The points of an answer. Raises: TransientDeliveryError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """Fetches into ``file``. ``rest`` waits between two questions, and says whether there may be another."""

    source: Source
    transport: Transport
    file: PointsFile
    countries: Sequence[str]
    clock: Clock
    rest: Callable[[], bool]

    def gather(self) -> int | None:
        """How many points are known now; None where another process fetches them.

        Raises: TransientDeliveryError, PermanentDeliveryError where the service fails; what was known before stays
        known, and what was learned until then is kept. ConfigError for a file that cannot be read or written.
        """
        with self.file.turn() as ours:
            if not ours:
                return None
            known = self.file.known()
            if known.fetched_at is None or not known.fetched_at <= self.clock() < known.fetched_at + EVERY:
                known = self._listed(known)
                self.file.store(known)
            return len(self._looked(known).points)

    def _listed(self, known: KnownPoints) -> KnownPoints:
        found: dict[str, PickupPoint] = {}
        unfit = 0
        for country in self.countries:
            told = self.source.read(self.transport.send(self.source.every(country)), country)
            points, unfit = told.points, unfit + told.unfit
            # a list without them, or without most, is a fault over there, and orders to the others would be refused
            if not points:
                raise _failed("no-points")
            if len(points) * FEWEST < sum(point.country == country for point in known.points.values()):
                raise _failed("too-few-points")
            for point in points:
                found.setdefault(point.id, point)
        if len(found) > MOST_POINTS:
            raise _failed("too-many-points")
        bare = {_zone(point) for point in found.values() if point.hours is None}
        now, zones = self.clock(), {_zone(point) for point in found.values()}
        return KnownPoints(
            fetched_at=now,
            points={id_: _filled(point, point, known.points.get(id_)) for id_, point in found.items()},
            looked={zone: known.looked[zone] if zone in bare else now for zone in zones - (bare - known.looked.keys())},
            unfit=unfit,
        )

    def _looked(self, known: KnownPoints) -> KnownPoints:
        """What is around the postal codes whose turn it is. One that fails ends this, and comes last the next time."""
        stored = known
        try:
            for count, zone in enumerate(_due(known, self.clock()), 1):
                if not self.rest():
                    break
                known = replace(known, looked={**known.looked, zone: self.clock()})
                known = self._around(known, zone)
                if count % AT_ONCE == 0:
                    self.file.store(known)
                    stored = known
        finally:
            if known is not stored:
                self.file.store(known)
        return known

    def _around(self, known: KnownPoints, zone: Zone) -> KnownPoints:
        response = self.transport.send(self.source.around(*zone, today(self.clock())))
        details = self.source.read(response, zone[0]).points
        told = {
            one.id: _filled(known.points[one.id], one, known.points[one.id])
            for one in details
            if one.id in known.points
        }
        return replace(known, points={**known.points, **told})


def _due(known: KnownPoints, now: datetime) -> Sequence[Zone]:
    """The postal codes to be asked about, those first that were asked about longest ago."""
    zones = {_zone(point) for point in known.points.values()}
    never = datetime.min.replace(tzinfo=now.tzinfo)
    looked = {zone: known.looked.get(zone, never) for zone in zones}
    return sorted(
        (zone for zone in zones if not looked[zone] <= now < looked[zone] + EVERY),
        key=lambda zone: (looked[zone], zone),
    )


def _zone(point: PickupPoint) -> Zone:
    return point.country, point.postal_code


def _filled(point: PickupPoint, *tellers: PickupPoint | None) -> PickupPoint:
    """The point with where it lies and when it is open, as the first tells it that does."""
    told = [teller for teller in tellers if teller is not None]
    places = [teller for teller in told if teller.latitude is not None and teller.longitude is not None]
    return replace(
        point,
        latitude=places[0].latitude if places else None,
        longitude=places[0].longitude if places else None,
        hours=next((teller.hours for teller in told if teller.hours is not None), None),
    )


def _failed(code: str) -> TransientDeliveryError:
    failure = TransientDeliveryError()
    failure.code = code
    return failure
