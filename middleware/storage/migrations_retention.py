"""The tables of retention in the first schema (``migrations/versions/r0001_initial.py``)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """What the columns mean is told in ``middleware/storage/tables_retention.py``."""
    _create_notices()
    _create_holds()
    _create_events()
    _create_standings()
    _create_upkeep()


def _create_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("telling", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.Column("starts", sa.Text()),
        sa.Column("ends", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_code", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("seen_at", sa.BigInteger()),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "part", "telling", name="pk_notices"),
    )
    wheres = {
        "ix_notices_carrier_due": (["carrier", "due"], "due IS NOT NULL"),
        "ix_notices_until": (["until"], "due IS NULL"),
        "ix_notices_state": (["state", "created_at"], "state != 'done'"),
    }
    for name, (columns, said) in wheres.items():
        where = sa.text(said)
        op.create_index(name, "notices", columns, sqlite_where=where, postgresql_where=where)


def _create_holds() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("starts", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ended_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", "record_id", "part", name="pk_holds"),
    )
    op.create_index("ix_holds_record_id_part", "holds", ["record_id", "part"])


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("selected", sa.Text()),
        sa.Column("record_id", sa.Text()),
        sa.Column("about", sa.Text()),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary()),
        sa.Column("payload", sa.LargeBinary()),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("early", sa.Integer(), nullable=False),
        sa.Column("records", sa.JSON(), nullable=False),
        sa.Column("ways", sa.JSON(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("shop", "key", name="uq_events_shop_key"),
    )
    op.create_index("ix_events_shop_at", "events", ["shop", "at"])
    op.create_index("ix_events_until", "events", ["until"])


def _create_standings() -> None:
    op.create_table(
        "standings",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("customer", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shop", "customer", name="pk_standings"),
    )
    op.create_index("ix_standings_until", "standings", ["until"])
    op.create_table(
        "terms",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("customer", sa.LargeBinary(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.Column("starts", sa.Text()),
        sa.Column("until", sa.Text()),
        sa.Column("restricted_at", sa.BigInteger()),
        sa.Column("restricted_by", sa.Text()),
        _of_a_standing("terms"),
        sa.PrimaryKeyConstraint("shop", "customer", "retention", name="pk_terms"),
    )
    where = sa.text("restricted_at IS NULL")
    op.create_index("ix_terms_until", "terms", ["until"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "switches",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("customer", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("way", sa.Text()),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        _of_a_standing("switches"),
        sa.PrimaryKeyConstraint("shop", "customer", "kind", "name", name="pk_switches"),
    )


def _of_a_standing(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["shop", "customer"],
        ["standings.shop", "standings.customer"],
        ondelete="CASCADE",
        onupdate="CASCADE",
        name=f"fk_{table}_shop_customer_standings",
    )


def _create_upkeep() -> None:
    op.create_table(
        "upkeep",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger()),
        sa.Column("last_run", sa.BigInteger()),
        sa.Column("newest", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_upkeep"),
    )
    op.create_table(
        "clocks",
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("wall", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger()),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("refused_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("boot", name="pk_clocks"),
    )
