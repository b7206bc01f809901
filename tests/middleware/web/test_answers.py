"""Every status that a webhook route can answer with, and the form that all answers have."""

from __future__ import annotations

import fcntl
import json
import os
import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from middleware.core.body import MAX_BYTES
from middleware.ports import Store
from middleware.storage import open_store
from tests.middleware.web.answering import PERSON, common, problem
from tests.middleware.web.conftest import ORDERS, Intake
from tests.system.orders import address, order
from tests.system.stack import OWN_SECRET, headers, sign


def test_accepted(intake: Intake) -> None:
    answer = intake.post("plain", order(note=PERSON))
    common(answer)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    told = answer.get_json()
    assert told.keys() == {"status", "id", "reference"}
    assert told["status"] == "accepted"
    assert str(uuid.UUID(told["id"])) == told["id"]
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", told["reference"])


def test_ignored(intake: Intake) -> None:
    answer = intake.post("plain", order(test=True))
    common(answer)
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ignored", "reason": "test_order"})


def test_a_rejected_order_is_answered_200_so_that_the_shop_keeps_its_subscription(intake: Intake) -> None:
    content = order(shipping_address=address(PERSON, zip=None))
    answer = intake.post("plain", content)
    common(answer)
    told = answer.get_json()
    assert (answer.status_code, told["status"], told.keys()) == (200, "rejected", {"status", "id"})
    assert intake.post("plain", content).get_json() == {"status": "duplicate", "id": told["id"]}
    (kept,) = [row for row in intake.services.store.rejections("plain", 99) if row.id == told["id"]]
    assert kept.faults == (("/shipping_address/zip", "required"),)


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"shipping_address": address(PERSON, zip=None)}, {("/shipping_address/zip", "required")}),
        ({"shipping_address": address(PERSON, country_code=PERSON)}, {("/shipping_address/country_code", "too-long")}),
        ({"shipping_address": address(PERSON, address1=7)}, {("/shipping_address/address1", "type")}),
        ({"shipping_address": None, "shipping_lines": [{}]}, {("/shipping_address", "required")}),
        ({"id": PERSON}, {("/id", "type")}),
        ({"id": 1.0}, {("/id", "type")}),
        ({"updated_at": PERSON}, {("/updated_at", "timestamp")}),
        ({"test": "false"}, {("/test", "type")}),
        (
            {"line_items": [{"grams": -1, PERSON: PERSON}, PERSON]},
            {("/line_items/0/grams", "range"), ("/line_items/1", "type")},
        ),
        (
            {"note_attributes": [{"name": "pickup_point", "value": PERSON}]},
            {("/note_attributes", "unknown-pickup-point")},
        ),
    ],
)
def test_refused_where_the_shop_wants_it_with_pointers_of_known_names(
    intake: Intake, change: dict[str, Any], errors: set[tuple[str, str]]
) -> None:
    body = problem(intake.post("strict", order(**change)), 422, "schema")
    assert {(error["pointer"], error["code"]) for error in body["errors"]} == errors
    assert all(error.keys() == {"pointer", "code"} for error in body["errors"])


@pytest.mark.parametrize("content", [[], "text", 7, None, True, {}, {PERSON: {PERSON: PERSON}}])
def test_what_is_no_order_is_refused(intake: Intake, content: object) -> None:
    body = problem(intake.post("strict", content), 422, "schema")
    assert body["errors"]


@pytest.mark.policy("VP-CAT-8", "VP-PLG-2")
def test_names_that_nobody_knows_are_never_repeated(intake: Intake) -> None:
    content = {**order(id=None), PERSON: 1, "customer": {PERSON: {"id": PERSON}, "id": PERSON}}
    answer = intake.post("strict", content)
    assert PERSON not in json.dumps(problem(answer, 422, "schema"))
    assert PERSON not in intake.log.text()


@pytest.mark.parametrize(
    "body", [b"", b"[", b"{'id': 1}", b"\xff", b'{"id": 1, "id": 1}', b'{"id": NaN}', b"[" * 99 + b"]" * 99]
)
def test_malformed(intake: Intake, body: bytes) -> None:
    problem(intake.post("plain", body), 400, "malformed-json")


