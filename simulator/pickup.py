"""Pick-up points that the simulated platform knows. All made up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupPoint:
    """A place where a parcel can be fetched."""

    id: str
    name: str
    street: str
    number: str
    postal_code: str
    locality: str
    country: str = "BE"


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
        ),
        PickupPoint(
            id="PUP-1000-02",
            name="Librairie du Canal",
            street="Quai Imaginaire",
            number="3",
            postal_code="1000",
            locality="Bruxelles",
        ),
        PickupPoint(
            id="PUP-2000-01",
            name="Dagwinkel Schelde",
            street="Denkbeeldige Kaai",
            number="44",
            postal_code="2000",
            locality="Antwerpen",
        ),
        PickupPoint(
            id="PUP-4000-01",
            name="Épicerie Sart",
            street="Rue Inventée",
            number="7",
            postal_code="4000",
            locality="Liège",
        ),
        PickupPoint(
            id="PUP-4700-01",
            name="Papierladen Weser",
            street="Erfundene Gasse",
            number="5",
            postal_code="4700",
            locality="Eupen",
        ),
        PickupPoint(
            id="PUP-9000-01",
            name="Fietsenwinkel Leie",
            street="Fictielaan",
            number="101",
            postal_code="9000",
            locality="Gent",
        ),
    )
}
