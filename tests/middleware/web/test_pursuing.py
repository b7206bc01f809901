"""Parcels that are asked for by themselves: a delivery starts the clock that waits for it, as an event that anybody
might have told; how far a parcel was before is kept nowhere.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, delete, select, update

from middleware.account import Account
from middleware.carriers.bpost_tracking import OTHER_ACCOUNT, BpostTracking
from middleware.carriers.parcel_state import ParcelState
from middleware.core.calendar import end, today
from middleware.errors import StorageError, TransientDeliveryError
from middleware.events import Ledger
from middleware.exchange import Impossible
from middleware.following import Watch
from middleware.model import State
from middleware.ports_retention import Retention
from middleware.pursuing import BY, LONGEST, PACE_SECONDS, ROUND_SECONDS, STORAGE_REST_SECONDS, TROUBLE_SECONDS, Pursuit
from middleware.storage import open_retention
from middleware.storage.tables import parts, records
from middleware.storage.tables_retention import events
from middleware.trail import Awaited, Place
from middleware.web.app import create
from tests.middleware.web.answering import PERSON
from tests.middleware.web.conftest import Intake
from tests.middleware.web.test_events import reading
from tests.middleware.web.test_following import ANSWER, BARCODE, Platform
from tests.system import orders
from tests.system.stack import headers

CAME = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # the 21st in Brussels
DELIVERED = ANSWER.replace("</itemTracking>", "SCAN</itemTracking>")

ACCOUNT = Account(id="123456", passphrase="made up", shared=True)


def scan(code: str, at: datetime | str) -> str:
    time = at if isinstance(at, str) else f"{at:%Y-%m-%dT%H:%M:%S}Z"
    return f"<stateInfo><time>{time}</time><stateCode>{code}</stateCode></stateInfo>"


@dataclass(slots=True, kw_only=True)
class Following:
    """A shop that counts from delivery, one parcel of it that bpost has, and who asks for it."""

    intake: Intake
    known: Retention
    record: str
    url: str
    platform: Platform = field(default_factory=lambda: Platform(body=DELIVERED.replace("SCAN", "")))
    seen: list[tuple[str, str]] = field(default_factory=list)
    reads: str = "delivered"
    own: bool = False
    account: Account = ACCOUNT
    refused: set[str] = field(default_factory=set)

    def pursuit(self) -> Pursuit:
        asked = Impossible(code=OTHER_ACCOUNT) if self.own else self.account
        watch = Watch(follower=BpostTracking(asking=lambda _: asked), transport=self.platform)
        return Pursuit(
            carrier="platform",
            watch=watch,
            deliveries=self.known,
            ledger=Ledger(events=self.known, clock=self.intake.clock),
            shops=reading(self.intake.services, recipient_clock=self.reads).shops,
            observe=lambda carrier, result: self.seen.append((carrier, result)),
            refused=self.refused,
        )

    def step(self, after: Place | None = None) -> tuple[Place | None, float]:
        return self.pursuit().step(after)

    def tell(self, *scans: str) -> None:
        """What bpost tells from now on."""
        self.platform.body = DELIVERED.replace("SCAN", "".join(scans))

    def recipient(self) -> tuple[date | None, date | None]:
        """First and last day of the recipient's part."""
        (row,) = self.rows(select(parts).where(parts.c.record_id == self.record, parts.c.name == "recipient.delivery"))
        return row.starts, row.until

    def lines(self) -> list[Any]:
        """What was logged of it."""
        return [line for line in self.intake.lines() if line["logger"] == "following"]

    def events(self) -> list[Any]:
        return self.rows(select(events).where(events.c.record_id == self.record))

    def rows(self, statement: Any) -> list[Any]:
        engine = create_engine(self.url)
        with engine.connect() as connection:
            found = list(connection.execute(statement).all())
        engine.dispose()
        return found


@pytest.fixture
def following(intake: Intake) -> Iterator[Following]:
    intake.clock.moments.append(CAME + timedelta(days=2))
    services = reading(intake.services, recipient_clock="delivered")
    services = replace(services, domains={shop.settings.domain: shop for shop in services.shops.values()})
    content = orders.order()
    body = json.dumps(content).encode()
    client = create(services, "intake").test_client()
    answer = client.post("/webhooks/shopify/orders", data=body, headers=headers(body, "plain.myshopify.com"))
    record = (answer.json or {})["id"]
    url = f"sqlite:///{intake.database}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(delete(records).where(records.c.id != record))  # the database is everybody's
        delivered = {"state": State.DELIVERED, "due": None, "barcode": BARCODE, "created_at": CAME}
        connection.execute(update(records).where(records.c.id == record).values(**delivered))
    engine.dispose()
    with closing(open_retention(url)) as known:
        yield Following(intake=intake, known=known, record=record, url=url)


