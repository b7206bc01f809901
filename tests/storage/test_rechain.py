"""The index key is rotated under what rests: at every step all that was ever stored is known again, and found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, LargeBinary, delete, select, update

from middleware.core.clocks import clock
from middleware.core.index import Chain, Indexer, generation, same
from middleware.core.standing import use
from middleware.core.switching import Saying, heard
from middleware.errors import StorageError
from middleware.exchange import Delivered
from middleware.model import Answer, Arrival, IndexEntry, Reason, Record, Rejection, State, Status
from middleware.model_events import Event, EventType, Recorded, Selector
from middleware.model_purge import Kind
from middleware.model_shipping import Attempt, Known, Restart
from middleware.model_standing import Switched
from middleware.ports import Storage
from middleware.ports_retention import Retention
from middleware.ports_rotation import Rotations
from middleware.storage import chain_sql, open_retention, open_rotations, open_store, rechain_sql, settle_keys
from middleware.storage.tables import index_entries, metadata, orders
from middleware.trail import Asked, Digest
from schemas.policy_loader import load
from tests.storage.builders import LATER, NOW, UNTIL, arrival, part, record, rejection
from tests.storage.looking import claim
from tests.storage.purging import BOOT, rows

KEYS = tuple(bytes((number,)) * 32 for number in range(1, 4))
BYTES = [column for table in metadata.sorted_tables for column in table.c if isinstance(column.type, LargeBinary)]
DIGESTS = [column for column in BYTES if "unchained" not in column.info]
"""Of these a rotation leaves none of before: it is not asked which columns it knows."""

CUSTOMER = "customer.id"
MYSTAMP = load("bpost-mystamp")
ADVERTISING = "generic_advertising"


@dataclass
class Shop:
    """Makes what intake would make of made-up values, under the chain of the moment."""

    store: Storage
    rotations: Rotations
    retention: Retention
    chain: Chain = field(default_factory=lambda: Chain(keys=KEYS[:1]))
    answers: dict[str, Answer] = field(default_factory=dict)
    events: dict[str, Recorded] = field(default_factory=dict)

    def of(self, kind: str, value: str) -> bytes:
        return Indexer(lambda: self.chain, "demo").of(kind, value)

    def arrival(self, name: str, version: int = 0, **changes: Any) -> Arrival:
        return arrival(
            webhook=self.of("webhook", f"{name} {version}"),
            body=self.of("body", f"{name} {version}"),
            order=self.of("order.id", name),
            updated_at=NOW + version * LATER,
            **changes,
        )

    def record(self, name: str, content: str = "") -> Record:
        kinds = {"order.id": name, "order.name": f"#{name}", CUSTOMER: name}
        index = tuple(IndexEntry(kind=kind, digest=self.of(kind, text), until=UNTIL) for kind, text in kinds.items())
        return record(index=index, content=self.of("content", content or name))

    def rejection(self, name: str) -> Rejection:
        told = {kind: self.of(kind, f"rejected {name}") for kind in ("body", "webhook")}
        return rejection(**told, version=(self.of("order.id", f"rejected {name}"), NOW))

    def attempt(self, name: str) -> Attempt:
        return Attempt(
            shop="demo",
            key=self.of("idempotency.key", name),
            payload=self.of("idempotency.payload", name),
            busy_until=NOW + timedelta(seconds=20),
            until=date(2026, 12, 22),
        )

    def take(self, name: str) -> None:
        """An order comes, another is rejected, and a plug-in calls."""
        self.answers[name] = self.store.accept(self.arrival(name), self.record(name))
        assert self.answers[name].status is Status.ACCEPTED
        self.answers[f"rejected {name}"] = self.store.reject(self.rejection(name))
        assert self.answers[f"rejected {name}"].status is Status.REJECTED
        ignored = self.store.accept(self.arrival(f"ignored {name}", halt=Reason.NOT_PAID), None)
        assert ignored.status is Status.IGNORED
        called = self.store.ship(self.arrival(f"called {name}"), self.record(f"called {name}"), self.attempt(name))
        assert isinstance(called, Answer)
        self.answers[f"called {name}"] = called
        self.store.answered(self.attempt(name), 202)

        self.events[name] = self.tell(name)
        assert self.events[name].found == 1
        assert self.object(name).found == 1

    def by(self, kind: str, value: str) -> Selector:
        return Selector(kind=kind, digest=self.of(kind, value))

    def tell(self, name: str) -> Recorded:
        return self.retention.record(self.event(name), None, NOW)

    def object(self, name: str) -> Recorded:
        """The customer of an order objects, by a call of the shop's."""
        said = self.event(name)
        said = replace(said, id=f"objection {said.id}", type=EventType.OBJECTION, selector=self.by(CUSTOMER, name))
        said = replace(said, key=self.of("events.key", f"objection {name}"), about=ADVERTISING)
        saying = Saying(
            kind=Switched.PURPOSE, name=ADVERTISING, verb="object", way=None, day=said.day, by="x", own=False
        )
        found = heard(MYSTAMP, saying, NOW)
        assert isinstance(found, tuple)
        return self.retention.record(said, None, NOW, found[0])

    def objects(self, name: str) -> bool:
        """Whether it is known of the customer."""
        known = self.retention.customer("demo", self.of(CUSTOMER, name), NOW.date())
        assert known is not None
        return [(one.name, one.on) for one in known.switches] == [(ADVERTISING, False)]

    def event(self, name: str) -> Event:
        """The shop declares something of an order, by a call."""
        return Event(
            id=f"{name} {len(self.chain.keys)} {self.chain.turning}",
            shop="demo",
            type=EventType.DECLARATION,
            selector=self.by("order.id", name),
            about=None,
            day=NOW.date(),
            by="shop",
            at=NOW,
            until=date(2026, 12, 22),
            key=self.of("events.key", name),
            payload=self.of("events.payload", name),
        )

    def stamp(self, name: str, day: date, version: int = 0) -> str:
        """A customer of MyStamp orders again: the clocks of all earlier orders start anew."""
        again = Restart(selector=self.by(CUSTOMER, "5"), clock=clock(MYSTAMP, "last_order", day), actor="shop")
        until = day.replace(year=day.year + 3)
        made = part("mystamp.customer", retention="ms.customer", trigger="last_order", starts=day, until=until)
        index = tuple(
            IndexEntry(kind=kind, digest=self.of(kind, text), until=until)
            for kind, text in (("order.id", name), (CUSTOMER, "5"))
        )
        held = {"until": until, "clear_until": until, "blocked": True}
        taken = record(parts=(made,), index=index, content=self.of("content", f"{name} {version}"), **held)
        told = self.arrival(name, version, received_at=datetime.combine(day, NOW.timetz()), standing_until=until)
        answer = self.store.ship(told, taken, replace(self.attempt(f"{name} {version}"), restart=again))
        assert isinstance(answer, Answer)
        assert answer.status is Status.ACCEPTED
        return taken.id

    def look(self, name: str) -> None:
        """All that was taken is found, and nothing of it is changed by looking."""
        (trail,) = self.found("order.id", name)
        assert [one.id for one in trail.records] == [self.answers[name].id]
        (trail,) = self.found("order.name", f"#{name}")
        assert [one.id for one in trail.records] == [self.answers[name].id]
        (trail,) = self.found("order.id", f"rejected {name}")
        assert [one.id for one in trail.rejections] == [self.answers[f"rejected {name}"].id]
        (trail,) = self.found("order.id", f"ignored {name}")
        assert trail.reasons == (Reason.NOT_PAID,)
        wanted, of = self.answers[name], self.arrival(name)
        assert self.store.seen("demo", of.topic, of.webhook, of.body) == replace(wanted, status=Status.DUPLICATE)
        refused = self.rejection(name)
        assert self.store.kept("demo", refused.body)
        assert self.objects(name)
        known = self.store.seen("demo", refused.topic, refused.webhook, refused.body)
        assert known is not None
        assert (known.status, known.id) == (Status.DUPLICATE, self.answers[f"rejected {name}"].id)
        self.call(name)

    def call(self, name: str) -> None:
        found = self.store.known("demo", self.attempt(name).key)
        assert isinstance(found, Known)
        assert found.record is not None
        assert (found.record.id, found.answered) == (self.answers[f"called {name}"].id, 202)
        assert same(found.payload, self.attempt(name).payload)

    def come_again(self, name: str) -> None:
        """What comes again is a duplicate: as the same body, with the same content anew, and as a call."""
        again = self.store.accept(self.arrival(name), self.record(name))
        assert (again.status, again.id) == (Status.DUPLICATE, self.answers[name].id)
        newer = self.store.accept(self.arrival(name, 1), self.record(name))
        assert (newer.status, newer.id) == (Status.DUPLICATE, self.answers[name].id)
        refused = self.store.reject(self.rejection(name))
        assert (refused.status, refused.id) == (Status.DUPLICATE, self.answers[f"rejected {name}"].id)
        call = self.store.ship(self.arrival(f"called {name}"), self.record(f"called {name}"), self.attempt(name))
        assert isinstance(call, Known)
        assert self.store.answered(self.attempt(name), 201) == 202
        told = self.tell(name)
        assert (told.id, told.found) == (self.events[name].id, 1)
        assert told.payload is not None
        assert same(told.payload, self.of("events.payload", name))
        assert self.object(name).found == 1

    def found(self, kind: str, value: str) -> Any:
        asked = Digest(shop="demo", kind=kind, digest=self.of(kind, value))
        return self.store.find(
            Asked(shops=frozenset(("demo",)), digests=(asked,), record_id=None, reference=None, barcode=None)
        )

    def begin(self, count: int) -> None:
        self.chain = Chain(keys=KEYS[:count], turning=True)

    def fence(self) -> None:
        self.rotations.fence(len(self.chain.keys))

    def sweep(self) -> tuple[int, int]:
        return self.rotations.rechain(self.chain.forward, NOW)

    def end(self) -> None:
        self.chain = Chain(keys=self.chain.keys)


