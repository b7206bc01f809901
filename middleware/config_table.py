"""Typed values out of a TOML table: every fault is one line with file, line, key, what is expected and an example."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from middleware.config_settings import example as example_of
from middleware.errors import SettingError
from schemas.shop_rules import is_line, length_of_time

Network = IPv4Network | IPv6Network

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_BEARER: Final = re.compile(rb"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*")
_NAMED: Final = '{ env = "NAME" } or { file = "PATH" }'
_SOURCES: Final = ("env", "file")
_ADDRESS: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})")


class FromEnvironment(str):
    """A value of the environment: text, until its key says what it takes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The file that tables come from, the line of every key in it, and where what is not from the file stands."""

    file: str
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    elsewhere: Mapping[tuple[str, ...], str] = field(default_factory=dict)

    def place(self, path: tuple[str, ...]) -> str:
        """File, line and dotted key, for messages; of what is not there the line of the table where it belongs, and of
        what is not from the file that place.
        """
        dotted = spelt(path)
        if elsewhere := self.elsewhere.get(path):
            return f"{elsewhere}: {dotted}"
        for length in range(len(path), 0, -1):
            if line := self.lines.get(path[:length]):
                return f"{self.file}:{line}: {dotted}"
        return f"{self.file}: {dotted}"


class Table:
    """One table. What was never asked for is unknown: ``done`` refuses it."""

    def __init__(
        self, content: Mapping[str, Any], source: Source, path: tuple[str, ...], environ: Mapping[str, str]
    ) -> None:
        self._content, self._source, self._path, self._environ = content, source, path, environ
        self._asked: set[str] = set()
        self._required: set[str] = set()

    @property
    def section(self) -> str:
        """The first of the tables that this one lies beneath, such as ``shops``."""
        return self._path[0]

    def __contains__(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._content

    def place(self, key: str) -> str:
        """Where a key stands, for messages."""
        return self._source.place(self._beneath(key))

    def fault(
        self, key: str, expected: str, *, example: str = "", problem: str = "", hint: str = "", pointer: str = ""
    ) -> SettingError:
        """The error for a key: what is wrong and what is expected there, what was perhaps meant, and an example, which
        is the setting's own where none is given. Of a required one that is not there this is told, and what stands
        there that it may be.
        """
        path = self._beneath(key)
        if not problem and key in self._required - self._content.keys():
            problem, hint = "it is missing", hint or self._misspelt(key)
        return SettingError(
            place=self.place(key),
            expected=expected,
            example=example or example_of(path),
            problem=problem,
            hint=hint,
            pointer=pointer or _pointer(path),
            path=path,
        )

    def _misspelt(self, key: str) -> str:
        near = nearest(key, [given for given in self._content if given not in self._asked])
        return f"or is it what stands there as {near}?" if near else ""

    def done(self) -> None:
        """Raises: SettingError for the first key that nobody asked for."""
        for key in self._content:
            if key not in self._asked:
                near = nearest(key, self._asked)
                shown = near or min(self._asked)
                raise self.fault(
                    key,
                    "one that is known" if near else f"one of {', '.join(sorted(self._asked))}",
                    problem="unknown key",
                    example=example_of(self._beneath(shown)) or f"[{shown}]",
                    hint=meant(key, self._asked),
                    pointer=_pointer((*self._path, "*")),
                )

    def table(self, key: str) -> Table:
        """A table beneath; an empty one where there is none."""
        content = self._get(key, {})
        if not isinstance(content, dict):
            raise self.fault(key, "a table", example=f"[{spelt(self._beneath(key))}]")
        return Table(content, self._source, self._beneath(key), self._environ)

    def names(self) -> tuple[str, ...]:
        """What stands in the table, where its keys are names, as in ``[shops]``."""
        self._asked.update(self._content)
        return tuple(self._content)

    def is_in_file(self, key: str) -> bool:
        """Whether the value stands in the file, and does not come from the environment."""
        return key in self and not isinstance(self._content[key], FromEnvironment)

    def text(self, key: str, default: str | None) -> str:
        """One line of text; required where there is no default."""
        value = self._get(key, default)
        if isinstance(value, FromEnvironment):
            value = _unquoted(value)
        if not isinstance(value, str) or not value.isprintable() or (value == "" and default is None):
            raise self.fault(key, "one line of text")
        return value

    def line(self, key: str, longest: int) -> str:
        """One line of at most so many characters; it may be left out."""
        value = self.text(key, "")
        if not is_line(value, longest):
            raise self.fault(key, f"one line of text of at most {longest} characters")
        return value

    def choice(self, key: str, choices: Sequence[str], default: str | None) -> str:
        """One of several words."""
        value = self.text(key, default)
        if value not in choices:
            raise self.fault(key, f"one of {', '.join(choices) or 'none'}", hint=meant(value, choices))
        return value

    def matching(self, key: str, form: re.Pattern[str], default: str | None, expected: str) -> str:
        """Text of a form; where the default is empty it may be left out."""
        value = self.text(key, default)
        if value != default and not form.fullmatch(value):
            raise self.fault(key, expected)
        return value

    def origin(self, key: str, schemes: Collection[str], default: str | None) -> str:
        """``scheme://host[:port]`` and no more: neither a path, nor a user and a password."""
        value = self.text(key, default)
        if value != default and not _is_origin(value, schemes):
            raise self.fault(key, f"{' or '.join(f'{scheme}://host[:port]' for scheme in schemes)}, and no more")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self._typed(key, default)
        if type(value) is not bool:
            raise self.fault(key, "true or false, without quotes")
        return value

    def whole(self, key: str, default: int, most: int) -> int:
        """A positive integer."""
        value = self._typed(key, default)
        if type(value) is not int or not 1 <= value <= most:
            raise self.fault(key, f"a whole number from 1 to {most}")
        return value

    def day(self, key: str) -> date:
        """A date."""
        value = self._typed(key, None)
        if type(value) is not date:
            raise self.fault(key, "a date without quotes")
        return value

    def duration(self, key: str, default: str, most: timedelta) -> timedelta:
        """A length of time such as ``2m``."""
        length = length_of_time(self.text(key, default))
        if length is None or length > most:
            hours = most // timedelta(hours=1)
            raise self.fault(key, f'a length of time like "30s", "2m", "1h" or "0d", of at most {hours} hours')
        return length

    def networks(self, key: str) -> tuple[Network, ...]:
        """A list of addresses or networks that are not public: whoever is public needs no permission."""
        values = self._typed(key, [])
        try:
            if isinstance(values, list) and all(isinstance(value, str) for value in values):
                networks = tuple(ip_network(value) for value in values)
                if not any(network.is_global for network in networks):
                    return networks
        except ValueError:
            pass
        raise self.fault(key, "a list of private addresses or networks")

    def words(self, key: str, form: re.Pattern[str], expected: str) -> tuple[str, ...]:
        """A list of texts of a form; none where it is left out."""
        values = self._typed(key, [])
        if not isinstance(values, list) or not all(isinstance(one, str) and form.fullmatch(one) for one in values):
            raise self.fault(key, expected)
        return tuple(values)

    def mapping(self, key: str) -> Mapping[str, str]:
        """A table of texts."""
        value = self._typed(key, {})
        if not isinstance(value, dict) or not all(isinstance(inner, str) for inner in value.values()):
            raise self.fault(key, "a table of texts")
        return dict(value)

    def secret(self, key: str) -> bytes:
        """A secret: ``{env = …}`` or ``{file = …}``, never inline, never empty."""
        return self._secret(key, self._typed(key, None))

    def bearer(self, key: str) -> str:
        """A secret that a header can carry."""
        secret = self.secret(key)
        if not _BEARER.fullmatch(secret):
            raise self.fault(key, "a secret of printable ASCII characters alone")
        return secret.decode("ascii")

    def secrets(self, key: str) -> tuple[bytes, ...]:
        """One secret, or two while rotating."""
        values = self._typed(key, None)
        if not isinstance(values, list) or not 1 <= len(values) <= 2:
            raise self.fault(key, "a list of one secret, or of two while rotating")
        return tuple(self._secret(key, value) for value in values)

    def _beneath(self, key: str) -> tuple[str, ...]:
        """The path of a key; of an empty one that of the table."""
        return (*self._path, key) if key else self._path

    def _secret(self, key: str, value: object) -> bytes:
        if not isinstance(value, dict):
            raise self.fault(key, _NAMED if value is None else f"{_NAMED}, never the secret itself")
        source, name = next(iter(value.items()), ("", ""))
        if len(value) != 1 or source not in _SOURCES:
            hint = next(filter(None, (meant(given, _SOURCES) for given in value if given not in _SOURCES)), "")
            raise self.fault(key, f"{_NAMED}, and nothing else", hint=hint)
        if not isinstance(name, str):
            raise self.fault(key, f"{_NAMED}, never the secret itself")
        if source == "env":
            secret = self._environ.get(name, "").encode("utf-8", "surrogateescape")
        else:
            secret = self._from_file(key, name)
        if not secret:
            raise self._missing(key, source, name)
        return secret

    def _missing(self, key: str, source: str, name: str) -> SettingError:
        """What stands in the place of a variable's name may be the secret itself: only a name is told."""
        if source == "file":
            return self.fault(key, "a file with the secret in it", problem="the file of the secret is empty")
        if not _VARIABLE.fullmatch(name):
            return self.fault(key, '{ env = "NAME" } with the name of a variable that is set, never the secret itself')
        problem = f"the secret in env {name} is missing or empty"
        return self.fault(key, "it to be set", problem=problem, example=f"export {name}=…")

    def _from_file(self, key: str, path: str) -> bytes:
        try:
            return Path(path).read_bytes().removesuffix(b"\n").removesuffix(b"\r")
        except OSError as problem:
            why = problem.strerror
        except ValueError:  # a NUL
            why = "no path"
        raise self.fault(key, f'{{ file = "PATH" }} of a file that can be read ({why}), never the secret itself')

    def _typed(self, key: str, default: object) -> Any:
        value = self._get(key, default)
        return _parsed(value) if isinstance(value, FromEnvironment) else value

    def _get(self, key: str, default: object) -> Any:
        self._asked.add(key)
        if default is None:
            self._required.add(key)
        return self._content.get(key, default)


