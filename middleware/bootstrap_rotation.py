"""The composition of what rotates the service's own keys, for the command line and the relay."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from middleware import bootstrap, rotation
from middleware.config import Config
from middleware.errors import DestructionRefusedError, ParcelveilError
from middleware.key_turns import alone
from middleware.keys import FORMER_SERVICE, NEXT_INDEX
from middleware.logs import logger
from middleware.rotation import Turning
from middleware.storage import open_rotations

EVERY_SECONDS = 60.0
BY_ITSELF = "parcelveil"
"""Who ended a rotation that nobody had to end."""

_log = logger("rotation")


@contextmanager
def turning(settings: Config, actor: str) -> Iterator[Turning]:
    """What turns the keys of this database, and nobody else on this machine meanwhile. Raises: ConfigError,
    StorageError.
    """
    server = settings.server
    with alone(server.keys):
        bootstrap.settle_keys(settings)
        with closing(open_rotations(server.database)) as rotations:
            yield Turning(
                folder=server.keys,
                group=server.keys_group,
                rotations=rotations,
                actor=actor,
                now=bootstrap.clock(settings)(),
                wall=bootstrap.system_clock(),
            )


def go_on(settings: Config) -> None:
    """Make anew what a rotation of the service key or of the index key has left, and end it when nothing is left.
    Raises: ConfigError, StorageError.
    """
    home = settings.server.keys / "service"
    if not os.access(home, os.W_OK):
        return
    for file, finish in ((FORMER_SERVICE, rotation.finish_service), (NEXT_INDEX, rotation.finish_index)):
        if (home / file).exists():
            with turning(settings, BY_ITSELF) as this:
                try:
                    changed = finish(this).changed
                except DestructionRefusedError:
                    continue  # it is too young, has not been begun to its end, or something is in hand
            _log.info("rotation_ended", rows=changed)


def keep(settings: Config, stop: threading.Event) -> None:
    """Go on with what was begun, until ``stop`` is set."""
    while not stop.is_set():
        try:
            go_on(settings)
        except ParcelveilError as problem:
            _log.error("rotation_stopped", code=problem.code)
        stop.wait(EVERY_SECONDS)