@pytest.fixture
def shop(url: str) -> Iterator[Shop]:
    settle_keys(url, {})
    with (
        closing(open_store(url)) as store,
        closing(open_rotations(url)) as rotations,
        closing(open_retention(url)) as retention,
    ):
        yield Shop(store=store, rotations=rotations, retention=retention)


def generations(behind: Engine) -> dict[str, set[int]]:
    """Of which generations the digests in each column are."""
    with behind.connect() as connection:
        return {
            str(column): {generation(row) for row in connection.execute(select(column)).scalars() if row is not None}
            for column in DIGESTS
        }


STEPS: tuple[Callable[[Shop], object], ...] = (
    lambda shop: shop.begin(2),
    Shop.fence,
    Shop.sweep,
    Shop.end,
    lambda shop: shop.begin(3),
    Shop.fence,
    Shop.sweep,
    Shop.end,
)


@pytest.mark.parametrize("touched", [False, True])
def test_everything_is_known_again_at_every_step(shop: Shop, behind: Engine, *, touched: bool) -> None:
    taken = ["0"]
    shop.take("0")
    for number, step in enumerate(STEPS, 1):
        step(shop)
        for name in taken:
            shop.look(name)
        if touched:
            shop.come_again(taken[0])
            shop.look(taken[0])
        if step is Shop.fence:
            taken.append(str(number))
            shop.take(str(number))
    for name in taken:
        shop.come_again(name)
    assert set(map(frozenset, generations(behind).values())) == {frozenset({3})}
    assert shop.sweep() == (0, 0)
    assert shop.store.counts()["waiting"] == 2 * len(taken)
    assert len(rows(behind, "events")) == 2 * len(taken)
    assert len(rows(behind, "standings")) == len(taken)


