"""Bombs and every vector of JSON against the real server (security §2.7, §2.8): answered, and nothing stays behind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from middleware.core.body import MAX_BYTES
from tests.middleware.web.wire import PERSON, send, under_attack
from tests.system.orders import order
from tests.system.stack import Service


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with under_attack(tmp_path_factory.mktemp("attacks")) as service:
        yield service


VECTORS = sorted((Path(__file__).parents[2] / "vectors" / "json").glob("*.json"))
WANTED = {"n": {400}, "y": {422}, "i": {400, 422}}
"""By the vector's first letter: none of them is an order."""


def test_8_every_vector_of_json(attacked: Service) -> None:
    told = {path.name: send(attacked, path.read_bytes()).status_code for path in VECTORS}
    assert {name: status for name, status in told.items() if status not in WANTED[name[0]]} == {}
    assert {letter: sum(name[0] == letter for name in told) for letter in WANTED} == {"n": 320, "y": 90, "i": 4}


def filled(unit: bytes, start: bytes = b"[", end: bytes = b"]") -> bytes:
    """A list of as many of these as there is room for."""
    return start + b",".join([unit] * ((MAX_BYTES - len(start) - len(end)) // (len(unit) + 1))) + end


MANY_NAMES = json.dumps(order(**{f"x{number}": [{PERSON: 1}] * 50 for number in range(1_500)})).encode()
BOMBS: Mapping[str, tuple[bytes, int]] = {
    "two MiB of [": (b"[" * MAX_BYTES, 400),
    "two MiB of objects in objects": (b'{"a":' * (MAX_BYTES // 5), 400),
    "two MiB of quotes": (b'"' * MAX_BYTES, 400),
    "two MiB of backslashes": (b'"' + b"\\" * (MAX_BYTES - 1), 400),
    "two MiB of digits": (b"1" * MAX_BYTES, 400),
    "two MiB of digits after the point": (b"0." + b"1" * (MAX_BYTES - 2), 422),
    "two MiB of an exponent": (b"1e" + b"1" * (MAX_BYTES - 2), 400),
    "two MiB of spaces": (b" " * MAX_BYTES, 400),
    "two MiB of NUL": (b"\0" * MAX_BYTES, 400),
    "two MiB of escaped NUL": (b'"' + b"\\u0000" * (MAX_BYTES // 6 - 1) + b'"', 400),
    "two MiB of one string": (b'"' + b"a" * (MAX_BYTES - 2) + b'"', 422),
    "two MiB of escapes": (b'"' + b"\\n" * (MAX_BYTES // 2 - 1) + b'"', 422),
    "two MiB of halves of characters": (b'"' + b"\\ud800" * (MAX_BYTES // 6 - 1) + b'"', 400),
    "two MiB of no UTF-8": (b"\xff" * MAX_BYTES, 400),
    "lists and lists": (filled(b"[]"), 400),
    "objects and objects": (filled(b"{}"), 400),
    "long integers": (filled(b"9" * 25), 400),
    "integers that just fit": (filled(b"1" * 19), 422),
    "numbers and numbers": (filled(b"1"), 422),
    "strings and strings": (filled(b'"a"'), 422),
    "names and names": (b"{" + b",".join(b'"%x":1' % number for number in range(190_000)) + b"}", 400),
    "one name again and again": (filled(b'"a":1', b"{", b"}"), 400),
    "the most names in each of many": (
        b"[" + b",".join([b"{" + b",".join(b'"%x":1' % number for number in range(2_000)) + b"}"] * 100) + b"]",
        422,
    ),
    "an order of empty lines": (json.dumps(order(line_items=[{}] * 200_000)).encode(), 422),
    "an order of wrong lines": (json.dumps(order(line_items=[{"title": 1, "grams": PERSON}] * 2_000)).encode(), 422),
    "an order of unknown names": (MANY_NAMES, 200),
    "an order with a long name": (json.dumps(order(email=f"{'a' * 2_000_000}@x.example")).encode(), 422),
    "an order with a long address": (json.dumps(order(order_status_url=f"https://x/{'1' * 2_000_000}")).encode(), 422),
}


@pytest.mark.parametrize("name", BOMBS)
def test_7_and_8_bombs_are_answered_and_leave_nothing_behind(attacked: Service, name: str) -> None:
    body, status = BOMBS[name]
    assert len(body) <= MAX_BYTES
    assert send(attacked, body).status_code == status
