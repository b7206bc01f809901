"""Health, readiness, the keys that verify receipts, and the description of all this."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from middleware.services import Services
from middleware.web.openapi import description


def blueprint(services: Services) -> Blueprint:
    """The routes that need no signature and tell nothing of anybody."""
    routes = Blueprint("health", __name__)

    def healthz() -> Response:
        return jsonify(status="ok")

    def readyz() -> Response:
        """Ready to take orders: storage answers, and every shop's keys for today are there."""
        services.store.ping()
        services.check_keys()
        return jsonify(status="ok")

    def jwks() -> Response:
        return jsonify(services.keys.public_jwks())

    def openapi() -> Response:
        return jsonify(description())

    views = {"/healthz": healthz, "/readyz": readyz, "/.well-known/jwks.json": jwks, "/openapi.json": openapi}
    for rule, view in views.items():
        routes.add_url_rule(rule, view_func=view, methods=["GET"], provide_automatic_options=False)
    return routes
