from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from jwcrypto import jwe, jwk

from simulator.encoding import b64url_decode, b64url_encode
from simulator.http import MockServer, Settings, running
from simulator.jwe import UnreadableError, open_token, seal_token
from simulator.keys import KeyRing
from tests.simulator.bench import (
    CONTACT,
    CUSTOMS,
    DELIVERY,
    NOTIFICATION,
    Client,
    Json,
    Sealer,
    codes,
    kid,
    month_after,
    padded,
)

DELIVERED = "recipient.delivery"
POINTER = "/recipient/sealed/delivery"
UNREADABLE = {(POINTER, "unreadable-part")}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    """One platform for all: what is refused leaves nothing behind."""
    with running(Settings(state=tmp_path_factory.mktemp("state"))) as started:
        yield started


def refused(client: Client, sealer: Sealer, token: str) -> set[tuple[str, str]]:
    body = sealer.shipment("r-1")
    body["recipient"]["sealed"]["delivery"] = token
    return codes(client.post(body))


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "ECDH-ES+A128KW"},
        {"alg": "ECDH-ES", "enc": "A256GCM"},
        {"enc": "A128GCM"},
        {"enc": "A256CBC-HS512"},
        {"rid": "r-2"},
        {"zip": "DEF"},
        {"apu": "QWxpY2U"},
        {"cty": "json"},
        {"kid": kid("recipient.notification")},
        {"kid": kid("recipient.customs")},
    ],
)
def test_any_other_header_is_unreadable(client: Client, sealer: Sealer, changes: dict[str, Any]) -> None:
    assert refused(client, sealer, sealer.seal(DELIVERED, DELIVERY, changes.pop("rid", "r-1"), **changes)) == UNREADABLE


def test_a_key_of_another_part_class_or_month_is_unreadable(client: Client, sealer: Sealer) -> None:
    true_key = sealer.keys[kid(DELIVERED)]
    month = month_after(13)
    for wrong in (
        f"{DELIVERED}/vp.sender.legal/{month}",
        f"recipient.notification/vp.recipient.operational/{month}",
        f"{DELIVERED}/vp.recipient.operational/2019-01",
        f"{DELIVERED}/vp.recipient.operational/{month}/",
        month,
        "",
    ):
        assert refused(client, sealer, sealer.seal(DELIVERED, DELIVERY, "r-1", kid=wrong, key=true_key)) == UNREADABLE
    other = sealer.seal(DELIVERED, DELIVERY, "r-1", key=sealer.keys[kid(DELIVERED, 1)])
    assert refused(client, sealer, other) == UNREADABLE
    stranger = jwk.JWK.generate(kty="EC", crv="P-256").export_public(as_dict=True)
    assert refused(client, sealer, sealer.seal(DELIVERED, DELIVERY, "r-1", key=stranger)) == UNREADABLE


def test_a_part_moved_to_another_place_or_record_is_unreadable(client: Client, sealer: Sealer) -> None:
    body = sealer.shipment("r-3", {DELIVERED: DELIVERY, "recipient.notification": NOTIFICATION})
    sealed = body["recipient"]["sealed"]
    swapped = {**body, "recipient": {**body["recipient"], "sealed": {**sealed, "delivery": sealed["notification"]}}}
    assert codes(client.post(swapped)) == UNREADABLE
    assert codes(client.post({**body, "id": "r-2"})) == UNREADABLE
    assert client.post(body).status_code == 201


def forge(sealer: Sealer, header: Json | None = None, iv_bytes: int = 12) -> str:
    """A token made exactly as ours, with the key agreement of ours, whose header may claim something else."""
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    numbers = ephemeral.public_key().public_numbers()
    epk = {"kty": "EC", "crv": "P-256", **{name: b64url_encode(getattr(numbers, name).to_bytes(32)) for name in "xy"}}
    names = {
        "alg": "ECDH-ES+A256KW",
        "enc": "A256GCM",
        "kid": kid(DELIVERED),
        "rid": "r-1",
        "epk": epk,
        **(header or {}),
    }
    protected = b64url_encode(json.dumps(names).encode())
    x, y = (int.from_bytes(b64url_decode(sealer.keys[kid(DELIVERED)][name])) for name in "xy")
    theirs = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    info = b"\0\0\0\x0eECDH-ES+A256KW" + bytes(8) + b"\0\0\x01\0"
    shared = ephemeral.exchange(ec.ECDH(), theirs)
    wrapping = ConcatKDFHash(hashes.SHA256(), 32, info).derive(shared)
    iv, key = os.urandom(iv_bytes), os.urandom(32)
    sealed = AESGCM(key).encrypt(iv, padded(DELIVERY, 1024), protected.encode())
    return ".".join([protected, *map(b64url_encode, (aes_key_wrap(wrapping, key), iv, sealed[:-16], sealed[-16:]))])


