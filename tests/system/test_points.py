"""Pick-up points from bpost's Geolocator to a shop's checkout and to an order, over real HTTP: what is asked depends on
no order and on nobody who looks for a point, and a service that fails takes nothing away.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from lxml import etree

from middleware import bootstrap, bootstrap_lanes, bootstrap_points
from middleware.cli.points import findings
from middleware.core.retry import SCHEDULE
from middleware.web import metrics
from middleware.web.app import create
from simulator.bpost.locator import locate
from simulator.message import Request
from tests.middleware.serving import Script, Server, serving
from tests.system.bpost_house import BEGINNING, House, house
from tests.system.orders import address, order
from tests.system.processes import wait_for

KEY, LOCATOR_KEY = "points_made-up-for-browsers", "Geheim-Qz72mTw5Lk"
POINT, LOCKER = "200001", "200003"
PARAMETERS = {
    *("Function", "Account", "Partner", "Country", "Language", "Zone", "Type", "Info", "Limit", "DD"),
    *("CheckDate", "CheckOpen"),
}
"""All that a question may hold: none is about a person."""

CUSTOMERS = (
    ("Persoon-Wm28kRx5", "Straat-Jd94vTz7", "9000", "mirte@voorbeeld.example"),
    ("Persoon-Bq61nYf3", "Straat-Hc57pLs2", "2000", "joris@voorbeeld.example"),
)


@dataclass
class Geolocator:
    """bpost's service as the simulator knows it, which remembers every byte that it was sent. ``instead`` is said in
    place of an answer.
    """

    instead: bytes = b""
    heard: list[bytes] = field(default_factory=list)

    def script(self) -> Script:
        def say(server: Server, connection: Any) -> None:
            while raw := server.ask(connection):
                self.heard.append(raw)
                connection.sendall(self.instead or answered(raw))
                if self.instead:
                    return

        return say


def answered(raw: bytes) -> bytes:
    head, *lines = raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    answer = locate(Request(method="GET", target=head.split()[1], headers=headers, body=b""), mixed=False)
    told = {"Content-Length": str(len(answer.body)), "Content-Type": answer.media, **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} OK", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode() + answer.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A shop with bpost, and bpost's service for points."""

    house: House
    locator: Geolocator

    @property
    def file(self) -> Path:
        return self.house.folder / "state" / "points-platform.json"

    def gather(self) -> list[str]:
        """Fetch all that is due, as the thread of a web process does: what went wrong, or ``""``."""
        gone = bootstrap_points.gather_all(self.house.settings, lambda: True)
        return [problem.code if problem else "" for _, _, problem in gone]

    def found(self) -> list[str]:
        """What doctor says of it."""
        return [f"{one.verdict} {one.message}" for one in findings(self.house.settings)]

    def api(self) -> FlaskClient:
        return create(self.house.services, "api").test_client()

    def points(self, query: str) -> Any:
        return self.api().get(f"/v1/shops/demo/pickup-points?{query}", headers={"Authorization": f"Bearer {KEY}"})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder, locator = tmp_path_factory.mktemp("points"), Geolocator()
    for name, text in {"locator": LOCATOR_KEY, "browsers": KEY}.items():
        (folder / name).write_text(text, encoding="ascii")
    with serving(locator.script()) as server:
        told = {"url": server.origin, "partner": "123456", "key": {"file": str(folder / "locator")}}
        demo = {"pickup_attribute": "pickup_point", "points_key": {"file": str(folder / "browsers")}, "notify": "email"}
        with house(folder, level="DEBUG", carrier={"locator": told}, demo=demo) as made:
            yield Stage(house=made, locator=locator)


@pytest.fixture
def stage(built: Stage) -> Stage:
    """With nothing taken in, all points known, and nothing heard."""
    built.house.forget()
    built.locator.instead = b""
    built.file.unlink(missing_ok=True)
    assert built.gather() == [""]
    built.locator.heard.clear()
    return built


def bought(customer: tuple[str, str, str, str] = CUSTOMERS[0], point: str | None = POINT) -> dict[str, Any]:
    name, street, code, email = customer
    note = [{"name": "pickup_point", "value": point}] if point else []
    where = {**address(name), "address1": f"{street} 12", "zip": code}
    return order(shipping_address=where, billing_address=where, email=email, note_attributes=note)