def test_all_that_is_bytes_is_taken_forward_or_says_why_not() -> None:
    chained = [table.c[name] for table, names in rechain_sql.CHAINED.items() for name in names]
    assert set(map(str, chained)) == set(map(str, DIGESTS))
    assert all(column.info["unchained"] for column in BYTES if "unchained" in column.info)


@pytest.mark.policy("MS-RET-1")
def test_an_order_starts_the_clocks_of_its_customers_earlier_ones_at_every_step(shop: Shop, behind: Engine) -> None:
    day, made = NOW.date(), [shop.stamp("0", NOW.date())]
    for number, step in enumerate(STEPS, 1):
        step(shop)
        day += timedelta(days=1)
        made.append(shop.stamp(str(number), day))
        assert {row["starts"] for row in rows(behind, "parts")} == {day}
        blocked = [shop.store.blocked("demo", shop.by("order.id", str(name))) for name in range(number + 1)]
        assert [[record_id for record_id, _ in found] for found in blocked] == [[one] for one in made]
        assert len(shop.store.blocked("demo", shop.by(CUSTOMER, "5"))) == number + 1
        shop.store.answered(shop.attempt(f"{number} 0"), 202)


@pytest.mark.policy("MS-RET-1")
def test_a_newer_version_of_an_order_is_not_its_customers_last_order(shop: Shop, behind: Engine) -> None:
    day = NOW.date()
    shop.stamp("0", day)
    other = shop.stamp("1", day)
    changed = shop.stamp("0", day + timedelta(days=2), version=1)
    last = day.replace(year=day.year + 3)
    clocks = {row["record_id"]: (row["starts"], row["until"]) for row in rows(behind, "parts")}
    assert clocks == {changed: (day, last), other: (day, last)}


