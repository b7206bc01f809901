"""Who tells shops: settled as it should be, told again by the schedule, and nobody held up by somebody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from middleware.bootstrap_back import THREADS, way
from middleware.callbacks import (
    EXCHANGE_SECONDS,
    IDLE_SECONDS,
    MOST_EXCHANGES,
    MOST_SLOW,
    SLOW,
    STORAGE_REST_SECONDS,
    Callbacks,
    Turns,
)
from middleware.core.callback import Webhooks, address_of
from middleware.core.listening import listener
from middleware.core.retry import LONGEST_RETRY_AFTER, SCHEDULE
from middleware.core.seal import LockKey
from middleware.errors import ConfigError, DeliveryError, PermanentDeliveryError, StorageError, TransientDeliveryError
from middleware.exchange import Request, Response
from middleware.live_keys import OwnKeys
from middleware.model import ShopSettings
from middleware.model_back import LEASE_SECONDS, Back, Callback, Event, Fulfilment, Stop, Way
from middleware.ports_back import Outbox
from middleware.services import Shops
from middleware.transport import CONNECT_SECONDS, TOTAL_SECONDS
from tests.middleware.core.made_up import NOW
from tests.middleware.core.test_standard_webhooks import EVENT
from tests.middleware.platforms.making import settings
from tests.middleware.relay_bench import Stop as Stopping

URL = "https://winkel.example/back?of=demo"
KEY = LockKey.import_key(b"k" * 32)
TOLD = Back(callback=Callback(url=URL, keys=(b"made up" * 5,)))
MOVED = Back(callback=Callback(url="https://winkel.example/other", keys=(b"made up" * 5,)))
CANARY = "k4n4rie"


@dataclass
class FakeOutbox:
    waiting: list[Event | Exception]
    owned: bool = True
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    stopped: list[Stop] = field(default_factory=list)

    def due(self, now: datetime) -> Sequence[str]:
        return ["demo"] if self.waiting else []

    def claim(self, now: datetime, lease_seconds: float, shop: str) -> Event | None:
        assert (lease_seconds, shop) == (LEASE_SECONDS, "demo")
        found = self.waiting.pop(0) if self.waiting else None
        if isinstance(found, Exception):
            raise found
        return found

    def done(self, event: Event) -> bool:
        self.calls.append(("done",))
        return self.owned

    def again(self, event: Event, at: datetime, code: str) -> bool:
        self.calls.append(("again", at - NOW, code))
        return self.owned

    def failed(self, event: Event, code: str) -> bool:
        self.calls.append(("failed", code))
        return self.owned

    def stop(self, event: Event, stop: Stop) -> bool:
        self.calls.append(("stop", stop))
        return self.owned

    def stops(self) -> Sequence[Stop]:
        return self.stopped

    def resume(self, shop: str, now: datetime) -> bool:
        self.calls.append(("resume", shop))
        return True


@dataclass
class FakeWay:
    said: int | Exception
    headers: dict[str, str] = field(default_factory=dict)
    sent: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        if isinstance(self.said, Exception):
            raise self.said
        return Response(status=self.said, headers=self.headers, body=CANARY.encode())


@dataclass
class Bound:
    settings: ShopSettings


@dataclass
class Keys:
    def opening(self) -> tuple[LockKey, ...]:
        return (KEY,)


@dataclass
class Bench:
    outbox: FakeOutbox
    way: FakeWay
    it: Callbacks
    told: list[tuple[str, str]]
    origins: list[str]


def bench(
    *waiting: Event | Exception,
    said: int | Exception = 204,
    back: Back = TOLD,
    owned: bool = True,
    known: bool = True,
    headers: dict[str, str] | None = None,
) -> Bench:
    outbox, way, told = FakeOutbox(list(waiting), owned), FakeWay(said, headers or {}), cast(list[tuple[str, str]], [])
    origins: list[str] = []

    def ways(origin: str) -> FakeWay:
        origins.append(origin)
        return way

    it = Callbacks(
        outbox=cast(Outbox, outbox),
        clock=lambda: NOW,
        shops=cast(Shops, {"demo": Bound(settings(back=back))} if known else {}),
        keys=cast(OwnKeys, Keys()),
        speakers={Way.CALLBACK: Webhooks()},
        ways=ways,
        observe=lambda way, result: told.append((way, result)),
        chance=lambda: 0.5,
    )
    return Bench(outbox, way, it, told, origins)


def sealed(order: str = "5001", record_id: str = EVENT.record_id) -> Event:
    made = listener(settings(back=TOLD), order, record_id, KEY, NOW.date())
    assert made is not None
    return replace(EVENT, order_ref=made.order_ref)


def test_nothing_is_due() -> None:
    made = bench()
    assert made.it.step() is False
    assert (made.way.sent, made.told) == ([], [])


def test_a_shop_is_told_with_its_order_and_hears_it_once(caplog: pytest.LogCaptureFixture) -> None:
    made = bench(sealed())
    assert made.it.step() is True
    (sent,) = made.way.sent
    assert (sent.method, sent.path, made.origins) == ("POST", "/back?of=demo", ["https://winkel.example"])
    assert sent.headers["webhook-id"] == EVENT.id
    assert b'"order":"5001"' in (sent.body or b"")
    assert (made.outbox.calls, made.told) == ([("done",)], [("callback", "done")])


def test_an_order_that_belongs_to_another_shipment_is_told_to_nobody() -> None:
    made = bench(sealed(record_id="another"))
    made.it.step()
    assert (made.way.sent, made.outbox.calls) == ([], [("failed", "tampered")])


def test_once_its_order_has_left_it_is_told_without() -> None:
    made = bench(EVENT)
    made.it.step()
    assert b"order" not in (made.way.sent[0].body or b"")


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_all_but_2xx_is_told_again_by_the_schedule(status: int) -> None:
    made = bench(replace(EVENT, attempts=2), said=status)
    made.it.step()
    assert len(made.way.sent) == 1
    assert made.outbox.calls == [("again", SCHEDULE[3], f"http-{status}")]
    assert made.told == [("callback", "retry")]


def test_a_shop_may_ask_for_a_longer_wait_within_reason() -> None:
    for asked, wait in (("7200", timedelta(hours=2)), ("9999999", LONGEST_RETRY_AFTER)):
        made = bench(EVENT, said=503, headers={"retry-after": asked})
        made.it.step()
        assert made.outbox.calls == [("again", wait, "http-503")]


def test_after_the_last_attempt_it_is_for_a_person() -> None:
    made = bench(replace(EVENT, attempts=len(SCHEDULE) - 1), said=500)
    made.it.step()
    assert (made.outbox.calls, made.told) == ([("failed", "http-500")], [("callback", "failed")])


def test_who_wants_no_more_is_flagged_by_address() -> None:
    made = bench(EVENT, said=410)
    made.it.step()
    until = NOW.date() + timedelta(days=30)
    stop = Stop(shop="demo", address=address_of(URL), at=NOW, until=until)
    assert made.outbox.calls == [("stop", stop)]
    assert made.told == [("callback", "stopped")]


@pytest.mark.parametrize("moved", [settings(back=MOVED), settings(), None])
def test_what_said_that_it_wants_no_more_is_the_address_that_was_asked(moved: ShopSettings | None) -> None:
    """The shop named another one while the first was answering, or switched it off, or left."""
    made = bench(EVENT, said=410)
    known = cast(dict[str, Bound], made.it.shops)

    @dataclass
    class Moving(FakeWay):
        def send(self, request: Request) -> Response:
            known.clear()
            known.update({"demo": Bound(moved)} if moved else {})
            return super().send(request)

    replace(made.it, ways=lambda _: Moving(410)).step()
    assert [(call[0], call[1].address) for call in made.outbox.calls] == [("stop", address_of(URL))]


@pytest.mark.parametrize(
    ("address", "until", "resumed"),
    [
        (address_of(URL), timedelta(days=1), False),
        (address_of("https://winkel.example/other"), timedelta(days=1), True),
        (address_of(URL), timedelta(days=-1), True),
    ],
)
def test_who_moved_or_rested_is_told_again(address: str, until: timedelta, resumed: bool) -> None:
    made = bench()
    made.outbox.stopped = [Stop(shop="demo", address=address, at=NOW, until=NOW.date() + until)]
    made.it.sweep()
    assert made.outbox.calls == [("resume", "demo")] * resumed


def failure(kind: type[DeliveryError], code: str) -> DeliveryError:
    problem = kind()
    problem.code = code
    return problem


@pytest.mark.parametrize(
    ("kind", "code"), [(TransientDeliveryError, "timeout"), (PermanentDeliveryError, "egress-blocked")]
)
def test_what_got_no_answer_is_told_again(kind: type[DeliveryError], code: str) -> None:
    made = bench(EVENT, said=failure(kind, code))
    made.it.step()
    assert made.outbox.calls == [("again", SCHEDULE[1], code)]


def test_a_shop_that_is_not_at_work_may_be_so_again_and_one_that_asks_no_more_is_not_told() -> None:
    made = bench(EVENT, known=False)
    made.it.step()
    assert made.outbox.calls == [("again", SCHEDULE[1], "unknown-shop")]
    made = bench(EVENT, back=Back(fulfilment=Fulfilment(token="t")))
    made.it.step()
    assert (made.way.sent, made.outbox.calls) == ([], [("failed", "switched-off")])


def test_what_may_not_be_sent_is_not_sent() -> None:
    made = bench(replace(EVENT, barcode="Lotte Verzonnen"))
    made.it.step()
    assert (made.way.sent, made.outbox.calls) == ([], [("failed", "unfit")])


def test_a_way_that_cannot_be_made_is_no_crash() -> None:
    def none(_: str) -> Any:
        raise ConfigError("no certificates")

    made = bench(EVENT)
    replace(made.it, ways=none).step()
    assert made.outbox.calls == [("again", SCHEDULE[1], "no-way-out")]


class Endless(Webhooks):
    def after(self, *_: Any) -> Any:
        return Request(method="GET", path="/", headers={}, body=None)


def test_who_speaks_without_end_is_stopped() -> None:
    made = bench(EVENT)
    replace(made.it, speakers={Way.CALLBACK: Endless()}).step()
    assert len(made.way.sent) == MOST_EXCHANGES
    assert made.outbox.calls == [("again", SCHEDULE[1], "no-outcome")]


def slow(seconds: float) -> Iterator[datetime]:
    """A clock that goes on by so much with each look."""
    at = NOW
    while True:
        yield at
        at += timedelta(seconds=seconds)


@pytest.mark.parametrize(("each", "said"), [(30.0, 9), (LEASE_SECONDS, 0)])
def test_what_is_said_last_is_said_in_time_to_be_heard_within_the_lease(each: float, said: int) -> None:
    """A resolver that is slow each time, and a process that slept past the lease."""
    assert EXCHANGE_SECONDS >= CONNECT_SECONDS + TOTAL_SECONDS
    made, clock = bench(EVENT), slow(each)
    replace(made.it, speakers={Way.CALLBACK: Endless()}, clock=lambda: next(clock)).step()
    assert len(made.way.sent) == said
    assert said * each <= LEASE_SECONDS - EXCHANGE_SECONDS
    assert [(call[0], call[2]) for call in made.outbox.calls] == [("again", "lease-lost")]


def test_a_lost_lease_is_told_as_such() -> None:
    made = bench(EVENT, owned=False)
    made.it.step()
    assert made.told == [("callback", "lease_lost")]


def test_it_rests_when_idle_and_longer_when_the_database_fails() -> None:
    made = bench(StorageError("gone"), EVENT)
    stop = Stopping(4)
    made.it.run(cast(threading.Event, stop))
    assert stop.rests[:1] == [STORAGE_REST_SECONDS]
    assert set(stop.rests[1:]) == {IDLE_SECONDS}
    assert made.outbox.calls == [("done",)]


def test_shops_take_turns_and_one_that_is_being_told_holds_up_nobody() -> None:
    @dataclass
    class Two(FakeOutbox):
        def due(self, now: datetime) -> Sequence[str]:
            return ["slow", "quick"]

    turns, outbox = Turns(), cast(Outbox, Two([]))
    with turns.next(outbox, NOW) as slow:
        assert slow == "slow"
        for _ in range(3):
            with turns.next(outbox, NOW) as quick:
                assert quick == "quick"
                with turns.next(outbox, NOW) as third:
                    assert third is None
    with turns.next(outbox, NOW) as again:
        assert again in ("slow", "quick")


HANGING = [f"hangs-{number}" for number in range(16)]


@dataclass
class Many(FakeOutbox):
    def due(self, now: datetime) -> Sequence[str]:
        return [*HANGING, "well"]


def test_shops_that_hang_delay_each_other_and_nobody_else() -> None:
    """However many hang, there are threads for one that answers; and each of them gets its turn."""
    turns, outbox, told = Turns(), cast(Outbox, Many([])), set()
    for shop in HANGING:
        turns.took(shop, SLOW + timedelta(seconds=1))
    assert MOST_SLOW < THREADS
    for _ in range(len(HANGING)):
        with ExitStack() as under_way:
            given = [under_way.enter_context(turns.next(outbox, NOW)) for _ in range(THREADS)]
            slow = [one for one in given if one in HANGING]
            assert (len(slow), given.count("well")) == (MOST_SLOW, 1)
            for _ in range(9):
                assert under_way.enter_context(turns.next(outbox, NOW)) is None
            for one in slow:
                turns.took(one, SLOW + timedelta(seconds=1))
        told.update(slow)
    assert told == {*HANGING}


def test_who_is_quick_again_is_slow_no_more() -> None:
    turns, outbox = Turns(), cast(Outbox, Many([]))
    for time in (SLOW + timedelta(seconds=1), SLOW):
        for shop in HANGING:
            turns.took(shop, time)
    with ExitStack() as under_way:
        given = {under_way.enter_context(turns.next(outbox, NOW)) for _ in range(THREADS)}
    assert given == {*HANGING[:THREADS]}


@pytest.mark.parametrize(("lasted", "slow"), [(SLOW, False), (SLOW + timedelta(seconds=1), True)])
def test_how_long_a_shop_lets_wait_decides_whether_it_is_slow(lasted: timedelta, slow: bool) -> None:
    made, clock = bench(EVENT), [NOW]

    @dataclass
    class Waiting(FakeWay):
        def send(self, request: Request) -> Response:
            clock[0] += lasted
            return super().send(request)

    replace(made.it, ways=lambda _: Waiting(204), clock=lambda: clock[0]).step()
    busy = [f"other-{number}" for number in range(MOST_SLOW)]
    for other in busy:
        made.it.turns.took(other, SLOW * 2)

    @dataclass
    class All(FakeOutbox):
        def due(self, now: datetime) -> Sequence[str]:
            return [*busy, "demo"]

    with ExitStack() as under_way:
        given = [under_way.enter_context(made.it.turns.next(cast(Outbox, All([])), NOW)) for _ in range(THREADS)]
    assert (given.count(None) == THREADS - MOST_SLOW) is slow


def test_the_way_of_a_callback_is_closed_to_what_is_not_public() -> None:
    """The ways that are made in earnest, asked for addresses inside."""

    @dataclass
    class Server:
        callbacks_private: tuple[Any, ...] = ()
        egress_proxy: str | None = None
        ca_file: None = None

    @dataclass
    class Config:
        server: Server

    literal = ("169.254.169.254", "[::ffff:10.0.0.1]")
    for proxy, hosts in ((None, (*literal, "localhost")), ("http://127.0.0.1:9", literal)):
        made = cast(Any, Config(Server(egress_proxy=proxy)))
        for host in hosts:
            with pytest.raises(PermanentDeliveryError) as fault:
                way(made, f"https://{host}:9").send(Request(method="POST", path="/", headers={}, body=b""))
            assert fault.value.code == "egress-blocked"


def test_a_shop_is_no_word_of_its_own_to_the_log() -> None:
    assert repr(Bound(settings(back=TOLD)).settings) == "<ShopSettings demo>"
    assert (repr(TOLD), repr(TOLD.callback)) == ("<Back>", "<Callback>")
