"""The service's own keys as they are now: a rotation is taken up by every process without a restart.

The files are looked at before every use, or for what every order needs four times a second, and read again when one of
them has changed. Whoever finds a record that another process signed finds the key that signed it, too. What cannot be
read changes nothing: what is known stays known, and the fault is logged.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from middleware.core.index import Chain
from middleware.core.receipt import Key
from middleware.core.seal import LockKey
from middleware.errors import ConfigError
from middleware.keys import FILES, ServiceKeys, load_service
from middleware.logs import logger

LOOK_SECONDS: Final = 0.25
"""How old what is known of signing and index keys may be: until then the ones before are good as well."""

AGAIN_SECONDS: Final = 5.0
"""When files that could not be read are read again."""

_log = logger("keys")

_Stamp = tuple[tuple[int, int, int] | None, ...]


class OwnKeys(Protocol):
    """The service's own keys, as ``ServiceKeys`` has them for once and ``LiveKeys`` for ever."""

    @property
    def signing(self) -> Key:
        """The key that signs receipts."""

    @property
    def index(self) -> bytes:
        """The first key of blind indexes."""

    def chain(self) -> Chain:
        """All keys of blind indexes."""

    @property
    def service(self) -> LockKey:
        """The key that locks what only the service may read."""

    def opening(self) -> tuple[LockKey, ...]:
        """The keys that open it."""

    def verifying(self) -> Mapping[str, Key]:
        """The keys that verify receipts, by key id."""

    def public_jwks(self) -> Mapping[str, Any]:
        """The same as a JWKS."""


class LiveKeys:
    """The keys in a folder, for as long as a process lives."""

    def __init__(self, folder: Path, group: int | None = None) -> None:
        """Raises: ConfigError as ``keys.load_service``."""
        self._folder, self._group = folder, group
        self._turn = threading.Lock()
        self._stamp: _Stamp = self._seen()
        self._known = load_service(folder, group)
        self._again = self._looked = 0.0

    def __repr__(self) -> str:
        return "<LiveKeys>"

    @property
    def signing(self) -> Key:
        return self._lately().signing

    @property
    def index(self) -> bytes:
        return self._lately().index

    def chain(self) -> Chain:
        return self._lately().chain()

    @property
    def service(self) -> LockKey:
        return self.now().service

    def opening(self) -> tuple[LockKey, ...]:
        return self.now().opening()

    def verifying(self) -> Mapping[str, Key]:
        return self._lately().verifying()

    def public_jwks(self) -> Mapping[str, Any]:
        return self.now().public_jwks()

    def now(self) -> ServiceKeys:
        """All of them, of one moment."""
        self._looked = time.monotonic()
        if self._seen() != self._stamp and time.monotonic() >= self._again:
            with self._turn:
                self._read()
        return self._known

    def _lately(self) -> ServiceKeys:
        return self._known if time.monotonic() < self._looked + LOOK_SECONDS else self.now()

    def _read(self) -> None:
        stamp = self._seen()  # before they are read: what changes meanwhile is read again
        if stamp == self._stamp:
            return
        try:
            self._known, self._stamp = load_service(self._folder, self._group), stamp
        except ConfigError as problem:
            self._again = time.monotonic() + AGAIN_SECONDS
            _log.error("keys_not_read", code=problem.code)
        else:
            _log.info("keys_read")

    def _seen(self) -> _Stamp:
        return tuple(_stamp(self._folder / "service" / name) for name in FILES)


class Verifying(Mapping[str, Key]):
    """The keys that verify receipts, by key id, as they are: an unknown one is looked for anew."""

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    def __getitem__(self, kid: str) -> Key:
        return self._keys.verifying().get(kid) or self._keys.now().verifying()[kid]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys.verifying())

    def __len__(self) -> int:
        return len(self._keys.verifying())


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns
