"""How the service ends, and how what cannot live is kept from spinning: on real processes."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.ports import HOST
from tests.system.orders import order
from tests.system.processes import alive, wait_for
from tests.system.rude import Reply, Rude, rude
from tests.system.stack import Json, Mock, Service, configure, headers, mock, shop

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Gate:
    """Holds every shipment back while it is shut; counts those that wait at it."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.waiting = 0
        self.opened.set()

    def __call__(self, _: bytes) -> Reply | None:
        if not self.opened.is_set():
            self.waiting += 1
            self.opened.wait(60)
        return None


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    with mock(tmp_path_factory.mktemp("platform")) as started:
        yield started


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="module")
def gated(platform: Mock, gate: Gate) -> Iterator[Rude]:
    with rude(platform.url, gate) as server:
        yield server


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, gated: Rude) -> Service:
    return configure(tmp_path_factory.mktemp("own"), {"plain": shop("plain")}, {"platform": gated.url}).prepare()


@pytest.fixture(scope="module")
def one(prepared: Service) -> Iterator[Service]:
    yield prepared
    if prepared.process is not None:
        prepared.stop()


@pytest.fixture
def service(one: Service, gate: Gate) -> Iterator[Service]:
    """It runs: started again if the test before has ended it."""
    if one.process is None:
        one.serve()
    yield one
    gate.opened.set()


def told_to_stop(service: Service, number: signal.Signals) -> None:
    """All are told at the same moment; it has come to them once those that have nothing in hand have ended."""
    assert service.process is not None
    service.process.popen.send_signal(number)
    wait_for(lambda: not service.running("api"), "the end of who has nothing in hand")


def ended(service: Service, family: list[int]) -> None:
    """Nothing runs any more, and the supervisor ended as it should."""
    assert service.process is not None
    assert service.process.popen.wait(30) == 0
    assert [pid for pid in family if alive(pid)] == []
    service.process = None


