"""Sealing: one JWE per part (RFC 7516), to a public key of one part, one retention class and one month of expiry.

Exactly one algorithm pair is produced, ECDH-ES+A256KW on P-256 (RFC 7518 §4.6) with A256GCM (§5.3): a fresh ephemeral
key and a fresh content key for every part. The protected header binds part, class and month (``kid``) and the record
(``rid``). The plaintext is JSON with trailing spaces to a fixed size per part, so that lengths tell nothing. This
module holds the only random source of ``core``.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Mapping

import orjson
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey
from joserfc.registry import HeaderParameter

from middleware.core.kinds import kind_of
from middleware.errors import TamperedError
from middleware.model import PartPlan, Plan, Sealed, SealedCopy, SealedPart
from schemas.matter import Matter
from schemas.order import Sender

ALG, ENC = "ECDH-ES+A256KW", "A256GCM"

SIZES: Mapping[str, int] = {
    "recipient.delivery": 1024,
    "recipient.notification": 256,
    "recipient.customs": 4096,
    "sender.contact": 1024,
    "maxiresponse.contact": 512,
    "mystamp.customer": 1024,
    "mystamp.depicted": 512,
    "mystamp.photo": 262_144,
}
"""Bytes of plaintext per part; a longer one goes to the next multiple."""

_REGISTRY = jwe.JWERegistry(
    header_registry={"rid": HeaderParameter("Record id", "str", required=True)},
    algorithms=[ALG, ENC],
)
_REGISTRY.max_ciphertext_length = 16 << 20  # bytes: an image of 8 MiB in base64, padded

_LOCK = jwe.JWERegistry(
    header_registry={"for": HeaderParameter("What it is locked for", "str")}, algorithms=["dir", ENC]
)
_LOCK.max_ciphertext_length = 1 << 20

LOCKED_SIZE = 32
"""Bytes of plaintext of a locked text, if nothing else is asked for; a longer one goes to the next multiple."""

LockKey = OctKey
"""A key that locks; the rest of the code passes it on without knowing the library."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that reads like another letter
_CODE_LENGTH = 10
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None})


def new_id() -> str:
    """A record id: a random UUID (RFC 9562 version 4)."""
    return str(uuid.uuid4())


