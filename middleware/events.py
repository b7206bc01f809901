"""Events of retention: what a shop's own systems, a source of the data subject's, or a person tells.

    call ─▶ who ─▶ read ─▶ may they? ─▶ which clocks ─▶ keep and move, in one transaction ─▶ what changed

Whoever tells can lower what is permitted and start the clocks that the policy names; only a source of the data
subject's own raises. What an order or a customer is called is turned into keyed digests and forgotten: whose word it
is, too, is known by these alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from middleware.core.bearer import opens
from middleware.core.body import read
from middleware.core.calendar import today
from middleware.core.clocks import clock, early_end
from middleware.core.index import same
from middleware.core.schedule import memory
from middleware.core.standing import NOT_OF_THIS_POLICY, ended, its_own, kept, use
from middleware.core.switching import Saying, heard
from middleware.errors import Fault, NotFoundError, SchemaError, UnauthorisedError
from middleware.errors_events import BeforeIntakeError, OnlyTheDataSubjectError
from middleware.errors_shipping import KeyReusedError
from middleware.logs import logger
from middleware.model_events import (
    RAISING,
    TRIGGERS,
    Cut,
    Event,
    EventType,
    Recorded,
    Release,
    Selector,
    SourceSettings,
)
from middleware.model_standing import Shift, Switched
from middleware.ports import Clock
from middleware.ports_retention import Events
from middleware.services import Services, Shop
from schemas import events as schema
from schemas.allowlist import Refused, load
from schemas.permission import Refusal

EARLIEST: Final = date(1970, 1, 1)
"""Before it nothing of which an event could tell was known to a machine; the calendar's first day has none before."""

THE_SHOP: Final = "shop"
"""Who tells, where the shop's own token is shown."""

