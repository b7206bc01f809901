"""What passes between the steps. All is frozen; what holds personal text prints its class name alone. Storage takes a
``Record`` alone, which only ``core.tag`` makes, from a ``Sealed``, which only ``core.seal`` makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from middleware.account import Account, Collecting
from middleware.model_back import SILENT, Back, Listener
from middleware.model_standing import Use
from schemas.matter import Matter
from schemas.order import CustomsItem, Hidden, Order, Sender


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Inbound(Hidden):
    """One webhook as it came to a platform's route: header names in lower case, the raw body as it was signed."""

    platform: str
    shop: str | None
    headers: Mapping[str, str]
    body: bytes


class Reason(StrEnum):
    """Why a genuine order leaves nothing to ship now."""

    CANCELLED = "cancelled"
    TEST_ORDER = "test_order"
    NOT_PAID = "not_paid"
    IN_STORE = "in_store"
    NOTHING_TO_SHIP = "nothing_to_ship"
    FULFILLED = "fulfilled"
    CALLED_OFF = "called_off"  # until the shop takes it up again: not final, as a cancellation is
    OLDER_VERSION = "older_version"
    OTHER_LANE = "other_lane"
    HELD = "held"
    REJECTED = "rejected"


class Status(StrEnum):
    """What a webhook is answered with."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one webhook. ``id``: of the record or the rejection; ``reference``: the short code on the label;
    ``alarms``: removed paths under which something looks like a credential (VP-CAT-1), told to the operator alone."""

    status: Status
    id: str | None = None
    reference: str | None = None
    reason: str | None = None
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One path and the one reason of its removal, or of a doubt. Parts that are no known field names are ``*``."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Where every leaf of an order went: paths, never values. The removal report is its ``removed`` and ``doubted``."""

    kept: tuple[tuple[str, str], ...]  # (source path, canonical path)
    used: tuple[str, ...]
    index: tuple[str, ...]
    removed: tuple[Removal, ...]
    doubted: tuple[Removal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ParsedMatter(Hidden):
    """What was read: the matter of a record, or why there is none. By concrete path: what it filled (``taken``), and
    what else (``shared``, of an address line), why it is unclear (``doubts``), why a piece of it went (``lost``)."""

    order_id: str
    updated_at: datetime
    halt: Reason | None
    order: Matter | None
    taken: Mapping[str, str]
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    doubts: Mapping[str, str] = field(default_factory=dict)
    lost: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Parsed(ParsedMatter):
    """The same of an order to ship. ``line``: what the shop's settings say of its shipping line."""

    order: Order | None
    line: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the chosen delivery needs: ``notify`` is ``none``, ``email`` or ``sms``; ``member``: the locker's number.
    ``unusable``: canonical paths of what the carrier could not use."""

    notify: str = "none"
    member: bool = False
    unusable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ShopSettings:
    """One shop as configured: what it sends waits for ``hold`` after it was accepted, and goes to ``carrier``."""

    name: str
    platform: str
    domain: str
    secrets: tuple[bytes, ...]
    own_app: bool
    carrier: str
    policy: str
    account_type: str
    integration_requested_on: date | None
    integration_reference: str
    sender: Sender
    mode: str = "live"  # "test": `carrier` is the simulated platform, whatever the shop names
    number: str | None = None
    token: bytes | None = None  # with it the shop's own systems ask; without one nobody can
    points_key: bytes | None = None  # with it browsers ask for pick-up points, and for nothing else
    delivery: Delivery = Delivery()
    creates: str = "webhook"  # or "call": the one lane that makes its records
    ship_when: str = "paid"
    pickup_attribute: str | None = None
    on_invalid: str = "record"
    reference: str = "code"
    product: str = "parcel"
    default_weight_grams: int = 1000
    hold: timedelta = timedelta(minutes=2)
    interpretations: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None  # its own at the carrier, in place of the one that the carrier's shops share
    cash_on_delivery: Collecting | None = None  # where money goes that the carrier collects
    products: Mapping[str, str] = field(default_factory=dict)  # by the ways that the carrier knows
    lines: Mapping[str, str] = field(default_factory=dict)  # by its own shipping lines
    customs: CustomsItem = field(default_factory=CustomsItem)  # what it says to customs of what its orders do not tell
    back: Back = SILENT  # how the shop is told what became of its orders

    def __repr__(self) -> str:
        return f"<ShopSettings {self.name}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPlan:
    """How one part is kept, as of a tagged part; ``ceiling``: the earliest end, from intake, of what is never sent."""

    name: str
    retention: str
    trigger: str
    starts: date | None
    until: date | None
    ceiling: date
    kid: str
    purpose: str
    basis: str
    month_kid: str | None = None  # beside a transit key's: of our own key of the month of expiry, for a copy

    @property
    def copy_kid(self) -> str:
        """The id of our own key for a copy that stays after delivery."""
        return self.month_kid or self.kid


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The schedule of one record: a plan per sealed part, the last permitted day of the clear rest and of the whole
    record. None while the clock of a part that it depends on has not started."""

    parts: tuple[PartPlan, ...]
    recipient_until: date | None
    record_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCopy:
    """A part sealed once more, to this service's own key of that month: what stays here after delivery."""

    kid: str
    jwe: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPart:
    """One part after sealing: a compact JWE (RFC 7516) and nothing else of the person."""

    name: str
    jwe: str
    copy: SealedCopy | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sealed(Hidden):
    """An order after sealing: sealed parts and what may travel in the clear."""

    id: str
    reference: str
    parts: tuple[SealedPart, ...]
    clear: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedPart:
    """A sealed part with its retention tag. ``until`` is the last permitted day (Europe/Brussels), ``ceiling`` that of
    what is never sent and waits for its clock; ``ended_at`` is when its end was carried out; ``week`` that of the
    transit keys, where the part is sealed to one of ours."""

    name: str
    retention: str
    trigger: str
    starts: date | None
    until: date | None
    ceiling: date
    jwe: str
    copy: SealedCopy | None = None
    ended_at: datetime | None = None
    week: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """A blind index: a keyed digest (``core.index``) of one value, and the last day on which it may exist; None while
    the clock of what it leads to has not started."""

    kind: str
    digest: bytes
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalReport:
    """What is told of one shape of order; ``id`` is the SHA-256 of its canonical form, so each shape is kept once."""

    id: str
    removed: tuple[Removal, ...]
    doubted: tuple[Removal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Record(Hidden):
    """What storage takes. ``clear`` is the outbound body without sealed parts and receipt (RFC 8785 bytes)."""

    id: str
    reference: str
    carrier: str
    clear: bytes
    parts: tuple[TaggedPart, ...]
    receipt: str
    index: tuple[IndexEntry, ...]
    content: bytes  # keyed digest of the permitted content
    removal: RemovalReport
    due: datetime
    blocked: bool = False  # not to be forwarded before there is a declaration of lawfulness
    clear_until: date | None  # the last permitted day of ``clear``; None, as of the record, until its clock starts
    until: date | None
    listener: Listener | None = None  # that the shop is told of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What storage needs to know of a version to judge it against earlier ones. Digests: ``core.index``."""

    shop: str
    topic: str
    webhook: bytes  # keyed digest of the webhook id
    body: bytes  # keyed digest of the raw body
    order: bytes  # blind index of the order id
    updated_at: datetime
    halt: Reason | None
    received_at: datetime
    until: date  # how long the memory of it may last (class pv.inbox)
    standing_until: date | None  # how long the order's version may be remembered (class pv.index); None: open
    integration: bytes | None = None  # keyed digest of the request to integrate under which it comes
    use: Use | None = None  # that its shop's label module is used, if a record is made of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A genuine order that the schema does not admit: pointers and codes, its id under the service key. ``version`` is
    what can be told of the order all the same: its blind index, and when it was changed."""

    id: str
    shop: str
    topic: str
    faults: tuple[tuple[str, str], ...]
    order_ref: str | None  # compact JWE, `dir` + A256GCM
    version: tuple[bytes, datetime] | None
    webhook: bytes
    body: bytes
    received_at: datetime
    until: date
    seen_at: datetime | None = None  # when a person looked at it
    readable: bool = True  # False: only the id is true


class State(StrEnum):
    """The life of a record; what is not under way is an end, which a newer version, a person or retention moves on."""

    WAITING = "waiting"  # stored, goes out when due; before the first claim its content may be replaced
    BLOCKED = "blocked"  # waits for a declaration of lawfulness; its content may be replaced
    HELD = "held"  # waits until its predecessor is gone at the parcel platform; its content may be replaced
    CLAIMED = "claimed"  # a relay holds a lease on it; from the first claim on it is frozen
    DELIVERED = "delivered"  # the parcel platform has it; sealed parts have left
    CANCELLING = "cancelling"  # the parcel platform is asked to cancel it, under leases as well
    CANCELLED = "cancelled"  # the parcel platform cancelled it, or never had it; sealed parts have left
    DEAD = "dead"  # a dead letter: refused, expired, or every attempt used up
    QUARANTINED = "quarantined"  # receipt or seal does not fit: not sent, kept as evidence
    WITHDRAWN = "withdrawn"  # ended before the first claim; sealed parts have left


class Ending(StrEnum):
    """What is to become of a frozen record since its order changed."""

    REPLACED = "replaced"  # another record waits to take its place
    CANCELLED = "cancelled"  # the order was cancelled, or has nothing left to ship
    TOO_LATE = "too-late"  # the parcel platform can no longer cancel it


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Stored(Hidden):
    """A record as storage gives it back to the relay: with the lease's fencing token. ``cancelling`` tells that it is
    to be cancelled at the parcel platform, and not sent; ``opened`` are the members of each part, for the one
    conversation with a carrier that takes cleartext."""

    id: str
    shop: str
    carrier: str
    cancelling: bool
    clear: bytes
    parts: tuple[TaggedPart, ...]
    receipt: str
    attempts: int
    fence: int
    until: date | None
    account: str | None = None  # there, once something may have been made of it (docs/adr/0028)
    opened: Mapping[str, Mapping[str, object]] = field(default_factory=dict, compare=False)
