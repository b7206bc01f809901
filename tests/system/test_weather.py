"""Every fault of the parcel platform, alone and mixed: what was acknowledged arrives, and once in its ledger.

Two services share the time that it takes: a fault that is a silence costs the relay twenty seconds. The long version is
``python -m benchmarks.weather``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from simulator.faults import AFTER_COMMIT, FaultName
from tests import postgres
from tests.system.processes import wait_for
from tests.system.weather import MIXED, Arrived, Weather, weather

LANES = {f"lane-{name.value}": name for name in FaultName}
ORDERS = 30
"""In mixed weather."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Under:
    """A service with orders under way."""

    line: Weather
    ids: list[str]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Under, Under]]:
    """On SQLite with one fault for each lane, and on PostgreSQL with all of them on one."""
    folder = tmp_path_factory.mktemp("weather")
    with ExitStack() as opened:
        server = opened.enter_context(postgres.server())
        alone = opened.enter_context(weather(folder / "alone", LANES))
        for lane, fault in LANES.items():
            alone.platforms[lane].faults.set({fault.value: 1.0})
        ids = [alone.accept(lane) for lane in LANES]
        mixed = opened.enter_context(weather(folder / "mixed", ("mixed",), postgres.database(server, "weather")))
        mixed.faults(MIXED)
        yield Under(line=alone, ids=ids), Under(line=mixed, ids=[mixed.accept("mixed") for _ in range(ORDERS)])


def test_each_fault_alone(both: tuple[Under, Under]) -> None:
    under, _ = both
    line = under.line
    failed = "SELECT 1 FROM records WHERE state = 'waiting' AND attempts = 1"
    wait_for(lambda: len(line.service.ask(failed)) == len(LANES), "a failed attempt on every lane", 60)
    assert {lane: line.met(lane) for lane in LANES} == {lane: [fault] for lane, fault in LANES.items()}
    line.settle()
    number, again = len(LANES), len(AFTER_COMMIT)
    assert line.arrived(under.ids) == Arrived(acknowledged=number, arrived=number, lost=0, doubled=0, again=again)
    posts = {lane: platform.platform.store.shipments()[0].posts for lane, platform in line.platforms.items()}
    assert posts == {lane: 2 if fault in AFTER_COMMIT else 1 for lane, fault in LANES.items()}
    assert line.elsewhere.seen == []


def test_all_faults_mixed_on_postgresql(both: tuple[Under, Under]) -> None:
    _, under = both
    line = under.line
    wait_for(lambda: len(line.met("mixed")) >= ORDERS, "a first attempt for every order", 100)
    assert any(line.met("mixed"))
    line.settle()
    told = line.arrived(under.ids)
    assert (told.acknowledged, told.arrived, told.lost, told.doubled) == (ORDERS, ORDERS, 0, 0)
    assert line.elsewhere.seen == []
