"""The composition of what keeps sealed copies, and our own keys for months and weeks, for the relay and the command
line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime

from middleware import binding, bootstrap, months, transit
from middleware.config import Config
from middleware.core import weeks
from middleware.core.calendar import today
from middleware.errors import ParcelveilError
from middleware.logs import logger
from middleware.months import Closed, close, needed
from middleware.ports import Copies
from middleware.ports_retention import Weeks
from middleware.retention_keys import KeyRing, PublicKeys
from middleware.storage import open_copies
from schemas.policy import Policy
from schemas.policy_loader import for_parcels, names

EVERY_SECONDS = 900.0

_log = logger("months")


def ring(settings: Config) -> KeyRing:
    """The private halves of our own retention keys."""
    return KeyRing(settings.server.keys, settings.server.keys_group)


def copies(settings: Config) -> Copies:
    """The sealed copies of the database. Raises: ConfigError, StorageError."""
    return open_copies(settings.server.database)


def provision(settings: Config) -> list[str]:
    """Make our own keys for this month and those ahead, and for the weeks where a carrier takes cleartext; the ids
    made. Raises: ConfigError.
    """
    wanted = _months(settings) | _weeks(settings)
    return ring(settings).provision(wanted) if wanted else []


def _months(settings: Config) -> frozenset[str]:
    if settings.server.keep_delivered != "policy":
        return frozenset()
    return needed(_packs().values(), today(bootstrap.clock(settings)()))


def _weeks(settings: Config, ahead: int = weeks.AHEAD) -> frozenset[str]:
    if not any(bootstrap.takes_cleartext(settings, carrier) for carrier in settings.carriers):
        return frozenset()
    parcels = [binding.pack(name) for name in for_parcels()]  # what is no parcel goes to no carrier in cleartext
    return weeks.needed(parcels, today(bootstrap.clock(settings)()), ahead)


def lacking(settings: Config) -> frozenset[str]:
    """The ids of own keys that orders may need within the months ahead and that are not published yet. Raises:
    ConfigError.
    """
    return _unpublished(settings, _months(settings))


def lacking_weeks(settings: Config, ahead: int) -> frozenset[str]:
    """The ids of transit keys that orders may need in this week and those ahead, and that are not published yet.
    Raises: ConfigError.
    """
    return _unpublished(settings, _weeks(settings, ahead))


def _unpublished(settings: Config, wanted: frozenset[str]) -> frozenset[str]:
    server = settings.server
    return wanted - frozenset(PublicKeys(server.keys, server.keys_group).known()) if wanted else frozenset()


def clearing(settings: Config, known: Weeks) -> Callable[[datetime], None]:
    """What destroys the transit keys whose time is over: those that were made as long as a carrier took cleartext,
    too.
    """
    return lambda now: transit.keep_clear(known, ring(settings), now)


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
    return {name: binding.pack(name) for name in names()}


def _durations(packs: Mapping[str, Policy]) -> Mapping[str, str]:
    rules = (rule for policy in packs.values() for rule in policy.retention.values())
    return {rule.id: rule.duration for rule in rules if rule.duration}
