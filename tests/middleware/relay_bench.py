"""A relay between fakes: the store hands out what is due, the carrier has given outcomes, the transport remembers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from middleware.carriers.parcel_json import ParcelJson
from middleware.exchange import (
    Batch,
    Batched,
    Delivered,
    Impossible,
    Labelled,
    Outcome,
    PickupPoint,
    Request,
    Response,
    Sheaves,
    Wish,
)
from middleware.model import Delivery, State, Stored
from middleware.model_keys import AuditEntry, Sealing
from middleware.opening import NoRing
from middleware.ports import Store
from middleware.relay import Lane, Relay
from middleware.trail import Sighting
from schemas.order import Order
from tests.middleware.core.made_up import NOW, order, receipt_keys, record, stored

DONE = Delivered(barcode="323299901059900000012345", state="created")
CANARY = "k4n4rie"
ANSWER = Response(status=200, headers={}, body=CANARY.encode())

Call = tuple[Any, ...]


@dataclass
class FakeStore:
    """Hands out what is due, one by one, and remembers how it was settled."""

    waiting: list[Stored | Exception]
    owned: bool = True
    broken: Exception | None = None
    calls: list[Call] = field(default_factory=list)
    noted: list[str | None] = field(default_factory=list)
    stranded: list[tuple[str, str]] = field(default_factory=list)
    claims: list[tuple[datetime, float]] = field(default_factory=list)

    def due(self, now: datetime, without: Collection[str] = ()) -> list[str]:
        return ["demo"]

    def claim(self, now: datetime, lease_seconds: float, shop: str, without: Collection[str] = ()) -> Stored | None:
        assert shop == "demo"
        self.claims.append((now, lease_seconds))
        found = self.waiting.pop(0) if self.waiting else None
        if isinstance(found, Exception):
            raise found
        return found

    def strand(self, now: datetime) -> list[tuple[str, str]]:
        return [self.stranded.pop()] if self.stranded else []

    def opening(self, stored: Stored, entry: AuditEntry, account: str | None) -> bool:
        self.noted.append(account)
        return self._settled("opening", stored.id, entry.fact, entry.subject, entry.actor)

    def delivered(self, stored: Stored, outcome: Delivered, now: datetime) -> bool:
        return self._settled("delivered", stored.id, outcome, now)

    def retry(self, stored: Stored, at: datetime, code: str, *, counted: bool) -> bool:
        self.noted.append(stored.account)
        return self._settled("retry", stored.id, at, code, counted)

    def bury(self, stored: Stored, state: State, code: str, now: datetime) -> bool:
        self.noted.append(stored.account)
        return self._settled("bury", stored.id, state, code, now)

    def gone(self, stored: Stored, now: datetime) -> bool:
        return self._settled("gone", stored.id, now)

    def too_late(self, stored: Stored, now: datetime, barcode: str | None = None) -> bool:
        return self._settled("too_late", stored.id, now, barcode)

    def pause_lane(self, carrier: str, until: datetime, code: str) -> None:
        self._settled("pause", carrier, until, code)

    def _settled(self, *call: object) -> bool:
        if self.broken:
            raise self.broken
        self.calls.append(call)
        return self.owned


@dataclass
class FakeTransport:
    """Takes what is sent; answers with one answer, or with an error."""

    problem: Exception | None = None
    sent: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        if self.problem:
            raise self.problem
        return ANSWER


class FakeCarrier:
    """Builds as the JSON parcel API does; reads whatever answer as the outcomes that it was given, in turn."""

    def __init__(self, *outcomes: Request | Outcome) -> None:
        self.outcomes = list(outcomes)
        self.sealing = Sealing.RETENTION

    def choose(self, order: Order, line: str | None, usual: Delivery) -> tuple[Order, Delivery]:
        return order, usual

    def fit(self, order: Order, points: Mapping[str, PickupPoint]) -> Order:
        return order

    @property
    def shared_account(self) -> str | None:
        return None

    def under(self, stored: Stored) -> tuple[FakeCarrier, str | None]:
        return self, None

    def openly(self, order: Order) -> tuple[str, ...]:
        return ParcelJson().openly(order)

    def start(self, stored: Stored) -> Request:
        return ParcelJson().start(stored)

    def after(self, stored: Stored, asked: Request, response: Response) -> Request | Outcome:
        assert response is ANSWER
        return self.outcomes.pop(0)

    def label(self, record: Sighting, wish: Wish) -> Request | Impossible:
        return ParcelJson().label(record, wish)

    def labelled(self, record: Sighting, wish: Wish, response: Response) -> Labelled:
        return ParcelJson().labelled(record, wish, response)

    def labels(self, shop: str, records: Mapping[int, Sighting], wish: Wish) -> Batched:
        return ParcelJson().labels(shop, records, wish)

    def sheaves(self, batch: Batch, response: Response) -> Sheaves:
        return ParcelJson().sheaves(batch, response)


class Ticking:
    """A clock that goes on by a second with each look."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Bench:
    store: FakeStore
    transport: FakeTransport
    relay: Relay
    told: list[tuple[str, str]]


