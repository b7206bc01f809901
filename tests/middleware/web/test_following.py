"""How far a parcel is: a shop's own, asked when it is asked for, told as states, codes and times, and kept nowhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from sqlalchemy import create_engine, update
from werkzeug.test import TestResponse

from middleware.account import Account
from middleware.carriers.bpost_tracking import OTHER_ACCOUNT, BpostTracking
from middleware.carriers.parcel_state import ParcelState
from middleware.errors import DeliveryError, PermanentDeliveryError, TransientDeliveryError
from middleware.errors_following import NotToldError
from middleware.exchange import Impossible, Request, Response
from middleware.following import Lookout, Watch
from middleware.gate import PLACES
from middleware.model import State
from middleware.seats import Seats
from middleware.storage.tables import records
from middleware.web import following, labels, lane
from middleware.web.app import create
from tests.middleware.web.answering import PERSON, common, problem
from tests.middleware.web.conftest import Intake
from tests.middleware.web.test_shipments import TOKENS, knowing
from tests.system import orders

BARCODE = "323299901059900000000017"
ANSWER = (
    f"<itemTracking><itemCode>{BARCODE}</itemCode><addressee><name>{PERSON}</name></addressee>"
    "<deliveryTimeWindow><plannedDeliveryDateWindowStart>2026-11-23T09:00:00+01:00</plannedDeliveryDateWindowStart>"
    "</deliveryTimeWindow>"
    f"<stateInfo><time>2026-11-22T23:19:29+01:00</time><location>{PERSON}</location><stateCode>T00</stateCode>"
    f"<stateDescription>{PERSON}</stateDescription></stateInfo></itemTracking>"
)
TOLD = {
    "barcode": BARCODE,
    "state": "sorted",
    "scans": [{"at": "2026-11-22T23:19:29+01:00", "code": "T00", "state": "sorted"}],
    "window": {"starts": "2026-11-23T09:00:00+01:00", "ends": None},
}


@dataclass(slots=True)
class Platform:
    """A parcel platform that answers every request alike."""

    status: int = 200
    body: str = ANSWER
    headers: Mapping[str, str] = field(default_factory=dict)
    failure: DeliveryError | None = None
    asked: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        if self.failure:
            raise self.failure
        return Response(status=self.status, headers=self.headers, body=self.body.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A delivered shipment of the shop ``plain``, and bpost, which knows how far it is."""

    intake: Intake
    platform: Platform
    record: str
    owners: frozenset[str] = frozenset()

    def journey(
        self, shop: str = "plain", record: str = "", query: str = "", carrier: str = "platform"
    ) -> TestResponse:
        client = create(knowing(self.intake.services), "api", watches=self.watches(carrier)).test_client()
        return client.get(
            f"/v1/shops/{shop}/shipments/{record or self.record}/tracking{query}",
            headers={"Authorization": f"Bearer {TOKENS[shop].decode()}"},
        )

    def watches(self, carrier: str = "platform") -> Mapping[str, Watch]:
        account = Account(id="123456", passphrase="made up", shared=True)
        nobody = Impossible(code=OTHER_ACCOUNT)
        follower = BpostTracking(asking=lambda record: nobody if record.shop in self.owners else account)
        return {carrier: Watch(follower=follower, transport=self.platform)}

    def become(self, **values: object) -> None:
        engine = create_engine(f"sqlite:///{self.intake.database}")
        with engine.begin() as connection:
            connection.execute(update(records).where(records.c.id == self.record).values(**values))
        engine.dispose()


@pytest.fixture
def asking(intake: Intake) -> Asking:
    record = (intake.post("plain", orders.order()).json or {})["id"]
    made = Asking(intake=intake, platform=Platform(), record=record)
    made.become(state=State.DELIVERED, due=None, barcode=BARCODE)
    return made


def test_its_way_is_told_and_nobody(asking: Asking) -> None:
    answer = asking.journey()
    assert (answer.status_code, answer.json) == (200, TOLD)
    common(answer)
    (request,) = asking.platform.asked
    assert (request.method, request.path) == ("GET", f"/services/trackedmail/item/{BARCODE}/trackingInfo")


def test_the_json_parcel_api_tells_its_state(asking: Asking) -> None:
    asking.platform.body = f'{{"barcode": "{BARCODE}", "state": "handed_over", "who": "{PERSON}"}}'
    watches = {"platform": Watch(follower=ParcelState(), transport=asking.platform)}
    client = create(knowing(asking.intake.services), "api", watches=watches).test_client()
    path = f"/v1/shops/plain/shipments/{asking.record}/tracking"
    answer = client.get(path, headers={"Authorization": f"Bearer {TOKENS['plain'].decode()}"})
    assert answer.json == {"barcode": BARCODE, "state": "handed_over", "scans": [], "window": None}


def test_it_is_written_nowhere_and_of_the_log_it_tells_that_it_was_asked(asking: Asking) -> None:
    before = {path: path.read_bytes() for path in asking.intake.database.parent.iterdir()}
    assert asking.journey().status_code == 200
    assert {path: path.read_bytes() for path in asking.intake.database.parent.iterdir()} == before
    (line,) = [line for line in asking.intake.lines() if line["event"] == "journey_told"]
    assert (line["shop"], line["record_id"]) == ("plain", asking.record)
    said = re.sub(r'"timestamp": "[^"]*"', "", asking.intake.log.text())  # after midnight it holds a T00 of its own
    assert not any(word in said for word in (PERSON, "T00", "sorted", BARCODE))


