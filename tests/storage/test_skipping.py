"""PostgreSQL: who claims passes by what another relay has in hand, and does not queue behind it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, select

from middleware.storage import open_store
from middleware.storage.tables import records
from tests.storage.builders import LEASE, NOW, arrival, record
from tests.storage.looking import claim


def test_a_record_that_another_relay_has_in_hand_holds_nobody_up(postgres_url: str, postgres_behind: Engine) -> None:
    """Without SKIP LOCKED the claim would wait for the other transaction, and fail with it."""
    store = open_store(postgres_url)
    oldest, next_ = (store.accept(arrival(), record(due=NOW - timedelta(seconds=seconds))).id for seconds in (2, 1))
    with postgres_behind.connect() as holder:
        held = select(records.c.id).where(records.c.id == oldest).with_for_update()
        assert holder.execute(held).scalar_one() == oldest
        assert claim(store).id == next_
        assert store.claim(NOW, LEASE, "demo") is None  # the only one left is in another's hands
    assert claim(store).id == oldest
    store.close()