def new_reference() -> str:
    """A short code for the label: ten letters of Crockford's base 32 (50 bits), such as ``7K3MW-9Q2XA``."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))
    return f"{code[:5]}-{code[5:]}"


def read_reference(text: str) -> str | None:
    """A short code in capitals as a person copied it: with or without its hyphen, ``O`` for 0, ``I`` or ``L`` for 1.

    None for what can be no code.
    """
    code = text.translate(_READ_AS)
    known = len(code) == _CODE_LENGTH and set(code) <= set(_ALPHABET)
    return f"{code[:5]}-{code[5:]}" if known else None


def seal(
    matter: Matter,
    sender: Sender,
    plan: Plan,
    keys: Mapping[str, ECKey],
    *,
    shop: str,
    reference: str | None = None,
    copies: Mapping[str, ECKey] | None = None,
) -> Sealed:
    """Seal every part of ``plan``; ``keys`` maps the plan's key ids to the parcel platform's public keys, or to our
    transit keys; ``copies`` to our own where a copy stays here.

    ``reference`` is what the parcel platform sees; None for a short code of ours.
    """
    record_id, code = new_id(), new_reference()
    plaintexts = kind_of(matter).plaintexts(matter, sender)
    parts = tuple(_sealed(record_id, part, plaintexts[part.name], keys, copies) for part in plan.parts)
    return Sealed(id=record_id, reference=code, parts=parts, clear=_clear(matter, record_id, shop, reference or code))


def lock(text: str, key: OctKey, purpose: str = "", size: int = LOCKED_SIZE) -> str:
    """A text for the service's own eyes: JWE ``dir`` with A256GCM under the service key, padded to multiples of
    ``size`` bytes. What is locked for one purpose (``shop demo``) does not open for another.
    """
    content = text.encode()
    blocks = max(1, -(-len(content) // size))
    return jwe.encrypt_compact(_locking(purpose), content.ljust(blocks * size), key, registry=_LOCK)


def unlock(token: str, key: OctKey, purpose: str = "") -> str:
    """The text that ``lock`` closed for this purpose, without trailing spaces. Raises: TamperedError, whatever is
    wrong.
    """
    content = _unlocked(token, key, purpose)
    if content is None:
        raise TamperedError()
    return content.decode().rstrip(" ")


def locked_anew(token: str, former: LockKey, key: LockKey, purpose: str = "") -> str | None:
    """The same text under ``key`` instead of ``former``; None if it is under ``key`` already. Raises: TamperedError
    where neither opens it.
    """
    if _unlocked(token, key, purpose) is not None:
        return None
    content = _unlocked(token, former, purpose)
    if content is None:
        raise TamperedError()
    return jwe.encrypt_compact(_locking(purpose), content, key, registry=_LOCK)


def _locking(purpose: str) -> dict[str, str]:
    return {"alg": "dir", "enc": ENC, **({"for": purpose} if purpose else {})}


def _unlocked(token: str, key: OctKey, purpose: str) -> bytes | None:
    """The padded text; None for what is no such token. Nothing of the token hangs on an exception."""
    try:
        opened = jwe.decrypt_compact(token, key, registry=_LOCK)
        content = opened.plaintext if opened.protected == _locking(purpose) else None
        if content is not None:
            content.decode()
        return content
    except (JoseError, ValueError, TypeError):
        return None


def unlock_any(token: str, keys: Iterable[LockKey], purpose: str = "") -> str:
    """The same with the first of these keys that opens it. Raises: TamperedError."""
    for key in keys:
        try:
            return unlock(token, key, purpose)
        except TamperedError:
            continue
    raise TamperedError()


def opened(token: str, kid: str, record_id: str, key: ECKey) -> bytes:
    """The padded plaintext of a part that was sealed to ``kid`` for this record. Raises: TamperedError, whatever is
    wrong.
    """
    wanted = {"alg": ALG, "enc": ENC, "kid": kid, "rid": record_id}
    try:
        box = jwe.decrypt_compact(token, key, registry=_REGISTRY)
        told = {name: value for name, value in box.protected.items() if name != "epk"}
        plaintext = box.plaintext if told == wanted else None
    except (JoseError, ValueError, TypeError):
        plaintext = None
    if plaintext is None:  # raised outside the handler: nothing of the token hangs on the exception
        raise TamperedError()
    return plaintext


def members(plaintext: bytes) -> Mapping[str, object]:
    """What stands in an opened part. Raises: TamperedError for what is no such thing."""
    try:
        found = orjson.loads(plaintext)
    except ValueError:
        found = None
    if not isinstance(found, dict):  # raised outside the handler: the reader's error holds the text
        raise TamperedError()
    return found


def sealed_to(kid: str, record_id: str, plaintext: bytes, key: ECKey) -> str:
    """Compact JWE of a padded plaintext, to the public key of that id, for this record."""
    header = {"alg": ALG, "enc": ENC, "kid": kid, "rid": record_id}
    return jwe.encrypt_compact(header, plaintext, key, registry=_REGISTRY)


def _sealed(
    record_id: str,
    part: PartPlan,
    content: Mapping[str, object],
    keys: Mapping[str, ECKey],
    copies: Mapping[str, ECKey] | None,
) -> SealedPart:
    name, kid, own = part.name, part.kid, part.copy_kid
    copy = SealedCopy(kid=own, jwe=_encrypt(record_id, name, own, content, copies[own])) if copies else None
    return SealedPart(name=name, jwe=_encrypt(record_id, name, kid, content, keys[kid]), copy=copy)


def _encrypt(record_id: str, name: str, kid: str, content: Mapping[str, object], key: ECKey) -> str:
    return sealed_to(kid, record_id, padded(content, SIZES[name]), key)


def padded(content: Mapping[str, object], size: int) -> bytes:
    """JSON with trailing spaces to the next multiple of ``size`` bytes."""
    text = orjson.dumps(content)
    return text.ljust(-(-len(text) // size) * size)


def _clear(matter: Matter, record_id: str, shop: str, reference: str) -> Mapping[str, object]:
    return {"id": record_id, **kind_of(matter).clear(matter, shop, reference)}
