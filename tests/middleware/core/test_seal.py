"""Sealing: exactly what the form promises, opened by an implementation that is not ours."""

from __future__ import annotations

import base64
import json
import re
import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey
from joserfc.registry import HeaderParameter
from jwcrypto import jwe as other_jwe
from jwcrypto import jwk as other_jwk

from middleware.core.schedule import schedule
from middleware.core.seal import SIZES, lock, new_id, new_reference, padded, seal, unlock
from middleware.errors import TamperedError
from middleware.model import Plan, Sealed
from schemas.order import Address, CashOnDelivery, Contact, CustomsItem, Ids, Order, Parcel, Recipient, Sender
from simulator.jwe import open_token, read_header
from tests.middleware.core.made_up import NOW, POLICY, SENDER, SHOP, order, private_key, public_keys, sealed, values

VECTORS = sorted((Path(__file__).parents[2] / "vectors" / "seal").glob("*.json"))
ABROAD = order(recipient__address__country="US")
PARTS = ["recipient.delivery", "recipient.notification", "recipient.customs", "sender.contact"]

Json = dict[str, Any]


def header(token: str) -> Json:
    first = token.split(".")[0]
    read: Json = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    return read


def opened_elsewhere(token: str, key: ECKey | OctKey) -> other_jwe.JWE:
    """Opened with jwcrypto."""
    box = other_jwe.JWE()
    box.allowed_algs = ["ECDH-ES+A256KW", "A256GCM", "dir"]
    box.deserialize(token, other_jwk.JWK(**key.as_dict(private=True)))
    return box


def plaintexts(plan: Plan, closed: Sealed) -> dict[str, bytes]:
    kids = {part.name: part.kid for part in plan.parts}
    return {part.name: opened_elsewhere(part.jwe, private_key(kids[part.name])).payload for part in closed.parts}


def tokens(closed: Sealed) -> dict[str, str]:
    return {part.name: part.jwe for part in closed.parts}


def _order(vector: Json) -> Order:
    recipient = vector["recipient"]
    whole = Recipient(
        name=recipient["name"],
        company=recipient["company"],
        address=Address(**recipient["address"]),
        contact=Contact(**recipient["contact"]),
    )
    items = tuple(CustomsItem(**item) for item in vector["customs"])
    ids = Ids(order_id="5551234567890123", order_name="#1001", customer_id="7770001112223")
    return Order(ids=ids, recipient=whole, parcel=Parcel(**vector["parcel"]), customs=items, updated_at=NOW)


@pytest.mark.policy("VP-CAT-7", "VP-CAT-8")
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vector(path: Path) -> None:
    vector: Json = json.loads(path.read_text("utf-8"))
    whole = _order(vector)
    plan = schedule(whole, POLICY, "professional", NOW)
    closed = seal(whole, Sender(**vector["sender"]), plan, public_keys(plan), shop=SHOP)
    found = plaintexts(plan, closed)
    assert {name: json.loads(text) for name, text in found.items()} == vector["plaintexts"]
    assert {name: len(text) for name, text in found.items()} == vector["sizes"]
    parcel = {**vector["clear"]["parcel"], "reference": closed.reference}
    assert closed.clear == {**vector["clear"], "id": closed.id, "parcel": parcel}


def test_a_member_that_is_not_there_is_not_named() -> None:
    gone = {"recipient__company": None, "recipient__address__box": None, "cash_on_delivery": CashOnDelivery()}
    _, plan, closed = sealed(order(**gone))
    (delivery,) = (text for name, text in plaintexts(plan, closed).items() if name == "recipient.delivery")
    assert json.loads(delivery).keys() == {"name", "street", "number", "line2", "locality"}
    assert b"null" not in delivery


@pytest.mark.parametrize("name", PARTS)
def test_every_part_opens_with_two_other_implementations(name: str) -> None:
    _, plan, closed = sealed(ABROAD)
    (kid,) = (part.kid for part in plan.parts if part.name == name)
    token = tokens(closed)[name]
    theirs = opened_elsewhere(token, private_key(kid)).payload
    assert theirs == open_token(token, private_key(kid).private_key)  # type: ignore[arg-type]  # made private
    assert len(theirs) % SIZES[name] == 0
    assert theirs == theirs.rstrip(b" ").ljust(len(theirs))
    assert json.loads(theirs)


