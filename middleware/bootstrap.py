"""The composition root: from a configuration to services, relay and refresher. Everything concrete is chosen here."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from middleware import logs
from middleware import storage as stored
from middleware.backlog import Backlog
from middleware.binding import PLATFORMS, Binder, ShopFault, carriers, places_of
from middleware.config import Config
from middleware.config_parties import BPOST, CarrierSettings
from middleware.config_settings import example
from middleware.config_shop import stored_settings
from middleware.core.shops import Vault
from middleware.directory import Directory, keep_known
from middleware.errors import ConfigError, NoDatabaseError, ParcelveilError, SettingError, StorageError
from middleware.granted_file import GrantedFile
from middleware.keys import ServiceKeys, load_service
from middleware.keys import check as check_keys
from middleware.live_keys import LiveKeys, OwnKeys
from middleware.model_keys import Sealing
from middleware.model_shop import Reserved, made_up
from middleware.onboarding import Onboarding
from middleware.platform_keys import PlatformKeys
from middleware.ports import Clock, Finder, Places, ShopStore, Storage
from middleware.provision import refresh
from middleware.relay import Observer
from middleware.retention_keys import PublicKeys
from middleware.services import Services, Shop
from middleware.storage import KeyChecks, is_current, open_both
from middleware.tracking import Desk
from middleware.transport import HttpTransport
from middleware.uninstalling import marked
from middleware.working import begin

REFRESH_SECONDS = 3_600.0
"""How often a parcel platform's keys and pick-up points are fetched again; after a failure sooner."""

REFRESH_AFTER_FAILURE_SECONDS = 10.0

_log = logs.logger("bootstrap")


def logging(settings: Config, role: str) -> None:
    """Set up logging for this process."""
    logs.configure(settings.server.log_level.lower())
    _log.info("start", role=role)


def clock(settings: Config) -> Clock:
    """The system's clock, or for a test instance the time that a file tells."""
    path = settings.server.clock_file
    return system_clock if path is None else lambda: _told(path)


def system_clock() -> datetime:
    """Now, in UTC: the one place that asks the system."""
    return datetime.now(UTC)


def _told(path: Path) -> datetime:
    try:
        return datetime.fromisoformat(path.read_text(encoding="ascii").strip()).astimezone(UTC)
    except (OSError, ValueError):
        problem = SettingError(
            place=str(path), expected="the time of this test instance", example="2027-12-23T09:00:00+01:00"
        )
    raise problem


def store(settings: Config) -> Storage:
    """The store, with its schema up to date. Raises: ConfigError, StorageError."""
    return _stores(settings)[0]


def _stores(settings: Config) -> tuple[Storage, ShopStore]:
    """Records and shops over the same connections. Raises: ConfigError, StorageError."""
    _check_schema(settings)
    return open_both(settings.server.database)


def _check_schema(settings: Config) -> None:
    if not is_current(settings.server.database):
        raise ConfigError("the database schema is not up to date; run `parcelveil migrate`")


def desk(settings: Config, finder: Finder, shop: str | None) -> Desk:
    """Where somebody asks for a parcel: of one shop, or of all, quarantined and disconnected ones included. Raises:
    ConfigError, StorageError.
    """
    known = onboarding(settings)
    with closing(known.store):
        domains = known.domains(shop)
    if shop is not None and shop not in domains:
        raise ConfigError(f"there is no shop {shop}; leave --shop out to ask all")
    return Desk(finder=finder, platforms=PLATFORMS, keys=live_keys(settings), shops=domains)


def takes_cleartext(settings: Config, carrier: str) -> bool:
    """Whether the parts for this carrier are sealed to transit keys of our own."""
    return carriers(settings.carriers)[carrier].sealing is Sealing.TRANSIT


def platform_keys(settings: Config) -> Mapping[str, PlatformKeys]:
    """What is known of every parcel platform, by carrier."""
    server = settings.server
    return {name: PlatformKeys(server.state, name, server.keys_group) for name in settings.carriers}


