"""What contacts and customers said, while the index key is rotated: it is found, and stays one word of one person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy import event as happens

from middleware.storage import chain_sql, open_retention, open_rotations, open_store, settle_keys
from middleware.storage.retention import SqlRetention
from tests.storage.test_rechain import CUSTOMER, Shop


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
