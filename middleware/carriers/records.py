"""What is no parcel, at the parcel platform: where each kind of record is found there, and how one is taken back.

The contract names no cancellation for these: to take one back is to have all of its parts erased there. Of an id that
the platform has never heard it makes a tombstone then, so that nothing of ours that was lost on its way arrives late.
"""

from __future__ import annotations

from typing import Final

from middleware.exchange import Gone, Request
from middleware.model import Stored

KINDS: Final = frozenset(("maxiresponse", "mystamp"))
"""The first words of the parts that are of no parcel."""

SHIPMENTS: Final = "/shipments"

_ERASED: Final = (204, 410)


def home(part: str) -> str:
    """Where the records that have such a part are found."""
    kind = part.partition(".")[0]
    return f"/records/{kind}" if kind in KINDS else SHIPMENTS


def home_of(stored: Stored) -> str:
    """Where this record is found."""
    return home(stored.parts[0].name) if stored.parts else SHIPMENTS


def erasure(stored: Stored, position: int = 0) -> Request:
    """The request to erase one of its parts."""
    path = f"{home_of(stored)}/{stored.id}/parts/{stored.parts[position].name}"
    return Request(method="DELETE", path=path, headers={"Accept": "application/json"}, body=None)


def erased(stored: Stored, asked: Request, status: int) -> Request | Gone | None:
    """What comes after an erasure that was answered so: the next part's, or the end; None if it did not succeed."""
    if status not in _ERASED:
        return None
    names = [part.name for part in stored.parts]
    following = names.index(asked.path.rpartition("/")[2]) + 1
    return erasure(stored, following) if following < len(names) else Gone()
