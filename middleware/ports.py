"""The protocols between the steps and the world. Use-cases know these; ``bootstrap`` chooses what is behind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from middleware.exchange import (
    Batch,
    Batched,
    Delivered,
    Failed,
    Labelled,
    Outcome,
    PickupPoint,
    Request,
    Response,
    Sheaves,
    Sought,
    Wish,
)
from middleware.model import (
    Answer,
    Arrival,
    Delivery,
    Record,
    Rejection,
    RemovalReport,
    State,
    Stored,
)
from middleware.model_events import Selector
from middleware.model_keys import AuditEntry, KeptCopy, Sealing
from middleware.model_shipping import Attempt, Known
from middleware.model_shop import Ended, Integration, ShopRow
from middleware.ports_accounts import Accounts, Move
from middleware.trail import Asked, Sighting, Summary, Trail
from schemas.order import Order


class Clock(Protocol):
    """Tells the time: an aware ``datetime`` in UTC."""

    def __call__(self) -> datetime: ...


class Published(Protocol):
    """Pick-up points as they are known at one moment."""

    @property
    def fetched_at(self) -> datetime | None:
        """When they were told; None as long as they never were."""

    @property
    def points(self) -> Mapping[str, PickupPoint]:
        """The points by id."""

    @property
    def unfit(self) -> int:
        """How many were told beside them that no order can name."""


class Places(Protocol):
    """Where the pick-up points of a carrier are known. Raises: ConfigError from all of them."""

    def known(self) -> Published:
        """What is known now, perhaps nothing."""

    def points(self) -> Mapping[str, PickupPoint]:
        """The points by id. Raises: UnknownKeyError as long as they were never told."""


class Carrier(Protocol):
    """Who receives: a pure check and mapping, and a conversation without I/O."""

    @property
    def sealing(self) -> Sealing:
        """For whom parts are sealed. With ``TRANSIT`` a record that is to be sent is handed over ``opened``."""

    @property
    def shared_account(self) -> str | None:
        """The account of all shops that have none of their own; None where there is none, or none is known."""

    def choose(self, order: Order, line: str | None, usual: Delivery) -> tuple[Order, Delivery]:
        """The order with the product that goes, and what that needs to tell who receives. ``line``: what the shop's
        settings say of its shipping line; ``usual``: what they say where no product does. Raises: SchemaError, with
        pointers into the canonical order.
        """

    def fit(self, order: Order, points: Mapping[str, PickupPoint]) -> Order:
        """Raises: SchemaError for what cannot be shipped, with pointers into the canonical order."""

    def under(self, stored: Stored) -> tuple[Carrier, str | None] | Failed:
        """The carrier for one conversation about the record, and the account that it goes under, whatever becomes of
        the shop meanwhile: the one that is noted with it, else the one in force; None where the carrier knows none.
        """

    def openly(self, order: Order) -> Sequence[str]:
        """What it is told of an order that fits without a key, by its own names and without any value."""

    def start(self, stored: Stored) -> Request | Outcome:
        """The request that makes the shipment, or cancels it where the record is ``cancelling``; or what hinders it."""

    def after(self, stored: Stored, asked: Request, response: Response) -> Request | Outcome:
        """What the answer means, or what is to be asked next."""

    def label(self, record: Sighting, wish: Wish) -> Sought:
        """The request for a shipment's label."""

    def labelled(self, record: Sighting, wish: Wish, response: Response) -> Labelled:
        """What the answer to it means. Where it tells whose label it is, no other shipment's is handed on."""

    def labels(self, shop: str, records: Mapping[int, Sighting], wish: Wish) -> Batched:
        """The requests for the labels of many shipments of a shop, by their places in the list that was asked for."""

    def sheaves(self, batch: Batch, response: Response) -> Sheaves:
        """What the answer to one of them means."""