@pytest.mark.policy("AMB-2")
def test_a_delivery_starts_the_clock_of_its_own_day_once(following: Following) -> None:
    assert following.recipient() == (None, None)
    following.tell(scan("U01", CAME + timedelta(days=1)))
    place, rest = following.step()
    came = date(2026, 11, 22)
    assert following.recipient() == (came, end(came, "P13M"))
    assert (place is not None, rest) == (True, PACE_SECONDS)
    (event,) = following.events()
    assert (event.type, event.day, event.by, event.parts) == ("delivered", came, BY, 1)
    assert following.seen == [("platform", "delivered")]
    assert following.step(place) == (None, ROUND_SECONDS)
    assert following.step() == (None, ROUND_SECONDS)
    assert len(following.platform.asked) == 1


def test_of_a_parcel_that_is_under_way_nothing_is_kept_or_logged(following: Following) -> None:
    before = {path: path.read_bytes() for path in following.intake.database.parent.iterdir()}
    place, rest = following.step()
    assert (place is not None, rest) == (True, PACE_SECONDS)
    assert {path: path.read_bytes() for path in following.intake.database.parent.iterdir()} == before
    assert following.seen == [("platform", "under_way")]
    assert following.lines() == []
    assert [request.path for request in following.platform.asked] == [
        f"/services/trackedmail/item/{BARCODE}/trackingInfo"
    ]


def test_what_is_logged_of_a_delivery_names_nobody(following: Following) -> None:
    following.tell(scan("U01", CAME))
    following.step()
    (line,) = following.lines()
    assert (line["event"], line["record_id"], line["shop"]) == ("delivery_recorded", following.record, "plain")
    assert not any(word in following.intake.log.text() for word in (PERSON, BARCODE, "U01"))


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ([scan("U01", CAME + timedelta(days=900))], date(2026, 11, 23)),  # to come: today
        ([scan("U01", CAME - timedelta(days=9))], date(2026, 11, 21)),  # before it was taken in
        ([scan("U01", "at noon")], date(2026, 11, 23)),
        ([scan("U01", CAME + timedelta(days=1)), scan("U02", CAME + timedelta(days=2))], date(2026, 11, 22)),
        ([scan("U01", CAME + timedelta(days=1)), scan("X99", CAME + timedelta(days=2))], date(2026, 11, 22)),
    ],
)
def test_the_day_is_that_of_the_first_scan_at_the_door(following: Following, told: list[str], day: date) -> None:
    following.tell(*told)
    following.step()
    assert following.recipient()[0] == day


def test_where_a_state_alone_is_told_it_came_on_the_day_of_the_question(following: Following) -> None:
    following.platform.body = f'{{"barcode": "{BARCODE}", "state": "delivered"}}'
    watch = Watch(follower=ParcelState(), transport=following.platform)
    replace(following.pursuit(), watch=watch).step(None)
    assert following.recipient()[0] == date(2026, 11, 23)


def test_a_shop_that_does_not_count_from_delivery_is_not_asked_for(following: Following) -> None:
    following.reads = "label-created"
    place, rest = following.step()
    assert (place is not None, rest, following.platform.asked) == (True, 0.0, [])


def test_no_more_is_a_shop_with_an_account_of_its_own(following: Following) -> None:
    following.own = True
    assert following.step()[1] == 0.0
    assert (following.platform.asked, following.seen) == ([], [])


def test_a_shop_that_is_gone_is_passed_over(following: Following) -> None:
    place, rest = replace(following.pursuit(), shops={}).step(None)
    assert (place is not None, rest, following.platform.asked) == (True, 0.0, [])


def test_nobody_asks_longer_than_a_month(following: Following) -> None:
    following.intake.clock.moments.append(CAME + LONGEST)
    assert following.step()[0] is not None
    following.intake.clock.moments.append(CAME + LONGEST + timedelta(seconds=1))
    assert following.step() == (None, ROUND_SECONDS)


