"""The configuration: one TOML file, every setting of which can also come from the environment.

An unknown key or a missing secret of the server stops the start with one line. A fault within one shop quarantines that
shop and names it; the others run. No secret's value is ever in a message. This is the only module that reads the
environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from middleware import config_back, config_parties
from middleware.config_lines import lines
from middleware.config_parties import CarrierSettings, carrier_settings
from middleware.config_server import ServerSettings, server_settings
from middleware.config_shop import Around, points_key_of, shop_settings, token_of, tracking_password_of
from middleware.config_table import FromEnvironment, Source, Table, meant
from middleware.core.body import read
from middleware.errors import BodyError, ConfigError, SettingError
from middleware.model import ShopSettings
from middleware.model_events import SourceSettings
from middleware.model_shop import Held

T = TypeVar("T")

DEFAULT_FILE: Final = "parcelveil.toml"
PREFIX: Final = "PARCELVEIL_"
LEVEL: Final = "__"
FILE_VARIABLE: Final = "PARCELVEIL_CONFIG"
SECTIONS: Final = ("server", "admin", "sources", "carriers", "apps", "shops")


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
    sources: tuple[SourceSettings, ...] = ()

    @property
    def simulated(self) -> frozenset[str]:
        """The carriers that only simulate, where shops in test mode go."""
        return frozenset(name for name, carrier in self.carriers.items() if carrier.simulated)

    def around(self) -> Around:
        """What a shop's settings are read against."""
        return config_parties.around(self.carriers, self.apps, self.server.callbacks_private)


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
        raise SettingError(
            place=str(named.absolute()),
            problem="no such configuration file",
            expected=f"one here, or named with --config FILE or ${FILE_VARIABLE}",
            example="--config /etc/parcelveil.toml",
            hint="`parcelveil init` writes one",
        )
    return named.absolute()


def load(path: Path) -> Config:
    """Read, complete from the environment, and check. Raises: ConfigError, one clear line."""
    if os.environ.get("FLASK_DEBUG", "0") not in ("", "0"):
        raise SettingError(
            place="$FLASK_DEBUG",
            problem="a debug server shows what passes through it",
            expected="it not to be set",
            example="unset FLASK_DEBUG",
        )
    document, in_file = _parsed(path)
    source = replace(in_file, elsewhere=_overridden(document))
    root = Table(document, source, (), os.environ)
    server = server_settings(root.table("server"), os.environ)
    admin_tokens = config_parties.admin_tokens(root.table("admin"))
    sources = tuple(_each(root.table("sources"), config_parties.source_settings).values())
    section = root.table("carriers")
    carriers = {name: carrier_settings(name, section.table(name), server) for name in section.names()}
    if len(simulated := [name for name, carrier in carriers.items() if carrier.simulated]) > 1:
        problem = f"{simulated[0]} is the simulated platform already"
        raise section.table(simulated[1]).fault("simulated", "no more than one", problem=problem)
    apps = _each(root.table("apps"), config_parties.app_secrets)
    shops: dict[str, ShopSettings] = {}
    quarantined: dict[str, str] = {}
    section, beside = root.table("shops"), config_parties.around(carriers, apps, server.callbacks_private)
    for name in section.names():
        try:
            shops[name] = shop_settings(name, section.table(name), beside)
        except ConfigError as fault:
            quarantined[name] = str(fault)
    root.done()
    quarantined |= {name: str(fault) for name, fault in config_parties.clashes(shops, apps, source)}
    return Config(
        path=path,
        source=source,
        server=server,
        carriers=carriers,
        shops={name: shop for name, shop in shops.items() if name not in quarantined},
        quarantined=quarantined,
        apps=apps,
        admin_tokens=admin_tokens,
        sources=sources,
    )


def _each(section: Table, read: Callable[[str, Table], T]) -> dict[str, T]:
    """What stands in a table whose keys are names."""
    return {name: read(name, section.table(name)) for name in section.names()}


def shop_file(path: Path) -> tuple[dict[str, Any], Source]:
    """What a file says of one shop, or of who sends, and where: TOML, or JSON where its name ends so. Raises:
    ConfigError.
    """
    if path.suffix != ".json":
        return _parsed(path)
    try:
        document = read(path.read_bytes())
    except OSError as problem:
        fault = _unreadable(path, problem)
    except BodyError:
        fault = _no_object(path, "not strict JSON")
    else:
        if isinstance(document, dict):
            return document, Source(file=str(path))
        fault = _no_object(path, "another kind of JSON")
    raise fault


