"""``migrate``: the database is made, and made only once."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from middleware.keys import provision
from middleware.storage import open_store
from tests.middleware.cli.bench import Instance, files, refused
from tests.storage import builders

DONE = "The database schema is up to date.\n"


def schema(instance: Instance) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(instance.database)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


def test_the_database_is_made_for_its_owner_alone(fresh: Instance) -> None:
    assert list(files(fresh.folder / "data")) == []
    result = fresh.run("migrate")
    assert (result.exit_code, result.stdout, result.stderr) == (0, DONE, "")
    assert {"records", "parts", "lanes"} <= {row[0] for row in schema(fresh)}
    assert fresh.database.stat().st_mode & 0o777 == 0o600


def test_run_again_it_changes_nothing(fresh: Instance) -> None:
    fresh.run("migrate")
    with closing(open_store(f"sqlite:///{fresh.database}")) as store:
        store.accept(builders.arrival(), builders.record())
    before, content = schema(fresh), fresh.database.read_bytes()
    again = fresh.run("migrate")
    assert (again.exit_code, again.stdout) == (0, DONE)
    assert (schema(fresh), fresh.database.read_bytes()) == (before, content)


ASKING = [
    ("deliveries", "list"),
    ("deliveries", "show", "x"),
    ("deliveries", "retry", "x"),
    ("shipments", "find", "x"),
    ("shops", "list"),
    ("shops", "check", "demo"),
    ("shops", "connect", "other"),
    ("shops", "pause", "demo"),
    ("serve",),
]
"""What needs a database."""


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_what_needs_the_database_asks_for_it_and_makes_none(
    fresh: Instance, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr("middleware.bootstrap.logging", lambda *_: None)
    monkeypatch.setattr("resource.setrlimit", lambda *_: None)
    provision(fresh.folder / "keys")
    before = files(fresh.folder)
    line = refused(fresh.run(*words), 2)
    assert line.startswith(f"{fresh.database}: there is no database here; `parcelveil migrate` makes one, ")
    assert files(fresh.folder) == before
    fresh.database.touch(0o600)
    assert refused(fresh.run(*words), 2) == "the database schema is not up to date; run `parcelveil migrate`"


@pytest.mark.parametrize("words", [("doctor",), ("keys", "list"), ("keys", "provision")], ids=" ".join)
def test_whoever_looks_makes_no_database(fresh: Instance, words: tuple[str, ...]) -> None:
    fresh.run(*words)
    assert list((fresh.folder / "data").iterdir()) == []


def test_an_address_that_is_none_of_a_database_is_not_repeated(
    fresh: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://somebody:made-up-password@db.example/x")
    line = refused(fresh.run("migrate"), 2)
    assert "sqlite:///FILE" in line
    assert "made-up-password" not in line


def test_a_place_where_no_file_can_be_is_told(fresh: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{fresh.file}/inside/x.db")
    line = refused(fresh.run("migrate"), 1)
    assert str(fresh.file) in line
    assert line.endswith("(storage-unavailable)")