def bench(*due: Stored | Exception, outcomes: tuple[Request | Outcome, ...] = (), **changes: Any) -> Bench:
    store, told = FakeStore(list(due)), cast(list[tuple[str, str]], [])
    transport = FakeTransport(changes.pop("problem", None))
    lane = Lane(carrier=FakeCarrier(*outcomes), transport=transport)
    made = Relay(
        store=cast(Store, store),
        clock=changes.pop("clock", lambda: NOW),
        lanes=changes.pop("lanes", {"platform": lane}),
        keys=receipt_keys(),
        ring=changes.pop("ring", NoRing()),
        observe=lambda carrier, result: told.append((carrier, result)),
        chance=lambda: 0.5,
    )
    assert not changes
    return Bench(store=store, transport=transport, relay=made, told=told)


def due(**changes: Any) -> Stored:
    return stored(record(order(recipient__address__country="US")), **changes)


class Stop(threading.Event):
    """Set after so many rests, which it keeps and does not sit out."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.rests: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.rests.append(timeout)
        if len(self.rests) >= self.most:
            self.set()
        return self.is_set()


def stop_after(store: FakeStore, claims: int) -> threading.Event:
    """Set when that many claims have been made."""

    class Counting(threading.Event):
        def is_set(self) -> bool:
            return len(store.claims) >= claims

    return Counting()


def _parts(one: Stored, jwe: str) -> Stored:
    return replace(one, parts=(replace(one.parts[0], jwe=jwe), *one.parts[1:]))


TAMPERED: dict[str, Callable[[Stored], Stored]] = {
    "no receipt": lambda one: replace(one, receipt=""),
    "a receipt that is none": lambda one: replace(one, receipt=CANARY),
    "a receipt with a critical member of no type": lambda one: replace(
        one, receipt=f"eyJhbGciOiJFZERTQSIsImtpZCI6InJlY2VpcHRzLTIwMjYiLCJjcml0Ijo1fQ.{one.receipt.split('.', 1)[1]}"
    ),
    "a bit of the receipt": lambda one: replace(
        one, receipt=one.receipt[:-2] + ("A" if one.receipt[-2] != "A" else "B") + one.receipt[-1]
    ),
    "another record's receipt": lambda one: replace(one, receipt=due().receipt),
    "another id": lambda one: replace(one, id=due().id),
    "another clear rest": lambda one: replace(one, clear=one.clear.replace(b'"country":"US"', b'"country":"BE"')),
    "no clear rest": lambda one: replace(one, clear=b""),
    "another record's part": lambda one: _parts(one, due().parts[0].jwe),
    "no part at all": lambda one: replace(one, parts=()),
    "a part less": lambda one: replace(one, parts=one.parts[1:]),
    "a part more": lambda one: replace(one, parts=(*one.parts, replace(one.parts[0], name="recipient.else"))),
    "an empty part": lambda one: _parts(one, ""),
    "a part of other letters": lambda one: _parts(one, "\x00é"),
    "a part that is no text": lambda one: _parts(one, cast(str, b"eyJ")),
    "a receipt that is no text": lambda one: replace(one, receipt=cast(str, None)),
    "a clear rest that is no bytes": lambda one: replace(one, clear=cast(bytes, one.clear.decode())),
}
