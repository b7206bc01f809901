"""What has left is not in the files either: the raw bytes of an SQLite database, its journal and its lock files."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from middleware.exchange import Delivered
from middleware.model import Reason, Record
from middleware.storage import open_store
from tests.storage.builders import NOW, again, arrival, record
from tests.storage.looking import claim
from tests.storage.purging import NEXT_DAY, purge

FRAGMENT = 24  # bytes: long enough to be nobody else's, short enough to lie within one page


def remains(folder: Path, made: Record) -> set[str]:
    """Which of a record's contents any fragment is found of in any file of the folder."""
    raw = [path.read_bytes() for path in folder.iterdir()]
    contents = {part.name: part.jwe.encode() for part in made.parts} | {"clear": made.clear}
    return {name for name, content in contents.items() if any(_found(file, content) for file in raw)}


@pytest.mark.policy("VP-RET-4", "AMB-4")
def test_nothing_of_what_the_purge_took_remains_in_sqlite(sqlite_url: str, sqlite_path: Path) -> None:
    orders = _purged(sqlite_url)
    left = [remains(sqlite_path.parent, made) for made in orders]
    assert left == [{"sender.contact", "recipient.customs"}] * len(orders)


@pytest.mark.policy("VP-RET-4", "AMB-4")
def test_nothing_of_what_the_purge_took_remains_in_the_tables_of_postgresql(
    postgres_url: str, postgres_behind: Engine, tmp_path: Path
) -> None:
    """Its write-ahead log keeps it until the server uses those files again. A file that nobody wrote to since the
    records were made holds nothing of them.
    """
    folder = _written(postgres_behind)
    mark = tmp_path / "mark"
    mark.touch()
    orders = _purged(postgres_url)
    _written(postgres_behind)
    since = mark.stat().st_mtime_ns
    files = [path for path in (folder / "base").rglob("*") if path.is_file() and path.stat().st_mtime_ns >= since]
    raw = [path.read_bytes() for path in files]
    for made in orders:
        kept = {part.name for part in made.parts if any(_found(file, part.jwe.encode()) for file in raw)}
        assert kept == {"sender.contact", "recipient.customs"}
        assert not any(_found(file, made.clear) for file in raw)


def _written(behind: Engine) -> Path:
    """The server's folder, to whose files all is written that it knows."""
    with behind.connect() as connection:
        connection.exec_driver_sql("CHECKPOINT")
        return Path(connection.exec_driver_sql("SHOW data_directory").scalar_one())


def _purged(url: str) -> list[Record]:
    """Records that nobody sent, after the end of their recipients' parts."""
    store = open_store(url)
    orders = [record() for _ in range(25)]
    for made in orders:
        store.accept(arrival(), made)
    store.close()
    assert purge(url, NEXT_DAY)["parts"] == 25
    return orders


def _found(file: bytes, content: bytes) -> bool:
    return any(content[at : at + FRAGMENT] in file for at in range(0, len(content) - FRAGMENT, FRAGMENT))


@pytest.mark.policy("VP-RET-4")
@pytest.mark.parametrize("end", ["delivered", "withdrawn", "replaced"])
def test_nothing_of_the_sealed_parts_remains(sqlite_url: str, sqlite_path: Path, end: str) -> None:
    store = open_store(sqlite_url)
    orders = [(arrival(), record()) for _ in range(25)]
    stays = orders[-1][1]
    for arrived, made in orders:
        store.accept(arrived, made)
    everything = {"sender.contact", "recipient.delivery", "recipient.customs", "clear"}
    assert all(remains(sqlite_path.parent, made) == everything for _, made in orders)

    for arrived, _ in orders[:-1]:
        if end == "delivered":
            store.delivered(claim(store), Delivered(barcode="B", state="created"), NOW)
        elif end == "withdrawn":
            store.accept(again(arrived, halt=Reason.CANCELLED), None)
        else:
            store.accept(again(arrived), record())
    gone = [made for _, made in orders[:-1]]
    if end == "delivered":  # which ones were claimed is the store's choice
        gone = [made for _, made in orders if (found := store.show(made.id)) and found.state == "delivered"]
        stays = next(made for _, made in orders if made not in gone)
    assert len(gone) == 24
    assert [remains(sqlite_path.parent, made) for made in gone] == [set()] * len(gone)
    assert remains(sqlite_path.parent, stays) == everything
    store.close()
    assert sorted(path.name for path in sqlite_path.parent.iterdir()) == [
        "parcelveil.db",
        "parcelveil.db-journal",
        "parcelveil.db.lock",
        "parcelveil.db.turn",
    ]
    assert sqlite_path.with_name("parcelveil.db-journal").read_bytes() == b""
