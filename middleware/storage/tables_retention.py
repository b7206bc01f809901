"""The tables of retention: what parcel platforms are told, what is held, and how the purge is doing.

As in ``tables``: every row says itself when it ends. Nothing here is of a person whose parcel it is; who asked for a
hold is named, as the operator knows them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from middleware.storage.tables import Day, Instant, metadata, parts, records

__all__ = ["NOT_DONE", "clocks", "events", "holds", "metadata", "notices", "standings", "switches", "terms", "upkeep"]

Index(
    "ix_records_clear_until",
    records.c.clear_until,
    sqlite_where=records.c.clear.is_not(None),
    postgresql_where=records.c.clear.is_not(None),
)
Index(
    "ix_records_open",
    records.c.state,
    sqlite_where=records.c.until.is_(None),
    postgresql_where=records.c.until.is_(None),
)
Index(
    "ix_parts_until",
    parts.c.until,
    sqlite_where=parts.c.ended_at.is_(None),
    postgresql_where=parts.c.ended_at.is_(None),
)

notices = Table(
    "notices",
    metadata,
    Column("record_id", Text, primary_key=True, doc="no foreign key: the record may be gone before it is told"),
    Column("part", Text, primary_key=True),
    Column("telling", Text, primary_key=True, doc="middleware.model_purge.Telling"),
    Column("carrier", Text, nullable=False, doc="the lane on which it is told"),
    Column("retention", Text, nullable=False, doc="the class of the part"),
    Column("starts", Day, doc="null: the clock has not started"),
    Column("ends", Day, doc="the last permitted day that is told"),
    Column("state", Text, nullable=False, doc="middleware.model_purge.Told"),
    Column("due", Instant, doc="when it is told next: its time, or the end of the lease; null: it has ended"),
    Column("fence", Integer, nullable=False, default=0, doc="grows with every claim"),
    Column("attempts", Integer, nullable=False, default=0, doc="attempts that failed and counted"),
    Column("last_code", Text, doc="what the last attempt said, from a closed list"),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("seen_at", Instant, doc="when a person looked at what was refused or is not possible"),
    Column("until", Day, nullable=False, doc="that of the record; of what a person has to see a while longer"),
    info={"retention": "pv.record"},
)
Index(
    "ix_notices_carrier_due",
    notices.c.carrier,
    notices.c.due,
    sqlite_where=notices.c.due.is_not(None),
    postgresql_where=notices.c.due.is_not(None),
)
Index(
    "ix_notices_until",
    notices.c.until,
    sqlite_where=notices.c.due.is_(None),
    postgresql_where=notices.c.due.is_(None),
)
NOT_DONE = notices.c.state != literal_column("'done'")
"""As its index says it: a partial index is used where its condition is said in full."""

Index("ix_notices_state", notices.c.state, notices.c.created_at, sqlite_where=NOT_DONE, postgresql_where=NOT_DONE)

holds = Table(
    "holds",
    metadata,
    Column("id", Text, primary_key=True, doc="one for all that was held at once"),
    Column("record_id", Text, primary_key=True, doc="no foreign key: a hold is remembered as long as it was to last"),
    Column("part", Text, primary_key=True),
    Column("ground", Text, nullable=False, doc="why, in the words of who asked for it"),
    Column("person", Text, nullable=False, doc="who asked for it, by the name under which this operator knows them"),
    Column("starts", Day, nullable=False),
    Column("until", Day, nullable=False, doc="the last day that it holds"),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant, doc="null: nobody ended it"),
    Column("ended_by", Text),
    Index("ix_holds_record_id_part", "record_id", "part"),
    info={"retention": "pv.record"},
)

events = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("shop", Text, nullable=False),
    Column("type", Text, nullable=False, doc="middleware.model_events.EventType"),
    Column("selected", Text, doc="record, order.id or customer.id; null: all of the shop"),
    Column("record_id", Text, doc="the record that was named; no foreign key: it may be gone before the event"),
    Column("about", Text, doc="the level or the purpose that it moves, or the part that it ends"),
    Column("day", Day, nullable=False),
    Column("by", Text, nullable=False, doc="who told it, by the name under which this operator knows them"),
    Column("at", Instant, nullable=False),
    Column("key", LargeBinary, doc="keyed digest of the call's Idempotency-Key; null: from the command line"),
    Column("payload", LargeBinary, doc="keyed digest of the call's body"),
    Column("found", Integer, nullable=False, doc="records that it concerns"),
    Column("parts", Integer, nullable=False, doc="parts that got new dates"),
    Column("early", Integer, nullable=False, doc="records that were taken in after its day"),
    Column("records", JSON, nullable=False, doc="the first of the records that changed"),
    Column("ways", JSON, nullable=False, doc="the ways that the policy names for what came by another"),
    Column("until", Day, nullable=False, index=True, doc="that of the longest-lived part that it moved"),
    UniqueConstraint("shop", "key"),
    Index("ix_events_shop_at", "shop", "at"),
    info={"retention": "pv.event"},
)

standings = Table(
    "standings",
    metadata,
    Column("shop", Text, primary_key=True),
    Column(
        "customer",
        LargeBinary,
        primary_key=True,
        doc="blind index of customer.id; empty: who uses the shop's label module",
    ),
    Column("until", Day, nullable=False, index=True, doc="remembered so long at least, and while it has records"),
    info={"retention": "pv.record"},
)
"""Of whom something is known that decides what may be done with their data: the user of a shop's label module, or one
contact or customer of a shop.
"""

_FOLLOWS: Final = {"unchained": "it follows its standing, by its foreign key"}


def _of_a_standing() -> tuple[Column[str], Column[bytes], ForeignKeyConstraint]:
    """What says whose it is; it goes where its standing goes."""
    shop = Column("shop", Text, primary_key=True)
    customer = Column("customer", LargeBinary, primary_key=True, info=_FOLLOWS, doc="as there")
    key = (standings.c.shop, standings.c.customer)
    return shop, customer, ForeignKeyConstraint((shop, customer), key, ondelete="CASCADE", onupdate="CASCADE")


terms = Table(
    "terms",
    metadata,
    *_of_a_standing(),
    Column("retention", Text, primary_key=True, doc="the class"),
    Column("starts", Day, doc="the last use, or the first; null: none is known"),
    Column("until", Day, doc="the last permitted day of its purpose; null: as long as the use lasts"),
    Column("restricted_at", Instant, doc="since when what is kept serves legal claims alone; null: it is not over"),
    Column("restricted_by", Text, doc="middleware.model_standing.Ended"),
)
Index(
    "ix_terms_until",
    terms.c.until,
    sqlite_where=terms.c.restricted_at.is_(None),
    postgresql_where=terms.c.restricted_at.is_(None),
)

switches = Table(
    "switches",
    metadata,
    *_of_a_standing(),
    Column("kind", Text, primary_key=True, doc="middleware.model_standing.Switched"),
    Column("name", Text, primary_key=True, doc="the level or the purpose"),
    Column("on", Boolean, nullable=False, doc="what was said last"),
    Column("verb", Text, nullable=False, doc="in the word of the pack, whatever it was called"),
    Column("way", Text, doc="by which it came; null: nobody told"),
    Column("day", Day, nullable=False, doc="on which it was said"),
    Column("heard_at", Instant, nullable=False),
    Column("by", Text, nullable=False, doc="who told it, by the name under which this operator knows them"),
)

upkeep = Table(
    "upkeep",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, doc="1: the only row"),
    Column("fence", BigInteger, nullable=False, doc="grows with every run of the purge"),
    Column("leased_until", Instant, doc="until then one process has it; null: nobody"),
    Column("last_run", Instant, doc="when a run last came to its end"),
    Column("newest", Instant, doc="the latest time that was seen and believed"),
    info={"ends": "never: it tells of the service alone"},
)

clocks = Table(
    "clocks",
    metadata,
    Column("boot", Text, primary_key=True, doc="the id of a machine's boot"),
    Column("wall", Instant, nullable=False, doc="what its clock said"),
    Column("since", BigInteger, doc="when it had been running for so many microseconds; null: it cannot tell"),
    Column("seen_at", Instant, nullable=False, doc="when it was last heard of"),
    Column("refused_at", Instant, doc="since when its clock is not believed; null: it is"),
    info={"ends": "thirty days after that boot was last heard of"},
)
