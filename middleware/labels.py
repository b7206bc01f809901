"""Labels: fetched from the parcel platform when somebody asks, handed on, never written and never logged."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from middleware.errors import DeliveryError, NotFoundError, QueryError
from middleware.errors_shipping import LabelGoneError, LabelUnavailableError, NoLabelError
from middleware.exchange import Failed, Gone, Impossible, Label, Refused, Wish
from middleware.model import State
from middleware.ports import Calls
from middleware.relay import Lane
from middleware.services import Shop
from middleware.trail import Sighting

_ENDED: Final = frozenset((State.WITHDRAWN, State.CANCELLING, State.CANCELLED))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Desk:
    """Where labels are fetched: so many at once, that a platform that hangs never takes every thread of a process."""

    lanes: Mapping[str, Lane]
    places: threading.Semaphore

    def label(self, record_id: str, shop: Shop, calls: Calls, wish: Wish) -> Label:
        """The label of a shop's own shipment, as it is wanted.

        Raises: NotFoundError, NoLabelError, LabelGoneError, LabelUnavailableError, StorageError; QueryError where the
        platform makes none in this form.
        """
        record = calls.sighting(record_id)
        if record is None or record.shop != shop.settings.name:
            raise NotFoundError()
        if record.state in _ENDED:
            raise LabelGoneError()
        if record.barcode is None:
            raise NoLabelError()
        lane = self.lanes.get(record.carrier)
        if lane is None or not self.places.acquire(blocking=False):
            raise LabelUnavailableError()
        try:
            return _fetched(record, lane, wish)
        finally:
            self.places.release()


def _fetched(record: Sighting, lane: Lane, wish: Wish) -> Label:
    answer: Label | Gone | Refused | Failed
    asked = lane.carrier.label(record, wish)
    if isinstance(asked, Impossible):
        raise QueryError()
    try:
        answer = asked if isinstance(asked, Failed) else lane.carrier.labelled(lane.transport.send(asked))
    except DeliveryError as problem:
        answer = Failed(code=problem.code)
    match answer:
        case Label(form=form) if form is wish.form:
            return answer
        case Gone() | Refused():
            raise LabelGoneError()
    raise LabelUnavailableError()
