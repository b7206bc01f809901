"""Which addresses are dialled, and which never."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

import pytest

from middleware.errors import PermanentDeliveryError, TransientDeliveryError
from tests.middleware.serving import OK, POST, saying, serving, transport


class Resolver:
    """Stands in for the system's: gives these addresses, one list per question (the last for ever), and counts."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = answers
        self.asked = 0

    def __call__(self, host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [self._entry(address, port) for address in answer]

    def _entry(self, address: str, port: int) -> Any:
        if ":" in address:
            return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
        return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that a connection was attempted to; all attempts fail."""
    addresses: list[str] = []

    def connect(self: socket.socket, address: Any) -> None:
        addresses.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("middleware.transport._Socket.connect", connect, raising=False)
    return addresses


FORBIDDEN = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - dialled, never bound
    "0.1.2.3",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", FORBIDDEN)
@pytest.mark.policy("X-EGR-1")
def test_an_address_that_is_not_public_is_never_dialled(
    monkeypatch: pytest.MonkeyPatch, dialled: list[str], address: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver([address]))
    with (
        transport("https://platform.example", allow_private=()) as made,
        pytest.raises(PermanentDeliveryError) as caught,
    ):
        made.send(POST)
    assert caught.value.code == "egress-blocked"
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)
    assert dialled == []


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "::ffff:93.184.215.14"])
@pytest.mark.policy("X-EGR-1")
def test_a_public_address_is_dialled_over_tls_alone(
    monkeypatch: pytest.MonkeyPatch, dialled: list[str], address: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver([address]))
    with (
        transport("https://platform.example", allow_private=()) as made,
        pytest.raises(TransientDeliveryError) as caught,
    ):
        made.send(POST)
    assert caught.value.code == "connection"
    assert dialled == [address]
    with transport("http://platform.example", allow_private=()) as made, pytest.raises(PermanentDeliveryError):
        made.send(POST)
    assert dialled == [address]


@pytest.mark.policy("X-EGR-1")
def test_one_forbidden_address_among_several_blocks_all(monkeypatch: pytest.MonkeyPatch, dialled: list[str]) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(["93.184.215.14", "10.0.0.1"]))
    with transport("https://platform.example") as made, pytest.raises(PermanentDeliveryError):
        made.send(POST)
    assert dialled == []


def test_every_address_is_tried_in_turn(monkeypatch: pytest.MonkeyPatch, dialled: list[str]) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(["2606:2800:21f:cb07::1", "93.184.215.14"]))
    with transport("https://platform.example") as made, pytest.raises(TransientDeliveryError):
        made.send(POST)
    assert dialled == ["2606:2800:21f:cb07::1", "93.184.215.14"]


@pytest.mark.parametrize(
    ("address", "network"), [("10.1.2.3", "10.1.0.0/16"), ("::ffff:10.1.2.3", "10.1.2.3"), ("fd00::7", "fd00::/8")]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_private_network_that_is_named_may_be_dialled(
    monkeypatch: pytest.MonkeyPatch, dialled: list[str], scheme: str, address: str, network: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver([address], [address], ["10.2.0.1"]))
    allowed = (ipaddress.ip_network(network),)
    with transport(f"{scheme}://platform.example", allow_private=allowed) as made:
        with pytest.raises(TransientDeliveryError):
            made.send(POST)
        assert dialled == [address]
        with pytest.raises(TransientDeliveryError):
            made.send(POST)
        with pytest.raises(PermanentDeliveryError):
            made.send(POST)
    assert dialled == [address, address]


def test_a_name_that_cannot_be_resolved_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with transport("https://platform.example") as made, pytest.raises(TransientDeliveryError) as caught:
        made.send(POST)
    assert caught.value.code == "connection"


@pytest.mark.policy("X-EGR-1")
def test_a_name_that_changes_its_address_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: what was judged is dialled, whatever the next answer would be; a new connection is judged anew."""
    ends = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with serving(saying(ends)) as good, serving(saying(ends), ("127.0.0.2", good.port)) as bad:
        resolver = Resolver(["127.0.0.1"], ["127.0.0.2"])
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        with transport(f"http://platform.example:{good.port}") as made:
            assert made.send(POST).status == 200
            assert resolver.asked == 1
            with pytest.raises(PermanentDeliveryError):
                made.send(POST)
        assert resolver.asked == 2
        assert (len(good.visits), bad.visits) == (1, [])


def test_nobody_hears_of_a_request_that_is_blocked() -> None:
    with serving(saying(OK)) as server:
        with transport(server.origin, allow_private=()) as made, pytest.raises(PermanentDeliveryError):
            made.send(POST)
        with transport(server.origin) as made:
            made.send(POST)
    assert len(server.visits) == 1
