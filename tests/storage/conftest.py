"""Every test that asks for ``store`` or ``url`` runs against an SQLite file and against a real PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event

from middleware.ports import Store
from middleware.storage import migrate, open_store
from middleware.storage.tables import metadata
from tests import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL of our own."""
    with postgres.server() as url:
        yield url


@pytest.fixture(scope="session")
def empty_postgres(postgres_server: str) -> str:
    """A database without a schema, for those who test migrations."""
    return postgres.database(postgres_server, "empty")


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    url = postgres.database(postgres_server, "migrated")
    migrate(url)
    return url


@pytest.fixture(scope="session")
def postgres_behind(migrated_postgres: str) -> Iterator[Engine]:
    engine = create_engine(migrated_postgres)
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_url(migrated_postgres: str, postgres_behind: Engine) -> str:
    """A migrated database without rows."""
    with postgres_behind.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {', '.join(metadata.tables)}")
    return migrated_postgres


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "parcelveil.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_path(migrated_sqlite: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated_sqlite, tmp_path / "parcelveil.db"))


@pytest.fixture
def sqlite_url(sqlite_path: Path) -> str:
    return f"sqlite:///{sqlite_path}"


@pytest.fixture
def sqlite_behind(sqlite_url: str) -> Iterator[Engine]:
    engine = create_engine(sqlite_url)
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys = ON").close())
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def url(request: pytest.FixtureRequest, database: str) -> str:
    found: str = request.getfixturevalue(f"{database}_url")
    return found


@pytest.fixture
def behind(request: pytest.FixtureRequest, database: str) -> Engine:
    """A connection past the store, without its settings and its knowledge."""
    found: Engine = request.getfixturevalue(f"{database}_behind")
    return found


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url)
    yield opened
    opened.close()
