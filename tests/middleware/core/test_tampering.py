"""Whatever is changed on the way: refused by the parcel platform's opener and by the receipt, with one error each."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto import jwe as other_jwe
from jwcrypto import jwk as other_jwk

from middleware.carriers.parcel_json import ParcelJson
from middleware.core import receipt
from middleware.core.seal import padded
from middleware.errors import TamperedError
from middleware.model import Record, TaggedPart
from simulator.envelope import read_envelope
from simulator.errors import RefusedError
from simulator.jwe import UnreadableError
from simulator.keys import KeyRing
from simulator.opened import open_part
from simulator.parts import PARTS
from simulator.receipt import ReceiptKeys, check_receipt
from tests.middleware.core.made_up import SIGNING, order, private_key, public_keys, receipt_keys, record, sealed, stored

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
NAMES = ["recipient.delivery", "recipient.notification", "recipient.customs", "sender.contact"]


def abroad() -> Record:
    return record(order(recipient__address__country="US"))


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """The platform's private keys for what these tests seal."""
    folder = tmp_path_factory.mktemp("ring")
    _, plan, _ = sealed(order(recipient__address__country="US"))
    _publish(folder, [part.kid for part in plan.parts])
    return KeyRing(folder)


def _publish(folder: Path, kids: list[str]) -> None:
    for kid in kids:
        (folder / f"{kid.replace('/', '--')}.pem").write_bytes(private_key(kid).as_pem(private=True))


def unreadable(token: str, name: str, rid: str, ring: KeyRing) -> bool:
    """Whether the platform's opener refuses, with an error that tells nothing of the cause."""
    try:
        open_part(token, PARTS[name], rid, ring)
    except UnreadableError as error:
        return str(error) == "" and error.args == ()
    return False


def refused(made: Record, parts: tuple[TaggedPart, ...], clear: bytes | None = None) -> bool:
    """Whether the receipt refuses these parts, with an error that tells nothing of the cause."""
    payload = receipt.verify(made.receipt, receipt_keys())
    try:
        receipt.check(payload, made.id, made.carrier, made.clear if clear is None else clear, parts)
    except TamperedError as error:
        return (str(error), error.code, error.__context__) == (TamperedError.__doc__, "tampered", None)
    return False


def token(made: Record, name: str) -> str:
    (found,) = (part.jwe for part in made.parts if part.name == name)
    return found


def exchanged(made: Record, name: str, jwe: str) -> tuple[TaggedPart, ...]:
    return tuple(replace(part, jwe=jwe) if part.name == name else part for part in made.parts)


def flips(text: str) -> Iterator[str]:
    """Every text that differs by one bit and still looks like a token, and the first that does not, at each place."""
    for place, letter in enumerate(text.encode()):
        others = [letter ^ 1 << bit for bit in range(8)]
        alike = [other for other in others if other in ALPHABET]
        for other in (*alike, *[other for other in others if other not in ALPHABET][:1]):
            yield text[:place] + chr(other) + text[place + 1 :]


@pytest.mark.parametrize("name", NAMES)
def test_as_it_was_made_it_opens(name: str, ring: KeyRing) -> None:
    made = abroad()
    assert open_part(token(made, name), PARTS[name], made.id, ring).startswith(b"{")
    assert not refused(made, made.parts)


def test_no_bit_of_a_part_can_be_changed(ring: KeyRing) -> None:
    made, name = abroad(), "recipient.notification"
    changed = list(flips(token(made, name)))
    assert len(changed) > 3000
    assert [one for one in changed if not unreadable(one, name, made.id, ring)] == []
    assert [one for one in changed if not refused(made, exchanged(made, name, one))] == []


@given(st.sampled_from(NAMES), st.data())
def test_no_bit_of_any_part_can_be_changed(ring: KeyRing, name: str, data: st.DataObject) -> None:
    made = abroad()
    whole = token(made, name)
    place, bit = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 7))
    other = whole[:place] + chr(ord(whole[place]) ^ 1 << bit) + whole[place + 1 :]
    assert unreadable(other, name, made.id, ring)
    assert refused(made, exchanged(made, name, other))


def test_no_bit_of_the_clear_rest_can_be_changed() -> None:
    made = abroad()
    for place in range(len(made.clear)):
        for bit in range(8):
            other = made.clear[:place] + bytes([made.clear[place] ^ 1 << bit]) + made.clear[place + 1 :]
            assert refused(made, made.parts, other)


