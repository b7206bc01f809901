"""A shop that is told: it keeps what came, and answers as it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """One request: headers with names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Came], tuple[int, bytes]]


@dataclass
class Receiver:
    """``answer`` says what is answered: status and body; of a redirect the body is the place."""

    answer: Answer = lambda _: (204, b"")
    url: str = ""
    came: list[Came] = field(default_factory=list)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A shop on loopback, until the block ends."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = Came(method=self.command, path=self.path, headers=headers, body=body)
            receiver.came.append(one)
            status, said = receiver.answer(one)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", said.decode())
                said = b""
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        receiver.url = f"http://127.0.0.1:{server.server_port}"
        yield receiver
        server.shutdown()