@pytest.mark.policy("X-LVL-2", "MS-PUR-4", "AMB-15")
def test_an_objection_is_found_with_the_one_record_that_is_left_of_before_or_after(shop: Shop, behind: Engine) -> None:
    """Orders of one customer, one taken in before the key is rotated and one meanwhile: whichever is left."""
    shop.take("0")
    shop.take("1")
    shop.begin(2)
    shop.fence()
    shop.store.accept(shop.arrival("new"), replace(shop.record("new"), index=shop.record("0").index))
    end_of(behind, shop.answers["0"].id)  # what is left of this customer came in under the new key
    assert {row["digest"] for row in rows(behind, "index_entries") if row["kind"] == CUSTOMER} >= {
        row["customer"] for row in rows(behind, "standings")
    }
    assert purged(shop) == 0
    assert [shop.objects(name) for name in ("0", "1")] == [True, True]
    shop.sweep()
    shop.end()
    assert purged(shop) == 0
    assert [shop.objects(name) for name in ("0", "1")] == [True, True]


def purged(shop: Shop) -> int:
    """How many standings are taken once no word is young enough to keep one."""
    late = datetime(2060, 1, 1, tzinfo=UTC)
    fence = shop.retention.begin(late, BOOT)
    assert fence is not None
    taken = shop.retention.purge(Kind.STANDINGS, late.date(), late, 100, fence)
    shop.retention.finish(fence, late)
    return taken


def end_of(behind: Engine, record_id: str | None) -> None:
    """What led to the record is gone."""
    with behind.begin() as connection:
        connection.execute(delete(index_entries).where(index_entries.c.record_id == record_id))


def test_what_is_known_of_the_shops_user_is_of_no_generation(shop: Shop, behind: Engine) -> None:
    shop.store.accept(
        replace(shop.arrival("0"), use=use(load("bpost-shipping-platform"), NOW.date())), shop.record("0")
    )
    shop.begin(2)
    shop.fence()
    shop.sweep()
    shop.end()
    assert [row["customer"] for row in rows(behind, "standings")] == [b""]
    assert shop.retention.standing("demo").terms != ()
    assert shop.sweep() == (0, 0)