def service_keys(settings: Config) -> ServiceKeys:
    """The service's own keys. Raises: ConfigError."""
    return load_service(settings.server.keys, settings.server.keys_group)


def live_keys(settings: Config) -> LiveKeys:
    """The same as they are at every use. Raises: ConfigError."""
    return LiveKeys(settings.server.keys, settings.server.keys_group)


def known_keys(settings: Config) -> KeyChecks | None:
    """The check values of the keys that the database was used with; None where it cannot be asked. Raises: ConfigError
    for an address that cannot be used.
    """
    try:
        return stored.known_keys(settings.server.database)
    except NoDatabaseError:
        return {}
    except StorageError:
        return None


def fit_keys(settings: Config, own: ServiceKeys) -> None:
    """Whether the database was used with these keys, or with none. Raises: ConfigError, StorageError."""
    check_keys(own, settings.server.keys, stored.known_keys(settings.server.database))


def settle_keys(settings: Config) -> None:
    """Let a database that was never used know the service's keys, and no other than these be used with it from then on.
    Raises: ConfigError, StorageError.
    """
    own = service_keys(settings)
    _check_schema(settings)
    check_keys(own, settings.server.keys, stored.settle_keys(settings.server.database, own.checks()))


def services(settings: Config, *, follow: bool = False) -> Services:
    """What intake needs. A shop with a fault is left out and named; the others run. With ``follow`` a thread of this
    process takes in what changes of the shops in the database. Raises: ConfigError, StorageError.
    """
    own = settings.server
    known, records = _onboarding(settings)
    for name, seed in known.seeds.items():
        if isinstance(seed, ConfigError):
            _log.error("shop_quarantined", shop=name, code=seed.code)
    directory = shops_of(known, follow=follow)
    return Services(
        clock=known.clock,
        store=records,
        finder=records,
        calls=records,
        keys=live_keys(settings),
        platforms=PLATFORMS,
        shops=directory,
        domains=directory.domains,
        integrations=known.store,
        copies=PublicKeys(own.keys, own.keys_group) if own.keep_delivered == "policy" else None,
        backlog=Backlog(settings.server.most_waiting),
        simulated=settings.simulated,
    )


def shops_of(known: Onboarding, *, follow: bool) -> Directory:
    """The shops at work, those of the configuration and of the database. ``follow`` as ``services``. Raises:
    StorageError.
    """
    directory = Directory(
        store=known.store,
        clock=known.clock,
        digest=known.vault.of_domain,
        bind=known.opened,
        mark=lambda shop: marked(shop, known.store),
        seeds={name: seed for name, seed in known.seeds.items() if isinstance(seed, Shop)},
    )
    directory.refresh()
    if follow:
        keep_known(directory, threading.Event())
    return directory


def onboarding(settings: Config) -> Onboarding:
    """What connects shops. Raises: ConfigError, StorageError."""
    return _onboarding(settings)[0]


def _onboarding(settings: Config) -> tuple[Onboarding, Storage]:
    own = live_keys(settings)
    binder, vault, around = _binder(settings, own), Vault(own), settings.around()
    seeds, faults = bind(settings, own, binder)
    fit_keys(settings, own.now())
    records, shops = _stores(settings)
    shared = {secret for secrets in settings.apps.values() for secret in secrets}
    held = shared | {secret for shop in settings.shops.values() for secret in shop.secrets}
    known = Onboarding(
        store=shops,
        clock=clock(settings),
        vault=vault,
        seeds={**seeds, **faults},
        reserved=Reserved(
            domains=frozenset(vault.of_domain(shop.domain) for shop in settings.shops.values()),
            secrets=frozenset(vault.of_secrets(held)),
        ),
        read=lambda name, content, now: stored_settings(name, content, now, around),
        bind=binder.bind,
    )
    return known, records


