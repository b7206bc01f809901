"""Two equal services, and all that can be seen of each: what is random by design is hidden, by its place."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jwcrypto import jwe, jwk
from werkzeug.test import TestResponse

from middleware import binding, bootstrap, bootstrap_retention, config
from middleware.carriers.parcel_json import ParcelJson
from middleware.core.schedule import required_kids
from middleware.exchange import Request, Response
from middleware.keys import provision
from middleware.platform_keys import Known, PlatformKeys, admit
from middleware.relay import Lane, Relay
from middleware.services import Services
from middleware.storage import migrate
from middleware.web.app import create
from tests.system import variants_woocommerce as woo
from tests.system.canaries import Document
from tests.system.settings import Settings
from tests.system.stack import Json, Service, configure, headers

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
        return self.look(lambda client: client.post("/webhooks/shopify/orders", data=body, headers=given))

    def see_woocommerce(self, document: Document) -> dict[str, Any]:
        """The same of an order of a WooCommerce shop."""
        body = document.body
        given = woo.headers(body)
        return self.look(lambda client: client.post(woo.ROUTE, data=body, headers=given), rows=RANDOM_OF_ONE_SECOND)

    def call(self, path: str, body: bytes, token: str) -> dict[str, Any]:
        """The same of a call of a shop's own systems."""
        given = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": '"1"'}
        given["Prefer"] = "wait=0"
        return self.look(lambda client: client.post(path, data=body, headers=given), {"status"})

    def look(
        self,
        send: Callable[[FlaskClient], TestResponse],
        answered: Set[str] = frozenset(),
        *,
        rows: Mapping[str, tuple[str, ...]] | None = None,
    ) -> dict[str, Any]:
        """Send, deliver, look at everything. ``answered``: what else of the answer is so by design; ``rows``: what is
        random of the rows, as ``RANDOM``.
        """
        random = RANDOM if rows is None else rows
        with contextlib.redirect_stderr(io.StringIO()) as said:
            answer = send(self.client)
            stored = self.rows(random)
            self.relay.step()
        seen = {
            "status": answer.status_code,
            "headers": _by_position(dict(answer.headers), {"X-Request-Id", "Location"}),
            "body": _by_position(answer.get_json(), {"id", "reference", "instance", *answered}),
            "length": len(answer.data),
            "log": [_line(text) for text in said.getvalue().splitlines()],
            "stored": stored,
            "settled": self.rows(random),
            "outbound": [self._outbound(request) for request in self.platform.requests],
        }
        self._forget()
        return seen

    def rows(self, random: Mapping[str, tuple[str, ...]]) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table, with what is random by design hidden."""
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            found = {table: connection.execute(f'SELECT * FROM "{table}"').fetchall() for table in TABLES}  # noqa: S608
        return {
            table: [self._row(random.get(table, ()), table, dict(row)) for row in rows] for table, rows in found.items()
        }

    def _row(self, random: tuple[str, ...], table: str, row: dict[str, Any]) -> dict[str, Any]:
        for column in random:
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
        parties = [party for party, told in body.items() if isinstance(told, dict) and "sealed" in told]
        parts = {
            f"{party}.{part}": self._part(token)
            for party in parties
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


TABLES = (
    *("inbox", "idempotency", "orders", "rejections", "lanes", "index_entries", "parts", "records", "removals"),
    *("events", "notices", "audit_entries", "terms", "switches", "standings"),
)
RANDOM: Mapping[str, tuple[str, ...]] = {
    "records": ("id", "reference"),
    "parts": ("record_id",),
    "index_entries": ("record_id",),
    "orders": ("record_id",),
    "inbox": ("body",),  # the keyed digest of the whole body as it came
    "idempotency": ("payload", "record_id"),
    "audit_entries": ("id", "subject"),
    "rejections": ("id", "body", "order_ref"),
}
"""Ids, codes, and the one digest that covers what may not pass; by table and column."""

RANDOM_OF_ONE_SECOND: Mapping[str, tuple[str, ...]] = {
    **RANDOM,
    "inbox": ("body", "webhook"),
    "rejections": ("id", "body", "order_ref", "webhook"),
}
"""Where a delivery's id is no more than a second, the body is part of it, and so of its keyed digest."""


def _hidden(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else (type(value).__name__, len(value))


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
    if "parcel" in told:
        told["parcel"] = _by_position(told["parcel"], {"reference"})
    return told, length


def _line(text: str) -> Any:
    told = json.loads(text)
    told["duration_ms"] = type(told.get("duration_ms")).__name__
    return _by_position(told, {"timestamp", "request_id", "record_id"})


def side(service: Service, private: Mapping[str, jwk.JWK], role: str = "intake") -> Side:
    """The real application of a role over the real store, and the real relay over a transport that is none."""
    migrate(f"sqlite:///{service.database}/parcelveil.db")
    settings = config.load(service.config)
    services = replace(bootstrap.services(settings), clock=lambda: NOW)
    ledger = replace(bootstrap_retention.ledger(settings), clock=lambda: NOW) if role == "api" else None
    platform = Platform(private)
    relay = Relay(
        store=services.store,
        clock=lambda: NOW,
        lanes={"platform": Lane(carrier=ParcelJson(), transport=platform)},
        keys={str(services.keys.signing.kid): services.keys.signing},
        observe=lambda *_: None,
        chance=lambda: 0.5,
    )
    client = create(services, role, ledger=ledger).test_client()
    return Side(
        client=client, services=services, relay=relay, platform=platform, database=service.database / "parcelveil.db"
    )


@contextlib.contextmanager
def pair(
    folder: Path, shops: Mapping[str, Settings], packs: Iterable[str], secrets: Mapping[str, str], role: str = "intake"
) -> Iterator[tuple[Side, Side]]:
    """Two services of these shops with the same keys, each with a database of its own, logging all there is to say."""
    kids = {kid for name in packs for kid in required_kids(binding.pack(name), NOW.date())}
    private = {kid: jwk.JWK.generate(kty="EC", crv="P-256") for kid in kids}
    public = [{**key.export_public(as_dict=True), "kid": kid, "alg": "ECDH-ES+A256KW"} for kid, key in private.items()]
    known = admit(Known(), json.dumps({"keys": public}).encode(), b'{"points": []}', NOW)
    first = configure(folder / "one", shops, {"platform": "http://127.0.0.1:9"})
    keys, state = first.folder / "keys", first.folder / "state"
    provision(keys)
    PlatformKeys(state, "platform").store(known)
    same = {"keys": str(keys), "state": str(state)}
    second = configure(folder / "two", shops, {"platform": "http://127.0.0.1:9"}, server=same)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(logging.getLogger(), "level", logging.DEBUG)
        for name, value in {"SHOPIFY_SECRET": "s", "PARCEL_PLATFORM_TOKEN": "t", **secrets}.items():
            patched.setenv(name, value)
        made = side(first, private, role), side(second, private, role)
        yield made
    for one in made:
        one.services.store.close()
