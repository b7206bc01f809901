"""bpost's Geolocator: what it is asked, what is read of its answers, and every way in which it can fail."""

from __future__ import annotations

import gzip
from datetime import date
from urllib.parse import parse_qs

import pytest

from middleware.carriers.bpost_shm import located, locator
from middleware.carriers.bpost_shm.locator import Locator
from middleware.errors import TransientDeliveryError
from middleware.exchange import Kind, PickupPoint, PointsTold, Request, Response
from schemas.order import PICKUP_POINT
from simulator.bpost.locator import locate
from simulator.message import Request as Heard

CANARY = "K4narieLocator"
FRIDAY = date(2026, 11, 20)
ASKER = Locator(partner="123456", key="made-up-key")
LISTED = '<TaxipostLocator version="1.0" type="TaxipostLocatorList"><PoiList>{}</PoiList></TaxipostLocator>'
PLACE = {"ID": "207500", "Type": "2", "OFFICE": "Bedacht Punt", "STREET": "Bedachte Markt", "NR": "1"}
PLACE |= {"ZIP": "9000", "CITY": "Gent"}


def answered(asked: Request, *, mixed: bool = False) -> Response:
    """What the simulated service says."""
    headers = {name.lower(): value for name, value in asked.headers.items()} | {"accept-encoding": "gzip"}
    answer = locate(Heard(method=asked.method, target=asked.path, headers=headers, body=b""), mixed=mixed)
    told = {name.lower(): value for name, value in answer.headers.items()}
    return Response(status=answer.status, headers=told, body=answer.body)


def poi(more: str = "", /, **changes: str | None) -> str:
    told = {name: value for name, value in {**PLACE, **changes}.items() if value is not None}
    return f"<Poi><Record>{''.join(f'<{name}>{text}</{name}>' for name, text in told.items())}{more}</Record></Poi>"


def read(document: str | bytes, *, encoding: str = "", status: int = 200) -> tuple[PickupPoint, ...]:
    body = document.encode() if isinstance(document, str) else document
    return told(body, encoding=encoding, status=status).points


def told(body: bytes, *, encoding: str = "", status: int = 200) -> PointsTold:
    return ASKER.read(Response(status=status, headers={"content-encoding": encoding}, body=body), "BE")


def code_of(document: str | bytes, **how: str | int) -> str:
    with pytest.raises(TransientDeliveryError) as caught:
        read(document, **how)  # type: ignore[arg-type]
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)
    assert CANARY not in f"{caught.value!r} {caught.value.code}"
    return caught.value.code


def test_what_is_asked_is_country_and_postal_code_and_nothing_else() -> None:
    every, around = ASKER.every("FR"), ASKER.around("BE", "9000", FRIDAY)
    assert parse_qs(every.path.partition("?")[2]) == {
        "Function": ["getallservicepoints"],
        "Account": ["123456"],
        "Country": ["FR"],
        "Language": ["FR"],
    }
    assert parse_qs(around.path.partition("?")[2]) == {
        "Function": ["search"],
        "Partner": ["123456"],
        "Zone": ["9000"],
        "Country": ["BE"],
        "Language": ["NL"],
        "Type": ["23"],
        "Info": ["1"],
        "Limit": ["100"],
        "DD": ["23-11-2026"],  # the Monday after
        "CheckDate": ["1"],
        "CheckOpen": ["1"],
    }
    for asked in (every, around):
        assert (asked.method, asked.body, asked.gzip) == ("GET", None, True)
        assert asked.headers == {"x-api-key": "made-up-key", "Accept": "application/xml"}


@pytest.mark.parametrize("mixed", [False, True])
def test_points_around_a_postal_code_are_read_in_both_spellings(mixed: bool) -> None:
    asked = ASKER.around("BE", "2000", FRIDAY)
    (point,) = ASKER.read(answered(asked, mixed=mixed), "BE").points
    assert (point.id, point.kind, point.name, point.street) == (
        "200003",
        Kind.LOCKER,
        "Dagwinkel Schelde",
        "Denkbeeldige Kaai",
    )
    assert (point.number, point.postal_code, point.locality, point.country) == ("44", "2000", "Antwerpen", "BE")
    assert (point.latitude, point.longitude) == (51.2211, 4.3997)
    assert point.hours is not None
    assert point.hours["monday"] == (("09:00", "12:00"), ("13:00", "17:30"))
    assert "sunday" not in point.hours


def test_all_points_of_a_country_are_read() -> None:
    points = ASKER.read(answered(ASKER.every("BE")), "BE").points
    assert [point.id for point in points] == [f"20000{number}" for number in range(1, 7)]
    assert {point.hours for point in points} == {None}


def test_what_is_not_listed_is_not_taken_over() -> None:
    more = f"<Note>{CANARY}</Note><Services><Service>{CANARY}</Service></Services><Keeper>{CANARY}</Keeper>"
    (point,) = read(LISTED.format(poi(more)))
    assert point.name == "Bedacht Punt"
    assert CANARY not in repr(point)


