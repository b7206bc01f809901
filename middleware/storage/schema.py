"""The schema's versions (Alembic): brought up to date in one transaction; a crash leaves the old schema or the new."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

NEWEST: Final = "0001"
"""The newest revision in ``migrations``."""

_TABLE: Final = "alembic_version"


def upgrade(connection: Connection) -> None:
    """Bring the schema up to date inside the transaction that ``connection`` is in."""
    # Imported here alone: every process asks for the version at its start, and none but `migrate` needs the library.
    from alembic import command
    from alembic.config import Config

    config = Config()
    folder = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def is_newest(connection: Connection) -> bool:
    """Whether the database's schema is the one that this version works with."""
    if not inspect(connection).has_table(_TABLE):
        return False
    return connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalars().all() == [NEWEST]  # noqa: S608  # a name of ours
