"""Faults that the simulated platform makes on purpose, each at its own rate, by a seeded draw per request."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from enum import StrEnum


class FaultName(StrEnum):
    """What can go wrong. *Before* or *after* says whether the request took effect."""

    ERROR = "500"  # before: an internal error
    BUSY = "429"  # before: too many requests, with Retry-After
    TIMEOUT = "timeout"  # before: never an answer
    RESET = "reset"  # before: the connection is reset
    REDIRECT = "redirect"  # before: sent on to another host
    GARBAGE = "garbage"  # before: 200 with something that is not JSON
    TIMEOUT_AFTER_COMMIT = "timeout-after-commit"  # after: never an answer
    SLOW = "slow"  # after: the answer drips
    TRUNCATED = "truncated"  # after: the answer ends before its Content-Length


AFTER_COMMIT = frozenset({FaultName.TIMEOUT_AFTER_COMMIT, FaultName.SLOW, FaultName.TRUNCATED})


class Faults:
    """A source of faults. The same seed and the same requests in the same order give the same faults."""

    def __init__(self, rates: Mapping[str, float], seed: int) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - faults are to be repeatable, not secret
        self._rates = read_rates(rates)

    def set(self, rates: Mapping[str, float]) -> None:
        """From now on these rates and no others. Raises: ValueError as ``read_rates``."""
        checked = read_rates(rates)
        with self._lock:
            self._rates = checked

    def draw(self) -> FaultName | None:
        """The fault that the next request meets, or None. At most one."""
        with self._lock:
            left = self._random.random()
            for name, rate in self._rates.items():
                if left < rate:
                    return name
                left -= rate
            return None


def read_rates(rates: Mapping[str, float]) -> dict[FaultName, float]:
    """Fault names with their shares of all requests (0 to 1, together at most 1). Raises: ValueError."""
    checked = {FaultName(name): float(rate) for name, rate in rates.items()}
    if any(not 0 <= rate <= 1 for rate in checked.values()) or sum(checked.values()) > 1:
        raise ValueError("rates")
    return checked
