"""Real sockets on loopback: which addresses are dialled, and what a hostile or broken server can do."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from middleware.errors import PermanentDeliveryError, TransientDeliveryError
from middleware.model import Request
from middleware.transport import HttpTransport

LOOPBACK = (ipaddress.ip_network("127.0.0.1"),)
POST = Request(method="POST", path="/shipments", headers={}, body=b'{"a": 1}')
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Server:
    """A server on loopback that says what its script says, and remembers who came and what was asked."""

    port: int
    visits: list[bytes] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, connection: socket.socket) -> bytes:
        """Read one whole request, head and body; empty when the client left."""
        heard = bytearray()
        while b"\r\n\r\n" not in heard:
            piece = connection.recv(65536)
            if not piece:
                return b""
            heard += piece
        head, _, body = heard.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
        while lengths and len(body) < int(lengths[0]):
            body += connection.recv(65536)
        self.visits.append(bytes(head + b"\r\n\r\n" + body))
        return self.visits[-1]


Script = Callable[[Server, socket.socket], None]


@contextmanager
def serving(script: Script, address: tuple[str, int] = ("127.0.0.1", 0)) -> Iterator[Server]:
    with socket.create_server(address) as listener:
        server = Server(listener.getsockname()[1])
        threads: list[threading.Thread] = []

        def talk(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                script(server, connection)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threads.append(threading.Thread(target=talk, args=(connection,)))
                    threads[-1].start()

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join(5)
            for thread in threads:
                thread.join(5)


def saying(*pieces: bytes, pause: float = 0.0, again: bool = False) -> Script:
    def script(server: Server, connection: socket.socket) -> None:
        while server.ask(connection):
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            if not again:
                return

    return script


@contextmanager
def transport(origin: str, **options: Any) -> Iterator[HttpTransport]:
    made = HttpTransport(origin, **{"allow_private": LOOPBACK, **options})
    try:
        yield made
    finally:
        made.close()


def code_of(server: Server, request: Request = POST, **options: Any) -> str:
    with transport(server.origin, **options) as made, pytest.raises(TransientDeliveryError) as caught:
        made.send(request)
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)
    return caught.value.code


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


# ---- which addresses -------------------------------------------------------------------------------------------------

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


# ---- what a server can do --------------------------------------------------------------------------------------------


def test_a_redirect_is_not_followed() -> None:
    with serving(saying(OK)) as other:
        moved = f"HTTP/1.1 307 Moved\r\nLocation: {other.origin}/x\r\nContent-Length: 0\r\n\r\n".encode()
        with serving(saying(moved)) as server, transport(server.origin) as made:
            response = made.send(POST)
    assert (response.status, response.headers["location"]) == (307, f"{other.origin}/x")
    assert (len(server.visits), other.visits) == (1, [])


def test_the_body_of_a_redirect_is_capped_too() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000
    with serving(saying(moved)) as server:
        assert code_of(server, cap=100_000) == "too-large"


def test_connections_are_used_again_and_cookies_forgotten() -> None:
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}"
    with serving(saying(answer, again=True)) as server, transport(server.origin, total=1.0) as made:
        assert made.send(POST).body == b"{}"
        time.sleep(1.1)  # the deadline of the first exchange must not end the second
        assert made.send(POST).body == b"{}"
    assert len(server.visits) == 2
    assert b"cookie" not in b"".join(server.visits).lower()


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(saying(OK)) as server, transport(server.origin) as made:
        assert made.send(POST).status == 200
    assert b"authorization" not in server.visits[0].lower()
    assert server.visits[0].endswith(b'\r\n\r\n{"a": 1}')


def test_a_silent_server_times_out() -> None:
    with serving(saying(b"", pause=0.6)) as server:
        assert code_of(server, read=0.1) == "timeout"


def test_a_server_that_stops_within_the_body_times_out() -> None:
    with serving(saying(OK[:-1], pause=0.6)) as server:
        assert code_of(server, read=0.1) == "timeout"


STEADY = 400  # pieces: twenty seconds of dripping
DRIPS = {
    "status line": [b"H", *[b"T"] * STEADY],
    "headers": [b"HTTP/1.1 200 OK\r\nX: ", *[b"y"] * STEADY],
    "body": [b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n", *[b"x"] * STEADY],
    "chunks": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * STEADY],
    "without a length": [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * STEADY],
}


@pytest.mark.parametrize("drip", DRIPS)
def test_a_steady_drip_ends_at_the_deadline(drip: str) -> None:
    with serving(saying(*DRIPS[drip], pause=0.05)) as server:
        began = time.monotonic()
        assert code_of(server, read=5, total=0.3) == "timeout"
        assert 0.25 < time.monotonic() - began < 5


def test_a_server_that_does_not_read_ends_at_the_deadline() -> None:
    done = threading.Event()

    def deaf(server: Server, connection: socket.socket) -> None:
        done.wait(10)

    with serving(deaf) as server:
        body = Request(method="POST", path="/", headers={}, body=b"x" * 15_000_000)
        began = time.monotonic()
        assert code_of(server, body, total=0.3) == "timeout"
        assert time.monotonic() - began < 5
        done.set()


def test_the_time_to_connect_is_no_limit_for_a_long_body() -> None:
    def late(server: Server, connection: socket.socket) -> None:
        time.sleep(0.5)
        server.ask(connection)
        connection.sendall(OK)

    with serving(late) as server, transport(server.origin, connect=0.1) as made:
        assert made.send(Request(method="POST", path="/", headers={}, body=b"x" * 15_000_000)).status == 200


def test_small_packets_are_sent_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made_sockets: list[socket.socket] = []
    connect = socket.socket.connect

    def remember(self: socket.socket, address: Any) -> None:
        made_sockets.append(self)
        connect(self, address)

    monkeypatch.setattr("middleware.transport._Socket.connect", remember, raising=False)
    with serving(saying(OK, again=True)) as server, transport(server.origin) as made:
        made.send(POST)
        assert [sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for sock in made_sockets] == [1]


def test_every_thread_has_a_deadline_of_its_own() -> None:
    def script(server: Server, connection: socket.socket) -> None:
        while heard := server.ask(connection):
            for piece in DRIPS["body"] if b"/drip" in heard else [OK]:
                connection.sendall(piece)
                time.sleep(0.02)

    def drip() -> None:
        with pytest.raises(TransientDeliveryError):
            made.send(Request(method="GET", path="/drip", headers={}, body=None))

    with serving(script) as server, transport(server.origin, total=0.3) as made:
        thread = threading.Thread(target=drip)
        thread.start()
        for _ in range(50):
            assert made.send(POST).status == 200
            thread.join(0.1)
            if not thread.is_alive():
                break
        assert not thread.is_alive()


CUT = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
    "nothing": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
    "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
    "last chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
}


@pytest.mark.parametrize("cut", CUT)
def test_a_cut_answer_is_no_answer(cut: str) -> None:
    with serving(saying(CUT[cut])) as server:
        assert code_of(server) == "truncated"


GARBAGE = {
    "nothing": b"",
    "no HTTP": b"\x00\xff\r\n\r\n",
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 101 + b"Content-Length: 2\r\n\r\n{}",
    "a huge header": b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_no_connection(garbage: str) -> None:
    with serving(saying(GARBAGE[garbage])) as server:
        assert code_of(server) == "connection"


def test_a_reset_is_no_connection() -> None:
    def reset(server: Server, connection: socket.socket) -> None:
        server.ask(connection)
        connection.sendall(OK[:-1])
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    with serving(reset) as server:
        assert code_of(server) == "connection"


def test_nobody_there_is_no_connection() -> None:
    with serving(saying(OK)) as server:
        pass
    assert code_of(server) == "connection"


def test_an_endless_body_is_capped() -> None:
    def endless(server: Server, connection: socket.socket) -> None:
        server.ask(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with serving(endless) as server:
        assert code_of(server, cap=1_000_000) == "too-large"


def test_after_a_failure_the_next_exchange_is_whole() -> None:
    def script(server: Server, connection: socket.socket) -> None:
        server.ask(connection)
        connection.sendall(OK if len(server.visits) > 1 else CUT["length"])

    with serving(script) as server, transport(server.origin) as made:
        with pytest.raises(TransientDeliveryError):
            made.send(POST)
        assert made.send(POST).body == b"{}"
