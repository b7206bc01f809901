"""Where is this parcel, what happens to it next and when: for a support desk and for the shop's own systems.

What was asked for is turned into keyed digests, exactly as intake made them, and forgotten. Without the index key
nobody can ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from middleware.core.index import Indexer, normalised
from middleware.core.seal import read_reference, unlock_any
from middleware.errors import TamperedError
from middleware.live_keys import OwnKeys
from middleware.model import Rejection, State
from middleware.ports import Finder
from middleware.ports_senders import Platform
from middleware.trail import Asked, Digest, Sighting, Trail
from schemas.shop_rules import platform_of

LONGEST = 255
"""Characters of a question: an order's name has no more."""

_RECORD = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ORDER = re.compile(r"[a-z0-9][a-z0-9._:-]{0,63}")
_BARCODE = re.compile(r"[A-Z0-9]{8,40}")


class Next(StrEnum):
    """What happens to a record next."""

    SEND = "send"  # it goes to the parcel platform
    RETRY = "retry"  # the last attempt failed; it is sent again
    ANSWER = "answer"  # it is being sent; without an answer it is sent again
    DECLARE = "declare"  # it goes out once there is a declaration of lawfulness
    RELEASE = "release"  # it goes out once the version before it is cancelled
    CANCEL = "cancel"  # the parcel platform is asked to cancel it
    PERSON = "person"  # nothing by itself: a person decides
    NOTHING = "nothing"  # it is done


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens next; ``at`` is None where no time is set for it."""

    what: Next
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Desk:
    """What a question needs: where to look, whose orders (shop → domain), and the keys that turn it into digests."""

    finder: Finder
    platforms: Mapping[str, Platform]
    keys: OwnKeys
    shops: Mapping[str, str]

    def __repr__(self) -> str:
        return "<Desk>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A version of an order that could not be taken, and where the merchant finds the order; ``page`` is None where
    its id cannot be told.
    """

    entry: Rejection
    page: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One order, the newest first: its records, each with what comes next, and the versions that were refused."""

    shop: str
    parcels: tuple[tuple[Sighting, Step], ...]
    refusals: tuple[Refusal, ...]
    reasons: tuple[str, ...]
    cancelled: bool


def find(question: str, desk: Desk) -> tuple[Story, ...]:
    """Every order that ``question`` can mean: order name with or without ``#``, order id, barcode, short code or
    record id. Empty where there is none.

    Raises: StorageError.
    """
    return tuple(_story(trail, desk) for trail in desk.finder.find(asked(question, desk)))


def shipment(record_id: str, desk: Desk) -> tuple[Sighting, Step] | None:
    """The one record of that id, in these shops. Raises: StorageError."""
    found = (parcel for story in find(record_id, desk) for parcel in story.parcels if parcel[0].id == record_id)
    return next(found, None)


def of_order(order: str, desk: Desk) -> tuple[Sighting, Step] | None:
    """The record that stands for the order of that id or name: the newest, but one that was taken back only where
    there is no other. Raises: StorageError.
    """
    question = Asked(
        shops=frozenset(desk.shops), digests=tuple(_digests(order, desk)), record_id=None, reference=None, barcode=None
    )
    records = [record for trail in desk.finder.find(question)[:1] for record in trail.records]
    gone = (State.WITHDRAWN, State.CANCELLED)
    return next(((record, next_step(record)) for record in sorted(records, key=lambda one: one.state in gone)), None)


def asked(question: str, desk: Desk) -> Asked:
    """What a question can mean. How a person types it does not matter."""
    text = normalised(question[:LONGEST])
    code = "".join(text.split()).upper()
    return Asked(
        shops=frozenset(desk.shops),
        digests=tuple(_digests(question, desk)),
        record_id=text if _RECORD.fullmatch(text) else None,
        reference=read_reference(code),
        barcode=code if _BARCODE.fullmatch(code) else None,
    )


def next_step(record: Sighting) -> Step:
    """What happens to a record next, and when."""
    match record.state:
        case State.WAITING:
            return Step(what=Next.RETRY if record.last_code else Next.SEND, at=record.due)
        case State.CLAIMED:
            return Step(what=Next.ANSWER, at=record.due)
        case State.BLOCKED:
            return Step(what=Next.DECLARE)
        case State.HELD:
            return Step(what=Next.RELEASE)
        case State.CANCELLING:
            return Step(what=Next.CANCEL, at=record.due)
        case State.DEAD | State.QUARANTINED:
            return Step(what=Next.PERSON)
        case State.DELIVERED if record.changed_after_delivery:
            return Step(what=Next.PERSON)
    return Step(what=Next.NOTHING)


def page(entry: Rejection, desk: Desk) -> str | None:
    """Where the merchant finds a refused order; None where its id was not told or can no longer be read."""
    domain = desk.shops.get(entry.shop, "")
    platform = desk.platforms.get(platform_of(domain))
    if platform is None or entry.order_ref is None:
        return None
    try:
        return platform.page_of(domain, unlock_any(entry.order_ref, desk.keys.opening()))
    except TamperedError:
        return None


def _digests(question: str, desk: Desk) -> Iterator[Digest]:
    """As intake made them: the order's id as it is, and as a person types a number; its name as the shop spells it,
    with ``#`` or without.
    """
    text = normalised(question[:LONGEST])
    bare = text.removeprefix("#").strip()
    meanings = [("order.name", name) for name in sorted({text, bare, f"#{bare}"}) if bare]
    if _ORDER.fullmatch(text):
        meanings += [("order.id", value) for value in sorted({text, question[:LONGEST].strip()})]
    for shop in desk.shops:
        indexer = Indexer(desk.keys.chain, shop)
        yield from (Digest(shop=shop, kind=kind, digest=indexer.of(kind, value)) for kind, value in meanings)


def _story(trail: Trail, desk: Desk) -> Story:
    return Story(
        shop=trail.shop,
        parcels=tuple((record, next_step(record)) for record in trail.records),
        refusals=tuple(Refusal(entry=entry, page=page(entry, desk)) for entry in trail.rejections),
        reasons=trail.reasons,
        cancelled=trail.cancelled,
    )
