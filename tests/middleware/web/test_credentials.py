"""VP-CAT-1: a credential in an order goes nowhere, and the operator hears of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from prometheus_client import REGISTRY

from tests.middleware.web.conftest import Intake
from tests.system.orders import order

SECRET_VALUE = "geheim-Xy7Qz"


def counted() -> float:
    return REGISTRY.get_sample_value("parcelveil_credentials_blocked_total") or 0.0


def alarms(intake: Intake) -> list[dict[str, Any]]:
    return [line for line in intake.lines() if line["event"] == "credential_blocked"]


@pytest.mark.policy("VP-CAT-1")
@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"password": SECRET_VALUE}, "*"),
        ({"customer": {"id": 7, "access_token": SECRET_VALUE}}, "customer.*"),
        ({"client_details": {"wachtwoord": {SECRET_VALUE: SECRET_VALUE}}}, "client_details"),
        ({"plugin": [{"login": {"token": SECRET_VALUE}}]}, "*"),
    ],
)
def test_a_credential_is_dropped_and_alarmed_by_its_path_alone(
    intake: Intake, change: dict[str, Any], path: str
) -> None:
    before = counted()
    answer = intake.post("plain", order(**change))
    told = answer.get_json()
    assert (answer.status_code, told["status"], told.keys()) == (200, "accepted", {"status", "id", "reference"})
    (alarm,) = alarms(intake)
    request_id = answer.headers["X-Request-Id"]
    assert alarm["level"] == "warning"
    assert (alarm["path"], alarm["record_id"], alarm["request_id"]) == (path, told["id"], request_id)
    assert counted() == before + 1
    shown = intake.services.store.show(told["id"])
    assert shown is not None
    report = intake.services.store.removal(shown.removal)
    assert report is not None
    assert [removal.path for removal in report.removed if removal.reason == "credential"] == [path]
    for name in ("parcelveil.db", "parcelveil.db-journal"):
        file = intake.database.with_name(name)
        assert not file.exists() or SECRET_VALUE.encode() not in file.read_bytes()
    assert SECRET_VALUE not in intake.log.text() + answer.text


@pytest.mark.policy("VP-CAT-1")
@pytest.mark.parametrize(
    ("shop", "change", "status", "reason"),
    [
        ("plain", {"financial_status": "pending"}, "ignored", "not_paid"),
        ("plain", {"cancelled_at": "2026-11-21T09:00:00+01:00"}, "ignored", "cancelled"),
        ("plain", {"shipping_address": {"first_name": "x"}}, "rejected", None),
        ("plain", {"updated_at": 7}, "rejected", None),
        ("strict", {"shipping_address": {"first_name": "x"}}, 422, None),
    ],
)
def test_what_is_not_taken_is_alarmed_too(
    intake: Intake, shop: str, change: dict[str, Any], status: str | int, reason: str | None
) -> None:
    store = intake.services.store
    store.see([entry.id for entry in store.rejections(shop, 10_000)], intake.clock())
    before = counted()
    answer = intake.post(shop, order(password=SECRET_VALUE, **change))
    told = answer.get_json()
    assert (told["status"], told.get("reason")) == (status, reason)
    (alarm,) = alarms(intake)
    assert (alarm["path"], alarm["request_id"]) == ("*", answer.headers["X-Request-Id"])
    assert alarm["record_id"] == told.get("id")
    assert counted() == before + 1
    assert SECRET_VALUE not in intake.log.text() + answer.text
    assert SECRET_VALUE.encode() not in intake.database.read_bytes()


@pytest.mark.policy("VP-CAT-1")
def test_what_shopify_itself_sends_alarms_nobody(intake: Intake) -> None:
    """It names every order and every customer by tokens of its own; an alarm that always rings is none."""
    usual = {"token": "x", "cart_token": None, "checkout_token": "x", "note": "password: x"}
    before = counted()
    answer = intake.post("plain", order(**usual, customer={"id": 7, "multipass_identifier": None}))
    assert json.loads(answer.text)["status"] == "accepted"
    assert alarms(intake) == []
    assert counted() == before
