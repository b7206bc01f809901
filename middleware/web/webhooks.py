"""The webhooks of the shop platforms: an order, or a notice of what else happened to a shop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from flask import Blueprint, Response, g, jsonify, request

from middleware.core.body import read
from middleware.errors import NotServedError, OverShareError, ParcelveilError, SchemaError, SignatureError
from middleware.intake import receive
from middleware.logs import logger
from middleware.model import Answer, Status
from middleware.ports_senders import Platform
from middleware.services import Services
from middleware.uninstalling import end
from middleware.web import metrics
from middleware.web.raw import inbound, is_ping

_log = logger("webhooks")

View = Callable[..., Response]


def blueprint(services: Services) -> Blueprint:
    """The webhook routes over ``services``: those of every platform."""
    routes = Blueprint("webhooks", __name__, url_prefix="/webhooks")
    for platform in services.platforms.values():
        for step, view in _views(platform, services):
            for shop in ("", "/<shop>") if platform.shared else ("/<shop>",):
                rule, name = f"/{platform.name}{shop}/{step}", f"{platform.name}_{step}"
                routes.add_url_rule(rule, name, view, methods=["POST"], provide_automatic_options=False)
    return routes


def _views(platform: Platform, services: Services) -> Iterator[tuple[str, View]]:
    """(the last step of an address, what answers there)."""

    def orders(shop: str | None = None) -> Response:
        if platform.ping is not None and is_ping(request, platform.headers.signature, platform.ping):
            return jsonify(status=Status.IGNORED)  # whoever asks: it tells nothing of any shop
        began = time.monotonic()
        try:
            answer = receive(inbound(request, platform, shop), services)
        except ParcelveilError as refusal:
            _refused(refusal)
            raise
        return _taken(answer, time.monotonic() - began)

    yield "orders", orders
    for step, topics in platform.notices.items():
        yield step, _notice(platform, topics, services)


def _taken(answer: Answer, seconds: float) -> Response:
    """The answer to a webhook that was genuine, after so many seconds."""
    metrics.WEBHOOKS.labels(str(answer.status), answer.reason or "").inc()
    metrics.ACKNOWLEDGED.observe(seconds)
    _log.info(
        "webhook",
        request_id=g.request_id,
        status=answer.status,
        reason=answer.reason,
        record_id=answer.id,
        duration_ms=round(seconds * 1000, 1),
    )
    alarm(answer.alarms, answer.id)
    members = {"status": answer.status, "id": answer.id, "reference": answer.reference, "reason": answer.reason}
    return jsonify({name: value for name, value in members.items() if value is not None})


def _notice(platform: Platform, topics: frozenset[str], services: Services) -> View:
    """What a shop's app is told or asked beside orders; what ends the exchange has ended it before it is acknowledged.

    Data subjects' rights, and whatever else may be told, come later: what is not done is not acknowledged.
    """

    def told(shop: str | None = None) -> Response:
        received = inbound(request, platform, shop)
        signer = services.verified(received, topics, ended=True)
        topic = platform.topic_of(received)
        if not platform.tells(read(received.body), topic, signer.settings.domain):
            raise SignatureError()
        if not platform.ends(topic):
            raise NotServedError()
        answer = end(signer, received.body, services)
        metrics.WEBHOOKS.labels(str(answer.status), answer.reason or "").inc()
        name, status = signer.settings.name, answer.status
        if status is Status.DUPLICATE and not signer.ended:  # an old body, or the shop did not change in between
            _log.warning("shop_uninstalled_before", request_id=g.request_id, shop=name, status=status)
        else:
            _log.warning("shop_uninstalled", request_id=g.request_id, shop=name, status=status)
        return jsonify(status=answer.status, reason=answer.reason)

    return told


def alarm(paths: Iterable[str], id_: str | None) -> None:
    """Something looked like a credential, whatever became of its order: told by path alone (VP-CAT-1)."""
    for path in paths:
        metrics.CREDENTIALS.inc()
        _log.warning("credential_blocked", request_id=g.request_id, record_id=id_, path=path)


def _refused(refusal: ParcelveilError) -> None:
    """Count and tell what was not taken."""
    metrics.WEBHOOKS.labels("refused", refusal.code).inc()
    tell(refusal)


def tell(refusal: ParcelveilError) -> None:
    """What an operator has to hear of a refusal."""
    if isinstance(refusal, OverShareError):
        _log.warning("over_share", request_id=g.request_id, shop=refusal.shop, code=refusal.code)
    if isinstance(refusal, SchemaError):
        alarm(refusal.alarms, None)
