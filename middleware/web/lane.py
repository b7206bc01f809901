"""A shop's own systems make and cancel records, with the shop's bearer token: of parcels, the plug-in lane."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, g, jsonify, request, url_for

from middleware.core.body import MAX_BYTES
from middleware.core.calling import key_of, wait_of
from middleware.errors import ParcelveilError
from middleware.errors_shipping import IdempotencyKeyError
from middleware.logs import logger
from middleware.platforms.plugin import Plugin
from middleware.ports_senders import Caller
from middleware.services import Services
from middleware.shipping import Call, Shipped, Waiting, cancel, check_policy, is_gone, ship
from middleware.tracking import next_step
from middleware.web import metrics
from middleware.web.raw import body_of, no_body
from middleware.web.shipments import told
from middleware.web.webhooks import tell
from schemas.plugin import MADE

WAITING = 16
"""Calls that wait at once: half of the process's threads (``middleware.gate.PLACES``)."""

_log = logger("lane")


def blueprint(services: Services, waiting: Waiting) -> Blueprint:
    """The routes over ``services``."""
    routes = Blueprint("lane", __name__, url_prefix="/v1/shops/<shop>/shipments")
    serve(routes, Plugin(), services, waiting, "shipments.by_id")
    return routes


def serve(
    routes: Blueprint, caller: Caller, services: Services, waiting: Waiting, status: str, most: int = MAX_BYTES
) -> None:
    """Add the routes by which a shop's own system makes a record and takes it back. ``status`` is the endpoint that
    tells where it is, ``most`` how many bytes a body may have.
    """

    def make(shop: str) -> Response:
        began = time.monotonic()
        try:
            asking = services.asking(shop, request.headers.get("Authorization", ""))
            check_policy(caller, asking)  # before a body is read that may be long
            shipped = ship(_call(most), caller, asking, services, waiting)
        except ParcelveilError as refusal:
            metrics.SHIPMENTS.labels(refusal.code).inc()
            tell(refusal)
            raise
        metrics.SHIPMENTS.labels(str(shipped.status)).inc()
        _log.info(
            "shipment",
            request_id=g.request_id,
            shop=shop,
            status=shipped.status,
            record_id=shipped.id,
            duration_ms=round((time.monotonic() - began) * 1000, 1),
        )
        return _answer(shipped, url_for(status, shop=shop, record_id=shipped.id))

    def take_back(shop: str, record_id: str) -> Response:
        asking = services.asking(shop, request.headers.get("Authorization", ""))
        check_policy(caller, asking)
        no_body(request)
        record = cancel(record_id, asking, services, waiting, wait_of(request.headers.get("Prefer")))
        _log.info("shipment_cancelled", request_id=g.request_id, shop=shop, record_id=record.id, status=record.state)
        response = told(record, next_step(record), services.simulated)
        response.status_code = 200 if is_gone(record) else 202
        return response

    routes.add_url_rule("", view_func=make, methods=["POST"], provide_automatic_options=False)
    routes.add_url_rule("/<record_id>", view_func=take_back, methods=["DELETE"], provide_automatic_options=False)


def _call(most: int) -> Call:
    key = key_of(request.headers.get("Idempotency-Key"))
    if key is None:
        raise IdempotencyKeyError()
    g.reads = True
    return Call(key=key, body=body_of(request, most), wait=wait_of(request.headers.get("Prefer")))


def _answer(shipped: Shipped, status: str) -> Response:
    members: dict[str, Any] = {"id": shipped.id, "reference": shipped.reference, "status": status}
    if shipped.barcode is not None:
        members |= {"barcode": shipped.barcode, "label": f"{status}/label"}
    response = jsonify(MADE.dump(members))
    response.status_code = shipped.status
    response.headers["Location"] = status
    return response
