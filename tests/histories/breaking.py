"""Ways to break the line on purpose, each at a port: who judges the histories must see every one of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from middleware.carriers.parcel_json import ParcelJson
from middleware.core.seal import new_id
from middleware.exchange import Gone, Outcome, Request, Response
from middleware.model import Answer, Arrival, Reason, Record, Rejection, Status, Stored
from middleware.ports import Carrier, Store
from middleware.trail import Summary


@dataclass(frozen=True)
class Credulous(ParcelJson):
    """A cancellation that is answered with this status counts as carried out, whatever else is said."""

    status: int

    def after(self, stored: Stored, asked: Request, response: Response) -> Request | Outcome:
        believed = stored.cancelling and response.status == self.status
        return Gone() if believed else super().after(stored, asked, response)


@dataclass(frozen=True)
class Restless(ParcelJson):
    """The same record is sent with other bytes each time."""

    def start(self, stored: Stored) -> Request:
        request = super().start(stored)
        return replace(request, body=(request.body or b"") + b" " * stored.fence)


class Proxy:
    """A store that hands everything on; what breaks it stands in a subclass."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Deaf(Proxy):
    """A change is acknowledged, and nothing is written."""

    def accept(self, arrival: Arrival, record: Record | None) -> Answer:
        if arrival.topic == "orders/updated":
            return Answer(status=Status.ACCEPTED, id=new_id())
        return self._store.accept(arrival, record)


class Forgetful(Proxy):
    """No version is known to be of an order that came before."""

    def accept(self, arrival: Arrival, record: Record | None) -> Answer:
        return self._store.accept(replace(arrival, order=os.urandom(32)), record)


class Replayed(Proxy):
    """A body is not known again."""

    def seen(self, *_: object) -> None:
        return None

    def accept(self, arrival: Arrival, record: Record | None) -> Answer:
        return self._store.accept(replace(arrival, body=os.urandom(32)), record)


class FirstWins(Proxy):
    """At equal times the earlier arrival is the newer one."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._count = count()

    def accept(self, arrival: Arrival, record: Record | None) -> Answer:
        earlier = arrival.updated_at - timedelta(microseconds=next(self._count))
        return self._store.accept(replace(arrival, updated_at=earlier), record)


class LastWins(Proxy):
    """Whatever arrives last is the newest."""

    def accept(self, arrival: Arrival, record: Record | None) -> Answer:
        return self._store.accept(replace(arrival, updated_at=arrival.received_at), record)


class Stubborn(Proxy):
    """A cancellation changes nothing once the parcel is under way."""

    def accept(self, arrival: Arrival, record: Record | None) -> Answer:
        halt = Reason.FULFILLED if arrival.halt is Reason.CANCELLED else arrival.halt
        return self._store.accept(replace(arrival, halt=halt), record)


class Impatient(Proxy):
    """A cancellation that fails counts as carried out."""

    def retry(self, stored: Stored, at: datetime, code: str, *, counted: bool) -> bool:
        if stored.cancelling:
            return self._store.gone(stored, at)
        return self._store.retry(stored, at, code, counted=counted)


class Hopeful(Proxy):
    """A parcel that is on its way counts as cancelled."""

    def too_late(self, stored: Stored, now: datetime, barcode: str | None = None) -> bool:
        return self._store.gone(stored, now)


class Silent(Proxy):
    """Nobody is told of what can no longer be changed."""

    def list(self, *asked: Any) -> Sequence[Summary]:
        return [replace(summary, changed_after_delivery=False) for summary in self._store.list(*asked)]


class Blind(Proxy):
    """A rejected version leaves what it puts out of date."""

    def reject(self, rejection: Rejection) -> Answer:
        return self._store.reject(replace(rejection, version=None))


CARRIERS: dict[str, tuple[Carrier, str]] = {
    "a 200 of anybody means cancelled": (Credulous(200), "a cancellation answered by somebody else"),
    "a 404 means that it will never come": (Credulous(404), "a request that arrives after all was cancelled"),
    "a 409 means cancelled": (Credulous(409), "changed after it was handed over"),
    "other bytes each time": (Restless(), "an answer that was lost"),
}
STORES: dict[str, tuple[Callable[[Store], Any], str]] = {
    "nothing is written": (Deaf, "changed before it went"),
    "every version is a new order": (Forgetful, "changed after it went"),
    "a replay is a newer version": (Replayed, "two versions of one minute, the first again"),
    "at equal times the first wins": (FirstWins, "two versions of one minute"),
    "the last arrival wins": (LastWins, "changed, the older version comes last"),
    "cancellations are ignored": (Stubborn, "cancelled after it went"),
    "the successor does not wait": (Impatient, "changed twice while nobody worked"),
    "on its way counts as cancelled": (Hopeful, "handed over before it could be cancelled"),
    "nobody is told": (Silent, "changed after it was handed over"),
    "a rejected version stops nothing": (Blind, "rejected before it went"),
}
"""What is broken, how, and the history that shows it."""
