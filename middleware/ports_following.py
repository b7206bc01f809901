"""The protocol between following a parcel and the parcel platform that tells of it."""

from __future__ import annotations

from typing import Final, Protocol

from middleware.exchange import Failed, Gone, Impossible, Request, Response
from middleware.journey import Journey, Unheard
from middleware.trail import Sighting

OWN_UNTOLD: Final = "no-tracking-password"
"""The code of ``Impossible``: the parcel has the shop's own account, and with which password to ask was not told."""


class Follower(Protocol):
    """Who tells how far a parcel is: a question without I/O, and what its answer means."""

    def question(self, record: Sighting) -> Request | Impossible:
        """The question for a parcel that has a barcode. ``Impossible``: nobody may ask for this one here."""

    def answer(self, record: Sighting, response: Response) -> Journey | Unheard | Gone | Failed:
        """What came back. Of all that a parcel platform may tell, ``Journey`` has room for no more than its way."""
