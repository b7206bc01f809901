"""``examples/plug-in/ship.sh``: an order's id reaches the service as it is, whatever stands in it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.docs.reading import TREE

ID = "6f1d0a52-0c3e-4b6a-9a51-2f0f6c1b7e01"


class Lane(ThreadingHTTPServer):
    """Knows one shipment, by whatever order, and notes what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.came: list[tuple[str, str, list[tuple[str, str]]]] = []


class Asked(BaseHTTPRequestHandler):
    server: Lane

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        self.server.came.append((self.command, asked.path, parse_qsl(asked.query, keep_blank_values=True)))
        body = f'{{"id": "{ID}"}}'.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_DELETE = do_GET  # noqa: N815 - the base class looks for methods by these names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class names it
        pass


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    with Lane() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("order", ["5001", "A&B=1", "#50 01", "50%2B01+", "é@5001"])
def test_the_orders_id_is_told_as_it_is(lane: Lane, order: str) -> None:
    lane.came.clear()
    given = {
        "PARCELVEIL_URL": f"http://127.0.0.1:{lane.server_port}",
        "PARCELVEIL_SHOP": "demo",
        "PARCELVEIL_TOKEN": "t",
    }
    for word in ("state", "cancel"):
        script = ["/bin/sh", str(TREE / "examples" / "plug-in" / "ship.sh"), word, order]
        subprocess.run(script, env={**given, "PATH": os.environ["PATH"]}, check=True, capture_output=True, timeout=30)
    path = "/v1/shops/demo/shipments"
    looked = ("GET", path, [("order", order)])
    assert lane.came == [looked, looked, ("DELETE", f"{path}/{ID}", [])]
