"""What a parcel platform is told: settled as it should be, never given up, and nothing that nobody of us wrote."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, cast

import pytest

from middleware.carriers.parcel_json import ParcelJson
from middleware.errors import PermanentDeliveryError, StorageError, TransientDeliveryError
from middleware.exchange import Request, Response
from middleware.model_purge import Notice, Telling, Told
from middleware.ports_retention import Notices
from middleware.propagation import IDLE_SECONDS, LEASE_SECONDS, STORAGE_REST_SECONDS, Propagation
from tests.middleware.core.made_up import NOW
from tests.middleware.relay_bench import Stop

ID = "0a0b0c0d-1111-4222-8333-444455556666"


def notice(**changes: Any) -> Notice:
    values: dict[str, Any] = {
        "record_id": ID,
        "part": "recipient.delivery",
        "telling": Telling.ERASE,
        "carrier": "platform",
        "retention": "vp.recipient.operational",
        "starts": date(2026, 11, 22),
        "ends": date(2027, 12, 22),
        "state": Told.WAITING,
        "due": NOW,
        "attempts": 0,
        "fence": 1,
        "last_code": None,
        "created_at": NOW,
        "settled_at": None,
    }
    return Notice(**{**values, **changes})


@dataclass
class FakeNotices:
    waiting: list[Notice | Exception]
    owned: bool = True
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def claim(self, now: datetime, lease_seconds: float, carrier: str) -> Notice | None:
        assert (lease_seconds, carrier) == (LEASE_SECONDS, "platform")
        found = self.waiting.pop(0) if self.waiting else None
        if isinstance(found, Exception):
            raise found
        return found

    def settle(self, notice: Notice, state: Told, code: str | None, now: datetime, until: date) -> bool:
        self.calls.append((state, code, until))
        return self.owned

    def again(self, notice: Notice, at: datetime, code: str, *, counted: bool) -> bool:
        self.calls.append(("again", at - NOW, code, counted))
        return self.owned

    def pause_lane(self, carrier: str, until: datetime, code: str) -> None:
        self.calls.append(("pause", carrier, until - NOW, code))


@dataclass
class FakeTransport:
    said: int | Exception
    sent: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        if isinstance(self.said, Exception):
            raise self.said
        return Response(status=self.said, headers={"retry-after": "90"}, body=b"k4n4rie")


@dataclass
class Bench:
    notices: FakeNotices
    transport: FakeTransport
    it: Propagation
    told: list[tuple[str, str]]


def bench(*waiting: Notice | Exception, said: int | Exception = 204, owned: bool = True) -> Bench:
    notices, transport, told = FakeNotices(list(waiting), owned), FakeTransport(said), cast(list[tuple[str, str]], [])
    it = Propagation(
        carrier="platform",
        notices=cast(Notices, notices),
        clock=lambda: NOW,
        teller=ParcelJson(),
        transport=transport,
        observe=lambda carrier, result: told.append((carrier, result)),
        chance=lambda: 0.5,
    )
    return Bench(notices, transport, it, told)


SHOWN = NOW.date() + timedelta(days=30)


def test_nothing_is_due() -> None:
    made = bench()
    assert made.it.step() is False
    assert (made.transport.sent, made.told) == ([], [])


@pytest.mark.policy("VP-RET-4")
@pytest.mark.parametrize("status", [204, 410])
def test_a_part_is_erased_there(status: int) -> None:
    made = bench(notice(), said=status)
    assert made.it.step()
    ((sent),) = made.transport.sent
    assert (sent.method, sent.path, sent.body) == ("DELETE", f"/shipments/{ID}/parts/recipient.delivery", None)
    assert made.notices.calls == [(Told.DONE, None, SHOWN)]
    assert made.told == [("platform", "erase-done")]


def test_a_new_end_is_told() -> None:
    made = bench(notice(telling=Telling.RETAIN, starts=None), said=200)
    made.it.step()
    (sent,) = made.transport.sent
    assert (sent.method, sent.path) == ("PATCH", f"/shipments/{ID}/retention")
    assert sent.body == (
        b'[{"class":"vp.recipient.operational","part":"recipient.delivery","starts":null,"until":"2027-12-22"}]'
    )
    assert made.notices.calls == [(Told.DONE, None, SHOWN)]
    assert made.told == [("platform", "retain-done")]


@pytest.mark.parametrize(
    ("telling", "status", "state"),
    [
        (Telling.ERASE, 404, Told.REFUSED),
        (Telling.ERASE, 422, Told.REFUSED),
        (Telling.ERASE, 200, None),  # whatever stands in between may say so
        (Telling.ERASE, 302, None),
        (Telling.RETAIN, 404, Told.REFUSED),
        (Telling.RETAIN, 410, Told.REFUSED),
        (Telling.ERASE, 405, Told.IMPOSSIBLE),
        (Telling.RETAIN, 501, Told.IMPOSSIBLE),
    ],
)
def test_what_was_not_done_is_not_called_done(telling: Telling, status: int, state: Told | None) -> None:
    made = bench(notice(telling=telling), said=status)
    made.it.step()
    ((found, *_),) = made.notices.calls
    assert found == (state or "again")


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 90), (1, 300), (6, 36_000), (7, 36_000), (500, 36_000)])
def test_it_is_never_given_up(attempts: int, seconds: int) -> None:
    made = bench(notice(attempts=attempts), said=503)
    made.it.step()
    assert made.notices.calls == [("again", timedelta(seconds=seconds), "http-503", True)]
    assert made.told == [("platform", "erase-retry")]


def test_no_answer_is_tried_again() -> None:
    made = bench(notice(), said=TransientDeliveryError())
    made.it.step()
    assert made.notices.calls == [("again", timedelta(seconds=5), "delivery-transient", True)]


@pytest.mark.parametrize(("said", "code"), [(401, "http-401"), (PermanentDeliveryError(), "delivery-permanent")])
def test_what_concerns_the_lane_pauses_it(said: int | Exception, code: str) -> None:
    made = bench(notice(attempts=9), said=said)
    made.it.step()
    wait = timedelta(minutes=15)
    assert made.notices.calls == [("pause", "platform", wait, code), ("again", wait, code, False)]


def test_what_is_forbidden_stops_no_delivery() -> None:
    made = bench(notice(), said=403)
    made.it.step()
    assert made.notices.calls == [("again", timedelta(seconds=5), "http-403", True)]


@pytest.mark.parametrize("change", [{"record_id": "../../admin"}, {"part": "x/../../y"}, {"part": "a.b.c"}])
def test_nothing_is_sent_that_nobody_of_us_wrote(change: dict[str, str]) -> None:
    made = bench(notice(**change))
    made.it.step()
    assert made.transport.sent == []
    assert made.notices.calls == [(Told.REFUSED, "unreadable-row", SHOWN)]


def test_a_carrier_without_the_verb() -> None:
    class Silent(ParcelJson):
        __slots__ = ()

        def tell(self, notice: Notice) -> Request | None:  # type: ignore[override]  # another carrier's answer
            return None

    made = bench(notice())
    assert replace(made.it, teller=Silent()).step()
    assert made.notices.calls == [(Told.IMPOSSIBLE, "no-such-verb", SHOWN)]


def test_a_lease_that_was_lost_is_told() -> None:
    made = bench(notice(), owned=False)
    made.it.step()
    assert made.told == [("platform", "erase-lease_lost")]


def test_it_rests_when_there_is_nothing_and_longer_without_a_database() -> None:
    stop = Stop(2)
    made = bench(notice(), StorageError())
    made.it.run(stop)
    assert stop.rests == [STORAGE_REST_SECONDS, IDLE_SECONDS]
    assert made.told == [("platform", "erase-done")]


def test_it_ends_when_it_is_told_to() -> None:
    made, stop = bench(notice()), threading.Event()
    stop.set()
    made.it.run(stop)
    assert made.told == []