def test_another_shops_parcel_is_not_there(asking: Asking) -> None:
    problem(asking.journey("strict"), 404, "not-found")
    problem(asking.journey(record="no-such-record"), 404, "not-found")
    assert asking.platform.asked == []


def test_nobody_asks_without_the_shops_token(asking: Asking) -> None:
    client = create(knowing(asking.intake.services), "api", watches=asking.watches()).test_client()
    path = f"/v1/shops/plain/shipments/{asking.record}/tracking"
    for given in ({}, {"Authorization": f"Bearer {TOKENS['strict'].decode()}"}):
        problem(client.get(path, headers=given), 401, "unauthorised")
    assert asking.platform.asked == []


def test_a_query_is_refused(asking: Asking) -> None:
    problem(asking.journey(query="?postal_code=1000"), 400, "bad-query")
    assert asking.platform.asked == []


@pytest.mark.parametrize(
    ("state", "status", "slug"),
    [
        *((state, 409, "nothing-to-follow") for state in (State.WAITING, State.HELD, State.CLAIMED, State.DEAD)),
        *((state, 410, "parcel-gone") for state in (State.CANCELLING, State.CANCELLED, State.WITHDRAWN)),
    ],
)
def test_without_a_parcel_there_is_nothing_to_follow(asking: Asking, state: State, status: int, slug: str) -> None:
    asking.become(state=state, barcode=None)
    problem(asking.journey(), status, slug)
    assert asking.platform.asked == []


def test_a_parcel_that_the_platform_does_not_know_is_409_and_one_that_is_over_410(asking: Asking) -> None:
    for status, expected, slug in ((404, 409, "nothing-to-follow"), (410, 410, "parcel-gone")):
        asking.platform.status, asking.platform.body = status, "No item found"
        asking.platform.headers = {"content-type": "text/plain"}
        problem(asking.journey(), expected, slug)
        asking.platform.headers = {"content-type": "application/json"}  # of whoever stands before bpost
        problem(asking.journey(), 503, "journey-unavailable")


def test_where_no_parcel_is_followed_it_is_said(asking: Asking) -> None:
    problem(asking.journey(carrier="another"), 404, "not-followed")
    owned = Asking(intake=asking.intake, platform=asking.platform, record=asking.record, owners=frozenset(("plain",)))
    problem(owned.journey(), 404, "not-followed")
    problem(owned.journey("strict"), 404, "not-found")  # of another shop's even that is not told
    assert asking.platform.asked == []


UNAVAILABLE: Mapping[str, tuple[Platform, str]] = {
    "fails": (Platform(status=500), "http-500"),
    "knows us no more": (Platform(status=401), "http-401"),
    "forbids it": (Platform(status=403), "http-403"),
    "leads elsewhere": (Platform(status=302), "http-302"),
    "sends something else": (Platform(body=f"<html>{PERSON}</html>"), "unreadable-answer"),
    "tells of another parcel": (Platform(body=ANSWER.replace("17</", "18</")), "unreadable-answer"),
    "sends nothing": (Platform(body=""), "unreadable-answer"),
    "does not answer": (Platform(failure=TransientDeliveryError()), "delivery-transient"),
    "may not be dialled": (Platform(failure=PermanentDeliveryError()), "delivery-permanent"),
}


@pytest.mark.parametrize("name", UNAVAILABLE)
def test_a_platform_that_does_not_tell_is_503_and_why_is_for_the_operator(asking: Asking, name: str) -> None:
    platform, code = UNAVAILABLE[name]
    answer = Asking(intake=asking.intake, platform=platform, record=asking.record).journey()
    problem(answer, 503, "journey-unavailable")
    assert answer.headers["Retry-After"] == "15"
    (line,) = [line for line in asking.intake.lines() if line["event"] == "journey_not_told"]
    assert (line["code"], line["carrier"], line["record_id"]) == (code, "platform", asking.record)
    assert PERSON not in asking.intake.log.text()


@pytest.mark.parametrize(("asked", "told"), [("120", "120"), ("1", "15"), ("999999", "3600"), (PERSON, "15")])
def test_who_asks_too_often_is_told_how_long_to_wait(asking: Asking, asked: str, told: str) -> None:
    asking.platform.status, asking.platform.headers = 429, {"retry-after": asked}
    answer = asking.journey()
    problem(answer, 503, "journey-unavailable")
    assert answer.headers["Retry-After"] == told


def test_so_many_are_asked_for_at_once(asking: Asking) -> None:
    shop = asking.intake.services.shops.get("plain")
    assert shop is not None
    places, calls = Seats(2), asking.intake.services.calls
    lookout = Lookout(watches=asking.watches(), places=places)
    for _ in range(2):
        assert lookout.journey(asking.record, shop, calls).barcode == BARCODE
    asking.platform.failure = TransientDeliveryError()
    with pytest.raises(NotToldError):
        lookout.journey(asking.record, shop, calls)
    asking.platform.failure = None
    with places.seat("plain") as seated:  # given back even then
        assert seated
        for record in (asking.record, "no-such-record"):  # before the database is asked
            with pytest.raises(NotToldError):
                lookout.journey(record, shop, calls)
    assert len(asking.platform.asked) == 3
    with places.seat("another"):
        assert lookout.journey(asking.record, shop, calls).barcode == BARCODE


def test_threads_are_left_for_everything_else() -> None:
    assert lane.WAITING + labels.AT_ONCE + labels.DOCUMENTS + following.AT_ONCE < PLACES
