"""The composition of what keeps sealed copies and their keys, for the relay and the command line."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import closing

from middleware import binding, bootstrap, months
from middleware.config import Config
from middleware.core.calendar import today
from middleware.errors import ParcelveilError
from middleware.logs import logger
from middleware.months import Closed, close, needed
from middleware.ports import Copies
from middleware.retention_keys import KeyRing, PublicKeys
from middleware.storage import open_copies
from schemas.policy import Policy
from schemas.policy_loader import for_parcels

EVERY_SECONDS = 900.0

_log = logger("months")


def ring(settings: Config) -> KeyRing:
    """The private halves of our own retention keys."""
    return KeyRing(settings.server.keys, settings.server.keys_group)


def copies(settings: Config) -> Copies:
    """The sealed copies of the database. Raises: ConfigError, StorageError."""
    return open_copies(settings.server.database)


def provision(settings: Config) -> list[str]:
    """Make our own retention keys for this month and those ahead; the ids made. Raises: ConfigError."""
    if settings.server.keep_delivered != "policy":
        return []
    return ring(settings).provision(needed(_packs().values(), today(bootstrap.clock(settings)())))


def lacking(settings: Config) -> frozenset[str]:
    """The ids of own keys that orders may need within the months ahead and that are not published yet. Raises:
    ConfigError.
    """
    server = settings.server
    if server.keep_delivered != "policy":
        return frozenset()
    public = PublicKeys(server.keys, server.keys_group).known()
    return needed(_packs().values(), today(bootstrap.clock(settings)())) - frozenset(public)


def close_months(settings: Config) -> Closed:
    """Seal again what outlives its month. Raises: as ``months.close``; ConfigError."""
    durations = _durations(_packs())
    with closing(copies(settings)) as kept:
        return close(kept, ring(settings), bootstrap.clock(settings)(), durations.__getitem__)


def over(settings: Config) -> frozenset[str]:
    """The ids of own keys whose month is over: they are there to be destroyed. Raises: ConfigError."""
    return months.over(ring(settings).kids(), bootstrap.clock(settings)())


def keep(settings: Config, stop: threading.Event) -> None:
    """Make the keys of the months ahead, and seal again what outlives its month, until ``stop`` is set. Where copies
    are kept no longer, those that were are looked after all the same.
    """
    while not stop.is_set():
        try:
            made = provision(settings)
            resealed = close_months(settings).resealed if ring(settings).kids() else 0
        except ParcelveilError as problem:
            _log.error("months_not_kept", code=problem.code)
        else:
            if made or resealed:
                _log.info("months_kept", rows=len(made) + resealed)
        stop.wait(EVERY_SECONDS)


def _packs() -> Mapping[str, Policy]:
    """Every pack that a shop may name: one that is connected tomorrow finds its keys."""
    return {name: binding.pack(name) for name in for_parcels()}


def _durations(packs: Mapping[str, Policy]) -> Mapping[str, str]:
    rules = (rule for policy in packs.values() for rule in policy.retention.values())
    return {rule.id: rule.duration for rule in rules if rule.duration}