def test_a_process_with_the_old_key_alone_stores_nothing_new(shop: Shop, behind: Engine) -> None:
    shop.take("0")
    shop.begin(2)
    shop.fence()
    shop.chain = Chain(keys=KEYS[:1])
    works: tuple[Callable[[], object], ...] = (
        lambda: shop.store.accept(shop.arrival("1"), shop.record("1")),
        lambda: shop.store.reject(shop.rejection("1")),
        lambda: shop.store.ship(shop.arrival("1"), shop.record("1"), shop.attempt("1")),
        lambda: shop.tell("0"),
        lambda: shop.store.blocked("demo", shop.by("order.id", "0")),
        lambda: shop.retention.customer("demo", shop.of(CUSTOMER, "0"), NOW.date()),
    )
    for work in works:
        with pytest.raises(StorageError, match="has not read the new one yet"):
            work()
    assert shop.store.counts()["waiting"] == 2
    assert generations(behind)["orders.order"] == {1}


def test_a_process_that_is_ahead_writes_what_the_others_read(shop: Shop, behind: Engine) -> None:
    shop.begin(2)
    shop.take("0")
    shop.chain = Chain(keys=KEYS[:1])
    shop.look("0")
    assert generations(behind)["orders.order"] == {1}


def test_an_order_moves_whole_so_that_a_cancellation_meets_its_successor(shop: Shop) -> None:
    shop.store.accept(shop.arrival("0"), shop.record("0"))
    claimed = claim(shop.store)
    successor = shop.store.accept(shop.arrival("0", 1), shop.record("0", "other content"))
    shop.store.delivered(claimed, Delivered(barcode="B", state="created"), NOW)
    shop.begin(2)
    shop.fence()
    again = shop.store.accept(shop.arrival("0", 1), shop.record("0", "other content"))  # and takes the order forward
    assert again.status is Status.DUPLICATE
    asked = shop.store.claim(NOW, 30.0, "demo")
    assert asked is not None
    assert shop.store.too_late(asked, NOW)
    assert successor.id is not None
    summary = shop.store.show(successor.id)
    assert summary is not None
    assert summary.state is State.WITHDRAWN
    (trail,) = shop.found("order.id", "0")
    assert [one.state for one in trail.records] == [State.DELIVERED]
    again = shop.store.accept(shop.arrival("0", 2), shop.record("0", "a third"))
    assert (again.status, again.id) == (Status.ACCEPTED, claimed.id)  # flagged: it is the delivered one that stands


def test_a_call_in_hand_is_left_until_it_is_answered(shop: Shop, behind: Engine) -> None:
    shop.store.ship(shop.arrival("0"), shop.record("0"), shop.attempt("0"))
    before = shop.attempt("0")
    shop.begin(2)
    shop.fence()
    assert shop.sweep()[1] == 1
    assert shop.store.known("demo", before.key) is not None  # whoever waits for it asks as it began
    shop.store.answered(before, 201)
    assert shop.sweep() == (1, 0)
    assert generations(behind)["idempotency.key"] == {2}


def test_more_than_a_page_is_taken(shop: Shop, behind: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rechain_sql, "PAGE", 3)
    for name in range(4):
        shop.take(str(name))
    shop.begin(2)
    shop.fence()
    shop.sweep()
    assert set(map(frozenset, generations(behind).values())) == {frozenset({2})}


def test_what_another_hand_wrote_stops_nothing(sqlite_url: str, sqlite_behind: Engine) -> None:
    settle_keys(sqlite_url, {})
    with (
        closing(open_store(sqlite_url)) as store,
        closing(open_rotations(sqlite_url)) as rotations,
        closing(open_retention(sqlite_url)) as retention,
    ):
        shop = Shop(store=store, rotations=rotations, retention=retention)
        shop.take("0")
        with sqlite_behind.begin() as connection:
            connection.exec_driver_sql("UPDATE inbox SET webhook = 7")
            connection.execute(update(orders).values(content=None))
        shop.begin(2)
        shop.fence()
        assert shop.sweep()[1] == 0
        (trail,) = shop.found("order.id", "0")
        assert len(trail.records) == 1


