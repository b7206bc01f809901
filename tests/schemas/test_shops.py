"""What the admin API takes of a shop: refused whole, by pointers of known names, never with a value."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from middleware.config_shop import Around, shop_settings
from middleware.config_table import Source, Table
from middleware.errors import ConfigError
from middleware.model import ShopSettings
from schemas import shop_rules as rules
from schemas.allowlist import Refused
from schemas.order import Sender
from schemas.shops import SHOP, read_shop

CANARY = "Persoon-Xy7Qz"
LEAST = {
    "platform": "shopify",
    "app": "parcelveil",
    "domain": "demo.myshopify.com",
    "account_type": "professional",
    "integration": {"requested_on": "2026-11-22"},
    "carrier": "platform",
    "sender": {"name": "Voorbeeldwinkel"},
}


def refused(document: object) -> tuple[tuple[str, str], ...]:
    with pytest.raises(Refused) as refusal:
        read_shop(document)
    assert CANARY not in f"{refusal.value}{refusal.value.__context__!r}{refusal.value.__cause__!r}"
    return refusal.value.faults


def test_what_may_be_told_is_read_as_it_stands_and_nothing_is_added() -> None:
    assert read_shop(LEAST) == LEAST
    assert read_shop({**LEAST, "pickup_attribute": None, "sender": {"name": "x", "box": None}}) == {
        **LEAST,
        "sender": {"name": "x"},
    }


def known(section: str) -> set[str]:
    """The settings that a table of the configuration knows."""
    table = {**LEAST, "qqqqqqqq": 1} if not section else {**LEAST, section: {**LEAST.get(section, {}), "qqqqqqqq": 1}}  # type: ignore[dict-item]  # those are tables
    table["integration"] = {**table["integration"], "requested_on": date(2026, 11, 22)}  # type: ignore[dict-item]
    around = Around(carriers=["platform"], simulated=None, apps={"parcelveil": (b"made-up secret",)})
    with pytest.raises(ConfigError) as fault:
        shop_settings("demo", Table(table, Source(file="file"), ("shops", "demo"), {}), around)
    told = str(fault.value).partition("unknown key; expected one of ")[2].partition(", such as ")[0]
    return set(told.split(", "))


def test_it_takes_the_settings_of_the_configuration_and_no_others() -> None:
    assert set(SHOP.fields) == known("")
    for section in ("sender", "integration", "customs"):
        assert set(SHOP.fields[section].schema.fields) == known(section)  # type: ignore[attr-defined]  # nested
    assert set(SHOP.fields["sender"].schema.fields) == set(Sender.__dataclass_fields__)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({CANARY: CANARY}, ("/*", "unknown")),
        ({"sender": {CANARY: CANARY}}, ("/sender/*", "unknown")),
        ({"sender": CANARY}, ("/sender", "type")),
        ({"sender": {"name": CANARY + "\n"}}, ("/sender/name", "pattern")),
        ({"sender": {"name": CANARY * 30}}, ("/sender/name", "too-long")),
        ({"secrets": [CANARY]}, ("/secrets/0", "length")),
        ({"secrets": CANARY}, ("/secrets", "type")),
        ({"secrets": []}, ("/secrets", "length")),
        ({"interpretations": {CANARY: 1}}, ("/interpretations/*/*", "type")),
        ({"mode": CANARY}, ("/mode", "choice")),
        ({"mode": None}, ("/mode", "required")),
        ({"carrier": "a\n"}, ("/carrier", "pattern")),
        ({"hold": "2 m"}, ("/hold", "pattern")),
        ({"default_weight_grams": True}, ("/default_weight_grams", "type")),
    ],
)
def test_a_fault_is_told_by_pointer_and_code_alone(change: dict[str, Any], fault: tuple[str, str]) -> None:
    assert fault in refused({**LEAST, **change})


KELVIN, WIDTHLESS = "\u212a", "\u200b"
VALUES: dict[str, tuple[object, ...]] = {
    "domain": (
        "demo.myshopify.com",
        "Demo.MyShopify.COM",
        f"{KELVIN}.myshopify.com",
        "a.b.myshopify.com",
        "-.myshopify.com",
    ),
    "number": ("1", "1" * 20, "1" * 21, "\u0661", "-1"),
    "mode": ("live", "test", "Live", "both"),
    "account_type": ("professional", "guest", "other"),
    "carrier": ("platform", "Platform", "p" * 64),
    "notify": ("none", "email", "sms", "phone"),
    "creates": ("webhook", "call", "both"),
    "ship_when": ("paid", "created", "fulfillable", "sent"),
    "on_invalid": ("record", "refuse", "drop"),
    "reference": ("code", "order-name", "name"),
    "product": ("parcel", "a" * 32, "a" * 33, "Parcel", ""),
    "hold": ("0d", "24h", "1d", "25h", "86401s", "2 m", "1w", "9" * 7 + "s"),
    "default_weight_grams": (0, 1, 30_000, 30_001, -1, 1.5, True, "1"),
    "pickup_attribute": ("", "p" * 100, "p" * 101, f"a{WIDTHLESS}", "a\nb", "\u00e9"),
    "products": ({}, {"home": "bpack-24h-pro+signed"}, {"home": "A b"}, {"a way": "x"}, {"home": 1}),
    "lines": (
        {},
        {"Home, signed": "bpack-24h-pro+signed bpack-at-bpost", "flat_rate:3": "bpack-24-7"},
        *({name: "bpack-24h-pro"} for name in ("", " ", "x" * 255, "x" * 256, "a\nb", f"a{WIDTHLESS}", "\u0141")),
        *({"x": text} for text in ("", "A b", "a  b", " a", "a\nb", "a b c d e f", "a b c d e f g", 1)),
    ),
    "customs": (
        {},
        {"description": "Textile goods", "hs_code": "6302.60", "origin": "BE", "weight_grams": 400},
        *({"description": text} for text in ("", "x" * 30, "x" * 31, "a\nb", 1)),
        *(
            {"hs_code": text}
            for text in ("0901", "090121000", "63 02 60", "090", "0901210001", "0000", "6302..60", "x", 6)
        ),
        *({"origin": text} for text in ("BE", "be", "BEL")),
        *({"weight_grams": grams} for grams in (1, 30_000, 0, 30_001, -1, 1.5, "400", True)),
        {"colour": "red"},
        "textile",
    ),
    "sender.name": ("x", "x" * 100, "x" * 101, f"a{WIDTHLESS}b", "a\u2028b", "\u0141ukasz"),
    "sender.street": ("x" * 200, "x" * 201),
    "sender.country": ("BE", "be", "BEL"),
    "sender.phone": ("+" + "1" * 31, "+" + "1" * 32),
    "integration.reference": ("r" * 200, "r" * 201),
}


def with_value(place: str, value: object) -> dict[str, Any]:
    section, _, key = place.rpartition(".")
    return {**LEAST, section: {**LEAST[section], key: value}} if section else {**LEAST, key: value}  # type: ignore[dict-item]  # those are tables


def in_file(document: dict[str, Any]) -> ShopSettings | None:
    """What the configuration file makes of the same settings."""
    table = {**document, "integration": {**document["integration"], "requested_on": date(2026, 11, 22)}}
    around = Around(carriers=["platform", "trial"], simulated="trial", apps={"parcelveil": (b"made-up secret",)})
    try:
        return shop_settings("demo", Table(table, Source(file="file"), ("shops", "demo"), {}), around)
    except ConfigError:
        return None


def by_api(document: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return dict(read_shop(document))
    except Refused:
        return None


@pytest.mark.parametrize(("place", "value"), [(place, value) for place, values in VALUES.items() for value in values])
def test_the_file_and_the_api_take_the_same(place: str, value: object) -> None:
    """What differs is said by the configuration alone, of both: a kind of account that may not ship, a carrier."""
    told, read = in_file(with_value(place, value)), by_api(with_value(place, value))
    if (place, value) != ("account_type", "guest"):
        assert (told is None) is (read is None)
    if told is not None and read is not None:
        assert told.domain == read["domain"]


def test_a_key_for_browsers_and_a_token_are_never_taken_for_each_other() -> None:
    key = "points_made-up-for-browsers"
    assert read_shop({**LEAST, "points_key": key})["points_key"] == key
    assert refused({**LEAST, "points_key": "made-up-token-of-demo"}) == (("/points_key", "pattern"),)
    assert refused({**LEAST, "points_key": "points_short"}) == (("/points_key", "pattern"),)
    assert refused({**LEAST, "token": key}) == (("/token", "pattern"),)


def test_a_domain_is_kept_in_one_spelling() -> None:
    assert read_shop({**LEAST, "domain": "Demo.MyShopify.Com"})["domain"] == "demo.myshopify.com"
    assert in_file(with_value("domain", f"{KELVIN}.myshopify.com")) is None  # made small it would be another's


def test_every_setting_with_a_form_of_its_own_is_tried() -> None:
    free = {
        "platform",
        "app",
        "secrets",
        "token",
        "points_key",
        "policy",
        "interpretations",
        "integration",
        "sender",
        "account",
        "passphrase",
        "tracking_password",
        "cash_on_delivery",
        "callback",
        "fulfilment",
    }
    assert set(SHOP.fields) - free == {place for place in VALUES if "." not in place}


@pytest.mark.parametrize("document", [None, [], "x", 7, CANARY])
def test_what_is_no_object_is_refused(document: object) -> None:
    assert refused(document)


def test_many_faults_are_not_all_told() -> None:
    assert len(refused({f"{CANARY}{number}": 1 for number in range(500)})) == 20


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"account": "12345"}, ("/account", "pattern")),
        ({"account": 123456}, ("/account", "type")),
        ({"passphrase": ""}, ("/passphrase", "length")),
        ({"passphrase": f"{CANARY}\n"}, ("/passphrase", "pattern")),
        ({"tracking_password": ""}, ("/tracking_password", "length")),
        ({"tracking_password": f"{CANARY}\n"}, ("/tracking_password", "pattern")),
    ],
)
def test_an_account_is_six_digits_and_its_passphrase_what_a_header_can_carry(
    change: dict[str, Any], fault: tuple[str, str]
) -> None:
    given = {**LEAST, "account": "123456", "passphrase": "made-up", **change}
    with pytest.raises(Refused) as refused:
        read_shop(given)
    assert refused.value.faults == (fault,)
    whole = {"account": "123456", "passphrase": "made-up", "tracking_password": "made-up"}
    assert whole.items() <= read_shop({**given, **whole}).items()


@pytest.mark.parametrize(
    ("domain", "platform"),
    [
        ("demo.myshopify.com", "shopify"),
        ("winkel.example", "woocommerce"),
        ("winkel.example:8443/nl/winkel", "woocommerce"),
        ("localhost:8080", "woocommerce"),
        ("direct:demo", "direct"),
        ("", ""),
        ("https://winkel.example", ""),
        ("Winkel.example", ""),
        ("winkel.example/", ""),
        (".example", ""),
        ("winkel.example\n", ""),
    ],
)
def test_a_domain_tells_whose_it_is(domain: str, platform: str) -> None:
    assert rules.platform_of(domain) == platform
    if platform in ("shopify", "woocommerce"):
        assert rules.domain(domain.upper(), platform) == domain
        assert rules.domain(domain, {"shopify": "woocommerce", "woocommerce": "shopify"}[platform]) is None
