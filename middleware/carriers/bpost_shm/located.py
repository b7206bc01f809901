"""What bpost's Geolocator answers, read piece by piece: no answer takes more memory than the points in it.

Its errors come with status 200, in a document of another type. Answers differ in how they spell a name, and in what
they call it (``OFFICE`` or ``Name``). What is not listed here is not taken over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from middleware.carriers.bpost_shm.spots import spot_of
from middleware.core.places import DAYS, read_point, spans_of
from middleware.exchange import Kind, PickupPoint

MOST_POINTS: Final = 20_000
DEEPEST: Final = 32
"""Elements within each other; theirs are six."""

KINDS: Final[Mapping[str, Kind]] = {
    "1": Kind.POST_OFFICE,
    "2": Kind.POST_POINT,
    "4": Kind.LOCKER,
    "16": Kind.PARCEL_POINT,
}
"""What parcels go to, by its bit. Shops of Click & Collect (8) are for a product of their own."""

_NAMES: Final[Mapping[str, str]] = {
    "ID": "id",
    "TYPE": "kind",
    "OFFICE": "name",
    "NAME": "name",
    "STREET": "street",
    "NR": "number",
    "NUMBER": "number",
    "ZIP": "postal_code",
    "CITY": "locality",
    "COUNTRY": "country",
    "LATITUDE": "latitude",
    "LONGITUDE": "longitude",
}
"""What is read of a point, by its name in capitals."""

_TIMES: Final = ("AMOpen", "AMClose", "PMOpen", "PMClose")
_POINTS: Final = frozenset(("Record", "Point"))
_ROOT: Final = "TaxipostLocator"
_ERROR: Final = "TaxipostLocatorError"
_TYPES: Final = frozenset(("TaxipostLocatorList", "TaxipostLocatorInfo", _ERROR))
_LONGEST_TEXT: Final = 200


class Located:
    """What a parser tells, as lxml calls its target; with ``ValueError`` it ends the parsing. ``points`` are those of
    ``country`` that an order can name; ``unfit`` counts those beside them that have not the form for it.
    """

    def __init__(self, country: str) -> None:
        self.points: list[PickupPoint] = []
        self.unfit = 0
        self._country = country
        self._failed, self._status = False, ""
        self._path: list[str] = []
        self._text = ""
        self._row: dict[str, str] | None = None
        self._hours: dict[str, dict[str, str]] = {}

    @property
    def failure(self) -> str | None:
        """The code of the error that the document tells; None for a document that tells points."""
        status = self._status
        if not self._failed:
            return None
        return f"locator-{status}" if status.isascii() and status.isdigit() and len(status) == 3 else "locator-error"

    def start(self, tag: str, attributes: Mapping[str, str], /) -> None:
        """An element begins."""
        name = tag.rpartition("}")[2]
        if not self._path:
            self._begin(name, attributes.get("type", ""))
        if name in _POINTS:
            if len(self.points) >= MOST_POINTS:
                raise ValueError("too many points")
            self._row, self._hours = {}, {}
        if len(self._path) >= DEEPEST:
            raise ValueError("too deep")
        self._path.append(name)
        self._text = ""

    def data(self, text: str, /) -> None:
        """Text of the element that began last."""
        if len(self._text) < _LONGEST_TEXT:
            self._text += text[:_LONGEST_TEXT]

    def end(self, _tag: str, /) -> None:
        """An element ends."""
        name, text = self._path.pop(), self._text.strip()
        above = self._path[-1] if self._path else ""
        self._text = ""
        if self._row is None:
            if name == "status" and above == _ROOT:
                self._status = text
        elif name in _POINTS:
            self._take(self._row)
            self._row = None
        elif above in _POINTS and name.upper() in _NAMES:
            self._row.setdefault(_NAMES[name.upper()], text)
        elif name in _TIMES and self._path[-2:-1] == ["Hours"]:
            self._hours.setdefault(above.lower(), {})[name] = text

    def doctype(self, *_: object) -> None:
        """A document type is none of theirs."""
        raise ValueError("a document type")

    def close(self) -> None:
        """Nothing is left to be told."""

    def _begin(self, name: str, kind: str) -> None:
        if name != _ROOT or kind not in _TYPES:
            raise ValueError("another document")
        self._failed = kind == _ERROR

    def _take(self, told: Mapping[str, str]) -> None:
        row: dict[str, Any] = {"country": self._country, **told, "kind": KINDS.get(told.get("kind", ""))}
        row |= {name: _number(told[name]) for name in ("latitude", "longitude") if name in told}
        if self._hours:
            row["hours"] = {day: spans_of(list(_spans(told))) for day, told in self._hours.items() if day in DAYS}
        if row["kind"] is None or row["country"] != self._country:
            return
        point = read_point(row)
        if point is None or spot_of(point) is None:
            self.unfit += 1
        else:
            self.points.append(point)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _spans(told: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Before noon and after it; one span where the pause between them is left out."""
    opens, pauses, again, closes = (_time(told.get(name, "")) for name in _TIMES)
    if opens and closes and not (pauses or again):
        yield opens, closes
        return
    for start, end in ((opens, pauses), (again, closes)):
        if start or end:
            yield start, end


def _time(text: str) -> str:
    return f"0{text}" if text[1:2] == ":" else text
