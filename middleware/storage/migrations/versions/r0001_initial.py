"""The first schema: records, their parts and index, what intake remembers, lanes, shops, check values."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from middleware.storage import migrations_back, migrations_retention

revision = "0001"
down_revision = None


def upgrade() -> None:
    """What the columns mean is told in ``middleware/storage/tables.py``."""
    _create_records()
    _create_what_belongs_to_a_record()
    _create_what_leads_to_a_record()
    _create_what_intake_remembers()
    _create_rejections()
    op.create_table(
        "lanes",
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("paused_until", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("carrier", name="pk_lanes"),
    )
    _index_what_ends()
    migrations_retention.create()
    migrations_back.create()
    _create_shops()
    _create_integrations()
    _create_the_audit_log()
    op.create_table(
        "key_checks",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "generation", name="pk_key_checks"),
    )
    op.create_table(
        "key_generations",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", name="pk_key_generations"),
    )


def _create_records() -> None:
    op.create_table(
        "records",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("first_due", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_claimed_at", sa.BigInteger()),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("last_code", sa.Text()),
        sa.Column("account", sa.Text()),
        sa.Column("barcode", sa.Text()),
        sa.Column("changed_after_delivery", sa.Boolean(), nullable=False),
        sa.Column("changed_seen_at", sa.BigInteger()),
        sa.Column("ending", sa.Text()),
        sa.Column("predecessor", sa.Text()),
        sa.Column("integration", sa.LargeBinary()),
        sa.Column("removal", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Text()),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("clear", sa.LargeBinary()),
        sa.Column("clear_until", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_records"),
        sa.UniqueConstraint("reference", name="uq_records_reference"),
    )
    _index_records()


def _index_records() -> None:
    op.create_index("ix_records_state_created_at", "records", ["state", "created_at"])
    op.create_index("ix_records_shop_created_at", "records", ["shop", "created_at"])
    op.create_index("ix_records_predecessor", "records", ["predecessor"])
    op.create_index("ix_records_barcode", "records", ["barcode"])
    live = sa.text("due IS NOT NULL")
    op.create_index("ix_records_due", "records", ["due"], sqlite_where=live, postgresql_where=live)
    columns = ["shop", "due", "carrier"]
    op.create_index("ix_records_shop_due_carrier", "records", columns, sqlite_where=live, postgresql_where=live)
    op.create_index(
        "ix_records_changed",
        "records",
        ["created_at"],
        sqlite_where=sa.text("changed_after_delivery IS 1 AND changed_seen_at IS NULL"),
        postgresql_where=sa.text("changed_after_delivery IS true AND changed_seen_at IS NULL"),
    )


def _create_what_belongs_to_a_record() -> None:
    op.create_table(
        "parts",
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("starts", sa.Text()),
        sa.Column("until", sa.Text()),
        sa.Column("ceiling", sa.Text(), nullable=False),
        sa.Column("jwe", sa.Text()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("week", sa.Text()),
        sa.Column("moved_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("record_id", "name", name="pk_parts"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name="fk_parts_record_id", ondelete="CASCADE"),
    )
    op.create_table(
        "copies",
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("until", sa.Text()),
        sa.Column("jwe", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "part", name="pk_copies"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name="fk_copies_record_id", ondelete="CASCADE"),
    )
    op.create_index("ix_copies_kid", "copies", ["kid"])


def _create_what_leads_to_a_record() -> None:
    op.create_table(
        "index_entries",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("until", sa.Text()),
        sa.PrimaryKeyConstraint("shop", "kind", "digest", "record_id", name="pk_index_entries"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name="fk_index_entries_record_id", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_index_entries_record_id", "index_entries", ["record_id"])
    op.create_table(
        "removals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("doubted", sa.JSON(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_removals"),
    )


def _create_what_intake_remembers() -> None:
    op.create_table(
        "orders",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("order", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("record_id", sa.Text()),
        sa.Column("until", sa.Text()),
        sa.PrimaryKeyConstraint("shop", "order", name="pk_orders"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inbox",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("webhook", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("order", sa.LargeBinary()),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shop", "body", name="pk_inbox"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "idempotency",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("order", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("answered", sa.Integer()),
        sa.Column("busy_until", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("shop", "key", name="pk_idempotency"),
        sqlite_with_rowid=False,
    )


def _create_rejections() -> None:
    op.create_table(
        "rejections",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("order_ref", sa.Text()),
        sa.Column("order", sa.LargeBinary()),
        sa.Column("updated_at", sa.BigInteger()),
        sa.Column("webhook", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger()),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rejections"),
        sa.UniqueConstraint("shop", "body", name="uq_rejections_shop_body"),
    )
    op.create_index("ix_rejections_received_at", "rejections", ["received_at"])
    op.create_index("ix_rejections_seen_at", "rejections", ["seen_at"])
    op.create_index("ix_rejections_shop_received_at", "rejections", ["shop", "received_at"])
    op.create_index("ix_rejections_shop_order", "rejections", ["shop", "order"])


def _index_what_ends() -> None:
    op.create_index("ix_records_removal", "records", ["removal"])
    for table in ("records", "index_entries", "orders", "inbox", "idempotency", "rejections"):
        op.create_index(f"ix_{table}_until", table, ["until"])
    there = sa.text("clear IS NOT NULL")
    op.create_index("ix_records_clear_until", "records", ["clear_until"], sqlite_where=there, postgresql_where=there)
    open_ = sa.text("until IS NULL")
    op.create_index("ix_records_open", "records", ["state"], sqlite_where=open_, postgresql_where=open_)
    going_on = sa.text("ended_at IS NULL")
    op.create_index("ix_parts_until", "parts", ["until"], sqlite_where=going_on, postgresql_where=going_on)
    week = sa.text("week IS NOT NULL")
    op.create_index("ix_parts_week", "parts", ["week", "record_id"], sqlite_where=week, postgresql_where=week)


def _create_shops() -> None:
    op.create_table(
        "shops",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("domain", sa.LargeBinary()),
        sa.Column("sealed", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_shops"),
        sa.UniqueConstraint("domain", name="uq_shops_domain"),
        sa.UniqueConstraint("version", name="uq_shops_version"),
    )
    op.create_table(
        "shop_secrets",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_shop_secrets"),
        sa.ForeignKeyConstraint(["shop"], ["shops.name"], name="fk_shop_secrets_shop", ondelete="CASCADE"),
    )
    op.create_index("ix_shop_secrets_shop", "shop_secrets", ["shop"])
    op.create_table(
        "shop_accounts",
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shop", "carrier", name="pk_shop_accounts"),
        sa.ForeignKeyConstraint(["shop"], ["shops.name"], name="fk_shop_accounts_shop", ondelete="CASCADE"),
    )
    op.create_table(
        "shop_changes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_shop_changes"),
    )


def _create_integrations() -> None:
    op.create_table(
        "integrations",
        sa.Column("domain", sa.LargeBinary(), nullable=False),
        sa.Column("word", sa.LargeBinary(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain", "word", name="pk_integrations"),
    )
    op.create_index("ix_integrations_request", "integrations", ["request"])


def _create_the_audit_log() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_subject_fact", "audit_entries", ["subject", "fact"])