@pytest.mark.parametrize("name", NAMES)
def test_a_part_of_another_record_is_refused(name: str, ring: KeyRing) -> None:
    made, other = abroad(), abroad()
    assert unreadable(token(other, name), name, made.id, ring)
    assert refused(made, exchanged(made, name, token(other, name)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", NAMES)
def test_a_part_in_the_place_of_another_is_refused(name: str, place: str, ring: KeyRing) -> None:
    made = abroad()
    moved = token(made, name)
    assert unreadable(moved, place, made.id, ring) is (name != place)
    assert refused(made, exchanged(made, place, moved)) is (name != place)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("member", ["kid", "rid", "alg", "enc", "epk", "zip", "crit"])
def test_a_header_cannot_be_written_anew(name: str, member: str, ring: KeyRing) -> None:
    made, other = abroad(), abroad()
    first, rest = token(other, name).split(".", 1)
    header = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    values = {
        "kid": header["kid"][:-1] + "1",
        "rid": made.id,
        "alg": "dir",
        "enc": "A128GCM",
        "epk": {**header["epk"], "x": header["epk"]["y"], "y": header["epk"]["x"]},
        "zip": "DEF",
        "crit": ["rid"],
    }
    forged = base64.urlsafe_b64encode(json.dumps({**header, member: values[member]}).encode()).decode().rstrip("=")
    rid = made.id if member == "rid" else other.id
    assert unreadable(f"{forged}.{rest}", name, rid, ring)
    assert refused(other, exchanged(other, name, f"{forged}.{rest}"))


def _sealed_by_a_stranger(made: Record, name: str, **header: str) -> str:
    """What anybody can make who knows the platform's public keys: a part in perfect form."""
    _, plan, _ = sealed(order(recipient__address__country="US"))
    (kid,) = (part.kid for part in plan.parts if part.name == name)
    protected = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": kid, "rid": made.id, **header}
    content = padded({"name": "Iemand Anders", "street": "Elders", "number": "1", "locality": "Verweg"}, 1024)
    box = other_jwe.JWE(content, json.dumps(protected))
    box.add_recipient(other_jwk.JWK(**public_keys(plan)[kid].as_dict(private=False)))
    found: str = box.serialize(compact=True)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_part_sealed_by_a_stranger_opens_and_so_the_receipt_has_to_refuse_it(name: str, ring: KeyRing) -> None:
    made = abroad()
    forged = _sealed_by_a_stranger(made, name)
    assert b"Iemand Anders" in open_part(forged, PARTS[name], made.id, ring)
    assert refused(made, exchanged(made, name, forged))


def test_another_content_encryption_is_refused(ring: KeyRing) -> None:
    made, name = abroad(), "recipient.delivery"
    for header in ({"enc": "A128GCM"}, {"enc": "A256CBC-HS512"}, {"alg": "ECDH-ES+A128KW"}, {"alg": "ECDH-ES"}):
        assert unreadable(_sealed_by_a_stranger(made, name, **header), name, made.id, ring)


Change = Callable[[tuple[TaggedPart, ...]], tuple[TaggedPart, ...]]
CHANGES: dict[str, Change] = {
    "missing": lambda parts: parts[1:],
    "all missing": lambda parts: (),
    "one more": lambda parts: (*parts, replace(parts[0], name="recipient.else")),
    "twice, the false one first": lambda parts: (replace(parts[0], jwe=parts[1].jwe), *parts),
    "twice, the false one last": lambda parts: (*parts, replace(parts[0], jwe=parts[1].jwe)),
    "two exchanged": lambda parts: (
        replace(parts[0], jwe=parts[1].jwe),
        replace(parts[1], jwe=parts[0].jwe),
        *parts[2:],
    ),
    "another name": lambda parts: (replace(parts[0], name="recipient.deliverx"), *parts[1:]),
    "empty": lambda parts: (replace(parts[0], jwe=""), *parts[1:]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_receipt_speaks_of_exactly_these_parts(change: str) -> None:
    made = abroad()
    assert refused(made, CHANGES[change](made.parts))


def test_the_receipt_does_not_mind_in_which_order_the_parts_come() -> None:
    made = abroad()
    assert not refused(made, tuple(reversed(made.parts)))


def test_the_receipt_of_another_record_is_refused() -> None:
    made, other = abroad(), abroad()
    payload = receipt.verify(other.receipt, receipt_keys())
    with pytest.raises(TamperedError):
        receipt.check(payload, made.id, made.carrier, made.clear, made.parts)
    with pytest.raises(TamperedError):
        receipt.check(
            {**payload, "parts": receipt.verify(made.receipt, receipt_keys())["parts"]},
            made.id,
            made.carrier,
            made.clear,
            made.parts,
        )


@pytest.mark.parametrize("carrier", ["", "elsewhere", "Platform"])
def test_a_receipt_for_another_carrier_is_refused(carrier: str) -> None:
    made = abroad()
    payload = receipt.verify(made.receipt, receipt_keys())
    with pytest.raises(TamperedError):
        receipt.check(payload, made.id, carrier, made.clear, made.parts)


@pytest.mark.parametrize("name", NAMES)
def test_the_platform_refuses_a_shipment_with_a_part_sealed_by_a_stranger(name: str) -> None:
    made = abroad()
    public = {key: value for key, value in SIGNING.items() if key != "d"}
    keys = ReceiptKeys(lambda: json.dumps({"keys": [public]}).encode())
    check_receipt(read_envelope(json.loads(_body(made, made.parts))), keys)
    forged = read_envelope(json.loads(_body(made, exchanged(made, name, _sealed_by_a_stranger(made, name)))))
    with pytest.raises(RefusedError) as caught:
        check_receipt(forged, keys)
    assert (caught.value.status, caught.value.code) == (422, "receipt")


def _body(made: Record, parts: tuple[TaggedPart, ...]) -> bytes:
    return ParcelJson().start(replace(stored(made), parts=parts)).body or b""
