"""Work that dies at each of its statements in turn: after every death all is as it was."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from sqlalchemy import Engine, event

from middleware.errors import StorageError


def at_every_statement(engine: Engine, work: Callable[[], object], unchanged: Callable[[], None]) -> int:
    """How many statements of ``engine`` it takes. ``unchanged`` judges after every death."""
    left = 0

    def die(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError("killed")

    event.listen(engine, "before_cursor_execute", die)
    try:
        for statement in count(1):
            left = statement
            try:
                work()
            except StorageError:
                unchanged()
            else:
                break
    finally:
        event.remove(engine, "before_cursor_execute", die)
    return statement - 1
