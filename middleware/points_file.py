"""The pick-up points and parcel lockers of a carrier that publishes none to us, from a file of the operator's.

A JSON list, one object for each point: ``id``, ``name``, ``street``, ``postal_code``, ``locality``, ``country``, and
where there is one ``number``, ``locker`` (true for a parcel locker), ``latitude``, ``longitude`` and ``hours`` (by day:
``{"monday": [["09:00", "18:00"]]}``). Public places, nothing of a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from middleware.carriers.bpost_shm import limits
from middleware.carriers.bpost_shm.mapping import Spot
from middleware.carriers.bpost_shm.values import Place, Point
from middleware.core.body import read
from middleware.core.places import read_point, row_of
from middleware.errors import BodyError, ConfigError, SettingError
from middleware.exchange import Kind, PickupPoint
from middleware.points import KnownPoints

MOST: Final = 20_000
_TEXTS: Final = ("id", "name", "street", "postal_code", "locality", "country")
_OPTIONAL: Final = ("number", "locker", "latitude", "longitude", "hours")
_EXAMPLE: Final = (
    '[{"id": "207500", "name": "Bedacht Punt", "street": "Bedachte Markt", "number": "1", '
    '"postal_code": "9000", "locality": "Gent", "country": "BE"}]'
)


def points(path: Path) -> KnownPoints:
    """The points of that file, as old as the file is, read once for as long as it stays as it is. Raises: ConfigError
    for a file that cannot be read, or a point that bpost would refuse; it tells which one, and its field.
    """
    try:
        status = path.stat()
    except OSError:
        problem = _wrong(path, "cannot be read", f"a list of at most {MOST} points")
    else:
        return _points(path, (status.st_mtime_ns, status.st_ino))
    raise problem


@lru_cache(maxsize=8)
def _points(path: Path, stamp: tuple[int, int]) -> KnownPoints:
    found: dict[str, PickupPoint] = {}
    for position, row in enumerate(_rows(path), 1):
        spot, point = _spot(row), read_point(row)
        if spot is None:
            raise _wrong(path, f"point {position} is none", f"{', '.join(_TEXTS)}, each a text")
        for fault in limits.of_point("", spot.point):
            raise _wrong(path, f"point {position} {fault.pointer}: {fault.code}", "what bpost takes")
        if point is None or not _whole(row, row_of(point)):
            raise _wrong(path, f"point {position} has not the form of one", "what orders and people can read")
        kind = Kind.LOCKER if spot.locker else Kind.POST_POINT
        if point.id in found:
            raise _wrong(path, f"point {position} has the id of another", "each point once")
        found[point.id] = replace(point, kind=kind)
    return KnownPoints(fetched_at=datetime.fromtimestamp(stamp[0] / 1e9, UTC), points=found)


def _whole(row: Mapping[str, Any], read_: Mapping[str, Any]) -> bool:
    """Whether all that the row tells was read as it stands there."""
    return all(read_.get(name) == told for name, told in row.items() if name != "locker" and told is not None)


def _rows(path: Path) -> list[Any]:
    try:
        document = read(path.read_bytes())
    except OSError:
        problem = "cannot be read"
    except BodyError:
        problem = "not strict JSON"
    else:
        if isinstance(document, list) and len(document) <= MOST:
            return document
        problem = "no list of points"
    raise _wrong(path, problem, f"a list of at most {MOST} points")


def _spot(row: object) -> Spot | None:
    if not isinstance(row, dict) or set(row) - {*_TEXTS, *_OPTIONAL}:
        return None
    texts: dict[str, Any] = {name: row.get(name) for name in _TEXTS}
    number, locker = row.get("number"), row.get("locker", False)
    if not all(isinstance(text, str) for text in texts.values()) or not isinstance(locker, bool):
        return None
    if number is not None and not isinstance(number, str):
        return None
    id_, name = texts.pop("id"), texts.pop("name")
    return Spot(point=Point(id=id_, name=name, place=Place(number=number, **texts)), locker=locker)


def _wrong(path: Path, problem: str, expected: str) -> ConfigError:
    return SettingError(place=str(path), problem=problem, expected=expected, example=_EXAMPLE)
