"""What is known of the pick-up points of a carrier that publishes no keys: ``points-<carrier>.json`` in the state
folder, written by whoever fetched them and read by all (docs/adr/0023).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from middleware.core.places import kept, row_of
from middleware.errors import ConfigError, UnknownKeyError
from middleware.exchange import PickupPoint
from middleware.key_files import alone, check_folder, make_folder, read, write

Zone = tuple[str, str]
"""(country, postal code)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPoints:
    """The points by id, when all of them were told last, and when what is around a postal code was. ``unfit`` counts
    those that were told beside them and that no order can name.
    """

    fetched_at: datetime | None = None
    points: Mapping[str, PickupPoint] = field(default_factory=dict)
    looked: Mapping[Zone, datetime] = field(default_factory=dict)
    unfit: int = 0

    @classmethod
    def from_bytes(cls, content: bytes, path: Path) -> KnownPoints:
        """Raises: ConfigError for a file that is not what ``to_bytes`` writes."""
        try:
            document: Any = json.loads(content)
            return cls(
                fetched_at=datetime.fromisoformat(document["fetched_at"]),
                points=kept(document["points"]),
                looked={(land, code): datetime.fromisoformat(when) for land, code, when in document["looked"]},
                unfit=int(document["unfit"]),
            )
        except (KeyError, TypeError, ValueError, RecursionError):
            fault = f"{path}: not a file of this service; remove it, and it is fetched again"
        raise ConfigError(fault)

    def to_bytes(self) -> bytes:
        """The file's content."""
        content = {
            "fetched_at": self.fetched_at and self.fetched_at.isoformat(),
            "unfit": self.unfit,
            "looked": [[*zone, when.isoformat()] for zone, when in self.looked.items()],
            "points": [row_of(point) for point in self.points.values()],
        }
        return json.dumps(content, indent=0).encode()


@dataclass(frozen=True, slots=True)
class Fixed:
    """Points that stay as they are for as long as the process lives."""

    content: KnownPoints

    def known(self) -> KnownPoints:
        """Always the same."""
        return self.content

    def points(self) -> Mapping[str, PickupPoint]:
        """The points by id."""
        return self.content.points


class PointsFile:
    """The file of one carrier, read again when it changes."""

    def __init__(self, path: Path, group: int | None = None) -> None:
        self.path, self._group = path, group
        self._stamp: tuple[int, int] | None = None
        self._known = KnownPoints()

    def known(self) -> KnownPoints:
        """The newest content; empty as long as there is none. Raises: ConfigError for a file that cannot be read."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return self._known
        except OSError as problem:
            fault = f"{self.path}: {problem.strerror}"
        else:
            stamp = (status.st_mtime_ns, status.st_ino)
            if stamp != self._stamp:
                self._known, self._stamp = KnownPoints.from_bytes(read(self.path, self._group), self.path), stamp
            return self._known
        raise ConfigError(fault)

    def points(self) -> Mapping[str, PickupPoint]:
        """The points by id. Raises: UnknownKeyError as long as none were fetched: an order to one of them is no fault
        of the order; ConfigError.
        """
        known = self.known()
        if known.fetched_at is None:
            raise UnknownKeyError()
        return known.points

    def store(self, known: KnownPoints) -> None:
        """Replace the file, atomically and durably. Raises: ConfigError where it cannot be written; the old one
        stays.
        """
        make_folder(self.path.parent, self._group)
        check_folder(self.path.parent, self._group)
        write(self.path, known.to_bytes(), self._group)

    def turn(self) -> AbstractContextManager[bool]:
        """Whether it is this process's turn to fetch, of all that keep this folder, until the block ends. Raises:
        ConfigError.
        """
        return alone(self.path.parent, self._group)
