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


class Accounts(Protocol):
    """What is under way. Raises: StorageError from all methods."""

    def under_way(self) -> Sequence[UnderWay]:
        """What is noted with the records of every shop that are under way."""

    def behind(self, name: str, carrier: str, account: str | None, *, unsent: bool) -> int:
        """How many records of a shop are under way to a carrier under that account, and with ``unsent`` of how many
        nothing was made under any.
        """

    def keep_account(self, name: str, carrier: str, account: str | None) -> None:
        """Of what is to go there, and was never sent, note that it goes under that account, whatever the shop has."""
