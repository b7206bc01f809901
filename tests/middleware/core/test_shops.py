"""What is kept of a shop: closed for its name under the service key, found by keyed digests."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import OctKey

from middleware.core.index import Indexer
from middleware.core.seal import lock
from middleware.core.shops import SEALED_SIZE, Vault, content_of, in_force
from middleware.errors import TamperedError
from middleware.keys import ServiceKeys
from middleware.model_shop import Held, ShopContent, ShopSecret

KEY = OctKey.import_key(bytes(range(32)))


def vault(service: OctKey = KEY, index: bytes = bytes(range(1, 33)), former: OctKey | None = None) -> Vault:
    """One over these keys; nobody signs here."""
    signing: Any = None
    return Vault(ServiceKeys(signing=signing, index=index, service=service, former_service=former))


VAULT = vault()
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SECRETS = (ShopSecret(value=b"\x00\xff new"), ShopSecret(value=b"made-up secret", until=NOW))
CONTENT = ShopContent(
    settings={"domain": "demo.myshopify.com", "sender": {"name": "Ysolde Ж"}},
    secrets=SECRETS,
    token=b"made-up-token",
    passphrase="made-up-passphrase",
    tracking_password="made-up-password-of-tracking",
)


def test_what_was_closed_opens_as_it_was() -> None:
    assert VAULT.open("demo", VAULT.close("demo", CONTENT)) == CONTENT
    bare = ShopContent(settings={})
    assert VAULT.open("demo", VAULT.close("demo", bare)) == bare


def test_what_was_closed_before_a_rotation_opens_while_the_key_before_is_there() -> None:
    closed, new = VAULT.close("demo", CONTENT), OctKey.import_key(bytes(32))
    turned = vault(new, former=KEY)
    assert turned.open("demo", closed) == CONTENT
    assert vault(new).open("demo", turned.close("demo", CONTENT)) == CONTENT
    with pytest.raises(TamperedError):
        vault(new).open("demo", closed)


def test_nothing_of_it_is_in_the_clear_and_lengths_tell_little() -> None:
    closed = VAULT.close("demo", CONTENT)
    parts = b"".join(base64.urlsafe_b64decode(part + "==") for part in closed.split("."))
    assert not any(text in parts for text in (b"Ysolde", b"myshopify", b"made-up", b"sender"))
    longer = replace(CONTENT, settings={"sender": {"name": "Y" * 300}})
    assert len(VAULT.close("demo", longer)) == len(closed) > SEALED_SIZE
    assert VAULT.close("demo", CONTENT) != closed


@pytest.mark.parametrize(
    "sealed",
    [
        VAULT.close("other", CONTENT),
        vault(OctKey.import_key(bytes(32))).close("demo", CONTENT),
        lock("{}", KEY),
        lock("{}", KEY, "shop demo"),
        lock("[]", KEY, "shop demo"),
        lock("no JSON", KEY, "shop demo"),
        lock('{"settings": {}, "secrets": [["***", null]], "token": null}', KEY, "shop demo"),
        lock('{"settings": {}, "secrets": [["QQ==", "soon"]], "token": null}', KEY, "shop demo"),
        lock('{"settings": {}, "secrets": [["QQ=="]], "token": null}', KEY, "shop demo"),
        lock('{"settings": 7, "secrets": [], "token": null}', KEY, "shop demo"),
        lock('{"settings": {}, "secrets": [], "token": 7}', KEY, "shop demo"),
        lock('{"settings": {}, "secrets": []}', KEY, "shop demo"),
        "",
    ],
)
def test_whatever_is_not_what_was_closed_does_not_open(sealed: str) -> None:
    with pytest.raises(TamperedError) as refusal:
        VAULT.open("demo", sealed)
    assert (refusal.value.args, refusal.value.__cause__, refusal.value.__context__) == (
        TamperedError().args,
        None,
        None,
    )


def test_a_domain_and_a_secret_are_found_by_digests_of_their_own() -> None:
    domain = VAULT.of_domain("demo.myshopify.com")
    assert domain == VAULT.of_domain("Demo.MyShopify.com") != VAULT.of_domain("other.myshopify.com")
    (one,) = VAULT.of_secrets([b"demo.myshopify.com"])
    assert len({one, domain, Indexer(VAULT.keys.index, "demo").of("shop.domain", "demo.myshopify.com")}) == 3
    assert VAULT.of_secrets([b"a", b"A", b"a"])[0::2] == VAULT.of_secrets([b"a"]) * 2
    assert len(set(VAULT.of_secrets([b"a", b"A"]))) == 2
    assert vault(index=bytes(32)).of_domain("demo.myshopify.com") != domain


def test_a_secret_ends_to_the_moment() -> None:
    moment = timedelta(microseconds=1)
    assert in_force(SECRETS, NOW - moment) == SECRETS
    assert in_force(SECRETS, NOW) == SECRETS[:1]


def test_nothing_is_shown() -> None:
    assert (repr(VAULT), repr(CONTENT), repr(SECRETS[0])) == ("<Vault>", "<ShopContent>", "<ShopSecret>")


def test_what_is_not_told_anew_stays_and_a_passphrase_as_long_as_there_is_an_account() -> None:
    told, known = {"account": "123456"}, Held(secrets=(b"newer",), token=b"t", passphrase="p")
    first = content_of(told, known, None, keeps=False)
    assert (first.secrets, first.token, first.passphrase) == ((ShopSecret(value=b"newer"),), b"t", "p")
    later = content_of(told, Held(), first, keeps=True)
    assert later == first
    assert content_of({}, Held(), first, keeps=True).passphrase is None
    other = content_of(told, Held(passphrase="q"), first, keeps=False)
    assert (other.secrets, other.token, other.passphrase) == ((), b"t", "q")


def test_a_password_at_tracking_stays_with_its_account_and_no_other() -> None:
    told, word = {"account": "123456"}, "made up"
    first = content_of(told, Held(passphrase="p", tracking_password=word), None, keeps=False)
    assert content_of(told, Held(passphrase="q"), first, keeps=True).tracking_password == word
    assert content_of({"account": "654321"}, Held(passphrase="q"), first, keeps=True).tracking_password is None
    assert content_of({}, Held(), first, keeps=True).tracking_password is None
    assert content_of(told, Held(tracking_password="newer"), first, keeps=True).tracking_password == "newer"
