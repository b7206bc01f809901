"""One HTTP exchange with a hard end: no redirect is followed, no proxy asked, nothing awaited past the deadline."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

MAX_ANSWER = 1_000_000
"""Bytes of an answer that are read at most."""


class NoAnswerError(Exception):
    """Nothing usable came back: not reached, not in time, not HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Answer:
    """Status and body (cut at ``MAX_ANSWER`` bytes) of an answer."""

    status: int
    body: bytes


def exchange(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    connect_seconds: float = 1.0,
    total_seconds: float = 5.0,
    old: bool = False,
) -> Answer:
    """Send one request, in HTTP/1.1 or the ``old`` 1.0, and read its answer.

    Raises:
        NoAnswerError: refused, reset, cut short, not HTTP, or not complete ``total_seconds`` after the start.
        ValueError: ``url`` is not http(s).
    """
    started = time.monotonic()
    connection = _connection(url, connect_seconds)
    if old:  # the standard library has no public way to say so
        vars(connection).update(_http_vsn=10, _http_vsn_str="HTTP/1.0")
    try:
        connection.connect()
        left = max(started + total_seconds - time.monotonic(), 0.001)
        connection.sock.settimeout(left)
        # A time-out on the socket begins anew with every byte: only a timer ends an answer that drips.
        timer = threading.Timer(left, _hang_up, (connection.sock,))
        timer.start()
        try:
            named = {"Host": urlsplit(url).netloc} if old else {}  # by itself it is sent in 1.1 alone
            connection.request(method, _target(url), body=body, headers={**named, **(headers or {})})
            response = connection.getresponse()
            content = response.read(MAX_ANSWER)
        finally:
            timer.cancel()
    except (OSError, HTTPException) as error:
        raise NoAnswerError(type(error).__name__) from None
    finally:
        connection.close()
    if response.length and len(content) < MAX_ANSWER:
        raise NoAnswerError("IncompleteRead")
    return Answer(status=response.status, body=content)


def _connection(url: str, timeout: float) -> HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.hostname is None:
        raise ValueError("not an http(s) address")
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)
    return HTTPConnection(parts.hostname, parts.port, timeout=timeout)


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _hang_up(connected: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
