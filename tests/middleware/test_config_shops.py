"""Shops: what one is made of, and that a fault within one concerns that one alone."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from middleware.model import Delivery
from schemas.order import CustomsItem, Sender
from schemas.policy_loader import load as load_policy
from tests.middleware.configuring import Load, cleaned, loader, own, without_place

CANARY = "Canary-secret-9f3"
APP = 'app = "parcelveil"'


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cleaned(monkeypatch, tmp_path)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    return loader(monkeypatch, tmp_path)


def reason(load: Load, *changes: tuple[str, str]) -> str:
    """Why the shop ``demo`` is quarantined, while ``other`` runs."""
    found = load(*changes, add=own("other", "OTHER"))
    assert list(found.shops) == ["other"]
    (line,) = found.quarantined.values()
    assert len(line.splitlines()) == 1
    assert CANARY not in line
    return without_place(line)


def test_a_shop_of_an_app_has_every_default(load: Load) -> None:
    shop = load().shops["demo"]
    assert (shop.name, shop.platform, shop.domain) == ("demo", "shopify", "demo.myshopify.com")
    assert (shop.secrets, shop.own_app) == ((b"made-up-secret",), False)
    assert (shop.carrier, shop.policy, shop.account_type) == ("platform", "bpost-shipping-platform", "professional")
    assert (shop.integration_requested_on, shop.integration_reference) == (date(2026, 11, 22), "made up")
    assert (shop.delivery, shop.ship_when, shop.on_invalid, shop.reference) == (Delivery(), "paid", "record", "code")
    assert shop.creates == "webhook"
    assert (shop.number, shop.pickup_attribute, shop.product) == (None, None, "parcel")
    assert (shop.default_weight_grams, shop.hold, shop.interpretations) == (1000, timedelta(minutes=2), {})
    assert shop.customs == CustomsItem()
    assert shop.sender == Sender(
        name="Voorbeeldwinkel", street="Straat", postal_code="1000", locality="Brussel", country="BE"
    )


def test_every_setting_of_a_shop_is_read(load: Load) -> None:
    told = """secrets = [{ env = "OTHER" }]
