"""The configuration: one TOML file, every setting of which can also come from the environment.

An unknown key or a missing secret of the server stops the start with one line. A fault within one shop quarantines that
shop and names it; the others run. No secret's value is ever in a message. This is the only module that reads the
environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from middleware.config_shop import shop_settings
from middleware.config_table import Network, Table, address
from middleware.errors import ConfigError
from middleware.model import ShopSettings

DEFAULT_FILE: Final = "parcelveil.toml"
PREFIX: Final = "PARCELVEIL_"
FILE_VARIABLE: Final = "PARCELVEIL_CONFIG"
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
CARRIER_KINDS: Final = ("parcel-json",)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServerSettings:
    """``[server]``. ``listen`` and ``metrics_listen`` are (host, port); ``clock_file`` tells a test its time."""

    listen: tuple[str, int]
    metrics_listen: tuple[str, int]
    database: str
    keys: Path
    journal: Path
    keep_delivered: timedelta
    egress_proxy: str | None
    ca_file: Path | None
    clock_file: Path | None
    log_level: str

    def __repr__(self) -> str:
        return "<ServerSettings>"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CarrierSettings:
    """``[carriers.<name>]``: a parcel platform's profile."""

    name: str
    kind: str
    url: str
    token: str | None
    allow_private: tuple[Network, ...]
    proxy: str | None
    ca_file: Path | None

    def __repr__(self) -> str:
        return f"<CarrierSettings {self.name}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that is configured. ``quarantined`` maps a shop to the one line that says what is wrong with it."""

    path: Path
    server: ServerSettings
    carriers: Mapping[str, CarrierSettings]
    shops: Mapping[str, ShopSettings]
    quarantined: Mapping[str, str]


def environment() -> dict[str, str]:
    """A copy of the environment, for the processes that are started."""
    return dict(os.environ)


def inherited() -> Path:
    """The file that the process which started this one names. Raises: ConfigError."""
    return find(os.environ.get(FILE_VARIABLE))


def find(option: str | None) -> Path:
    """The configuration file: the one asked for, else ``parcelveil.toml``, else ``$PARCELVEIL_CONFIG``.

    Raises: ConfigError.
    """
    named = Path(option) if option else Path(DEFAULT_FILE)
    if not option and not named.exists() and os.environ.get(FILE_VARIABLE):
        named = Path(os.environ[FILE_VARIABLE])
    if not named.is_file():
        raise ConfigError(f"{named}: no such configuration file; name one with --config FILE or ${FILE_VARIABLE}")
    return named.absolute()


def load(path: Path) -> Config:
    """Read, complete from the environment, and check. Raises: ConfigError, one clear line."""
    if os.environ.get("FLASK_DEBUG", "0") not in ("", "0"):
        raise ConfigError("$FLASK_DEBUG: a debug server shows what passes through it; unset it")
    root = Table(_overridden(_parsed(path)), str(path), "", os.environ)
    server = _server(root.table("server"))
    carriers = {name: _carrier(name, table, server) for name, table in root.tables("carriers").items()}
    apps = {name: _app(table) for name, table in root.tables("apps").items()}
    shops: dict[str, ShopSettings] = {}
    quarantined: dict[str, str] = {}
    for name, table in root.tables("shops").items():
        try:
            shops[name] = shop_settings(name, table, carriers, apps)
        except ConfigError as fault:
            quarantined[name] = str(fault)
    root.done()
    quarantined |= {name: fault for name, fault in _clashes(shops, apps) if name in shops}
    sound = {name: shop for name, shop in shops.items() if name not in quarantined}
    return Config(path=path, server=server, carriers=carriers, shops=sound, quarantined=quarantined)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        fault = f"{path}: {problem.strerror}"
    except tomllib.TOMLDecodeError as problem:
        fault = f"{path}: not TOML: {str(problem).splitlines()[0]}"
    except UnicodeDecodeError:
        fault = f"{path}: not UTF-8"
    raise ConfigError(fault)


def _overridden(document: dict[str, Any]) -> dict[str, Any]:
    for name, value in os.environ.items():
        if name.startswith(PREFIX) and "__" in name:
            *above, last = name.removeprefix(PREFIX).lower().split("__")
            here = document
            for step in above:
                here = here.setdefault(step, {})
                if not isinstance(here, dict):
                    raise ConfigError(f"${name}: {step} is no table")
            here[last] = _value(value)
    return document


def _value(text: str) -> Any:
    """A TOML value where it is one, else the text as it is."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _server(table: Table) -> ServerSettings:
    host, port = address(table.text("listen", "127.0.0.1:8080"), table.place("listen"))
    if told := os.environ.get("PORT"):
        host, port = address(f"{host}:{told}", "$PORT")
    settings = ServerSettings(
        listen=(host, port),
        metrics_listen=address(table.text("metrics_listen", "127.0.0.1:9090"), table.place("metrics_listen")),
        database=_database(os.environ.get("DATABASE_URL") or table.text("database", "sqlite:///var/parcelveil.db")),
        keys=Path(table.text("keys", "var/keys")),
        journal=Path(table.text("journal", "var/journal")),
        keep_delivered=_keep_delivered(table),
        egress_proxy=table.text("egress_proxy", "") or None,
        ca_file=_file(table.text("ca_file", "")),
        clock_file=_clock(table, host),
        log_level=table.choice("log_level", LEVELS, "INFO"),
    )
    table.done()
    return settings


def _database(url: str) -> str:
    """Container platforms hand out ``postgres://``; ours is the driver psycopg."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if separator and scheme in ("postgres", "postgresql") else url


def _keep_delivered(table: Table) -> timedelta:
    kept = table.duration("keep_delivered", "0d")
    if kept:
        raise ConfigError(f'{table.place("keep_delivered")}: only "0d" is possible yet: sealed parts leave on delivery')
    return kept


def _clock(table: Table, host: str) -> Path | None:
    setting = table.text("clock", "")
    if not setting:
        return None
    if not setting.startswith("file:"):
        raise ConfigError(f'{table.place("clock")}: expected "file:PATH"')
    if not _loopback(host):
        raise ConfigError(f"{table.place('clock')}: a test instance may listen on loopback only")
    return Path(setting.removeprefix("file:"))


def _loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _file(text: str) -> Path | None:
    return Path(text) if text else None


def _carrier(name: str, table: Table, server: ServerSettings) -> CarrierSettings:
    settings = CarrierSettings(
        name=name,
        kind=table.choice("kind", CARRIER_KINDS, None),
        url=table.text("url", None),
        token=table.secret("token") if "token" in table else None,
        allow_private=table.networks("allow_private"),
        proxy=server.egress_proxy,
        ca_file=server.ca_file,
    )
    table.done()
    return settings


def _app(table: Table) -> tuple[bytes, ...]:
    table.choice("platform", ("shopify",), None)
    secrets = table.secrets("secrets")
    table.done()
    return secrets


def _clashes(shops: Mapping[str, ShopSettings], apps: Mapping[str, tuple[bytes, ...]]) -> Iterator[tuple[str, str]]:
    """A secret or a domain that two shops share would let one speak for the other."""
    shared = {secret for secrets in apps.values() for secret in secrets}
    for name, shop in shops.items():
        others = [other for other in shops.values() if other.name != name]
        if any(shop.domain == other.domain and shop.own_app == other.own_app for other in others):
            yield name, f"shops.{name}.domain: another shop has the same"
        taken = shared | {secret for other in others if other.own_app for secret in other.secrets}
        if shop.own_app and taken & set(shop.secrets):
            yield name, f"shops.{name}.secrets: a secret that is also another shop's or app's is refused"
