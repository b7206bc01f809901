"""The composition root of retention: what takes away what has ended, and what tells the parcel platforms of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from middleware.binding import carriers
from middleware.bootstrap import clock, transports
from middleware.config import Config
from middleware.errors import ConfigError
from middleware.events import Ledger
from middleware.model_purge import Boot
from middleware.ports_retention import Retention
from middleware.propagation import Propagation
from middleware.purge import Observer as RowObserver
from middleware.purge import Purge, no_keys, unobserved
from middleware.relay import Observer
from middleware.storage import is_current, open_retention

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def retention(settings: Config) -> Retention:
    """Retention in the database, with its schema up to date. Raises: ConfigError, StorageError."""
    if not is_current(settings.server.database):
        raise ConfigError("the database schema is not up to date; run `parcelveil migrate`")
    return open_retention(settings.server.database)


def ledger(settings: Config) -> Ledger:
    """Where events are kept. Raises: ConfigError, StorageError."""
    return Ledger(events=retention(settings), clock=clock(settings), sources=settings.sources)


def boot() -> Boot:
    """How long this machine has been running (Linux); elsewhere only a clock that steps back is noticed."""
    try:
        return Boot(id=BOOT_ID.read_text(encoding="ascii").strip(), since=_since_boot())
    except (OSError, AttributeError):
        return Boot(id="unknown", since=None)


def _since_boot() -> timedelta:
    return timedelta(microseconds=time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000)


def purge(
    settings: Config,
    known: Retention,
    observe: RowObserver = unobserved,
    keys: Callable[[datetime], None] = no_keys,
) -> Purge:
    """What carries out retention here; ``keys`` destroys keys whose time is over."""
    return Purge(purging=known, clock=clock(settings), boot=boot, observe=observe, keys=keys)


def propagations(settings: Config, known: Retention, observe: Observer) -> Sequence[Propagation]:
    """One for every parcel platform. Raises: ConfigError."""
    spoken = carriers(settings.carriers)
    return [
        Propagation(
            carrier=name,
            notices=known,
            clock=clock(settings),
            teller=spoken[name],
            transport=transport,
            observe=observe,
        )
        for name, transport in transports(settings).items()
    ]
