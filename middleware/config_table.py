"""Typed values out of a TOML table: every fault is one line with file, key, what is expected and an example."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Final

from middleware.errors import ConfigError

Network = IPv4Network | IPv6Network

_DURATION: Final = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_ADDRESS: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})")


class Table:
    """One table. What was never asked for is unknown: ``done`` refuses it."""

    def __init__(self, content: Mapping[str, Any], file: str, name: str, environ: Mapping[str, str]) -> None:
        self._content, self._file, self._name, self._environ = content, file, name, environ
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._content

    def place(self, key: str) -> str:
        """File and dotted key, for messages."""
        return f"{self._file}: {self._name}.{key}" if self._name else f"{self._file}: {key}"

    def fault(self, key: str, expected: str) -> ConfigError:
        """The error for a key: what is expected there."""
        return ConfigError(f"{self.place(key)}: expected {expected}")

    def done(self) -> None:
        """Raises: ConfigError for the first key that nobody asked for."""
        for key in self._content:
            if key not in self._asked:
                near = difflib.get_close_matches(key, self._asked, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(self._asked))}"
                raise ConfigError(f"{self.place(key)}: unknown key; {hint}")

    def table(self, key: str) -> Table:
        """A table beneath; an empty one where there is none."""
        content = self._get(key, {})
        if not isinstance(content, dict):
            raise self.fault(key, f"a table, as in [{key}]")
        return Table(content, self._file, f"{self._name}.{key}" if self._name else key, self._environ)

    def tables(self, key: str) -> Mapping[str, Table]:
        """The named tables beneath, as in ``[shops.demo]``."""
        above = self.table(key)
        return {name: above.table(name) for name in above._content}

    def text(self, key: str, default: str | None) -> str:
        """A string; required where there is no default."""
        value = self._get(key, default)
        if not isinstance(value, str) or (value == "" and default is None):
            raise self.fault(key, "a text")
        return value

    def choice(self, key: str, choices: Sequence[str], default: str | None) -> str:
        """One of several words."""
        value = self._get(key, default)
        if value not in choices:
            raise self.fault(key, f"one of {', '.join(choices)}")
        return str(value)

    def whole(self, key: str, default: int) -> int:
        """A positive integer."""
        value = self._get(key, default)
        if type(value) is not int or value < 1:
            raise self.fault(key, f"a positive whole number, such as {default}")
        return value

    def day(self, key: str) -> date:
        """A date."""
        value = self._get(key, None)
        if type(value) is not date:
            raise self.fault(key, "a date without quotes, such as 2026-11-22")
        return value

    def duration(self, key: str, default: str) -> timedelta:
        """A length of time such as ``2m``."""
        match = _DURATION.fullmatch(self.text(key, default))
        if match is None:
            raise self.fault(key, 'a length of time, such as "30s", "2m", "1h" or "0d"')
        return timedelta(**{_UNITS[match.group(2)]: int(match.group(1))})

    def networks(self, key: str) -> tuple[Network, ...]:
        """A list of addresses or networks."""
        values = self._get(key, [])
        try:
            return tuple(ip_network(value) for value in values)
        except (TypeError, ValueError):
            fault = self.fault(key, 'a list of addresses or networks, such as ["127.0.0.1", "10.0.0.0/8"]')
        raise fault

    def mapping(self, key: str) -> Mapping[str, str]:
        """A table of texts."""
        value = self._get(key, {})
        if not isinstance(value, dict) or not all(isinstance(inner, str) for inner in value.values()):
            raise self.fault(key, 'a table of texts, such as { recipient_clock = "label-created" }')
        return dict(value)

    def secret(self, key: str) -> str:
        """A secret: ``{env = …}`` or ``{file = …}``, never inline, never empty."""
        return self._secret(key, self._get(key, None))

    def secrets(self, key: str) -> tuple[bytes, ...]:
        """One secret, or two while rotating."""
        values = self._get(key, None)
        if not isinstance(values, list) or not 1 <= len(values) <= 2:
            raise self.fault(
                key, 'a list of one secret, or of two while rotating, such as [{ env = "SHOPIFY_SECRET" }]'
            )
        return tuple(self._secret(key, value).encode() for value in values)

    def _secret(self, key: str, value: object) -> str:
        if not isinstance(value, dict) or len(value) != 1 or not isinstance(next(iter(value.values())), str):
            raise self.fault(key, '{ env = "NAME" } or { file = "PATH" }, never the secret itself')
        source, name = next(iter(value.items()))
        if source == "env":
            secret = self._environ.get(name, "")
        elif source == "file":
            secret = self._from_file(key, Path(name))
        else:
            raise self.fault(key, '{ env = "NAME" } or { file = "PATH" }')
        if not secret:
            raise ConfigError(f"{self.place(key)}: the secret in {source} {name} is missing or empty")
        return secret

    def _from_file(self, key: str, path: Path) -> str:
        try:
            return path.read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError):
            fault = ConfigError(f"{self.place(key)}: the file {path} cannot be read")
        raise fault

    def _get(self, key: str, default: object) -> Any:
        self._asked.add(key)
        return self._content.get(key, default)


def address(text: str, place: str) -> tuple[str, int]:
    """``host:port`` as (host, port). Raises: ConfigError."""
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match.group(2)) > 65_535:
        raise ConfigError(f"{place}: expected host:port, such as 127.0.0.1:8080")
    return match.group(1).strip("[]"), int(match.group(2))
