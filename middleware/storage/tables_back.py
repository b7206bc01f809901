"""The tables of what goes back to shops: who listens, what each is still to be told, and who wants no more.

As in ``tables``. The id of an order rests sealed under the service key, for the shop alone, and leaves as soon as the
shop was told.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text

from middleware.storage.tables import Day, Instant, metadata, records

listeners = Table(
    "listeners",
    metadata,
    Column("record_id", ForeignKey(records.c.id, ondelete="CASCADE"), primary_key=True),
    Column("callback", Boolean, nullable=False, doc="the shop is told by signed webhooks"),
    Column("fulfilment", Boolean, nullable=False, doc="its platform waits for the tracking number"),
    Column("known", Boolean, nullable=False, doc="a callback told the shop which order it is"),
    Column("test", Boolean, nullable=False, doc="of a shop in test mode"),
    Column(
        "order_ref", Text, doc="the order id as a compact JWE under the service key; null: no way needs it any more"
    ),
    Column("formers", Text, nullable=False, doc="records of the order before it whose number its platform may have"),
    Column("until", Day, nullable=False, index=True, doc="the last day on which the shop may be told"),
    info={"retention": "pv.inbox"},
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Text, primary_key=True, doc="the webhook's id: the same at every attempt"),
    Column("record_id", ForeignKey(listeners.c.record_id, ondelete="CASCADE"), nullable=False),
    Column("way", Text, nullable=False, doc="middleware.model_back.Way"),
    Column("kind", Text, nullable=False, doc="middleware.model_back.Kind"),
    Column("why", Text, doc="of a failure: what the record's row said then, from a closed list"),
    Column("shop", Text, nullable=False),
    Column("happened_at", Instant, nullable=False),
    Column("due", Instant, doc="when it is told next: its time, or the end of the lease; null: it was given up"),
    Column("fence", Integer, nullable=False, default=0, doc="grows with every claim"),
    Column("attempts", Integer, nullable=False, default=0, doc="attempts that failed"),
    Column("last_code", Text, doc="what the last attempt said, from a closed list"),
    Index("ix_callbacks_record_id_way", "record_id", "way"),
    info={"ends": "with its listener; sooner once it was told"},
)
Index(
    "ix_callbacks_shop_due",
    callbacks.c.shop,
    callbacks.c.due,
    sqlite_where=callbacks.c.due.is_not(None),
    postgresql_where=callbacks.c.due.is_not(None),
)

callback_stops = Table(
    "callback_stops",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("address", Text, nullable=False, doc="SHA-256 of the URL that said that it wants no more"),
    Column("at", Instant, nullable=False),
    Column("until", Day, nullable=False, doc="after it the shop is asked again"),
    info={"retention": "pv.inbox"},
)
