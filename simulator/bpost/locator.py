"""The pick-up points service. Whatever goes wrong is told inside an answer of status 200, as the real one does."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import parse_qs

from lxml import etree

from simulator.bpost.errors import XML
from simulator.message import Answer, Request
from simulator.pickup import POINTS, PickupPoint

UPPER = ("ID", "Type", "OFFICE", "STREET", "NR", "ZIP", "CITY")
MIXED = ("Id", "Type", "Name", "Street", "Number", "Zip", "City")
"""The two ways in which a point's particulars are called: which answer has which is seen differently."""
KINDS = {"POST_OFFICE": 1, "POST_POINT": 2, "LOCKER": 4}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
COUNTRIES, LANGUAGES = ("BE", "FR", "NL"), ("NL", "FR", "EN", "DE")
MOST = 20

SPOTS: Mapping[str, tuple[PickupPoint, int]] = MappingProxyType(
    {
        f"{200_001 + number:06d}": (point, KINDS["LOCKER"] if number % 3 == 2 else KINDS["POST_POINT"])
        for number, point in enumerate(POINTS.values())
    }
)
"""bpost's id → the point, and which kind it is here."""


WHERE = ("name", "street", "number", "postal_code", "locality", "country")


def address(id_: str | None) -> Mapping[str, str]:
    """What a label, or an operator's list, says of where a point is; empty of one that is not known."""
    return {name: getattr(SPOTS[id_][0], name) for name in WHERE} if id_ is not None and id_ in SPOTS else {}


def places() -> list[dict[str, object]]:
    """All of them as an operator lists them: JSON objects."""
    return [{"id": id_, **address(id_), "locker": kind == KINDS["LOCKER"]} for id_, (_, kind) in SPOTS.items()]


class _MistakeError(Exception):
    """The request is not what the service takes: (status, words)."""


def locate(request: Request, *, mixed: bool) -> Answer:
    """Points near a postal code, one of them, or all. ``mixed``: with the other spelling of their particulars."""
    root = etree.Element("TaxipostLocator", version="1.0")
    try:
        _search(root, request, MIXED if mixed else UPPER)
    except _MistakeError as mistake:
        status, words = mistake.args
        root = etree.Element("TaxipostLocator", version="1.0", type="TaxipostLocatorError")
        etree.SubElement(root, "txt").text = words
        etree.SubElement(root, "status").text = str(status)
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Answer(status=200, body=content, media=XML)
    return Answer(status=200, body=gzip.compress(content, mtime=0), media=XML, headers={"Content-Encoding": "gzip"})


def _search(root: etree._Element, request: Request, names: tuple[str, ...]) -> None:
    asked = _asked(request)
    if not request.headers.get("x-api-key"):
        raise _MistakeError(401, "Unknown key")
    if "gzip" not in request.headers.get("accept-encoding", ""):
        raise _MistakeError(406, "Accept-Encoding gzip is required")
    match asked.get("Function"):
        case "search":
            _near(root, asked, names)
        case "info":
            _one(root, asked)
        case "getallservicepoints":
            _every(root, asked)
        case _:
            raise _MistakeError(400, "Unknown function")


def _asked(request: Request) -> Mapping[str, str]:
    query = request.target.partition("?")[2] if request.method == "GET" else request.body.decode("latin-1")
    return {name: values[-1] for name, values in parse_qs(query).items()}


def _near(root: etree._Element, asked: Mapping[str, str], names: tuple[str, ...]) -> None:
    _known(asked.get("Partner"))
    zone, types = asked.get("Zone", ""), asked.get("Type", "3")
    if not zone:
        raise _MistakeError(400, "Zone is mandatory")
    if not re.fullmatch(r"\d\d-\d\d-\d{4}", asked.get("DD", "")) or not {"CheckDate", "CheckOpen"} <= asked.keys():
        raise _MistakeError(400, "DD, CheckDate and CheckOpen are mandatory")
    country = _country(asked, f" near {zone}")
    if not all(re.fullmatch("[0-9]{1,4}", number) for number in (types, asked.get("Limit", "1"))):
        raise _MistakeError(400, f"Type {types} is no sum of known types")
    root.set("type", "TaxipostLocatorList")
    listed = etree.SubElement(root, "PoiList")
    spots = [(id_, point, kind) for id_, (point, kind) in SPOTS.items() if kind & int(types)]
    near = [spot for spot in spots if (spot[1].country, spot[1].postal_code) == (country, zone)]
    for id_, point, kind in near[: min(int(asked.get("Limit", "10")), MOST)]:
        poi = etree.SubElement(listed, "Poi")
        _record(poi, dict(zip(names, _particulars(id_, point, kind), strict=True)), point)
        etree.SubElement(poi, "Distance").text = "100.00"


def _one(root: etree._Element, asked: Mapping[str, str]) -> None:
    _known(asked.get("Partner"))
    id_ = asked.get("Id", "")
    if id_ not in SPOTS:
        raise _MistakeError(404, f"Unknown point {id_}")
    root.set("type", "TaxipostLocatorInfo")
    point, kind = SPOTS[id_]
    _record(etree.SubElement(root, "Poi"), dict(zip(UPPER, _particulars(id_, point, kind), strict=True)), point)


def _every(root: etree._Element, asked: Mapping[str, str]) -> None:
    _known(asked.get("Account"))
    country = _country(asked)
    root.set("type", "TaxipostLocatorList")
    listed = etree.SubElement(root, "PickupPointList")
    for id_, (point, kind) in ((id_, spot) for id_, spot in SPOTS.items() if spot[0].country == country):
        entry = etree.SubElement(listed, "Point")
        for name, text in zip(MIXED, _particulars(id_, point, kind), strict=True):
            etree.SubElement(entry, name).text = text


def _country(asked: Mapping[str, str], where: str = "") -> str:
    country = asked.get("Country", "BE")
    if asked.get("Language", "NL") not in LANGUAGES or country not in COUNTRIES:
        raise _MistakeError(400, f"Unknown language or country{where}")
    return country


def _known(account: str | None) -> None:
    if not re.fullmatch(r"[0-9]{6}", account or "", re.ASCII):
        raise _MistakeError(401, "Unknown partner")


def _particulars(id_: str, point: PickupPoint, kind: int) -> Iterator[str]:
    yield from (id_, str(kind), point.name, point.street, point.number, point.postal_code, point.locality)


def _record(poi: etree._Element, particulars: Mapping[str, str], point: PickupPoint) -> None:
    record = etree.SubElement(poi, "Record")
    for name, text in particulars.items():
        etree.SubElement(record, name).text = text
    etree.SubElement(record, "Longitude").text = str(point.longitude)
    etree.SubElement(record, "Latitude").text = str(point.latitude)
    hours = etree.SubElement(record, "Hours")
    for name in DAYS:
        day = etree.SubElement(hours, name)
        for part, text in (("AMOpen", "09:00"), ("AMClose", "12:00"), ("PMOpen", "13:00"), ("PMClose", "17:30")):
            etree.SubElement(day, part).text = text
