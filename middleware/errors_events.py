"""What who tells an event is refused with; part of the error tree of ``middleware.errors``."""

from __future__ import annotations

from middleware.errors import ConflictError, RequestError


class OnlyTheDataSubjectError(RequestError):
    """Only the data subject's own source may raise what is permitted; a shop's token can only lower it."""

    code = "only-the-data-subject"
    status = 403


class BeforeIntakeError(ConflictError):
    """What this event concerns was taken in after its day."""

    code = "before-intake"
