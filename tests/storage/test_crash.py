"""Processes die, disks fill up, connections break: what was acknowledged is there, and nothing is there by halves."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from middleware.errors import StorageError
from middleware.exchange import Delivered
from middleware.model import State
from middleware.ports import Store
from middleware.storage import open_store, postgres
from middleware.storage.tables import inbox, index_entries, orders, parts, records
from tests.storage.builders import LEASE, NOW, again, arrival, record, rejection
from tests.storage.children import start
from tests.storage.looking import claim, column, sizes
from tests.storage.purging import rows, sealed

ALL = tuple(State)
OURS = "FROM pg_stat_activity WHERE application_name = 'parcelveil' AND datname = current_database()"


def whole(behind: Engine) -> set[str]:
    """The records in the database, after a look that all that belongs to each is there and nothing else is."""
    found = set(column(behind, records, "id"))
    size = sizes(behind)
    assert size["orders"] == size["inbox"] == len(found)
    for table, many in ((parts, 3), (index_entries, 2)):
        with behind.connect() as connection:
            counted = connection.execute(select(table.c.record_id, func.count()).group_by(table.c.record_id)).all()
        assert sorted(map(tuple, counted)) == sorted(dict.fromkeys(found, many).items())
    assert set(column(behind, orders, "record_id")) == found
    assert set(column(behind, inbox, "status")) <= {"accepted"}
    return found


def test_a_killed_intake_loses_nothing_that_it_acknowledged(url: str, behind: Engine) -> None:
    acknowledged: set[str] = set()
    for number in range(2):
        with start("accepting", url) as child:
            assert child.stdout is not None
            acknowledged.add(child.stdout.readline().strip())
            time.sleep(0.3 + number * 0.05)
            child.send_signal(signal.SIGKILL)
            acknowledged.update(line.strip() for line in child.stdout)
        time.sleep(0.5)  # a server ends the last transaction of a client that is gone: not while it is being looked at
        there = whole(behind)
        assert acknowledged <= there
        assert len(there - acknowledged) <= 2 * (number + 1)  # committed, but killed before it could say so
    assert len(acknowledged) > 20
    if behind.dialect.name == "sqlite":
        with behind.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").all() == [("ok",)]
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


@pytest.mark.policy("VP-RET-4", "AMB-4")
def test_a_purge_that_is_killed_at_any_statement_is_taken_up_again(url: str, store: Store, behind: Engine) -> None:
    """Every run dies one statement later than the one before; none does what another did, and none does by halves."""
    for _ in range(4):
        store.accept(arrival(), record())
        store.reject(rejection())
    sent = claim(store)
    assert store.delivered(sent, Delivered(barcode="B", state="created"), NOW)
    with start("purging", url) as child:
        told = child.communicate(timeout=110)[0].splitlines()
    assert len(told) > 5
    assert set(told[:-1]) == {"killed"}
    assert told[-1] == "ended"
    kept = {(row["record_id"], row["name"]) for row in rows(behind, "parts") if row["ended_at"] is None}
    assert {name for _, name in kept} == {"recipient.customs"}  # its clock has not started
    assert sealed(behind) == kept - {(sent.id, "recipient.customs")}
    assert len(kept) == 4
    assert {row["state"] for row in rows(behind, "records") if row["id"] != sent.id} == {"dead"}
    parts_told = {(row["record_id"], row["part"]) for row in rows(behind, "notices")}
    assert parts_told == {(sent.id, "recipient.delivery"), (sent.id, "sender.contact")}
    left = {name: size for name, size in sizes(behind).items() if size and name not in ("upkeep", "clocks")}
    assert left == {"records": 4, "parts": 12, "notices": 2, "removals": 1}


def test_what_refuses_tells_no_value(store: Store) -> None:
    made = record()
    store.accept(arrival(), made)
    clash = record(reference=made.reference)
    with pytest.raises(StorageError) as caught:
        store.accept(arrival(), clash)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    told = r"The storage is not available \(IntegrityError, (SQLITE_CONSTRAINT_UNIQUE|23505)\)\."
    assert re.fullmatch(told, str(caught.value))
    assert [found.id for found in store.list(ALL, None, 9)] == [made.id]


def test_a_full_disk_refuses_and_recovers(sqlite_url: str, sqlite_path: Path, sqlite_behind: Engine) -> None:
    with start("starved", sqlite_url, sqlite_path) as child:
        told = child.communicate(timeout=100)[0].splitlines()
    assert child.returncode == 0
    refused = next(line for line in told if line.startswith("refused"))
    assert refused.startswith("refused The storage is not available (OperationalError, SQLITE_")
    assert told[-1] == "recovered"
    acknowledged = {line for line in told if " " not in line} - {"recovered"}
    assert len(acknowledged) > 2
    assert whole(sqlite_behind) == acknowledged


def test_a_broken_connection_is_replaced(postgres_url: str, postgres_behind: Engine) -> None:
    store = open_store(postgres_url)
    store.accept(arrival(), record())
    assert disconnect(postgres_behind) >= 1
    store.accept(arrival(), record())
    assert len(store.list(ALL, None, 10)) == 2
    store.close()


def test_a_connection_that_breaks_in_mid_transaction(postgres_url: str, postgres_behind: Engine) -> None:
    store = open_store(postgres_url)
    first = arrival()
    store.accept(first, record())
    failures: list[StorageError] = []

    def work() -> None:
        try:
            store.accept(first, record())
        except StorageError as error:
            failures.append(error)

    with postgres_behind.connect() as holder:
        holder.execute(select(orders).with_for_update())
        holder.exec_driver_sql("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE")
        thread = threading.Thread(target=work)
        thread.start()
        while not waiting(postgres_behind):
            time.sleep(0.01)
        disconnect(postgres_behind)
        thread.join()
    assert [str(failure) for failure in failures] == ["The storage is not available (OperationalError, 57P01)."]
    assert store.accept(first, record()).status == "duplicate"
    store.close()


@pytest.mark.parametrize("held", ["lock", "turn"])
def test_who_writes_waits_for_its_turn_and_not_for_ever(
    sqlite_url: str, sqlite_path: Path, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("middleware.storage.sqlite.WRITE_LOCK_SECONDS", 0.05)
    store = open_store(sqlite_url)
    store.accept(arrival(), record())
    stored = claim(store)
    writing: list[Callable[[], object]] = [
        lambda: store.accept(arrival(), record()),
        lambda: store.reject(rejection()),
        lambda: store.claim(NOW, LEASE, "demo"),
        lambda: store.delivered(stored, Delivered(barcode="B", state="created"), NOW),
        lambda: store.retry(stored, NOW, "timeout", counted=True),
        lambda: store.bury(stored, State.DEAD, "refused", NOW),
        lambda: store.pause_lane("platform", NOW, "unauthorised"),
        store.ping,
    ]
    descriptor = os.open(f"{sqlite_path}.{held}", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    began = time.monotonic()
    for write in writing:
        with pytest.raises(StorageError, match="TimeoutError"):
            write()
    assert time.monotonic() - began < 10
    assert len(store.list(ALL, None, 10)) == 1  # who only reads does not queue
    os.close(descriptor)
    for write in writing:
        write()
    store.close()


def test_a_locked_row_is_not_waited_for_for_ever(
    postgres_url: str, postgres_behind: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres._SESSION, "lock_timeout", "50ms")
    store = open_store(postgres_url)
    first = arrival()
    store.accept(first, record())
    with postgres_behind.connect() as holder:
        holder.execute(select(orders).with_for_update())
        with pytest.raises(StorageError, match="55P03"):
            store.accept(again(first), record())
    store.accept(again(first), record())
    store.close()


def disconnect(behind: Engine) -> int:
    """Break every connection of the store."""
    with behind.connect() as connection:
        return len(connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) {OURS}").all())


def waiting(behind: Engine) -> bool:
    with behind.connect() as connection:
        return bool(connection.exec_driver_sql(f"SELECT 1 {OURS} AND wait_event_type = 'Lock'").all())
