"""Receipts: compact JWS (RFC 7515) with Ed25519 (RFC 8037), checked by hand against a published JWKS.

A receipt binds the sealed parts and all the rest of a shipment to each other and to the one who made them.
Source: sealing 'Receipt and removal report'.
"""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from simulator.encoding import b64url_decode, canonical, read_object
from simulator.envelope import Envelope
from simulator.errors import Fault, RefusedError, invalid
from simulator.wire import NoAnswerError, exchange

VERSION = 1
PAYLOAD = frozenset({"v", "rid", "iat", "iss", "pack", "engine", "account_type", "parts", "kept", "body_sha256"})
PART = frozenset({"purpose", "basis", "class", "trigger", "starts", "until", "sha256"})

Fetch = Callable[[], bytes]


class UnverifiedError(Exception):
    """The receipt does not hold. One error for every cause."""


def fetcher(source: str) -> Fetch:
    """How to read the JWKS at ``source``: an http(s) address or a file. The fetch raises NoAnswerError or OSError."""
    if source.startswith(("http://", "https://")):
        return lambda: _fetch(source)
    return Path(source).read_bytes


def _fetch(url: str) -> bytes:
    answer = exchange("GET", url)
    if answer.status != 200:
        raise NoAnswerError("status")
    return answer.body


class ReceiptKeys:
    """Ed25519 public keys by ``kid``: fetched at first need, kept, fetched once more when a ``kid`` is unknown."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._lock = threading.Lock()

    def find(self, kid: str) -> Ed25519PublicKey | None:
        """The key of that id, or None. Raises: RefusedError (503) if the keys cannot be fetched."""
        with self._lock:
            if kid not in self._keys:
                try:
                    self._keys = read_keys(self._fetch())
                except (NoAnswerError, OSError, ValueError):
                    raise RefusedError(503, "receipt-keys") from None
            return self._keys.get(kid)


def read_keys(jwks: bytes) -> dict[str, Ed25519PublicKey]:
    """The Ed25519 signing keys of a JWKS; keys of other kinds are passed over. Raises: ValueError."""
    listed = read_object(jwks).get("keys")
    if not isinstance(listed, list):
        raise ValueError("jwks")
    keys: dict[str, Ed25519PublicKey] = {}
    for key in listed:
        if isinstance(key, dict) and key.get("crv") == "Ed25519" and key.get("use", "sig") == "sig":
            kid, x = key.get("kid"), key.get("x")
            if isinstance(kid, str) and isinstance(x, str):
                keys[kid] = Ed25519PublicKey.from_public_bytes(b64url_decode(x))
    return keys


def check_receipt(envelope: Envelope, keys: ReceiptKeys) -> None:
    """Refuse a shipment whose receipt does not verify or does not tell of exactly this shipment.

    Raises:
        RefusedError: 422 ``receipt``, whatever is wrong with it; 503 ``receipt-keys`` if the keys cannot be had.
    """
    try:
        payload = verify(envelope.receipt, keys)
        holds = _matches(payload, envelope)
    except UnverifiedError:
        holds = False
    if not holds:
        raise invalid(Fault(pointer="/receipt", code="receipt"))


def verify(token: str, keys: ReceiptKeys) -> dict[str, object]:
    """The payload of a receipt whose signature holds and which is canonical JSON.

    Raises:
        UnverifiedError: anything is wrong with it.
        RefusedError: 503, the keys cannot be had.
    """
    try:
        protected, encoded, signed = token.split(".")
        header = read_object(b64url_decode(protected))
        payload, signature = b64url_decode(encoded), b64url_decode(signed)
        content = read_object(payload)
        tidy = canonical(content) == payload
    except ValueError:
        raise UnverifiedError from None
    kid = header.get("kid")
    if header.get("alg") != "EdDSA" or "crit" in header or not isinstance(kid, str) or not tidy:
        raise UnverifiedError
    key = keys.find(kid)
    if key is None:
        raise UnverifiedError
    try:
        key.verify(signature, f"{protected}.{encoded}".encode("ascii"))
    except InvalidSignature:
        raise UnverifiedError from None
    return content


def _matches(payload: Mapping[str, object], envelope: Envelope) -> bool:
    policy = envelope.policy
    whole = {
        "v": VERSION,
        "rid": envelope.id,
        "pack": {"id": policy["pack"], "version": policy["version"], "sha256": policy["sha256"]},
        "body_sha256": hashlib.sha256(canonical(_without_receipt(envelope))).hexdigest(),
    }
    parts = payload.get("parts")
    if not payload.keys() >= PAYLOAD or not isinstance(parts, dict):
        return False
    if any(payload[key] != value for key, value in whole.items()):
        return False
    return parts.keys() == envelope.sealed.keys() and all(_tells(parts[name], envelope, name) for name in parts)


def _without_receipt(envelope: Envelope) -> Mapping[str, object]:
    """The body as it came, but for the receipt."""
    body: dict[str, Any] = copy.deepcopy(dict(envelope.clear))
    for name, token in envelope.sealed.items():
        party, member = name.split(".")
        body[party].setdefault("sealed", {})[member] = token
    return body


def _tells(told: object, envelope: Envelope, name: str) -> bool:
    tag = envelope.retention[name]
    expected = {
        "class": tag.retention,
        "starts": tag.starts and tag.starts.isoformat(),
        "until": tag.until and tag.until.isoformat(),
        "sha256": hashlib.sha256(envelope.sealed[name].encode("ascii")).hexdigest(),
    }
    return isinstance(told, dict) and told.keys() >= PART and all(told[key] == value for key, value in expected.items())
