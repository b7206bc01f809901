"""The protocol for what is under way under the accounts of shops at their carriers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """How many records of a shop are under way to a carrier under that account."""

    shop: str
    carrier: str
    account: str
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The carrier that a shop is at from now on, None where it is let go; and the one that it ``left``, with the number
    of the account that it shared there. What it had one of its own for, or shared none, it left with None.
    """

    to: str | None = None
    left: str | None = None
    account: str | None = None


class Accounts(Protocol):
    """What is under way. Raises: StorageError from all methods."""

    def under_way(self) -> Sequence[UnderWay]:
        """What is noted with the records of every shop that are under way."""

    def behind(self, name: str, carrier: str, account: str | None, *, unsent: bool) -> int:
        """How many records of a shop are under way to a carrier under that account, and with ``unsent`` of how many
        nothing was made under any.
        """
