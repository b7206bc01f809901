"""What contacts and customers said, while the index key is rotated: it is found, and stays one word of one person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy import event as happens

from middleware.core.switching import Saying, heard
from middleware.model_events import EventType, Recorded, Selector
from middleware.model_standing import Switched
from middleware.storage import chain_sql, open_retention, open_rotations, open_store, settle_keys
from middleware.storage.retention import SqlRetention
from tests.storage.builders import NOW
from tests.storage.purging import rows
from tests.storage.test_events import told
from tests.storage.test_rechain import ADVERTISING, CUSTOMER, MYSTAMP, Shop


@contextmanager
def shop_of(url: str) -> Iterator[Shop]:
    settle_keys(url, {})
    with (
        closing(open_store(url)) as store,
        closing(open_rotations(url)) as rotations,
        closing(open_retention(url)) as retention,
    ):
        yield Shop(store=store, rotations=rotations, retention=retention)


def objected(shop: Shop, name: str) -> bytes:
    """Somebody to whom a record leads objected; what leads to them before the rotation."""
    shop.store.accept(shop.arrival(name), shop.record(name))
    assert shop.object(name).found == 1
    return shop.of(CUSTOMER, name)


def resumed(shop: Shop, name: str) -> Recorded:
    """They took it back a day later, told by their own source."""
    day = NOW.date() + timedelta(days=1)
    saying = Saying(kind=Switched.PURPOSE, name=ADVERTISING, verb="resume", way=None, day=day, by="own", own=True)
    found = heard(MYSTAMP, saying, NOW + timedelta(days=1))
    assert isinstance(found, tuple)
    selector = Selector(kind=CUSTOMER, digest=shop.of(CUSTOMER, name))
    return shop.retention.record(told(EventType.RESUME, selector, day), None, NOW + timedelta(days=1), found[0])


@pytest.mark.policy("X-LVL-2", "MS-PUR-4", "AMB-15")
def test_an_objection_is_seen_at_whatever_moment_it_is_taken_forward(
    postgres_url: str, postgres_behind: Engine
) -> None:
    with shop_of(postgres_url) as shop:
        assert isinstance(shop.retention, SqlRetention)
        before = {str(number): objected(shop, str(number)) for number in range(9)}
        shop.begin(2)
        shop.fence()
        left: list[int] = []
        due: list[bytes] = []

        def move(*_: Any) -> None:
            """Before the statement whose turn it is; committed before that is carried out."""
            left[0] -= 1
            if left[0] == 0:
                with postgres_behind.begin() as mover:
                    chain_sql.move_entry(mover, "demo", CUSTOMER, due[0], shop.chain.forward)

        happens.listen(shop.retention._database.engine, "before_cursor_execute", move)
        for number, name in enumerate(before, 1):
            left[:], due[:] = [number], [before[name]]
            assert shop.objects(name)
            if left[0] > 0:
                break  # it was asked in fewer statements than that
        assert left[0] > 0
        assert number > 3


@pytest.mark.policy("X-LVL-1", "X-LVL-2", "MS-PUR-4", "AMB-15")
def test_another_word_of_before_the_rest_is_taken_forward_is_the_same_persons(url: str, behind: Engine) -> None:
    with shop_of(url) as shop:
        objected(shop, "0")
        shop.begin(2)
        shop.fence()
        assert shop.objects("0")
        assert len(rows(behind, "standings")) == 1
        assert resumed(shop, "0").found == 1
        assert not shop.objects("0")
        assert len(rows(behind, "standings")) == 1
        shop.sweep()
        (stands,) = rows(behind, "switches")
        assert (stands["on"], stands["customer"]) == (True, shop.chain.forward(stands["customer"]))
        assert rows(behind, "standings")[0]["customer"] == stands["customer"]
