"""What is known of what accounts may use: ``granted-<carrier>/known.json`` in the state folder, written by whoever
asked the carrier and read by all (docs/adr/0032). An account stands there as a keyed digest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from middleware.account import Account
from middleware.carriers.bpost_shm import granted
from middleware.carriers.bpost_shm.granted import Grants
from middleware.core.index import Indexer
from middleware.errors import ConfigError
from middleware.key_files import alone, check_folder, make_folder, read, write

OLDEST: Final = timedelta(days=7)
"""What is older refuses nothing: the carrier decides by itself."""

_NOBODY: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one account may use, and when that was told."""

    at: datetime
    grants: Grants


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownGrants:
    """By account, as ``account_digest`` has it; of those that the carrier did not take, when it said so last."""

    accounts: Mapping[str, Told] = field(default_factory=dict)
    refused: Mapping[str, datetime] = field(default_factory=dict)

    @classmethod
    def from_bytes(cls, content: bytes, path: Path) -> KnownGrants:
        """Raises: ConfigError for a file that is not what ``to_bytes`` writes."""
        try:
            document: Any = json.loads(content)
            told = {
                digest: Told(at=datetime.fromisoformat(row["at"]), grants=granted.from_rows(row["offers"]))
                for digest, row in document["accounts"].items()
            }
            refused = {digest: datetime.fromisoformat(at) for digest, at in document["refused"].items()}
            dated = all(at.tzinfo for at in (*(each.at for each in told.values()), *refused.values()))
            if dated and all(each.grants.offers for each in told.values()):  # of nothing at all nothing would go
                return cls(accounts=told, refused=refused)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError, RecursionError):
            pass
        raise ConfigError(f"{path}: not a file of this service; remove it, and it is fetched again")

    def to_bytes(self) -> bytes:
        """The file's content."""
        rows = {
            digest: {"at": told.at.isoformat(), "offers": told.grants.rows()} for digest, told in self.accounts.items()
        }
        refused = {digest: at.isoformat() for digest, at in self.refused.items()}
        return json.dumps({"accounts": rows, "refused": refused}).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a file held when it had this stamp; ``fault`` where it is none of this service's."""

    stamp: tuple[int, int]
    known: KnownGrants = field(default_factory=KnownGrants)
    fault: str = ""


class GrantedFile:
    """The file of one carrier, in a folder of its own, read again when it changes."""

    def __init__(self, folder: Path, group: int | None = None) -> None:
        self.folder, self._group = folder, group
        self.path = folder / "known.json"
        self._seen: _Seen | None = None

    def known(self) -> KnownGrants:
        """The newest content; empty as long as there is none. Raises: ConfigError for a file that cannot be read."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return KnownGrants()
        except OSError as problem:
            fault = f"{self.path}: {problem.strerror}"
        else:
            stamp, seen = (status.st_mtime_ns, status.st_ino), self._seen
            if seen is None or seen.stamp != stamp:
                seen = self._seen = self._looked(stamp)
            if not seen.fault:
                return seen.known
            fault = seen.fault
        raise ConfigError(fault)

    def _looked(self, stamp: tuple[int, int]) -> _Seen:
        """What is there now. Raises: ConfigError where it cannot be looked at, which may be so for a moment only."""
        content = read(self.path, self._group)
        try:
            return _Seen(stamp=stamp, known=KnownGrants.from_bytes(content, self.path))
        except ConfigError as problem:
            return _Seen(stamp=stamp, fault=str(problem))

    def of(self, digest: str, now: datetime) -> Grants | None:
        """What that account may use; None where that is not known, is too old or cannot be read: who asks the carrier
        again tells of that.
        """
        try:
            told = self.known().accounts.get(digest)
        except ConfigError:
            return None
        return told.grants if told is not None and now - OLDEST <= told.at else None

    def store(self, known: KnownGrants) -> None:
        """Replace the file, atomically and durably. Raises: ConfigError; the old one stays."""
        check_folder(self.folder, self._group)
        write(self.path, known.to_bytes(), self._group)

    def turn(self) -> AbstractContextManager[bool]:
        """Whether it is this process's turn to ask, of all that keep this folder, until the block ends. Raises:
        ConfigError.
        """
        make_folder(self.folder.parent, self._group)
        return alone(self.folder, self._group)


def account_digest(index: bytes, account: Account) -> str:
    """An account with its passphrase, by the first index key, which stays the same while that is rotated: who has no
    right passphrase neither reads what another may use, nor has it asked about with a wrong one.
    """
    return Indexer(index, _NOBODY).of("carrier.account", f"{account.id}:{account.passphrase}").hex()
