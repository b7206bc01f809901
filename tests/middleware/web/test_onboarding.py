"""What connects shops, beneath the admin API and the command line: secrets, states, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn, cast

import pytest

from middleware.core.shops import Vault
from middleware.errors import ConfigError
from middleware.model import ShopSettings
from middleware.model_shop import Held, ShopContent, ShopRow, ShopState
from middleware.ports import ShopStore
from middleware.ports_accounts import Move
from tests.middleware.web.conftest import Api
from tests.middleware.web.test_admin import OWN, own, wanted

NEWER, NEWEST = b"made-up secret from now on", b"made-up secret of the day after"
DAY = timedelta(days=1)


def secrets(api: Api, name: str = "new") -> Sequence[tuple[bytes, datetime | None]]:
    """What is sealed of a shop's secrets."""
    row = api.onboarding.store.find(name)
    assert row is not None
    return [(one.value, one.until) for one in api.onboarding.vault.open(name, row.sealed or "").secrets]


# ---- rotating ------------------------------------------------------------------------------------------------------


def test_a_rotation_repeated_after_a_lost_answer_leaves_the_old_secret_its_time(api: Api) -> None:
    api.ask("PUT", "new", own("new"))
    ends = api.clock() + DAY
    for _ in range(3):
        assert api.onboarding.rotate("new", NEWER, DAY).secrets == 2
        assert secrets(api) == [(NEWER, None), (OWN.encode(), ends)]
        api.clock.move(timedelta(hours=1))
    assert api.onboarding.rotate("new", NEWER, None).secrets == 1  # unless it is to end at once
    assert secrets(api) == [(NEWER, None)]


def test_of_two_secrets_that_stay_the_older_ends_when_the_newer_is_confirmed(api: Api) -> None:
    api.ask("PUT", "new", own("new", NEWER.decode(), OWN))
    api.onboarding.rotate("new", NEWER, DAY)
    assert secrets(api) == [(NEWER, None), (OWN.encode(), api.clock() + DAY)]


def test_who_goes_back_to_the_old_secret_keeps_it(api: Api) -> None:
    api.ask("PUT", "new", own("new"))
    api.onboarding.rotate("new", NEWER, DAY)
    api.onboarding.rotate("new", OWN.encode(), DAY)
    assert secrets(api) == [(OWN.encode(), None), (NEWER, api.clock() + DAY)]
    api.onboarding.rotate("new", NEWEST, DAY)
    assert [value for value, _ in secrets(api)] == [NEWEST, OWN.encode()]


# ---- short secrets -------------------------------------------------------------------------------------------------

SHORT, LONG = b"fifteen letters", b"sixteen letters."


def test_a_secret_or_token_has_sixteen_characters_whoever_brings_it(api: Api) -> None:
    settings = wanted("new", app=None)
    for secrets, token, pointer in (([LONG, SHORT], None, "/secrets/1"), ([LONG], SHORT, "/token")):
        with pytest.raises(ConfigError, match="at least 16 characters") as refusal:
            api.onboarding.connect("new", settings, Held(secrets=tuple(secrets), token=token))
        assert refusal.value.pointer == pointer
        assert SHORT.decode() not in str(refusal.value)
    api.onboarding.connect("new", settings, Held(secrets=(LONG,), token=LONG))
    with pytest.raises(ConfigError, match=r"shops\.new\.secrets: expected at least 16 characters"):
        api.onboarding.rotate("new", SHORT, None)


def test_sixteen_characters_are_counted_and_not_bytes(api: Api) -> None:
    with pytest.raises(ConfigError):
        api.onboarding.connect("new", wanted("new", app=None), Held(secrets=("\u00e9".encode() * 15,)))


# ---- pausing -------------------------------------------------------------------------------------------------------


def test_a_shop_whose_settings_cannot_be_used_any_more_pauses_and_resumes_and_keeps_all_that_it_has(api: Api) -> None:
    api.ask("PUT", "new", own("new", mode="test"))
    before = api.onboarding.store.find("new")
    assert before is not None

    def refuse(*_: object) -> NoReturn:
        raise ConfigError("there is no simulated platform any more")

    unusable = replace(api.onboarding, read=refuse)
    for paused, state in ((True, ShopState.PAUSED), (False, ShopState.LIVE)):
        face = unusable.pause("new", paused=paused)
        assert (face.state, face.fault) == (state, "there is no simulated platform any more")
        after = api.onboarding.store.find("new")
        assert after is not None
        assert (after.sealed, after.domain, after.state) == (before.sealed, before.domain, state)
    assert api.ask("PUT", "other", own("other")).status_code == 409  # its secret stays its own


# ---- what looking costs --------------------------------------------------------------------------------------------


def test_domains_are_told_without_putting_a_shop_to_work(api: Api) -> None:
    api.ask("PUT", "new", wanted("new", domain="New.myshopify.com"))
    api.ask("PUT", "gone", wanted("gone"))
    api.ask("DELETE", "gone")

    def bind(_: ShopSettings) -> NoReturn:
        raise AssertionError("a shop was bound")

    idle = replace(api.onboarding, bind=bind)
    told = idle.domains(None)
    assert (told["new"], told["gone"], told["plain"]) == ("new.myshopify.com", "", "plain.myshopify.com")
    assert (idle.domains("new"), idle.domains("nonesuch")) == ({"new": "new.myshopify.com"}, {})
    row = idle.store.find("new")
    assert row is not None
    idle.store.put(replace(row, domain=b"of another".ljust(32)), (), row.version)
    assert idle.domains("new") == {"new": ""}


def test_a_shop_is_opened_once_to_be_shown(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.ask("PUT", "new", wanted("new"))
    opened: list[str] = []
    opens = Vault.open

    def open_(vault: Vault, name: str, sealed: str) -> ShopContent:
        opened.append(name)
        return opens(vault, name, sealed)

    monkeypatch.setattr(Vault, "open", open_)
    assert api.onboarding.show("new").fault is None
    assert opened == ["new"]


# ---- moving --------------------------------------------------------------------------------------------------------


class Moves:
    """The store, and where each change took the shop."""

    def __init__(self, store: ShopStore) -> None:
        self._store = store
        self.seen: list[Move | None] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def put(self, row: ShopRow, secrets: Sequence[bytes], expected: int, move: Move | None = None) -> ShopRow:
        self.seen.append(move)
        return self._store.put(row, secrets, expected, move)


def test_every_change_that_may_move_a_shop_says_where_it_is(api: Api) -> None:
    moves = Moves(api.onboarding.store)
    known = replace(api.onboarding, store=cast(ShopStore, moves))
    api.ask("PUT", "new", own("new"))
    known.rotate("new", NEWER, None)
    known.pause("new", paused=True)
    known.disconnect("new")
    assert moves.seen == [Move(to="platform"), None, Move(to=None)]
