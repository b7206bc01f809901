"""The simulated platform's HTTP server: threads and bare sockets, so that it can also fail as networks fail.

HTTP/1.1 with a Content-Length, as API clients speak it; anything else is refused.
"""

from __future__ import annotations

import select
import socket
import struct
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from simulator.api import Api
from simulator.bpost.services import speaks
from simulator.bpost.switches import Switches
from simulator.errors import RefusedError
from simulator.faults import AFTER_COMMIT, FaultName, Faults
from simulator.message import Answer, Request, problem
from simulator.platform import Platform
from simulator.receipt import ReceiptKeys, fetcher

MAX_BODY = 2_000_000
MAX_IMAGE_BODY = 22_000_000
WITH_IMAGES = "/records/mystamp"
"""Longest request body, in bytes."""
IDLE_SECONDS = 60
POLL_SECONDS = 0.1
ELSEWHERE = "http://elsewhere.invalid/shipments"

CLOSE_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER with zero seconds: closing sends RST."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Settings:
    """How to run it. ``listen`` is ``host:port`` (0: any free port), ``receipt_keys`` an address or file of a JWKS."""

    state: Path
    listen: str = "127.0.0.1:0"
    receipt_keys: str | None = None
    faults: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    token: str | None = None
    passphrase: str | None = None  # of bpost's services; None: any will do
    switches: Switches = field(default_factory=Switches)
    drip_seconds: float = 0.25  # between two bytes of a slow answer
    elsewhere: str = ELSEWHERE  # where a redirect leads


class MockServer(ThreadingHTTPServer):
    """The server, listening from its making on. ``url`` is where."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, settings: Settings) -> None:
        host, _, port = settings.listen.rpartition(":")
        receipts = ReceiptKeys(fetcher(settings.receipt_keys)) if settings.receipt_keys else None
        self.faults = Faults(settings.faults, settings.seed)
        self.drip_seconds = settings.drip_seconds
        self.instead = {**INSTEAD, FaultName.REDIRECT: Answer(status=302, headers={"Location": settings.elsewhere})}
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self.platform = Platform(settings.state, receipts=receipts)
        try:
            super().__init__((host, int(port)), Handler)
        except OSError:
            self.platform.close()
            raise
        self.api = Api(self.platform, self.faults, settings.token, settings.passphrase)
        self.api.bpost.turn(settings.switches)
        self.url = f"http://{host}:{self.server_address[1]}"

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept, and remember the connection so that stopping can end it."""
        accepted = super().get_request()
        self._open.add(accepted[0])
        return accepted

    def close_request(self, request: Any) -> None:
        """Close, and forget the connection."""
        self._open.discard(request)
        super().close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - as the base class calls it
        """Say what kind of error ended a connection; its text may hold what a client sent."""
        if not self.stopping.is_set():
            sys.stderr.write(f"connection ended by {type(sys.exception()).__name__}\n")

    def stop(self) -> None:
        """Stop serving, end what is open, close the files."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            _hang_up(connection)
        self.platform.close()


@contextmanager
def running(settings: Settings) -> Iterator[MockServer]:
    """The simulated platform, serving in threads of this process until the block ends."""
    server = MockServer(settings)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, name="mock")
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server: MockServer

    def do_GET(self) -> None:
        """Read one request, do what it asks, answer."""
        try:
            request = Request(
                method=self.command,
                target=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self._read_body(),
            )
        except RefusedError as refusal:
            self.close_connection = True
            self._send(problem(refusal))
            return
        if request.control:
            self._send(self.server.api.answer(request))
        else:
            self._serve(request)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that the base class looks for

    def send_error(
        self,
        code: int,
        message: str | None = None,  # noqa: ARG002 - the base class's signature
        explain: str | None = None,  # noqa: ARG002 - the base class's signature
    ) -> None:
        """What the base class finds malformed is answered like any refusal; nothing of the request is repeated."""
        self.close_connection = True
        self._send(problem(RefusedError(code, "malformed-request")))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name for it
        """Nothing is logged: the ledger tells it all."""

    def _read_body(self) -> bytes:
        if "transfer-encoding" in self.headers:
            raise RefusedError(411, "length-required")
        lengths = self.headers.get_all("content-length", ["0"])
        if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            raise RefusedError(400, "malformed-request")
        if int(lengths[0]) > (MAX_IMAGE_BODY if self.path == WITH_IMAGES else MAX_BODY):
            raise RefusedError(413, "too-large")
        body = self.rfile.read(int(lengths[0]))
        if len(body) != int(lengths[0]):
            raise RefusedError(400, "malformed-request")
        return body

    def _serve(self, request: Request) -> None:
        fault = self.server.faults.draw()
        platform = self.server.platform
        seq = platform.store.received(
            at=platform.clock.now().isoformat(),
            method=request.method,
            path=request.target,
            key=request.headers.get("idempotency-key"),
            body=request.body,
            fault=fault,
        )
        if fault is None or fault in AFTER_COMMIT:
            answer: Answer | None = self.server.api.answer(request)
        else:
            answer = self._instead(request, fault)
        if answer is not None:
            platform.store.answered(seq, answer.status)
        self._finish(fault, answer)

    def _instead(self, request: Request, fault: FaultName) -> Answer | None:
        """What is said in the place of an answer, None for nothing."""
        if fault is FaultName.ERROR and speaks(request.path):
            return self.server.api.bpost.unwell(500)
        return self.server.instead.get(fault)

    def _finish(self, fault: FaultName | None, answer: Answer | None) -> None:
        if fault is FaultName.RESET:
            self._reset()
        elif answer is None or fault is FaultName.TIMEOUT_AFTER_COMMIT:
            self._hold()
        elif fault is FaultName.SLOW:
            self._drip(_written(answer))
        elif fault is FaultName.TRUNCATED:
            self.close_connection = True
            self.wfile.write(_written(answer, missing=64))
        else:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.wfile.write(_written(answer, close=self.close_connection))

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CLOSE_AT_ONCE)
        # An orderly end would come first if the server closed it: take the descriptor away from it.
        socket.close(self.connection.detach())

    def _hold(self) -> None:
        self.close_connection = True
        while not self.server.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], POLL_SECONDS)
            if readable:  # the client has hung up (or talks on, which it may not)
                return

    def _drip(self, content: bytes) -> None:
        self.close_connection = True
        for index in range(len(content)):
            if self.server.stopping.wait(self.server.drip_seconds):
                return
            try:
                self.wfile.write(content[index : index + 1])
            except OSError:
                return  # the client has had enough


INSTEAD: Mapping[FaultName, Answer] = {
    FaultName.ERROR: problem(RefusedError(500, "fault")),
    FaultName.BUSY: replace(problem(RefusedError(429, "fault")), headers={"Retry-After": "1"}),
    FaultName.REDIRECT: Answer(status=302, headers={"Location": ELSEWHERE}),
    FaultName.GARBAGE: Answer(status=200, body=b"<html>not what you asked for</html>", media="text/html"),
}
"""What is said in the place of an answer."""


def _written(answer: Answer, *, missing: int = 0, close: bool = False) -> bytes:
    """An answer in bytes; with ``missing``, its Content-Length promises so many bytes more than follow."""
    headers = {
        "Content-Type": answer.media,
        "Content-Length": str(len(answer.body) + missing),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        **answer.headers,
        **({"Connection": "close"} if close or missing else {}),
    }
    if answer.status == 204:
        del headers["Content-Type"], headers["Content-Length"]
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join((*lines, "", "")).encode("latin-1") + answer.body


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        connection.shutdown(socket.SHUT_RDWR)
