"""Pick-up points that the simulated platform knows. All made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def _hours() -> dict[str, tuple[tuple[str, str], ...]]:
    weekdays = dict.fromkeys(("monday", "tuesday", "thursday", "friday"), (("09:00", "12:00"), ("13:00", "18:00")))
    return {**weekdays, "wednesday": (("09:00", "12:00"),), "saturday": (("10:00", "16:00"),), "sunday": ()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupPoint:
    """A place where a parcel can be fetched. ``hours`` are spans by day, none on a day that it is closed."""

    id: str
    name: str
    street: str
    number: str
    postal_code: str
    locality: str
    latitude: float
    longitude: float
    country: str = "BE"
    kind: str = "post-point"
    hours: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=_hours)


POINTS = {
    point.id: point
    for point in (
        PickupPoint(
            id="PUP-1000-01",
            name="Boekhandel De Vlieger",
            street="Verzonnenstraat",
            number="12",
            postal_code="1000",
            locality="Brussel",
            latitude=50.8467,
            longitude=4.3525,
        ),
        PickupPoint(
            id="PUP-1000-02",
            name="Librairie du Canal",
            street="Quai Imaginaire",
            number="3",
            postal_code="1000",
            locality="Bruxelles",
            latitude=50.8512,
            longitude=4.3457,
        ),
        PickupPoint(
            id="PUP-2000-01",
            name="Dagwinkel Schelde",
            street="Denkbeeldige Kaai",
            number="44",
            postal_code="2000",
            locality="Antwerpen",
            latitude=51.2211,
            longitude=4.3997,
        ),
        PickupPoint(
            id="PUP-4000-01",
            name="Épicerie Sart",
            street="Rue Inventée",
            number="7",
            postal_code="4000",
            locality="Liège",
            latitude=50.6412,
            longitude=5.5718,
        ),
        PickupPoint(
            id="PUP-4700-01",
            name="Papierladen Weser",
            street="Erfundene Gasse",
            number="5",
            postal_code="4700",
            locality="Eupen",
            latitude=50.6279,
            longitude=6.0365,
        ),
        PickupPoint(
            id="PUP-9000-01",
            name="Fietsenwinkel Leie",
            street="Fictielaan",
            number="101",
            postal_code="9000",
            locality="Gent",
            latitude=51.0543,
            longitude=3.7174,
        ),
    )
}
