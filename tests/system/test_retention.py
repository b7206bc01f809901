"""Thirteen months pass, and then ten years: recipients' parts go, here and at the parcel platform, and senders' stay
until their own day comes. Real processes, real HTTP; the time of both sides is turned by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, time, timedelta

import pytest

from middleware.core.calendar import BRUSSELS, end, today
from tests.system.line import Line, tell
from tests.system.orders import examples
from tests.system.processes import SECONDS, wait_for
from tests.system.stack import configure, mock, serving, shop

RECIPIENT = {"recipient.delivery", "recipient.notification"}
SENDER = "sender.contact"


@pytest.fixture
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    folder = tmp_path_factory.mktemp("retention")
    clock = folder / "clock"
    tell(clock, datetime.now(UTC))
    with ExitStack() as opened:
        platform = opened.enter_context(mock(folder / "platform"))
        shops = {"demo": shop("demo", notify="email")}
        carriers = {"platform": platform.url}
        service = configure(folder / "service", shops, carriers, server={"clock": f"file:{clock}"})
        opened.enter_context(serving(service))
        yield Line(service=service, platform=platform, clock=clock)


def turn(line: Line, moment: datetime) -> None:
    """Turn the clock of both sides."""
    asked = {"now": moment.isoformat()}
    assert line.platform.client.put(f"{line.platform.url}/_clock", json=asked, timeout=SECONDS).status_code == 200
    tell(line.clock, moment)


def here(line: Line, id_: str) -> set[str]:
    """The parts whose time is not over here."""
    asked = f"SELECT name FROM parts WHERE record_id = '{id_}' AND ended_at IS NULL"  # noqa: S608 - our own id
    return {row[0] for row in line.service.ask(asked)}


def there(line: Line, id_: str) -> set[str]:
    """The parts that the platform can read, after a look that it cannot merely not read the others."""
    return set(line.platform.opened(id_))


def metric(line: Line, name: str) -> float:
    told = line.platform.client.get(f"{line.service.metrics}/metrics", timeout=SECONDS).text
    found = re.search(rf"^{re.escape(name)} (\S+)$", told, re.M)
    assert found is not None, name
    return float(found[1])


@pytest.mark.policy("VP-RET-3", "VP-RET-4", "AMB-2", "AMB-3", "AMB-4", "AMB-20")
def test_each_part_goes_on_its_own_day_here_and_at_the_platform(line: Line) -> None:
    intake = today(line.now)
    id_ = line.accept("demo", examples()["01-domestic-full.json"])
    line.wait(id_, "delivered")
    everything = {*RECIPIENT, SENDER}
    assert here(line, id_) == there(line, id_) == everything

    midnight = datetime.combine(end(intake, "P13M") + timedelta(days=1), time(), BRUSSELS).astimezone(UTC)
    turn(line, midnight - timedelta(seconds=1))
    refused = line.service.typed("purge")
    assert refused.returncode == 1
    assert "--accept-clock" in refused.stderr
    assert metric(line, "parcelveil_purge_stopped") == 1.0
    assert line.service.typed("purge", "--accept-clock").returncode == 0
    assert metric(line, "parcelveil_purge_stopped") == 0.0
    assert here(line, id_) == there(line, id_) == everything

    turn(line, midnight)
    assert line.service.typed("purge").returncode == 0
    assert here(line, id_) == {SENDER}
    wait_for(lambda: there(line, id_) == {SENDER}, "the erasure at the platform")
    erased = {entry["path"] for entry in line.platform.ledger()["requests"] if entry["method"] == "DELETE"}
    assert erased == {f"/shipments/{id_}/parts/{part}" for part in RECIPIENT}
    wait_for(lambda: metric(line, 'parcelveil_notices_open{state="waiting"}') == 0.0, "what was told to be settled")

    last = datetime.combine(end(intake, "P10Y") + timedelta(days=1), time(), BRUSSELS).astimezone(UTC)
    turn(line, last - timedelta(seconds=1))
    assert line.service.typed("purge", "--accept-clock").returncode == 0
    assert here(line, id_) == there(line, id_) == {SENDER}
    turn(line, last)
    assert line.service.typed("purge").returncode == 0
    wait_for(lambda: there(line, id_) == set(), "the erasure at the platform")
    for table in ("records", "parts", "index_entries", "orders", "inbox", "removals"):
        assert line.service.ask(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608 - ours
