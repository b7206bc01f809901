"""The shops at work: those of the configuration and those of the database, found by name or by domain.

Every process asks the database once a second for the newest version and takes in what changed. A shop is opened and
bound when it is first needed, or shortly after it came; one that does not open, or has a fault, is left out and named.
Whatever the database does meanwhile, what is known stays known.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from middleware.errors import ParcelveilError, StorageError
from middleware.logs import logger
from middleware.model_shop import ShopRow, ShopState
from middleware.ports import Clock, ShopStore
from middleware.services import Domains, Shop
from middleware.working import repeat

POLL_SECONDS: Final = 1.0
"""How long a change of a shop takes at most to be seen, beside the time that it takes to read it."""

LOOK_AGAIN: Final = timedelta(minutes=1)
"""When a shop with a fault is tried again: what was missing may have come, or its day."""

PAGE: Final = 500

_log = logger("shops")

Bind = Callable[[ShopRow, datetime], tuple[Shop, datetime | None]]
"""Opens and binds a shop: (the shop, when its first secret ends). Raises: ParcelveilError for one with a fault."""


@dataclass(slots=True)
class _Entry:
    """A row, and the shop that it became until ``ends``, when one of its secrets does or it is tried again; without a
    shop it is quarantined, for ``fault``. ``common`` is the same shop if it belongs to an app of many shops. A changed
    row gets another entry.
    """

    row: ShopRow
    bound: bool = False
    shop: Shop | None = None
    common: Shop | None = None
    ends: datetime | None = None
    fault: str = ""


@dataclass(slots=True)
class _Known:
    """What was read, by name and by keyed domain."""

    version: int = 0
    names: dict[str, _Entry] = field(default_factory=dict)
    domains: dict[bytes, _Entry] = field(default_factory=dict)

    def take(self, row: ShopRow) -> None:
        """Put the new in the place of the old, so that at no moment a shop is unknown that only changed."""
        before = self.names.get(row.name)
        if row.state is ShopState.DISCONNECTED:
            self.names.pop(row.name, None)
        else:
            entry = self.names[row.name] = _Entry(row)
            if row.domain is not None:
                self.domains[row.domain] = entry
        if before is not None and before.row.domain is not None and self.domains.get(before.row.domain) is before:
            del self.domains[before.row.domain]
        self.version = max(self.version, row.version)


@dataclass(slots=True, kw_only=True, repr=False)
class Directory:
    """``seeds`` are the configuration's shops. ``digest`` makes the keyed digest of a domain, ``mark`` asks whether a
    shop's request to integrate has ended.
    """

    store: ShopStore
    clock: Clock
    digest: Callable[[str], bytes]
    bind: Bind
    mark: Callable[[Shop], Shop]
    seeds: Mapping[str, Shop]
    _by_domain: Mapping[str, Shop] = field(init=False)
    _known: _Known = field(init=False, default_factory=_Known)

    def __post_init__(self) -> None:
        self._settle(self.seeds)

    def _settle(self, seeds: Mapping[str, Shop]) -> None:
        self.seeds = seeds
        self._by_domain = {shop.settings.domain: shop for shop in self.seeds.values() if not shop.settings.own_app}

    def __repr__(self) -> str:
        return "<Directory>"

    def get(self, name: str) -> Shop | None:
        """The shop of that name; None for one that is unknown, disconnected or quarantined."""
        entry = self._known.names.get(name)
        return self.seeds.get(name) or (self._bound(entry).shop if entry else None)

    @property
    def domains(self) -> Domains:
        """The same shops, found by domain."""
        return _ByDomain(self)

    def by_domain(self, domain: str) -> Shop | None:
        """The shop of that domain that belongs to an app of many shops. To find none takes as long as to find one."""
        entry = self._known.domains.get(self.digest(domain))
        return self._by_domain.get(domain) or (self._bound(entry).common if entry else None)

    def values(self) -> Iterable[Shop]:
        """The shops at work that are bound by now."""
        bound = (entry.shop for entry in list(self._known.names.values()))
        return (*self.seeds.values(), *(shop for shop in bound if shop is not None))

    def refresh(self) -> int:
        """Take in what changed; how many shops that were. Raises: StorageError; what is known stays known."""
        newest, known, count = self.store.newest(), self._known, 0
        if newest < known.version:  # an older database took the place of the one that was read
            known = _Known()
        if known.version != newest:
            self._settle({name: self.mark(seed) for name, seed in self.seeds.items()})
        while known.version < newest:
            rows = self.store.changed(known.version, PAGE)
            for row in rows:
                known.take(row)
            count += len(rows)
            if len(rows) < PAGE:
                known.version = max(known.version, newest)
        self._known = known
        return count

    def bind_all(self) -> None:
        """Bind what is not bound yet, so that a fault is named before an order comes."""
        for entry in list(self._known.names.values()):
            self._bound(entry)

    def _bound(self, entry: _Entry) -> _Entry:
        if not entry.bound or (entry.ends is not None and self.clock() >= entry.ends):
            self._bind(entry)
        return entry

    def _bind(self, entry: _Entry) -> None:
        now, before = self.clock(), entry.fault
        try:
            shop, ends = self.bind(entry.row, now)
        except StorageError:
            raise  # no fault of the shop
        except ParcelveilError as fault:
            entry.shop, entry.ends, entry.fault = None, now + LOOK_AGAIN, fault.code
        else:
            paused = entry.row.state is ShopState.PAUSED
            entry.shop, entry.ends, entry.fault = replace(shop, paused=paused), ends, ""
        entry.common = None if entry.shop is None or entry.shop.settings.own_app else entry.shop
        entry.bound = True
        if entry.fault and entry.fault != before:
            _log.error("shop_quarantined", shop=entry.row.name, code=entry.fault)


@dataclass(frozen=True, slots=True)
class _ByDomain:
    directory: Directory

    def get(self, domain: str, /) -> Shop | None:
        return self.directory.by_domain(domain)


def keep_known(directory: Directory, stop: threading.Event) -> threading.Thread:
    """Refresh in a thread of this process, off the request path, until ``stop`` is set."""
    thread = threading.Thread(target=keep, args=(directory, stop), name="shops", daemon=True)
    thread.start()
    return thread


def keep(directory: Directory, stop: threading.Event) -> None:
    """Refresh once a second until ``stop`` is set."""

    def once() -> bool:
        for step in (directory.refresh, directory.bind_all):
            try:
                step()
            except StorageError as problem:
                _log.error("shops_not_refreshed", code=problem.code)
        return True

    repeat(stop, once, _log, well=POLL_SECONDS, failed=POLL_SECONDS)
