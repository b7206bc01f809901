"""Shopify's webhooks: one app for many shops, or a shop with an app of its own."""

from __future__ import annotations

import time
from collections.abc import Iterable

from flask import Blueprint, Response, g, jsonify, request

from middleware.core.body import read
from middleware.errors import NotServedError, OverShareError, ParcelveilError, SchemaError, SignatureError
from middleware.intake import receive
from middleware.logs import logger
from middleware.model import Inbound, Status
from middleware.platforms.shopify import (
    APP_TOPICS,
    COMPLIANCE_TOPICS,
    SIGNATURE_HEADER,
    UNINSTALL_TOPIC,
    is_app,
    is_compliance,
)
from middleware.services import Services
from middleware.uninstalling import end
from middleware.web import metrics
from middleware.web.raw import inbound

_log = logger("webhooks")


def blueprint(services: Services) -> Blueprint:
    """The webhook routes over ``services``."""
    routes = Blueprint("webhooks", __name__, url_prefix="/webhooks/shopify")

    def orders(shop: str | None = None) -> Response:
        began = time.monotonic()
        try:
            answer = receive(inbound(request, shop, SIGNATURE_HEADER), services)
        except ParcelveilError as refusal:
            _refused(refusal)
            raise
        seconds = time.monotonic() - began
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

    def compliance(shop: str | None = None) -> Response:
        received = inbound(request, shop, SIGNATURE_HEADER)
        signer = services.verified(received, COMPLIANCE_TOPICS, ended=True)
        if not is_compliance(read(received.body), signer.platform.topic_of(received), signer.settings.domain):
            raise SignatureError()
        raise NotServedError()  # data subjects' rights come later: what is not done is not acknowledged

    def app(shop: str | None = None) -> Response:
        return _app(inbound(request, shop, SIGNATURE_HEADER), services)

    for view in (orders, compliance, app):
        for rule in (f"/{view.__name__}", f"/<shop>/{view.__name__}"):
            routes.add_url_rule(rule, view_func=view, methods=["POST"], provide_automatic_options=False)
    return routes


def _app(received: Inbound, services: Services) -> Response:
    """What an app is told of its shop; that it was uninstalled ends the exchange before it is acknowledged."""
    shop = services.verified(received, APP_TOPICS, ended=True)
    topic = shop.platform.topic_of(received)
    if not is_app(read(received.body), topic, shop.settings.domain):
        raise SignatureError()
    if topic != UNINSTALL_TOPIC:
        raise NotServedError()  # that scopes changed: what is not done is not acknowledged
    answer = end(shop, received.body, services)
    metrics.WEBHOOKS.labels(str(answer.status), answer.reason or "").inc()
    name, status = shop.settings.name, answer.status
    if status is Status.DUPLICATE and not shop.ended:  # an old body, or the shop did not change in between
        _log.warning("shop_uninstalled_before", request_id=g.request_id, shop=name, status=status)
    else:
        _log.warning("shop_uninstalled", request_id=g.request_id, shop=name, status=status)
    return jsonify(status=answer.status, reason=answer.reason)


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
