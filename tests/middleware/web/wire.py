"""Requests as bytes, and all that comes back."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from tests.middleware.web.conftest import NOWHERE, ORDERS, SECRETS, SHOPS, furnish
from tests.ports import HOST
from tests.system.orders import order
from tests.system.processes import SECONDS
from tests.system.stack import Service, configure, headers, sign

BODY = json.dumps(order(test=True)).encode()  # ignored, so that it may be sent again and again
GOOD, BAD = sign(BODY), sign(b"another body")
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


def exchange(server: Service, request: bytes, *, half_close: bool = False, url: str | None = None) -> bytes:
    """Everything that comes back until the server closes, or says nothing for a while."""
    port = int((url or server.url).rpartition(":")[2])
    with socket.create_connection((HOST, port), timeout=10) as connection:
        try:
            connection.sendall(request)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it answered before it had read all
        connection.settimeout(1.5)
        answer = bytearray()
        try:
            while piece := connection.recv(65536):
                answer += piece
        except (TimeoutError, ConnectionResetError):
            pass
    return bytes(answer)


def statuses(answer: bytes) -> list[int]:
    """The status of every response."""
    return [int(status) for status in STATUS.findall(answer)]


def head(*lines: str, without: str = "", target: str = ORDERS) -> bytes:
    """A signed request's head with more lines in it, and without the header of that name."""
    given = {"Host": "shop.example", "Connection": "close", **headers(BODY, "plain.myshopify.com")}
    fixed = [f"{name}: {value}" for name, value in given.items() if name.lower() != without.lower()]
    return "\r\n".join([f"POST {target} HTTP/1.1", *fixed, *lines, "", ""]).encode("latin-1")


LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = "Transfer-Encoding: chunked"


def chunks(body: bytes, size: int = 100, extension: bytes = b"") -> bytes:
    """A body in chunks, with its end."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces) + b"0\r\n\r\n"


PERSON = "Persoon-Xy7Qz"
"""A value that must come back nowhere: in every body, header and address that is refused."""


MOST_GROWTH = 64 * 1024
"""KiB by which the memory of a process may have grown in the end."""


@contextmanager
def under_attack(folder: Path) -> Iterator[Service]:
    """The role ``intake`` as ``serve`` starts it, once it has served; what was done to it is judged at the end."""
    service = configure(folder, SHOPS, {"platform": NOWHERE})
    furnish(service, datetime.now(UTC)).serve("--role", "intake", **SECRETS)

    def serves() -> bool:
        return bool(service.post("plain", order()).json()["status"] == "accepted")

    for name in 3 * ("plain", "strict"):
        assert service.post(name, order()).status_code == 200
    with judged(service, "intake", serves, GOOD):
        yield service


@contextmanager
def judged(service: Service, role: str, serves: Callable[[], bool], *secrets: str) -> Iterator[None]:
    """What is done to the process of that role is judged at the end: it is the same, no larger, serves, and said
    nothing that it must not say. The service is stopped.
    """
    try:
        worker, before = service.running(role)[-1], memory(service, role)
        yield
        assert service.running(role)[-1] == worker
        grown = memory(service, role) - before
        assert grown < MOST_GROWTH, f"{grown} KiB more than before"
        assert serves()
    finally:
        service.stop()
    log = service.log.read_text(encoding="utf-8")
    assert [text for text in (PERSON, "Traceback", *secrets) if text in log] == []
    failures = [line for line in service.lines() if line["level"] == "error"]
    assert {line["event"] for line in failures} <= {"platform_keys_not_refreshed"}  # nobody is there to ask


def memory(service: Service, role: str) -> int:
    """What the process that answers holds, in KiB."""
    text = Path(f"/proc/{service.running(role)[-1]}/status").read_text(encoding="ascii")
    return int(text.partition("VmRSS:")[2].split()[0])


def send(service: Service, body: bytes, domain: str = "strict.myshopify.com", **changes: Any) -> requests.Response:
    """A signed webhook; keywords as in ``headers``, and ``method`` and ``route``. What comes back tells nothing."""
    route, method = changes.pop("route", ORDERS), changes.pop("method", "POST")
    given = headers(body, domain, **changes)
    answer = service.client.request(method, service.url + route, data=body, headers=given, timeout=SECONDS)
    assert answer.status_code < 500, answer.text
    assert PERSON not in answer.text + str(answer.headers)
    return answer
