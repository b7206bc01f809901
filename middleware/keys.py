"""The only reader and writer of key files.

``keys/service`` holds what intake needs: ``receipt.jwk`` (Ed25519, private), ``index.key`` and ``service.key`` (32
bytes each), and one ``platform-<carrier>.json`` per parcel platform: its public retention keys, each pinned to its
thumbprint (RFC 7638), and its pick-up points. The folder lies outside the database and its backup. No key is ever in
a message, an argument or a ``repr``.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey

from middleware.core import receipt
from middleware.core.body import read
from middleware.core.index import KEY_BYTES
from middleware.errors import BodyError, ConfigError, KeyRefusedError, TamperedError, UnknownKeyError
from middleware.model import PickupPoint, Plan
from schemas.order import PICKUP_POINT

MAX_KEYS = 2_000
MAX_POINTS = 50_000

_KID = re.compile(r"[a-z]+\.[a-z]+/[a-z]{2}(?:\.[a-z_]+)+/[0-9]{4}-(?:0[1-9]|1[0-2])")
_MEMBERS = frozenset(("kty", "crv", "x", "y", "kid", "use", "alg", "key_ops"))
_PLACE = re.compile(r"[A-Za-z0-9 -]{1,12}")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServiceKeys:
    """The service's own keys: it signs receipts, makes blind indexes and encrypts what only the service may read."""

    signing: OKPKey
    index: bytes
    service: OctKey

    def __repr__(self) -> str:
        return "<ServiceKeys>"

    def public_jwks(self) -> Mapping[str, Any]:
        """The JWKS that verifies receipts."""
        public = self.signing.as_dict(private=False)
        return {"keys": [{**public, "use": "sig", "alg": "EdDSA"}]}


def provision(folder: Path) -> list[str]:
    """Make what is missing of the service's keys; nothing that exists is touched. Returns the names of the files made.

    Raises: ConfigError where the folder cannot be used.
    """
    home = folder / "service"
    _make_folder(home)
    _check_mode(home)
    makers: Mapping[str, Callable[[], bytes]] = {
        "receipt.jwk": _new_signing_key,
        "index.key": lambda: secrets.token_bytes(KEY_BYTES),
        "service.key": lambda: secrets.token_bytes(KEY_BYTES),
    }
    made = [name for name in makers if not (home / name).exists()]
    for name in made:
        _write(home / name, makers[name]())
    return made


def load_service(folder: Path) -> ServiceKeys:
    """The service's keys. Raises: ConfigError for a missing or malformed file, a wrong length or mode, naming the
    path only.
    """
    home = folder / "service"
    if folder.exists():
        _check_mode(folder)
    signing = _signing_key(_read(home / "receipt.jwk"), home / "receipt.jwk")
    return ServiceKeys(
        signing=signing,
        index=_exactly(_read(home / "index.key"), home / "index.key"),
        service=OctKey.import_key(_exactly(_read(home / "service.key"), home / "service.key")),
    )


