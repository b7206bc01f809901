"""The configuration: one TOML file, every setting of which can also come from the environment.

An unknown key or a missing secret of the server stops the start with one line. A fault within one shop quarantines that
shop and names it; the others run. No secret's value is ever in a message. This is the only module that reads the
environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from grp import getgrnam
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from middleware.config_lines import lines
from middleware.config_shop import check_name, shop_settings
from middleware.config_table import FromEnvironment, Network, Source, Table, address, meant
from middleware.errors import ConfigError
from middleware.model import ShopSettings

DEFAULT_FILE: Final = "parcelveil.toml"
PREFIX: Final = "PARCELVEIL_"
LEVEL: Final = "__"
FILE_VARIABLE: Final = "PARCELVEIL_CONFIG"
SECTIONS: Final = ("server", "carriers", "apps", "shops")
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
CARRIER_KINDS: Final = ("parcel-json",)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServerSettings:
    """``[server]``. ``listen`` and ``metrics_listen`` are (host, port), ``keys_group`` is a group's number;
    ``clock_file`` tells a test its time.
    """

    listen: tuple[str, int]
    metrics_listen: tuple[str, int]
    database: str
    keys: Path
    keys_group: int | None
    state: Path
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
    """Everything that is configured. ``quarantined`` maps a shop to the one line that says what is wrong with it;
    ``source`` tells where a setting stands.
    """

    path: Path
    source: Source = field(repr=False, compare=False)
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
    document, source = _parsed(path)
    root = Table(_overridden(document), source, (), os.environ)
    server = _server(root.table("server"))
    section = root.table("carriers")
    carriers = {name: _carrier(name, section.table(name), server) for name in section.names()}
    section = root.table("apps")
    apps = {name: _app(name, section.table(name)) for name in section.names()}
    shops: dict[str, ShopSettings] = {}
    quarantined: dict[str, str] = {}
    section = root.table("shops")
    for name in section.names():
        try:
            shops[name] = shop_settings(name, section.table(name), carriers, apps)
        except ConfigError as fault:
            quarantined[name] = str(fault)
    root.done()
    quarantined |= {
        name: f"{source.place(('shops', name, key))}: {fault}" for name, key, fault in _clashes(shops, apps)
    }
    sound = {name: shop for name, shop in shops.items() if name not in quarantined}
    return Config(path=path, source=source, server=server, carriers=carriers, shops=sound, quarantined=quarantined)


def _parsed(path: Path) -> tuple[dict[str, Any], Source]:
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text), Source(file=str(path), lines=lines(text))
    except OSError as problem:
        fault = f"{path}: {problem.strerror}"
    except tomllib.TOMLDecodeError as problem:
        fault = _not_toml(path, str(problem).splitlines()[0])
    except UnicodeDecodeError:
        fault = f"{path}: not UTF-8; save it in this encoding"
    raise ConfigError(fault)


def _not_toml(path: Path, said: str) -> str:
    """What ``tomllib`` said, with the line where others look for it. It tells characters and keys, never a value."""
    what, found, place = said.partition(" (at line ")
    line, _, column = place.removesuffix(")").partition(", ")
    where, at = (f"{path}:{line}", f", {column}") if found else (f"{path}", "")
    return f'{where}: not TOML: {what}{at}; a setting is written as notify = "email", text in quotation marks'


def _overridden(document: dict[str, Any]) -> dict[str, Any]:
    """What the environment says, laid over the file. Without two underscores a variable is none of ours: container
    platforms make ``PARCELVEIL_PORT`` and the like of a service's name.
    """
    for variable, value in sorted(os.environ.items()):
        if variable.startswith(PREFIX) and LEVEL in variable:
            *above, last = _path(variable, document)
            here = document
            for step in above:
                here = here.setdefault(step, {})
                if not isinstance(here, dict):
                    raise ConfigError(f"${variable}: {step} is no table")
            here[last] = FromEnvironment(value, variable)
    return document


def _path(variable: str, document: Mapping[str, Any]) -> list[str]:
    """The tables and the key that a variable means; a hyphen of a name is an underscore there."""
    section, *path = variable.removeprefix(PREFIX).lower().split(LEVEL)
    if section not in SECTIONS or not all(path):
        raise ConfigError(f"${variable}: no such setting{_hint(section, SECTIONS)}")
    if section == "server":
        return [section, *path]
    there = document.get(section)
    names = {name.lower().replace("-", "_"): name for name in there} if isinstance(there, dict) else {}
    if path[0] not in names or len(path) < 2:
        raise ConfigError(f"${variable}: the file has no [{section}.{path[0]}]{_hint(path[0], names)}")
    return [section, names[path[0]], *path[1:]]


def _hint(given: str, known: Collection[str]) -> str:
    hint = meant(given, known)
    return f"; {hint}" if hint and given not in known else ""


def _server(table: Table) -> ServerSettings:
    host, port = address(table.text("listen", "127.0.0.1:8080"), table.place("listen"))
    if told := os.environ.get("PORT"):
        host, port = address(f"{host}:{told}", "$PORT")
    settings = ServerSettings(
        listen=(host, port),
        metrics_listen=address(table.text("metrics_listen", "127.0.0.1:9090"), table.place("metrics_listen")),
        database=_database(table),
        keys=Path(table.text("keys", "var/keys")),
        keys_group=_group(table),
        state=Path(table.text("state", "var/state")),
        journal=Path(table.text("journal", "var/journal")),
        keep_delivered=_keep_delivered(table),
        egress_proxy=table.origin("egress_proxy", ("http",), "") or None,
        ca_file=_file(table.text("ca_file", "")),
        clock_file=_clock(table, host),
        log_level=table.choice("log_level", LEVELS, "INFO"),
    )
    if settings.listen == settings.metrics_listen:
        raise table.fault("metrics_listen", "another address than that of listen")
    table.done()
    return settings


def _database(table: Table) -> str:
    """Container platforms hand out ``postgres://``; ours is the driver psycopg."""
    url = table.text("database", "sqlite:///var/parcelveil.db")
    user = url.partition("://")[2].partition("/")[0].rpartition("@")[0]
    if (":" in user or "password=" in url) and table.is_in_file("database"):
        raise table.fault("database", "a URL without a password; one with a password belongs into $DATABASE_URL")
    url = os.environ.get("DATABASE_URL") or url
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if separator and scheme in ("postgres", "postgresql") else url


