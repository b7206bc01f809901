"""The tables: what rests in the database, and for how long.

Nothing here is of a person in the clear: parts are sealed (JWE), what is looked up is a keyed digest, and ``clear``
holds what may travel openly. Every row says itself when it ends: ``until`` is its last permitted day (Europe/Brussels),
and the table's ``info["retention"]`` names the class that set it; a part has a class of its own. A pause of a lane ends
by ``paused_until``, what is known of a shop when it is disconnected. A keyed digest has 32 bytes, one more since the
index key was rotated (``core.index``). A column of bytes that does not follow it (``rechain_sql``) says why.

No foreign key leads from ``orders``, ``inbox`` and ``idempotency`` to ``records``: what they remember outlives the
record, and a key without an index of its own would turn every erasure into a scan.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.exc import SQLAlchemyError

T = TypeVar("T")
W = TypeVar("W", bound=StrEnum)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UnreadableError(SQLAlchemyError):
    """A row holds what nobody of us wrote: another program, or a damaged file."""


class Instant(TypeDecorator[datetime]):
    """A moment in UTC as whole microseconds since 1970: the same on every database, and comparable."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else moment(value)


class Day(TypeDecorator[date]):
    """A calendar day as ISO 8601 text: it sorts as days do."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else day(value)


def moment(value: Any) -> datetime:
    """The moment that ``Instant`` stored. Raises: UnreadableError."""
    return _read(value, lambda whole: EPOCH + int(whole) * _MICROSECOND)


def day(value: Any) -> date:
    """The day that ``Day`` stored. Raises: UnreadableError."""
    return _read(value, date.fromisoformat)


def word(value: Any, kind: type[W]) -> W:
    """One of the words that ``kind`` lists. Raises: UnreadableError."""
    return _read(value, kind)


def _read(value: Any, reader: Callable[[Any], T]) -> T:
    try:
        return reader(value)
    except (ValueError, TypeError, OverflowError):
        pass  # raised outside: the reader's error holds the value
    raise UnreadableError()


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

records = Table(
    "records",
    metadata,
    Column("id", Text, primary_key=True, doc="our id, and the idempotency key towards the parcel platform"),
    Column("reference", Text, nullable=False, unique=True, doc="our short code, printed on the label"),
    Column("shop", Text, nullable=False),
    Column("carrier", Text, nullable=False, doc="the lane on which it goes out"),
    Column("state", Text, nullable=False, doc="middleware.model.State"),
    Column(
        "due",
        Instant,
        doc="when it may be claimed next: its time, or the end of the lease; null: it is held or has ended",
    ),
    Column("first_due", Instant, nullable=False, doc="the earliest time of its first claim: what is held keeps it"),
    Column("fence", Integer, nullable=False, default=0, doc="grows with every claim: who settles must name the newest"),
    Column("attempts", Integer, nullable=False, default=0, doc="attempts that failed and counted"),
    Column("first_claimed_at", Instant, doc="from then on the content is frozen"),
    Column("settled_at", Instant, doc="when it was delivered, buried or withdrawn"),
    Column("last_code", Text, doc="what the last attempt or the burial said, from a closed list"),
    Column("account", Text, doc="there, since something may have been made of it under this one; null: nothing was"),
    Column("barcode", Text, index=True, doc="what the parcel platform gave"),
    Column(
        "changed_after_delivery",
        Boolean,
        nullable=False,
        default=False,
        doc="the order changed once frozen, and the parcel did not: for a person",
    ),
    Column("changed_seen_at", Instant, doc="when a person looked at that flag; null again with every new change"),
    Column("ending", Text, doc="middleware.model.Ending; null: nothing changed since it was frozen"),
    Column("predecessor", Text, index=True, doc="the record that has to be gone first; it may have been erased"),
    Column("integration", LargeBinary, info={"unchained": "as there"}, doc="integrations.request; null: there is none"),
    Column("removal", Text, nullable=False, doc="removals.id"),
    Column("created_at", Instant, nullable=False),
    Column("until", Day, doc="null: the clock of a part has not started"),
    Column("receipt", Text, nullable=False, doc="compact JWS"),
    Column(
        "clear",
        LargeBinary,
        doc="the outbound body without sealed parts and receipt (RFC 8785); leaves with the sealed parts",
        info={"unchained": "no digest"},
    ),
    Column(
        "clear_until",
        Day,
        doc="the last permitted day of what `clear` tells of the recipient; null: that clock has not started",
    ),
    Index("ix_records_state_created_at", "state", "created_at"),
    Index("ix_records_shop_created_at", "shop", "created_at"),
    Index("ix_records_until", "until"),
    Index("ix_records_removal", "removal"),
    info={"retention": "pv.record"},
)
Index(
    "ix_records_due",
    records.c.due,
    sqlite_where=records.c.due.is_not(None),
    postgresql_where=records.c.due.is_not(None),
)
Index(
    "ix_records_shop_due_carrier",
    records.c.shop,
    records.c.due,
    records.c.carrier,
    sqlite_where=records.c.due.is_not(None),
    postgresql_where=records.c.due.is_not(None),
)
Index(
    "ix_records_changed",
    records.c.created_at,
    sqlite_where=records.c.changed_after_delivery.is_(True) & records.c.changed_seen_at.is_(None),
    postgresql_where=records.c.changed_after_delivery.is_(True) & records.c.changed_seen_at.is_(None),
)
parts = Table(
    "parts",
    metadata,
    Column("record_id", ForeignKey(records.c.id, ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True, doc="recipient.delivery, sender.contact …"),
    Column("position", Integer, nullable=False, doc="the order in which the parts were sealed"),
    Column("retention", Text, nullable=False, doc="the class of this part"),
    Column("trigger", Text, nullable=False, doc="what starts the clock"),
    Column("starts", Day, doc="null: the clock has not started"),
    Column("until", Day, doc="null: the clock has not started"),
    Column("ceiling", Day, nullable=False, doc="the last permitted day while the clock has not started and none sends"),
    Column("jwe", Text, doc="compact JWE; null once it left: the tag stays"),
    Column("ended_at", Instant, doc="when its end was carried out; null: it has not ended"),
    Column("week", Text, doc="that of our transit key, to which it is sealed; null: to the platform's own, or it left"),
    Column(
        "moved_at", Instant, doc="when its clock last started or moved after it was sealed; null: as its receipt says"
    ),
)
Index(
    "ix_parts_week",
    parts.c.week,
    parts.c.record_id,
    sqlite_where=parts.c.week.is_not(None),
    postgresql_where=parts.c.week.is_not(None),
)

copies = Table(
    "copies",
    metadata,
    Column("record_id", ForeignKey(records.c.id, ondelete="CASCADE"), primary_key=True),
    Column("part", Text, primary_key=True, doc="parts.name"),
    Column("kid", Text, nullable=False, index=True, doc="the key of ours that it is sealed to"),
    Column("until", Day, doc="as its part: null while the clock has not started"),
    Column("jwe", Text, nullable=False, doc="compact JWE"),
)
"""What stays after delivery with ``keep_delivered = "policy"``: each part once more, under a key of our own, as long as
the part may live.
"""

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("fact", Text, nullable=False, doc="middleware.model.Fact"),
    Column("subject", Text, nullable=False, doc="a key id or a record id: nothing of a person"),
    Column("actor", Text, nullable=False, doc="who did it, by the name under which this operator knows them"),
    Index("ix_audit_entries_subject_fact", "subject", "fact"),
    info={"ends": "with the log: it tells what was done to keys and records, and nothing of whom they are of"},
)

index_entries = Table(
    "index_entries",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("kind", Text, primary_key=True, doc="order.id, order.name, customer.id …"),
    Column("digest", LargeBinary, primary_key=True, doc="blind index: keyed digest"),
    Column("record_id", ForeignKey(records.c.id, ondelete="CASCADE"), primary_key=True, index=True),
    Column("until", Day, index=True, doc="null: the clock of what it leads to has not started"),
    info={"retention": "pv.index"},
    sqlite_with_rowid=False,
)

orders = Table(
    "orders",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("order", LargeBinary, primary_key=True, doc="blind index of the order id"),
    Column("updated_at", Instant, nullable=False, doc="the newest version that was seen; it only grows"),
    Column("cancelled", Boolean, nullable=False, doc="final"),
    Column(
        "content",
        LargeBinary,
        doc="keyed digest of the newest permitted content; null: there was nothing to ship",
    ),
    Column("record_id", Text, doc="the record that stands for the order; it may have been erased"),
    Column("until", Day, index=True, doc="null: as the index entries of its record"),
    info={"retention": "pv.index"},
    sqlite_with_rowid=False,
)

inbox = Table(
    "inbox",
    metadata,
    Column("shop", Text, primary_key=True),
    Column(
        "body",
        LargeBinary,
        primary_key=True,
        doc="keyed digest of the raw body; one row however often it is replayed",
    ),
    Column("topic", Text, nullable=False),
    Column("webhook", LargeBinary, nullable=False, doc="keyed digest of the webhook id"),
    Column("status", Text, nullable=False, doc="middleware.model.Status"),
    Column("reason", Text),
    Column("order", LargeBinary, doc="blind index of the order id; null for a rejection"),
    Column("until", Day, nullable=False, index=True),
    info={"retention": "pv.inbox"},
    sqlite_with_rowid=False,
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("key", LargeBinary, primary_key=True, doc="keyed digest of a plug-in's Idempotency-Key"),
    Column("payload", LargeBinary, nullable=False, doc="keyed digest of the raw body"),
    Column("order", LargeBinary, nullable=False, doc="blind index of the order id"),
    Column("record_id", Text, nullable=False, doc="the record that stood for the order; it may have been erased"),
    Column("answered", Integer, doc="the status of the first answer, 201 or 202; null: the call is in hand"),
    Column("busy_until", Instant, nullable=False, doc="from then on whoever had it in hand has died"),
    Column("until", Day, nullable=False, index=True),
    info={"retention": "pv.inbox"},
    sqlite_with_rowid=False,
)

rejections = Table(
    "rejections",
    metadata,
    Column("id", Text, primary_key=True),
    Column("shop", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("faults", JSON, nullable=False, doc="[[pointer of known names, code], …]"),
    Column("order_ref", Text, doc="the order id as a compact JWE under the service key"),
    Column("order", LargeBinary, doc="blind index of the order id; null where none can be told"),
    Column("updated_at", Instant, doc="when the order was changed; null where that cannot be told"),
    Column("webhook", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", Instant, nullable=False, index=True),
    Column("seen_at", Instant, index=True, doc="when a person looked at it"),
    Column("until", Day, nullable=False, index=True),
    UniqueConstraint("shop", "body"),
    Index("ix_rejections_shop_received_at", "shop", "received_at"),
    Index("ix_rejections_shop_order", "shop", "order"),
    info={"retention": "pv.inbox"},
)

removals = Table(
    "removals",
    metadata,
    Column("id", Text, primary_key=True, doc="SHA-256 of the canonical report: each shape of order is kept once"),
    Column("removed", JSON, nullable=False, doc="[[generalised path, reason], …]"),
    Column("doubted", JSON, nullable=False, doc="[[generalised path, reason], …] of what is kept, but unclear"),
    Column("until", Day, nullable=False, doc="that of the longest-lived record that links to it"),
    info={"retention": "pv.record"},
)

lanes = Table(
    "lanes",
    metadata,
    Column("carrier", Text, primary_key=True),
    Column("paused_until", Instant, nullable=False),
    Column("code", Text, nullable=False, doc="why, from a closed list"),
)

key_generations = Table(
    "key_generations",
    metadata,
    Column("purpose", Text, primary_key=True, doc="index"),
    Column("generation", Integer, nullable=False, doc="of which what is written from now on has to be"),
    info={"ends": "never: of nobody"},
)

key_checks = Table(
    "key_checks",
    metadata,
    Column("purpose", Text, primary_key=True, doc="index or service: what middleware.keys.ServiceKeys.checks names"),
    Column("generation", Integer, primary_key=True, autoincrement=False, doc="1: the key of the first use"),
    Column("value", LargeBinary, nullable=False, info={"unchained": "of keys"}, doc="keyed check value, 32 bytes"),
    info={"ends": "never: of nobody"},
)
