"""What a change of a shop's settings means for the account with which it ships."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from middleware.errors import ParcelveilError, StorageError
from middleware.model_shop import ShopRow, ShopState
from middleware.ports_accounts import Move
from middleware.services import Shop

Opened = Callable[[ShopRow, datetime], tuple[Shop, datetime | None]]
"""``Onboarding.opened``."""


def working(row: ShopRow | None, opened: Opened, now: datetime) -> Shop | None:
    """A row's shop at work; None for one that is not connected, or cannot be read. Raises: StorageError."""
    if row is None or row.state is ShopState.DISCONNECTED:
        return None
    try:
        return opened(row, now)[0]
    except StorageError:
        raise  # whoever takes it for one that cannot be read forgets with what it shipped
    except ParcelveilError:
        return None


def own(shop: Shop | None) -> str | None:
    """The number of its own account; in test mode it ships with none."""
    account = shop.settings.account if shop and shop.settings.mode == "live" else None
    return account.id if account else None


def stays(before: Shop, now: Shop | None) -> bool:
    """Whether it is at the carrier where it was."""
    return now is not None and now.settings.carrier == before.settings.carrier


def move(before: Shop | None, now: Shop | None) -> Move:
    """Where it goes, and the shared account under which it leaves a carrier: none of a shop that was not connected,
    could not be read or had one of its own, nor at a carrier without ``transit``, which knows no accounts.
    """
    to = now.settings.carrier if now else None
    if before is None or before.transit is None or stays(before, now) or own(before) is not None:
        return Move(to=to)
    return Move(to=to, left=before.settings.carrier, account=before.carrier.shared_account)