@contextmanager
def locked(service: Service) -> Iterator[None]:
    """Nobody can write to the database meanwhile."""
    descriptor = os.open(service.database / "parcelveil.db.lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def states(service: Service) -> Json:
    return dict(service.ask("SELECT id, state FROM records"))


@contextmanager
def sending(service: Service, body: bytes, sent: int) -> Iterator[socket.socket]:
    """A signed request under way: so many bytes of its body are sent, and the server has read all that was sent."""
    given = {
        "Host": HOST,
        "Connection": "close",
        "Content-Length": str(len(body)),
        **headers(body, "plain.myshopify.com"),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    with socket.create_connection((HOST, port_of(service)), timeout=20) as connection:
        connection.sendall(f"POST /webhooks/shopify/orders HTTP/1.1\r\n{head}\r\n".encode() + body[:sent])
        wait_for(lambda: has_read(service, connection), "the server to read it")
        yield connection


def port_of(service: Service) -> int:
    return int(service.url.rpartition(":")[2])


def has_read(service: Service, connection: socket.socket) -> bool:
    """Whether the server has accepted this connection (until then its end has no inode) and left nothing unread."""
    ends = f":{port_of(service):04X}", f":{connection.getsockname()[1]:04X}"
    for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        _, local, remote, _, queues, *rest = row.split()
        if (local[-5:], remote[-5:]) == ends:
            return int(queues.partition(":")[2], 16) == 0 and rest[4] != "0"
    return False


def answer_of(connection: socket.socket) -> tuple[int, Json]:
    """(status, body) of all that comes back."""
    head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    told: Json = json.loads(body)
    return int(head.split()[1]), told


@pytest.mark.parametrize("number", SIGNALS)
def test_what_is_in_hand_is_finished_and_nothing_else_is_taken(
    service: Service, platform: Mock, gate: Gate, number: signal.Signals
) -> None:
    family, before = service.pids(), gate.waiting
    wait_for(lambda: set(states(service).values()) <= {"delivered"}, "what an earlier test left behind")
    gate.opened.clear()
    ids = {service.post("plain", order()).json()["id"] for _ in range(3)}
    wait_for(lambda: gate.waiting == before + 3, "the deliveries")
    later = {service.post("plain", order()).json()["id"] for _ in range(6)}  # more than there are threads
    wait_for(lambda: gate.waiting == before + 4, "one more")
    requests_in_hand_are_answered(service, number)
    wait_for(lambda: not service.running("intake"), "the end of who has nothing in hand any more")
    gate.opened.set()
    ended(service, family)
    deliveries_in_hand_are_settled(states(service), platform, ids, later)
    with pytest.raises(requests.ConnectionError):
        service.post("plain", order())


def requests_in_hand_are_answered(service: Service, number: signal.Signals) -> None:
    """Three that wait for the database, and one whose body is read to its end."""
    bodies = [json.dumps(order()).encode() for _ in range(4)]
    with ExitStack() as stack:
        with locked(service):
            waiting = [stack.enter_context(sending(service, body, len(body))) for body in bodies[:3]]
            coming = stack.enter_context(sending(service, bodies[3], 100))
            told_to_stop(service, number)
            assert select.select([*waiting, coming], [], [], 0)[0] == []
        told = [answer_of(connection) for connection in waiting]
        assert service.running("intake")
        coming.sendall(bodies[3][100:])
        told.append(answer_of(coming))
    assert [(status, answer["status"]) for status, answer in told] == [(200, "accepted")] * 4
    assert {answer["id"] for _, answer in told} <= states(service).keys()


def deliveries_in_hand_are_settled(found: Json, platform: Mock, ids: set[str], later: set[str]) -> None:
    """Those that were under way, and one of the six that came later."""
    assert {found[id_] for id_ in ids} == {"delivered"}
    assert "claimed" not in found.values()
    assert {id_ for id_ in later if found[id_] == "delivered"} == later & platform.shipments().keys()
    assert sorted(found[id_] for id_ in later) == ["delivered", *["waiting"] * 5]


def died(service: Service, role: str) -> list[datetime]:
    """When the supervisor saw a process of that role dead."""
    lines = service.lines()
    return [
        datetime.fromisoformat(line["timestamp"])
        for line in lines
        if line["event"] == "process_died" and line["role"] == role
    ]


def has_died(service: Service, times: int) -> bool:
    return len(died(service, "relay")) == times


def test_what_cannot_start_does_not_spin_and_disturbs_nobody(service: Service, platform: Mock) -> None:
    key = service.folder / "keys" / "service" / "receipt.jwk"
    (intake,) = service.running("intake")[:1]
    before = len(died(service, "relay"))
    key.chmod(0o644)
    try:
        os.kill(service.running("relay")[0], signal.SIGKILL)
        for count, least in ((1, 1.0), (2, 2.0)):
            wait_for(partial(has_died, service, before + count), f"death {count}")
            wait_for(lambda: bool(service.running("relay")), "its successor")
            paused = datetime.now(UTC) - died(service, "relay")[-1]
            assert paused.total_seconds() > least - 0.1
            assert service.post("plain", order()).status_code == 200
    finally:
        key.chmod(0o600)
    assert service.running("intake")[0] == intake
    id_ = service.post("plain", order()).json()["id"]
    wait_for(lambda: id_ in platform.shipments(), "the delivery by the relay that came back")


def test_it_ends_while_a_process_waits_to_be_started_again(service: Service) -> None:
    key = service.folder / "keys" / "service" / "receipt.jwk"
    family = service.pids()
    before = len(died(service, "relay"))
    key.chmod(0o644)
    try:
        os.kill(service.running("relay")[0], signal.SIGKILL)
        wait_for(lambda: len(died(service, "relay")) > before, "its death")
        told_to_stop(service, signal.SIGTERM)
        ended(service, family)
    finally:
        key.chmod(0o600)


def test_one_of_every_role_after_the_other_loses_nothing(service: Service) -> None:
    ids: set[str] = set()
    for role in ("relay", "intake", "relay"):
        ids.add(service.post("plain", order()).json()["id"])
        os.kill(service.running(role)[-1], signal.SIGKILL)
        wait_for(lambda: service.answers("/readyz"), "readiness")
        ids.add(service.post("plain", order()).json()["id"])
    wait_for(
        lambda: "waiting" not in {state for id_, state in states(service).items() if id_ in ids},
        "every delivery but those that a killed one held until the end of its lease",
    )
    assert ids <= states(service).keys()
    assert "Traceback" not in service.log.read_text(encoding="utf-8")