def test_an_order_goes_to_a_point_that_was_fetched(stage: Stage) -> None:
    id_ = stage.house.accept(bought())
    assert stage.house.relay.step()
    made = stage.house.order(id_)
    assert (stage.house.standing(id_).state, made is not None) == ("delivered", True)
    body = b"".join(row[0] or b"" for row in stage.house.platform.platform.store.rows("SELECT body FROM ledger"))
    sent = etree.fromstring(body).find(".//{*}atBpost")
    assert sent is not None
    assert (sent.findtext("{*}pugoId"), sent.findtext("{*}pugoName")) == (POINT, "Boekhandel De Vlieger")
    assert CUSTOMERS[0][1].encode() not in body
    assert stage.locator.heard == []


def test_a_point_that_is_none_is_refused_before_the_order_is_accepted(stage: Stage) -> None:
    assert stage.house.send(bought(point="200099")).get_json()["status"] == "rejected"


def test_without_points_an_order_to_one_comes_again_later_and_others_go_on(stage: Stage) -> None:
    stage.file.unlink()
    services = bootstrap.services(stage.house.settings)  # what a process has read it keeps
    with closing(services.store):
        fresh = replace(stage.house, intake=create(services, "intake").test_client())
        told = fresh.send(bought())
        assert (told.status_code, told.get_json()["type"]) == (503, "urn:problem:missing-retention-key")
        assert fresh.send(bought(point=None)).get_json()["status"] == "accepted"


def test_a_relay_that_cannot_read_the_points_tries_again(stage: Stage) -> None:
    id_ = stage.house.accept(bought())
    stage.file.unlink()
    (relay,) = bootstrap_lanes.relays(stage.house.settings, lambda *_: None, stage.house.services.shops)
    with closing(relay.store):
        for hour in range(1, len(SCHEDULE) + 2):  # more often than what counts is tried
            stage.house.tell(BEGINNING + timedelta(hours=hour))
            assert relay.step()
            standing = stage.house.standing(id_)
            assert (standing.state, standing.code) == ("waiting", "points-unknown")
        assert stage.house.order(id_) is None
        assert stage.gather() == [""]
        stage.house.tell(BEGINNING + timedelta(hours=hour + 1))
        assert relay.step()
    assert stage.house.standing(id_).state == "delivered"


def test_whoever_shares_the_folder_of_another_user_leaves_it_to_them(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = stage.house.settings
    assert bootstrap_points.may_gather(settings)
    fresh = replace(settings, server=replace(settings.server, state=stage.house.folder / "none-yet"))
    assert bootstrap_points.may_gather(fresh)
    unseen = replace(settings, server=replace(settings.server, state=stage.file / "beneath-a-file"))
    assert not bootstrap_points.may_gather(unseen)
    monkeypatch.setattr(os, "geteuid", lambda: stage.file.parent.stat().st_uid + 1)
    assert not bootstrap_points.may_gather(settings)


def test_the_route_tells_them_with_their_hours_and_asks_nobody(stage: Stage) -> None:
    told = stage.points("postal_code=1000&limit=2").get_json()
    assert [point["id"] for point in told["points"]] == ["200001", "200002"]
    assert told["points"][0]["hours"]["monday"] == [["09:00", "12:00"], ["13:00", "17:30"]]
    assert stage.points("postal_code=2000&limit=1").get_json()["points"][0]["kind"] == "locker"
    assert stage.locator.heard == []


def test_what_is_asked_is_the_same_byte_for_byte_whoever_buys_and_looks(stage: Stage) -> None:
    heard = []
    for customer in CUSTOMERS:
        stage.locator.heard.clear()
        stage.file.unlink()
        assert stage.gather() == [""]
        assert stage.points(f"postal_code={customer[2]}").status_code == 200
        stage.house.accept(bought(customer))
        assert stage.house.relay.step()
        stage.house.tell(BEGINNING + timedelta(days=1))
        assert stage.gather() == [""]
        stage.house.forget()
        heard.append(tuple(stage.locator.heard))
    assert heard[0] == heard[1]
    assert len(heard[0]) == 2 * (1 + 5)  # the list and five postal codes, twice
    for raw in heard[0]:
        target, lines = raw.split()[1].decode(), raw.decode().split("\r\n")[1:]
        assert parse_qs(urlsplit(target).query).keys() <= PARAMETERS
        named = {line.partition(":")[0].lower() for line in lines if line}
        assert named <= {"host", "x-api-key", "accept", "accept-encoding", "user-agent", "connection"}
        assert not [text for customer in CUSTOMERS for text in customer if text.encode() in raw and not text.isdigit()]


def test_nothing_of_who_asks_is_kept(stage: Stage) -> None:
    for query in ("postal_code=9000&name=Persoon-Wm28kRx5", "postal_code=Persoon-Wm28kRx5"):
        assert stage.points(query).status_code == 400
    files = [path for path in stage.house.folder.rglob("*") if path.is_file()]
    assert not [path for path in files if b"Persoon-Wm28kRx5" in path.read_bytes()]
    assert [path.name for path in files if LOCATOR_KEY.encode() in path.read_bytes()] == ["locator"]


def said(status: str, body: bytes, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]).encode() + body


