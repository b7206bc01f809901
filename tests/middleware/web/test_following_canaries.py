"""Following a parcel over real HTTP, from a configuration: what tracking tells of sender and addressee is in the answer
that the service gets, and in no byte of what it says, writes, logs or counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from prometheus_client import REGISTRY, generate_latest
from werkzeug.test import TestResponse

from middleware import bootstrap_following, config
from middleware.account import Account, Used, Whose
from middleware.following import Watch
from middleware.model import State
from middleware.web.app import create
from simulator.clock import Clock
from simulator.http import MockServer, Settings, running
from tests.middleware.web.answering import problem
from tests.middleware.web.conftest import NOWHERE, Intake
from tests.middleware.web.test_following import Asking, Platform
from tests.middleware.web.test_shipments import TOKENS, knowing
from tests.simulator.bpost.bench import basic, media
from tests.system import orders
from tests.system.search import Canary, Needles

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PASSWORD = "made-up-word-for-tracking"
SHM = "/services/shm/123456"
LEAVES = ("name", "company", "streetName", "number", "box", "postalCode", "locality", "emailAddress", "phoneNumber")
ADDRESS = LEAVES[2:7]
ORDER = """<o:order xmlns:o="http://schema.post.be/shm/deepintegration/v5/"
  xmlns:c="http://schema.post.be/shm/deepintegration/v5/common"
  xmlns="http://schema.post.be/shm/deepintegration/v5/national">
  <o:accountId>123456</o:accountId><o:reference>{reference}</o:reference>
  <o:box><o:sender>{sender}</o:sender><o:nationalBox><atHome><product>bpack 24h Pro</product>
  <weight>1200</weight><receiver>{receiver}</receiver></atHome></o:nationalBox></o:box></o:order>"""
CONFIGURATION = f"""[server]
[carriers.platform]
kind = "bpost-shm"
url = "{NOWHERE}"
account = "123456"
passphrase = {{ env = "WORD" }}
allow_private = ["127.0.0.1"]
[carriers.platform.tracking]
url = "URL"
account = "123456"
password = {{ env = "TRACKING_WORD" }}
"""


def person(who: str) -> Mapping[str, str]:
    """A canary for each leaf, no longer than bpost permits the shortest of them to be."""
    return {leaf: f"{who}{letter}7Qz2Xw" for leaf, letter in zip(LEAVES, "abcdefghi", strict=True)}


def party(leaves: Mapping[str, str]) -> str:
    said = {leaf: f"<c:{leaf}>{text}</c:{leaf}>" for leaf, text in leaves.items()}
    said["emailAddress"] = f"<c:emailAddress>{leaves['emailAddress']}@verzonnen.example</c:emailAddress>"
    address = "".join(said.pop(leaf) for leaf in ADDRESS) + "<c:countryCode>BE</c:countryCode>"
    return f"{said['name']}{said['company']}<c:address>{address}</c:address>{said['emailAddress']}{said['phoneNumber']}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The service, and bpost's services beside it, which have the parcels."""

    asking: Asking
    server: MockServer
    watches: Mapping[str, Watch]

    def ship(self, sender: str, receiver: str) -> str:
        """A parcel at bpost, labelled and delivered: its barcode. The shop's record is of this one from now on."""
        order = ORDER.format(
            reference=f"{sender}-{receiver}", sender=party(person(sender)), receiver=party(person(receiver))
        )
        made = self.call("POST", f"{SHM}/orders", order, Content_Type=media("order-v5"))
        assert made.status_code == 201, made.text
        label = {"Accept": media("label-pdf-v3.4"), "Content_Type": media("labelRequest-v5")}
        printed = self.call("GET", f"{SHM}/orders/{sender}-{receiver}/labels/A6", **label)
        (barcode,) = re.findall(r"<barcode>([0-9]+)</barcode>", printed.text)
        self.move(barcode, "DELIVERED")
        self.asking.become(barcode=barcode)
        return str(barcode)

    def move(self, barcode: str, state: str) -> None:
        assert self.call("PUT", f"/_boxes/{barcode}", f'{{"status": "{state}"}}').status_code == 200

    def leaked(self, barcode: str) -> bytes:
        """What bpost answers."""
        return self.call("GET", f"/services/trackedmail/item/{barcode}/trackingInfo").content

    def call(self, method: str, path: str, body: str = "", **headers: str) -> requests.Response:
        given = {"Authorization": basic(passphrase=PASSWORD)}
        given |= {name.replace("_", "-"): text for name, text in headers.items()}
        return requests.request(method, self.server.url + path, data=body.encode(), headers=given, timeout=20)

    def journey(self) -> TestResponse:
        """What the service tells the shop."""
        services = knowing(self.asking.intake.services)
        client = create(services, "api", watches=self.watches).test_client()
        headers = {"Authorization": f"Bearer {TOKENS['plain'].decode()}"}
        return client.get(f"/v1/shops/plain/shipments/{self.asking.record}/tracking", headers=headers)


