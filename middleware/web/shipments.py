"""What a shop's own systems ask: where is this parcel? With the shop's bearer token, of its own shipments alone.

An order's name or id stands in the query. It is turned into digests and forgotten: no log, no answer, no error holds
it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from middleware.core.lifecycle import GIVEN_UP
from middleware.errors import NotFoundError
from middleware.logs import logger
from middleware.services import Services, Shop
from middleware.tracking import LONGEST, Desk, Step, of_order, shipment
from middleware.trail import Sighting
from middleware.web import query
from schemas import failure
from schemas.status import STATUS

_DERIVED = ("simulated", "next", "clock_not_started", "code")
"""Members that stand in no record."""

_log = logger("shipments")


def blueprint(services: Services) -> Blueprint:
    """The routes over ``services``."""
    routes = Blueprint("shipments", __name__, url_prefix="/v1/shops/<shop>/shipments")

    def by_id(shop: str, record_id: str) -> Response:
        asking = services.asking(shop, request.headers.get("Authorization", ""))
        query.words(())
        return found(shipment(record_id, desk(services, asking)), services.simulated)

    def by_order(shop: str) -> Response:
        asking = services.asking(shop, request.headers.get("Authorization", ""))
        asked = query.texts(("order",), ("order",), LONGEST)
        return found(of_order(asked["order"], desk(services, asking)), services.simulated)

    for rule, view in (("/<record_id>", by_id), ("", by_order)):
        routes.add_url_rule(rule, view_func=view, methods=["GET"], provide_automatic_options=False)
    return routes


def desk(services: Services, shop: Shop) -> Desk:
    """Where a shop asks for its own."""
    return Desk(
        finder=services.finder,
        platforms={shop.settings.platform: shop.platform},
        keys=services.keys,
        shops={shop.settings.name: shop.settings.domain},
    )


def found(seen: tuple[Sighting, Step] | None, simulated: Collection[str]) -> Response:
    """The answer about what was looked for. Raises: NotFoundError, for another shop's as for one that is not there."""
    if seen is None:
        raise NotFoundError()
    record, step = seen
    _log.info("shipment_told", request_id=g.request_id, shop=record.shop, record_id=record.id, status=record.state)
    return told(record, step, simulated)


def told(record: Sighting, step: Step, simulated: Collection[str]) -> Response:
    """What a shop is told of a shipment of its own. ``simulated`` are the carriers that bring nothing to anybody."""
    derived = {
        "simulated": record.carrier in simulated,
        "next": {"step": step.what, "at": step.at},
        "clock_not_started": record.starts_with,
        "code": failure.told(record.last_code) if record.state in GIVEN_UP else None,
    }
    members: dict[str, Any] = STATUS.dump({**_members(record), **derived})
    return jsonify(members)


def _members(record: Sighting) -> dict[str, object]:
    return {name: getattr(record, name) for name in STATUS.fields if name not in _DERIVED}
