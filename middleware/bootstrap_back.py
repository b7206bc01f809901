"""The composition of what goes back to shops: who tells them, and the ways out to where they are."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from middleware import bootstrap
from middleware.callbacks import Callbacks
from middleware.config import Config
from middleware.core.callback import Webhooks
from middleware.directory import Directory
from middleware.model_back import Way
from middleware.platforms.shopify_admin import ShopifyAdmin
from middleware.ports_back import Outbox, Speaker
from middleware.relay import Observer
from middleware.services import Shops
from middleware.storage import open_outbox
from middleware.transport import HttpTransport

THREADS: Final = 4
"""Shops that are told at the same time."""

MOST_WAYS: Final = 64
"""Origins to which a way is kept."""

CAP_BYTES: Final = 256 * 1024
"""The longest answer that is read."""

SPEAKERS: Final[Mapping[Way, Speaker]] = {Way.CALLBACK: Webhooks(), Way.FULFILMENT: ShopifyAdmin()}


class Ways:
    """Ways out by origin: those that were used last are kept open."""

    def __init__(self, make: Callable[[str], HttpTransport]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._known: OrderedDict[str, HttpTransport] = OrderedDict()

    def __call__(self, origin: str) -> HttpTransport:
        """The way to that origin. Raises: ConfigError for what is none."""
        with self._lock:
            way = self._known.pop(origin, None) or self._make(origin)
            self._known[origin] = way
            if len(self._known) > MOST_WAYS:
                self._known.popitem(last=False)  # who is at it goes on; its connections end with it
            return way


def outbox(settings: Config) -> Outbox:
    """What shops are to be told. Raises: ConfigError, StorageError."""
    return open_outbox(settings.server.database)


def shops(settings: Config) -> Directory:
    """The shops that are told, which whoever uses them keeps (``directory.keep``) and closes. Raises: ConfigError,
    StorageError.
    """
    return bootstrap.shops_of(bootstrap.onboarding(settings), follow=False)


def callbacks(settings: Config, waiting: Outbox, known: Shops, observe: Observer) -> Sequence[Callbacks]:
    """Those who tell shops, one for each thread; they share turns, shops and ways. Raises: ConfigError."""
    one = Callbacks(
        outbox=waiting,
        clock=bootstrap.clock(settings),
        shops=known,
        keys=bootstrap.live_keys(settings),
        speakers=SPEAKERS,
        ways=Ways(lambda origin: way(settings, origin)),
        observe=observe,
    )
    return [one] * THREADS


def way(settings: Config, origin: str) -> HttpTransport:
    """A way out to a shop: nothing that is not public, but for what the operator allows. Raises: ConfigError."""
    server = settings.server
    allowed, proxy, ca_file = server.callbacks_private, server.egress_proxy, server.ca_file
    return HttpTransport(origin, allow_private=allowed, proxy=proxy, ca_file=ca_file, cap=CAP_BYTES)
