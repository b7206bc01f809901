"""The tracking numbers at a shop's platform: whatever happens to an order, it has that of the parcel that is on its
way, and none where there is none.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from middleware.exchange import Delivered, Failed, Refused, Request, Response
from middleware.model import Arrival, IndexEntry, Reason, State, Stored
from middleware.model_back import LEASE_SECONDS, Back, Done, Fulfilment
from middleware.platforms.shopify_admin import ShopifyAdmin
from middleware.ports import Store
from middleware.ports_back import Outbox
from middleware.storage import open_outbox
from middleware.storage.tables import records
from middleware.storage.tables_back import listeners
from simulator import message, shopify_admin
from tests.middleware.platforms.making import settings
from tests.storage.builders import LATER, LEASE, NOW, UNTIL, again, arrival, digest, record
from tests.storage.test_outbox import listener

ORDER = 5_123_456_789_012
SHOP = settings(back=Back(fulfilment=Fulfilment(token="t")))
SPEAKER = ShopifyAdmin()
DISTURBED = 25
"""Of a hundred steps so many go wrong."""


@dataclass
class World:
    """One order: its shop's platform, the parcel platform, and Parcelveil between them."""

    store: Store
    outbox: Outbox
    chance: random.Random
    now: datetime = NOW
    well: bool = False
    """From here on nothing is disturbed."""
    first: Arrival = field(default_factory=arrival)
    version: int = 0
    shopify: shopify_admin.ShopifyAdmin = field(default_factory=shopify_admin.ShopifyAdmin)
    printed: dict[str, str] = field(default_factory=dict)
    """Record → barcode, of parcels that nobody cancelled."""
    said: list[str] = field(default_factory=list)

    def disturbed(self) -> bool:
        return not self.well and self.chance.randrange(100) < DISTURBED

    def step(self) -> None:
        """Something happens."""
        acts = [self.change] * 4 + [self.deliver] * 8 + [self.tell] * 6 + [self.nothing_to_ship, self.revive]
        act = self.chance.choice(acts)
        self.said.append(act.__name__)
        act()
        self.now += LATER

    def arrives(self, halt: Reason | None = None) -> None:
        self.version += 1
        values = {"updated_at": self.first.updated_at + self.version * LATER, "received_at": self.now, "halt": halt}
        came = again(self.first, **values)
        made = None
        if halt is None:
            told = listener(callback=False, fulfilment=True)
            entry = IndexEntry(kind="order.id", digest=self.first.order, until=UNTIL)
            made = record(content=digest(), listener=told, index=(entry,), due=self.now)
        self.store.accept(came, made)

    def change(self) -> None:
        self.arrives()

    def nothing_to_ship(self) -> None:
        self.arrives(Reason.NOTHING_TO_SHIP)

    def cancel(self) -> None:
        self.arrives(Reason.CANCELLED)

    def deliver(self) -> bool:
        """The relay takes what is due; or dies with it, is not heard, or is refused."""
        stored = self.store.claim(self.now, LEASE, "demo")
        if stored is None:
            return False
        if self.disturbed():
            self._fails(stored)
        elif stored.cancelling:
            self.store.gone(stored, self.now)
            self.printed.pop(stored.id, None)
        else:
            self.printed[stored.id] = f"B{self.version}{stored.id[:6]}"
            self.store.delivered(stored, Delivered(barcode=self.printed[stored.id], state="created"), self.now)
        return True

    def _fails(self, stored: Stored) -> None:
        what = self.chance.choice(["dies", "retry", "dead", "other"])
        self.said.append(what)
        if what == "retry":
            self.store.retry(stored, self.now + LATER, "timeout", counted=True)
        elif what == "dead":
            self.store.bury(stored, State.DEAD, "http-422", self.now)
        elif what == "other" and stored.cancelling and stored.id in self.printed:
            self.store.too_late(stored, self.now)
        elif what == "other" and not stored.cancelling:
            self.store.bury(stored, State.QUARANTINED, "tampered", self.now)

    def revive(self) -> None:
        """A person lets a dead letter go again."""
        for one in self.store.list([State.DEAD, State.HELD], "demo", 99):
            self.store.revive(one.id, self.now)

    def tell(self) -> bool:
        """The shop's platform is told one thing; or it is throttled, or whoever tells dies in the midst of it."""
        event = self.outbox.claim(self.now, LEASE_SECONDS, "demo")
        if event is None:
            return False
        self.shopify.throttle = int(self.disturbed())
        most = self.chance.randrange(4) if self.disturbed() else 99
        said: Any = SPEAKER.start(event, str(ORDER) if event.order_ref else None, SHOP, self.now)
        while isinstance(said, Request) and most:
            most -= 1
            headers = {name.lower(): value for name, value in said.headers.items()}
            asked = message.Request(method=said.method, target=said.path, headers=headers, body=said.body or b"")
            answer = self.shopify.answer(asked)
            response = Response(status=answer.status, headers={}, body=answer.body)
            said = SPEAKER.after(event, str(ORDER), SHOP, response)
        self.said.append(f"told {event.kind}: {type(said).__name__}")
        assert not isinstance(said, Refused), " ".join(self.said)
        if isinstance(said, Done):
            assert self.outbox.done(event)
        elif isinstance(said, Failed) and self.chance.randrange(3):
            self.outbox.again(event, self.now + LATER, said.code)
        elif isinstance(said, Failed):
            self.outbox.failed(event, said.code)
        return True

    def rest(self) -> None:
        """All that can happen by itself happens, and a person lets go what was given up."""
        self.well = True
        busy = True
        while busy:
            self.now += timedelta(seconds=LEASE_SECONDS + 1)
            self.revive()
            self.outbox.retry("demo", self.now)
            busy = any([self.deliver(), self.tell()])

    def has(self) -> list[str]:
        """The numbers that the shop's platform shows."""
        return [one["trackingInfo"]["number"] for one in self.shopify.order(ORDER).live()]


@pytest.fixture
def outbox(url: str) -> Iterator[Outbox]:
    with closing(open_outbox(url)) as opened:
        yield opened


@pytest.mark.parametrize("seed", range(6))
def test_at_rest_the_shop_has_the_number_of_the_parcel_that_is_on_its_way_and_no_other(
    store: Store, outbox: Outbox, behind: Engine, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be repeatable
    world = World(store, outbox, chance)
    world.change()
    for _ in range(chance.randrange(4, 30)):
        world.step()
    if chance.randrange(2):
        world.cancel()
    world.rest()
    assert len(world.printed) <= 1
    assert world.has() == list(world.printed.values()), " ".join(world.said)
    with behind.connect() as connection:
        ended = records.c.state.in_((State.CANCELLED, State.WITHDRAWN))
        rests = select(listeners.c.order_ref).join(records, records.c.id == listeners.c.record_id).where(ended)
        assert {*connection.execute(rests).scalars()} <= {None}
