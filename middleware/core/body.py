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
_NESTING = re.compile(rb"[\[\]{}]")


def read(body: bytes) -> object:
    """The document in ``body`` (UTF-8, no byte order mark): dict, list, str, int, float, bool or None.

    Raises: BodyError (400 ``malformed-json``), which never quotes the body.
    """
    skeleton = _STRING.sub(b'""', body)
    document = _decode(body) if _shallow(skeleton) and _within_64_bits(skeleton) else None
    if (
        document is None
        or _members(document[0]) != skeleton.count(b":")
        or (b"\\u0000" in body and _holds_nul(document[0]))
    ):
        raise BodyError()
    return document[0]


def _decode(body: bytes) -> tuple[object] | None:
    try:
        return (orjson.loads(body),)
    except orjson.JSONDecodeError:
        return None


def _shallow(skeleton: bytes) -> bool:
    depth = 0
    for bracket in _NESTING.findall(skeleton):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            return False
    return True


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

    -1: too many in one object, or too many arrays and objects.
    """
    members = 0
    containers = [document]
    for container in containers:
        if len(containers) > MAX_CONTAINERS:
            return -1
        if type(container) is dict:
            if len(container) > MAX_KEYS:
                return -1
            members += len(container)
            containers += [value for value in container.values() if type(value) is dict or type(value) is list]
        elif type(container) is list:
            containers += [value for value in container if type(value) is dict or type(value) is list]
    return members


def _holds_nul(value: object) -> bool:
    if isinstance(value, dict):
        return any("\0" in key or _holds_nul(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(_holds_nul(inner) for inner in value)
    return isinstance(value, str) and "\0" in value
