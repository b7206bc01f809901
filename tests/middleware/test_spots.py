"""Points that were fetched, as bpost's orders name them: live, and no fault of an order as long as there are none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from middleware.errors import ConfigError, UnknownKeyError
from middleware.exchange import Kind, PickupPoint
from middleware.points import Fixed, KnownPoints, PointsFile
from middleware.spots import Spots

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PLACE = PickupPoint(
    id="207500",
    kind=Kind.LOCKER,
    name="Bedacht Punt met een naam die langer is dan veertig tekens",
    street="Bedachte Markt",
    number="1",
    postal_code="9000",
    locality="Gent",
    country="BE",
)


def test_a_point_is_named_as_an_order_takes_it() -> None:
    spots = Spots(Fixed(KnownPoints(fetched_at=NOW, points={"207500": PLACE})))
    spot = spots.get("207500")
    assert spot is not None
    assert (spot.locker, spot.point.name) == (True, "Bedacht Punt met een naam die langer is")
    assert (spot.point.place.street, spot.point.place.number) == ("Bedachte Markt", "1")
    assert spots.get("nonesuch") is None
    assert (list(spots), len(spots)) == (["207500"], 1)


def test_what_is_fetched_later_is_known_then(tmp_path: Path) -> None:
    spots = Spots(PointsFile(tmp_path / "state" / "points-bpost.json"))
    with pytest.raises(UnknownKeyError):
        spots.get("207500")
    PointsFile(tmp_path / "state" / "points-bpost.json").store(KnownPoints(fetched_at=NOW, points={"207500": PLACE}))
    assert spots.get("207500") is not None
    (tmp_path / "state" / "points-bpost.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError):
        spots.get("207500")
