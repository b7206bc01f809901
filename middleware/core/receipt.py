"""The receipt that travels with a record: a JWS (RFC 7515, Ed25519 of RFC 8037) over canonical JSON (RFC 8785).

Sealing hides, it does not tell who sealed. The receipt signs the SHA-256 of every sealed part and of the clear rest,
so that who can only write to the database cannot redirect a parcel. It names the pack, the purpose, basis and
retention of each part, and the paths that were kept; never a value.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import orjson
import rfc8785
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from middleware.core.calendar import today
from middleware.errors import TamperedError
from middleware.model import TaggedPart

ALG = "EdDSA"
DECLARATION, AWAITS = "declaration", "awaits"
"""Members of a receipt: the declaration of lawfulness, and what has to come before the record may be used."""

Key = OKPKey
"""An Ed25519 key; the rest of the code passes it on without knowing the library."""


class _OneAlgorithm(jws.JWSRegistry):
    """EdDSA and no other. The library would rather read the curve in ``alg`` (RFC 9864) and warns at every use; here
    the key pins it: none but Ed25519 keys are loaded.
    """

    def get_alg(self, name: str) -> Any:  # the library does not export the type
        return self.algorithms[ALG] if name == ALG else super().get_alg(name)


_REGISTRY = _OneAlgorithm(algorithms=[ALG])


def canonical(value: object) -> bytes:
    """RFC 8785 bytes."""
    return rfc8785.dumps(value)  # type: ignore[arg-type]  # its type names a closed union of JSON values


def sha256(data: bytes) -> str:
    """Lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def declared(payload: Mapping[str, Any], declaration: Mapping[str, object]) -> Mapping[str, Any]:
    """What a receipt says once the declaration that it awaits is there."""
    return {**{name: value for name, value in payload.items() if name != AWAITS}, DECLARATION: declaration}


def sign(payload: Mapping[str, object], key: Key) -> str:
    """The compact JWS over ``payload``; its header names the key's ``kid``."""
    return jws.serialize_compact({"alg": ALG, "kid": key.kid}, canonical(payload), key, registry=_REGISTRY)


def head(kid: str) -> str:
    """How the receipts begin that the key of that id signed: their protected header, and the dot behind it."""
    header = json.dumps({"alg": ALG, "kid": kid}, separators=(",", ":"))
    return base64.urlsafe_b64encode(header.encode()).decode().rstrip("=") + "."


def verify(token: str, keys: Mapping[str, Key]) -> Mapping[str, Any]:
    """The payload of a genuine receipt; ``keys`` maps key ids to public keys.

    Raises: TamperedError, the same for whatever is wrong.
    """
    payload = _payload(token, keys)
    if payload is None:  # raised outside the handler: nothing of the token hangs on the exception
        raise TamperedError()
    return payload


def _payload(token: str, keys: Mapping[str, Key]) -> Mapping[str, Any] | None:
    try:
        key = keys[str(jws.extract_compact(token.encode()).headers().get("kid"))]
        payload = orjson.loads(jws.deserialize_compact(token, key, registry=_REGISTRY).payload)
    except (JoseError, KeyError, TypeError, ValueError):  # TypeError: the library trusts in the types of members
        return None
    return payload if isinstance(payload, dict) else None


def check(
    payload: Mapping[str, Any], record_id: str, carrier: str, clear: bytes, parts: tuple[TaggedPart, ...]
) -> None:
    """Whether the receipt speaks of exactly this record, for this carrier, with these parts and this clear rest, and
    awaits nothing: who can write to the database cannot let go what is blocked.

    Raises: TamperedError.
    """
    check_names(payload, record_id, carrier)
    signed = {name: part.get("sha256") for name, part in payload.get("parts", {}).items()}
    actual = {part.name: sha256(part.jwe.encode()) for part in parts}
    whole = signed == actual and len(parts) == len(actual)
    if not whole or AWAITS in payload or payload.get("body_sha256") != _digest(clear, parts):
        raise TamperedError()


def check_names(payload: Mapping[str, Any], record_id: str, carrier: str) -> None:
    """Whether the receipt is that of this record, for this carrier: all that can be told once its parts have left.

    Raises: TamperedError.
    """
    if (payload.get("rid"), payload.get("carrier")) != (record_id, carrier):
        raise TamperedError()


def _digest(clear: bytes, parts: Iterable[TaggedPart]) -> str | None:
    """The digest of the outbound body; None where what should be its clear rest is nothing of the kind."""
    try:
        if canonical(orjson.loads(clear)) != clear:
            return None
        return sha256(canonical(body(clear, parts)))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def body(clear: bytes, parts: Iterable[TaggedPart]) -> dict[str, Any]:
    """The outbound body but for its receipt: the clear rest with every sealed part in its place.

    The receipt signs all of it at once. A digest of the clear rest alone would stay behind in the receipt, and postal
    code and weight could be tried until they fit; the sealed parts, which leave with it, cannot be tried.
    """
    outbound: dict[str, Any] = orjson.loads(clear)
    for part in parts:
        holder, name = part.name.split(".", 1)
        outbound[holder].setdefault("sealed", {})[name] = part.jwe
    return outbound


def taken_on(payload: Mapping[str, Any]) -> date:
    """The day (Europe/Brussels) on which the record was taken in, as signed."""
    return today(datetime.fromisoformat(payload["iat"]))


def last_day(payload: Mapping[str, Any]) -> date | None:
    """The last permitted day of the part that ends first, as signed; None where no clock has started."""
    ends = [part["until"] for part in payload["parts"].values() if part["until"]]
    return min((date.fromisoformat(end) for end in ends), default=None)
