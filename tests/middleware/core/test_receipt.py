"""Receipts: signed by us, verified by anybody, and nothing that is not exactly one passes."""

from __future__ import annotations

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey
from jwcrypto import jwk as other_jwk
from jwcrypto import jws as other_jws

from middleware.core.receipt import canonical, last_day, sha256, sign, verify
from middleware.errors import TamperedError
from tests.middleware.core.made_up import SIGNING, receipt_keys, record, signing_key

HOME = Path(__file__).parents[2] / "vectors" / "receipt"
FORGED = sorted(HOME.glob("n_*.json"))
KEYS = {kid: OKPKey.import_key(jwk) for kid, jwk in json.loads((HOME / "keys.json").read_text("utf-8")).items()}
CANONICAL = json.loads((HOME / "canonical.json").read_text("utf-8"))
PAYLOAD = {"v": 1, "rid": "3b2f1c1e-8f1e-4c0e-9d43-7a5a6a0f3c11", "parts": {}}

Json = dict[str, Any]


def decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def public_bytes() -> bytes:
    return decoded(SIGNING["x"])


def refusal(token: str) -> TamperedError:
    with pytest.raises(TamperedError) as caught:
        verify(token, KEYS)
    return caught.value


def test_the_vectors_are_there() -> None:
    assert len(FORGED) >= 55


@pytest.mark.parametrize("path", FORGED, ids=lambda path: path.stem)
def test_forged(path: Path) -> None:
    vector: Json = json.loads(path.read_text("utf-8"))
    error = refusal(vector["token"])
    assert (str(error), error.code, error.args) == (TamperedError.__doc__, "tampered", (TamperedError.__doc__,))
    assert (error.__cause__, error.__context__) == (None, None)


def test_genuine() -> None:
    vector: Json = json.loads((HOME / "y_genuine.json").read_text("utf-8"))
    assert verify(vector["token"], KEYS) == vector["payload"]
    assert sign(vector["payload"], signing_key()) == vector["token"]


@pytest.mark.parametrize("name", CANONICAL)
def test_canonical_form(name: str) -> None:
    vector = CANONICAL[name]
    assert canonical(json.loads(vector["value"])).decode() == vector["canonical"]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text("abcXYZ_.09", max_size=8), inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(st.text("abcXYZ_.09", max_size=8), values, max_size=6), st.randoms(use_true_random=False))
def test_the_form_does_not_depend_on_the_order_of_members(payload: Json, random: Any) -> None:
    shuffled = list(payload.items())
    random.shuffle(shuffled)
    assert canonical(dict(shuffled)) == canonical(payload)
    assert sign(dict(shuffled), signing_key()) == sign(payload, signing_key())
    plain = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical(payload).decode() == plain


@given(st.dictionaries(st.text("abcXYZ_.09", max_size=8), values, max_size=6))
def test_what_was_signed_verifies(payload: Json) -> None:
    token = sign(payload, signing_key())
    assert verify(token, receipt_keys()) == payload


def test_verifies_by_hand() -> None:
    made = record()
    protected, payload, signature = made.receipt.split(".")
    assert json.loads(decoded(protected)) == {"alg": "EdDSA", "kid": SIGNING["kid"]}
    assert len(decoded(signature)) == 64
    public = Ed25519PublicKey.from_public_bytes(public_bytes())
    public.verify(decoded(signature), f"{protected}.{payload}".encode())
    with pytest.raises(InvalidSignature):
        public.verify(decoded(signature), f"{protected}.{payload}A".encode())
    assert json.loads(decoded(payload))["rid"] == made.id


def test_verifies_with_jwcrypto() -> None:
    made = record()
    token = other_jws.JWS()
    token.allowed_algs = ["EdDSA"]
    token.deserialize(made.receipt, other_jwk.JWK(kty="OKP", crv="Ed25519", x=SIGNING["x"]))
    assert json.loads(token.payload) == verify(made.receipt, receipt_keys())


def test_a_private_key_verifies_as_well_as_a_public_one() -> None:
    token = sign(PAYLOAD, signing_key())
    assert verify(token, {SIGNING["kid"]: signing_key()}) == PAYLOAD


def test_no_bit_can_be_changed() -> None:
    token = sign(PAYLOAD, signing_key())
    for place, letter in enumerate(token):
        for bit in range(8):
            refusal(token[:place] + chr(ord(letter) ^ 1 << bit) + token[place + 1 :])


@given(st.integers(0), st.integers(0, 7))
def test_no_bit_of_a_records_receipt_can_be_changed(place: int, bit: int) -> None:
    token = record().receipt
    place %= len(token)
    refusal(token[:place] + chr(ord(token[place]) ^ 1 << bit) + token[place + 1 :])


@given(
    st.text() | st.text("abcABC019-_.", min_size=1) | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")
)
def test_no_text_whatever_breaks_the_check(token: str) -> None:
    refusal(token)


headers: st.SearchStrategy[Json] = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "cty", "crit", "b64", "jwk", "jku", "x5c", "x5t", "zip", "?"]),
    st.sampled_from(
        ["EdDSA", "none", "HS256", SIGNING["kid"], "", None, 0, 1.5, True, [], {}, ["kid"], [[]], {"kty": "oct"}]
    ),
)


@given(headers, st.sampled_from([b"", bytes(32), bytes(64)]))
def test_no_header_whatever_breaks_the_check(header: Json, signature: bytes) -> None:
    segments = (json.dumps(header).encode(), canonical(PAYLOAD), signature)
    refusal(".".join(base64.urlsafe_b64encode(segment).decode().rstrip("=") for segment in segments))


def test_no_key_no_receipt() -> None:
    with pytest.raises(TamperedError):
        verify(sign(PAYLOAD, signing_key()), {})


def test_a_digest_is_lower_case_hexadecimal() -> None:
    assert sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.policy("VP-RET-4", "AMB-2", "AMB-4")
@pytest.mark.parametrize(
    ("ends", "last"),
    [
        (["2036-11-22", "2027-12-22", "2027-12-23"], date(2027, 12, 22)),
        (["2036-11-22", None, "2027-12-22"], date(2027, 12, 22)),
        ([None, "2036-11-22"], date(2036, 11, 22)),
        ([None, None], None),
        ([], None),
    ],
)
def test_the_last_day_is_that_of_the_part_that_ends_first(ends: list[str | None], last: date | None) -> None:
    assert last_day({"parts": {str(place): {"until": end} for place, end in enumerate(ends)}}) == last


@pytest.mark.policy("VP-RET-4")
def test_the_last_day_of_a_record_is_the_recipients() -> None:
    assert last_day(verify(record().receipt, receipt_keys())) == date(2027, 12, 22)
