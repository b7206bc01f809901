"""A parcel platform that answers shipments as a test wants it to, for instance with what it was sent.

All else it hands on to the simulated platform. It keeps what it was sent, headers and all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.ports import HOST
from tests.system.processes import SECONDS
from tests.system.stack import TOKEN, session


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a shipment is answered with."""

    status: int
    reason: str = "Rude"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


Answering = Callable[[bytes], Reply | None]


class Rude(ThreadingHTTPServer):
    """The server. ``reply`` answers a shipment's body, None hands it on; ``seen`` holds requests as they came."""

    daemon_threads = True

    def __init__(self, upstream: str, reply: Answering) -> None:
        super().__init__((HOST, 0), _Handler)
        self.upstream = upstream
        self.reply = reply
        self.seen: list[bytes] = []
        self.url = f"http://{HOST}:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Rude

    def do_GET(self) -> None:
        """Hand on, or answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.seen.append(self.requestline.encode("latin-1") + b"\n" + self.headers.as_bytes() + body)
        reply = self.server.reply(body) if self.command == "POST" else None
        self._say(reply or self._handed_on(body))

    do_POST = do_DELETE = do_GET  # noqa: N815 - the names that the base class looks for

    def _handed_on(self, body: bytes) -> Reply:
        names = ("Content-Type", "Idempotency-Key")
        headers = {name: self.headers[name] for name in names if name in self.headers}
        target = self.server.upstream + self.path
        headers["Authorization"] = f"Bearer {TOKEN}"
        answer = session().request(self.command, target, headers=headers, data=body, timeout=SECONDS)
        return Reply(status=answer.status_code, body=answer.content)

    def log_message(self, *_: object) -> None:
        """Nothing: what came is in ``seen``."""

    def _say(self, reply: Reply) -> None:
        self.send_response(reply.status, reply.reason)
        for name, value in (*reply.headers, ("Content-Length", str(len(reply.body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)


@contextmanager
def rude(upstream: str, reply: Answering) -> Iterator[Rude]:
    """Such a platform, until the block ends."""
    server = Rude(upstream, reply)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