@pytest.mark.parametrize(
    ("changes", "unfit"),
    [
        ({"Type": "8"}, 0),
        ({"Type": "3"}, 0),
        ({"Type": None}, 0),
        ({"ID": None}, 1),
        ({"ID": "a b"}, 1),
        ({"ID": "lower-1"}, 1),
        ({"ID": "2" * 21}, 1),
        ({"ZIP": None}, 1),
        ({"STREET": None}, 1),
        ({"STREET": "S" * 41}, 1),
        ({"CITY": ""}, 1),
        ({"OFFICE": ""}, 1),
        ({"OFFICE": "a&#9;b"}, 1),
        ({"Country": "FR"}, 0),
    ],
)
def test_a_point_that_no_order_can_go_to_is_left_out_and_counted_if_it_is_for_its_form(
    changes: dict[str, str | None], unfit: int
) -> None:
    found = told(LISTED.format(poi("", **changes) + poi(ID="207501")).encode())
    assert ([point.id for point in found.points], found.unfit) == (["207501"], unfit)


@pytest.mark.parametrize("id_", ["7", "_", "BE_207500", "_" * 20])
def test_every_id_that_bpost_may_give_is_taken(id_: str) -> None:
    (point,) = read(LISTED.format(poi(ID=id_)))
    assert point.id == id_
    assert PICKUP_POINT.fullmatch(id_)


@pytest.mark.parametrize(
    ("times", "spans"),
    [
        (("09:00", "12:00", "13:00", "17:30"), (("09:00", "12:00"), ("13:00", "17:30"))),
        (("9:00", "12:00", "", ""), (("09:00", "12:00"),)),
        (("", "", "13:00", "17:30"), (("13:00", "17:30"),)),
        (("09:00", "", "", "17:30"), (("09:00", "17:30"),)),
        (("", "", "", ""), ()),
        (("09:00", "", "", ""), None),
        (("12:00", "09:00", "", ""), None),
        (("09:00", "14:00", "13:00", "18:00"), None),
        (("open", "shut", "", ""), None),
    ],
)
def test_a_day_is_told_as_spans_or_not_at_all(times: tuple[str, ...], spans: object) -> None:
    names = ("AMOpen", "AMClose", "PMOpen", "PMClose")
    told = "".join(f"<{name}>{text}</{name}>" for name, text in zip(names, times, strict=True))
    (point,) = read(LISTED.format(poi(f"<Hours><Monday>{told}</Monday><Holiday>{told}</Holiday></Hours>")))
    assert point.hours == ({} if spans is None else {"monday": spans})


def test_coordinates_that_are_none_are_left_out() -> None:
    (point,) = read(LISTED.format(poi("<Latitude>951</Latitude><Longitude>east</Longitude>")))
    assert (point.latitude, point.longitude) == (None, None)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (
            f'<TaxipostLocator type="TaxipostLocatorError"><txt>{CANARY}</txt><status>401</status></TaxipostLocator>',
            "locator-401",
        ),
        (
            '<TaxipostLocator type="TaxipostLocatorError"><status>K4narieLocator</status></TaxipostLocator>',
            "locator-error",
        ),
        (f'<TaxipostLocator type="TaxipostLocatorError">{poi()}</TaxipostLocator>', "locator-error"),
        (f"<html><body>{CANARY}</body></html>", "unreadable-answer"),
        (f'<TaxipostLocator type="{CANARY}">{poi()}</TaxipostLocator>', "unreadable-answer"),
        (LISTED.format(poi())[:-5], "unreadable-answer"),
        (LISTED.format(poi()) + CANARY, "unreadable-answer"),
        ("", "unreadable-answer"),
        (b"\xff\xfe\x00", "unreadable-answer"),
        (f"<!DOCTYPE TaxipostLocator>{LISTED.format(poi())}", "unreadable-answer"),
        (
            f'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>{LISTED.format(poi(OFFICE="&e;"))}',
            "unreadable-answer",
        ),
        (LISTED.format("<a>" * 40 + "</a>" * 40), "unreadable-answer"),
    ],
    ids=range(12),
)
@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_that_tells_no_points_is_a_failure_whatever_its_status(
    document: str | bytes, code: str, packed: bool
) -> None:
    body = document.encode() if isinstance(document, str) else document
    assert code_of(gzip.compress(body) if packed else body, encoding="gzip" if packed else "") == code


@pytest.mark.parametrize("status", [201, 204, 302, 401, 404, 429, 500])
def test_another_status_is_a_failure_whatever_is_in_it(status: int) -> None:
    assert code_of(LISTED.format(poi()), status=status) == f"http-{status}"


def test_what_does_not_unpack_or_grows_without_end_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(LISTED.format(poi()).encode())
    assert len(read(packed, encoding="gzip")) == 1
    for broken in (packed[:-9], packed[:20], b"", packed + b"x", LISTED.format(poi()).encode()):
        assert code_of(broken, encoding="gzip") == "content-encoding"
    monkeypatch.setattr(locator, "MOST_BYTES", 1_000_000)
    bomb = gzip.compress(LISTED.format("<!--" + " " * 2_000_000 + "-->").encode())
    assert len(bomb) < 5_000
    assert code_of(bomb, encoding="gzip") == "too-large"


def test_more_points_than_there_can_be_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(located, "MOST_POINTS", 2)
    assert len(read(LISTED.format(poi() + poi(ID="207501")))) == 2
    assert code_of(LISTED.format(poi() + poi(ID="207501") + poi(ID="207502"))) == "unreadable-answer"


def test_the_key_is_in_no_representation() -> None:
    assert "made-up-key" not in f"{ASKER!r} {ASKER.every('BE')!r}"
