"""What who follows a parcel is refused with; part of the error tree of ``middleware.errors``."""

from __future__ import annotations

import math
from typing import Final

from middleware.errors import ConflictError, ParcelveilError, RequestError

LONGEST_WAIT: Final = 3_600
"""Seconds; a parcel platform may ask for more, and a caller is told no more."""


class NothingToFollowError(ConflictError):
    """The parcel platform knows of no such parcel, or not yet."""

    code = "nothing-to-follow"


class ParcelGoneError(RequestError):
    """There is no parcel any more; this shipment was cancelled, or its data have ended."""

    code = "parcel-gone"
    status = 410


class NotFollowedError(RequestError):
    """Parcels of this parcel platform, or of this shop there, are not followed here."""

    code = "not-followed"
    status = 404


class NoTrackingPasswordError(NotFollowedError):
    """The parcel went under an account of the shop itself, and is followed once its tracking password is set."""


class TrackingRefusedError(NotFollowedError):
    """The account of the shop itself is not taken with its tracking password, so the right one has to be set."""


class NotToldError(ParcelveilError):
    """The parcel platform did not tell how far the parcel is; ask again later."""

    code = "journey-unavailable"
    status = 503
    retry_after = 15

    def __init__(self, retry_after: float | None = None) -> None:
        """``retry_after`` is what the parcel platform asked for, in seconds."""
        super().__init__()
        self.retry_after = min(max(math.ceil(retry_after or 0), type(self).retry_after), LONGEST_WAIT)