class PlatformKeys:
    """What is known of one parcel platform: its file, read again when the file changes."""

    def __init__(self, folder: Path, carrier: str) -> None:
        self.path = folder / "service" / f"platform-{carrier}.json"
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
            self._known, self._stamp = Known.from_bytes(_read(self.path), self.path), stamp
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
        """Replace the file, atomically and durably. Raises: ConfigError where it cannot be written; the old one
        stays.
        """
        _write(self.path, known.to_bytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The content of a platform's file. ``pins`` outlive the keys: a withdrawn ``kid`` may not come back as another
    key.
    """

    fetched_at: datetime | None = None
    keys: Mapping[str, ECKey] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, PickupPoint] = field(default_factory=dict)

    @classmethod
    def from_bytes(cls, content: bytes, path: Path) -> Known:
        """Raises: ConfigError for a file that is not what ``to_bytes`` writes."""
        try:
            document: Any = json.loads(content)
            return cls(
                fetched_at=document["fetched_at"] and datetime.fromisoformat(document["fetched_at"]),
                keys={jwk["kid"]: ECKey.import_key(jwk) for jwk in document["keys"]},
                pins={kid: str(thumbprint) for kid, thumbprint in document["pins"].items()},
                points={point["id"]: PickupPoint(**point) for point in document["points"]},
            )
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError, JoseError):
            path_only = f"{path}: not a file of this service; remove it and run `parcelveil keys provision`"
        raise ConfigError(path_only)

    def to_bytes(self) -> bytes:
        """The file's content."""
        points = [
            {"id": point.id, "postal_code": point.postal_code, "country": point.country}
            for point in self.points.values()
        ]
        fetched = self.fetched_at.isoformat() if self.fetched_at else None
        keys = [key.as_dict(private=False) for key in self.keys.values()]
        content = {"fetched_at": fetched, "pins": dict(self.pins), "keys": keys, "points": points}
        return json.dumps(content, indent=1).encode()


def admit(known: Known, jwks: bytes, points: bytes, now: datetime) -> Known:
    """What is known after a refresh. Everything is refused, and nothing changes, when anything is wrong with the keys
    or an answer cannot be read; a pick-up point that cannot be used is left out.

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
    return Known(
        fetched_at=now,
        keys=found,
        pins={**known.pins, **thumbprints},
        # An empty list is a fault over there: without the points known before, orders to them would be refused.
        points={point.id: point for point in _points(points)} or known.points,
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


def _points(answer: bytes) -> Iterator[PickupPoint]:
    document = _document(answer)
    rows = document.get("points") if isinstance(document, dict) else None
    if not isinstance(rows, list) or len(rows) > MAX_POINTS:
        raise KeyRefusedError("the parcel platform's pick-up points cannot be read")
    for row in rows:
        id_, postal_code, country = (_text(row, name) for name in ("id", "postal_code", "country"))
        if PICKUP_POINT.fullmatch(id_) and _PLACE.fullmatch(postal_code) and re.fullmatch("[A-Z]{2}", country):
            yield PickupPoint(id=id_, postal_code=postal_code, country=country)


def _text(row: object, name: str) -> str:
    value = row.get(name) if isinstance(row, dict) else None
    return value if isinstance(value, str) else ""


def _document(answer: bytes) -> object:
    try:
        return read(answer)
    except BodyError:
        return None


def _new_signing_key() -> bytes:
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    return json.dumps(key.as_dict(private=True)).encode()


def _signing_key(content: bytes, path: Path) -> OKPKey:
    try:
        key = OKPKey.import_key(json.loads(content))
        public = OKPKey.import_key(key.as_dict(private=False))
        usable = key.curve_name == "Ed25519" and bool(key.kid)
        receipt.verify(receipt.sign({}, key), {str(key.kid): public})  # the halves belong together
    except (JoseError, TamperedError, KeyError, TypeError, ValueError, RecursionError):
        usable = False
    if not usable:
        raise ConfigError(f"{path}: not an Ed25519 private key with a key id")
    return key


def _exactly(content: bytes, path: Path) -> bytes:
    if len(content) != KEY_BYTES:
        raise ConfigError(f"{path}: a key of {KEY_BYTES} bytes is expected")
    return content


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as problem:
        reason = problem.strerror
    else:
        _check_mode(path.parent)
        _check_mode(path)
        return content
    raise ConfigError(f"{path}: {reason}; make the keys with `parcelveil keys provision`")


def _check_mode(path: Path) -> None:
    status = path.stat()
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise ConfigError(f"{path}: mode {mode:04o} lets others in; use 0700 for folders and 0600 for files")
    if status.st_uid not in (0, os.geteuid()):
        raise ConfigError(f"{path}: it belongs to another user, who could change it")


def _make_folder(home: Path) -> None:
    try:
        home.parent.parent.mkdir(parents=True, exist_ok=True)
        for place in (home.parent, home):
            place.mkdir(mode=0o700, exist_ok=True)
    except OSError as problem:
        reason = problem.strerror
    else:
        return
    raise ConfigError(f"{home}: {reason}")


def _write(path: Path, content: bytes) -> None:
    """Write a new file beside, sync it, and put it in place: a crash leaves the old or the new one."""
    try:
        _replace(path, content)
    except OSError as problem:
        reason = problem.strerror
    else:
        return
    raise ConfigError(f"{path}: {reason}")


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