@pytest.fixture
def line(intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    record = (intake.post("plain", orders.order()).json or {})["id"]
    asking = Asking(intake=intake, platform=Platform(), record=record)
    asking.become(state=State.DELIVERED, due=None)
    monkeypatch.setenv("WORD", "another word")
    monkeypatch.setenv("TRACKING_WORD", PASSWORD)
    with running(Settings(state=tmp_path / "platform", passphrase=PASSWORD)) as server:
        monkeypatch.setattr(server.api.bpost, "_clock", Clock(real=lambda: NOW))
        file = tmp_path / "parcelveil.toml"
        file.write_text(CONFIGURATION.replace("URL", server.url), encoding="utf-8")
        watches = bootstrap_following.watches(config.load(file), {}, lambda *_: Whose.SHARED)
        yield Line(asking=asking, server=server, watches=watches)


@pytest.mark.policy("VP-PUR-3")
def test_of_sender_and_addressee_nothing_that_tracking_tells_goes_further(line: Line) -> None:
    barcode = line.ship("S", "R")
    canaries = [Canary(order=who, path=leaf, text=text) for who in "SR" for leaf, text in person(who).items()]
    needles = Needles(canaries)
    leaked = line.leaked(barcode)
    assert {finding.canary for finding in needles.find(leaked)} == set(canaries)
    answer = line.journey()
    assert answer.status_code == 200, answer.text
    assert (answer.json or {})["state"] == "delivered"
    heads = "\n".join(f"{name}: {value}" for name, value in answer.headers.items()).encode()
    folder = line.asking.intake.database.parent
    places = {
        "answer": answer.data + heads,
        "log": line.asking.intake.log.text().encode(),
        "metrics": generate_latest(REGISTRY),
        **{path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()},
    }
    assert b"journey_told" in places["log"]
    assert barcode.encode() not in places["log"] + places["metrics"]
    assert {name for name, content in places.items() if needles.find(content)} == set()


def test_two_people_with_the_same_parcel_are_told_alike_to_the_byte(line: Line) -> None:
    one = line.ship("S", "R")
    first = line.journey()
    other = line.ship("T", "U")
    second = line.journey()
    assert one != other
    assert line.leaked(one).replace(one.encode(), b"") != line.leaked(other).replace(other.encode(), b"")
    assert b"delivered" in first.data
    assert first.data.replace(one.encode(), b"*") == second.data.replace(other.encode(), b"*")
    assert len(first.headers.to_wsgi_list()) == len(second.headers.to_wsgi_list())


def test_a_parcel_is_followed_on_its_way(line: Line) -> None:
    barcode = line.ship("S", "R")
    for state, told in (
        ("PRINTED", "announced"),
        ("IN_TRANSIT", "sorted"),
        ("AWAITING_PICKUP", "awaiting_pickup"),
        ("BACK_TO_SENDER", "not_delivered"),
        ("DELIVERED", "delivered"),
    ):
        line.move(barcode, state)
        answer = line.journey().json or {}
        assert (state, answer["state"]) == (state, told)
        assert answer["window"] == {"starts": "2026-11-22T11:00:00+01:00", "ends": "2026-11-22T13:00:00+01:00"}


def test_a_platform_that_fails_is_503(line: Line) -> None:
    line.ship("S", "R")
    codes = {"500": "http-500", "429": "http-429", "redirect": "http-302", "garbage": "unreadable-answer"}
    for fault in codes:
        assert line.call("PUT", "/_faults", f'{{"{fault}": 1}}').status_code == 200
        problem(line.journey(), 503, "journey-unavailable")
    told = [entry["code"] for entry in line.asking.intake.lines() if entry["event"] == "journey_not_told"]
    assert told == list(codes.values())


def test_another_password_than_that_of_tracking_is_refused_there(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.ship("S", "R")
    monkeypatch.setattr(line.server.api.bpost, "_passphrase", "changed since")
    problem(line.journey(), 503, "journey-unavailable")
    assert '"http-401"' in line.asking.intake.log.text()
    assert PASSWORD not in line.asking.intake.log.text()


def test_a_barcode_that_bpost_does_not_know_is_nothing_to_follow(line: Line) -> None:
    line.asking.become(barcode="323212345600000000077030")
    problem(line.journey(), 409, "nothing-to-follow")


def test_without_settings_for_tracking_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "another word")
    file = tmp_path / "parcelveil.toml"
    json = '[carriers.other]\nkind = "parcel-json"\nurl = "https://parcels.example"\n'
    file.write_text(CONFIGURATION.partition("[carriers.platform.tracking]")[0] + json, encoding="utf-8")
    way = Platform()
    watches = bootstrap_following.watches(config.load(file), {"platform": Platform(), "other": way}, lambda *_: None)
    assert {name: watch.transport for name, watch in watches.items()} == {"other": way}


def test_whose_account_a_parcel_has_is_asked_of_its_carrier(line: Line, tmp_path: Path) -> None:
    account = Account(id="654321", passphrase="made up", shared=False)
    found = config.load(tmp_path / "parcelveil.toml")
    line.ship("S", "R")

    def journey(used: Used) -> TestResponse:
        whose: dict[tuple[str, str], Used] = {("platform", "plain"): used}
        watches = bootstrap_following.watches(found, {}, lambda carrier, shop: whose.get((carrier, shop)))
        return Line(asking=line.asking, server=line.server, watches=watches).journey()

    problem(journey(account), 404, "not-followed")
    assert "once its tracking password is set" in journey(account).get_json()["title"]
    problem(journey(None), 404, "not-followed")  # nor where it is not known
    assert "password" not in journey(None).get_json()["title"]
    own = replace(account, tracking=PASSWORD)
    problem(journey(own), 409, "nothing-to-follow")  # the simulated bpost knows of no such parcel in that account
    line.server.api.bpost._passphrase = "changed since"
    problem(journey(own), 404, "not-followed")
    assert "is not taken" in journey(own).get_json()["title"]
    problem(journey(Whose.SHARED), 503, "journey-unavailable")
    line.server.api.bpost._passphrase = PASSWORD
    assert journey(Whose.SHARED).status_code == 200
    line.asking.become(account="654321")  # what is noted with the parcel counts, and not what the shop has now
    problem(journey(Whose.SHARED), 404, "not-followed")
    line.asking.become(account="123456")
    assert [journey(used).status_code for used in (account, None)] == [200, 200]
