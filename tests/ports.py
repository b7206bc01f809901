"""Ports of the loopback address for processes under test."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from typing import Final

HOST: Final = "127.0.0.1"
PORTS: Final = range(10_000, 20_000)
"""Beneath those that a system hands out by itself: no connection can take one between being found and being used."""
_SHARES: Final = 16
"""Test processes of one run, each with ports of its own."""
_TRIALS: Final = 100

_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on, given once by this process.

    Raises: AssertionError (none was found).
    """
    share = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _SHARES
    for _ in range(_TRIALS):
        port = PORTS.start + secrets.randbelow(len(PORTS) // _SHARES) * _SHARES + share
        if port in _given:
            continue
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            _given.add(port)
            return port
    raise AssertionError(f"no free port on {HOST} between {PORTS.start} and {PORTS.stop}")