def test_from_one_moment_on_nobody_writes_what_was_before(postgres_url: str, postgres_behind: Engine) -> None:
    settle_keys(postgres_url, {})
    with closing(open_rotations(postgres_url)) as rotations, ThreadPoolExecutor(1) as pool:
        with postgres_behind.begin() as writer:
            assert chain_sql.current(writer) == 1
            turned = pool.submit(rotations.fence, 2)
            with pytest.raises(TimeoutError):
                turned.result(0.3)  # it waits for who has begun
        turned.result(5)
    with postgres_behind.begin() as writer:
        assert chain_sql.current(writer) == 2


Meanwhile = tuple[Shop, Callable[[Callable[[], object]], None]]


@pytest.fixture
def taken_forward(postgres_url: str, postgres_behind: Engine) -> Iterator[Meanwhile]:
    """Does something to an order that is being taken forward at this moment: it waits until that is done."""
    settle_keys(postgres_url, {})
    with (
        closing(open_store(postgres_url)) as store,
        closing(open_rotations(postgres_url)) as rotations,
        closing(open_retention(postgres_url)) as retention,
        ThreadPoolExecutor(1) as pool,
    ):
        shop = Shop(store=store, rotations=rotations, retention=retention)

        def meanwhile(work: Callable[[], object]) -> None:
            old = shop.of("order.id", "0")
            shop.begin(2)
            shop.fence()
            with postgres_behind.begin() as mover:
                chain_sql.move_order(mover, "demo", old, shop.chain.forward)
                waits = pool.submit(work)
                with pytest.raises(TimeoutError):
                    waits.result(0.3)
            waits.result(5)

        yield shop, meanwhile


def test_a_cancellation_meets_an_order_that_is_being_taken_forward(taken_forward: Meanwhile) -> None:
    shop, meanwhile = taken_forward
    made = shop.store.accept(shop.arrival("0"), shop.record("0")).id
    assert made is not None
    meanwhile(lambda: shop.store.cancel("demo", made, NOW, UNTIL))
    summary = shop.store.show(made)
    assert summary is not None
    assert summary.state is State.WITHDRAWN


def test_what_is_too_late_meets_the_successor_of_an_order_that_is_being_taken_forward(
    taken_forward: Meanwhile,
) -> None:
    shop, meanwhile = taken_forward
    shop.store.accept(shop.arrival("0"), shop.record("0"))
    claimed = claim(shop.store)
    shop.store.accept(shop.arrival("0", 1), shop.record("0", "other content"))
    shop.store.delivered(claimed, Delivered(barcode="B", state="created"), NOW)
    asked = shop.store.claim(NOW, 30.0, "demo")
    assert asked is not None
    meanwhile(lambda: shop.store.too_late(asked, NOW))
    again = shop.store.accept(shop.arrival("0", 2), shop.record("0", "a third"))
    assert again.id == claimed.id  # it stands for its order again


@pytest.mark.policy("MS-RET-1")
def test_a_clock_meets_an_order_that_is_being_taken_forward(taken_forward: Meanwhile, postgres_behind: Engine) -> None:
    shop, meanwhile = taken_forward
    shop.stamp("0", NOW.date())
    later = NOW.date() + timedelta(days=1)
    ticks = clock(MYSTAMP, "last_order", later)

    def tell() -> None:
        told = replace(shop.event("0"), type=EventType.LAST_ORDER, day=later, selector=shop.by(CUSTOMER, "5"))
        assert shop.retention.record(told, ticks, NOW + timedelta(days=1)).parts == 1

    meanwhile(tell)
    (order,) = rows(postgres_behind, "orders")
    assert order["until"] == later.replace(year=later.year + 3)
