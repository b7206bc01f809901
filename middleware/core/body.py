"""The one reader of JSON bodies: strict where parsers differ, so that nobody can be told two stories by one body
(security §2.8).

orjson refuses NaN, overflow, lone surrogates, broken UTF-8 and trailing text; what it lets through (duplicate keys,
huge integers, deep nesting, U+0000, a byte order mark) is found on the *skeleton*: the body without its strings.
"""

from __future__ import annotations

import re

import orjson

from middleware.errors import BodyError

MAX_BYTES = 2 * 1024 * 1024
"""A body's size in bytes; an order of 1,000 lines has 0.9 MB."""

MAX_DEPTH = 32
"""Nested arrays and objects."""

MAX_KEYS = 2_000
"""Members of one object."""

MAX_CONTAINERS = 250_000
"""Arrays and objects together; an order of 1,000 lines has some 50,000."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)  # an unclosed one ends with the body: linear
_DIGITS = re.compile(rb"[0-9]{19,}+")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*+\\u0000")  # after an even number of backslashes it is an escape, and in a string
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def read(body: bytes) -> object:
    """The document in ``body`` (UTF-8, no byte order mark): dict, list, str, int, float, bool or None.

    Raises: BodyError (400 ``malformed-json``), which never quotes the body.
    """
    skeleton = _STRING.sub(b'""', body)
    sound = _shallow(skeleton) and _within_64_bits(skeleton) and not _NUL.search(body)
    document = _decode(body) if sound else None
    if document is None or _members(document[0]) != skeleton.count(b":"):
        raise BodyError()
    return document[0]


def _decode(body: bytes) -> tuple[object] | None:
    try:
        return (orjson.loads(body),)
    except orjson.JSONDecodeError:
        return None


def _shallow(skeleton: bytes) -> bool:
    """Whether there are not too many brackets, nor too deep ones. Every round takes away the innermost pairs; what is
    left then is too deep, or has no partner.
    """
    brackets = skeleton.translate(_BRACKETS, _NO_BRACKETS)
    if brackets.count(b"[") > MAX_CONTAINERS:
        return False
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"")
    return not brackets


def _within_64_bits(skeleton: bytes) -> bool:
    return all(_fits(skeleton, run.start(), run.end()) for run in _DIGITS.finditer(skeleton))


def _fits(skeleton: bytes, start: int, end: int) -> bool:
    """Whether a run of digits is part of a fraction or an exponent, or an integer of 64 bits."""
    before = skeleton[max(start - 2, 0) : start]
    if (
        before[-1:] in (b".", b"e", b"E", b"+")
        or before in (b"e-", b"E-")
        or skeleton[end : end + 1] in (b".", b"e", b"E")
    ):
        return True
    number = int(skeleton[start : min(end, start + 40)])
    return number <= 2**63 if before.endswith(b"-") else number < 2**64


def _members(document: object) -> int:
    """How many members all objects have together: fewer than the keys written means that one was written twice.

    -1: too many in one object.
    """
    members = 0
    containers = [document]
    for container in containers:
        if type(container) is dict:
            if len(container) > MAX_KEYS:
                return -1
            members += len(container)
            containers += [value for value in container.values() if type(value) is dict or type(value) is list]
        elif type(container) is list:
            containers += [value for value in container if type(value) is dict or type(value) is list]
    return members
