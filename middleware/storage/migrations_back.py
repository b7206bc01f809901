"""The tables of what goes back to shops in the first schema (``migrations/versions/r0001_initial.py``)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """What the columns mean is told in ``middleware/storage/tables_back.py``."""
    op.create_table(
        "listeners",
        sa.Column("record_id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("callback", "fulfilment", "known", "test")),
        sa.Column("order_ref", sa.Text()),
        sa.Column("formers", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name="pk_listeners"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name="fk_listeners_record_id", ondelete="CASCADE"),
    )
    op.create_index("ix_listeners_until", "listeners", ["until"])
    op.create_table(
        "callbacks",
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("record_id", "way", "kind")),
        sa.Column("why", sa.Text()),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_code", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_callbacks"),
        sa.ForeignKeyConstraint(
            ["record_id"], ["listeners.record_id"], name="fk_callbacks_record_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_callbacks_record_id_way", "callbacks", ["record_id", "way"])
    there = sa.text("due IS NOT NULL")
    op.create_index("ix_callbacks_shop_due", "callbacks", ["shop", "due"], sqlite_where=there, postgresql_where=there)
    op.create_table(
        "callback_stops",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shop", name="pk_callback_stops"),
    )
