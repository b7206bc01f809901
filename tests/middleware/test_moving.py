"""What a shop leaves, and with whose account it shipped there."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import NoReturn, cast

import pytest

from middleware.errors import ShopUnreadableError, StorageError
from middleware.model_shop import ShopRow, ShopState
from middleware.moving import move, working
from middleware.ports_accounts import Move
from middleware.services import Shop
from tests.middleware.core.made_up import NOW

SHARED = "123456"
ROW = ShopRow(name="demo", domain=None, sealed="", state=ShopState.LIVE, version=1, updated_at=NOW)


def shop(carrier: str = "bpost", *, own: str | None = None, mode: str = "live", takes: bool = True) -> Shop:
    account = SimpleNamespace(id=own) if own else None
    settings = SimpleNamespace(carrier=carrier, account=account, mode=mode)
    at = SimpleNamespace(shared_account=SHARED)
    return cast(Shop, SimpleNamespace(settings=settings, carrier=at, transit=object() if takes else None))


@pytest.mark.parametrize(
    ("before", "now", "moved"),
    [
        (shop(), None, Move(to=None, left="bpost", account=SHARED)),
        (shop(), shop("another"), Move(to="another", left="bpost", account=SHARED)),
        (shop(own="654321", mode="test"), None, Move(to=None, left="bpost", account=SHARED)),
        (shop(), shop(own="654321"), Move(to="bpost")),
        (shop(own="654321"), None, Move()),
        (shop(takes=False), None, Move()),
        (None, shop(), Move(to="bpost")),
    ],
)
def test_only_what_was_shared_where_it_left_is_noted(before: Shop | None, now: Shop | None, moved: Move) -> None:
    assert move(before, now) == moved


def test_a_database_that_does_not_do_is_no_shop_that_cannot_be_read() -> None:
    def failing(problem: Exception) -> object:
        def opened(row: ShopRow, now: datetime) -> NoReturn:
            raise problem

        return working(ROW, opened, NOW)

    assert failing(ShopUnreadableError()) is None
    with pytest.raises(StorageError):
        failing(StorageError())
