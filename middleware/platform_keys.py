"""What is known of the parcel platforms: their public retention keys and pick-up points.

One ``platform-<carrier>.json`` each in the state folder, outside the database and its backup: whoever could change it
would choose who reads. Every key is pinned to its thumbprint (RFC 7638) when it is first seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from middleware.core.body import read as read_body
from middleware.core.places import kept, read_point, row_of
from middleware.errors import BodyError, ConfigError, KeyRefusedError, UnknownKeyError
from middleware.exchange import PickupPoint
from middleware.key_files import check_folder, make_folder, read, write
from middleware.model import Plan

MAX_KEYS = 2_000
MAX_POINTS = 50_000

_KID = re.compile(r"[a-z]+\.[a-z]+/[a-z]{2}(?:\.[a-z_]+)+/[0-9]{4}-(?:0[1-9]|1[0-2])")
_MEMBERS = frozenset(("kty", "crv", "x", "y", "kid", "use", "alg", "key_ops"))


class PlatformKeys:
    """What is known of one parcel platform: its file, read again when the file changes."""

    def __init__(self, folder: Path, carrier: str, group: int | None = None) -> None:
        self.path = folder / f"platform-{carrier}.json"
        self._group = group
        self._stamp: tuple[int, int] | None = None
        self._known = Known()

    def known(self) -> Known:
        """The newest content of the file; empty as long as there is none. Raises: ConfigError for a file that cannot
        be read.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return self._known
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._known, self._stamp = Known.from_bytes(read(self.path, self._group), self.path), stamp
        return self._known

    def public(self, plan: Plan) -> Mapping[str, ECKey]:
        """The public keys that a plan needs, by key id. Raises: UnknownKeyError when a month is missing: intake fails
        closed.
        """
        keys = self.known().keys
        if any(part.kid not in keys for part in plan.parts):
            raise UnknownKeyError()
        return {part.kid: keys[part.kid] for part in plan.parts}

    def points(self) -> Mapping[str, PickupPoint]:
        """The pick-up points, by id. Raises: UnknownKeyError as long as the platform was never heard: an order to one
        of its points is no fault of the order.
        """
        known = self.known()
        if known.fetched_at is None:
            raise UnknownKeyError()
        return known.points

    def store(self, known: Known) -> None:
        """Replace the file, atomically and durably; a missing folder is made. Raises: ConfigError where it cannot be
        written; the old one stays.
        """
        make_folder(self.path.parent, self._group)
        check_folder(self.path.parent, self._group)
        write(self.path, known.to_bytes(), self._group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The content of a platform's file. ``pins`` outlive the keys: a withdrawn ``kid`` may not come back as another
    key. ``unfit`` counts the pick-up points that were told beside ``points`` and that no order can name.
    """

    fetched_at: datetime | None = None
    keys: Mapping[str, ECKey] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, PickupPoint] = field(default_factory=dict)
    unfit: int = 0

    @classmethod
    def from_bytes(cls, content: bytes, path: Path) -> Known:
        """Raises: ConfigError for a file that is not what ``to_bytes`` writes."""
        try:
            document: Any = json.loads(content)
            return cls(
                fetched_at=document["fetched_at"] and datetime.fromisoformat(document["fetched_at"]),
                keys={jwk["kid"]: ECKey.import_key(jwk) for jwk in document["keys"]},
                pins={kid: str(thumbprint) for kid, thumbprint in document["pins"].items()},
                points=kept(document["points"]),
                unfit=int(document["unfit"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError, JoseError):
            path_only = f"{path}: not a file of this service; remove it and run `parcelveil keys provision`"
        raise ConfigError(path_only)

    def to_bytes(self) -> bytes:
        """The file's content."""
        points = [row_of(point) for point in self.points.values()]
        fetched = self.fetched_at.isoformat() if self.fetched_at else None
        keys = [key.as_dict(private=False) for key in self.keys.values()]
        content = {"fetched_at": fetched, "pins": dict(self.pins), "keys": keys, "points": points}
        return json.dumps(content | {"unfit": self.unfit}, indent=1).encode()


def admit(known: Known, jwks: bytes, points: bytes, now: datetime) -> Known:
    """What is known after a refresh. Everything is refused, and nothing changes, when anything is wrong with the keys
    or an answer cannot be read; a pick-up point that cannot be used is left out and counted.

    Raises: KeyRefusedError naming key ids only: a private member, another kind of key, a ``kid`` that came twice or
    whose key changed, a form that is none.
    """
    found = {jwk["kid"]: ECKey.import_key(dict(jwk)) for jwk in _public_jwks(jwks)}
    thumbprints = {kid: key.thumbprint() for kid, key in found.items()}
    changed = [kid for kid, thumbprint in thumbprints.items() if known.pins.get(kid, thumbprint) != thumbprint]
    if changed:
        raise KeyRefusedError(
            f"the parcel platform gave another key for {changed[0]}: refused; ask the platform's operator first"
        )
    told = [read_point(row) for row in _points(points)]
    fit = {point.id: point for point in told if point is not None}
    return Known(
        fetched_at=now,
        keys=found,
        pins={**known.pins, **thumbprints},
        # An empty list is a fault over there: without the points known before, orders to them would be refused.
        points=fit or known.points,
        unfit=told.count(None),
    )


def _public_jwks(answer: bytes) -> Iterator[Mapping[str, Any]]:
    document = _document(answer)
    jwks = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(jwks, list) or not 0 < len(jwks) <= MAX_KEYS:
        raise KeyRefusedError("the parcel platform's key set cannot be read")
    seen: set[str] = set()
    for jwk in jwks:
        if not isinstance(jwk, dict) or not _KID.fullmatch(str(jwk.get("kid"))):
            raise KeyRefusedError("the parcel platform's key set holds a key without a proper key id")
        if set(jwk) - _MEMBERS or (jwk.get("kty"), jwk.get("crv"), jwk.get("alg")) != ("EC", "P-256", "ECDH-ES+A256KW"):
            raise KeyRefusedError(
                f"the parcel platform's key {jwk['kid']} is not exactly a public P-256 key for ECDH-ES+A256KW"
            )
        if not _usable(jwk):
            raise KeyRefusedError(
                f"the parcel platform's key {jwk['kid']} cannot be used: not on the curve, or meant for something else"
            )
        if jwk["kid"] in seen:
            raise KeyRefusedError(f"the parcel platform's key set holds {jwk['kid']} twice")
        seen.add(jwk["kid"])
        yield jwk


def _usable(jwk: Mapping[str, Any]) -> bool:
    """Whether a content key can be agreed on with it: found out here, and not at the first order."""
    try:
        key = ECKey.import_key(dict(jwk))
        key.check_use("enc")
        key.check_key_op("deriveKey")
    except (JoseError, ValueError, TypeError):
        return False
    return True


def _points(answer: bytes) -> list[object]:
    document = _document(answer)
    rows = document.get("points") if isinstance(document, dict) else None
    if not isinstance(rows, list) or len(rows) > MAX_POINTS:
        raise KeyRefusedError("the parcel platform's pick-up points cannot be read")
    return rows


def _document(answer: bytes) -> object:
    try:
        return read_body(answer)
    except BodyError:
        return None
