"""Whose account is used where: a shop's own at its own carrier, and nowhere else."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from middleware.account import Account, Collecting, Used, Whose
from middleware.bootstrap_lanes import MADE_UP, collecting, own_accounts
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.exchange import Batch, Failed, Lacking, Request, Response, Wish
from middleware.model import ShopSettings
from middleware.services import Shops
from schemas import shop_rules as rules
from tests.middleware.carriers.test_bpost_shm_conversation import ENDING, SIGHTED, STORED
from tests.middleware.platforms.making import settings

CASH = Collecting(iban="BE68539007547034", bic="KREDBEBB")
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


def test_the_money_of_a_shop_goes_to_its_own_account_and_the_simulated_platform_does_not_learn_it() -> None:
    def goes(name: str = "demo", **changes: Any) -> Collecting | None:
        return collecting(cast(Shops, {"demo": Bound(settings(**changes))}))(name)

    assert goes(cash_on_delivery=CASH) is CASH
    assert goes(cash_on_delivery=CASH, mode="test") == MADE_UP
    assert [goes(), goes(mode="test"), goes("another", cash_on_delivery=CASH)] == [None, None, None]
    assert rules.is_iban(MADE_UP.iban)
    assert rules.BIC.fullmatch(MADE_UP.bic)


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


WHERE: dict[str, tuple[str, dict[str, Any]]] = {
    "its own": ("demo", {}),
    "another of its own": ("demo", {"account": replace(OWN, id="999999")}),
    "none of its own any more": ("demo", {"account": None}),
    "at another carrier": ("demo", {"carrier": "another"}),
    "gone": ("another", {}),
}
CHANGED = Failed(code="account-changed")


def under(case: str) -> BpostShm:
    """How that shop, as it is now, ships with bpost."""
    name, changes = WHERE[case]
    return BpostShm(accounts=lambda _: asked("bpost", name, **changes), shared=SHARED, spots={})


def path(said: object) -> str:
    assert isinstance(said, Request)
    return said.path.removeprefix("/services/shm/").partition("/")[0]


@pytest.mark.parametrize("case", WHERE)
def test_what_went_under_the_carriers_account_goes_on_under_it_whatever_becomes_of_the_shop(case: str) -> None:
    spoken = under(case)
    for stored in (replace(STORED, fence=2), ENDING):
        assert path(spoken.start(replace(stored, account=SHARED.id))) == SHARED.id
    assert path(spoken.label(replace(SIGHTED, account=SHARED.id), Wish())) == SHARED.id


@pytest.mark.parametrize("case", WHERE)
def test_what_went_under_a_shops_own_goes_nowhere_else(case: str) -> None:
    spoken = under(case)
    noted = [replace(stored, account=OWN.id) for stored in (STORED, replace(STORED, fence=2), ENDING)]
    label = spoken.label(replace(SIGHTED, account=OWN.id), Wish())
    if case == "its own":
        assert {path(said) for said in (*map(spoken.start, noted), label)} == {OWN.id}
        return
    assert [*map(spoken.start, noted), *map(spoken.under, noted), label] == [CHANGED] * 7
    answer = Response(status=404, headers={"content-type": "text/plain"}, body=b"no such order")
    asked_before = Request(method="GET", path="/orders/x", headers={}, body=None)
    assert [spoken.after(stored, asked_before, answer) for stored in noted] == [CHANGED] * 3


def test_another_passphrase_of_the_same_account_goes_on() -> None:
    spoken = BpostShm(
        accounts=lambda _: asked("bpost", account=replace(OWN, passphrase="another")), shared=SHARED, spots={}
    )
    said = spoken.start(replace(STORED, fence=2, account=OWN.id))
    assert isinstance(said, Request)
    assert base64.b64decode(said.headers["Authorization"].split()[1]) == b"654321:another"


def test_many_labels_are_asked_for_each_under_its_own_account() -> None:
    spoken = under("its own")
    noted = (SHARED.id, OWN.id, None, SHARED.id)
    records = {place: replace(SIGHTED, account=one, barcode=f"{place:024d}") for place, one in enumerate(noted)}
    batches = spoken.labels("demo", records, Wish())
    assert isinstance(batches, list)
    told = [(path(batch.request), sorted(batch.places.values())) for batch in batches if isinstance(batch, Batch)]
    assert told == [(SHARED.id, [0, 3]), (OWN.id, [1]), (OWN.id, [2])]
    left = under("gone").labels("demo", records, Wish())
    assert isinstance(left, list)
    known, *others = left
    assert (path(known.request), sorted(known.places.values())) == (SHARED.id, [0, 3])
    assert others == [Lacking(places=(1,)), Lacking(places=(2,))]
