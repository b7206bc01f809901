"""What a shop leaves behind when it is given another account or carrier, or is let go: parcels that only the account
that it had can go on with. It is told, and never refused: another account may be what mends them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from middleware.moving import own, stays, working
from middleware.onboarding import Onboarding

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
    """What ``change`` gives, which connects the shop, sets it live or lets it go; and what it leaves behind: not what
    was taken in for the account that a carrier's shops share, which ``change`` notes (``moving``). Raises: as
    ``change``, and StorageError.
    """
    before = working(known.store.find(name), known.opened, known.clock())
    done = change()
    if before is None or before.transit is None:  # a carrier that takes what is sealed knows no accounts
        return done, _NONE
    now = working(known.store.find(name), known.opened, known.clock())
    had, stay = own(before), stays(before, now)
    if had in (None, own(now)) if stay else had is None and before.carrier.shared_account is not None:
        return done, _NONE
    behind = known.store.behind(name, before.settings.carrier, had, unsent=not stay)
    return done, Parting(gone=had is not None, behind=behind)
