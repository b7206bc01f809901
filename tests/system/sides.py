"""Two equal services, and all that can be seen of each: what is random by design is hidden, by its place."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from jwcrypto import jwe, jwk

from middleware import bootstrap, config
from middleware.carriers.parcel_json import ParcelJson
from middleware.exchange import Request, Response
from middleware.relay import Lane, Relay
from middleware.services import Services
from middleware.storage import migrate
from middleware.web.app import create
from tests.system.canaries import Document
from tests.system.stack import Json, Service, headers

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Platform:
    """Stands in for the parcel platform: keeps every request, opens what it was sent with its own keys."""

    def __init__(self, private: Mapping[str, jwk.JWK]) -> None:
        self._private = private
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        """Take whatever comes."""
        self.requests.append(request)
        answer = {"barcode": "323200000000000000001030", "label": "/", "state": "created"}
        return Response(status=201, headers={}, body=json.dumps(answer).encode())

    def opened(self, token: str) -> bytes:
        """The plaintext, padding included."""
        box = jwe.JWE()
        box.deserialize(token)
        box.decrypt(self._private[json.loads(box.objects["protected"])["kid"]])
        return bytes(box.payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of two equal services."""

    client: FlaskClient
    services: Services
    relay: Relay
    platform: Platform
    database: Path

    def see(self, document: Document, name: str) -> dict[str, Any]:
        """Send the order, deliver it, and look at everything; nothing of it is left behind."""
        body = document.body
        given = headers(body, f"{name}.myshopify.com", x_shopify_webhook_id="1", x_shopify_event_id="2")
        with contextlib.redirect_stderr(io.StringIO()) as said:
            answer = self.client.post("/webhooks/shopify/orders", data=body, headers=given)
            stored = self.rows()
            self.relay.step()
        seen = {
            "status": answer.status_code,
            "headers": {key: _hidden(value) if key == "X-Request-Id" else value for key, value in answer.headers},
            "body": _by_position(answer.get_json(), {"id", "reference", "instance"}),
            "length": len(answer.data),
            "log": [_line(text) for text in said.getvalue().splitlines()],
            "stored": stored,
            "settled": self.rows(),
            "outbound": [self._outbound(request) for request in self.platform.requests],
        }
        self._forget()
        return seen

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table, with what is random by design hidden."""
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            found = {table: connection.execute(f'SELECT * FROM "{table}"').fetchall() for table in TABLES}  # noqa: S608
        return {table: [self._row(table, dict(row)) for row in rows] for table, rows in found.items()}

    def _row(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        for column in RANDOM.get(table, ()):
            row[column] = _hidden(row[column])
        if table == "records":
            row["receipt"] = _receipt(row["receipt"])
            row["clear"] = row["clear"] and _clear(json.loads(row["clear"]), len(row["clear"]))
        if table == "parts" and row["jwe"]:
            row["jwe"] = self._part(row["jwe"])
        return row

    def _outbound(self, request: Request) -> Any:
        assert request.body is not None
        body = json.loads(request.body)
        parts = {
            f"{party}.{part}": self._part(token)
            for party in ("recipient", "sender")
            for part, token in body[party].pop("sealed").items()
        }
        receipt = _receipt(body.pop("receipt"))
        named = _by_position(dict(request.headers), {"Idempotency-Key"})
        return request.method, request.path, named, len(request.body), parts, receipt, _clear(body, 0)

    def _part(self, token: str) -> Any:
        header, *rest = token.split(".")
        told = _by_position(_decoded(header), {"rid"})
        told["epk"] = _by_position(told["epk"], {"x", "y"})
        return told, [len(piece) for piece in (header, *rest)], self.platform.opened(token)

    def _forget(self) -> None:
        self.platform.requests.clear()
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            for table in TABLES:
                connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - our own names
            connection.commit()


TABLES = ("inbox", "orders", "rejections", "lanes", "index_entries", "parts", "records", "removals")
RANDOM: Mapping[str, tuple[str, ...]] = {
    "records": ("id", "reference"),
    "parts": ("record_id",),
    "index_entries": ("record_id",),
    "orders": ("record_id",),
    "inbox": ("body",),  # the keyed digest of the whole body as it came
    "rejections": ("id", "body", "order_ref"),
}
"""Ids, codes, and the one digest that covers what may not pass; by table and column."""


def _hidden(value: Any) -> Any:
    return value if value is None else (type(value).__name__, len(value))


def _by_position(value: Any, names: set[str]) -> Any:
    return {name: _hidden(inner) if name in names else inner for name, inner in value.items()}


def _decoded(segment: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def _receipt(token: str) -> Any:
    header, payload, signature = token.split(".")
    told = _by_position(_decoded(payload), {"rid", "body_sha256"})
    told["parts"] = {name: _by_position(part, {"sha256"}) for name, part in told["parts"].items()}
    return _decoded(header), told, [len(header), len(payload), len(signature)]


def _clear(body: Json, length: int) -> Any:
    told = _by_position(body, {"id"})
    told["parcel"] = _by_position(told["parcel"], {"reference"})
    return told, length


def _line(text: str) -> Any:
    told = json.loads(text)
    told["duration_ms"] = type(told.get("duration_ms")).__name__
    return _by_position(told, {"timestamp", "request_id", "record_id"})


def side(service: Service, private: Mapping[str, jwk.JWK]) -> Side:
    """The real application over the real store, and the real relay over a transport that is none."""
    migrate(f"sqlite:///{service.database}/parcelveil.db")
    services = replace(bootstrap.services(config.load(service.config)), clock=lambda: NOW)
    platform = Platform(private)
    relay = Relay(
        store=services.store,
        clock=lambda: NOW,
        lanes={"platform": Lane(carrier=ParcelJson(), transport=platform)},
        keys={str(services.keys.signing.kid): services.keys.signing},
        observe=lambda *_: None,
        chance=lambda: 0.5,
    )
    client = create(services, "intake").test_client()
    return Side(
        client=client, services=services, relay=relay, platform=platform, database=service.database / "parcelveil.db"
    )