def _pointer(path: tuple[str, ...]) -> str:
    """Where a setting stands within its carrier, app or shop (RFC 6901)."""
    return "".join(f"/{key}" for key in path[2:])


def spelt(path: tuple[str, ...]) -> str:
    """A dotted key as it is written in the file."""
    return ".".join(key if _BARE.fullmatch(key) else json.dumps(key) for key in path)


def nearest(given: str, known: Collection[str]) -> str:
    """The name that comes near, or nothing."""
    return next(iter(difflib.get_close_matches(given.lower(), known, 1)), "")


def meant(given: str, known: Collection[str]) -> str:
    """``did you mean …?``, or nothing where no name comes near."""
    near = nearest(given, known)
    return f"did you mean {near}?" if near else ""


def _parsed(value: FromEnvironment) -> object:
    """The value as TOML has it, or the text itself."""
    try:
        document = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return str(value)
    return document["value"] if len(document) == 1 else str(value)


def _unquoted(value: FromEnvironment) -> str:
    """Text of the environment needs no quotation marks, and may have them: ``1000`` is a postal code too."""
    parsed = _parsed(value)
    return parsed if isinstance(parsed, str) else str(value)


def _is_origin(value: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(value)
        fits = bool((parts.hostname or "").encode("idna")) and parts.port != 0 and parts.scheme in schemes
    except ValueError:
        return False
    return fits and not (parts.path.removesuffix("/") or parts.query or parts.fragment or "@" in parts.netloc)


def address(text: str, place: str) -> tuple[str, int]:
    """``host:port`` as (host, port). Raises: SettingError."""
    match = _ADDRESS.fullmatch(text)
    if match is None or not 1 <= int(match.group(2)) <= 65_535:
        raise SettingError(place=place, expected="host:port", example="127.0.0.1:8080")
    return match.group(1).strip("[]"), int(match.group(2))
