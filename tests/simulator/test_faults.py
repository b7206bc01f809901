from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest
import requests

from simulator.faults import FaultName, Faults, read_rates
from simulator.http import MockServer, Settings, running
from tests.simulator.bench import Client, Sealer


def make(client: Client, name: str, rate: float = 1.0) -> None:
    assert client.call("PUT", "/_faults", json={name: rate}).json() == {name: rate}


def heal(client: Client) -> None:
    assert client.call("PUT", "/_faults", json={}).json() == {}


def raw_post(server: MockServer, body: bytes, key: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=5)
    head = f"POST /shipments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: {key}\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


@pytest.mark.parametrize(
    ("name", "status", "header"),
    [
        ("500", 500, None),
        ("429", 429, ("Retry-After", "1")),
        ("redirect", 302, ("Location", "http://elsewhere.invalid/shipments")),
        ("garbage", 200, ("Content-Type", "text/html")),
    ],
)
def test_a_wrong_answer_comes_before_any_effect(
    client: Client, sealer: Sealer, name: str, status: int, header: tuple[str, str] | None
) -> None:
    body = sealer.shipment("r-1")
    make(client, name)
    answer = client.post(body)
    assert answer.status_code == status
    assert header is None or answer.headers[header[0]] == header[1]
    ledger = client.ledger()
    assert ledger["shipments"] == {}
    assert [(entry["status"], entry["fault"]) for entry in ledger["requests"]] == [(status, name)]
    heal(client)
    assert client.post(body).status_code == 201


def test_garbage_is_no_json(client: Client) -> None:
    make(client, "garbage")
    with pytest.raises(ValueError, match="Expecting value"):
        client.get("/pickup-points").json()


@pytest.mark.parametrize(("name", "taken"), [("timeout", False), ("timeout-after-commit", True)])
def test_a_timeout_never_answers(client: Client, sealer: Sealer, name: str, taken: bool) -> None:
    body = sealer.shipment("r-1")
    make(client, name)
    with pytest.raises(requests.exceptions.ReadTimeout):
        client.post(body, timeout=0.6)
    assert [entry["status"] for entry in client.ledger()["requests"]] == [201 if taken else None]
    assert list(client.ledger()["shipments"]) == (["r-1"] if taken else [])
    heal(client)
    assert client.post(body).status_code == 201


def test_a_reset_is_a_reset_before_any_effect(client: Client, sealer: Sealer, server: MockServer) -> None:
    body = json.dumps(sealer.shipment("r-1")).encode()
    make(client, "reset")
    with raw_post(server, body, "r-1") as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)
    assert client.ledger()["shipments"] == {}
    assert [entry["status"] for entry in client.ledger()["requests"]] == [None]


def test_a_truncated_answer_comes_after_the_commit(client: Client, sealer: Sealer) -> None:
    make(client, "truncated")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        client.post(sealer.shipment("r-1"))
    assert list(client.ledger()["shipments"]) == ["r-1"]


def test_a_slow_answer_drips_after_the_commit(client: Client, sealer: Sealer, server: MockServer) -> None:
    body = json.dumps(sealer.shipment("r-1")).encode()
    make(client, "slow")
    with raw_post(server, body, "r-1") as connection:
        started = time.monotonic()
        pieces = [connection.recv(100) for _ in range(8)]
        passed = time.monotonic() - started
    assert b"".join(pieces) == b"HTTP/1.1"
    assert passed > 7 * 0.05
    assert list(client.ledger()["shipments"]) == ["r-1"]


def test_a_slow_answer_comes_whole_in_the_end(tmp_path: Path, session: requests.Session) -> None:
    with running(Settings(state=tmp_path, faults={"slow": 1}, drip_seconds=0.0001)) as server:
        client = Client(server.url, session)
        assert client.post(Sealer(client.jwks()).shipment("r-1")).json()["state"] == "created"


def test_faults_never_hit_keys_or_controls(client: Client) -> None:
    make(client, "500")
    for path in ("/.well-known/jwks.json", "/_health", "/_ledger"):
        assert client.get(path).status_code == 200
    assert client.get("/pickup-points").status_code == 500


def test_stopping_ends_what_hangs(tmp_path: Path) -> None:
    with running(Settings(state=tmp_path, faults={"timeout": 1})) as server:
        connection = raw_post(server, b"{}", "r-1")
        time.sleep(0.2)
        started = time.monotonic()
    with connection:
        assert connection.recv(1) == b""
    assert time.monotonic() - started < 3


def test_the_draw_is_repeatable_and_keeps_its_rates() -> None:
    rates = {"500": 0.2, "reset": 0.3}
    draws = [[Faults(rates, seed).draw() for _ in range(1)] for seed in (1, 1)]
    assert draws[0] == draws[1]
    first, again, other = (Faults(rates, seed) for seed in (7, 7, 8))
    drawn = [first.draw() for _ in range(2_000)]
    assert drawn == [again.draw() for _ in range(2_000)]
    assert drawn != [other.draw() for _ in range(2_000)]
    assert set(drawn) == {None, FaultName.ERROR, FaultName.RESET}
    assert abs(drawn.count(FaultName.ERROR) / 2_000 - 0.2) < 0.04
    assert abs(drawn.count(FaultName.RESET) / 2_000 - 0.3) < 0.04


@pytest.mark.parametrize("rates", [{"501": 0.1}, {"500": 1.1}, {"500": -0.1}, {"500": 0.6, "429": 0.6}])
def test_rates_that_cannot_be_are_refused(client: Client, rates: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"rates|not a valid"):
        read_rates(rates)
    assert client.call("PUT", "/_faults", json=rates).status_code == 422
    assert client.get("/pickup-points").status_code == 200


@pytest.mark.parametrize("content", [b"[]", b'{"500": "much"}', b'{"500": null}', b"{"])
def test_faults_that_make_no_sense_are_refused(client: Client, content: bytes) -> None:
    assert client.call("PUT", "/_faults", data=content).status_code == 422
