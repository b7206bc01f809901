"""Labels: fetched from the parcel platform when somebody asks, handed on, never written and never logged.

One is handed on as the platform gives it; of many one document is made, in the order in which they were asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from middleware.errors import BusyError, DeliveryError, Fault, NotFoundError, RequestError, SchemaError
from middleware.errors_query import QueryError, Unfit
from middleware.errors_shipping import (
    LabelElsewhereError,
    LabelGoneError,
    LabelsLackingError,
    LabelsTooLargeError,
    LabelUnavailableError,
    NoLabelError,
    UnknownShipmentsError,
)
from middleware.exchange import (
    Batch,
    Failed,
    Gone,
    Impossible,
    Label,
    Labelled,
    Lacking,
    Refused,
    Sheaf,
    Sheaves,
    Wish,
)
from middleware.gate import Gate
from middleware.model import State
from middleware.ports import Calls
from middleware.relay import Lane
from middleware.seats import Seats
from middleware.services import Shop
from middleware.trail import Sighting

DEADLINE: Final = 40.0
"""Seconds after which no further request for labels is begun."""

LATEST: Final = 60.0
"""Seconds from the beginning after which no document is joined that has not had its turn: as long as the last request
may take. Until then what waits holds its labels.
"""

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of all labels that are asked for at once."""

PLACES: Final = "/shipments"
"""Where in a request for many labels the shipments stand."""

NOT_MADE: Final = "not-made"
"""Of what the parcel platform makes no label like."""

_ASKED: Final = {"form": "format", "size": "size", "back": "with_return"}
"""How a request calls the members of a wish."""

_ENDED: Final = frozenset((State.WITHDRAWN, State.CANCELLING, State.CANCELLED))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Desk:
    """Where labels are fetched: so many at once, that a platform that hangs never takes every thread of a process, and
    one shop never all ``places``, nor all that ``many`` at once have. They are taken before the database is asked.

    ``join`` makes one document of many, None where it cannot; for it shops take turns at ``joiners``. ``ticks`` are
    seconds of a clock that nobody turns.
    """

    lanes: Mapping[str, Lane]
    places: Seats
    many: Seats
    joiners: Gate
    join: Callable[[Sequence[Sheaf]], bytes | None]
    ticks: Callable[[], float] = time.monotonic

    def label(self, record_id: str, shop: Shop, calls: Calls, wish: Wish) -> Label:
        """The label of a shop's own shipment, as it is wanted.

        Raises: NotFoundError, NoLabelError, LabelGoneError, LabelUnavailableError, StorageError; QueryError where the
        platform makes none in this form.
        """
        with self.places.seat(shop.settings.name) as seated:
            if not seated:
                raise LabelUnavailableError()
            record = _labelled(calls.sighting(record_id), shop)
            if isinstance(record, RequestError):
                raise record
            lane = self.lanes.get(record.carrier)
            if lane is None:
                raise LabelUnavailableError()
            return _fetched(record, lane, wish)

    def labels(self, ids: Sequence[str], shop: Shop, calls: Calls, wish: Wish) -> tuple[bytes, Sequence[str | None]]:
        """One PDF of the labels of a shop's own shipments in the order of ``ids``, and of each the barcode of the label
        that brings it back. All or none.

        Raises: UnknownShipmentsError, LabelsLackingError, with pointers to places in ``ids``; SchemaError where the
        platform makes none in this form; LabelsTooLargeError, LabelUnavailableError, StorageError.
        """
        with self.many.seat(shop.settings.name) as seated:
            if not seated:
                raise LabelUnavailableError()
            began = self.ticks()
            found = [_labelled(calls.sighting(record_id), shop) for record_id in ids]
            _refuse({place: one for place, one in enumerate(found) if isinstance(one, RequestError)})
            records = {place: one for place, one in enumerate(found) if isinstance(one, Sighting)}
            sheaves = self._sheaves(list(self._batches(records, shop, wish)))
            if {place for sheaf in sheaves for place in sheaf.places} != records.keys():
                raise LabelUnavailableError()
            content = self._joined(sheaves, shop.settings.name, began)
        if content is None:
            raise LabelUnavailableError()
        back = {place: barcode for sheaf in sheaves for place, barcode in sheaf.back.items()}
        return content, [back.get(place) for place in records]

    def _batches(
        self, records: Mapping[int, Sighting], shop: Shop, wish: Wish
    ) -> Iterator[tuple[Lane, Batch | Lacking]]:
        """What has to be asked, platform by platform: a shop may have moved from one to another."""
        for carrier in sorted({record.carrier for record in records.values()}):
            lane = self.lanes.get(carrier)
            if lane is None:
                raise LabelUnavailableError()
            of_it = {place: record for place, record in records.items() if record.carrier == carrier}
            batches = lane.carrier.labels(shop.settings.name, of_it, wish)
            if isinstance(batches, Impossible):
                raise SchemaError(tuple(Fault(pointer=f"/{_ASKED[name]}", code=NOT_MADE) for name in batches.clash))
            if isinstance(batches, Failed):
                raise LabelUnavailableError()
            yield from ((lane, batch) for batch in batches)

    def _joined(self, sheaves: Sequence[Sheaf], shop: str, began: float) -> bytes | None:
        """One document of all; None where none can be made of them, or the shop's turn does not come in time."""
        try:
            with self.joiners.turn(shop, shop, max(0.0, began + LATEST - self.ticks())):
                return self.join(sheaves)
        except BusyError:
            return None

    def _sheaves(self, batches: Sequence[tuple[Lane, Batch | Lacking]]) -> Sequence[Sheaf]:
        """What came of all of them; where something is lacking, the others are asked all the same, so that all is told
        at once.
        """
        until = self.ticks() + DEADLINE
        sheaves: list[Sheaf] = []
        gone: dict[int, RequestError] = {}
        for lane, batch in batches:
            if self.ticks() > until:
                raise LabelUnavailableError()
            if isinstance(batch, Lacking):
                gone |= {place: LabelElsewhereError() for place in batch.places}
                continue
            answer = _answered(lane, batch)
            if isinstance(answer, Failed):
                raise LabelUnavailableError()
            if isinstance(answer, Lacking):
                gone |= {place: LabelGoneError() for place in answer.places}
            elif not gone:
                sheaves += answer
            if sum(len(sheaf.content) for sheaf in sheaves) > LARGEST:
                raise LabelsTooLargeError()
        _refuse(gone)
        return sheaves


