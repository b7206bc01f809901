"""How one of the service's keys takes the place of another, on disk: whatever stops in between, both halves of it are
there, and the same command goes on.

    next file ─▶ (the database knows it) ─▶ what was before is kept beside ─▶ next file becomes the file

Every step replaces a whole file and is synced.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from middleware.errors import ConfigError
from middleware.key_files import check_folder, read, sync, write
from middleware.keys import CHECKED, FORMER_SIGNING, SIGNING, former_signing, new_signing_key, signing_key


class Turn:
    """The file ``name`` in ``keys/service`` of a key folder: ``receipt.jwk``, ``service.key`` or ``index.key``."""

    def __init__(self, folder: Path, group: int | None, name: str) -> None:
        self.home, self._group = folder / "service", group
        stem, _, suffix = name.partition(".")
        self.path = self.home / name
        self.next = self.home / f"{stem}.next.{suffix}"
        self.former = self.home / f"{stem}.former.{suffix}"

    def prepare(self, make: Callable[[], bytes]) -> bytes:
        """What the file will be: made now, unless a rotation that stopped has left it. Raises: ConfigError."""
        check_folder(self.home, self._group)
        if not self.next.exists():
            write(self.next, make(), self._group)
            self._give(self.next)
        return read(self.next, self._group)

    def switch(self) -> None:
        """From now on the next file is the file. Raises: ConfigError."""
        self._do(lambda: self.next.replace(self.path))

    def keep(self) -> None:
        """Keep the file beside itself, as what was before. Raises: ConfigError."""
        if not self.former.exists():
            self._do(lambda: os.link(self.path, self.former))

    def drop(self) -> None:
        """What was before is gone for good. Raises: ConfigError."""
        self._do(lambda: self.former.unlink(missing_ok=True))

    def become(self, content: bytes) -> None:
        """The file holds that from now on. Raises: ConfigError."""
        whole = self.path.with_suffix(".whole")
        write(whole, content, self._group)
        self._give(whole)
        self._do(lambda: whole.replace(self.path))

    def forget_next(self) -> None:
        """There is no next file any more. Raises: ConfigError."""
        self._do(lambda: self.next.unlink(missing_ok=True))

    def switched_at(self) -> datetime | None:
        """When what was before ceased to be in use (the file system tells); None where there is nothing of before."""
        try:
            changed = self.former.stat().st_ctime_ns
        except OSError:
            return None
        return datetime.fromtimestamp(changed / 1e9, UTC)

    def _give(self, path: Path) -> None:
        """To whom the file belongs that it will replace: another user may turn keys than the one that reads them."""
        kept = self.path.stat()
        if (path.stat().st_uid, path.stat().st_gid) != (kept.st_uid, kept.st_gid):
            self._do(lambda: os.chown(path, kept.st_uid, kept.st_gid))

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
            sync(self.home)
        except OSError as problem:
            fault = f"{self.path}: {problem.strerror}"
        else:
            return
        raise ConfigError(fault)


class SigningTurn(Turn):
    """The same for the key that signs: of what was before the public half alone stays, beside those of others."""

    def __init__(self, folder: Path, group: int | None) -> None:
        super().__init__(folder, group, SIGNING)
        self.former = self.home / FORMER_SIGNING

    def kid(self) -> str:
        """The id of the key that signs. Raises: ConfigError."""
        return str(signing_key(read(self.path, self._group), self.path).kid)

    def next_kid(self) -> str:
        """The id of the key that will. Raises: ConfigError."""
        return str(signing_key(self.prepare(new_signing_key), self.next).kid)

    def formers(self) -> tuple[str, ...]:
        """The ids of those that did, and whose public halves are kept. Raises: ConfigError."""
        return tuple(former_signing(self.former, self._group))

    def keep(self) -> None:
        """Raises: ConfigError."""
        key = signing_key(read(self.path, self._group), self.path)
        self._write({**self._public(), str(key.kid): dict(key.as_dict(private=False))})

    def forget(self, kid: str) -> None:
        """The public half of that key is gone. Raises: ConfigError."""
        left = {name: jwk for name, jwk in self._public().items() if name != kid}
        if left:
            self._write(left)
        else:
            self.drop()

    def _public(self) -> dict[str, dict[str, object]]:
        found = former_signing(self.former, self._group)
        return {kid: dict(key.as_dict(private=False)) for kid, key in found.items()}

    def _write(self, public: dict[str, dict[str, object]]) -> None:
        write(self.former, json.dumps({"keys": list(public.values())}).encode(), self._group)
        self._give(self.former)


def unfinished(folder: Path) -> Sequence[str]:
    """What `parcelveil keys rotate` has to be told so that every rotation that was begun goes on, or ends: ``signing``,
    ``service --finish`` …
    """
    signing, service, index = (Turn(folder, None, name) for name in (SIGNING, CHECKED["service"], CHECKED["index"]))
    words = {
        "signing": signing.next.exists(),
        "service": service.next.exists(),
        "service --finish": service.former.exists() and not service.next.exists(),
        "index --finish": index.next.exists(),
    }
    return [word for word, begun in words.items() if begun]


def formers(folder: Path, group: int | None) -> Mapping[str, str]:
    """The keys before that are still needed: an id, and what each does, ``verifies``, ``opens`` or ``finds``. Raises:
    ConfigError.
    """
    signing = SigningTurn(folder, group)
    before = [kid for kid in signing.formers() if kid != signing.kid()]
    opens = Turn(folder, group, CHECKED["service"])
    finds = Turn(folder, group, CHECKED["index"])
    return {
        **{f"signing/{kid}": "verifies" for kid in before},
        **({"service/former": "opens"} if opens.former.exists() and not opens.next.exists() else {}),
        **({"index/former": "finds"} if finds.next.exists() else {}),
    }


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else on this machine turns a key of that folder meanwhile. Raises: ConfigError."""
    home = folder / "service"
    try:
        handle = os.open(home, os.O_RDONLY)
    except OSError as problem:
        fault = f"{home}: {problem.strerror}"
    else:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
        return
    raise ConfigError(fault)