def _group(table: Table) -> int | None:
    name = table.text("keys_group", "")
    if not name or (name.isascii() and name.isdigit()):
        return int(name) if name else None
    try:
        return getgrnam(name).gr_gid
    except KeyError:
        fault = table.fault("keys_group", 'a group of this machine, by its name or its number, such as "parcelveil"')
    raise fault


def _keep_delivered(table: Table) -> timedelta:
    if table.text("keep_delivered", "0d") != "0d":
        raise table.fault("keep_delivered", '"0d", as sealed parts leave on delivery')
    return timedelta(0)


def _clock(table: Table, host: str) -> Path | None:
    setting = table.text("clock", "")
    if not setting:
        return None
    if not setting.startswith("file:"):
        raise table.fault("clock", '"file:PATH"')
    if not _loopback(host):
        raise table.refusal("clock", "a test instance may listen on loopback only")
    return Path(setting.removeprefix("file:"))


def _loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _file(text: str) -> Path | None:
    return Path(text) if text else None


def _carrier(name: str, table: Table, server: ServerSettings) -> CarrierSettings:
    check_name(name, table)
    allowed = table.networks("allow_private")
    settings = CarrierSettings(
        name=name,
        kind=table.choice("kind", CARRIER_KINDS, None),
        # Plain http is possible to the addresses of allow_private alone; a name's are judged when it is dialled.
        url=table.origin("url", ("https", "http") if allowed else ("https",), None),
        token=table.bearer("token") if "token" in table else None,
        allow_private=allowed,
        proxy=server.egress_proxy,
        ca_file=server.ca_file,
    )
    table.done()
    return settings


def _app(name: str, table: Table) -> tuple[bytes, ...]:
    check_name(name, table)
    table.choice("platform", ("shopify",), None)
    secrets = table.secrets("secrets")
    table.done()
    return secrets


def _clashes(
    shops: Mapping[str, ShopSettings], apps: Mapping[str, tuple[bytes, ...]]
) -> Iterator[tuple[str, str, str]]:
    """A secret or a domain that two shops share would let one speak for the other: (shop, key, what is wrong)."""
    shared = {secret for secrets in apps.values() for secret in secrets}
    for name, shop in shops.items():
        others = [other for other in shops.values() if other.name != name]
        if any(shop.domain == other.domain for other in others):
            yield name, "domain", "another shop has the same"
        taken = shared | {secret for other in others for secret in other.secrets}
        if shop.own_app and taken & set(shop.secrets):
            yield name, "secrets", "a secret that is also another shop's or app's is refused"
