"""Fetching pick-up points: all of a country once a day, then what is around each postal code; nobody else is asked for,
nothing is lost by a failure, and of several processes one fetches.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from middleware import gathering
from middleware.carriers.bpost_shm.locator import Locator
from middleware.errors import ConfigError, DeliveryError, TransientDeliveryError, UnknownKeyError
from middleware.exchange import Request, Response
from middleware.gathering import Gathering
from middleware.points import KnownPoints, PointsFile
from simulator.bpost.locator import locate
from simulator.message import Request as Heard

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LISTED = b'<TaxipostLocator version="1.0" type="TaxipostLocatorList"><PickupPointList/></TaxipostLocator>'
ZONES = ("1000", "2000", "4000", "4700", "9000")


@dataclass
class Service:
    """The simulated service without a network, and a clock. ``instead`` answers in its place."""

    asked: list[str] = field(default_factory=list)
    instead: Callable[[Request], Response | DeliveryError | None] = lambda _: None
    now: datetime = NOW

    def send(self, request: Request) -> Response:
        self.asked.append(request.path)
        given = self.instead(request)
        if isinstance(given, DeliveryError):
            raise given
        if given is not None:
            return given
        headers = {name.lower(): value for name, value in request.headers.items()} | {"accept-encoding": "gzip"}
        answer = locate(Heard(method="GET", target=request.path, headers=headers, body=b""), mixed=False)
        return Response(status=200, headers={"content-encoding": "gzip"}, body=answer.body)

    def zones(self) -> list[str]:
        """The postal codes that were asked about, in their order."""
        queries = [parse_qs(path.partition("?")[2]) for path in self.asked]
        return [query["Zone"][0] for query in queries if query["Function"] == ["search"]]


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def made(tmp_path: Path, service: Service) -> Gathering:
    return Gathering(
        source=Locator(partner="123456", key="made-up-key"),
        transport=service,
        file=PointsFile(tmp_path / "state" / "points-bpost.json"),
        countries=("BE",),
        clock=lambda: service.now,
        rest=lambda: True,
    )


def read(made: Gathering) -> KnownPoints:
    """What another process reads."""
    return PointsFile(made.file.path).known()


def test_all_points_are_fetched_with_their_hours_and_read_by_others(made: Gathering, service: Service) -> None:
    assert made.gather() == 6
    assert service.asked[0] == "/Locator?Function=getallservicepoints&Account=123456&Country=BE&Language=NL"
    assert service.zones() == list(ZONES)
    known = read(made)
    assert known == made.file.known()
    assert (known.fetched_at, len(known.points)) == (NOW, 6)
    assert all(point.hours and point.latitude for point in known.points.values())


def test_what_was_fetched_today_is_not_fetched_again(made: Gathering, service: Service) -> None:
    made.gather()
    service.asked.clear()
    service.now += timedelta(hours=23)
    assert made.gather() == 6
    assert service.asked == []
    service.now += timedelta(hours=1)
    made.gather()
    assert len(service.asked) == 1 + len(ZONES)


def test_a_clock_that_was_set_back_does_not_stop_it(made: Gathering, service: Service) -> None:
    made.gather()
    service.now -= timedelta(days=400)
    made.gather()
    assert read(made).fetched_at == service.now


def test_a_list_that_tells_hours_itself_makes_no_further_question(made: Gathering, service: Service) -> None:
    hours = "<Hours><Monday><AMOpen>09:00</AMOpen><PMClose>18:00</PMClose></Monday></Hours>"
    place = "<Type>2</Type><Name>Punt</Name><Street>Markt</Street><City>Gent</City>"
    points = f"<Point><Id>207500</Id><Zip>9000</Zip>{place}{hours}</Point>"
    points += f"<Point><Id>207501</Id><Zip>8000</Zip>{place}</Point>"
    service.instead = lambda asked: (
        Response(status=200, headers={}, body=LISTED.replace(b"<PickupPointList/>", points.encode()))
        if "getall" in asked.path
        else None
    )
    assert made.gather() == 2
    assert service.zones() == ["8000"]


def test_without_rest_the_list_alone_is_fetched_and_the_rest_comes_later(made: Gathering, service: Service) -> None:
    assert replace(made, rest=lambda: False).gather() == 6
    assert service.zones() == []
    assert made.gather() == 6
    assert service.zones() == list(ZONES)


FAILURES: dict[str, Response | DeliveryError] = {
    "error-in-200": Response(
        status=200,
        headers={},
        body=b'<TaxipostLocator type="TaxipostLocatorError"><status>401</status></TaxipostLocator>',
    ),
    "no-points": Response(status=200, headers={}, body=LISTED),
    "status": Response(status=503, headers={}, body=LISTED),
    "garbage": Response(status=200, headers={"content-encoding": "gzip"}, body=b"garbage"),
    "half": Response(status=200, headers={"content-encoding": "gzip"}, body=gzip.compress(LISTED)[:-3]),
    "connection": TransientDeliveryError(),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_service_that_fails_leaves_what_was_known(
    made: Gathering, service: Service, failure: Response | DeliveryError
) -> None:
    made.gather()
    before = read(made)
    service.now += timedelta(days=3)
    service.instead = lambda _: failure
    with pytest.raises(DeliveryError):
        made.gather()
    assert read(made) == before
    assert before.fetched_at == NOW  # its age is told


def test_one_country_that_fails_takes_no_other_with_it_into_a_half_list(made: Gathering, service: Service) -> None:
    with pytest.raises(TransientDeliveryError) as caught:
        replace(made, countries=("BE", "FR")).gather()  # of France there is none
    assert caught.value.code == "no-points"
    assert read(made).fetched_at is None


def test_a_postal_code_that_fails_comes_last_and_what_was_learned_is_kept(made: Gathering, service: Service) -> None:
    service.instead = lambda asked: FAILURES["status"] if "Zone=2000" in asked.path else None
    with pytest.raises(TransientDeliveryError):
        made.gather()
    assert service.zones() == ["1000", "2000"]
    assert [point.hours is not None for point in read(made).points.values()] == [True, True, False, False, False, False]
    service.instead = lambda _: None
    made.gather()
    assert service.zones() == ["1000", "2000", "4000", "4700", "9000"]
    service.asked.clear()
    service.now += timedelta(days=1)
    made.gather()
    assert service.zones() == list(ZONES)


def test_hours_outlive_a_day_on_which_they_are_not_told(made: Gathering, service: Service) -> None:
    made.gather()
    before = read(made).points
    service.now += timedelta(days=1)
    service.instead = lambda asked: Response(status=200, headers={}, body=LISTED) if "search" in asked.path else None
    made.gather()
    assert read(made).points == before


def listing(*ids: str) -> Callable[[Request], Response | None]:
    """The list of all holds these points, of one postal code each, and no other."""
    place = "<Type>2</Type><Name>P</Name><Street>S</Street><City>B</City>"
    points = "".join(f"<Point><Id>{id_}</Id><Zip>{code}</Zip>{place}</Point>" for code, id_ in enumerate(ids, 1000))
    body = LISTED.replace(b"<PickupPointList/>", f"<PickupPointList>{points}</PickupPointList>".encode())
    return lambda asked: Response(status=200, headers={}, body=body) if "getall" in asked.path else None


def test_a_point_that_was_closed_is_gone_and_an_answer_around_a_code_brings_none(
    made: Gathering, service: Service
) -> None:
    made.gather()
    service.now += timedelta(days=1)
    service.instead = listing("200001", "200003", "200007")
    assert made.gather() == 3
    assert set(read(made).points) == {"200001", "200003", "200007"}
    assert read(made).looked.keys() == {("BE", "1000"), ("BE", "1001"), ("BE", "1002")}


def test_a_list_that_lost_most_of_its_points_is_refused(made: Gathering, service: Service) -> None:
    made.gather()
    before = read(made)
    service.now += timedelta(days=1)
    service.instead = listing("200001", "200003")
    with pytest.raises(TransientDeliveryError) as caught:
        made.gather()
    assert (caught.value.code, read(made)) == ("too-few-points", before)


def test_more_points_than_there_can_be_are_refused(made: Gathering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST_POINTS", 5)
    with pytest.raises(TransientDeliveryError) as caught:
        made.gather()
    assert caught.value.code == "too-many-points"


def test_those_that_no_order_can_name_are_counted_and_others_read_how_many(made: Gathering, service: Service) -> None:
    place = "<Type>2</Type><Name>Punt</Name><Street>Markt</Street><City>Gent</City><Zip>9000</Zip>"
    ids = ("207500", "lower-1", "BE_1", "", "a b")
    points = "".join(f"<Point><Id>{id_}</Id>{place}</Point>" for id_ in ids)
    service.instead = lambda asked: Response(
        status=200, headers={}, body=LISTED.replace(b"<PickupPointList/>", points.encode())
    )
    made.gather()
    assert (set(read(made).points), read(made).unfit) == ({"207500", "BE_1"}, 3)


def test_of_several_processes_one_fetches(made: Gathering, service: Service) -> None:
    other = replace(made, file=PointsFile(made.file.path))
    with other.file.turn() as ours:
        assert ours
        assert made.gather() is None
    assert service.asked == []
    assert made.gather() == 6


def test_as_long_as_none_were_fetched_a_point_is_no_fault_of_the_order(tmp_path: Path) -> None:
    file = PointsFile(tmp_path / "points-bpost.json")
    assert file.known() == KnownPoints()
    with pytest.raises(UnknownKeyError):
        file.points()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"fetched_at": null, "points": [], "looked": []}', b"[" * 10**5]
)
def test_another_file_is_refused_by_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "points-bpost.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=r"points-bpost\.json: not a file of this service"):
        PointsFile(path).known()


def test_a_file_that_others_could_change_is_refused(made: Gathering) -> None:
    made.gather()
    made.file.path.chmod(0o666)
    with pytest.raises(ConfigError, match="lets others in"):
        read(made)
