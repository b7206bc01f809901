"""R1 in small: every process is killed at odd moments, while the parcel platform fails three times in ten."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from tests.system.line import Line, tell
from tests.system.shopper import Shopper, kill
from tests.system.stack import configure, mock, serving, shop

FAULTS = {"_500": 0.1, "reset": 0.1, "truncated": 0.1}
ROUNDS = (("relay", 0.03), ("intake", 0.21), ("supervisor", 0.11), ("intake worker", 0.29), ("relay", 0.17))
"""Who is killed, and how many seconds after eight more orders were acknowledged: amid whatever is under way then."""


def test_what_was_acknowledged_survives_kills_and_arrives_once(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    tell(clock, datetime.now(UTC))
    with mock(tmp_path / "platform") as platform:
        server = {"clock": f"file:{clock}"}
        service = configure(tmp_path / "service", {"plain": shop("plain")}, {"platform": platform.url}, server=server)
        with serving(service):
            line = Line(service=service, platform=platform, clock=clock)
            platform.faults(**FAULTS)
            shopper = Shopper(service)
            for victim, pause in ROUNDS:
                shopper.wait_for_more(8)
                time.sleep(pause)
                kill(service, victim)
                line.move(seconds=130)  # leases end, the next attempts are due
            shopper.wait_for_more(8)
            shopper.stop()
            platform.faults()
            ids = set(shopper.acknowledged.values())
            deadline = time.monotonic() + 60
            while {state for (state,) in service.ask("SELECT state FROM records")} != {"delivered"}:
                assert time.monotonic() < deadline
                line.move(hours=1)
                line.rest()
            shipments = platform.shipments()
            names = [platform.opened(id_)["recipient.delivery"]["name"] for id_ in shipments]
    assert len(ids) > 40
    assert ids <= shipments.keys()  # nothing that was acknowledged is lost
    assert sorted(names) == sorted(set(names))  # and nothing is doubled
    assert len(shipments) == len(ids)
