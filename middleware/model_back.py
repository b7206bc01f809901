"""What goes back to a shop: where, of whom, and what of it waits. Off unless the shop asks for it.

Nothing of a person is in any of it: the shop's own id of its order goes back to the shop alone, and rests sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from schemas.order import Hidden

LEASE_SECONDS: Final = 300.0
"""How long what a shop is told is leased: longer than the longest conversation."""


class Way(StrEnum):
    """How a shop is told."""

    CALLBACK = "callback"  # a signed webhook to an address of its own
    FULFILMENT = "fulfilment"  # the tracking number of its order, at the shop's platform


class Kind(StrEnum):
    """What a shop is told of a shipment: the ``type`` of a callback."""

    CREATED = "shipment.created"
    CANCELLED = "shipment.cancelled"
    FAILED = "shipment.failed"  # it will not be sent unless a person takes care of it
    CHANGED = "shipment.changed_after_delivery"  # the order changed when the parcel could be stopped no more


STATES: Final = {
    Kind.CREATED: "created",
    Kind.CANCELLED: "cancelled",
    Kind.FAILED: "failed",
    Kind.CHANGED: "handed_over",
}
"""What has become of the shipment, as each of them tells it."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Callback(Hidden):
    """``[shops.<name>.callback]``: an https URL, and one or two keys (bytes) that sign."""

    url: str
    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Fulfilment(Hidden):
    """``[shops.<name>.fulfilment]``: the access token of the shop's Admin API; ``url`` takes the place of the shop's
    own domain for a simulated one.
    """

    token: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Back(Hidden):
    """How one shop is told; by nothing unless it asks."""

    callback: Callback | None = None
    fulfilment: Fulfilment | None = None


SILENT: Final = Back()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """That a shop is told of a record, and the id of its order under the service key: compact JWE, bound to the record.
    ``until`` is the last day on which it may be told.
    """

    callback: bool
    fulfilment: bool
    test: bool
    order_ref: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that a shop is to be told, under a lease: ``fence`` is the lease's. ``id`` stays the same however often
    it is told. ``formers``, for a fulfilment: the barcodes of the shipments of that order in whose place this one came;
    where ``kind`` says that it is cancelled, those that are to be taken back.
    """

    id: str
    record_id: str
    shop: str
    way: Way
    kind: Kind
    happened_at: datetime
    test: bool
    reference: str
    barcode: str | None
    formers: frozenset[str]
    order_ref: str | None
    attempts: int
    fence: int
    why: str | None = None  # of a failure, as the row has it: what may be told of it is said by ``schemas.failure``


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """What a shop has not heard of: it waits, rests as the shop wants no more, or ``failed``: given up for ``code``.
    Words as the row has them, whoever wrote it.
    """

    id: str
    record_id: str
    shop: str
    way: str
    kind: str
    happened_at: datetime
    failed: bool
    attempts: int
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A shop that said that it will be told nothing more (HTTP 410): ``address`` is the SHA-256 of the URL that said
    so. Another URL, or a person, takes it up again; after ``until`` it is asked again.
    """

    shop: str
    address: str
    at: datetime
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The shop has heard it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The shop wants to hear nothing more: ``address`` is the SHA-256 of the URL that said so."""

    code: str
    address: str
