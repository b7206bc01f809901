from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from simulator.http import MockServer, Settings, running
from tests.simulator.bench import Client, Sealer


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        yield opened


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MockServer]:
    with running(Settings(state=tmp_path / "state", drip_seconds=0.05)) as started:
        yield started


@pytest.fixture
def client(server: MockServer, session: requests.Session) -> Client:
    return Client(server.url, session)


@pytest.fixture
def sealer(client: Client) -> Sealer:
    return Sealer(client.jwks())