def _labelled(record: Sighting | None, shop: Shop) -> Sighting | RequestError:
    """A shop's own shipment that has a label, or what it is refused with."""
    if record is None or record.shop != shop.settings.name:
        return NotFoundError()
    if record.state in _ENDED:
        return LabelGoneError()
    return NoLabelError() if record.barcode is None else record


def _refuse(problems: Mapping[int, RequestError]) -> None:
    faults = tuple(Fault(pointer=f"{PLACES}/{place}", code=problems[place].code) for place in sorted(problems))
    if any(isinstance(problem, NotFoundError) for problem in problems.values()):
        raise UnknownShipmentsError(faults)
    if faults:
        raise LabelsLackingError(faults)


def _answered(lane: Lane, batch: Batch) -> Sheaves:
    try:
        return lane.carrier.sheaves(batch, lane.transport.send(batch.request))
    except DeliveryError as problem:
        return Failed(code=problem.code)


def _fetched(record: Sighting, lane: Lane, wish: Wish) -> Label:
    answer: Labelled
    asked = lane.carrier.label(record, wish)
    if isinstance(asked, Impossible):
        raise QueryError(tuple(Unfit(parameter=_ASKED[name], code=NOT_MADE) for name in asked.clash))
    try:
        answer = asked if isinstance(asked, Failed) else lane.carrier.labelled(record, wish, lane.transport.send(asked))
    except DeliveryError as problem:
        answer = Failed(code=problem.code)
    match answer:
        case Label(form=form) if form is wish.form:
            return answer
        case Gone() | Refused():
            raise LabelGoneError()
    raise LabelUnavailableError()
