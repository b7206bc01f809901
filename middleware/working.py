"""Loops of threads: work while there is some, or do one thing again and again, until told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from middleware.errors import StorageError
from middleware.logs import Logger
from middleware.ports import Clock


def work(stop: threading.Event, step: Callable[[], bool], log: Logger, *, idle: float, storage: float) -> None:
    """Take step after step until ``stop`` is set; what is under way is finished. Rests for ``idle`` seconds where
    nothing was due, and for ``storage`` seconds where the database did not do.
    """
    while not stop.is_set():
        try:
            rest = 0.0 if step() else idle
        except StorageError as problem:
            log.error("storage", code=problem.code)
            rest = storage
        if rest:
            stop.wait(rest)


def sweeping(step: Callable[[], bool], sweep: Callable[[], None], clock: Clock, every: timedelta) -> Callable[[], bool]:
    """The step that sweeps first where that is due: at once, after so long, and when the clock was set back."""
    swept: datetime | None = None

    def both() -> bool:
        nonlocal swept
        if swept is None or not swept <= clock() < swept + every:
            swept = clock()
            sweep()
        return step()

    return both


def begin(
    name: str, stop: threading.Event, once: Callable[[], bool], log: Logger, *, well: float, failed: float
) -> threading.Thread:
    """``repeat`` in a thread of this process, which does not keep it from ending."""

    def run() -> None:
        repeat(stop, once, log, well=well, failed=failed)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


def repeat(stop: threading.Event, once: Callable[[], bool], log: Logger, *, well: float, failed: float) -> None:
    """Do it until ``stop`` is set: again after ``well`` seconds, or after ``failed`` where it says that it was not."""
    while not stop.is_set():
        try:
            done = once()
        except Exception as error:  # noqa: BLE001 - a thread that ends would never do it again, and nobody would see it
            log.failure("refresh_failed", error)
            done = False
        stop.wait(well if done else failed)
