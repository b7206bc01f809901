"""The configuration: one TOML file, every setting of which can also come from the environment.

An unknown key or a missing secret of the server stops the start with one line. A fault within one shop quarantines that
shop and names it; the others run. No secret's value is ever in a message. This is the only module that reads the
environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from grp import getgrnam
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from middleware import config_parties
from middleware.config_lines import lines
from middleware.config_parties import CarrierSettings, carrier_settings
from middleware.config_shop import Around, shop_settings
from middleware.config_table import FromEnvironment, Source, Table, address, meant
from middleware.core.body import read
from middleware.errors import BodyError, ConfigError
from middleware.model import ShopSettings

DEFAULT_FILE: Final = "parcelveil.toml"
PREFIX: Final = "PARCELVEIL_"
LEVEL: Final = "__"
FILE_VARIABLE: Final = "PARCELVEIL_CONFIG"
SECTIONS: Final = ("server", "admin", "carriers", "apps", "shops")
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
KEEP_DELIVERED: Final = ("0d", "policy")
MOST_WAITING: Final = 10_000_000
ADDRESSES: Final = {
    "listen": "127.0.0.1:8080",
    "api_listen": "127.0.0.1:8081",
    "metrics_listen": "127.0.0.1:9090",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServerSettings:
    """``[server]``. ``listen``, ``api_listen`` and ``metrics_listen`` are (host, port), ``keys_group`` is a group's
    number; ``keep_delivered`` is one of ``KEEP_DELIVERED``; ``clock_file`` tells a test its time.
    """

    listen: tuple[str, int]
    api_listen: tuple[str, int]
    metrics_listen: tuple[str, int]
    database: str
    keys: Path
    keys_group: int | None
    state: Path
    journal: Path
    keep_delivered: str
    most_waiting: int
    egress_proxy: str | None
    ca_file: Path | None
    clock_file: Path | None
    log_level: str

    def __repr__(self) -> str:
        return "<ServerSettings>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that is configured. ``apps`` and ``admin_tokens`` are secrets; ``quarantined`` maps a shop to the one
    line that says what is wrong with it; ``source`` tells where a setting stands.
    """

    path: Path
    source: Source = field(repr=False, compare=False)
    server: ServerSettings
    carriers: Mapping[str, CarrierSettings]
    shops: Mapping[str, ShopSettings]
    quarantined: Mapping[str, str]
    apps: Mapping[str, tuple[bytes, ...]] = field(repr=False)
    admin_tokens: tuple[bytes, ...] = field(repr=False)

    @property
    def simulated(self) -> frozenset[str]:
        """The carriers that only simulate, where shops in test mode go."""
        return frozenset(name for name, carrier in self.carriers.items() if carrier.simulated)

    def around(self) -> Around:
        """What a shop's settings are read against."""
        return config_parties.around(self.carriers, self.apps)


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
    admin_tokens = config_parties.admin_tokens(root.table("admin"))
    section = root.table("carriers")
    proxy, ca_file = server.egress_proxy, server.ca_file
    carriers = {
        name: carrier_settings(name, section.table(name), proxy=proxy, ca_file=ca_file) for name in section.names()
    }
    if len(simulated := [name for name, carrier in carriers.items() if carrier.simulated]) > 1:
        reason = f"{simulated[0]} is the simulated platform already"
        raise section.table(simulated[1]).refusal("simulated", reason)
    section = root.table("apps")
    apps = {name: config_parties.app_secrets(name, section.table(name)) for name in section.names()}
    shops: dict[str, ShopSettings] = {}
    quarantined: dict[str, str] = {}
    section = root.table("shops")
    for name in section.names():
        try:
            shops[name] = shop_settings(name, section.table(name), config_parties.around(carriers, apps))
        except ConfigError as fault:
            quarantined[name] = str(fault)
    root.done()
    quarantined |= {
        name: f"{source.place(('shops', name, key))}: {fault}"
        for name, key, fault in config_parties.clashes(shops, apps)
    }
    sound = {name: shop for name, shop in shops.items() if name not in quarantined}
    return Config(
        path=path,
        source=source,
        server=server,
        carriers=carriers,
        shops=sound,
        quarantined=quarantined,
        apps=apps,
        admin_tokens=admin_tokens,
    )


def shop_file(path: Path) -> dict[str, Any]:
    """What a file says of one shop, or of who sends: TOML, or JSON where its name ends so. Raises: ConfigError."""
    if path.suffix != ".json":
        return _parsed(path)[0]
    try:
        document = read(path.read_bytes())
    except OSError as problem:
        fault = f"{path}: {problem.strerror}"
    except BodyError:
        fault = f"{path}: not strict JSON"
    else:
        if isinstance(document, dict):
            return document
        fault = f"{path}: expected one object"
    raise ConfigError(fault)


def resolved(content: Mapping[str, Any], source: str) -> tuple[tuple[bytes, ...], bytes | None]:
    """The secrets and the token that ``content`` names by ``{env = …}`` or ``{file = …}``. Raises: ConfigError."""
    table = Table(content, Source(file=source), (), os.environ)
    secrets = table.secrets("secrets") if "secrets" in table else ()
    return secrets, table.bearer("token").encode() if "token" in table else None


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
    if section in ("server", "admin"):
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
    host, port = _address(table, "listen")
    if told := os.environ.get("PORT"):
        host, port = address(f"{host}:{told}", "$PORT")
    settings = ServerSettings(
        listen=(host, port),
        api_listen=_address(table, "api_listen"),
        metrics_listen=_address(table, "metrics_listen"),
        database=_database(table),
        keys=Path(table.text("keys", "var/keys")),
        keys_group=_group(table),
        state=Path(table.text("state", "var/state")),
        journal=Path(table.text("journal", "var/journal")),
        keep_delivered=table.choice("keep_delivered", KEEP_DELIVERED, "0d"),
        most_waiting=table.whole("most_waiting", 100_000, MOST_WAITING),
        egress_proxy=table.origin("egress_proxy", ("http",), "") or None,
        ca_file=_file(table.text("ca_file", "")),
        clock_file=_clock(table),
        log_level=table.choice("log_level", LEVELS, "INFO"),
    )
    if settings.api_listen == settings.listen:
        raise table.fault("api_listen", "another address than that of listen")
    if settings.metrics_listen in (settings.listen, settings.api_listen):
        raise table.fault("metrics_listen", "another address than those of listen and api_listen")
    table.done()
    return settings


def _address(table: Table, key: str) -> tuple[str, int]:
    return address(table.text(key, ADDRESSES[key]), table.place(key))


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


def _clock(table: Table) -> Path | None:
    setting = table.text("clock", "")
    if not setting:
        return None
    if not setting.startswith("file:"):
        raise table.fault("clock", '"file:PATH"')
    if not all(_loopback(_address(table, key)[0]) for key in ("listen", "api_listen")):
        raise table.refusal("clock", "a test instance may listen on loopback only")
    return Path(setting.removeprefix("file:"))


def _loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _file(text: str) -> Path | None:
    return Path(text) if text else None
