"""The service in bad weather: real processes, a real database, and parcel platforms that fail on purpose."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from middleware.errors import StorageError
from middleware.ports import Store
from middleware.storage import open_store
from simulator.faults import FaultName
from simulator.http import MockServer, Settings, running
from tests.system.line import tell
from tests.system.orders import order
from tests.system.rude import Reply, Rude, rude
from tests.system.stack import Service, configure, serving, shop

STEADY: Mapping[str, float] = {}
MIXED: Mapping[str, float] = {name.value: 0.3 / len(FaultName) for name in FaultName}
"""Three requests in ten meet a fault, whichever."""

NO_STATES = ("oldest_due", "unseen", "changed")
ENDED = ("delivered", "cancelled", "withdrawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What the ledgers tell of what was acknowledged. ``again`` counts how often a platform was sent what it had taken
    before: so many doubles would a platform make that does not honour the key.
    """

    acknowledged: int
    arrived: int
    lost: int
    doubled: int
    again: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """The service in a time of its own, and a platform for each lane; a shop bears the name of its lane.

    ``elsewhere`` is where redirects lead: nobody may come there.
    """

    service: Service
    clock: Path
    store: Store
    platforms: dict[str, MockServer]
    elsewhere: Rude

    def faults(self, rates: Mapping[str, float]) -> None:
        """On all lanes, from now on."""
        for platform in self.platforms.values():
            platform.faults.set(rates)

    def accept(self, lane: str) -> str:
        """Send a new order that must be accepted; the record's id."""
        answer = self.service.post(lane, order())
        assert (answer.status_code, answer.json()["status"]) == (200, "accepted"), answer.text
        id_: str = answer.json()["id"]
        return id_

    def met(self, lane: str) -> list[str | None]:
        """The fault that every shipment sent on this lane met, or None, in order."""
        return [fault for _, _, method, *_, fault in self.platforms[lane].platform.store.requests() if method == "POST"]

    def move(self, **by: float) -> None:
        """Let time pass for the service."""
        now = datetime.fromisoformat(self.clock.read_text(encoding="ascii"))
        tell(self.clock, now + timedelta(**by))

    def waiting(self) -> int:
        """How many records have not ended; at least one while the database is too busy to tell."""
        try:
            counts = self.store.counts()
        except StorageError:
            return 1
        return sum(int(count) for state, count in counts.items() if state not in (*ENDED, *NO_STATES))

    def settle(self, seconds: float = 120.0) -> None:
        """The sun shines, and time runs until everything has ended. Raises: AssertionError if it never does."""
        self.faults(STEADY)
        until = time.monotonic() + seconds
        while left := self.waiting():
            assert time.monotonic() < until, f"{left} records do not come to an end"
            self.move(minutes=20)  # a lane that was paused goes on, a lease ends, an attempt is due
            time.sleep(0.5)

    def arrived(self, acknowledged: Collection[str]) -> Arrived:
        """Compare what was acknowledged with the ledgers: ids by ids, and who receives by who receives."""
        found = [(platform, one) for platform in self.platforms.values() for one in platform.platform.store.shipments()]
        ids = {one.id for _, one in found}
        names = [_name(platform, one.id) for platform, one in found]
        return Arrived(
            acknowledged=len(acknowledged),
            arrived=len(ids & set(acknowledged)),
            lost=len(set(acknowledged) - ids),
            doubled=len(names) - len(set(names)),
            again=sum(one.posts - 1 for _, one in found),
        )


def _name(platform: MockServer, id_: str) -> str:
    parts = platform.platform.opened(id_)["parts"]
    assert isinstance(parts, dict)
    return str(parts["recipient.delivery"]["name"])


@contextmanager
def weather(folder: Path, lanes: Iterable[str], database: str | None = None) -> Iterator[Weather]:
    """A service with these lanes, on SQLite or on the PostgreSQL database of that URL."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = folder / "clock"
    tell(clock, datetime.now(UTC))
    with ExitStack() as opened:
        elsewhere = opened.enter_context(rude("http://nowhere.invalid", lambda _: Reply(status=200)))
        platforms = {
            lane: opened.enter_context(running(Settings(state=folder / lane, elsewhere=f"{elsewhere.url}/shipments")))
            for lane in lanes
        }
        service = configure(
            folder / "service",
            {lane: shop(lane, carrier=lane) for lane in platforms},
            {lane: platform.url for lane, platform in platforms.items()},
            server={"clock": f"file:{clock}", "log_level": "INFO", **({"database": database} if database else {})},
        )
        opened.enter_context(serving(service))
        store = open_store(database or f"sqlite:///{service.database}/parcelveil.db")
        opened.callback(store.close)
        yield Weather(service=service, clock=clock, store=store, platforms=platforms, elsewhere=elsewhere)
