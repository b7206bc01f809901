"""No statement reads a whole table: a store of a million records answers as one of ten does."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Engine, event

from middleware.exchange import Delivered
from middleware.model import Reason, State
from middleware.ports import Storage
from middleware.purge import Purge
from middleware.storage import open_retention, open_store
from middleware.trail import Asked, Digest
from tests.storage.builders import NOW, again, arrival, record, rejection
from tests.storage.looking import claim
from tests.storage.purging import BOOT, TEN_YEARS

WHOLE = re.compile(r"SCAN (records|parts|index_entries|orders|inbox|rejections)$")  # and no index behind it


def everything(store: Storage) -> None:
    """Call all that the store can do."""
    first = arrival()
    store.accept(first, record())
    store.accept(again(first), record())
    store.accept(again(first, halt=Reason.CANCELLED), None)
    store.reject(rejection())
    store.seen(first.shop, first.topic, first.webhook, first.body)
    for _ in range(3):
        store.accept(arrival(), record())
    store.delivered(claim(store), Delivered(barcode="B", state="created"), NOW)
    store.retry(claim(store), NOW, "timeout", counted=True)
    store.bury(claim(store), State.DEAD, "refused", NOW)
    changed = arrival()
    store.accept(changed, record())
    frozen = claim(store)
    store.accept(again(changed), record())
    store.delivered(frozen, Delivered(barcode="B", state="created"), NOW)
    store.gone(claim(store), NOW)
    store.too_late(frozen, NOW)
    store.revive("nothing", NOW)
    store.due(NOW)
    store.list([State.DEAD], "demo", 10)
    store.list(list(State), None, 10, changed=True)
    store.see(["nothing"], NOW)
    store.waiting("demo", 10)
    store.show("nothing")
    store.rejections("demo", 10)
    store.counts()
    for waiting in (arrival(), arrival(halt=Reason.NOT_PAID)):
        store.accept(waiting, None if waiting.halt else record())
        digests = [Digest(shop="demo", kind=kind, digest=waiting.order) for kind in ("order.id", "order.name")]
        asked = Asked(shops=frozenset(("demo",)), digests=tuple(digests), record_id="r", reference="c", barcode="b")
        assert len(store.find(asked)) == 1


def purge_everything(url: str) -> None:
    """Take ended rows of each kind, in two batches."""
    purging = open_retention(url)
    purging.ended(TEN_YEARS.date(), 10)
    purging.weeks()
    taken = Purge(purging=purging, clock=lambda: TEN_YEARS, boot=lambda: BOOT, batch=1).run()
    assert taken is not None
    assert len(taken) > 6
    purging.close()


def test_every_statement_finds_its_rows_by_an_index(sqlite_url: str, sqlite_behind: Engine) -> None:
    said: dict[str, Any] = {}

    def listen(*call: Any) -> None:
        said[call[2]] = call[3]

    event.listen(Engine, "before_cursor_execute", listen)
    store = open_store(sqlite_url)
    everything(store)
    purge_everything(sqlite_url)
    store.close()
    event.remove(Engine, "before_cursor_execute", listen)

    said = {
        statement: values for statement, values in said.items() if statement.startswith(("SELECT", "UPDATE", "DELETE"))
    }
    assert len(said) > 12
    with sqlite_behind.connect() as connection:
        plans = {
            statement: [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            for statement, values in said.items()
        }
    assert {statement: plan for statement, plan in plans.items() if any(map(WHOLE.match, plan))} == {}
    oldest = [plan for statement, plan in plans.items() if "ORDER BY records.due" in statement]
    assert len(oldest) == 2  # to claim it and to count since when it waits
    assert all(any("ix_records_shop_due" in step or "ix_records_due" in step for step in plan) for plan in oldest)
    (quota,) = [
        plan
        for statement, plan in plans.items()
        if "due IS NOT NULL" in statement and "LIMIT" in statement and "ORDER" not in statement
    ]
    assert any("COVERING INDEX ix_records_shop_due_carrier" in step for step in quota)
    changed = [plan for statement, plan in plans.items() if "changed_after_delivery IS" in statement]
    assert len(changed) == 2  # to list it and to count it
    assert all(any("ix_records_changed" in step for step in plan) for plan in changed)
    assert not any("TEMP B-TREE" in step for plan in oldest for step in plan)
