"""Whose account is used where: a shop's own at its own carrier, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from middleware.account import Account
from middleware.bootstrap_lanes import own_accounts
from middleware.model import ShopSettings
from middleware.services import Shops
from tests.middleware.platforms.making import settings

OWN = Account(id="654321", passphrase="made up", shared=False)


@dataclass
class Bound:
    settings: ShopSettings


def asked(at: str, name: str = "demo", **changes: Any) -> Account | None:
    shop = settings(**{"carrier": "bpost", "account": OWN, **changes})
    return own_accounts(cast(Shops, {"demo": Bound(shop)}))(at, name)


def test_a_shop_asks_with_its_own_account() -> None:
    assert asked("bpost") is OWN


@pytest.mark.parametrize("changes", [{"mode": "test"}, {"carrier": "another"}, {"account": None}])
def test_no_other_carrier_and_no_simulated_one_learns_it(changes: dict[str, Any]) -> None:
    assert asked("bpost", **changes) is None


def test_an_unknown_shop_has_none() -> None:
    assert asked("bpost", "another") is None
