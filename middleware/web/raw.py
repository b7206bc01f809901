"""Reads a webhook's body as it was signed: bounded, never truncated unnoticed, never decoded (security §2.1, §2.6,
§2.7).
"""

from __future__ import annotations

from typing import Any

from flask import Request

from middleware.core.body import MAX_BYTES
from middleware.errors import BodyError, SignatureError
from middleware.model import Inbound

_MEDIA = frozenset(("application/json", "application/json;charset=utf-8"))


def inbound(request: Request, shop: str | None) -> Inbound:
    """The request as the line takes it. ``shop`` is the shop's name where the route tells it.

    Raises: SignatureError without any signature header; BodyError 400, 413, 415.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    _check_host(headers.get("host", ""))
    if not any(name.endswith(("-signature", "hmac-sha256")) for name in headers):
        raise SignatureError()
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise BodyError(code="unsupported-media-type", status=415)
    if headers.get("content-type", "").replace(" ", "").replace('"', "").lower() not in _MEDIA:
        raise BodyError(code="unsupported-media-type", status=415)
    return Inbound(shop=shop, headers=headers, body=_body(request.environ, headers))


def _check_host(host: str) -> None:
    if not host or "," in host or " " in host:
        raise BodyError(code="bad-host", status=400)


def _body(environ: dict[str, Any], headers: dict[str, str]) -> bytes:
    """One byte more than is allowed is asked for: a server's own limit cuts silently, this one refuses."""
    length = headers.get("content-length")
    if length is not None and (not length.isascii() or not length.isdigit()):
        raise BodyError(code="bad-length", status=400)
    if length is not None and int(length[:20]) > MAX_BYTES:
        raise BodyError(code="too-large", status=413)
    body: bytes = environ["wsgi.input"].read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise BodyError(code="too-large", status=413)
    if length is not None and "transfer-encoding" not in headers and len(body) != int(length):
        raise BodyError(code="bad-length", status=400)
    return body
