"""The platform's private retention keys: one P-256 key per part, class and month of expiry, one file each.

Source: sealing 'Retention keys'. A destroyed key is remembered by its id, so that the same id never comes back with
another key.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.clock import plus_months
from simulator.jwe import ALG, public_jwk
from simulator.parts import PARTS

MONTHS_AHEAD = 6
"""Keys are made for what is sealed this month and in so many months after it."""

SUFFIX = ".pem"


class KeyRing:
    """The keys in ``folder`` (made with mode 0700, files 0600). One thread at a time: the platform holds a lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._gone_file = folder / "destroyed"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._gone = set(self._gone_file.read_text().split()) if self._gone_file.exists() else set()
        self._keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        for path in folder.glob(f"*{SUFFIX}"):
            kid = path.name.removesuffix(SUFFIX).replace("--", "/")
            if kid in self._gone:
                path.unlink()  # a stop between the note and the deed
            else:
                self._keys[kid] = _load(path)

    def provision(self, month: str) -> None:
        """Make what is missing for parts that arrive in ``month`` and in the ``MONTHS_AHEAD`` months after it."""
        for part in PARTS.values():
            for ahead in range(MONTHS_AHEAD + 1):
                kid = part.kid(plus_months(month, part.months + ahead))
                if kid not in self._gone:
                    self._make(kid)
        self._sync()

    def make(self, kid: str) -> ec.EllipticCurvePrivateKey:
        """The key of that id, made if there is none. Raises: ValueError if it has been destroyed."""
        if kid in self._gone:
            raise ValueError("destroyed key")
        self._make(kid)
        self._sync()
        return self._keys[kid]

    def _make(self, kid: str) -> None:
        if kid not in self._keys:
            key = ec.generate_private_key(ec.SECP256R1())
            pem = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            _write(self._path(kid), pem, os.O_CREAT | os.O_EXCL)
            self._keys[kid] = key

    def private(self, kid: str) -> ec.EllipticCurvePrivateKey | None:
        """The private key of that id, or None if there is none (any more)."""
        return self._keys.get(kid)

    def closed(self, month: str) -> frozenset[str]:
        """The ids of the keys whose month lies before ``month``."""
        return frozenset(kid for kid in self._keys if kid.rpartition("/")[2] < month)

    def destroy(self, kids: Iterable[str]) -> None:
        """Destroy these keys for good; durable when it returns."""
        gone = sorted(set(kids) & self._keys.keys())
        _write(self._gone_file, "".join(f"{kid}\n" for kid in gone).encode("ascii"), os.O_CREAT | os.O_APPEND)
        for kid in gone:
            del self._keys[kid]
            self._gone.add(kid)
            self._path(kid).unlink()
        self._sync()

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public halves (RFC 7517)."""
        extra = {"use": "enc", "alg": ALG}
        return {
            "keys": [{**public_jwk(key.public_key()), "kid": kid, **extra} for kid, key in sorted(self._keys.items())]
        }

    def _path(self, kid: str) -> Path:
        return self._folder / f"{kid.replace('/', '--')}{SUFFIX}"

    def _sync(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _load(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("retention key file")
    return key


def _write(path: Path, content: bytes, flags: int) -> None:
    handle = os.open(path, os.O_WRONLY | flags, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
