"""Events of retention by route: with the shop's bearer token, or that of a source of the data subject's own."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, g, jsonify, request

from middleware.core.calling import key_of
from middleware.declaring import Desk
from middleware.errors_shipping import IdempotencyKeyError
from middleware.events import Ledger, tell, who
from middleware.logs import logger
from middleware.services import Services
from middleware.web.raw import body_of
from schemas.events import TOLD

_log = logger("events")


def blueprint(services: Services, ledger: Ledger) -> Blueprint:
    """The route over ``services`` and ``ledger``."""
    routes = Blueprint("events", __name__, url_prefix="/v1/shops/<shop>/events")

    def take(shop: str) -> Response:
        asking, teller = who(shop, request.headers.get("Authorization", ""), services, ledger.sources)
        key = key_of(request.headers.get("Idempotency-Key"))
        if key is None:
            raise IdempotencyKeyError()
        desk = Desk(blocked=services.calls.blocked, keys=services.keys)
        came = tell(body_of(request), key, asking, teller, replace(ledger, releases=desk.releases))
        _log.info("event_recorded", request_id=g.request_id, shop=shop, reason=came.type.value, rows=came.parts)
        return jsonify(TOLD.dump(came))

    routes.add_url_rule("", view_func=take, methods=["POST"], provide_automatic_options=False)
    return routes
