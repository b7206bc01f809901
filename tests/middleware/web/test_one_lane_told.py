"""One lane creates: how a shop is told so, from settings and database to the line, and what an operator hears of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY
from werkzeug.test import TestResponse

from middleware.directory import Directory
from middleware.web.app import create
from tests.middleware.platforms.plugging import shipment
from tests.middleware.web.answering import PERSON, problem
from tests.middleware.web.conftest import Api, Intake
from tests.middleware.web.test_admin import wanted
from tests.middleware.web.test_shipments import knowing
from tests.middleware.web.test_uninstalled import uninstall
from tests.system.orders import order

TOKEN = "made-up-token-of-systems"
OTHER_LANE = {"status": "ignored", "reason": "other_lane"}


def told(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return {name: text for name, text in answer.get_json().items() if name in OTHER_LANE}


def calling(intake: Intake) -> Intake:
    """The same intake; its shops create by call."""
    services = knowing(intake.services)
    domains = {shop.settings.domain: shop for shop in services.shops.values()}
    client = create(replace(services, domains=domains), "intake").test_client()
    return replace(intake, client=client)


def call(api: Api, number: int, key: str) -> TestResponse:
    cast("Directory", api.services.shops).refresh()
    given = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": f'"{key}"', "Prefer": "wait=0"}
    return api.client.post("/v1/shops/new/shipments", json=shipment(number), headers=given)


def connect(api: Api, **changes: Any) -> TestResponse:
    return api.ask("PUT", "new", wanted("new", token=TOKEN, **changes))


def test_a_shop_of_the_database_is_switched_without_a_restart(api: Api) -> None:
    assert connect(api, creates="call").get_json()["creates"] == "call"
    assert told(api.post("new", order(id=99_001))) == OTHER_LANE
    assert call(api, 99_001, "one").status_code == 202
    assert api.ask("GET", "new").get_json()["creates"] == "call"
    assert connect(api).get_json()["creates"] == "webhook"  # what is not told is as it is by default
    problem(call(api, 99_002, "two"), 403, "other-lane")
    assert told(api.post("new", order(id=99_002))) == {"status": "accepted"}


def test_what_creates_by_call_has_a_token(api: Api) -> None:
    body = problem(api.ask("PUT", "new", wanted("new", creates="call")), 422, "schema")
    assert [error["pointer"] for error in body["errors"]] == ["/token"]
    assert connect(api, creates="call").status_code == 201
    assert api.ask("PUT", "new", wanted("new", creates="call")).status_code == 200  # the one that it has stays


def test_a_direct_shop_is_not_asked(api: Api) -> None:
    answer = connect(api, platform="direct", app=None, domain=None, hold=None, creates="call")
    assert answer.status_code == 422, answer.text
    answer = connect(api, platform="direct", app=None, domain=None, hold=None)
    assert (answer.status_code, answer.get_json()["creates"]) == (201, "call")
    assert call(api, 99_003, "direct").status_code == 202


@pytest.mark.policy("VP-PLG-3")
def test_a_shop_that_creates_by_call_uninstalls_as_any_other(api: Api) -> None:
    connect(api, creates="call")
    made = call(api, 99_004, "made").get_json()["id"]
    assert told(uninstall(api, "new")) == {"status": "accepted", "reason": "uninstalled"}
    problem(call(api, 99_005, "after"), 401, "unauthorised")
    found = api.services.store.show(made)
    assert found is not None
    assert (found.state, found.last_code) == ("withdrawn", "uninstalled")


def test_what_is_ignored_is_counted_and_logged_without_a_value(intake: Intake) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("parcelveil_webhooks_total", OTHER_LANE) or 0.0

    before, content = counted(), order(note=PERSON, email=f"{PERSON}@voorbeeld.example")
    assert told(calling(intake).post("plain", content)) == OTHER_LANE
    assert counted() == before + 1
    (line,) = [line for line in intake.lines() if line["event"] == "webhook"]
    assert (line["status"], line["reason"], line.get("record_id")) == ("ignored", "other_lane", None)
    assert PERSON not in json.dumps(intake.lines())


@pytest.mark.policy("VP-CAT-1")
def test_a_credential_is_alarmed_whatever_becomes_of_its_order(intake: Intake) -> None:
    assert told(calling(intake).post("plain", order(customer={"access_token": PERSON}))) == OTHER_LANE
    alarms = [line["path"] for line in intake.lines() if line["event"] == "credential_blocked"]
    assert alarms == ["customer.*"]


def test_who_contradicts_what_is_claimed_is_401_in_every_lane(intake: Intake) -> None:
    for one in (intake, calling(intake)):
        problem(one.post("plain", order(), x_shopify_topic="orders/cancelled"), 401, "invalid-signature")
        problem(one.post("plain", order(), secret=b"made-up secret of nobody"), 401, "invalid-signature")
        problem(one.post("numbered", order(order_status_url=None)), 401, "invalid-signature")
