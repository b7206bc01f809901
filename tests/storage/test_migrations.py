"""The schema's versions: they make what the tables say, all of it or nothing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect

from middleware.errors import NoDatabaseError, StorageError
from middleware.storage import is_current, known_keys, migrate, open_both, open_shops, open_store, settle_keys
from middleware.storage.tables import metadata
from tests.storage.children import start, together


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    url: str = request.getfixturevalue("empty_postgres")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return url


def tables(url: str) -> set[str]:
    engine = create_engine(url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


ALL_TABLES = {*metadata.tables, "alembic_version"}


def test_they_make_what_the_tables_say(behind: Engine) -> None:
    with behind.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_comparison_sees_a_difference(behind: Engine) -> None:
    with behind.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE records RENAME COLUMN barcode TO bar_code")
        assert compare_metadata(MigrationContext.configure(connection), metadata) != []
        connection.exec_driver_sql("ALTER TABLE records RENAME COLUMN bar_code TO barcode")


def test_only_they_make_a_database(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "mistaken.db"
    for look in (is_current, open_store, open_shops, open_both):
        with pytest.raises(NoDatabaseError, match="`parcelveil migrate` makes one") as fault:
            look(f"sqlite:///{file}")
        assert str(fault.value).startswith(f"{file}: there is no database here")
    assert list(tmp_path.iterdir()) == []
    migrate(f"sqlite:///{file}")
    assert is_current(f"sqlite:///{file}")


def test_a_database_knows_the_keys_of_its_first_use(url: str) -> None:
    assert known_keys(url) == {}
    first = {"index": b"i" * 32, "service": b"s" * 32}
    wanted = {purpose: frozenset({value}) for purpose, value in first.items()}
    assert settle_keys(url, first) == wanted
    assert settle_keys(url, {"index": b"x" * 32, "service": b"s" * 32}) == wanted
    assert known_keys(url) == wanted


def test_what_has_no_schema_knows_no_keys(empty_url: str) -> None:
    with suppress(NoDatabaseError):
        assert known_keys(empty_url) == {}


def test_they_may_be_run_again(empty_url: str) -> None:
    with suppress(NoDatabaseError):
        assert not is_current(empty_url)
    for _ in range(2):
        migrate(empty_url)
        assert is_current(empty_url)
    assert tables(empty_url) == ALL_TABLES


def test_several_at_once_wait_for_each_other(empty_url: str) -> None:
    together(3, lambda: migrate(empty_url))
    assert is_current(empty_url)


def test_a_crash_at_any_statement_leaves_the_old_schema_or_the_new_one(empty_url: str) -> None:
    with start("migrating", empty_url) as child:
        told = child.communicate(timeout=100)[0].splitlines()
    *killed, ended = (set(line.split()) for line in told)
    assert len(killed) * 5 > len(ALL_TABLES)
    assert all(found == {"killed"} for found in killed)
    assert ended == {"ended", *ALL_TABLES}
    assert is_current(empty_url)


def test_a_store_without_its_schema_says_so(empty_url: str) -> None:
    if empty_url.startswith("sqlite:///"):
        Path(empty_url.removeprefix("sqlite:///")).touch()
    store = open_store(empty_url)
    findings = {name: (well, text) for name, well, text in store.check()}
    assert findings["schema"] == (False, "it is not the one of this version: parcelveil migrate")
    with pytest.raises(StorageError):
        store.ping()
    store.close()


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_row_knows_its_end(table: object) -> None:
    """What stays has a retention class and a last day; a pause of a lane ends by itself, a shop when it is
    disconnected, a copy with its part, the audit log and that a request to integrate ended never. What belongs to a
    part whose clock has not started has no last day yet.
    """
    found = metadata.tables[str(table)]
    if found.name == "lanes":
        assert not found.c.paused_until.nullable
    elif found.name in (
        *("shops", "shop_secrets", "shop_accounts", "shop_changes", "integrations"),
        *("audit_entries", "key_checks", "key_generations", "upkeep", "clocks"),
    ):
        assert found.info["ends"]
    elif found.name == "parts":
        assert not found.c.retention.nullable
        assert "until" in found.c
    elif found.name in ("terms", "switches", "callbacks"):
        owner = "listeners" if found.name == "callbacks" else "standings"
        assert {key.column.table.name for key in found.foreign_keys} == {owner}
    elif found.name == "copies":
        assert found.foreign_keys
        assert "until" in found.c
    else:
        assert found.info["retention"].startswith("pv.")
        assert found.c.until.nullable is (found.name in ("records", "index_entries", "orders"))
