"""Real sockets on loopback: what a hostile or broken server can do."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from middleware.errors import TransientDeliveryError
from middleware.exchange import Request
from tests.middleware.serving import OK, POST, Server, code_of, saying, serving, transport


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
