"""What is no parcel: contacts of Maxiresponse and orders of MyStamp, from a shop's own systems, with its bearer token.

A shop without such a policy is refused whatever it asks here; who is not the shop learns nothing, not even that.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from typing import Final

from flask import Blueprint, Response, g, request

from middleware.core.body import MAX_BYTES
from middleware.platforms.maxiresponse import Maxiresponse
from middleware.platforms.mystamp import MyStamp
from middleware.ports_senders import Caller
from middleware.services import Services
from middleware.shipping import Waiting, check_policy
from middleware.tracking import LONGEST as LONGEST_NAME
from middleware.tracking import of_order, shipment
from middleware.web import query
from middleware.web.lane import serve
from middleware.web.shipments import desk, found
from schemas.mystamp import LONGEST_BODY

ROUTES: Final[Mapping[str, tuple[str, Caller]]] = {
    "contacts": ("maxiresponse/contacts", Maxiresponse()),
    "stamps": ("mystamp/orders", MyStamp()),
}
"""Name → path beneath the shop's, and whose documents are read there."""


LONGEST: Final[Mapping[str, int]] = {"stamps": LONGEST_BODY}
"""Bytes of a body, where it may be longer than elsewhere."""


def blueprints(services: Services, waiting: Waiting) -> Iterator[Blueprint]:
    """The routes over ``services``, of each kind of record."""
    for name, (path, caller) in ROUTES.items():
        routes = Blueprint(name, __name__, url_prefix=f"/v1/shops/<shop>/{path}")
        _look(routes, caller, services)
        serve(routes, caller, services, waiting, f"{name}.by_id", LONGEST.get(name, MAX_BYTES))
        if name in LONGEST:
            routes.teardown_request(_give_back)
        yield routes


def _give_back(_: BaseException | None) -> None:
    """What was read of a long body is let go of with its request. Some of it hangs together in a ring, which Python
    would take apart much later: until then a person's picture stayed in memory, and one for every thread.
    """
    if g.get("reads") and (request.content_length or 0) > MAX_BYTES:  # who is not the shop makes nobody wait for this
        gc.collect()


def _look(routes: Blueprint, caller: Caller, services: Services) -> None:
    def by_id(shop: str, record_id: str) -> Response:
        asking = services.asking(shop, request.headers.get("Authorization", ""))
        check_policy(caller, asking)
        query.words(())
        return found(shipment(record_id, desk(services, asking)), services.simulated)

    def by_own_id(shop: str) -> Response:
        asking = services.asking(shop, request.headers.get("Authorization", ""))
        check_policy(caller, asking)
        asked = query.texts(("id",), ("id",), LONGEST_NAME)
        return found(of_order(asked["id"], desk(services, asking)), services.simulated)

    for rule, view in (("/<record_id>", by_id), ("", by_own_id)):
        routes.add_url_rule(rule, view_func=view, methods=["GET"], provide_automatic_options=False)
