"""What the admin API takes of a shop: refused whole, by pointers of known names, never with a value."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from middleware.config_shop import Around, shop_settings
from middleware.config_table import Source, Table
from middleware.errors import ConfigError
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
    table = {**LEAST, "qqqqqqqq": 1} if not section else {**LEAST, section: {**LEAST[section], "qqqqqqqq": 1}}  # type: ignore[dict-item]  # those are tables
    table["integration"] = {**table["integration"], "requested_on": date(2026, 11, 22)}  # type: ignore[dict-item]
    around = Around(carriers=["platform"], simulated=None, apps={"parcelveil": (b"made-up secret",)})
    with pytest.raises(ConfigError) as fault:
        shop_settings("demo", Table(table, Source(file="file"), ("shops", "demo"), {}), around)
    return set(str(fault.value).partition("unknown key; known are ")[2].split(", "))


def test_it_takes_the_settings_of_the_configuration_and_no_others() -> None:
    assert set(SHOP.fields) == known("")
    for section in ("sender", "integration"):
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


@pytest.mark.parametrize("document", [None, [], "x", 7, CANARY])
def test_what_is_no_object_is_refused(document: object) -> None:
    assert refused(document)


def test_many_faults_are_not_all_told() -> None:
    assert len(refused({f"{CANARY}{number}": 1 for number in range(500)})) == 20
