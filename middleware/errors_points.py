"""What who asks for pick-up points is refused with; part of the error tree of ``middleware.errors``."""

from __future__ import annotations

from middleware.errors import ParcelveilError, RequestError


class TooOftenError(RequestError):
    """This credential asks too often; ask again in a moment."""

    code = "too-often"
    status = 429

    def __init__(self, retry_after: int) -> None:
        """``retry_after`` is in seconds."""
        super().__init__()
        self.retry_after = retry_after


class NoPointsError(ParcelveilError):
    """No pick-up points are known yet; ask again later."""

    code = "no-points"
    status = 503
    retry_after = 60
