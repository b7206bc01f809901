"""How a database is opened, and what ``doctor`` is told of it."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url

from middleware.errors import ConfigError, StorageError
from middleware.storage import migrate, open_store, sqlite
from middleware.storage.postgres import PostgresDatabase
from middleware.storage.sqlite import SqliteDatabase
from tests.storage.builders import arrival, record


def findings(url: str) -> dict[str, bool]:
    store = open_store(url)
    found = list(store.check())
    store.close()
    assert all(well is (text == "") for _, well, text in found)  # a fault is explained, and only a fault
    return {name: well for name, well, _ in found}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestAddress:
    @pytest.mark.parametrize(
        "url",
        [
            "sqlite://",
            "sqlite:///:memory:",
            "sqlite:///var/a.db?mode=ro",
            "sqlite+aiosqlite:///a.db",
            "mysql://u:hunter2@h/d",
            "postgresql+asyncpg://u:hunter2@h/d",
            "hunter2",
            "",
        ],
    )
    def test_an_unusable_one_is_refused_without_being_repeated(self, url: str) -> None:
        with pytest.raises(ConfigError) as caught:
            open_store(url)
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))

    def test_postgresql_goes_by_its_short_names_too(self, postgres_url: str) -> None:
        for name in ("postgres", "postgresql"):
            store = open_store(postgres_url.replace("postgresql+psycopg", name))
            store.ping()
            store.close()

    def test_postgresql_without_its_driver(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(ConfigError, match="pip install"):
            open_store("postgresql://u:hunter2@h/d")

    def test_what_the_address_says_of_the_connection_counts(self, postgres_url: str) -> None:
        database = PostgresDatabase(make_url(f"{postgres_url}&application_name=other"))
        with database.reading() as connection:
            assert connection.exec_driver_sql("SHOW application_name").scalar() == "other"
        database.close()

    def test_a_server_that_is_not_there(self) -> None:
        store = open_store("postgresql://nobody:hunter2@127.0.0.1:9/nothing")
        with pytest.raises(StorageError) as caught:
            store.ping()
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))

    def test_a_file_is_relative_to_the_working_directory_at_that_time(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        migrate("sqlite:///var/parcelveil.db")
        store = open_store("sqlite:///var/parcelveil.db")
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        store.ping()
        store.close()
        assert (tmp_path / "var" / "parcelveil.db").exists()

    def test_a_path_may_hold_a_percent_sign(self, tmp_path: Path) -> None:
        migrate(f"sqlite:///{tmp_path}/100%/parcelveil.db")


class TestModes:
    def test_what_is_made_is_for_the_owner_alone(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path}/a/b/parcelveil.db"
        before = os.umask(0)
        try:
            migrate(url)
            store = open_store(url)
            store.accept(arrival(), record())
            store.close()
        finally:
            os.umask(before)
        assert {mode(path) for path in (tmp_path / "a", tmp_path / "a" / "b")} == {0o700}
        files = list((tmp_path / "a" / "b").iterdir())
        assert len(files) == 4
        assert {mode(path) for path in files} == {0o600}

    def test_in_a_folder_that_is_a_groups_all_is_for_the_group_too(self, tmp_path: Path) -> None:
        folder = tmp_path / "shared"
        folder.mkdir()
        folder.chmod(0o2770)
        url = f"sqlite:///{folder}/parcelveil.db"
        before = os.umask(0o077)
        try:
            migrate(url)
            store = open_store(url)
            store.accept(arrival(), record())
            store.close()
        finally:
            os.umask(before)
        files = list(folder.iterdir())
        assert len(files) == 4
        assert {mode(path) for path in files} == {0o660}
        assert set(findings(url).values()) == {True}
        (folder / "parcelveil.db").chmod(0o664)
        assert not findings(url)["sqlite.mode.db"]
        folder.chmod(0o2772)
        assert not findings(url)["sqlite.folder"]

    def test_a_folder_that_a_group_may_write_to_is_not_yet_the_groups(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o770)
        migrate(f"sqlite:///{tmp_path}/parcelveil.db")
        assert {mode(path) for path in tmp_path.iterdir()} == {0o600}

    def test_a_file_that_others_may_read_is_told(self, sqlite_url: str, sqlite_path: Path) -> None:
        sqlite_path.chmod(0o600)
        assert findings(sqlite_url)["sqlite.mode.db"]
        sqlite_path.chmod(0o640)
        assert not findings(sqlite_url)["sqlite.mode.db"]

    def test_a_folder_that_others_may_write_is_told(self, sqlite_url: str, sqlite_path: Path) -> None:
        sqlite_path.parent.chmod(0o755)
        assert findings(sqlite_url)["sqlite.folder"]
        sqlite_path.parent.chmod(0o775)
        assert not findings(sqlite_url)["sqlite.folder"]

    def test_a_folder_in_the_place_of_the_file(self, tmp_path: Path) -> None:
        with pytest.raises(StorageError):
            open_store(f"sqlite:///{tmp_path}")


class TestSqlite:
    def test_all_is_well(self, sqlite_url: str, sqlite_path: Path) -> None:
        sqlite_path.chmod(0o600)
        found = findings(sqlite_url)
        assert set(found.values()) == {True}
        assert {"sqlite.journal_mode", "sqlite.synchronous", "sqlite.secure_delete", "sqlite.foreign_keys"} < set(found)
        assert {"sqlite.version", "schema"} < set(found)

    def test_a_file_that_another_program_holds_in_wal_mode(self, sqlite_url: str, sqlite_path: Path) -> None:
        other = sqlite3.connect(sqlite_path)
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("SELECT * FROM lanes")
        store = open_store(sqlite_url)
        with pytest.raises(StorageError):
            list(store.check())
        store.close()
        other.close()

    @pytest.mark.parametrize("pragma", ["journal_mode", "synchronous", "secure_delete", "foreign_keys"])
    def test_a_setting_that_is_not_in_force_is_told(
        self, sqlite_url: str, pragma: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        weak = {"journal_mode": "PERSIST"}.get(pragma, "OFF")
        settings = tuple((name, weak if name == pragma else to, want) for name, to, want in sqlite._SETTINGS)
        monkeypatch.setattr(sqlite, "_SETTINGS", settings)
        found = findings(sqlite_url)
        assert [name for name, well in found.items() if not well and "mode." not in name] == [f"sqlite.{pragma}"]

    @pytest.mark.parametrize(
        ("version", "safe"),
        [
            ((3, 40, 1), False),
            ((3, 44, 5), False),
            ((3, 44, 6), True),
            ((3, 45, 0), False),
            ((3, 50, 6), False),
            ((3, 50, 7), True),
            ((3, 51, 2), False),
            ((3, 51, 3), True),
            ((3, 53, 0), True),
        ],
    )
    def test_versions_that_corrupt_a_wal(self, version: tuple[int, ...], safe: bool) -> None:
        assert sqlite._wal_is_safe(version) is safe

    def test_a_wal_with_an_affected_version_is_told(self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        _, *others = sqlite._SETTINGS
        monkeypatch.setattr(sqlite, "_SETTINGS", (("journal_mode", "WAL", "truncate"), *others))
        for version, well in (((3, 40, 1), False), ((3, 51, 3), True)):
            monkeypatch.setattr("sqlite3.sqlite_version_info", version)
            found = findings(sqlite_url)
            assert (found["sqlite.version"], found["sqlite.journal_mode"]) == (well, False)

    def test_a_pooled_connection_has_them_too(self, sqlite_url: str) -> None:
        database = SqliteDatabase(make_url(sqlite_url))
        with database.reading() as connection:
            found = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
            }
            assert getattr(connection.connection.dbapi_connection, "isolation_level", "") is None
        database.close()
        assert found == {"journal_mode": "truncate", "synchronous": 3, "secure_delete": 1, "foreign_keys": 1}


class TestPostgres:
    def test_all_is_well(self, postgres_url: str) -> None:
        assert findings(postgres_url) == {
            "postgresql.fsync": True,
            "postgresql.full_page_writes": True,
            "postgresql.synchronous_commit": True,
            "schema": True,
        }

    def test_a_process_that_stops_in_mid_transaction_does_not_stop_the_others(self, postgres_url: str) -> None:
        database = PostgresDatabase(make_url(postgres_url))
        with database.writing() as connection:
            limits = {
                name: connection.exec_driver_sql(f"SHOW {name}").scalar()
                for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
            }
        database.close()
        assert "0" not in limits.values()

    def test_a_server_that_does_not_sync_is_told(self, postgres_url: str) -> None:
        try:
            reconfigure(postgres_url, "SET fsync = off", "SET full_page_writes = off")
            wait_until(lambda: not findings(postgres_url)["postgresql.fsync"])
            assert not findings(postgres_url)["postgresql.full_page_writes"]
        finally:
            reconfigure(postgres_url, "RESET fsync", "RESET full_page_writes")
        wait_until(lambda: findings(postgres_url)["postgresql.fsync"])

    def test_a_lax_default_of_the_server_is_overruled(self, postgres_url: str, postgres_behind: Engine) -> None:
        with postgres_behind.begin() as connection:
            connection.exec_driver_sql("ALTER DATABASE migrated SET synchronous_commit = off")
        try:
            assert findings(postgres_url)["postgresql.synchronous_commit"]
        finally:
            with postgres_behind.begin() as connection:
                connection.exec_driver_sql("ALTER DATABASE migrated RESET synchronous_commit")


def reconfigure(url: str, *changes: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for change in changes:
            connection.exec_driver_sql(f"ALTER SYSTEM {change}")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()


def wait_until(condition: Callable[[], bool]) -> None:
    """A server takes a moment to read its configuration again."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
