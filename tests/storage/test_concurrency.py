"""Several threads and processes at once: one live record per order, one claim per lease, nobody starves."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from middleware.model import Answer, State, Status, Stored
from middleware.ports import Store
from middleware.storage.sqlite import SqliteDatabase, _flock, _Turns
from middleware.storage.tables import orders, parts
from tests.storage.builders import LEASE, NOW, again, arrival, digest, record
from tests.storage.children import go, start, together
from tests.storage.looking import column

ALL = tuple(State)


def test_threads_that_bring_one_new_order_store_it_once(store: Store) -> None:
    first, content = arrival(), digest()
    answers: list[Answer] = []
    barrier = threading.Barrier(6)

    def work() -> None:
        barrier.wait()
        answers.append(store.accept(again(first), record(content=content)))

    together(6, work)
    assert Counter(answer.status for answer in answers) == {Status.ACCEPTED: 1, Status.DUPLICATE: 5}
    assert {answer.id for answer in answers} == {found.id for found in store.list(ALL, None, 9)}


def test_processes_that_bring_versions_in_disorder_leave_the_newest(url: str, store: Store, behind: Engine) -> None:
    made = [digest().hex() for _ in range(4)]
    children = [start("versions", url, *made) for _ in range(2)]
    go(*children)
    for child in children:
        child.communicate(timeout=100)
        assert child.returncode == 0
    assert len(store.list(ALL, None, 100)) == len(made)
    assert column(behind, orders, "content") == [(9).to_bytes(32)] * len(made)
    assert len(column(behind, parts, "jwe")) == 3 * len(made)


def test_processes_claim_every_record_once(url: str, store: Store) -> None:
    made = {store.accept(arrival(), record()).id for _ in range(80)}
    children = [start("claiming", url) for _ in range(2)]
    go(*children)
    shares = [child.communicate(timeout=100)[0].splitlines() for child in children]
    assert all(shares)  # both took part
    claimed = [line for share in shares for line in share]
    assert sorted(claimed) == sorted(f"{record_id} 1" for record_id in made)
    assert store.counts()["claimed"] == len(made)


def test_a_claim_in_the_midst_of_changes_takes_one_version_whole(url: str, store: Store, behind: Engine) -> None:
    made = [digest().hex() for _ in range(10)]
    taken: list[Stored] = []
    with start("changing", url, *made) as child:
        go(child)
        while child.poll() is None or len(taken) < len(made):
            stored = store.claim(NOW, LEASE, "demo")
            if stored is not None:
                taken.append(stored)
            time.sleep(random.random() * 0.01)  # noqa: S311 - only to vary the moment
    assert child.returncode == 0
    listed = {found.id: found for found in store.list(ALL, None, 100)}
    assert {stored.id for stored in taken} == {found.id for found in listed.values() if found.state is not State.HELD}
    assert all(len(stored.parts) == 3 and all(part.jwe for part in stored.parts) for stored in taken)
    held = [found for found in listed.values() if found.state is State.HELD]
    assert {found.predecessor for found in held} == {found.id for found in listed.values() if found.ending}
    assert held


def test_a_writer_holds_the_database_before_it_reads(sqlite_path: Path) -> None:
    """Also against programs that know nothing of the lock file: what was read cannot change before it is written."""
    database = SqliteDatabase(make_url(f"sqlite:///{sqlite_path}"))
    other = sqlite3.connect(sqlite_path, timeout=0, isolation_level=None)
    with database.writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()
    database.close()


def test_who_has_just_written_queues_behind_who_waits(tmp_path: Path) -> None:
    """Two queues stand for two processes. Without the turn the one that is awake always wins."""
    busy, waiting = (_Turns(tmp_path / "parcelveil.db") for _ in range(2))
    order: list[str] = []

    def wait() -> None:
        with waiting.taken(10):
            order.append("waiting")

    for _ in range(5):
        with busy.taken(10):
            thread = threading.Thread(target=wait)
            thread.start()
            while _is_free(waiting.paths[0]):
                time.sleep(0.001)
        with busy.taken(10):
            order.append("busy")
        thread.join()
    assert order == ["waiting", "busy"] * 5


def _is_free(path: Path) -> bool:
    with path.open("rb+") as file:
        return _flock(file.fileno())
