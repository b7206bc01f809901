"""The routes: who asks the platform for what, and how its answers and refusals are written. No sockets here."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from simulator import shopify_admin
from simulator.bpost.services import Services, speaks
from simulator.bpost.switches import read_switches
from simulator.encoding import read_object
from simulator.errors import Fault, RefusedError, invalid
from simulator.faults import Faults
from simulator.message import JSON, JWKS, PDF, Answer, Request, as_json, problem
from simulator.parts import KINDS, SHIPMENTS
from simulator.platform import Platform

RECORDS = f"/records/(?P<kind>{'|'.join(kind for kind in KINDS if kind != SHIPMENTS)})"
ID = r"(?P<id_>[A-Za-z0-9][A-Za-z0-9._~-]{0,63})"


class Api:
    """The JSON parcel API, bpost's services and the simulator's own controls, over one platform.

    With ``token``, the API asks for it as a bearer token; keys and controls stay open. bpost's services stand beside
    it, with the ``passphrase`` of their own, and a Shopify that takes fulfilments.
    """

    def __init__(
        self, platform: Platform, faults: Faults, token: str | None = None, passphrase: str | None = None
    ) -> None:
        self.bpost = Services(platform.store, platform.clock, passphrase)
        self.shopify = shopify_admin.ShopifyAdmin()
        self._platform = platform
        self._faults = faults
        self._token = token

    def answer(self, request: Request) -> Answer:
        """What the platform says; a refusal is a problem (RFC 9457) of pointers and codes, never of values."""
        try:
            self._platform.tick()
            if speaks(request.path):
                return self.bpost.answer(request)
            if shopify_admin.speaks(request.path):
                return self.shopify.answer(request)
            if not request.control:
                self._authenticate(request)
            return self._route(request)
        except RefusedError as refusal:
            return problem(refusal)

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode("utf-8", "replace")
        if self._token is not None and not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            raise RefusedError(401, "unauthorised")

    def _route(self, request: Request) -> Answer:
        here = {method: (pattern, act) for method, pattern, act in ROUTES if pattern.fullmatch(request.path)}
        if not here:
            raise RefusedError(404, "not-found")
        if request.method not in here:
            raise RefusedError(405, "method")
        pattern, act = here[request.method]
        found = pattern.fullmatch(request.path)
        return act(self, request, **(found.groupdict() if found else {}))

    def _create(self, request: Request, kind: str = SHIPMENTS) -> Answer:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            raise RefusedError(415, "media-type")
        return as_json(self._platform.create(request.body, request.headers.get("idempotency-key"), kind), 201)

    def _shipment(self, _request: Request, id_: str, kind: str = SHIPMENTS) -> Answer:
        return as_json(self._platform.shipment(id_, kind))

    def _label(self, _request: Request, id_: str) -> Answer:
        return Answer(status=200, body=self._platform.label(id_), media=PDF)

    def _cancel(self, _request: Request, id_: str) -> Answer:
        return as_json(self._platform.cancel(id_))

    def _delete_part(self, _request: Request, id_: str, part: str, kind: str = SHIPMENTS) -> Answer:
        self._platform.delete_part(id_, part, kind)
        return Answer(status=204)

    def _retag(self, request: Request, id_: str, kind: str = SHIPMENTS) -> Answer:
        return as_json(self._platform.retag(id_, request.body, kind))

    def _pickup_points(self, request: Request) -> Answer:
        asked = parse_qs(urlsplit(request.target).query).get("postal_code")
        return as_json(self._platform.pickup_points(asked[0] if asked else None))

    def _jwks(self, _request: Request) -> Answer:
        return as_json(self._platform.jwks())

    def _health(self, _request: Request) -> Answer:
        return as_json({"status": "ok"})

    def _ledger(self, _request: Request) -> Answer:
        return as_json({**ledger(self._platform), "bpost": self.bpost.manager.ledger()})

    def _shopify(self, _request: Request) -> Answer:
        return as_json(self.shopify.told())

    def _opened(self, _request: Request, id_: str) -> Answer:
        return as_json(self._platform.opened(id_))

    def _move_clock(self, request: Request) -> Answer:
        return as_json(self._platform.move_clock(request.body))

    def _set_state(self, request: Request, id_: str) -> Answer:
        return as_json(self._platform.set_state(id_, request.body))

    def _set_faults(self, request: Request) -> Answer:
        try:
            rates = {name: float(str(rate)) for name, rate in read_object(request.body).items()}
            self._faults.set(rates)
        except ValueError:
            raise invalid(Fault(pointer="", code="faults")) from None
        return as_json(rates)

    def _tell_switches(self, _request: Request) -> Answer:
        return as_json(self.bpost.switches.told())

    def _turn_switches(self, request: Request) -> Answer:
        try:
            self.bpost.turn(read_switches(read_object(request.body)))
        except ValueError:
            raise invalid(Fault(pointer="", code="switches")) from None
        return self._tell_switches(request)

    def _move_box(self, request: Request, barcode: str) -> Answer:
        try:
            wanted = read_object(request.body)
        except ValueError:
            raise RefusedError(400, "malformed-json") from None
        return as_json(self.bpost.manager.move(barcode, wanted.get("status")))


ROUTES: tuple[tuple[str, re.Pattern[str], Callable[..., Answer]], ...] = tuple(
    (method, re.compile(pattern), act)
    for method, pattern, act in (
        ("POST", "/shipments", Api._create),
        ("GET", f"/shipments/{ID}", Api._shipment),
        ("GET", f"/shipments/{ID}/label", Api._label),
        ("POST", f"/shipments/{ID}/cancel", Api._cancel),
        ("DELETE", rf"/shipments/{ID}/parts/(?P<part>[a-z.]+)", Api._delete_part),
        ("PATCH", f"/shipments/{ID}/retention", Api._retag),
        ("POST", RECORDS, Api._create),
        ("GET", f"{RECORDS}/{ID}", Api._shipment),
        ("DELETE", rf"{RECORDS}/{ID}/parts/(?P<part>[a-z.]+)", Api._delete_part),
        ("PATCH", f"{RECORDS}/{ID}/retention", Api._retag),
        ("GET", "/pickup-points", Api._pickup_points),
        ("GET", re.escape(JWKS), Api._jwks),
        ("GET", "/_health", Api._health),
        ("GET", "/_ledger", Api._ledger),
        ("GET", f"/_opened/{ID}", Api._opened),
        ("GET", "/_shopify", Api._shopify),
        ("PUT", "/_clock", Api._move_clock),
        ("PUT", "/_faults", Api._set_faults),
        ("PUT", f"/_state/{ID}", Api._set_state),
        ("GET", "/_switches", Api._tell_switches),
        ("PUT", "/_switches", Api._turn_switches),
        ("PUT", "/_boxes/(?P<barcode>[A-Z0-9]+)", Api._move_box),
    )
)


def ledger(platform: Platform) -> dict[str, object]:
    """All that the documented API received, byte for byte and in order, and what it made of it."""
    requests = [
        {
            "seq": seq,
            "at": at,
            "method": method,
            "path": path,
            "idempotency_key": key,
            "body_base64": base64.b64encode(body).decode("ascii"),
            "status": status,
            "fault": fault,
        }
        for seq, at, method, path, key, body, status, fault in platform.store.requests()
    ]
    shipments = {
        shipment.id: {"state": shipment.state, "barcode": shipment.barcode, "posts": shipment.posts}
        for shipment in platform.store.shipments()
        if shipment.kind == SHIPMENTS
    }
    records = {
        record.id: {"kind": record.kind, "state": record.state, "posts": record.posts}
        for record in platform.store.shipments()
        if record.kind != SHIPMENTS
    }
    return {"requests": requests, "shipments": shipments, "records": records}
