"""Reads a body as it was sent: bounded, never truncated unnoticed, never decoded (security §2.1, §2.6, §2.7)."""

from __future__ import annotations

import re
from typing import Any

from flask import Request, request
from werkzeug.exceptions import LengthRequired

from middleware.core.body import MAX_BYTES
from middleware.core.signature import decode
from middleware.errors import BodyError, SignatureError
from middleware.model import Inbound
from middleware.ports_senders import Platform

_LENGTH_DIGITS = 12
_LONGEST_PING = 64
"""Bytes."""

_FORM = "application/x-www-form-urlencoded"
_MEDIA = frozenset(("application/json", "application/json;charset=utf-8"))


def inbound(received: Request, platform: Platform, shop: str | None) -> Inbound:
    """The request as the line takes it. ``shop`` is the shop's name where the route tells it.

    Raises: SignatureError where the signature header is none, before a byte of the body is read; BodyError 400, 413,
    415.
    """
    headers = {name.lower(): value for name, value in received.headers.items()}
    if decode(headers.get(platform.headers.signature.lower())) is None:
        raise SignatureError()
    _check_media(headers)
    return Inbound(platform=platform.name, shop=shop, headers=headers, body=_body(received.environ, headers))


def is_ping(received: Request, signature: str, form: re.Pattern[bytes]) -> bool:
    """Whether an unsigned request is only this: a form of that text, with its length told. Of any other not a byte is
    read. Raises: BodyError 400 where the length is not the body's.
    """
    headers = {name.lower(): value for name, value in received.headers.items()}
    length = headers.get("content-length", "")
    told = length.isascii() and length.isdigit() and int(length[:_LENGTH_DIGITS]) <= _LONGEST_PING
    if signature.lower() in headers or "transfer-encoding" in headers or not told or received.mimetype != _FORM:
        return False
    return form.fullmatch(_body(received.environ, headers, _LONGEST_PING)) is not None


def body_of(received: Request, most: int = MAX_BYTES) -> bytes:
    """The JSON body of a request that is no webhook, of so many bytes at most: it tells its length. Raises: BodyError
    400, 411, 413, 415.
    """
    headers = {name.lower(): value for name, value in received.headers.items()}
    if "content-length" not in headers:
        raise BodyError(code="length-required", status=411)
    _check_media(headers)
    return _body(received.environ, headers, most)


def _check_media(headers: dict[str, str]) -> None:
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise BodyError(code="unsupported-media-type", status=415)
    if headers.get("content-type", "").replace(" ", "").replace('"', "").lower() not in _MEDIA:
        raise BodyError(code="unsupported-media-type", status=415)


def refuse_chunks() -> None:
    """A body whose length is not told is read by the webhooks alone, where the signature over what was read decides
    (security §2.7). Raises: LengthRequired, 411.
    """
    if "Transfer-Encoding" in request.headers and request.blueprint not in (None, "webhooks"):
        raise LengthRequired()


def refuse_hosts() -> None:
    """Exactly one host, but for who only looks whether the process lives. Raises: BodyError 400."""
    host = request.headers.get("Host", "")
    if request.blueprint not in (None, "health") and (not host or "," in host or " " in host):
        raise BodyError(code="bad-host", status=400)


def no_body(received: Request) -> None:
    """Raises: BodyError 400 where there is a body: nobody would read it off the connection."""
    if received.content_length:
        raise BodyError(code="unexpected-body", status=400)


def _body(environ: dict[str, Any], headers: dict[str, str], most: int = MAX_BYTES) -> bytes:
    """One byte more than is allowed is asked for: a server's own limit cuts silently, this one refuses."""
    length = _length(headers.get("content-length"), most)
    if length is not None and length > most:
        raise BodyError(code="too-large", status=413)
    body: bytes = environ["wsgi.input"].read(most + 1)
    if len(body) > most:
        raise BodyError(code="too-large", status=413)
    if length is not None and "transfer-encoding" not in headers and len(body) != length:
        raise BodyError(code="bad-length", status=400)
    return body


def _length(header: str | None, most: int) -> int | None:
    if header is None:
        return None
    if not header.isascii() or not header.isdigit():
        raise BodyError(code="bad-length", status=400)
    digits = header.lstrip("0")
    return int(digits or "0") if len(digits) <= _LENGTH_DIGITS else most + 1
