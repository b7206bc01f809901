"""The tables of shops: those that were connected in the database, and which requests to integrate have ended."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Table, Text

from middleware.storage.tables import Instant, metadata

_OF_SHOPS: Final = {
    "unchained": "every process holds it in memory, made with the first index key; it is of a shop, whose name stands "
    "in the clear beside it, or of its secret, which nobody can guess"
}

shops = Table(
    "shops",
    metadata,
    Column("name", Text, primary_key=True, doc="stays when the shop is disconnected: keyed digests hang on it"),
    Column(
        "domain",
        LargeBinary,
        unique=True,
        doc="keyed digest of its domain, 32 bytes; null: disconnected",
        info=_OF_SHOPS,
    ),
    Column("sealed", Text, doc="settings, sender and secrets: compact JWE under the service key; null: disconnected"),
    Column("state", Text, nullable=False, doc="middleware.model_shop.ShopState"),
    Column("version", BigInteger, nullable=False, unique=True, doc="grows with every change of any shop"),
    Column("updated_at", Instant, nullable=False),
    info={"ends": "when the shop is disconnected"},
)

shop_secrets = Table(
    "shop_secrets",
    metadata,
    Column(
        "digest",
        LargeBinary,
        primary_key=True,
        doc="keyed digest of a shop's own secret, 32 bytes: no two alike",
        info=_OF_SHOPS,
    ),
    Column("shop", ForeignKey(shops.c.name, ondelete="CASCADE"), nullable=False, index=True),
    info={"ends": "when the shop is disconnected"},
)

shop_accounts = Table(
    "shop_accounts",
    metadata,
    Column("shop", ForeignKey(shops.c.name, ondelete="CASCADE"), primary_key=True),
    Column("carrier", Text, primary_key=True, doc="one that the shop has left"),
    Column("account", Text, nullable=False, doc="that it shared there: what is left and was never sent goes under it"),
    Column("left_at", Instant, nullable=False, doc="what was taken in more than a minute later is none of it"),
    info={"ends": "when the shop is at that carrier again"},
)

shop_changes = Table(
    "shop_changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, doc="1: the only row"),
    Column("version", BigInteger, nullable=False, doc="the newest version of any shop; who changes one locks this row"),
    info={"ends": "never: a number"},
)

integrations = Table(
    "integrations",
    metadata,
    Column("domain", LargeBinary, primary_key=True, doc="keyed digest of the shop's domain, 32 bytes", info=_OF_SHOPS),
    Column(
        "word",
        LargeBinary,
        primary_key=True,
        doc="keyed digest of the body that told it: one row per body",
        info=_OF_SHOPS,
    ),
    Column(
        "request",
        LargeBinary,
        nullable=False,
        index=True,
        doc="keyed digest of the request that ended, 32 bytes",
        info=_OF_SHOPS,
    ),
    Column("shop", Text, nullable=False),
    Column("ended_at", Instant, nullable=False),
    info={"ends": "never: that a request has ended, and digests out of which nothing can be told"},
)