def check(settings: Config) -> None:
    """What must be right before any process starts; a sender that was made up is told. Raises: ConfigError."""
    for name, shop in bind(settings, service_keys(settings))[0].items():
        if made_up(shop.settings.sender):
            _log.warning("sender_made_up", shop=name)
    transports(settings)


def _binder(settings: Config, own: OwnKeys) -> Binder:
    return Binder(
        carriers=carriers(settings.carriers),
        known=platform_keys(settings),
        own=PublicKeys(settings.server.keys, settings.server.keys_group),
        keys=own,
        clock=clock(settings),
        places=places(settings),
        granted=granted(settings),
    )


def granted(settings: Config) -> Mapping[str, GrantedFile]:
    """Where it is known what the accounts may use, of the carriers that tell."""
    kept = settings.server
    return {
        name: GrantedFile(kept.state / f"granted-{name}", kept.keys_group)
        for name, carrier in settings.carriers.items()
        if carrier.kind == BPOST
    }


def places(settings: Config) -> Mapping[str, Places]:
    """Where the points of the carriers are known that do not publish them beside their keys. Raises: ConfigError."""
    found = {name: places_of(carrier) for name, carrier in settings.carriers.items()}
    return {name: known for name, known in found.items() if known is not None}


def bind(
    settings: Config, own: OwnKeys, binder: Binder | None = None
) -> tuple[Mapping[str, Shop], Mapping[str, ConfigError]]:
    """Every sound shop of the configuration with all that belongs to it, and the fault of every other."""
    binder = binder or _binder(settings, own)
    shops: dict[str, Shop] = {}
    faults = {name: ConfigError(reason) for name, reason in settings.quarantined.items()}
    for name, shop in settings.shops.items():
        try:
            shops[name] = binder.bind(shop)
        except ShopFault as fault:
            faults[name] = fault.at(settings.source.place(fault.path))
    return shops, faults


def transports(settings: Config) -> Mapping[str, HttpTransport]:
    """One way out per parcel platform, by carrier. Raises: SettingError for certificates that cannot be read."""
    try:
        return {name: _transport(carrier) for name, carrier in settings.carriers.items()}
    except ConfigError as fault:
        path = ("server", "ca_file")
        problem = SettingError(
            place=settings.source.place(path),
            problem=str(fault),
            expected="a file of certificates (PEM)",
            example=example(path),
            path=path,
        )
    raise problem


def _transport(carrier: CarrierSettings) -> HttpTransport:
    return HttpTransport(
        carrier.url,
        token=carrier.token,
        allow_private=carrier.allow_private,
        proxy=carrier.proxy,
        ca_file=carrier.ca_file,
    )


def refresh_all(settings: Config) -> Iterator[tuple[str, ParcelveilError | None]]:
    """Fetch what every parcel platform publishes: (carrier, what went wrong). What was known before stays known. A
    carrier that takes cleartext publishes no keys.
    """
    tell = clock(settings)
    known = platform_keys(settings)
    for name, transport in transports(settings).items():
        if takes_cleartext(settings, name):
            continue
        try:
            refresh(known[name], transport, tell())
        except ParcelveilError as problem:
            yield name, problem
        else:
            yield name, None


def keep_fresh(settings: Config, observe: Observer) -> threading.Thread:
    """Refresh in a thread of this process, at once and then every hour: off the request path. ``observe`` is told of
    every try: (carrier, ``refreshed`` or the code of what went wrong).
    """

    def once() -> bool:
        well = True
        for name, problem in refresh_all(settings):
            observe(name, problem.code if problem else "refreshed")
            if problem is not None:
                well = False
                _log.error("platform_keys_not_refreshed", carrier=name, code=problem.code)
        return well

    return begin("refresh", threading.Event(), once, _log, well=REFRESH_SECONDS, failed=REFRESH_AFTER_FAILURE_SECONDS)