@pytest.mark.parametrize(
    "media",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/json;a=b",
    ],
)
def test_other_media(intake: Intake, media: str | None) -> None:
    problem(intake.post("plain", order(), content_type=media), 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "media", ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']
)
def test_media(intake: Intake, media: str) -> None:
    assert intake.post("plain", order(), content_type=media).status_code == 200


@pytest.mark.parametrize(
    ("encoding", "status"), [("gzip", 415), ("br", 415), ("identity, gzip", 415), ("identity", 200), ("Identity", 200)]
)
def test_content_encoding(intake: Intake, encoding: str, status: int) -> None:
    assert intake.post("plain", order(), content_encoding=encoding).status_code == status


def test_too_large(intake: Intake) -> None:
    body = json.dumps(order()).encode()
    assert intake.post("plain", body.ljust(MAX_BYTES)).status_code == 200
    problem(intake.post("plain", body.ljust(MAX_BYTES + 1)), 413, "too-large")


def told_length(intake: Intake, length: str) -> TestResponse:
    """A body of two bytes under a Content-Length that may be another one."""
    given = headers(b"{}", "plain.myshopify.com")
    return intake.client.post(ORDERS, data=b"{}", headers=given, environ_overrides={"CONTENT_LENGTH": length})


@pytest.mark.parametrize("length", ["9999999999999999999999", str(MAX_BYTES + 1)])
def test_too_large_is_told_by_the_header_alone(intake: Intake, length: str) -> None:
    problem(told_length(intake, length), 413, "too-large")


@pytest.mark.parametrize("length", ["-1", "+2", "2.0", "0x2", "2 ", "\u0662", "1", "3"])
def test_a_length_that_does_not_fit(intake: Intake, length: str) -> None:
    problem(told_length(intake, length), 400, "bad-length")


@pytest.mark.parametrize("host", ["", "a.example, b.example", "a.example b.example"])
def test_a_host_that_is_none(intake: Intake, host: str) -> None:
    body = json.dumps(order()).encode()
    given = headers(body, "plain.myshopify.com")
    answer = intake.client.post(ORDERS, data=body, headers=given, environ_overrides={"HTTP_HOST": host})
    problem(answer, 400, "bad-host")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "UNHEARD"])
@pytest.mark.parametrize("path", ["orders", "compliance", "app", "own/orders", "own/compliance", "own/app"])
def test_other_methods(intake: Intake, method: str, path: str) -> None:
    answer = intake.client.open(f"/webhooks/shopify/{path}", method=method)
    assert answer.headers["Allow"] == "POST"
    if method == "HEAD":
        assert (answer.status_code, answer.data) == (405, b"")
    else:
        problem(answer, 405, "method-not-allowed")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json", "/.well-known/jwks.json"])
def test_what_is_only_read(intake: Intake, path: str) -> None:
    answer = intake.client.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    common(answer)
    for method in ("POST", "OPTIONS", "TRACE", "PUT"):
        refused = intake.client.open(path, method=method)
        problem(refused, 405, "method-not-allowed")
        assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize("method", ["GET", "POST", "TRACE"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        f"/{PERSON}",
        "/webhooks",
        "/webhooks/shopify",
        "/webhooks/woocommerce/orders",
        "/webhooks/woocommerce/plain/app",
        "/healthz/",
        "/webhooks//shopify/orders",
        f"{ORDERS}/",
        "/metrics",
    ],
)
def test_nothing_there(intake: Intake, path: str, method: str) -> None:
    problem(intake.client.open(path, method=method), 404, "not-found")


def test_health_tells_nothing_but_that(intake: Intake) -> None:
    assert intake.client.get("/healthz").get_json() == {"status": "ok"}
    assert intake.client.get("/readyz").get_json() == {"status": "ok"}


