"""Whose account is used where: a shop's own at its own carrier, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from middleware.account import Account, Used, Whose
from middleware.bootstrap_lanes import own_accounts
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.exchange import Failed, Request, Wish
from middleware.model import ShopSettings
from middleware.services import Shops
from tests.middleware.carriers.test_bpost_shm_conversation import ENDING, SIGHTED, STORED
from tests.middleware.platforms.making import settings

OWN = Account(id="654321", passphrase="made up", shared=False)
SHARED = Account(id="123456", passphrase="made up", shared=True)


@dataclass
class Bound:
    settings: ShopSettings


def asked(at: str, name: str = "demo", **changes: Any) -> Used:
    shop = settings(**{"carrier": "bpost", "account": OWN, **changes})
    return own_accounts(cast(Shops, {"demo": Bound(shop)}))(at, name)


def test_a_shop_asks_with_its_own_account() -> None:
    assert asked("bpost") is OWN


@pytest.mark.parametrize("changes", [{"mode": "test"}, {"account": None}])
def test_a_shop_without_one_and_one_in_test_mode_ask_with_the_carriers(changes: dict[str, Any]) -> None:
    assert asked("bpost", **changes) is Whose.SHARED


@pytest.mark.parametrize("account", [OWN, None])
def test_of_a_shop_that_is_unknown_or_went_to_another_carrier_it_is_not_known(account: Account | None) -> None:
    assert asked("bpost", "another", account=account) is None
    assert asked("bpost", account=account, carrier="another") is None


@pytest.mark.parametrize(("name", "changes"), [("another", {}), ("demo", {"carrier": "another"})])
def test_what_is_not_known_is_asked_with_nobodys_account(name: str, changes: dict[str, Any]) -> None:
    def used(shop: str) -> Used:
        return asked("bpost", shop, **changes)

    stored = replace(STORED, shop=name)
    spoken = BpostShm(accounts=used, shared=SHARED, spots={})
    assert spoken.start(stored) == Failed(code="no-account")
    assert spoken.start(replace(stored, fence=2)) == Failed(code="no-account")
    assert spoken.start(replace(ENDING, shop=name)) == Failed(code="no-account")
    assert spoken.label(replace(SIGHTED, shop=name), Wish()) == Failed(code="no-account")


def test_whoever_shares_it_asks_with_the_carriers_and_whoever_has_one_with_their_own() -> None:
    shared = BpostShm(accounts=lambda _: asked("bpost", account=None), shared=SHARED, spots={}).start(STORED)
    own = BpostShm(accounts=lambda _: asked("bpost"), shared=SHARED, spots={}).start(STORED)
    assert isinstance(shared, Request)
    assert isinstance(own, Request)
    assert (shared.path, own.path) == ("/services/shm/123456/orders", "/services/shm/654321/orders")
