"""The routes: who asks the platform for what, and how its answers and refusals are written. No sockets here."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from simulator.encoding import read_object
from simulator.errors import Fault, RefusedError, invalid
from simulator.faults import Faults
from simulator.parts import KINDS, SHIPMENTS
from simulator.platform import Platform

JSON = "application/json"
PROBLEM = "application/problem+json"
PDF = "application/pdf"

JWKS = "/.well-known/jwks.json"
RECORDS = f"/records/(?P<kind>{'|'.join(kind for kind in KINDS if kind != SHIPMENTS)})"
ID = r"(?P<id_>[A-Za-z0-9][A-Za-z0-9._~-]{0,63})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Request:
    """One request as it came. ``target`` holds path and query; ``headers`` have their names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def control(self) -> bool:
        """Whether faults and the ledger pass this by: it asks for the keys, or begins with ``/_``."""
        return self.path == JWKS or self.path.startswith("/_")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Answer:
    """One answer, ready to be written."""

    status: int
    body: bytes = b""
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


class Api:
    """The JSON parcel API and the simulator's own controls, over one platform.

    With ``token``, the API asks for it as a bearer token; keys and controls stay open.
    """

    def __init__(self, platform: Platform, faults: Faults, token: str | None = None) -> None:
        self._platform = platform
        self._faults = faults
        self._token = token

    def answer(self, request: Request) -> Answer:
        """What the platform says; a refusal is a problem (RFC 9457) of pointers and codes, never of values."""
        try:
            self._platform.tick()
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
        return as_json(ledger(self._platform))

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
        ("PUT", "/_clock", Api._move_clock),
        ("PUT", "/_faults", Api._set_faults),
        ("PUT", f"/_state/{ID}", Api._set_state),
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


def as_json(value: Mapping[str, object], status: int = 200) -> Answer:
    """``value`` as an answer."""
    return Answer(status=status, body=json.dumps(value, separators=(",", ":")).encode("ascii"))


def problem(refusal: RefusedError) -> Answer:
    """A refusal as an answer (RFC 9457)."""
    content: dict[str, object] = {
        "type": f"urn:problem:{refusal.code}",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "code": refusal.code,
    }
    if refusal.faults:
        content["errors"] = [{"pointer": fault.pointer, "code": fault.code} for fault in refusal.faults]
    headers = {"WWW-Authenticate": "Bearer"} if refusal.status == 401 else {}
    return Answer(status=refusal.status, body=json.dumps(content).encode("ascii"), media=PROBLEM, headers=headers)
