"""A shop uninstalls the app: the exchange ends before the answer, and only a new request begins another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from werkzeug.test import TestResponse

from middleware import bootstrap, config
from middleware.core.calendar import today
from middleware.directory import Directory
from middleware.errors import StorageError
from middleware.model import State
from middleware.services import Services
from tests.middleware.web.answering import problem
from tests.middleware.web.conftest import ORDERS, Api
from tests.middleware.web.test_admin import wanted
from tests.system.orders import order
from tests.system.stack import SECRET, headers

APP = "/webhooks/shopify/app"
PERSON = "Persoon-Qx81v"


def gone(name: str, **changes: Any) -> bytes:
    """What Shopify tells of the shop, with what is the merchant's own in it."""
    told = {"id": 1, "name": PERSON, "email": "persoon@made-up.example", "domain": "winkel.example"}
    return json.dumps({**told, "myshopify_domain": f"{name}.myshopify.com", **changes}).encode()


def uninstall(api: Api, name: str, body: bytes | None = None) -> TestResponse:
    body = body or gone(name)
    given = headers(body, f"{name}.myshopify.com", x_shopify_topic="app/uninstalled")
    return api.intake.post(APP, data=body, headers=given)


def told(answer: TestResponse) -> Mapping[str, Any]:
    assert answer.status_code == 200, answer.data
    return cast("Mapping[str, Any]", answer.get_json())


def refresh(api: Api) -> None:
    cast("Directory", api.services.shops).refresh()


def new_request(api: Api, reference: str = "made up again", days: int = 0) -> dict[str, str]:
    day = today(api.clock() + timedelta(days=days))
    return {"requested_on": day.isoformat(), "reference": reference}


@pytest.mark.policy("VP-PLG-3")
@pytest.mark.parametrize("name", ["plain", "new"])
def test_the_exchange_ends_of_a_shop_of_the_file_and_of_the_database(api: Api, name: str) -> None:
    if name == "new":
        api.ask("PUT", name, wanted(name))
    waiting = api.post(name, order()).get_json()["id"]
    assert told(uninstall(api, name)) == {"status": "accepted", "reason": "uninstalled"}
    found = api.services.store.show(waiting)
    assert found is not None
    assert (found.state, found.last_code) == (State.WITHDRAWN, "uninstalled")
    problem(api.post(name, order()), 401, "invalid-signature")
    assert api.services.store.claim(api.clock(), 90, name) is None
    assert api.ask("GET", name).get_json()["state"] == "uninstalled"
    assert api.post("strict", order()).status_code == 200  # the others run
    assert PERSON not in api.log.text()
    (line,) = [json.loads(one) for one in api.log.text().splitlines() if '"shop_uninstalled"' in one]
    assert (line["shop"], line["status"], line["level"]) == (name, "accepted", "warning")


@pytest.mark.policy("VP-PLG-3")
def test_its_token_opens_nothing_any_more(api: Api) -> None:
    api.ask("PUT", "new", wanted("new", token="made-up-token-of-the-shop"))
    refresh(api)
    bearer = {"Authorization": "Bearer made-up-token-of-the-shop"}
    assert api.client.get("/v1/shops/new/shipments?order=1001", headers=bearer).status_code == 404
    uninstall(api, "new")
    refresh(api)
    problem(api.client.get("/v1/shops/new/shipments?order=1001", headers=bearer), 401, "unauthorised")


@pytest.mark.policy("VP-PLG-3")
def test_every_process_knows_it_at_its_next_look_and_when_it_starts(api: Api, tmp_path: Path) -> None:
    settings = config.load(tmp_path / "parcelveil.toml")
    with closing_all(bootstrap.services(settings)) as other:
        assert seen_as_ended(other) == [False, False]
        uninstall(api, "plain")
        cast("Directory", other.shops).refresh()
        assert seen_as_ended(other) == [True, True]
    with closing_all(bootstrap.services(settings)) as later:
        assert seen_as_ended(later) == [True, True]


@contextmanager
def closing_all(services: Services) -> Iterator[Services]:
    yield services
    services.store.close()


def seen_as_ended(services: Services) -> list[bool]:
    found = (services.shops.get("plain"), services.domains.get("plain.myshopify.com"))
    return [shop.ended for shop in found if shop is not None]


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": 1, "domain": "merchant.example", "myshopify_domain": "Plain.myshopify.com"}',
        b'{"id": 1, "domain": "plain.myshopify.com"}',
    ],
)
def test_it_is_believed_of_the_shop_that_the_body_names(api: Api, body: bytes) -> None:
    assert told(uninstall(api, "plain", body))["status"] == "accepted"


