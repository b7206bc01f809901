"""Pick-up points as rows: what is taken of one, and that it is told on as it was taken."""

from __future__ import annotations

from typing import Any

import pytest

from middleware.core.places import kept, read_point, row_of
from middleware.exchange import PickupPoint

ROW: dict[str, Any] = {
    "id": "207500",
    "kind": "locker",
    "name": "Bedacht Punt",
    "street": "Bedachte Markt",
    "number": "1",
    "locality": "Gent",
    "postal_code": "9000",
    "country": "BE",
    "latitude": 51.05,
    "longitude": 3.72,
    "hours": {"monday": [["09:00", "12:00"], ["13:00", "24:00"]], "sunday": []},
}


def test_a_row_is_read_and_told_on_as_it_is() -> None:
    point = read_point(ROW)
    assert point is not None
    assert row_of(point) == ROW
    assert kept([ROW]) == {"207500": point}


def test_what_is_not_known_is_not_told() -> None:
    assert row_of(PickupPoint(id="207500", postal_code="9000", country="BE")) == {
        "id": "207500",
        "postal_code": "9000",
        "country": "BE",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "castle"),
        ("kind", 4),
        ("name", "x" * 101),
        ("name", "a\u0000b"),
        ("name", "a\nb"),
        ("name", " "),
        ("street", ["x"]),
        ("latitude", 90.1),
        ("latitude", "51"),
        ("latitude", True),
        ("longitude", float("nan")),
        ("hours", []),
        ("keeper", "somebody"),
    ],
)
def test_what_has_not_its_form_is_left_out(name: str, value: object) -> None:
    point = read_point({**ROW, name: value})
    assert point is not None
    assert row_of(point) == {key: told for key, told in ROW.items() if key != name}


@pytest.mark.parametrize(
    "spans",
    [
        None,
        "09:00",
        [["09:00"]],
        [["09:00", "09:00"]],
        [["12:00", "09:00"]],
        [["09:00", "12:00"], ["12:00", "13:00"]],
        [["9:00", "12:00"]],
        [["09:00", "24:01"]],
        [["09:00", 12]],
        [[f"0{hour}:00", f"0{hour}:30"] for hour in range(5)],
    ],
)
def test_a_day_that_has_not_its_form_is_left_out(spans: object) -> None:
    point = read_point({**ROW, "hours": {"monday": spans, "tuesday": []}})
    assert point is not None
    assert point.hours == {"tuesday": ()}


@pytest.mark.parametrize("rows", [None, {}, [5], [{}], [{**ROW, "keeper": "x"}], [{**ROW, "id": None}]])
def test_rows_that_this_service_never_wrote_are_none(rows: object) -> None:
    with pytest.raises(ValueError, match="no rows of points"):
        kept(rows)