def test_published_keys_are_public(intake: Intake) -> None:
    (key,) = intake.client.get("/.well-known/jwks.json").get_json()["keys"]
    assert key.keys() == {"kty", "crv", "x", "kid", "use", "alg"}


def unavailable(answer: TestResponse, slug: str) -> None:
    problem(answer, 503, slug)
    assert int(answer.headers["Retry-After"]) > 0


def test_storage_that_does_not_answer(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("middleware.storage.sqlite.WRITE_LOCK_SECONDS", 0.05)
    content, before = order(note=PERSON), intake.records()
    descriptor = os.open(f"{intake.database}.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        unavailable(intake.post("plain", content), "storage-unavailable")
        assert intake.records() == before
    finally:
        os.close(descriptor)
    assert intake.post("plain", content).get_json()["status"] == "accepted"


def test_storage_that_is_damaged(intake: Intake, tmp_path: Path) -> None:
    (tmp_path / "damaged.db").write_bytes(b"no database at all" * 999)
    store = open_store(f"sqlite:///{tmp_path}/damaged.db")
    body = json.dumps(order(note=PERSON)).encode()
    client = intake.over(store)
    unavailable(client.post(ORDERS, data=body, headers=headers(body, "plain.myshopify.com")), "storage-unavailable")
    unavailable(client.get("/readyz"), "storage-unavailable")
    assert client.get("/healthz").status_code == 200
    store.close()


def test_a_month_without_a_key(intake: Intake) -> None:
    before = intake.records()
    intake.clock.move(timedelta(days=70))
    unavailable(intake.post("plain", order()), "missing-retention-key")
    unavailable(intake.client.get("/readyz"), "missing-retention-key")
    assert intake.client.get("/healthz").status_code == 200
    assert intake.records() == before


@pytest.mark.parametrize(
    ("path", "topic", "content"),
    [
        (
            "compliance",
            "customers/data_request",
            {
                "shop_id": 1,
                "shop_domain": "plain.myshopify.com",
                "orders_requested": [],
                "customer": {},
                "data_request": {},
            },
        ),
        (
            "compliance",
            "customers/redact",
            {"shop_id": 1, "shop_domain": "plain.myshopify.com", "customer": {}, "orders_to_redact": []},
        ),
        ("compliance", "shop/redact", {"shop_id": 1, "shop_domain": "plain.myshopify.com"}),
        ("app", "app/scopes_update", {"id": 1, "previous": ["read_orders"], "current": ["read_orders"]}),
    ],
)
def test_what_is_genuine_but_not_served_yet_is_never_acknowledged(
    intake: Intake, path: str, topic: str, content: dict[str, Any]
) -> None:
    route = f"/webhooks/shopify/{path}"
    unavailable(intake.post("plain", content, route=route, x_shopify_topic=topic), "not-served")
    problem(
        intake.post("plain", content, route=route, x_shopify_topic=topic, secret=OWN_SECRET), 401, "invalid-signature"
    )
    problem(intake.client.post(route), 401, "invalid-signature")


class Failing:
    """A store in which something nobody thought of goes wrong, with a person's data in the error."""

    def seen(self, *_: object) -> None:
        raise RuntimeError(PERSON, {PERSON: PERSON}) from ValueError(PERSON)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def test_what_nobody_thought_of_tells_nothing(intake: Intake) -> None:
    store: Store = Failing()
    body = json.dumps(order(note=PERSON)).encode()
    answer = intake.over(store).post(ORDERS, data=body, headers=headers(body, "plain.myshopify.com"))
    problem(answer, 500, "internal")
    (line,) = [line for line in intake.lines() if line["event"] == "internal"]
    assert (line["error"], line["request_id"]) == ("RuntimeError", answer.headers["X-Request-Id"])
    assert "test_answers:" in line["frames"]
    assert line["causes"] == "ValueError"
    assert PERSON not in intake.log.text()


@pytest.fixture(autouse=True)
def no_person_in_the_log(intake: Intake) -> Iterator[None]:
    yield
    assert PERSON not in intake.log.text()
    assert sign(b"") not in intake.log.text()
