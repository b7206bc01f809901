"""Strict readers: base64url (RFC 7515 section 2) and JSON (RFC 8259, RFC 7493)."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, cast

import rfc8785

MAX_DEPTH = 32
"""Deepest nesting that a JSON text may have."""


def b64url_encode(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def b64url_decode(text: str) -> bytes:
    """The bytes behind unpadded base64url, in its one canonical spelling only: no character can be changed unseen.

    Raises:
        ValueError: padding, another alphabet, white space, stray bits at the end.
    """
    if not text.isascii():
        raise ValueError("base64url")
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("base64url") from None
    if b64url_encode(raw) != text:
        raise ValueError("base64url")
    return raw


def read_json(raw: bytes) -> object:
    """A JSON text as Python values.

    Raises:
        ValueError: not UTF-8, not JSON, a member named twice, NaN or Infinity, a lone surrogate, nested too deep.
    """
    try:
        value: object = json.loads(raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
        _check(value, MAX_DEPTH)
    except (ValueError, RecursionError):
        pass
    else:
        return value
    raise ValueError("json")  # outside the handler: the decoder's own error holds the whole text


def read_object(raw: bytes) -> dict[str, object]:
    """As ``read_json``, for a text that must be an object. Raises: ValueError."""
    value = read_json(raw)
    if not isinstance(value, dict):
        raise ValueError("json")
    return value


def canonical(value: object) -> bytes:
    """``value`` as RFC 8785 writes it. Raises: ValueError for what has no canonical form (integers beyond 2^53)."""
    return rfc8785.dumps(cast(Any, value))


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _constant(_name: str) -> object:
    raise ValueError("constant")


def _check(value: object, depth: int) -> None:
    if depth < 0:
        raise ValueError("depth")
    if isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise ValueError("number")
    elif isinstance(value, list):
        for item in value:
            _check(item, depth - 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            name.encode("utf-8")
            _check(item, depth - 1)