@pytest.mark.parametrize(
    ("platform", "code", "rest"),
    [
        (Platform(status=401), "http-401", TROUBLE_SECONDS),
        (Platform(status=429, headers={"retry-after": "600"}), "http-429", 600.0),
        (Platform(status=429, headers={"retry-after": "99999"}), "http-429", 3600.0),
        (Platform(status=503, headers={"retry-after": "1"}), "http-503", TROUBLE_SECONDS),
        (Platform(body=PERSON), "unreadable-answer", TROUBLE_SECONDS),
        (Platform(failure=TransientDeliveryError()), "delivery-transient", TROUBLE_SECONDS),
    ],
)
def test_who_does_not_tell_is_left_alone_for_a_while(
    following: Following, platform: Platform, code: str, rest: float
) -> None:
    following.platform = platform
    place, rested = following.step()
    assert (place is not None, rested) == (True, rest)
    assert following.seen == [("platform", "not_told")]
    (line,) = following.lines()
    assert (line["event"], line["code"], line["record_id"]) == ("journey_not_told", code, following.record)
    assert following.events() == []


def test_a_shop_whose_own_account_is_not_taken_stops_no_other_and_is_asked_for_again_in_the_next_round(
    following: Following,
) -> None:
    following.platform.status, following.account = 401, replace(following.account, shared=False)
    place, rest = following.step()
    assert (rest, following.refused) == (PACE_SECONDS, {"plain"})
    assert following.lines()[0]["shop"] == "plain"
    assert following.step() == (place, 0.0)  # another parcel of the shop
    assert len(following.platform.asked) == 1
    assert following.step(place) == (None, ROUND_SECONDS)
    following.platform.status = 200
    following.tell(scan("U01", CAME))
    assert following.step()[1] == PACE_SECONDS
    assert len(following.events()) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_what_the_platform_does_not_know_is_asked_for_again(following: Following, status: int) -> None:
    following.platform.status, following.platform.body = status, "No item found"
    following.platform.headers = {"content-type": "text/plain"}
    assert following.step()[1] == PACE_SECONDS
    assert (following.seen, following.events()) == ([("platform", "under_way")], [])


def test_a_second_process_that_asked_as_well_tells_nothing_new(following: Following) -> None:
    following.tell(scan("U01", CAME))
    waiting = following.known.awaiting("platform", CAME - LONGEST, None)
    assert waiting is not None
    following.step()
    other = replace(following.pursuit(), deliveries=Fixed(waiting))
    following.tell(scan("U01", CAME + timedelta(days=1)))
    other.step(None)
    assert following.recipient()[0] == date(2026, 11, 21)
    assert len(following.events()) == 1


def test_what_is_gone_meanwhile_is_passed_over(following: Following) -> None:
    following.tell(scan("U01", CAME))
    waiting = following.known.awaiting("platform", CAME - LONGEST, None)
    assert waiting is not None
    gone = replace(waiting, record=replace(waiting.record, id="00000000-0000-4000-8000-000000000000"))
    assert replace(following.pursuit(), deliveries=Fixed(gone)).step(None) == (waiting.place, PACE_SECONDS)
    assert following.seen == [("platform", "not_recorded")]


def test_what_cannot_be_read_is_passed_over(following: Following) -> None:
    waiting = following.known.awaiting("platform", CAME - LONGEST, None)
    assert waiting is not None
    odd = replace(waiting, record=replace(waiting.record, readable=False))
    assert replace(following.pursuit(), deliveries=Fixed(odd)).step(None) == (waiting.place, 0.0)
    assert following.platform.asked == []


@dataclass(slots=True)
class Fixed:
    """Always the same one waits; or the storage is away."""

    found: Awaited | None

    def awaiting(self, carrier: str, since: datetime, after: Place | None) -> Awaited | None:
        if self.found is None:
            raise StorageError()
        return self.found


class Stop(threading.Event):
    """Set once it was waited for so often, with the rests that were asked for."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.rests: list[float | None] = []
        self.times = times

    def wait(self, timeout: float | None = None) -> bool:
        self.rests.append(timeout)
        if len(self.rests) == self.times:
            self.set()
        return self.is_set()


def test_it_goes_on_round_by_round_until_it_is_stopped(following: Following) -> None:
    stop = Stop(4)
    following.pursuit().run(stop)
    assert stop.rests == [PACE_SECONDS, ROUND_SECONDS, PACE_SECONDS, ROUND_SECONDS]


def test_a_storage_that_is_away_is_waited_for(following: Following) -> None:
    stop = Stop(2)
    replace(following.pursuit(), deliveries=Fixed(None)).run(stop)
    assert stop.rests == [STORAGE_REST_SECONDS] * 2
    assert [line["event"] for line in following.lines()] == ["storage"] * 2


def test_the_day_of_a_moment_is_that_of_brussels() -> None:
    assert today(CAME) == date(2026, 11, 21)
