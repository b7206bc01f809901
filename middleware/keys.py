"""The service's own keys.

``keys/service`` holds what intake and relay need: ``receipt.jwk`` (Ed25519, private), ``index.key`` and
``service.key`` (32 bytes each; of the index key 32 more for every rotation). Beside them lies, after a rotation, what
those before still verify (``receipt.former.json``, public halves) or open (``service.former.key``), and during one the
next index key. ``keys/retention`` is for private retention keys, and for the relay alone. The folders lie outside the
database and its backup. No key is ever in a message, an argument or a ``repr``.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import OctKey, OKPKey

from middleware.core import receipt
from middleware.core.index import KEY_BYTES, MOST_KEYS, Chain
from middleware.errors import ConfigError, TamperedError
from middleware.key_files import check_above, check_folder, check_private, make_folder, read, write

CHECKED: Final[Mapping[str, str]] = {"index": "index.key", "service": "service.key"}
"""Purpose → file, of the keys without which a database cannot be used on."""

SIGNING: Final = "receipt.jwk"
FORMER_SIGNING: Final = "receipt.former.json"
FORMER_SERVICE: Final = "service.former.key"
NEXT_INDEX: Final = "index.next.key"
FILES: Final = (SIGNING, FORMER_SIGNING, *CHECKED.values(), FORMER_SERVICE, NEXT_INDEX)
"""All that ``load_service`` may read."""

_BACK: Final = "put the file back that `parcelveil keys provision` made, from its own backup"
_OWN_BACK: Final = "put the file back that `parcelveil keys rotate` made, from its own backup"
_CHECK: Final = b"parcelveil check value: "


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServiceKeys:
    """The service's own keys: it signs receipts, makes blind indexes and encrypts what only the service may read.

    ``former_signing`` are the public halves of signing keys before, by key id; ``former_service`` the key before, while
    what it locked is locked anew. ``index`` is the first of the chain of index keys, ``links`` those that followed and
    ``next_link`` the one that is about to.
    """

    signing: OKPKey
    index: bytes
    service: OctKey
    links: tuple[bytes, ...] = ()
    next_link: bytes | None = None
    former_signing: Mapping[str, OKPKey] = field(default_factory=dict)
    former_service: OctKey | None = None

    def __repr__(self) -> str:
        return "<ServiceKeys>"

    def checks(self) -> Mapping[str, bytes]:
        """Purpose → a check value of the key (HMAC-SHA-256, 32 bytes): by it a database knows the key again, and nobody
        can tell the key from it.
        """
        held = {"index": b"".join((self.index, *self.links)), "service": self.service.raw_value}
        return {purpose: check_value(purpose, key) for purpose, key in held.items()}

    def verifying(self) -> Mapping[str, OKPKey]:
        """The keys that verify receipts, by key id; the one that signs comes first."""
        return {str(self.signing.kid): self.signing} | {
            kid: key for kid, key in self.former_signing.items() if kid != self.signing.kid
        }

    def opening(self) -> tuple[OctKey, ...]:
        """The keys that open what the service locked; the one that locks comes first."""
        return (self.service,) if self.former_service is None else (self.service, self.former_service)

    def chain(self) -> Chain:
        """The chain of index keys."""
        turning = self.next_link is not None
        keys = (self.index, *self.links, *((self.next_link,) if self.next_link is not None else ()))
        return Chain(keys=keys, turning=turning)

    def public_jwks(self) -> Mapping[str, Any]:
        """The JWKS that verifies receipts."""
        return {
            "keys": [{**key.as_dict(private=False), "use": "sig", "alg": "EdDSA"} for key in self.verifying().values()]
        }


def check_value(purpose: str, key: bytes) -> bytes:
    """The check value of one key, 32 bytes."""
    return hmac.digest(key, _CHECK + purpose.encode(), "sha256")


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
        SIGNING: new_signing_key,
        **dict.fromkeys(CHECKED.values(), new_key),
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
    next_link = _next_link(home / NEXT_INDEX, group)  # before the file to which it will be added
    index = _chained(read(home / CHECKED["index"], group), home / CHECKED["index"])
    return ServiceKeys(  # the key that is used before those before it: whoever takes one over writes the other way
        signing=signing_key(read(home / SIGNING, group), home / SIGNING),
        index=index[0],
        links=index[1:],
        next_link=next_link if next_link != index[-1] else None,
        service=OctKey.import_key(_exactly(read(home / CHECKED["service"], group), home / CHECKED["service"])),
        former_signing=former_signing(home / FORMER_SIGNING, group),
        former_service=_former_service(home / FORMER_SERVICE, group),
    )


def former_signing(path: Path, group: int | None) -> Mapping[str, OKPKey]:
    """The public halves in that file, by key id; none where there is no file. Raises: ConfigError."""
    if not path.exists():
        return {}
    content = read(path, group)
    try:
        keys = {str(jwk["kid"]): OKPKey.import_key(jwk) for jwk in json.loads(content)["keys"]}
        usable = all(key.curve_name == "Ed25519" and not key.is_private for key in keys.values())
    except (JoseError, KeyError, TypeError, ValueError, RecursionError):
        usable, keys = False, {}
    if not usable:
        raise ConfigError(f"{path}: not public Ed25519 keys; {_OWN_BACK}")
    return keys


def _next_link(path: Path, group: int | None) -> bytes | None:
    return _exactly(read(path, group), path) if path.exists() else None


def _chained(content: bytes, path: Path) -> tuple[bytes, ...]:
    if len(content) > KEY_BYTES * MOST_KEYS or len(content) % KEY_BYTES or not content:
        return (_exactly(content, path),)
    return tuple(content[start : start + KEY_BYTES] for start in range(0, len(content), KEY_BYTES))


def _former_service(path: Path, group: int | None) -> OctKey | None:
    return OctKey.import_key(_exactly(read(path, group), path)) if path.exists() else None


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


def new_key() -> bytes:
    """A random key of ``KEY_BYTES`` bytes."""
    return secrets.token_bytes(KEY_BYTES)


def new_signing_key() -> bytes:
    """A new Ed25519 key as JWK; its id is its thumbprint (RFC 7638)."""
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    return json.dumps(key.as_dict(private=True)).encode()


def signing_key(content: bytes, path: Path) -> OKPKey:
    """The private key in a JWK that was read at ``path``. Raises: ConfigError."""
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