class Store(Protocol):
    """Where records rest. Every method is one transaction. Raises: StorageError from all of them."""

    def seen(self, shop: str, topic: str, webhook: bytes, body: bytes) -> Answer | None:
        """The answer to a body that was judged before, as a duplicate, whatever its headers; one that was rejected is
        known again by its webhook only. None if it is new.
        """

    def accept(self, arrival: Arrival, record: Record | None) -> Answer:
        """Judge a version of an order against what stands (``core.lifecycle.decide``) and carry the verdict out.

        ``record`` is None where ``arrival.halt`` says why there is nothing to ship. The record and its outbox entry
        are one row.
        """

    def reject(self, rejection: Rejection) -> Answer:
        """Keep the rejection; what stands for its order is out of date, and is withdrawn or flagged."""

    def kept(self, shop: str, body: bytes) -> bool:
        """Whether this very body is kept as a rejection, under whatever webhook it came."""

    def rate(self, shop: str, since: datetime) -> tuple[int, int]:
        """(rejections that nobody has seen, records made) of a shop since then."""

    def waiting(self, shop: str, most: int) -> int:
        """How many records of a shop wait to be sent or are being sent; counted no further than ``most``."""

    def see(self, ids: Sequence[str], now: datetime) -> int:
        """A person has looked at these rejections. How many were new."""

    def see_changed(self, ids: Sequence[str], now: datetime) -> int:
        """A person has looked at what is flagged of these records. How many were new. A later change flags anew."""

    def due(self, now: datetime, without: Collection[str] = ()) -> Sequence[str]:
        """The shops that have something due on a lane that is not paused, nor one of those."""

    def claim(self, now: datetime, lease_seconds: float, shop: str, without: Collection[str] = ()) -> Stored | None:
        """Lease the shop's oldest due record of such a lane: its first claim freezes it, its fence grows with each
        claim. One that its order no longer wants is claimed to be cancelled.
        """

    def delivered(self, stored: Stored, outcome: Delivered, now: datetime) -> bool:
        """Settle; the sealed parts leave at once. What the order no longer wants goes on to be cancelled. False if the
        lease was lost (another relay owns the record).
        """

    def opening(self, stored: Stored, entry: AuditEntry, account: str | None) -> bool:
        """Write down, durably, that its parts are about to be opened, and under which account it goes. False if the
        lease was lost: nothing is written, and nobody may open them.
        """

    def retry(self, stored: Stored, at: datetime, code: str, *, counted: bool) -> bool:
        """It goes again then. Here and in ``bury`` ``stored.account`` is noted, or None is."""

    def bury(self, stored: Stored, state: State, code: str, now: datetime) -> bool:
        """End as a dead letter or in quarantine; the sealed parts stay until a person decides or their time ends. What
        the order no longer wants goes on to be cancelled, unless it is that which failed.
        """

    def gone(self, stored: Stored, now: datetime) -> bool:
        """Settle a cancellation: the parts leave, and the record that was held for it may go."""

    def too_late(self, stored: Stored, now: datetime, barcode: str | None = None) -> bool:
        """Settle a cancellation that came too late: the record is flagged, the one that was held for it withdrawn.
        ``barcode`` is kept where none is known.
        """

    def strand(self, now: datetime) -> Sequence[tuple[str, str]]:
        """Quarantine what is held behind a record that is not there: (id, carrier) of each. A person has to look at
        what the parcel platform holds; ``revive`` lets it go then.
        """

    def revive(self, record_id: str, now: datetime, *, released: bool = False) -> bool:
        """Let a dead letter go again: the same bytes under the same key, and ``released`` under the account that is in
        force; or a held record whose predecessor is in quarantine, and so will never be cancelled. False for what is
        neither, has nothing left to send, or is over.
        """

    def pause_lane(self, carrier: str, until: datetime, code: str) -> None: ...

    def paused_lanes(self, now: datetime) -> Mapping[str, str]: ...

    def reopen(self, now: datetime) -> Mapping[str, str]:
        """End every pause, as whoever starts the service may have mended what it was for. Carrier → code of each."""

    def list(
        self, states: Sequence[State], shop: str | None, limit: int, *, changed: bool = False
    ) -> Sequence[Summary]:
        """Records, the newest first; with ``changed`` only those that are flagged and at which no person looked."""

    def show(self, record_id: str) -> Summary | None: ...

    def removal(self, report_id: str) -> RemovalReport | None: ...

    def rejections(self, shop: str | None, limit: int) -> Sequence[Rejection]: ...

    def counts(self) -> Mapping[str, int]:
        """Records per state, ``oldest_due`` in seconds since the epoch (0 if none waits), ``unseen`` rejections, and
        records that ``changed`` after delivery and at which nobody looked.
        """

    def ping(self) -> None: ...

    def check(self) -> Iterator[tuple[str, bool, str]]:
        """What ``doctor`` wants to know: (name, is well, what is the matter and the remedy)."""

    def close(self) -> None: ...


class Finder(Protocol):
    """Where somebody looks for a parcel. One transaction. Raises: StorageError."""

    def find(self, asked: Asked) -> Sequence[Trail]:
        """All that is known of every order that ``asked`` leads to, the newest first."""


