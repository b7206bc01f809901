"""Compact JWE (RFC 7516), one algorithm pair only: ECDH-ES+A256KW on P-256 (RFC 7518 section 4.6) with A256GCM.

Written on the primitives, so that no JOSE library stands on both sides of the line.
"""

from __future__ import annotations

import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from simulator.encoding import b64url_decode, b64url_encode, read_object

ALG = "ECDH-ES+A256KW"
ENC = "A256GCM"
HEADER = frozenset({"alg", "enc", "kid", "rid", "epk"})
EPK = frozenset({"kty", "crv", "x", "y"})

KEY_BYTES = 32
IV_BYTES = 12
TAG_BYTES = 16
COORDINATE_BYTES = 32


class UnreadableError(Exception):
    """The token does not open here. One error for every cause."""


def read_header(token: str) -> dict[str, object]:
    """The protected header of a token that has exactly our form and our algorithms. Nothing is decrypted.

    Raises:
        UnreadableError: another number of segments, other header members, another ``alg`` or ``enc``.
    """
    segments = token.split(".")
    try:
        header = read_object(b64url_decode(segments[0]))
    except ValueError:
        raise UnreadableError from None
    if len(segments) != 5 or header.keys() != HEADER or header["alg"] != ALG or header["enc"] != ENC:
        raise UnreadableError
    return header


def open_token(token: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    """The plaintext. Raises: UnreadableError."""
    epk = read_header(token)["epk"]
    protected = token.split(".")[0]
    try:
        wrapped, iv, ciphertext, tag = (b64url_decode(segment) for segment in token.split(".")[1:])
        if len(iv) != IV_BYTES or len(tag) != TAG_BYTES:
            raise UnreadableError
        content_key = aes_key_unwrap(_key_encryption_key(key, _read_epk(epk)), wrapped)
        if len(content_key) != KEY_BYTES:
            raise UnreadableError
        return AESGCM(content_key).decrypt(iv, ciphertext + tag, protected.encode("ascii"))
    except (ValueError, InvalidUnwrap, InvalidTag):
        raise UnreadableError from None


def seal_token(plaintext: bytes, *, kid: str, rid: str, key: ec.EllipticCurvePublicKey) -> str:
    """``plaintext`` sealed to ``key``, with a fresh ephemeral key and a fresh content key."""
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    epk = public_jwk(ephemeral.public_key())
    header = {"alg": ALG, "enc": ENC, "kid": kid, "rid": rid, "epk": epk}
    protected = b64url_encode(json.dumps(header, separators=(",", ":")).encode("ascii"))
    content_key, iv = os.urandom(KEY_BYTES), os.urandom(IV_BYTES)
    wrapped = aes_key_wrap(_key_encryption_key(ephemeral, key), content_key)
    sealed = AESGCM(content_key).encrypt(iv, plaintext, protected.encode("ascii"))
    segments = (wrapped, iv, sealed[:-TAG_BYTES], sealed[-TAG_BYTES:])
    return ".".join((protected, *map(b64url_encode, segments)))


def public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The public half of a P-256 key as JWK members (RFC 7518 section 6.2.1)."""
    numbers = key.public_numbers()
    x, y = (b64url_encode(value.to_bytes(COORDINATE_BYTES)) for value in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def _read_epk(epk: object) -> ec.EllipticCurvePublicKey:
    if not isinstance(epk, dict) or epk.keys() != EPK or epk["kty"] != "EC" or epk["crv"] != "P-256":
        raise ValueError("epk")
    if not isinstance(epk["x"], str) or not isinstance(epk["y"], str):
        raise ValueError("epk")
    x, y = b64url_decode(epk["x"]), b64url_decode(epk["y"])
    if len(x) != COORDINATE_BYTES or len(y) != COORDINATE_BYTES:
        raise ValueError("epk")
    # Raises ValueError for a point that is not on the curve.
    return ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1()).public_key()


def _key_encryption_key(ours: ec.EllipticCurvePrivateKey, theirs: ec.EllipticCurvePublicKey) -> bytes:
    """Concat KDF with AlgorithmID = alg, empty party info and a 256-bit key (RFC 7518 section 4.6.2)."""
    algorithm = ALG.encode("ascii")
    info = len(algorithm).to_bytes(4) + algorithm + bytes(4) + bytes(4) + (KEY_BYTES * 8).to_bytes(4)
    return ConcatKDFHash(hashes.SHA256(), KEY_BYTES, info).derive(ours.exchange(ec.ECDH(), theirs))
