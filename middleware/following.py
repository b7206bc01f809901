"""Following a parcel: the parcel platform is asked when somebody asks, its answer is told and never written or logged.

Live, because whatever is kept of a person's parcel has to end some day, and what is not kept has not
(docs/adr/0022).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from middleware.errors import DeliveryError, NotFoundError
from middleware.errors_following import (
    NotFollowedError,
    NothingToFollowError,
    NoTrackingPasswordError,
    NotToldError,
    ParcelGoneError,
    TrackingRefusedError,
)
from middleware.exchange import Failed, Gone, Impossible
from middleware.journey import Journey, Unheard
from middleware.logs import logger
from middleware.model import State
from middleware.ports import Calls, Transport
from middleware.ports_following import OWN_UNTOLD, Follower
from middleware.seats import Seats
from middleware.services import Shop
from middleware.trail import Sighting

_ENDED: Final = frozenset((State.WITHDRAWN, State.CANCELLING, State.CANCELLED))
_log = logger("following")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Watch:
    """One parcel platform: how it is asked how far a parcel is, and the way there."""

    follower: Follower
    transport: Transport


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Lookout:
    """Where parcels are followed: so many at once, that a platform that hangs never takes every thread of a process,
    and one shop never all ``places``. One is taken before the database is asked. A carrier without a watch is not
    followed.
    """

    watches: Mapping[str, Watch]
    places: Seats

    def journey(self, record_id: str, shop: Shop, calls: Calls) -> Journey:
        """How far a parcel of the shop's own is.

        Raises: NotFoundError, ParcelGoneError, NothingToFollowError, NotFollowedError, NotToldError, StorageError.
        """
        with self.places.seat(shop.settings.name) as seated:
            if not seated:
                raise NotToldError()
            record = _followed(calls.sighting(record_id), shop)
            watch = self.watches.get(record.carrier)
            if watch is None:
                raise NotFollowedError()
            return _asked(record, watch)


def _followed(record: Sighting | None, shop: Shop) -> Sighting:
    """A shop's own shipment that has a parcel. Raises: NotFoundError, ParcelGoneError, NothingToFollowError."""
    if record is None or record.shop != shop.settings.name:
        raise NotFoundError()
    if record.state in _ENDED:
        raise ParcelGoneError()
    if record.barcode is None:
        raise NothingToFollowError()
    return record


def _asked(record: Sighting, watch: Watch) -> Journey:
    asked = watch.follower.question(record)
    if isinstance(asked, Impossible):
        raise NoTrackingPasswordError() if asked.code == OWN_UNTOLD else NotFollowedError()
    answer: Journey | Unheard | Gone | Failed
    try:
        answer = watch.follower.answer(record, watch.transport.send(asked))
    except DeliveryError as problem:
        answer = Failed(code=problem.code)
    match answer:
        case Journey():
            return answer
        case Unheard():
            raise NothingToFollowError()
        case Gone():
            raise ParcelGoneError()
    _log.warning("journey_not_told", record_id=record.id, carrier=record.carrier, shop=record.shop, code=answer.code)
    if answer.alone:
        raise TrackingRefusedError()
    raise NotToldError(answer.retry_after)
