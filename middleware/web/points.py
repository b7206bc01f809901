"""Pick-up points near a postal code, for a shop's own systems and for the browsers of its customers.

Answered out of what is known: nobody is asked on the way, and the query is forgotten. Who holds the shop's key for
browsers can do this and nothing else, from any page: what it opens is public, and no cookie is ever looked at.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, g, request

from middleware.core import postal
from middleware.core.nearby import near
from middleware.core.pace import Pace
from middleware.core.places import row_of
from middleware.errors import ParcelveilError
from middleware.errors_points import NoPointsError, TooOftenError
from middleware.errors_query import Unfit
from middleware.logs import logger
from middleware.services import Services, Shop
from middleware.web import metrics, query
from middleware.web.raw import no_body

COUNTRY: Final = re.compile(r"[A-Z]{2}")
DEFAULT_COUNTRY: Final = "BE"
DEFAULT_LIMIT: Final = 10
MOST: Final = 50
RATE: Final = 10.0
BURST: Final = 60
"""Questions a second that each credential of a shop may ask of a process for long, and at once."""

FRESH_SECONDS: Final = 3_600
"""How long browsers and caches may give an answer again."""

PREFLIGHT_SECONDS: Final = 86_400
"""How long a browser may remember what it may send."""

_LIMIT: Final = re.compile(r"[1-9][0-9]?")
_NAMES: Final = frozenset(("postal_code", "country", "limit"))
_log = logger("points")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Around which postal code, and how many points at most."""

    postal_code: str
    country: str
    limit: int


def blueprint(services: Services) -> Blueprint:
    """The route over ``services``."""
    routes = Blueprint("points", __name__, url_prefix="/v1/shops/<shop>/pickup-points")
    pace, lock = Pace(rate=RATE, burst=BURST), threading.Lock()

    def tell(shop: str) -> Response:
        try:
            asking, browser = services.asking_points(shop, request.headers.get("Authorization", ""))
            no_body(request)
            with lock:
                wait = pace.take(f"{shop} {browser}", time.monotonic())
            if wait:
                raise TooOftenError(wait)
            response = _answer(asking, _wanted())
        except ParcelveilError as refusal:
            metrics.POINTS.labels(refusal.code).inc()
            raise
        metrics.POINTS.labels(str(response.status_code)).inc()
        _log.debug("points_told", request_id=g.request_id, shop=shop, status=response.status_code)
        return response

    def preflight(shop: str) -> Response:  # noqa: ARG001 - the same for every name
        response = Response(status=204)
        response.headers["Access-Control-Allow-Methods"] = "GET"
        response.headers["Access-Control-Allow-Headers"] = "Authorization"
        response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
        return response

    routes.add_url_rule("", view_func=tell, methods=["GET"], provide_automatic_options=False)
    routes.add_url_rule("", view_func=preflight, methods=["OPTIONS"], provide_automatic_options=False)
    routes.after_request(_shared)
    return routes


def _shared(response: Response) -> Response:
    """A page of any origin may read the answer, refusals too: a credential stands in it, or there is none."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-Id"
    return response


def _wanted() -> Wanted:
    """What the query asks for. Raises: QueryError for anything that is not described."""
    named = query.words(_NAMES, ("postal_code",))
    country, limit = named.get("country", DEFAULT_COUNTRY), named.get("limit", str(DEFAULT_LIMIT))
    code = postal.bare(named["postal_code"], country) or ""
    query.refuse(*_unfit(code, country, limit))
    return Wanted(postal_code=code, country=country, limit=int(limit))


def _unfit(code: str, country: str, limit: str) -> Iterator[Unfit]:
    if not COUNTRY.fullmatch(country):
        yield Unfit(parameter="country", code="pattern")
    if not _LIMIT.fullmatch(limit) or int(limit) > MOST:
        yield Unfit(parameter="limit", code="range")
    if not code:
        yield Unfit(parameter="postal_code", code="required")
    elif fault := postal.fault(code, country):
        yield Unfit(parameter="postal_code", code=fault)


def _answer(shop: Shop, wanted: Wanted) -> Response:
    """The points with the moment when they were told. Raises: NoPointsError, ConfigError."""
    known = shop.published.known()
    if known.fetched_at is None:
        raise NoPointsError()
    found = near(known.points.values(), wanted.postal_code, wanted.country, wanted.limit)
    members = {"as_of": known.fetched_at.isoformat(), "points": [row_of(point) for point in found]}
    response = Response(json.dumps(members), mimetype="application/json")
    response.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    response.add_etag()
    response.make_conditional(request)  # in place
    return response
