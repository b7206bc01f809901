"""How far a parcel is: a shop's own systems ask with the shop's bearer token, for the shop's own parcels alone."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, g, jsonify, request

from middleware.following import Lookout, Watch
from middleware.logs import logger
from middleware.seats import Seats
from middleware.services import Services
from middleware.web import query
from schemas.journey import JOURNEY

AT_ONCE = 4
"""Parcels that are asked for at once. With those that wait and the labels (``middleware.web.lane``) some of a process's
threads are left for everything else.
"""

_log = logger("following")


def blueprint(services: Services, watches: Mapping[str, Watch]) -> Blueprint:
    """The route over ``services``; what it tells comes over ``watches``, by carrier."""
    routes = Blueprint("following", __name__, url_prefix="/v1/shops/<shop>/shipments")
    lookout = Lookout(watches=watches, places=Seats(AT_ONCE))

    def journey(shop: str, record_id: str) -> Response:
        asking = services.asking(shop, request.headers.get("Authorization", ""))
        query.words(())
        told = lookout.journey(record_id, asking, services.calls)
        _log.info("journey_told", request_id=g.request_id, shop=shop, record_id=record_id)
        return jsonify(JOURNEY.dump(told))

    routes.add_url_rule("/<record_id>/tracking", view_func=journey, methods=["GET"], provide_automatic_options=False)
    return routes
