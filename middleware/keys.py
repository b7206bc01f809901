"""The service's own keys.

``keys/service`` holds what intake and relay need: ``receipt.jwk`` (Ed25519, private), ``index.key`` and
``service.key`` (32 bytes each). ``keys/retention`` is for private retention keys, and for the relay alone. The folders
lie outside the database and its backup. No key is ever in a message, an argument or a ``repr``.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import OctKey, OKPKey

from middleware.core import receipt
from middleware.core.index import KEY_BYTES
from middleware.errors import ConfigError, TamperedError
from middleware.key_files import check_above, check_folder, check_private, make_folder, read, write

CHECKED: Final[Mapping[str, str]] = {"index": "index.key", "service": "service.key"}
"""Purpose → file, of the keys without which a database cannot be used on."""

_BACK: Final = "put the file back that `parcelveil keys provision` made, from its own backup"
_CHECK: Final = b"parcelveil check value: "


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServiceKeys:
    """The service's own keys: it signs receipts, makes blind indexes and encrypts what only the service may read."""

    signing: OKPKey
    index: bytes
    service: OctKey

    def __repr__(self) -> str:
        return "<ServiceKeys>"

    def checks(self) -> Mapping[str, bytes]:
        """Purpose → a check value of the key (HMAC-SHA-256, 32 bytes): by it a database knows the key again, and nobody
        can tell the key from it.
        """
        held = {"index": self.index, "service": self.service.raw_value}
        return {purpose: hmac.digest(key, _CHECK + purpose.encode(), "sha256") for purpose, key in held.items()}

    def public_jwks(self) -> Mapping[str, Any]:
        """The JWKS that verifies receipts."""
        public = self.signing.as_dict(private=False)
        return {"keys": [{**public, "use": "sig", "alg": "EdDSA"}]}


def provision(
    folder: Path, group: int | None = None, known: Mapping[str, frozenset[bytes]] = MappingProxyType({})
) -> list[str]:
    """Make what is missing of the service's keys, for ``group`` too where there is one; nothing that exists is touched.
    Returns the names of the files made. ``known`` are the check values of the database: a key that it knows is not made
    anew, for everything would be unreadable under it.

    Raises: ConfigError where the folder cannot be used, or a key is missing that the database knows.
    """
    home = folder / "service"
    for purpose, name in CHECKED.items():
        if purpose in known and not (home / name).exists():
            raise _other_key(home / name, "missing, and the database was made with it")
    for place in (folder, home):
        make_folder(place, group)
    check_folder(home, group)
    makers: Mapping[str, Callable[[], bytes]] = {
        "receipt.jwk": _new_signing_key,
        "index.key": lambda: secrets.token_bytes(KEY_BYTES),
        "service.key": lambda: secrets.token_bytes(KEY_BYTES),
    }
    made = [name for name in makers if not (home / name).exists()]
    for name in made:
        write(home / name, makers[name](), group)
    return made


def load_service(folder: Path, group: int | None = None) -> ServiceKeys:
    """The service's keys, which a group may share; ``keys/retention`` beside them is nobody's but its owner's.

    Raises: ConfigError for a missing or malformed file, a wrong length or mode, naming the path only.
    """
    home = folder / "service"
    if folder.exists():  # else it is the first key file that is named
        check_above(folder, group)
    check_private(folder / "retention")
    signing = _signing_key(read(home / "receipt.jwk", group), home / "receipt.jwk")
    return ServiceKeys(
        signing=signing,
        index=_exactly(read(home / "index.key", group), home / "index.key"),
        service=OctKey.import_key(_exactly(read(home / "service.key", group), home / "service.key")),
    )


def check(keys: ServiceKeys, folder: Path, known: Mapping[str, frozenset[bytes]]) -> None:
    """Whether a database was used with these keys, or with none. Raises: ConfigError."""
    for purpose, value in keys.checks().items():
        if purpose in known and value not in known[purpose]:
            raise _other_key(folder / "service" / CHECKED[purpose], "not the key that the database was made with")


def _other_key(path: Path, problem: str) -> ConfigError:
    """Under another key orders would ship again, and what is sealed for the service could not be read."""
    return ConfigError(
        f"{path}: {problem}; put the old {path.name} back into {path.parent}, or name a new database in "
        "server.database or $DATABASE_URL"
    )


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
        raise ConfigError(f"{path}: not an Ed25519 private key with a key id; {_BACK}")
    return key


def _exactly(content: bytes, path: Path) -> bytes:
    if len(content) != KEY_BYTES:
        raise ConfigError(f"{path}: a key of {KEY_BYTES} bytes is expected; {_BACK}")
    return content
