"""The protocols between retention and the world: what ends, what parcel platforms are told, what is held."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from middleware.exchange import Heard, Request, Response
from middleware.model_events import Clock, Cut, Event, Recorded, Release
from middleware.model_keys import AuditEntry
from middleware.model_purge import Boot, Held, Hold, Kind, Notice, PartKey, Told, Upkeep
from middleware.model_standing import Shift, Standing
from middleware.trail import Awaited, Place


class Purging(Protocol):
    """How what has ended leaves. Raises: StorageError from all methods."""

    def ended(self, day: date, most: int) -> Mapping[Kind, int]:
        """How much of each kind had its last permitted day before ``day``, and is there still; at most so many."""

    def begin(self, now: datetime, boot: Boot) -> int | None:
        """Lease the purge: its fence, None if another process has it. Raises: ClockJumpedError, which is noted."""

    def unreadable(self, day: date, now: datetime, most: int, without: Collection[PartKey]) -> Collection[PartKey]:
        """Parts that cannot be read, of the ``most`` that are taken next but for ``without``, and of as many whose day
        is none, so that they never end.
        """

    def purge(
        self, kind: Kind, day: date, now: datetime, limit: int, fence: int, without: Collection[PartKey] = ()
    ) -> int:
        """Take at most ``limit`` rows of what ended before ``day``, but for the parts ``without``: how many there were.
        One transaction, which makes the lease last from ``now`` on. A record that a relay has in hand then keeps its
        parts until it is settled; one that lost a part goes out no more. Raises: LeaseLostError.
        """

    def finish(self, fence: int, now: datetime) -> None:
        """Give the lease back: the purge has come to its end."""

    def accept(self, now: datetime, boot: Boot) -> None:
        """The clock is right: nothing that was seen of it before counts any more."""

    def upkeep(self) -> Upkeep: ...

    def sweep(self, kinds: Collection[Kind]) -> None:
        """See to it that what was taken is not in the database's files either, as far as can be."""

    def close(self) -> None: ...


class Notices(Protocol):
    """What parcel platforms are told of the parts that they hold. Every method is one transaction. Raises: StorageError
    from all of them.
    """

    def claim(self, now: datetime, lease_seconds: float, carrier: str) -> Notice | None:
        """Lease the oldest that is due on this lane, unless the lane is paused. Rows that cannot be read are settled as
        refused, for a person, and stop none of the others.
        """

    def settle(self, notice: Notice, state: Told, code: str | None, now: datetime, until: date) -> bool:
        """End it; what a person has to see is kept until then at least. False if the lease was lost."""

    def again(self, notice: Notice, at: datetime, code: str, *, counted: bool) -> bool:
        """It is told again at ``at``. False if the lease was lost."""

    def pause_lane(self, carrier: str, until: datetime, code: str) -> None: ...

    def told(self, record_id: str) -> Sequence[Notice]:
        """All that the parcel platform was or is to be told of a record, in the order of its parts."""

    def unseen(self, limit: int) -> Sequence[Notice]:
        """What was refused or is not possible and nobody has looked at, the newest first; at most so many."""

    def see(self, seen: Collection[PartKey], now: datetime) -> int:
        """A person has looked at what came of these parts, by (record, name); how much of it is news."""

    def open(self, before: datetime) -> Mapping[str, int]:
        """How many wait, were refused or are impossible and not seen by a person, or are in a state that nobody of us
        wrote (``unreadable``); ``overdue`` are those that wait since ``before``.
        """


class Holds(Protocol):
    """Legal holds. Every method is one transaction. Raises: StorageError from all of them."""

    def hold(self, order: Held, records: Collection[str], parts: Collection[str], now: datetime) -> Sequence[Hold]:
        """Hold these parts of these records (all, where none is named) but those that have ended; the parcel platform
        is told of their new end. What is held now.
        """

    def release(self, hold_id: str, person: str, now: datetime) -> Sequence[Hold]:
        """End a hold; what it held. Empty where there is no such hold, or it has been ended."""

    def holds(self, record_id: str | None) -> Sequence[Hold]:
        """The holds of one record, or of all; the newest first, those that were ended as well."""

    def passing(self, hold_id: str) -> Mapping[PartKey, str]:
        """What that hold cannot keep: the parts that are sealed to a transit key and of which no copy stays, with the
        week of the key.
        """


class Weeks(Protocol):
    """What is sealed to transit keys. Every method is one transaction. Raises: StorageError from all of them."""

    def weeks(self) -> Mapping[str, int]:
        """How many records hold parts that are sealed to the keys of each week."""

    def note(self, entry: AuditEntry, week: str | None) -> int:
        """Write the entry, unless records hold parts of that week; how many do. With None whatever is held."""

    def noted(self, subject: str) -> Sequence[AuditEntry]:
        """What the audit log tells of a key or a record, the oldest first."""


class Events(Protocol):
    """What starts and moves the clocks of retention. Every method is one transaction. Raises: StorageError from all."""

    def record(
        self,
        event: Event,
        clock: Clock | Cut | None,
        now: datetime,
        said: Shift | None = None,
        released: Sequence[Release] = (),
    ) -> Recorded:
        """Keep an event, let its clock run or end its part early, move what is known of the shop's user, or of the
        contact or customer whom it names, and let go what it releases, each with the receipt that tells of the
        declaration in the place of the one before. Of an event whose key is known what was kept then, whatever this one
        says, and nothing else. Of one that leads to no record that was there on its day nothing is kept. Raises:
        StorageError where something else waits for a declaration by now, and where the process has not read the newest
        index key yet, too; OnlyTheDataSubjectError for a use that would lift what is over and may not: then nothing is
        kept.
        """

    def standing(self, shop: str) -> Standing:
        """What is known of the user of a shop's label module; nothing where it never was."""

    def customer(self, shop: str, customer: bytes, day: date) -> Standing | None:
        """What is known of a contact or a customer of a shop, by the digest of ``customer.id``: nothing where they
        said nothing, None where no record that lives on that day leads to them. Raises: StorageError where the process
        has not read the newest index key yet, too.
        """

    def events(self, shop: str | None, limit: int) -> Sequence[Recorded]:
        """The newest events first, of one shop or of all."""


class Deliveries(Protocol):
    """Whose clocks wait for a delivery. Raises: StorageError."""

    def awaiting(self, carrier: str, since: datetime, after: Place | None) -> Awaited | None:
        """The first parcel behind ``after``, in the order in which they were taken in, ``since`` then, which that
        parcel platform has and of which a clock of a part that is kept waits for its delivery.
        """


class Retention(Purging, Notices, Holds, Weeks, Events, Deliveries, Protocol):
    """What a database offers to the purge."""


class Teller(Protocol):
    """How a carrier is told of a part: one request and its answer, without I/O."""

    def tell(self, notice: Notice) -> Request | None:
        """What is to be sent; None where this carrier has no such thing."""

    def heard(self, notice: Notice, response: Response) -> Heard:
        """What the answer means."""
