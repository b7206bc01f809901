"""What a shop's own systems ask before they use data: is this purpose permitted now? With the shop's bearer token."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request

from middleware.core.standing import Asked
from middleware.events import Ledger
from middleware.logs import logger
from middleware.permissions import decide
from middleware.services import Services
from middleware.web import query
from schemas.decision import CHANNEL, CONTRACT, CUSTOMER, PURPOSE, SUBJECT, TIE, told

LONGEST = 64
"""Characters of a word of the query: more than any name of a policy has, and as many as an id of a customer may."""

_KNOWN = (PURPOSE, SUBJECT, CHANNEL, CONTRACT, TIE, CUSTOMER)
_log = logger("permissions")


def blueprint(services: Services, ledger: Ledger) -> Blueprint:
    """The route over ``services`` and ``ledger``."""
    routes = Blueprint("permissions", __name__, url_prefix="/v1/shops/<shop>/permissions")

    def ask(shop: str) -> Response:
        asking = services.asking(shop, request.headers.get("Authorization", ""))
        words = query.texts(_KNOWN, (PURPOSE, SUBJECT), LONGEST)
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