class Calls(Protocol):
    """What a plug-in's calls need of the store. Every method is one transaction. Raises: StorageError from all."""

    def known(self, shop: str, key: bytes) -> Known | None:
        """What is known of the call under the key of that digest; None if it is new."""

    def ship(self, arrival: Arrival, record: Record, attempt: Attempt) -> Answer | Known | None:
        """Judge a version as ``Store.accept`` does, and remember the call in the same transaction; a call without an
        effect is not remembered. ``Known`` of one that somebody else brought meanwhile, None if that has ended since.
        """

    def take_over(self, attempt: Attempt, now: datetime) -> bool:
        """Have a call in hand that was not answered in time. False while somebody has it."""

    def answered(self, attempt: Attempt, status: int) -> int:
        """Keep the status of the first answer to a call, and tell which that is."""

    def cancel(self, shop: str, record_id: str, now: datetime, until: date) -> Sighting | None:
        """Cancel the order for which the shop's record stands; what has become of the record by then. None if the shop
        has no such record. ``until`` is how long the cancellation is remembered at least. Raises: HeldError where a
        legal hold keeps what the parcel platform has of it; then nothing is changed.
        """

    def blocked(self, shop: str, selector: Selector) -> Sequence[tuple[str, str]]:
        """(record id, receipt) of the shop's records of that order, or of that id, which wait for a declaration."""

    def sighting(self, record_id: str) -> Sighting | None:
        """The record as it is now."""


class Storage(Store, Finder, Calls, Protocol):
    """What a database offers to all."""


class Integrations(Protocol):
    """Which requests to integrate have ended. Raises: StorageError from all methods."""

    def ended(self, domain: bytes) -> Sequence[Ended]:
        """The requests of that domain (keyed digest) that have ended."""

    def end(self, shop: str, integration: Integration, word: bytes, now: datetime) -> int | None:
        """End it for good, and stop what waits under it. How many records that were; None where ``word``, the keyed
        digest of what the app told, was heard before, whichever request it ended then.
        """


class ShopStore(Integrations, Accounts, Protocol):
    """Where shops rest that are no part of the configuration. Raises: StorageError from all methods."""

    def newest(self) -> int:
        """The newest version of any shop; 0 where there was never one."""

    def changed(self, since: int, limit: int) -> Sequence[ShopRow]:
        """The shops whose version is higher, at most so many, in the order of their versions."""

    def find(self, name: str) -> ShopRow | None: ...

    def restricted(self, name: str) -> Sequence[str]:
        """The classes of the data of a shop's user that serve legal claims alone."""

    def put(self, row: ShopRow, secrets: Sequence[bytes], expected: int, move: Move | None = None) -> ShopRow:
        """Store a shop under the next version, with the keyed digests of its own secrets. In the same transaction the
        account that it shared where it left is noted, and forgotten of where it is now.

        ``expected`` is the version that was read before, 0 for a shop that is not there yet. Raises:
        ChangedMeanwhileError, DomainTakenError, SecretTakenError.
        """

    def close(self) -> None: ...


class Copies(Protocol):
    """Where sealed copies rest that stay after delivery. ``first`` is the first day of the month that has begun: what
    ends before it need not outlive its key. Raises: StorageError from all methods.
    """

    def kids(self) -> Mapping[str, int]:
        """How many copies are sealed to each key."""

    def living(self, kid: str, first: date, limit: int, after: KeptCopy | None = None) -> Sequence[KeptCopy]:
        """Copies sealed to that key that end on ``first`` or later, or whose clock has not started: a page of them, in
        one order, which begins behind ``after``.
        """

    def resealed(self, before: Sequence[KeptCopy], after: Sequence[KeptCopy]) -> int:
        """Put the new in the place of the old, where the old still is. How many were."""

    def note(self, entry: AuditEntry, first: date) -> int:
        """Write the entry, unless copies that live are sealed to the key that it speaks of. How many do."""

    def noted(self, subject: str) -> Sequence[AuditEntry]:
        """What the log tells of a key, the oldest first."""

    def close(self) -> None: ...


class Ring(Protocol):
    """Opens what was sealed to a key of ours; where that key lies, and whether it can leave that place, is its own
    matter.
    """

    def open(self, copy: KeptCopy) -> bytes:
        """The padded plaintext. Raises: UnknownKeyError without its key; TamperedError, whatever else is wrong;
        ConfigError.
        """


class Transport(Protocol):
    """The only opener of outgoing connections: one origin, no redirects, a capped answer."""

    def send(self, request: Request) -> Response:
        """Raises: TransientDeliveryError when no whole answer came; PermanentDeliveryError when egress is blocked."""
