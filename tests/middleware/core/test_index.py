"""The blind index: computed by hand it is the same; across shops and kinds it never is."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from middleware.core.index import KEY_BYTES, Blind, Chain, Indexer, forms, generation, normalised, same

KEY = bytes(range(32))
INDEXER = Indexer(KEY, "demo")
KINDS = [
    "order.id",
    "order.name",
    "customer.id",
    "recipient.contact.email",
    "recipient.contact.phone",
    "content",
    "body",
]

texts = st.text(st.characters(codec="utf-8"))


def by_hand(key: bytes, shop: str, kind: str, value: bytes) -> bytes:
    """HKDF-SHA-256 (RFC 5869: extract with a salt of zeros, one round of expand), then HMAC-SHA-256."""
    extracted = hmac.new(bytes(32), key, hashlib.sha256).digest()
    info = b"parcelveil index v1\x00" + shop.encode() + b"\x00" + kind.encode()
    derived = hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()
    return hmac.new(derived, value, hashlib.sha256).digest()


@pytest.mark.parametrize("kind", KINDS)
def test_is_what_one_computes_by_hand(kind: str) -> None:
    assert INDEXER.of(kind, "lotte@verzinsel.example") == by_hand(KEY, "demo", kind, b"lotte@verzinsel.example")
    assert INDEXER.of_bytes(kind, b"\x00\xff") == by_hand(KEY, "demo", kind, b"\x00\xff")


@given(st.binary(min_size=32, max_size=32), texts, texts, texts)
def test_any_is_what_one_computes_by_hand(key: bytes, shop: str, kind: str, value: str) -> None:
    made = Indexer(key, shop)
    assert made.of(kind, value) == by_hand(key, shop, kind, normalised(value).encode())
    assert len(made.of(kind, value)) == KEY_BYTES == 32


def test_a_digest_stays_what_it_was() -> None:  # computed with `openssl kdf` and `openssl dgst`
    digest = INDEXER.of("order.id", "5551234567890123")
    assert digest.hex() == "e39a1b7550c616ae2a4a33f1c14ed5c830d3104d42d67e098b404de5c6bc4531"


def test_one_value_has_another_index_in_every_shop_of_every_kind_under_every_key() -> None:
    digests = {
        Indexer(key, shop).of(kind, "5551234567890123")
        for key in (KEY, bytes(32))
        for shop in ("demo", "demo2", "Demo", "")
        for kind in KINDS
    }
    assert len(digests) == 2 * 4 * len(KINDS)


def test_shop_and_kind_do_not_run_into_each_other() -> None:
    pairs = [
        ("demo", "order.id"),
        ("demo.order", "id"),
        ("demoorder", ".id"),
        ("", "demoorder.id"),
        ("demo order.id", ""),
    ]
    assert len({Indexer(KEY, shop).of(kind, "1") for shop, kind in pairs}) == len(pairs)


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("Lotte@Verzinsel.Example", "lotte@verzinsel.example"),
        ("  lotte@verzinsel.example\t", "lotte@verzinsel.example"),
        ("LOTTE@VERZINSEL.EXAMPLE", "lotte@verzinsel.example"),
        ("ｌｏｔｔｅ＠verzinsel．example", "lotte@verzinsel.example"),  # full width
        ("zoe\u0308@verzinsel.example", "zoë@verzinsel.example"),  # composed and not
        ("#\u00a01001", "# 1001"),  # a space that does not break
        ("Bestelling   1001", "bestelling 1001"),
        ("bestelling\n1001", "bestelling 1001"),
        ("STRASSE 1", "straße 1"),
        ("ﬁets 7", "fiets 7"),  # a ligature
        ("①00", "100"),
        ("№ ℌ7", "no h7"),  # capitals that show only in the plain form
        ("ΌΔΟΣ", "όδος"),  # final sigma
        ("Ϊ\u0301Ϊ", "ΐϊ"),  # capitals that have no composed form
        ("", "   "),
    ],
)
def test_how_a_person_types_it_does_not_matter(typed: str, same: str) -> None:
    assert normalised(typed) == normalised(same)
    assert INDEXER.of("order.name", typed) == INDEXER.of("order.name", same)


@pytest.mark.parametrize(
    ("one", "other"),
    [("#1001", "1001"), ("#1001", "#1002"), ("1001", "01001"), ("a b", "ab"), ("zoë", "zoe"), ("a.b@c.de", "ab@c.de")],
)
def test_what_is_different_stays_different(one: str, other: str) -> None:
    assert INDEXER.of("order.name", one) != INDEXER.of("order.name", other)


@given(texts)
def test_normal_is_normal(value: str) -> None:
    once = normalised(value)
    assert normalised(once) == once
    assert normalised(unicodedata.normalize("NFD", value)) == once
    assert normalised(f" {value}\n") == once


@given(st.binary(max_size=40), st.binary(max_size=40))
@example(b"{}", b"{}\n")
@example(b"\x00", b"")
def test_bytes_count_as_they_are(one: bytes, other: bytes) -> None:
    assert (INDEXER.of_bytes("body", one) == INDEXER.of_bytes("body", other)) is (one == other)


def test_shows_the_shop_and_nothing_of_the_key() -> None:
    assert repr(INDEXER) == str(INDEXER) == "<Indexer demo>"


@pytest.mark.parametrize("kind", ["order.id", "customer.id"])
def test_an_id_is_another_one_by_any_of_its_bytes(kind: str) -> None:
    """``AbC1`` and ``aBc1`` are two orders of a plug-in: taken for one, the second would end the first."""
    told = {INDEXER.of(kind, value) for value in ("AbC1", "aBc1", " AbC1", "AbC1 ")}
    assert len(told) == 4
    assert INDEXER.of("order.name", "AbC1") == INDEXER.of("order.name", "aBc1")


NEXT, THIRD = bytes(range(1, 33)), bytes(range(2, 34))


def chained(*keys: bytes, turning: bool = False) -> Indexer:
    return Indexer(lambda: Chain(keys=keys, turning=turning), "demo")


def link_by_hand(key: bytes, digest: bytes, number: int) -> bytes:
    return by_hand(key, "", "link", digest) + bytes((number,))


def test_a_chain_is_the_digest_of_the_digest_before() -> None:
    first = INDEXER.of("order.id", "5001")
    second = link_by_hand(NEXT, first, 2)
    assert chained(KEY).of("order.id", "5001") == first
    assert chained(KEY, NEXT).of("order.id", "5001") == second
    assert chained(KEY, NEXT, THIRD).of("order.id", "5001") == link_by_hand(THIRD, second, 3)
    assert [generation(digest) for digest in (first, second)] == [1, 2]


def test_while_it_turns_a_digest_knows_what_it_was() -> None:
    turning = chained(KEY, NEXT, turning=True).of("order.id", "5001")
    before, after = INDEXER.of("order.id", "5001"), chained(KEY, NEXT).of("order.id", "5001")
    assert isinstance(turning, Blind)
    assert turning == after
    assert forms(turning) == (after, before)
    assert forms(before) == (before,)
    assert [same(rests, turning) for rests in (before, after, NEXT)] == [True, True, False]
    assert [turning.forward(digest) for digest in (before, after)] == [after, after]


def test_whatever_the_generation_a_digest_is_taken_to_the_newest() -> None:
    chain = Chain(keys=(KEY, NEXT, THIRD))
    made = [chained(*chain.keys[:count]).of("order.id", "5001") for count in (1, 2, 3)]
    assert {chain.forward(digest) for digest in made} == {made[2]}
    assert repr(chain) == "<Chain>"
