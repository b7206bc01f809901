"""What is asked and told when somebody looks for a parcel: digests in, states and codes out, nothing of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from middleware.model import Ending, Rejection, State, TaggedPart
from schemas.order import Hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What was asked for as a blind index (``core.index``) of one shop. ``kind`` as in ``core.tag``: ``order.id`` …"""

    shop: str
    kind: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Asked(Hidden):
    """What somebody looks for: everything that their one word can mean, in the shops that they may look into.

    ``record_id``, ``reference`` and ``barcode`` are None where the word cannot be one.
    """

    shops: frozenset[str]
    digests: tuple[Digest, ...]
    record_id: str | None
    reference: str | None
    barcode: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A record as one who looks for its parcel sees it. ``since`` is when it came into its state, as far as known."""

    id: str
    reference: str
    shop: str
    carrier: str
    state: State
    created_at: datetime
    since: datetime
    due: datetime | None
    attempts: int
    last_code: str | None
    barcode: str | None
    changed_after_delivery: bool
    ending: Ending | None
    predecessor: str | None
    account: str | None = None  # there, once something may have been made of it
    starts_with: tuple[str, ...] = ()  # what has to come before the clocks of these parts start; () when all run
    unsent_until: date | None = None  # the last day of what waits so while nothing sends it; None where it may yet go
    parcel: bool = True  # False: a contact, or an order of stamps
    readable: bool = True  # False: only the id is true


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """All that is known of one order, the newest first. ``reasons`` tell why nothing of it ships, where no record is
    there; ``cancelled`` is final.
    """

    shop: str
    records: tuple[Sighting, ...]
    rejections: tuple[Rejection, ...]
    reasons: tuple[str, ...]
    cancelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A record as people see it: states and codes, nothing of a person."""

    id: str
    reference: str
    shop: str
    carrier: str
    state: State
    created_at: datetime
    due: datetime | None
    attempts: int
    last_code: str | None
    barcode: str | None
    changed_after_delivery: bool
    changed_seen_at: datetime | None  # when a person looked at that
    ending: Ending | None
    predecessor: str | None  # the record that has to be gone first
    parts: tuple[TaggedPart, ...]  # jwe is "" where only tags are told
    removal: str
    until: date | None  # None: a clock has not started
    account: str | None = None  # at the parcel platform, once something may have been made of it
    parcel: bool = True  # False: a contact, or an order of stamps
    readable: bool = True  # False: the row holds what nobody of us wrote, and only the id is true


Place = tuple[int, str]
"""Where a record stands among those that were taken in before and after it, for whoever goes through them."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Awaited(Hidden):
    """A parcel of which a clock of retention waits for its delivery."""

    place: Place
    record: Sighting
