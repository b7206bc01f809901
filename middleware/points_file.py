"""The pick-up points and parcel lockers of a carrier that publishes none to us, from a file of the operator's.

A JSON list, one object for each point: ``id``, ``name``, ``street``, ``postal_code``, ``locality``, ``country``, and
where there is one ``number`` and ``locker`` (true for a parcel locker). Public places, nothing of a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from middleware.carriers.bpost_shm import limits
from middleware.carriers.bpost_shm.mapping import Spot
from middleware.carriers.bpost_shm.values import Place, Point
from middleware.core.body import read
from middleware.errors import BodyError, ConfigError, SettingError

MOST: Final = 20_000
_TEXTS: Final = ("id", "name", "street", "postal_code", "locality", "country")
_EXAMPLE: Final = (
    '[{"id": "207500", "name": "Bedacht Punt", "street": "Bedachte Markt", "number": "1", '
    '"postal_code": "9000", "locality": "Gent", "country": "BE"}]'
)


def spots(path: Path) -> Mapping[str, Spot]:
    """The points of that file, by id, read once for as long as it stays as it is. Raises: ConfigError for a file that
    cannot be read, or a point that bpost would refuse; it tells which one, and its field.
    """
    try:
        status = path.stat()
    except OSError:
        problem = _wrong(path, "cannot be read", f"a list of at most {MOST} points")
    else:
        return _spots(path, (status.st_mtime_ns, status.st_ino))
    raise problem


@lru_cache(maxsize=8)
def _spots(path: Path, _stamp: tuple[int, int]) -> Mapping[str, Spot]:
    rows = _rows(path)
    found: dict[str, Spot] = {}
    for position, row in enumerate(rows):
        spot = _spot(row)
        if spot is None:
            raise _wrong(path, f"point {position + 1} is none", f"{', '.join(_TEXTS)}, each a text")
        for fault in limits.of_point("", spot.point):
            raise _wrong(path, f"point {position + 1} {fault.pointer}: {fault.code}", "what bpost takes")
        if found.setdefault(spot.point.id, spot) is not spot:
            raise _wrong(path, f"point {position + 1} has the id of another", "each point once")
    return found


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
    if not isinstance(row, dict) or set(row) - {*_TEXTS, "number", "locker"}:
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