def resolved(content: Mapping[str, Any], source: Source) -> Held:
    """The secrets that ``content`` names by ``{env = …}`` or ``{file = …}``. Raises: ConfigError."""
    table = Table(content, source, (), os.environ)
    secrets = table.secrets("secrets") if "secrets" in table else ()
    callback, fulfilment = config_back.told(table)
    return Held(
        secrets=secrets,
        token=token_of(table),
        passphrase=table.bearer("passphrase") if "passphrase" in table else None,
        points_key=points_key_of(table),
        callback=callback,
        fulfilment=fulfilment,
        tracking_password=tracking_password_of(table),
    )


def _parsed(path: Path) -> tuple[dict[str, Any], Source]:
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text), Source(file=str(path), lines=lines(text))
    except OSError as problem:
        fault = _unreadable(path, problem)
    except tomllib.TOMLDecodeError as problem:
        fault = _not_toml(path, str(problem).splitlines()[0])
    except UnicodeDecodeError:
        fault = SettingError(
            place=str(path), problem="not UTF-8", expected="text in this encoding", example=f"iconv -t UTF-8 {path}"
        )
    raise fault


def _unreadable(path: Path, problem: OSError) -> SettingError:
    return SettingError(
        place=str(path),
        problem=str(problem.strerror),
        expected=f"a file that user {os.geteuid()} may read",
        example="one that `parcelveil init` writes",
    )


def _no_object(path: Path, problem: str) -> SettingError:
    return SettingError(
        place=str(path), problem=problem, expected="one object", example='{"domain": "demo.myshopify.com"}'
    )


def _not_toml(path: Path, said: str) -> SettingError:
    """What ``tomllib`` said, with the line where others look for it. It tells characters and keys, never a value."""
    what, found, place = said.partition(" (at line ")
    line, _, column = place.removesuffix(")").partition(", ")
    where, at = (f"{path}:{line}", f", {column}") if found else (f"{path}", "")
    return SettingError(
        place=where,
        problem=f"not TOML: {what}{at}",
        expected="a key, an equals sign and a value, text in quotation marks",
        example='notify = "email"',
    )


def _overridden(document: dict[str, Any]) -> Mapping[tuple[str, ...], str]:
    """Lays over the file what the environment says: path → ``$VARIABLE``. Without two underscores a variable is none of
    ours: container platforms make ``PARCELVEIL_PORT`` and the like of a service's name.
    """
    found: dict[tuple[str, ...], str] = {}
    for variable, value in sorted(os.environ.items()):
        if variable.startswith(PREFIX) and LEVEL in variable:
            *above, last = _path(variable, document)
            here = document
            for step in above:
                here = here.setdefault(step, {})
                if not isinstance(here, dict):
                    raise _no_setting(variable, f"{step} is no table", "the name of a setting")
            here[last] = FromEnvironment(value)
            found[(*above, last)] = f"${variable}"
    return found


def _path(variable: str, document: Mapping[str, Any]) -> list[str]:
    """The tables and the key that a variable means; a hyphen of a name is an underscore there."""
    section, *path = variable.removeprefix(PREFIX).lower().split(LEVEL)
    if section not in SECTIONS or not all(path):
        expected = f"one of {', '.join(SECTIONS)} and a setting of it"
        raise _no_setting(variable, "no such setting", expected, _hint(section, SECTIONS))
    if section in ("server", "admin"):
        return [section, *path]
    there = document.get(section)
    names = {name.lower().replace("-", "_"): name for name in there} if isinstance(there, dict) else {}
    if path[0] not in names or len(path) < 2:
        problem = f"the file has no [{section}.{path[0]}]"
        raise _no_setting(variable, problem, "a table of the file and a setting of it", _hint(path[0], names))
    return [section, names[path[0]], *path[1:]]


def _no_setting(variable: str, problem: str, expected: str, hint: str = "") -> SettingError:
    example = "PARCELVEIL_SHOPS__DEMO__NOTIFY"
    return SettingError(place=f"${variable}", problem=problem, expected=expected, example=example, hint=hint)


def _hint(given: str, known: Collection[str]) -> str:
    return "" if given in known else meant(given, known)
