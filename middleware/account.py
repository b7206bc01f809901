"""Who asks, at a carrier that knows its customers by account and passphrase."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from schemas.order import Hidden

ACCOUNT_CHANGED: Final = "account-changed"
"""Something may be there under another account, which is not known here any more."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Account(Hidden):
    """An account. ``shared``: every shop of the carrier asks with it that has none of its own. ``tracking``: its
    password at bpost's tracking, which is issued apart; None where it is not told.
    """

    id: str
    passphrase: str
    shared: bool
    tracking: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Collecting(Hidden):
    """Where the money goes that is collected on delivery: the shop's own account at a bank."""

    iban: str
    bic: str


Collects = Callable[[str], Collecting | None]
"""Where it goes, by the shop's name; None where nothing is collected."""


def nowhere(_: str) -> None:
    """Nothing is collected."""


class Whose(Enum):
    """Whose account is asked with, where it is none of the shop's own."""

    SHARED = "shared"


Used = Account | Literal[Whose.SHARED] | None
"""With which account a shop ships: its own, or the one that the carrier's shops share. None where that is not known:
whoever then asks with another one is told that there is no such parcel, and sends it a second time.
"""

Accounts = Callable[[str], Used]
"""With which account a shop ships, by the shop's name."""