mode = "live"
number = "68000000001"
token = { env = "TOKEN" }
policy = "bpost-shipping-platform"
notify = "email"
creates = "call"
ship_when = "fulfillable"
pickup_attribute = "pickup_point"
on_invalid = "refuse"
reference = "order-name"
product = "parcel-24"
default_weight_grams = 30000
hold = "1h"
interpretations = { recipient_clock = "delivered" }
products = { home = "bpack-24h-pro+signed" }
lines = { "Thuis, getekend" = "bpack-24h-pro+tell-email bpack-at-bpost", "flat_rate:3" = "bpack-24-7" }
customs = { description = " Textile goods", hs_code = "6302.60", origin = "BE", weight_grams = 400 }
"""
    shop = load((APP, told), ("demo.myshopify.com", "Demo-2.MyShopify.com")).shops["demo"]
    assert (shop.secrets, shop.own_app) == ((b"other-made-up-secret",), True)
    assert (shop.domain, shop.number, shop.delivery.notify) == ("demo-2.myshopify.com", "68000000001", "email")
    assert (shop.ship_when, shop.pickup_attribute, shop.on_invalid) == ("fulfillable", "pickup_point", "refuse")
    assert shop.creates == "call"
    assert (shop.reference, shop.product, shop.default_weight_grams) == ("order-name", "parcel-24", 30_000)
    assert (shop.hold, shop.interpretations) == (timedelta(hours=1), {"recipient_clock": "delivered"})
    assert shop.customs == CustomsItem(description="Textile goods", hs_code="6302.60", origin="BE", weight_grams=400)
    assert shop.products == {"home": "bpack-24h-pro+signed"}
    assert shop.lines == {"Thuis, getekend": "bpack-24h-pro+tell-email bpack-at-bpost", "flat_rate:3": "bpack-24-7"}


@pytest.mark.parametrize(("hold", "seconds"), [("0s", 0), ("90s", 90), ("2m", 120), ("24h", 86_400), ("1d", 86_400)])
def test_a_hold_is_a_length_of_time(load: Load, hold: str, seconds: int) -> None:
    assert load((APP, f'{APP}\nhold = "{hold}"')).shops["demo"].hold == timedelta(seconds=seconds)


HOLD = 'expected a length of time like "30s", "2m", "1h" or "0d", of at most 24 hours'
NUMBER = "expected the shop's number at Shopify, digits in quotation marks"
DOMAIN = "expected the shop's own domain, which ends in .myshopify.com"
FAULTS = {
    'mode = "test"': "mode: test is not possible here; expected a simulated platform in the configuration: ",
    'notify = "emial"': "notify: expected one of none, email, sms; did you mean email?",
    "notify = true": "notify: expected one line of text",
    'ship_when = "later"': "ship_when: expected one of paid, created, fulfillable",
    'creates = "both"': "creates: expected one of webhook, call",
    'on_invalid = "ignore"': "on_invalid: expected one of record, refuse",
    'reference = "order_name"': "reference: expected one of code, order-name; did you mean order-name?",
    'hold = "2"': f"hold: {HOLD}",
    'hold = "-2m"': f"hold: {HOLD}",
    'hold = "25h"': f"hold: {HOLD}",
    "hold = 120": "hold: expected one line of text",
    "default_weight_grams = 0": "default_weight_grams: expected a whole number from 1 to 30000",
    "default_weight_grams = 30001": "default_weight_grams: expected a whole number from 1 to 30000",
    "default_weight_grams = 1.5": "default_weight_grams: expected a whole number from 1 to 30000",
    "default_weight_grams = true": "default_weight_grams: expected a whole number from 1 to 30000",
    "number = 68000000001": "number: expected one line of text",
    f'number = "{CANARY}"': f"number: {NUMBER}",
    'number = "68x"': f"number: {NUMBER}",
    'product = "Parcel 24"': "product: expected small letters, digits and hyphens",
    'pickup_attribute = "a\\nb"': "pickup_attribute: expected one line of text",
    'customs = { description = "' + "x" * 31 + '" }': "customs.description: expected one line of text of at most 30",
    'customs = { hs_code = "630" }': "customs.hs_code: expected four to nine digits in quotation marks",
    "customs = { hs_code = 630260 }": "customs.hs_code: expected one line of text",
    'customs = { origin = "Belgium" }': "customs.origin: expected two capital letters (ISO 3166-1), such as BE",
    "customs = { weight_grams = 0 }": "customs.weight_grams: expected a whole number from 1 to 30000",
    f'customs = {{ titel = "{CANARY}" }}': "customs.titel: unknown key; expected one of description, hs_code",
    f'token = "{CANARY}"': 'token: expected { env = "NAME" } or { file = "PATH" }, never the secret itself',
    'token = { env = "MISSING" }': "token: the secret in env MISSING is missing or empty",
    'secrets = [{ env = "OTHER" }]': "app: expected either the app or secrets of the shop's own, not both",
    'interpretations = "delivered"': "interpretations: expected a table of texts",
    "interpretations = { recipient_clock = 3 }": "interpretations: expected a table of texts",
    f'notfy = "{CANARY}"': "notfy: unknown key; expected one that is known; did you mean notify?",
}


@pytest.mark.parametrize("setting", FAULTS)
def test_a_fault_of_a_shop_quarantines_this_shop_alone(load: Load, setting: str) -> None:
    assert reason(load, (APP, f"{APP}\n{setting}")).startswith(f"shops.demo.{FAULTS[setting]}")


UNKNOWN = "unknown key; expected one that is known; did you mean"
CHANGED = {
    (
        'app = "parcelveil"',
        "",
    ): "app: neither of them is there; expected an app, one of parcelveil, or ",
    ('app = "parcelveil"', 'app = "parcelvail"'): "app: expected one of parcelveil; did you mean parcelveil?",
    ('app = "parcelveil"', 'secrets = [{ env = "MISSING" }]'): "secrets: the secret in env MISSING is missing or empty",
    ('"demo.myshopify.com"', '"demo.example"'): f"domain: {DOMAIN}",
    ('"demo.myshopify.com"', '"demo.myshopify.com.evil.example"'): f"domain: {DOMAIN}",
    ('"demo.myshopify.com"', '"https://demo.myshopify.com"'): f"domain: {DOMAIN}",
    ('carrier = "platform"\nsender = { name', 'carrier = "x"\nsender = { name'): "carrier: expected one of platform",
    (
        ', country = "BE" }',
        ', country = "België" }',
    ): "sender.country: expected two capital letters (ISO 3166-1)",
    (
        ', country = "BE" }',
        ', contry = "BE" }',
    ): f"sender.contry: {UNKNOWN} country?",
    ('{ name = "Voorbeeldwinkel", ', "{ "): "sender.name: expected a name or a company: who sends the parcel",
    (
        ', reference = "made up" }',
        ', refrence = "x" }',
    ): f"integration.refrence: {UNKNOWN} reference?",
    (
        "requested_on = 2026-11-22",
        'requested_on = "2026-11-22"',
    ): "integration.requested_on: expected a date without quotes",
    ("requested_on = 2026-11-22", "requested_on = 2026-11-22T10:00:00"): "integration.requested_on: expected a date ",
}


@pytest.mark.parametrize("change", CHANGED, ids=[" ".join(change) for change in CHANGED])
def test_what_is_missing_or_wrong_is_named(load: Load, change: tuple[str, str]) -> None:
    assert reason(load, change).startswith(f"shops.demo.{CHANGED[change]}")


SITE = [
    ('[shops.demo]\nplatform = "shopify"', '[shops.demo]\nplatform = "woocommerce"'),
    ('"demo.myshopify.com"', '"Winkel.Example:8443/nl"'),
    (APP, 'secrets = [{ env = "OTHER" }]'),
]


def test_a_shop_of_woocommerce_has_a_site_and_secrets_of_its_own(load: Load) -> None:
    shop = load(*SITE).shops["demo"]
    assert (shop.platform, shop.domain) == ("woocommerce", "winkel.example:8443/nl")
    assert (shop.secrets, shop.own_app, shop.number) == ((b"other-made-up-secret",), True, None)
    assert (shop.ship_when, shop.hold, shop.default_weight_grams) == ("paid", timedelta(minutes=2), 1000)


@pytest.mark.parametrize(
    "domain",
    ["https://winkel.example", "winkel.example/", "-a.example", "a b.example", "demo.myshopify.com", "\u212a.example"],
)
def test_a_site_is_its_address_without_what_stands_before_it(load: Load, domain: str) -> None:
    told = "domain: expected the address of the shop's site without https://, such as winkel.example"
    assert reason(load, SITE[0], ('"demo.myshopify.com"', f'"{domain}"'), SITE[2]).startswith(f"shops.demo.{told}")


def test_a_shop_of_woocommerce_belongs_to_no_app_and_has_no_number(load: Load) -> None:
    told = "shops.demo.secrets: there is none; expected the secret of its webhooks, which no other shop has"
    assert reason(load, SITE[0], SITE[1]).startswith(told)
    for more in (APP, 'number = "7"'):
        line = reason(load, SITE[0], SITE[1], (APP, f"{SITE[2][1]}\n{more}"))
        assert line.startswith(f"shops.demo.{more.partition(' ')[0]}: unknown key")


def test_what_is_no_table_at_all_is_quarantined_too(load: Load) -> None:
    found = load(("[shops.demo]", "[shops]\nodd = 3\n[shops.demo]"))
    assert list(found.shops) == ["demo"]
    assert found.quarantined["odd"].endswith("shops.odd: expected a table, such as [shops.odd]")


@pytest.mark.parametrize("name", ["Demo", "de_mo", "-demo", "a" * 64, "démo", "a\\nb"])
def test_a_name_that_could_be_no_address_is_quarantined(load: Load, name: str) -> None:
    line = reason(load, ("[shops.demo]", f'[shops."{name}"]'))
    assert ": expected a name of small letters, digits and hyphens, such as [shops.my-demo]" in line


@pytest.mark.policy("VP-PLG-1")
@pytest.mark.parametrize("kind", ["guest", "residential", "professional"])
def test_only_an_account_that_has_the_plug_in_is_linked(load: Load, kind: str) -> None:
    change = ('account_type = "professional"', f'account_type = "{kind}"')
    if load_policy("bpost-shipping-platform").account_types[kind].plugin:
        assert load(change).quarantined == {}
    else:
        assert reason(load, change) == (
            "shops.demo.account_type: the plug-in exists for professional accounts only (VP-PLG-1); "
            "expected that account type"
        )


@pytest.mark.policy("VP-PLG-1")
@pytest.mark.parametrize("setting", ["", 'account_type = "Professional"', 'account_type = "business"'])
def test_an_account_type_is_named_and_is_one_that_there_is(load: Load, setting: str) -> None:
    missing = "" if setting else "it is missing; "
    told = reason(load, ('account_type = "professional"', setting))
    assert told.startswith(f"shops.demo.account_type: {missing}expected ")


INTEGRATION = 'integration = { requested_on = 2026-11-22, reference = "made up" }'


@pytest.mark.policy("VP-PLG-3")
@pytest.mark.parametrize("setting", ["", "integration = {}", 'integration = { reference = "made up" }'])
def test_without_a_request_to_integrate_nothing_is_exchanged(load: Load, setting: str) -> None:
    assert reason(load, (INTEGRATION, setting)).startswith(
        "shops.demo.integration: expected the recorded request (VP-PLG-3)"
    )


# ---- shops that could be mistaken for each other ---------------------------------------------------------------------


def test_two_shops_with_one_domain_are_both_quarantined(load: Load) -> None:
    for again in (own("again", "OTHER"), own("again", "OTHER").replace('secrets = [{ env = "OTHER" }]', APP)):
        found = load(add=own("third", "TOKEN") + again.replace("again.myshopify.com", "DEMO.myshopify.com"))
        assert list(found.shops) == ["third"]
        assert {name: without_place(line) for name, line in found.quarantined.items()} == {
            "demo": "shops.demo.domain: another shop has the same; expected a domain of its own",
            "again": "shops.again.domain: another shop has the same; expected a domain of its own",
        }


def test_two_shops_with_one_secret_of_their_own_are_both_quarantined(load: Load) -> None:
    rotating = own("two", "TOKEN").replace("[{ env", '[{ env = "OTHER" }, { env')
    found = load(add=own("one", "OTHER") + rotating + own("three", "THREE"), env={"THREE": "a-third-secret"})
    assert sorted(found.shops) == ["demo", "three"]
    assert {name: without_place(line).partition(":")[0] for name, line in found.quarantined.items()} == {
        "one": "shops.one.secrets",
        "two": "shops.two.secrets",
    }


def test_a_secret_of_its_own_that_is_an_app_s_is_refused_and_the_app_s_shops_run(load: Load) -> None:
    found = load(add=own("one", "SECRET"))
    assert list(found.shops) == ["demo"]
    assert {name: without_place(line) for name, line in found.quarantined.items()} == {
        "one": "shops.one.secrets: a secret that is also another shop's or app's is refused; "
        "expected a secret of its own, or the app in place of it"
    }


def test_shops_of_one_app_share_its_secret(load: Load) -> None:
    found = load(add=own("two", "OTHER").replace('secrets = [{ env = "OTHER" }]', APP))
    assert sorted(found.shops) == ["demo", "two"]


def test_a_shop_that_is_quarantined_anyhow_keeps_its_own_reason(load: Load) -> None:
    found = load((APP, f'{APP}\nmode = "test"'), add=own("two", "OTHER").replace("two.my", "demo.my"))
    assert list(found.shops) == ["two"]
    assert "mode: test is not possible here" in found.quarantined["demo"]
