"""Servers on loopback that say what a test wants, and the way to them."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from middleware.errors import TransientDeliveryError
from middleware.exchange import Request
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
