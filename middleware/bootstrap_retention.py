"""The composition root of retention: what takes away what has ended, and what tells the parcel platforms of it."""

from __future__ import annotations

from collections.abc import Sequence

from middleware.bootstrap import clock, transports
from middleware.carriers.parcel_json import ParcelJson
from middleware.config import Config
from middleware.errors import ConfigError
from middleware.ports import Retention
from middleware.propagation import Propagation
from middleware.relay import Observer
from middleware.storage import is_current, open_retention


def retention(settings: Config) -> Retention:
    """Retention in the database, with its schema up to date. Raises: ConfigError, StorageError."""
    if not is_current(settings.server.database):
        raise ConfigError("the database schema is not up to date; run `parcelveil migrate`")
    return open_retention(settings.server.database)


def propagations(settings: Config, known: Retention, observe: Observer) -> Sequence[Propagation]:
    """One for every parcel platform. Raises: ConfigError."""
    return [
        Propagation(
            carrier=name,
            notices=known,
            clock=clock(settings),
            teller=ParcelJson(),
            transport=transport,
            observe=observe,
        )
        for name, transport in transports(settings).items()
    ]
