"""What readiness stands on: whether an order could be stored now."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from middleware.ports import Store
from middleware.storage import open_store
from tests.storage.children import start
from tests.storage.looking import sizes


def test_a_disk_that_takes_nothing_more_shows_and_so_does_room_again(sqlite_url: str) -> None:
    with start("full", sqlite_url) as child:
        told = child.communicate(timeout=100)[0].splitlines()
    assert child.returncode == 0
    first, refused, last = told
    assert (first, last) == ("well", "well")
    assert refused.startswith("refused The storage is not available (OperationalError, SQLITE_")


def test_nothing_is_left_behind(sqlite_url: str, sqlite_path: Path) -> None:
    before = sqlite_path.read_bytes()
    store = open_store(sqlite_url)
    store.ping()
    store.close()
    assert sqlite_path.read_bytes() == before


def test_no_row_is_left_behind(store: Store, behind: Engine) -> None:
    before = sizes(behind)
    store.ping()
    assert sizes(behind) == before
