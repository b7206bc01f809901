"""How far an event reaches: what it locks and names, what an assumed start gives way to, what a used key leaves."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine
from sqlalchemy import event as happens

from middleware.core.clocks import clock
from middleware.model_events import TRIGGERS, EventType
from middleware.model_keys import Fact
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.storage import open_retention, open_store
from middleware.storage.retention import SqlRetention
from schemas.policy_loader import load
from tests.storage.builders import part
from tests.storage.purging import rows
from tests.storage.test_events import (
    DAY,
    DELIVERY,
    LATER,
    SENDER,
    open_part,
    retention,
    taken,
    tell,
    told,
)

__all__ = ["retention"]

PLATFORM = load("bpost-shipping-platform")


@pytest.mark.policy("VP-RET-1", "VP-RET-3", "AMB-3")
def test_an_event_of_the_shop_touches_those_records_alone_that_have_a_part_of_its_trigger(
    sqlite_url: str, sqlite_behind: Engine
) -> None:
    store, retention = open_store(sqlite_url), open_retention(sqlite_url)
    assert isinstance(retention, SqlRetention)
    open_ = open_part(SENDER, "end_of_use", retention="vp.sender.legal")
    for each in ((part(DELIVERY),), (part(DELIVERY), open_)):
        taken(store, *each, sent=False)
    said: list[str] = []
    happens.listen(retention._database.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    last_use = clock(PLATFORM, TRIGGERS[EventType.LAST_USE], DAY)
    came = retention.record(told(EventType.LAST_USE), last_use, LATER)
    assert (came.found, came.parts) == (0, 0)
    assert [one for one in said if "FROM records" in one or "FROM orders" in one] == []
    came = tell(retention, told(EventType.END_OF_USE))
    assert (came.found, came.parts, len(came.records)) == (1, 1, 1)
    store.close()
    retention.close()


def test_an_answer_names_the_first_records_alone_and_the_audit_log_all(
    monkeypatch: pytest.MonkeyPatch, store: Store, retention: Retention, behind: Engine
) -> None:
    monkeypatch.setattr("middleware.storage.clocks_sql.PAGE", 2)
    monkeypatch.setattr("middleware.storage.clocks_sql.MOST_NAMED", 3)
    for _ in range(5):
        taken(store, open_part(SENDER, "end_of_use", retention="vp.sender.legal"), sent=False)
    came = tell(retention, told(EventType.END_OF_USE))
    assert (came.found, came.parts, len(came.records), came.until) == (5, 5, 3, date(2036, 11, 25))
    assert len([row for row in rows(behind, "audit_entries") if row["fact"] == Fact.CLOCK_MOVED]) == 5
