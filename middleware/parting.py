"""What a shop leaves behind when it is given another account or carrier, or is let go: parcels that only the account
that it had can go on with. It is told, and never refused: another account may be what mends them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from middleware.errors import ParcelveilError
from middleware.model_shop import ShopState
from middleware.onboarding import Onboarding
from middleware.services import Shop

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """``gone``: it had an account of its own at its carrier and has it there no more; ``behind``: how many records
    under way cannot go on without what it had.
    """

    gone: bool = False
    behind: int = 0


_NONE: Final = Parting()


def parted(known: Onboarding, name: str, change: Callable[[], T]) -> tuple[T, Parting]:
    """What ``change`` gives, which connects the shop, sets it live or lets it go; and what it leaves behind. What was
    taken in for the account that a carrier's shops share, and was never sent, goes under that one still. Raises: as
    ``change``, and StorageError.
    """
    before = _at_work(known, name)
    done = change()
    now = _at_work(known, name)
    if before is None or before.transit is None:  # a carrier that takes what is sealed knows no accounts
        return done, _NONE
    own, carrier = _own(before), before.settings.carrier
    stays = now is not None and now.settings.carrier == carrier
    if stays and (own is None or own == _own(now)):
        return done, _NONE
    if own is None:
        known.store.keep_account(name, carrier, before.carrier.shared_account)
    behind = known.store.behind(name, carrier, own, unsent=not stays)
    return done, Parting(gone=own is not None, behind=behind)


def _at_work(known: Onboarding, name: str) -> Shop | None:
    """None for a shop that is not connected or cannot be read."""
    row = None if name in known.seeds else known.store.find(name)
    if row is None or row.state is ShopState.DISCONNECTED:
        return None
    try:
        return known.opened(row, known.clock())[0]
    except ParcelveilError:
        return None


def _own(shop: Shop | None) -> str | None:
    """The number of its own account; in test mode it ships with none."""
    account = shop.settings.account if shop and shop.settings.mode == "live" else None
    return account.id if account else None
