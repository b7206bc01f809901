"""The line: one signed webhook becomes a sealed, tagged, stored record. Read this file first.

    request ─▶ verify ─▶ turn ─▶ parse ─▶ choose ─▶ minimise ─▶ fit ─▶ schedule ─▶ seal ─▶ tag ─▶ store ─▶ 200
                                          └────────── core.planning ──────────┘

Nothing personal is written anywhere before it is sealed. Two later steps have their place here: a data
subject's tombstone is looked up beside ``store.seen``, the audit entry is written by ``store.accept`` in its
transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from middleware.core.body import read
from middleware.core.calendar import today
from middleware.core.listening import listener
from middleware.core.pileup import WINDOW, piled_up
from middleware.core.planning import CLOCKS_APART, Carriage, check_time, named, planned
from middleware.core.schedule import latest, memory
from middleware.core.seal import lock, new_id, seal
from middleware.core.standing import use
from middleware.core.tag import Stamp, tag
from middleware.core.trace import credentials
from middleware.errors import PiledUpError, SchemaError, ShopPausedError
from middleware.model import Answer, Arrival, Inbound, ParsedMatter, Reason, Record, Rejection, Status
from middleware.ports_senders import Source
from middleware.services import Services, Shop
from schemas.allowlist import CREDENTIAL


def receive(inbound: Inbound, services: Services) -> Answer:
    """Take one order webhook to the store.

    Raises: SignatureError, BodyError; SchemaError where the shop wants a refusal; ShopPausedError; BusyError,
    BacklogFullError where it asks for more than its share; PiledUpError where too many of its orders are rejected;
    SealError, StorageError when we are at fault.
    """
    shop = services.verified(inbound, services.platforms[inbound.platform].order_topics)
    if shop.paused:
        raise ShopPausedError()
    with services.gate.turn(shop.settings.name, shop.platform.webhook_of(inbound)):
        return _take(inbound, shop, services, services.clock())


def _take(inbound: Inbound, shop: Shop, services: Services, now: datetime) -> Answer:
    mark = _mark(inbound, shop)
    document = read(inbound.body)
    try:
        parsed = shop.platform.parse(document, inbound, shop.settings)
        if parsed.halt is Reason.OTHER_LANE:  # nothing of it is kept, not even that it came
            return Answer(status=Status.IGNORED, reason=parsed.halt, alarms=credentials(document, shop.platform.shape))
        named(shop.platform.names, lambda: check_time(parsed, now))
        answered = services.store.seen(shop.settings.name, *mark)
        if answered is not None:
            return answered
        if parsed.order is not None:
            services.backlog.check(services.store, shop.settings.name, now)
        record = prepare(parsed, document, shop.platform, shop, services, now)
    except SchemaError as refusal:
        refusal.alarms = credentials(document, shop.platform.shape)
        if shop.settings.on_invalid == "refuse":
            raise
        rejection = _rejection(refusal, document, mark, shop, services, now)
        return _rejected(rejection, refusal, services, repeats=shop.platform.repeats)
    answer = services.store.accept(arrival(parsed, record, mark, shop, now), record)
    return replace(answer, alarms=_alarms(record) if record else credentials(document, shop.platform.shape))


def _rejected(rejection: Rejection, refusal: SchemaError, services: Services, *, repeats: bool) -> Answer:
    """Keep it, unless too many are kept already and it ``repeats`` itself; what is kept is known again however many
    those are. Raises: PiledUpError.
    """
    kept, since = services.store.kept, rejection.received_at - WINDOW
    if repeats and piled_up(*services.store.rate(rejection.shop, since)) and not kept(rejection.shop, rejection.body):
        raise PiledUpError() from None
    return replace(services.store.reject(rejection), alarms=refusal.alarms)


def prepare(
    parsed: ParsedMatter, document: object, source: Source, shop: Shop, services: Services, now: datetime
) -> Record | None:
    """From the order as read to the record as stored; None where there is nothing to ship. ``source`` tells how the
    document names things.

    Raises: SchemaError for what cannot be shipped; UnknownKeyError without this month's or week's key.
    """
    settings = shop.settings
    sealing = shop.carrier.sealing
    made = planned(parsed, document, source.shape, source.names, settings, shop.policy, _carriage(shop), now, sealing)
    if made is None:
        return None
    keys = (shop.transit or shop.keys).public(made.plan)
    copies = services.copies.copies(made.plan) if services.copies else None
    sealed = seal(made.order, shop.sender, made.plan, keys, shop=settings.name, reference=made.reference, copies=copies)
    stamp = Stamp(
        policy=shop.policy,
        account_type=settings.account_type,
        carrier=settings.carrier,
        reference=settings.reference,
        indexer=shop.indexer,
        key=services.keys.signing,
        now=now,
        due=now + settings.hold,
        listener=listener(settings, parsed.order_id, sealed.id, services.keys.service, memory(shop.policy, now)),
    )
    return tag(sealed, made.plan, made.order, made.report, stamp)


def _carriage(shop: Shop) -> Carriage:
    return Carriage(
        choose=lambda order, line: shop.carrier.choose(order, line, shop.settings.delivery),
        fit=lambda order: shop.carrier.fit(order, shop.points()),
    )


def _alarms(record: Record) -> tuple[str, ...]:
    return tuple(removal.path for removal in record.removal.removed if removal.reason == CREDENTIAL)


def _mark(inbound: Inbound, shop: Shop) -> tuple[str, bytes, bytes]:
    """How a delivery is known again: topic, keyed digest of the webhook id, keyed digest of the raw body."""
    webhook = shop.platform.webhook_of(inbound)
    return (
        shop.platform.topic_of(inbound),
        shop.indexer.of("webhook", webhook),
        shop.indexer.of_bytes("body", inbound.body),
    )


def arrival(
    parsed: ParsedMatter, record: Record | None, mark: tuple[str, bytes, bytes], shop: Shop, now: datetime
) -> Arrival:
    """What storage judges a version by. ``mark`` as ``Arrival``: topic, digest of the delivery, digest of the body."""
    topic, webhook, body = mark
    until = memory(shop.policy, now)
    leads = [entry.until for entry in record.index if entry.kind == "order.id"] if record else []
    return Arrival(
        shop=shop.settings.name,
        topic=topic,
        webhook=webhook,
        body=body,
        order=shop.indexer.of("order.id", parsed.order_id),
        updated_at=parsed.updated_at,
        halt=parsed.halt,
        received_at=now,
        until=until,
        standing_until=latest(leads or [until]),
        integration=shop.integration.request if shop.integration else None,
        use=use(shop.policy, today(now)),
    )


def _rejection(
    refusal: SchemaError,
    document: object,
    mark: tuple[str, bytes, bytes],
    shop: Shop,
    services: Services,
    now: datetime,
) -> Rejection:
    topic, webhook, body = mark
    order_id, updated_at = shop.platform.order_id(document), shop.platform.updated_at(document)
    version, creates = None, shop.settings.creates == "webhook"  # else it is no version of what stands
    if creates and order_id is not None and updated_at is not None and updated_at <= now + CLOCKS_APART:
        version = (shop.indexer.of("order.id", order_id), updated_at)
    return Rejection(
        id=new_id(),
        shop=shop.settings.name,
        topic=topic,
        faults=tuple((fault.pointer, fault.code) for fault in refusal.faults),
        order_ref=lock(order_id, services.keys.service) if order_id else None,
        version=version,
        webhook=webhook,
        body=body,
        received_at=now,
        until=memory(shop.policy, now),
    )