def test_a_header_that_lies_of_its_algorithms_is_unreadable(client: Client, sealer: Sealer) -> None:
    for lie in ({"alg": "ECDH-ES+A128KW"}, {"alg": "dir"}, {"enc": "A128GCM"}, {"enc": "none"}):
        assert refused(client, sealer, forge(sealer, lie)) == UNREADABLE, lie
    honest = sealer.shipment("r-5")
    honest["recipient"]["sealed"]["delivery"] = forge(sealer, {"rid": "r-5"})
    assert client.post(honest).status_code == 201


def test_segments_have_exactly_their_sizes(client: Client, sealer: Sealer) -> None:
    assert refused(client, sealer, forge(sealer, iv_bytes=16)) == UNREADABLE
    *head, ciphertext, tag = forge(sealer).split(".")
    bytes_ = b64url_decode(ciphertext) + b64url_decode(tag)
    moved = ".".join([*head, b64url_encode(bytes_[:-15]), b64url_encode(bytes_[-15:])])
    assert refused(client, sealer, moved) == UNREADABLE


def test_a_flipped_bit_anywhere_is_unreadable(client: Client, sealer: Sealer) -> None:
    token = sealer.seal(DELIVERED, DELIVERY, "r-1")
    spots = {0, len(token) - 1}
    for index, character in enumerate(token):
        if character == ".":
            spots |= {index - 1, index, index + 1}
    spots |= set(range(0, len(token), 97))
    for spot in sorted(spots):
        for bit in (1, 2, 4):
            flipped = token[:spot] + chr(ord(token[spot]) ^ bit) + token[spot + 1 :]
            assert refused(client, sealer, flipped) == UNREADABLE, (spot, bit)


def test_another_spelling_or_form_of_the_same_token_is_unreadable(client: Client, sealer: Sealer) -> None:
    token = sealer.seal(DELIVERED, DELIVERY, "r-1")
    segments = token.split(".")
    for wrong in (
        token + "=",
        token + ".",
        token + "\n",
        ".".join(segments[:4]),
        ".".join([*segments[:4], segments[4][:-2]]),
        ".".join([segments[0], segments[1], segments[2][:-4], *segments[3:]]),
        ".".join([segments[0], "", *segments[2:]]),
        "....",
        "x",
    ):
        assert refused(client, sealer, wrong) == UNREADABLE, wrong[-20:]


@pytest.mark.parametrize(
    "epk",
    [
        None,
        {},
        {"kty": "OKP"},
        {"crv": "P-384"},
        {"x": 7},
        {"x": "AA"},
        {"x": b64url_encode(bytes(31) + b"\x05"), "y": b64url_encode(bytes(31) + b"\x01")},  # not on the curve
        {"d": "AA"},
    ],
)
def test_a_foreign_ephemeral_key_is_unreadable(client: Client, sealer: Sealer, epk: Json | None) -> None:
    segments = sealer.seal(DELIVERED, DELIVERY, "r-1").split(".")
    header = json.loads(b64url_decode(segments[0]))
    header["epk"] = {**header["epk"], **epk} if epk else epk
    segments[0] = b64url_encode(json.dumps(header).encode())
    assert refused(client, sealer, ".".join(segments)) == UNREADABLE