@pytest.mark.parametrize("name", PARTS)
def test_the_header_is_exactly_this(name: str) -> None:
    _, plan, closed = sealed(ABROAD)
    (kid,) = (part.kid for part in plan.parts if part.name == name)
    found = header(tokens(closed)[name])
    epk = found.pop("epk")
    assert found == {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": kid, "rid": closed.id}
    assert (epk.keys(), epk["kty"], epk["crv"]) == ({"kty", "crv", "x", "y"}, "EC", "P-256")
    assert read_header(tokens(closed)[name])["kid"] == kid


def test_no_other_key_opens_a_part() -> None:
    _, plan, closed = sealed(ABROAD)
    kids = {part.name: part.kid for part in plan.parts}
    for name, token in tokens(closed).items():
        for other in kids.keys() - {name}:
            with pytest.raises(other_jwe.InvalidJWEData):
                opened_elsewhere(token, private_key(kids[other]))


def test_every_part_has_an_ephemeral_key_a_content_key_and_a_nonce_of_its_own() -> None:
    seen: list[tuple[str, str, bytes]] = []
    for _ in range(20):
        _, plan, closed = sealed(ABROAD)
        for part in plan.parts:
            token = tokens(closed)[part.name]
            box = opened_elsewhere(token, private_key(part.kid))
            seen.append((header(token)["epk"]["x"], token.split(".")[2], box.cek))
    assert [len(set(column)) for column in zip(*seen, strict=True)] == [80, 80, 80]
    assert all(len(content_key) == 32 for _, _, content_key in seen)


def test_the_same_order_is_sealed_anew_each_time() -> None:
    one, other = (sealed(ABROAD)[2] for _ in range(2))
    assert one.id != other.id
    assert one.reference != other.reference
    assert not set(tokens(one).values()) & set(tokens(other).values())


@pytest.mark.policy("VP-CAT-8")
def test_a_thousand_emails_have_one_length() -> None:
    lengths: set[int] = set()
    whole, plan, _ = sealed(order())
    keys, domain = public_keys(plan), "@voorbeeld.example"
    for number in range(1000):
        size = 6 + number % 59
        local = string.ascii_lowercase * 2
        address = (local[: size - len(domain)] + domain) if size > len(domain) else f"{local[: size - 5]}@b.ex"
        assert len(address) == size
        contact = Contact(email=address, language="nl")
        one = replace(whole, recipient=replace(whole.recipient, contact=contact))
        only = replace(plan, parts=tuple(part for part in plan.parts if part.name == "recipient.notification"))
        (part,) = seal(one, SENDER, only, keys, shop=SHOP).parts
        lengths.add(len(part.jwe))
    assert len(lengths) == 1


@pytest.mark.parametrize("name", PARTS)
def test_no_length_tells_how_long_a_value_is(name: str) -> None:
    fields = ("recipient__name", "recipient__address__street", "customs__description")
    short, long = (order(**dict.fromkeys(fields, text), recipient__address__country="US") for text in ("a", "a" * 200))
    assert len(tokens(sealed(short)[2])[name]) == len(tokens(sealed(long)[2])[name])


@pytest.mark.parametrize("name", SIZES)
def test_what_is_longer_goes_to_the_next_multiple(name: str) -> None:
    size = SIZES[name]
    frame = len('{"a":""}')
    lengths = [
        len(padded({"a": "x" * (filled - frame)}, size))
        for filled in (size - 1, size, size + 1, 2 * size, 2 * size + 1)
    ]
    assert lengths == [size, size, 2 * size, 2 * size, 3 * size]


def test_the_sizes_stay() -> None:
    assert SIZES == {
        "recipient.delivery": 1024,
        "recipient.notification": 256,
        "recipient.customs": 4096,
        "sender.contact": 1024,
        "maxiresponse.contact": 512,
        "mystamp.customer": 1024,
        "mystamp.depicted": 512,
        "mystamp.photo": 256 * 1024,
    }


contents = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.text(st.characters(codec="utf-8"), max_size=300) | st.integers(0, 2**53),
    max_size=12,
)


@given(contents, st.sampled_from(sorted(set(SIZES.values()))))
def test_padding_adds_spaces_to_a_multiple_and_nothing_else(content: dict[str, object], size: int) -> None:
    text = padded(content, size)
    assert json.loads(text) == content
    assert len(text) % size == 0
    assert 0 <= len(text) - len(text.rstrip(b" ")) < size


