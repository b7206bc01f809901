"""Under which accounts records are under way, in the transaction that is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, false, func, or_, select, update

from middleware.model import State
from middleware.ports_accounts import UnderWay
from middleware.storage.tables import records

_TO_GO: Final = (State.WAITING, State.CLAIMED, State.HELD, State.BLOCKED)
_LIVE: Final = records.c.due.is_not(None)  # said in full: a partial index is used where its condition is said
_NOTED: Final = (records.c.shop, records.c.carrier, records.c.account)
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


def keep_account(connection: Connection, shop: str, carrier: str, account: str | None) -> None:
    """Note that account with what is to go there and was never sent."""
    unsent = (records.c.shop == shop, records.c.carrier == carrier, records.c.account.is_(None))
    connection.execute(update(records).where(*unsent, records.c.state.in_(_TO_GO)).values(account=account))
