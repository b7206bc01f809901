"""Webhook signatures: what was signed with the shop's secret passes, and nothing that differs by one bit."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.core.signature import NOBODY, decode, verify

VECTORS = sorted((Path(__file__).parents[2] / "vectors" / "signature").glob("*.json"))

BODY = b'{"id":5551234567890123,"note":"geen mens"}'
SECRET = b"hush-made-up-secret"

bodies = st.binary(max_size=200)
secrets = st.binary(min_size=1, max_size=80)


def signed(body: bytes, secret: bytes) -> str:
    return base64.b64encode(hmac.digest(secret, body, "sha256")).decode()


def flipped(data: bytes, bit: int) -> bytes:
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


def headers_one_bit_off(header: str) -> Iterator[str]:
    for bit in range(8 * len(header)):
        yield flipped(header.encode(), bit).decode("latin-1")


def test_the_vectors_are_there() -> None:
    assert sum(path.name.startswith("y_") for path in VECTORS) >= 9
    assert sum(path.name.startswith("n_") for path in VECTORS) >= 39


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vector(path: Path) -> None:
    vector: dict[str, Any] = json.loads(path.read_text("utf-8"))
    known = [secret.encode() for secret in vector["secrets"]]
    assert verify(vector["body"].encode(), vector["header"], known) is path.name.startswith("y_")


@given(bodies, secrets)
def test_what_was_signed_passes(body: bytes, secret: bytes) -> None:
    assert verify(body, signed(body, secret), [secret])


@given(bodies, st.lists(secrets, min_size=1, max_size=4), st.data())
def test_any_of_the_secrets_may_have_signed(body: bytes, known: list[bytes], data: st.DataObject) -> None:
    assert verify(body, signed(body, data.draw(st.sampled_from(known))), known)


@given(bodies, secrets, st.lists(secrets, max_size=3))
def test_no_other_secret_does(body: bytes, secret: bytes, others: list[bytes]) -> None:
    # RFC 2104 fills a key up with zeros, so keys that differ by trailing zeros are one
    known = [other for other in others if other.rstrip(b"\0") != secret.rstrip(b"\0")]
    assert not verify(body, signed(body, secret), known)


def test_no_bit_of_the_body_can_be_changed() -> None:
    header = signed(BODY, SECRET)
    assert verify(BODY, header, [SECRET])
    assert not [bit for bit in range(8 * len(BODY)) if verify(flipped(BODY, bit), header, [SECRET])]


def test_no_bit_of_the_header_can_be_changed() -> None:
    # every value that the last character can have, since that one carries bits that no byte uses
    headers = [signed(b"%d" % number, SECRET) for number in range(64)]
    assert len({header[-2] for header in headers}) == 16
    for number, header in enumerate(headers):
        assert verify(b"%d" % number, header, [SECRET])
        assert not [other for other in headers_one_bit_off(header) if verify(b"%d" % number, other, [SECRET])]


@given(st.binary(min_size=1, max_size=200), secrets, st.data())
def test_no_bit_of_any_body_or_header_can_be_changed(body: bytes, secret: bytes, data: st.DataObject) -> None:
    header = signed(body, secret)
    bit = data.draw(st.integers(0, 8 * len(body) - 1))
    assert not verify(flipped(body, bit), header, [secret])
    bit = data.draw(st.integers(0, 8 * len(header) - 1))
    assert not verify(body, flipped(header.encode(), bit).decode("latin-1"), [secret])


@given(st.text() | st.none())
def test_no_text_whatever_raises_or_passes(header: str | None) -> None:
    assert not verify(BODY, header, [SECRET])
    assert not verify(BODY, header, [])


@given(st.binary(max_size=48))
def test_a_header_is_exactly_32_bytes(digest: bytes) -> None:
    header = base64.b64encode(digest).decode()
    assert decode(header) == (digest if len(digest) == 32 else None)


@given(st.text(alphabet="ABCabc019+/=", min_size=43, max_size=45))
def test_a_digest_has_one_spelling(header: str) -> None:
    digest = decode(header)
    assert digest is None or base64.b64encode(digest).decode() == header


@pytest.mark.parametrize("header", [None, "", "not base64", signed(BODY, b"another"), signed(BODY, SECRET)])
@pytest.mark.parametrize("known", [(), (SECRET,), (SECRET, b"next")])
def test_every_request_costs_as_much_as_one_of_a_shop_that_rotates(
    monkeypatch: pytest.MonkeyPatch, header: str | None, known: tuple[bytes, ...]
) -> None:
    """A digest of two megabytes takes a millisecond: one more for two secrets would tell which shops there are."""
    compared: list[tuple[int, int]] = []
    genuine = hmac.compare_digest

    def counting(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return genuine(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    assert verify(BODY, header, known) is (header == signed(BODY, SECRET) and SECRET in known)
    assert compared == [(32, 32)] * 2


@pytest.mark.parametrize("known", [(), (SECRET,), (SECRET, b"next")])
def test_what_is_computed_for_nobody_lets_nobody_in(known: tuple[bytes, ...]) -> None:
    assert not verify(BODY, signed(BODY, NOBODY), known)