ERROR = b'<TaxipostLocator type="TaxipostLocatorError"><txt>Unknown partner</txt><status>401</status></TaxipostLocator>'
EMPTY = b'<TaxipostLocator type="TaxipostLocatorList"><PickupPointList/></TaxipostLocator>'
FAILURES = {
    "locator-401": said("200 OK", ERROR),
    "no-points": said("200 OK", EMPTY),
    "http-503": said("503 Service Unavailable", ERROR),
    "http-302": said("302 Found", b"", "Location: http://127.0.0.1:9/"),
    "unreadable-answer": said("200 OK", b"<html/>"),
    "content-encoding": said("200 OK", b"half", "Content-Encoding: gzip"),
    "truncated": said("200 OK", EMPTY)[:-10],
    "connection": b"nonsense\r\n\r\n",
}


@pytest.mark.parametrize("code", FAILURES)
def test_a_service_that_fails_is_told_and_what_was_known_stays(stage: Stage, code: str) -> None:
    before = stage.file.read_bytes()
    stage.house.tell(BEGINNING + timedelta(days=4))
    stage.locator.instead = FAILURES[code]
    assert stage.gather() == [code]
    assert stage.file.read_bytes() == before
    assert stage.points("postal_code=1000").get_json()["as_of"] == BEGINNING.isoformat()


def test_who_runs_it_is_told_by_commands(stage: Stage) -> None:
    known = stage.house.run("keys", "provision")
    assert (known.exit_code, "platform: 6 pick-up points are known" in known.output) == (0, True)
    assert "ok    pick-up points of platform: 6, fetched at 2026-11-20" in stage.house.run("doctor").output
    stage.house.tell(BEGINNING + timedelta(days=4))
    stage.locator.instead = FAILURES["locator-401"]
    failed = stage.house.run("keys", "provision")
    assert failed.exit_code == 1
    assert "platform: it does not take partner and key (locator-401); check carriers.platform.locator" in failed.stderr
    assert "what was known before stays in use" in failed.stderr
    (old,) = stage.found()
    assert old.startswith("warn old: 6, fetched at 2026-11-20")
    stage.file.unlink()
    assert stage.found() == ["warn none are known yet: orders to one are answered 503"]


def test_a_shop_that_lets_its_customers_choose_is_fit_once_points_are_known(stage: Stage) -> None:
    def told() -> list[tuple[bool, str]]:
        with closing((known := bootstrap.onboarding(stage.house.settings)).store):
            return [(one.ok, one.message) for _, one in known.check("demo").told() if one.check == "pickup_points"]

    assert told() == [(True, "6 of platform are known")]
    stage.file.unlink()
    ((well, message),) = told()
    assert (well, "none of platform is known: run `parcelveil keys provision`" in message) == (False, True)


def test_a_thread_of_the_service_fetches_and_ends_when_it_is_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap_points, "REST_SECONDS", 0.0)
    stage.file.unlink()
    stop = threading.Event()
    thread = bootstrap_points.keep_gathered(stage.house.settings, stop)
    assert thread is not None
    wait_for(lambda: len(stage.locator.heard) == 6, "the list and five postal codes")
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert stage.points("postal_code=9000").get_json()["points"][0]["hours"]


def test_a_carrier_without_such_a_service_needs_no_thread(stage: Stage) -> None:
    carriers = {name: replace(one, locator=None) for name, one in stage.house.settings.carriers.items()}
    bare = replace(stage.house.settings, carriers=carriers)
    assert bootstrap_points.keep_gathered(bare, threading.Event()) is None
    assert list(bootstrap_points.gather_all(bare)) == []


def test_metrics_tell_how_many_there_are_and_since_when(stage: Stage) -> None:
    def told() -> dict[str, float]:
        found = metrics.KnownPlaces(bootstrap.places(stage.house.settings)).collect()
        return {sample.name: sample.value for metric in found for sample in metric.samples}

    when = "parcelveil_pickup_points_timestamp_seconds"
    assert told() == {"parcelveil_pickup_points": 6, when: BEGINNING.timestamp(), "parcelveil_pickup_points_unfit": 0}
    stage.file.write_bytes(b"{}")
    assert told() == {}
