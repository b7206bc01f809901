from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from simulator.bpost.services import Services
from simulator.clock import Clock
from simulator.store import Store
from tests.simulator.bpost.bench import Asker

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(tmp_path_factory.mktemp("bpost") / "bpost.db")
    opened.run("PRAGMA synchronous = OFF")  # what a crash leaves is shown elsewhere
    yield opened
    opened.close()


@pytest.fixture
def bpost(store: Store) -> Iterator[Asker]:
    yield Asker(Services(store, Clock(real=lambda: NOW), "hush"))
    store.script("DELETE FROM bpost_order; DELETE FROM bpost_box; DELETE FROM sqlite_sequence")
