"""Under which accounts records are under way, in the transaction that is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, false, func, or_, select

from middleware.model import State
from middleware.ports_accounts import Move, UnderWay
from middleware.storage.database import Upserts
from middleware.storage.tables import records
from middleware.storage.tables_shops import shop_accounts

LATE: Final = timedelta(minutes=1)
"""For so long after a shop has left other processes may take in for it what it was; they hear of it within seconds."""

_LIVE: Final = records.c.state.in_(  # what is held or blocked is never due, and goes all the same
    (State.WAITING, State.BLOCKED, State.HELD, State.CLAIMED, State.CANCELLING)
)
_NOTED: Final = (records.c.shop, records.c.carrier, records.c.account)
_THERE: Final = (
    shop_accounts.c.shop == bindparam("this_shop"),
    shop_accounts.c.carrier == bindparam("this_carrier", type_=shop_accounts.c.carrier.type),
)
_FORGET: Final = delete(shop_accounts).where(*_THERE)
_SHARED: Final = select(shop_accounts.c.account).where(
    *_THERE, shop_accounts.c.left_at >= bindparam("since", type_=shop_accounts.c.left_at.type)
)
_UNDER_WAY: Final = (
    select(*_NOTED, func.count().label("records"))
    .where(_LIVE, records.c.account.is_not(None))
    .group_by(*_NOTED)
    .order_by(*_NOTED)
)


def under_way(connection: Connection) -> Sequence[UnderWay]:
    """What is noted with the records of every shop that are under way."""
    return [
        UnderWay(shop=row.shop, carrier=row.carrier, account=str(row.account), records=row.records)
        for row in connection.execute(_UNDER_WAY).all()
    ]


def behind(connection: Connection, shop: str, carrier: str, account: str | None, *, unsent: bool) -> int:
    """How many records go there under that account, and with ``unsent`` of how many nothing was made under any."""
    under = records.c.account == account if account is not None else false()
    wanted = or_(under, records.c.account.is_(None)) if unsent else under
    counted = select(func.count()).where(_LIVE, records.c.shop == shop, records.c.carrier == carrier, wanted)
    return connection.execute(counted).scalar_one()


def moved(connection: Connection, upserts: Upserts, shop: str, move: Move, now: datetime) -> None:
    """Note the account that the shop shared where it left; where it is now, its settings say it."""
    connection.execute(_FORGET, {"this_shop": shop, "this_carrier": move.to})
    if move.left is not None and move.account is not None:
        row = {"shop": shop, "carrier": move.left, "account": move.account, "left_at": now}
        connection.execute(upserts.put[shop_accounts], row)


def shared(connection: Connection, shop: str, carrier: str, taken: datetime) -> str | None:
    """The account that a shop shared at a carrier that it has left, of what was taken in by then."""
    asked = {"this_shop": shop, "this_carrier": carrier, "since": taken - LATE}
    account: str | None = connection.execute(_SHARED, asked).scalar_one_or_none()
    return account
