"""What a shop's own systems ask before they use data: is this purpose permitted now? With the shop's bearer token."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, g, jsonify, request

from middleware.core.standing import Asked
from middleware.errors import QueryError
from middleware.events import Ledger
from middleware.logs import logger
from middleware.permissions import decide
from middleware.services import Services
from schemas.decision import CHANNEL, CONTRACT, CUSTOMER, PURPOSE, SUBJECT, TIE, told

LONGEST = 64
"""Characters of a word of the query: more than any name of a policy has, and as many as an id of a customer may."""

_log = logger("permissions")


def blueprint(services: Services, ledger: Ledger) -> Blueprint:
    """The route over ``services`` and ``ledger``."""
    routes = Blueprint("permissions", __name__, url_prefix="/v1/shops/<shop>/permissions")

    def ask(shop: str) -> Response:
        asking = services.asking(shop, request.headers.get("Authorization", ""))
        words = _words()
        asked = Asked(
            purpose=words[PURPOSE],
            subject=words[SUBJECT],
            account_type=asking.settings.account_type,
            contract=words.get(CONTRACT),
            tie=words.get(TIE),
            channel=words.get(CHANNEL),
            customer=words.get(CUSTOMER),
        )
        decided = decide(asking, asked, ledger.events, ledger.clock)
        answer = told(decided.answer, decided.restricted)
        _log.info("permission_told", request_id=g.request_id, shop=shop, reason=answer["reason"] or "permitted")
        return jsonify(answer)

    routes.add_url_rule("", view_func=ask, methods=["GET"], provide_automatic_options=False)
    return routes


def _words() -> Mapping[str, str]:
    """The query, each member once. Raises: QueryError."""
    given = list(request.args.items(multi=True))
    asked = dict(given)
    known = {PURPOSE, SUBJECT, CHANNEL, CONTRACT, TIE, CUSTOMER}
    if len(asked) != len(given) or not {PURPOSE, SUBJECT} <= asked.keys() <= known:
        raise QueryError()
    if not all(value.strip() and len(value) <= LONGEST for value in asked.values()):
        raise QueryError()
    return asked
