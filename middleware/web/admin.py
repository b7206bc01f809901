"""The admin API: shops are connected, checked, paused and let go by the platform's own systems, without a restart.

Every request carries a bearer token of ``[admin]``; without one configured none is right. Secrets go in and never come
out, and neither does who sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from middleware.core.bearer import opens
from middleware.core.body import read
from middleware.errors import (
    ConfigError,
    Fault,
    QuarantinedError,
    SchemaError,
    UnauthorisedError,
)
from middleware.errors_query import Unfit
from middleware.logs import logger
from middleware.model_shop import Held, ShopFace
from middleware.onboarding import KEEP_OLD, KEEP_OLD_LEAST, Onboarding
from middleware.onboarding import PAGE as MOST
from middleware.parting import Parting, parted
from middleware.web import query
from middleware.web.raw import body_of, no_body
from schemas.allowlist import Refused
from schemas.shops import lifetime, read_rotation, read_shop

ROTATE = "rotate-secret"

LONGEST_NUMBER = 18
"""Digits: more than any version has."""

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
    """The routes of ``/admin/v1/shops``."""
    routes = Blueprint("admin", __name__, url_prefix="/admin/v1/shops")
    shops = administration.onboarding

    def every() -> Response:
        faces, following = shops.page(*_page())
        return jsonify(shops=[_members(face) for face in faces], **({} if following is None else {"next": following}))

    def connect(shop: str) -> tuple[Response, int]:
        face, new, left = _connected(shops, shop)
        _log.info("shop_connected", shop=shop, request_id=g.request_id)
        _tell(shop, left)
        told = ({"account_gone": True} if left.gone else {}) | ({"left_behind": left.behind} if left.behind else {})
        return jsonify({**_members(face), **told}), 201 if new else 200

    def show(shop: str) -> Response:
        return jsonify(_members(shops.show(shop)))

    def disconnect(shop: str) -> tuple[Response, int]:
        _, left = parted(shops, shop, lambda: shops.disconnect(shop))
        _log.info("shop_disconnected", shop=shop, request_id=g.request_id)
        _tell(shop, left)
        return Response(status=204), 204

    views: Sequence[tuple[str, str, View]] = (
        ("", "GET", every),
        ("/<shop>", "PUT", connect),
        ("/<shop>", "GET", show),
        ("/<shop>", "DELETE", disconnect),
        *((f"/<shop>/{verb}", "POST", view) for verb, view in _verbs(shops).items()),
    )
    for rule, method, view in views:
        guarded = _guarded(view, administration.tokens, reads=rule.endswith(ROTATE) or method == "PUT")
        routes.add_url_rule(rule, view_func=guarded, methods=[method], provide_automatic_options=False)
    return routes


def _verbs(shops: Onboarding) -> Mapping[str, View]:
    """What can be asked of one shop beside its settings."""

    def check(shop: str) -> Response:
        found = shops.check(shop)
        told = [{"mode": mode, "check": one.check, "ok": one.ok, "message": one.message} for mode, one in found.told()]
        return jsonify(shop=shop, mode=found.mode, works=found.works, fit=found.fit, findings=told)

    def pause(shop: str) -> Response:
        face = shops.pause(shop, paused=True)
        _log.info("shop_paused", shop=shop, request_id=g.request_id)
        return jsonify(_members(face))

    def resume(shop: str) -> Response:
        face = shops.pause(shop, paused=False)
        _log.info("shop_resumed", shop=shop, request_id=g.request_id)
        return jsonify(_members(face))

    def rotate(shop: str) -> Response:
        face = _rotated(shops, shop)
        _log.info("shop_secret_rotated", shop=shop, request_id=g.request_id)
        return jsonify(_members(face))

    return {"check": check, "pause": pause, "resume": resume, ROTATE: rotate}


def _page() -> tuple[int, int]:
    """(from which version on, how many) as the query tells them. Raises: QueryError."""
    asked = query.words(("after", "limit"))
    query.refuse(*(Unfit(parameter=name, code="pattern") for name, text in asked.items() if not _is_number(text)))
    after, limit = int(asked.get("after", 0)), int(asked.get("limit", MOST))
    if not 1 <= limit <= MOST:
        query.refuse(Unfit(parameter="limit", code="range"))
    return after, limit


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER


def _tell(shop: str, left: Parting) -> None:
    if left.behind:
        _log.warning("parcels_left_behind", shop=shop, rows=left.behind, request_id=g.request_id)


def _connected(shops: Onboarding, shop: str) -> tuple[ShopFace, bool, Parting]:
    """The shop that the request describes, whether it is new, and what is left behind.

    Raises: BodyError, SchemaError, and what ``Onboarding.connect`` raises but for ConfigError.
    """
    settings = dict(_read(read_shop))
    held = Held(
        secrets=tuple(secret.encode() for secret in settings.pop("secrets", ())),
        token=settings.pop("token", "").encode() or None,
        passphrase=settings.pop("passphrase", None),
        points_key=settings.pop("points_key", "").encode() or None,
        callback=tuple(_apart(settings, "callback", "secrets") or ()),
        fulfilment=_apart(settings, "fulfilment", "token"),
        tracking_password=settings.pop("tracking_password", None),
    )
    try:
        (face, new), left = parted(shops, shop, lambda: shops.connect(shop, settings, held))
        return face, new, left
    except ConfigError as fault:
        refused = fault.pointer or "/"
    raise SchemaError((Fault(pointer=refused.rstrip("/"), code="value"),))


def _apart(settings: dict[str, Any], key: str, secret: str) -> Any:
    """What a table beneath has that is sealed beside the settings; there it stands no more."""
    if key not in settings:
        return None
    beneath = dict(settings[key])
    told = beneath.pop(secret, None)
    settings[key] = beneath
    return told


def _rotated(shops: Onboarding, shop: str) -> ShopFace:
    """The shop with its new secret. Raises: BodyError, SchemaError, QuarantinedError, and what ``Onboarding.rotate``
    raises but for ConfigError.
    """
    wanted = _read(read_rotation)
    ends = lifetime(wanted["retire_after"]) if "retire_after" in wanted else KEEP_OLD
    if timedelta(0) < ends < KEEP_OLD_LEAST:
        raise SchemaError((Fault(pointer="/retire_after", code="range"),))
    try:
        return shops.rotate(shop, wanted["secret"].encode(), ends or None)
    except ConfigError:
        pass  # of its other settings: the secret's form is the schema's matter
    raise QuarantinedError()


def _guarded(view: View, tokens: Sequence[bytes], *, reads: bool) -> View:
    @wraps(view)
    def guarded(**names: Any) -> tuple[Response, int] | Response:
        if not opens(request.headers.get("Authorization", ""), tokens):
            raise UnauthorisedError()
        if not reads:
            no_body(request)
        return view(**names)

    return guarded


def _read(reader: Callable[[object], Mapping[str, Any]]) -> Mapping[str, Any]:
    """What the body tells. Raises: BodyError, SchemaError."""
    document = read(body_of(request))
    faults: tuple[tuple[str, str], ...] = ()
    try:
        return reader(document)
    except Refused as refused:
        faults = refused.faults
    raise SchemaError(tuple(Fault(pointer=pointer, code=code) for pointer, code in faults))


def _members(face: ShopFace) -> Mapping[str, Any]:
    members = {**asdict(face), "updated_at": face.updated_at and face.updated_at.isoformat()}
    return {name: value for name, value in members.items() if value is not None and value != ()}
