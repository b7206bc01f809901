"""The pick-up points of an operator's file: each as bpost takes it, or told which is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from middleware.errors import SettingError
from middleware.exchange import Kind
from middleware.points_file import points

POINT: dict[str, Any] = {
    "id": "207500",
    "name": "Bedacht Punt",
    "street": "Bedachte Markt",
    "number": "1",
    "postal_code": "9000",
    "locality": "Gent",
    "country": "BE",
}
LOCKER = {**{key: value for key, value in POINT.items() if key != "number"}, "id": "014472", "locker": True}


def told(folder: Path, content: str) -> str:
    file = folder / "points.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingError) as fault:
        points(file)
    assert str(fault.value).startswith(f"{file}: ")
    return str(fault.value)


def test_points_and_lockers_are_known_by_their_ids(tmp_path: Path) -> None:
    file = tmp_path / "points.json"
    file.write_text(json.dumps([POINT, LOCKER]), encoding="utf-8")
    known = points(file).points
    assert {id_: point.kind for id_, point in known.items()} == {"207500": Kind.POST_POINT, "014472": Kind.LOCKER}
    assert (known["207500"].name, known["207500"].number) == ("Bedacht Punt", "1")
    assert known["014472"].number is None


def test_where_a_point_lies_and_when_it_is_open_may_be_told(tmp_path: Path) -> None:
    file = tmp_path / "points.json"
    told = {"latitude": 51, "longitude": 3.7, "hours": {"monday": [["09:00", "12:00"]], "sunday": []}}
    file.write_text(json.dumps([{**POINT, **told}]), encoding="utf-8")
    point = points(file).points["207500"]
    assert (point.latitude, point.longitude) == (51.0, 3.7)
    assert point.hours == {"monday": (("09:00", "12:00"),), "sunday": ()}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({**POINT, "name": "N" * 41}, "point 2 /name: too-long"),
        ({**POINT, "id": "no such id"}, "point 2 /id: pattern"),
        ({**POINT, "country": "Belgium"}, "point 2 /place/country: pattern"),
        ({**POINT, "street": None}, "point 2 is none"),
        ({**POINT, "number": 1}, "point 2 is none"),
        ({**POINT, "locker": "yes"}, "point 2 is none"),
        ({**POINT, "keeper": "somebody"}, "point 2 is none"),
        ({**POINT, "latitude": "51"}, "point 2 has not the form of one"),
        ({**POINT, "hours": {"monday": [["12:00", "09:00"]]}}, "point 2 has not the form of one"),
        ({**POINT, "hours": {"montag": []}}, "point 2 has not the form of one"),
        ([], "point 2 is none"),
        (LOCKER, "point 2 has the id of another"),
    ],
)
def test_a_point_that_cannot_be_used_is_told(tmp_path: Path, row: object, says: str) -> None:
    assert says in told(tmp_path, json.dumps([LOCKER, row]))


@pytest.mark.parametrize(("content", "says"), [("{}", "no list of points"), ("[", "not strict JSON")])
def test_what_is_no_list_is_told(tmp_path: Path, content: str, says: str) -> None:
    assert says in told(tmp_path, content)


def test_a_file_is_read_again_once_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "points.json"
    file.write_text(json.dumps([POINT]), encoding="utf-8")
    assert points(file) is points(file)
    new = tmp_path / "new.json"
    new.write_text(json.dumps([LOCKER]), encoding="utf-8")
    new.replace(file)
    assert set(points(file).points) == {"014472"}


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot be read"):
        points(tmp_path / "none.json")
