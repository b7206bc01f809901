"""The admin API: shops are connected, checked, paused and let go by the platform's own systems, without a restart.

Every request carries a bearer token of ``[admin]``; without one configured none is right. Secrets go in and never come
out, and neither does who sends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import wraps
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from middleware.core.bearer import opens
from middleware.core.body import read
from middleware.errors import BodyError, ConfigError, Fault, SchemaError, UnauthorisedError
from middleware.logs import logger
from middleware.model_shop import ShopFace
from middleware.onboarding import Onboarding
from middleware.web.raw import body_of
from schemas.allowlist import Refused
from schemas.shops import read_shop

_log = logger("admin")

View = Callable[..., tuple[Response, int] | Response]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Administration:
    """What the admin API works with: shops, and the tokens that open it (two while one is changed)."""

    onboarding: Onboarding
    tokens: tuple[bytes, ...]

    def __repr__(self) -> str:
        return "<Administration>"


def blueprint(administration: Administration) -> Blueprint:
    """The routes beneath ``/admin/v1/shops/``."""
    routes = Blueprint("admin", __name__, url_prefix="/admin/v1/shops/<shop>")
    shops = administration.onboarding

    def connect(shop: str) -> tuple[Response, int]:
        face, new = _connected(shops, shop)
        _log.info("shop_connected", shop=shop, request_id=g.request_id)
        return _shown(face), 201 if new else 200

    def show(shop: str) -> Response:
        return _shown(shops.show(shop))

    def disconnect(shop: str) -> tuple[Response, int]:
        shops.disconnect(shop)
        _log.info("shop_disconnected", shop=shop, request_id=g.request_id)
        return Response(status=204), 204

    def check(shop: str) -> Response:
        findings = shops.check(shop)
        told = [{"check": one.check, "ok": one.ok, "message": one.message} for one in findings]
        return jsonify(shop=shop, fit=all(one.ok for one in findings), findings=told)

    def pause(shop: str) -> Response:
        face = shops.pause(shop, paused=True)
        _log.info("shop_paused", shop=shop, request_id=g.request_id)
        return _shown(face)

    def resume(shop: str) -> Response:
        face = shops.pause(shop, paused=False)
        _log.info("shop_resumed", shop=shop, request_id=g.request_id)
        return _shown(face)

    views: Sequence[tuple[str, str, View]] = (
        ("", "PUT", connect),
        ("", "GET", show),
        ("", "DELETE", disconnect),
        ("/check", "POST", check),
        ("/pause", "POST", pause),
        ("/resume", "POST", resume),
    )
    for rule, method, view in views:
        guarded = _guarded(view, administration.tokens)
        routes.add_url_rule(rule, view_func=guarded, methods=[method], provide_automatic_options=False)
    return routes


def _connected(shops: Onboarding, shop: str) -> tuple[ShopFace, bool]:
    """The shop that the request describes, and whether it is new.

    Raises: BodyError, SchemaError, and what ``Onboarding.connect`` raises but for ConfigError.
    """
    settings = dict(_settings(read(body_of(request))))
    secrets = [secret.encode() for secret in settings.pop("secrets", ())]
    token = settings.pop("token", "").encode() or None
    try:
        return shops.connect(shop, settings, secrets, token)
    except ConfigError as fault:
        refused = fault.pointer or "/"
    raise SchemaError((Fault(pointer=refused.rstrip("/"), code="value"),))


def _guarded(view: View, tokens: Sequence[bytes]) -> View:
    @wraps(view)
    def guarded(**names: Any) -> tuple[Response, int] | Response:
        if not opens(request.headers.get("Authorization", ""), tokens):
            raise UnauthorisedError()
        if request.method != "PUT" and request.content_length:
            raise BodyError(code="unexpected-body", status=400)  # nobody would read it off the connection
        return view(**names)

    return guarded


def _settings(document: object) -> Any:
    faults: tuple[tuple[str, str], ...] = ()
    try:
        return read_shop(document)
    except Refused as refused:
        faults = refused.faults
    raise SchemaError(tuple(Fault(pointer=pointer, code=code) for pointer, code in faults))


def _shown(face: ShopFace) -> Response:
    members = {**asdict(face), "updated_at": face.updated_at and face.updated_at.isoformat()}
    return jsonify({name: value for name, value in members.items() if value is not None})