def test_what_cannot_be_stored_is_not_acknowledged(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> int:
        raise StorageError()

    with monkeypatch.context() as patched:
        patched.setattr(type(api.services.integrations), "end", failing)
        problem(uninstall(api, "plain"), 503, "storage-unavailable")
    assert api.post("plain", order()).status_code == 200


@pytest.mark.parametrize(
    ("route", "topic", "body"),
    [
        (APP, "app/scopes_update", b'{"current": []}'),  # 48 hours after the app was uninstalled the shop is redacted:
        ("/webhooks/shopify/compliance", "shop/redact", b'{"shop_id": 1, "shop_domain": "plain.myshopify.com"}'),
    ],
)
def test_what_a_merchant_may_ask_is_heard_afterwards_too(api: Api, route: str, topic: str, body: bytes) -> None:
    uninstall(api, "plain")
    refresh(api)
    given = headers(body, "plain.myshopify.com", x_shopify_topic=topic)
    problem(api.intake.post(route, data=body, headers=given), 503, "not-served")
    forged = headers(body, "plain.myshopify.com", x_shopify_topic=topic, secret=b"another secret")
    problem(api.intake.post(route, data=body, headers=forged), 401, "invalid-signature")


def test_its_orders_are_refused_like_those_of_nobody(api: Api) -> None:
    uninstall(api, "plain")
    refresh(api)
    body = json.dumps(order()).encode()
    answers = [
        api.intake.post(ORDERS, data=body, headers=headers(body, f"{name}.myshopify.com", secret=SECRET))
        for name in ("plain", "nobody")
    ]
    seen = [(one.status_code, {**one.get_json(), "instance": ""}, sorted(one.headers.keys())) for one in answers]
    assert seen[0] == seen[1]


# ---- Once more ---------------------------------------------------


def test_the_same_word_is_a_duplicate_whatever_its_headers(api: Api) -> None:
    for status in ("accepted", "duplicate", "duplicate"):
        assert told(uninstall(api, "plain"))["status"] == status
        refresh(api)
    assert "shop_uninstalled_before" not in api.log.text()  # it has ended: its first answer was lost


@pytest.mark.policy("VP-PLG-3")
def test_a_replay_does_not_end_what_was_connected_since(api: Api) -> None:
    api.ask("PUT", "new", wanted("new"))
    refresh(api)
    uninstall(api, "new")
    refresh(api)
    assert api.ask("PUT", "new", wanted("new", integration=new_request(api))).status_code == 200
    refresh(api)
    assert told(uninstall(api, "new"))["status"] == "duplicate"
    refresh(api)
    assert api.post("new", order()).get_json()["status"] == "accepted"
    assert '"shop_uninstalled_before"' in api.log.text()
    assert told(uninstall(api, "new", gone("new", updated_at="2026-12-01T10:00:00+01:00")))["status"] == "accepted"
    problem(api.post("new", order()), 401, "invalid-signature")


# ---- Connecting again ---------------------------------------------------


def ended(api: Api, **integration: str) -> None:
    api.ask("PUT", "new", wanted("new", integration=integration or new_request(api, "made up")))
    refresh(api)
    assert told(uninstall(api, "new"))["status"] == "accepted"
    refresh(api)


@pytest.mark.policy("VP-PLG-3")
def test_with_the_old_request_nothing_is_connected_and_the_answer_says_why(api: Api) -> None:
    ended(api)
    refused = api.ask("PUT", "new", wanted("new", integration=new_request(api, "made up")))
    problem(refused, 409, "integration-ended")
    assert "a new one, of that day or later, is needed" in refused.get_json()["title"]
    found = api.ask("POST", "new/check").get_json()
    (finding,) = [one for one in found["findings"] if one["check"] == "integration" and one["mode"] == "live"]
    assert (found["works"], found["fit"], finding["ok"]) == (False, False, False)
    assert "ended when the shop uninstalled the app: give it a new request to integrate" in finding["message"]


@pytest.mark.policy("VP-PLG-3")
def test_nor_under_another_name(api: Api) -> None:
    ended(api)
    assert api.ask("DELETE", "new").status_code == 204
    again = wanted("other", domain="new.myshopify.com", integration=new_request(api, "made up"))
    problem(api.ask("PUT", "other", again), 409, "integration-ended")


@pytest.mark.policy("VP-PLG-3")
@pytest.mark.parametrize(
    ("reference", "days", "status"),
    [("another", 0, 200), ("made up", 1, 200), ("another", -1, 409), ("  Made  UP ", 0, 409)],
)
def test_only_another_request_of_that_day_or_later_connects_again(
    api: Api, reference: str, days: int, status: int
) -> None:
    api.clock.move(timedelta(days=-1))
    ended(api)
    asked = new_request(api, reference, days)
    api.clock.move(timedelta(days=1))
    assert api.ask("PUT", "new", wanted("new", integration=asked)).status_code == status
    assert api.post("new", order()).status_code == (200 if status == 200 else 401)


@pytest.mark.policy("VP-PLG-3")
@pytest.mark.parametrize(
    ("day", "reference", "still_ended"),
    [("2026-11-02", "made up", True), ("2026-11-02", "another", True), ("today", "made up", False)],
)
def test_a_shop_of_the_file_needs_a_new_request_there(
    api: Api, tmp_path: Path, day: str, reference: str, still_ended: bool
) -> None:
    uninstall(api, "plain")
    file = tmp_path / "parcelveil.toml"
    before, name, after = file.read_text(encoding="utf-8").partition("[shops.plain]")
    requested = f"{today(api.clock())}" if day == "today" else day
    asked = f'integration = {{ requested_on = {requested}, reference = "{reference}" }}'
    changed = re.sub("integration = .*", asked, after, count=1)
    file.write_text(before + name + changed, encoding="utf-8")
    with closing_all(bootstrap.services(config.load(file))) as again:
        assert seen_as_ended(again) == [still_ended, still_ended]