_log = logger("events")
_USES: Final = (EventType.LABEL_CREATED, EventType.LAST_USE)
_VERBS: Final[Mapping[EventType, str]] = {
    EventType.OBJECTION: "object",
    EventType.WITHDRAWAL: "withdraw",
    EventType.CONSENT: "consent",
    EventType.RESUME: "resume",
}
_INDEXED: Final = {schema.ORDER: "order.id", schema.CUSTOMER: "customer.id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Who tells: ``own`` is a source of the data subject's own, which alone may raise."""

    by: str
    own: bool = False

    @property
    def lane(self) -> str:
        """Whose keys its calls take: a source may be called as the shop is."""
        return f"{'source' if self.own else 'own'}/{self.by}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Ledger:
    """Where events are kept, and what tells the time."""

    events: Events
    clock: Clock
    sources: Sequence[SourceSettings] = ()
    releases: Callable[[Event], Sequence[Release]] = lambda _: ()
    """What waited for a declaration, of which this event tells."""


def who(shop: str, authorization: str, services: Services, sources: Sequence[SourceSettings]) -> tuple[Shop, Teller]:
    """The shop, and who tells of it: itself by its bearer token, or a source by its own. Both are always compared.
    Raises: UnauthorisedError, always alike.
    """
    source = next((one for one in sources if opens(authorization, (one.token,)) and shop in one.shops), None)
    try:
        return services.asking(shop, authorization), Teller(by=THE_SHOP)
    except UnauthorisedError:
        found = services.shops.get(shop)
        if source is None or found is None or found.ended:
            raise
    return found, Teller(by=source.name, own=True)


def tell(body: bytes, key: str, shop: Shop, teller: Teller, ledger: Ledger) -> Recorded:
    """Keep what a call tells. The same key with the same body gets the first answer again, of the same teller: nobody
    takes another's key. Raises: BodyError, SchemaError, OnlyTheDataSubjectError, KeyReusedError, NotFoundError,
    BeforeIntakeError, StorageError.
    """
    payload = shop.indexer.of_bytes("events.payload", body)
    marks = {"key": shop.indexer.of_bytes("events.key", f"{teller.lane}\0{key}".encode()), "payload": payload}
    came = record(read(body), shop, teller, ledger, **marks)
    if came.payload is None or not same(came.payload, payload):
        raise KeyReusedError()
    return came


def record(document: object, shop: Shop, teller: Teller, ledger: Ledger, **marks: bytes) -> Recorded:
    """Keep an event, in the form of ``schemas.events.Event``. Raises: SchemaError, OnlyTheDataSubjectError,
    NotFoundError where there is no such record, BeforeIntakeError, StorageError.
    """
    now = ledger.clock()
    told = _read(document)
    kind = EventType(told["type"])
    if kind in RAISING and not teller.own:
        raise OnlyTheDataSubjectError()
    day = _day(told.get("day"), now)
    said, ways = _said(told, kind, day, shop, teller, now)
    ended_part = _cut(told, shop, day)
    event = Event(
        id=str(uuid.uuid4()),
        shop=shop.settings.name,
        type=kind,
        selector=_selector(told, shop),
        about=told.get(schema.LEVEL) or told.get(schema.PURPOSE) or told.get(schema.PART),
        day=day,
        by=teller.by,
        at=now,
        until=memory(shop.policy, now),
        ways=ways,
        **marks,
    )
    trigger = TRIGGERS.get(kind)
    released = ledger.releases(event) if kind is EventType.DECLARATION else ()
    started = clock(shop.policy, trigger, day) if trigger else None
    came = ledger.events.record(event, ended_part or started, now, said, released)
    for record_id in came.unreadable:
        _log.error("clock_unreadable", shop=came.shop, record_id=record_id)
    _check(came)
    return came


def _check(came: Recorded) -> None:
    if came.selected is not None and came.found == came.early:
        raise BeforeIntakeError() if came.found else NotFoundError()


def _read(document: object) -> Mapping[str, Any]:
    try:
        return load(schema.EVENT, document)
    except Refused as refusal:
        faults = tuple(Fault(pointer=pointer, code=code) for pointer, code in refusal.faults)
    raise SchemaError(faults)


def _day(told: str | None, now: datetime) -> date:
    try:
        day = today(now) if told is None else date.fromisoformat(told)
    except ValueError:
        raise _refused("day", "date") from None
    if day > today(now):
        raise _refused("day", "future")
    if day < EARLIEST:
        raise _refused("day", "past")
    return day


def _selector(told: Mapping[str, Any], shop: Shop) -> Selector:
    for member, kind in _INDEXED.items():
        if told.get(member) is not None:
            return Selector(kind=kind, digest=shop.indexer.of(kind, told[member]))
    return Selector(record_id=told.get(schema.RECORD))


def _cut(told: Mapping[str, Any], shop: Shop, day: date) -> Cut | None:
    """The part that is to end. Raises: SchemaError where the policy knows no end of it at the customer's request."""
    part = told.get(schema.PART)
    if part is None:
        return None
    found = early_end(shop.policy, part, day)
    if found is None:
        raise _refused(schema.PART, "no-end-by-request")
    return found


def _said(
    told: Mapping[str, Any], kind: EventType, day: date, shop: Shop, teller: Teller, now: datetime
) -> tuple[Shift | None, tuple[str, ...]]:
    """What it changes of the standing of the shop's user or of one contact or customer, and by which ways the policy
    would have it come. Raises: SchemaError for a level or a purpose that the pack does not have, for a word that is not
    its own, and where whose it is was not told: of a pack about contacts or customers one of them, of another the
    shop's user, whom nobody names.
    """
    remembered = kept(shop.policy, today(now))
    if kind in _USES:
        used = replace(use(shop.policy, day), kept=remembered, lifts=teller.own)
        return Shift(day=day, kept=remembered, use=used), ()
    if kind is EventType.END_OF_USE:
        return replace(ended(shop.policy, day), kept=remembered), ()
    verb = _VERBS.get(kind)
    if verb is None:
        return None, ()
    level, purpose, way = (told.get(name) for name in (schema.LEVEL, schema.PURPOSE, schema.WAY))
    of = Switched.PURPOSE if level is None else Switched.LEVEL
    saying = Saying(kind=of, name=str(level or purpose), verb=verb, way=way, day=day, by=teller.by, own=teller.own)
    moved = heard(shop.policy, saying, now)
    if isinstance(moved, Refusal):
        raise _refused(of.value, moved.reason.replace("_", "-"))
    if its_own(shop.policy) is (told.get(schema.CUSTOMER) is not None):
        raise _refused(schema.CUSTOMER, NOT_OF_THIS_POLICY if its_own(shop.policy) else "whose-unknown")
    return moved


def _refused(member: str, code: str) -> SchemaError:
    return SchemaError((Fault(pointer=f"/{member}", code=code),))
