"""``[server]``: where the service listens, and where its data rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from grp import getgrnam
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from middleware.config_table import Network, Table, address
from middleware.errors import SettingError

KEEP_DELIVERED: Final = ("0d", "policy")
MOST_WAITING: Final = 10_000_000
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
ADDRESSES: Final = {
    "listen": "127.0.0.1:8080",
    "api_listen": "127.0.0.1:8081",
    "metrics_listen": "127.0.0.1:9090",
}

_DATABASE: Final = re.compile(r"sqlite(?:\+pysqlite)?:///(?!:memory:$)[^?]+|postgres(?:ql(?:\+psycopg)?)?://.+")


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
    callbacks_private: tuple[Network, ...]
    most_waiting: int
    egress_proxy: str | None
    ca_file: Path | None
    clock_file: Path | None
    log_level: str

    def __repr__(self) -> str:
        return "<ServerSettings>"


def server_settings(table: Table, environ: Mapping[str, str]) -> ServerSettings:
    """The settings of the server. Raises: SettingError."""
    host, port = _address(table, "listen")
    settings = ServerSettings(
        listen=(host, _port(environ.get("PORT", "")) or port),
        api_listen=_address(table, "api_listen"),
        metrics_listen=_address(table, "metrics_listen"),
        database=_database(table, environ),
        keys=Path(table.text("keys", "var/keys")).absolute(),
        keys_group=_group(table),
        state=Path(table.text("state", "var/state")).absolute(),
        journal=Path(table.text("journal", "var/journal")).absolute(),
        keep_delivered=table.choice("keep_delivered", KEEP_DELIVERED, "0d"),
        callbacks_private=table.networks("callbacks_private"),
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


def _port(told: str) -> int | None:
    if told and not (told.isascii() and told.isdigit() and len(told) < 6 and 1 <= int(told) <= 65_535):
        raise SettingError(place="$PORT", expected="a port, from 1 to 65535", example="PORT=8080")
    return int(told) if told else None


def _address(table: Table, key: str) -> tuple[str, int]:
    return address(table.text(key, ADDRESSES[key]), table.place(key))


def _database(table: Table, environ: Mapping[str, str]) -> str:
    """Container platforms hand out ``postgres://``; ours is the driver psycopg."""
    url = table.text("database", "sqlite:///var/parcelveil.db")
    user = url.partition("://")[2].partition("/")[0].rpartition("@")[0]
    if (":" in user or "password=" in url) and table.is_in_file("database"):
        raise table.fault("database", "a URL without a password; one with a password belongs into $DATABASE_URL")
    replaced = environ.get("DATABASE_URL")
    url = replaced or url
    if not _DATABASE.fullmatch(url):  # not repeated: it may hold a password
        expected = "sqlite:///FILE without further options, or postgresql+psycopg://USER@HOST/NAME"
        if replaced:
            example = "sqlite:////data/parcelveil.db"
            raise SettingError(place="$DATABASE_URL", expected=expected, example=example)
        raise table.fault("database", expected)
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url


def _group(table: Table) -> int | None:
    name = table.text("keys_group", "")
    if not name or (name.isascii() and name.isdigit()):
        return int(name) if name else None
    try:
        return getgrnam(name).gr_gid
    except KeyError:
        fault = table.fault("keys_group", "a group of this machine, by its name or its number")
    raise fault


def _clock(table: Table) -> Path | None:
    setting = table.text("clock", "")
    if not setting:
        return None
    if not setting.startswith("file:"):
        raise table.fault("clock", '"file:PATH"')
    if not all(_loopback(_address(table, key)[0]) for key in ("listen", "api_listen")):
        expected = "addresses of loopback in listen and api_listen beside it"
        raise table.fault("clock", expected, example='listen = "127.0.0.1:8080"')
    return Path(setting.removeprefix("file:")).absolute()


def _loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _file(text: str) -> Path | None:
    return Path(text).absolute() if text else None
