"""Labels by route, with the shop's bearer token: of one shipment in its form, of many in one document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from flask import Blueprint, Response, g, request

from middleware.core.body import read
from middleware.core.shares import Shares
from middleware.errors import Fault, SchemaError
from middleware.errors_query import Unfit
from middleware.exchange import Form, Size, Wish
from middleware.gate import Gate
from middleware.labels import Desk
from middleware.logs import logger
from middleware.pages import apart
from middleware.relay import Lane
from middleware.seats import Seats
from middleware.services import Services
from middleware.web import query
from middleware.web.raw import body_of
from schemas.allowlist import Refused, load
from schemas.labels import LABELS_WANTED

AT_ONCE: Final = 6
"""Labels that are fetched at once, each by a call of its own."""

DOCUMENTS: Final = 4
"""Documents of many labels whose labels are fetched at once, each for another shop. What waits to be joined costs a
thread and the labels that it has, ``labels.LARGEST`` bytes at most, until ``labels.LATEST``.
"""

JOINERS: Final = 2
"""Of them so many are joined at once, each in a process of its own; shops take turns for that."""

RETURN_BARCODES: Final = "Parcelveil-Return-Barcodes"
"""The barcodes of the labels that bring parcels back, in the order of the shipments: a list of strings (RFC 9651 §3.1),
an empty one for a shipment without.
"""

FORMS: Final = {"pdf": Form.PDF, "png": Form.PNG, "zpl": Form.ZPL}
"""How a label may be asked for."""

_TRUTH: Final = {"true": True, "false": False}
_CHOICES: Final = {"format": tuple(FORMS), "size": tuple(Size), "with_return": tuple(_TRUTH)}

_log = logger("labels")


def blueprint(services: Services, lanes: Mapping[str, Lane]) -> Blueprint:
    """The routes over ``services``; labels come over ``lanes``."""
    routes = Blueprint("labels", __name__, url_prefix="/v1/shops/<shop>")
    desk = Desk(
        lanes=lanes,
        places=Seats(AT_ONCE),
        many=Seats(DOCUMENTS, each=1),
        joiners=Gate(Shares(places=2 * DOCUMENTS, at_work=JOINERS)),
        join=apart.joined,
    )

    def one(shop: str, record_id: str) -> Response:
        asking = services.asking(shop, request.headers.get("Authorization", ""))
        wish = _asked()
        label = desk.label(record_id, asking, services.calls, wish)
        _log.info("label_told", request_id=g.request_id, shop=shop, record_id=record_id)
        ending = next(name for name, form in FORMS.items() if form is label.form)
        return _document(label.content, label.form, f"{record_id}.{ending}", (label.back,) if wish.back else ())

    def many(shop: str) -> Response:
        asking = services.asking(shop, request.headers.get("Authorization", ""))
        ids, wish = _wanted(body_of(request))
        content, back = desk.labels(ids, asking, services.calls, wish)
        _log.info("labels_told", request_id=g.request_id, shop=shop, rows=len(ids))
        return _document(content, Form.PDF, "labels.pdf", back if wish.back else ())

    routes.add_url_rule("/shipments/<record_id>/label", view_func=one, methods=["GET"], provide_automatic_options=False)
    routes.add_url_rule("/labels", view_func=many, methods=["POST"], provide_automatic_options=False)
    return routes


def _asked() -> Wish:
    """How the query wants the label. Raises: QueryError."""
    asked = query.words(_CHOICES.keys())
    wrong = [name for name, text in asked.items() if text not in _CHOICES[name]]
    query.refuse(*(Unfit(parameter=name, code="unknown") for name in wrong))
    return Wish(
        form=FORMS[asked.get("format", "pdf")],
        size=Size(asked.get("size", Size.A6)),
        back=_TRUTH[asked.get("with_return", "false")],
    )


def _wanted(body: bytes) -> tuple[Sequence[str], Wish]:
    """Which labels a body wants, and how. Raises: BodyError, SchemaError."""
    try:
        told = load(LABELS_WANTED, read(body))
    except Refused as refusal:
        faults = tuple(Fault(pointer=pointer, code=code) for pointer, code in refusal.faults)
    else:
        size = Size.A6 if told["size"] is None else Size(told["size"])
        return told["shipments"], Wish(size=size, back=bool(told["with_return"]))
    raise SchemaError(faults)


def _document(content: bytes, form: Form, name: str, back: Sequence[str | None]) -> Response:
    response = Response(content, mimetype=form)
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    if any(back):
        response.headers[RETURN_BARCODES] = ", ".join(f'"{barcode or ""}"' for barcode in back)
    return response
