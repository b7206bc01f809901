"""Logging as a process of the service has it, and what it says."""

from __future__ import annotations

import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from middleware import logs
from middleware.errors import SealError

CANARY = "Zoë Canary-Peeters\r\n+32475123456 zoe.canary@example.org"
PIECES = ("Zoë", "Zo\\u00eb", "Canary", "Peeters", "32475123456", "zoe", "example.org", "canary")
UUID = "0b5f8d2e-6f0c-4b52-9d3a-1f2e3d4c5b6a"
TREE = Path(__file__).resolve().parents[3]

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def configured() -> Iterator[None]:
    """Logging at DEBUG as a process of the service has it; afterwards everything is as it was."""
    root, manager = logging.getLogger(), logging.Logger.manager
    before = (root.handlers[:], root.level, logging.getLogRecordFactory(), logging.raiseExceptions)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    others = {other: other.handlers[:] for other in manager.loggerDict.values() if isinstance(other, logging.Logger)}
    propagating = {other: other.propagate for other in others}
    shown = warnings.showwarning
    logs.configure("debug")
    yield
    logging.captureWarnings(capture=False)
    warnings.showwarning = shown
    root.handlers[:], level, factory, logging.raiseExceptions = before
    root.setLevel(level)
    logging.setLogRecordFactory(factory)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    for other, handlers in others.items():
        other.handlers[:], other.propagate = handlers, propagating[other]


@pytest.fixture
def lines(configured: None, capfd: pytest.CaptureFixture[str]) -> Lines:
    """What was logged since the last call: JSON objects of known keys, without a piece of the canary."""

    def read() -> list[dict[str, Any]]:
        out, err = capfd.readouterr()
        assert out == ""
        assert [piece for piece in PIECES if piece in err] == []
        found = [json.loads(line, parse_constant=pytest.fail) for line in err.splitlines()]
        known = {
            *logs.TEXTS,
            *logs.NUMBERS,
            "level",
            "timestamp",
            "dropped_keys",
            "error",
            "causes",
            "frames",
            "message",
        }
        assert [line for line in found if not known >= set(line)] == []
        assert [line for line in found if not line["timestamp"].endswith("Z")] == []
        return found

    return read


def body(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key != "timestamp"}


def failing(secret: str) -> BaseException:
    """An exception that tells the secret in every way there is."""
    local = secret.upper()
    try:
        try:
            raise KeyError(secret, local)
        except KeyError as error:
            raise SealError(secret) from error
    except SealError as error:
        error.add_note(secret)
        return error