@pytest.mark.parametrize(
    ("part", "content", "fault"),
    [
        (DELIVERED, {**DELIVERY, "phone": "0"}, ("/recipient/sealed/delivery/*", "unknown-member")),
        (DELIVERED, {**DELIVERY, "name": ""}, ("/recipient/sealed/delivery/name", "value")),
        (DELIVERED, {**DELIVERY, "box": None}, ("/recipient/sealed/delivery/box", "value")),
        (DELIVERED, {**DELIVERY, "number": 12}, ("/recipient/sealed/delivery/number", "value")),
        (DELIVERED, {"street": "Kaai"}, ("/recipient/sealed/delivery", "no-name")),
        (DELIVERED, ["name"], ("/recipient/sealed/delivery", "plaintext")),
        (
            "recipient.notification",
            {"email": "a@example.org", "mobile": "+32"},
            ("/recipient/sealed/notification", "one-channel"),
        ),
        ("recipient.notification", {"language": "nl"}, ("/recipient/sealed/notification", "one-channel")),
        (
            "recipient.notification",
            {**NOTIFICATION, "name": "L"},
            ("/recipient/sealed/notification/*", "unknown-member"),
        ),
        ("sender.contact", {**CONTACT, "vat": "BE0"}, ("/sender/sealed/contact/*", "unknown-member")),
        ("recipient.customs", {}, ("/recipient/sealed/customs/items", "missing")),
        ("recipient.customs", {**CUSTOMS, "note": "x"}, ("/recipient/sealed/customs/*", "unknown-member")),
        ("recipient.customs", {"items": []}, ("/recipient/sealed/customs/items", "value")),
        ("recipient.customs", {"items": [3]}, ("/recipient/sealed/customs/items/0", "type")),
        (
            "recipient.customs",
            {"items": [{"sku": "A"}]},
            ("/recipient/sealed/customs/items/0/*", "unknown-member"),
        ),
        (
            "recipient.customs",
            {"items": [{"quantity": "1"}]},
            ("/recipient/sealed/customs/items/0/quantity", "value"),
        ),
        ("recipient.customs", {"items": [{"value": -1}]}, ("/recipient/sealed/customs/items/0/value", "value")),
    ],
)
def test_only_the_permitted_members_are_taken(
    client: Client, sealer: Sealer, part: str, content: object, fault: tuple[str, str]
) -> None:
    body = sealer.shipment("r-1", {DELIVERED: DELIVERY, part: content})
    assert fault in codes(client.post(body))
    assert client.get("/shipments/r-1").status_code == 404


def test_the_padding_is_part_of_the_promise(client: Client, sealer: Sealer) -> None:
    short = sealer.seal(DELIVERED, None, "r-1", plaintext=json.dumps(DELIVERY).encode())
    assert refused(client, sealer, short) == {(POINTER, "padding")}
    twice = sealer.seal(DELIVERED, None, "r-4", plaintext=padded(DELIVERY, 2048))
    body = sealer.shipment("r-4")
    body["recipient"]["sealed"]["delivery"] = twice
    assert client.post(body).status_code == 201


def test_plaintext_is_strict_json_and_spaces(client: Client, sealer: Sealer) -> None:
    text = json.dumps(DELIVERY).encode()
    for wrong in (text.ljust(1024, b"\0"), (text[:-1] + b',"name":"x"}').ljust(1024), b"\xff".ljust(1024)):
        assert refused(client, sealer, sealer.seal(DELIVERED, None, "r-1", plaintext=wrong)) == {(POINTER, "plaintext")}


def test_a_key_may_not_outlive_the_tag(client: Client, sealer: Sealer) -> None:
    body = sealer.shipment("r-1")
    body["retention"][0]["until"] = f"{month_after(12)}-28"
    assert codes(client.post(body)) == {(POINTER, "key-outlives-retention")}


def test_jwcrypto_opens_what_is_re_sealed(tmp_path: Any) -> None:
    ring = KeyRing(tmp_path)
    key = ring.make("recipient.delivery/vp.recipient.operational/2099-01")
    token = seal_token(b"secret", kid="k", rid="r-1", key=key.public_key())
    opened = jwe.JWE()
    opened.deserialize(token, jwk.JWK.from_pyca(key))
    assert opened.payload == b"secret"
    assert opened.jose_header["rid"] == "r-1"
    assert open_token(token, key) == b"secret"
    with pytest.raises(UnreadableError):
        open_token(token, ring.make("recipient.delivery/vp.recipient.operational/2099-02"))
