"""Where the money goes that is collected on delivery: an account that can be one, or the shop is told why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from middleware.account import Collecting
from middleware.config_cash import collecting_of
from middleware.config_table import Source, Table
from middleware.errors import SettingError
from schemas import shop_rules as rules
from schemas.allowlist import Refused
from schemas.shops import read_shop

WHERE = {"iban": "BE68539007547034", "bic": "KREDBEBB"}
SHOP = {
    "platform": "direct",
    "account_type": "professional",
    "carrier": "bpost",
    "integration": {"requested_on": "2026-11-22"},
    "sender": {"name": "Voorbeeldwinkel"},
}


def read(told: object) -> Collecting | None:
    return collecting_of(Table({"cash_on_delivery": told}, Source(file=str(Path("made.toml"))), ("shops", "demo"), {}))


def test_it_is_read_and_may_be_left_out() -> None:
    assert read(WHERE) == Collecting(iban="BE68539007547034", bic="KREDBEBB")
    assert collecting_of(Table({}, Source(file="made.toml"), ("shops", "demo"), {})) is None
    assert repr(read(WHERE)) == "<Collecting>"
    assert read_shop({**SHOP, "cash_on_delivery": WHERE})["cash_on_delivery"] == WHERE


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a digit changed": ({"iban": "BE68539007547035"}, "iban"),
    "two digits changed about": ({"iban": "BE86539007547034"}, "iban"),
    "spaces": ({"iban": "BE68 5390 0754 7034"}, "iban"),
    "small letters": ({"iban": "be68539007547034"}, "iban"),
    "other digits": ({"iban": "BE٦٨539007547034"}, "iban"),
    "too short": ({"iban": "NL91ABNA0417"}, "iban"),
    "no BIC": ({"bic": "KREDBEB"}, "bic"),
    "digits in a BIC": ({"bic": "KRE1BEBB"}, "bic"),
    "a line break": ({"bic": "KREDBEBB\n"}, "bic"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_can_be_no_account_is_refused_at_its_place_and_not_repeated(case: str) -> None:
    changes, key = WRONG[case]
    with pytest.raises(SettingError) as caught:
        read({**WHERE, **changes})
    assert caught.value.pointer == f"/cash_on_delivery/{key}"
    assert changes[key].strip() not in str(caught.value)
    with pytest.raises(Refused) as refused:
        read_shop({**SHOP, "cash_on_delivery": {**WHERE, **changes}})
    assert refused.value.faults == ((f"/cash_on_delivery/{key}", "pattern"),)


@pytest.mark.parametrize("told", [{"iban": WHERE["iban"]}, {"bic": WHERE["bic"]}, {**WHERE, "name": "Wie"}])
def test_both_are_needed_and_no_more(told: dict[str, str]) -> None:
    with pytest.raises(SettingError):
        read(told)
    with pytest.raises(Refused):
        read_shop({**SHOP, "cash_on_delivery": told})


@pytest.mark.parametrize("iban", ["BE68539007547034", "NL91ABNA0417164300", "MT84MALT011000012345MTLCAST001S"])
def test_an_iban_may_have_letters_and_any_length_of_its_standard(iban: str) -> None:
    assert rules.is_iban(iban)
    assert not rules.is_iban(iban[:-1] + ("0" if iban[-1] != "0" else "1"))