def test_in_the_clear_stands_nothing_of_a_person() -> None:
    whole, _, closed = sealed(ABROAD)
    told = json.dumps(closed.clear)
    personal = [*values(whole.recipient), *values(whole.ids), *values(SENDER)]
    assert len(personal) > 15
    assert [value for value in personal if value in told] == []
    assert closed.clear.keys() == {"id", "parcel", "recipient", "sender"}
    assert closed.clear["recipient"] == {"country": "US", "postal_code": "1000"}


def test_a_chosen_reference_is_what_the_platform_sees_and_the_code_stays_ours() -> None:
    whole, plan, _ = sealed(order())
    closed = seal(whole, SENDER, plan, public_keys(plan), shop=SHOP, reference="#1001")
    assert closed.clear["parcel"]["reference"] == "#1001"  # type: ignore[index]  # the clear rest is an object of objects
    assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", closed.reference)


def test_record_ids_are_random_uuids() -> None:
    ids = [new_id() for _ in range(200)]
    form = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(form.fullmatch(one) for one in ids)
    assert len(set(ids)) == 200


def test_references_hold_no_letter_that_reads_like_another() -> None:
    codes = [new_reference() for _ in range(500)]
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", code) for code in codes)
    assert len(set(codes)) == 500
    assert len(set("".join(codes)) - {"-"}) == 32


SERVICE = OctKey.import_key(bytes(range(32)))
OTHER = jwe.JWERegistry(header_registry={"for": HeaderParameter("", "str")}, algorithms=["dir", "A128GCM"])


@pytest.mark.parametrize("text", ["1", "5551234567890123", "9223372036854775807", "-9223372036854775808"])
def test_what_is_locked_opens_under_the_service_key_alone(text: str) -> None:
    token = lock(text, SERVICE)
    assert opened_elsewhere(token, SERVICE).payload.decode().rstrip(" ") == text
    assert header(token) == {"alg": "dir", "enc": "A256GCM"}
    with pytest.raises(other_jwe.InvalidJWEData):
        opened_elsewhere(token, OctKey.import_key(bytes(32)))


def test_what_is_locked_has_one_length_and_never_repeats() -> None:
    locked = [lock("7" * digits, SERVICE) for digits in range(1, 33)]
    assert len({len(token) for token in locked}) == 1
    assert len({token.split(".")[2] for token in locked}) == len(locked)
    assert lock("1", SERVICE) != lock("1", SERVICE)


@pytest.mark.parametrize("purpose", ["", "shop demo"])
@pytest.mark.parametrize("text", ["", "1", '{"name": "Ysolde Ж"}', "x" * 5000])
def test_what_was_locked_opens_for_its_purpose(text: str, purpose: str) -> None:
    assert unlock(lock(text, SERVICE, purpose), SERVICE, purpose) == text


def test_a_size_of_its_own_hides_the_length() -> None:
    assert len({len(lock("x" * long, SERVICE, "shop demo", 1024)) for long in (1, 500, 1024)}) == 1


LOCKED = lock("Ysolde", SERVICE, "shop demo")


@pytest.mark.parametrize(
    ("token", "key", "purpose"),
    [
        (LOCKED, SERVICE, "shop other"),
        (LOCKED, SERVICE, ""),
        (lock("Ysolde", SERVICE), SERVICE, "shop demo"),
        (LOCKED, OctKey.import_key(bytes(32)), "shop demo"),
        (LOCKED, OctKey.import_key(bytes(16)), "shop demo"),
        (LOCKED[:-4] + "AAAA", SERVICE, "shop demo"),
        (LOCKED + ".", SERVICE, "shop demo"),
        ("", SERVICE, "shop demo"),
        ("a.b.c.d.e", SERVICE, "shop demo"),
        ("\u00e9" + LOCKED, SERVICE, "shop demo"),
        (jwe.encrypt_compact({"alg": "dir", "enc": "A128GCM", "for": "x"}, b"Y", OctKey.import_key(bytes(16)),
                             registry=OTHER), OctKey.import_key(bytes(16)), "x"),
    ],
    ids=["another shop", "no purpose", "locked for nothing", "another key", "a short key", "changed", "a part more",
         "nothing", "not base64", "not ASCII", "another algorithm"],
)  # fmt: skip
def test_whatever_does_not_open_gets_one_and_the_same_error(token: str, key: OctKey, purpose: str) -> None:
    with pytest.raises(TamperedError) as refusal:
        unlock(token, key, purpose)
    assert (refusal.value.args, refusal.value.__cause__, refusal.value.__context__) == (
        TamperedError().args,
        None,
        None,
    )
