"""A shop that asks for more than its share is told to come again, and nothing is done for it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY
from werkzeug.test import TestResponse

from middleware.backlog import Backlog
from middleware.core.shares import LATEST, SOONEST, Shares
from middleware.gate import Gate
from middleware.ports import Store
from middleware.web.app import create
from tests.histories.breaking import Proxy
from tests.middleware.web.conftest import Intake
from tests.system.orders import order

FORGED = b"made-up secret of nobody"
SHARE = 2


class Unasked(Proxy):
    """A store that nobody may ask what it knows of an order."""

    def seen(self, *_: object) -> None:
        raise AssertionError("the database was asked")


def over(intake: Intake, gate: Gate, most: int = 100, store: Store | None = None) -> Intake:
    """The same services behind another gate and quota."""
    services = replace(intake.services, gate=gate, backlog=Backlog(most), store=store or intake.services.store)
    return replace(intake, services=services, client=create(services, "intake").test_client())


def gate() -> Gate:
    return Gate(Shares(places=2 * SHARE, at_work=2 * SHARE), 30.0)


def refused(code: str) -> float:
    labels = {"status": "refused", "reason": code}
    return REGISTRY.get_sample_value("parcelveil_webhooks_total", labels) or 0.0


def code_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, str(answer.get_json()["type"]).removeprefix("urn:problem:")


@pytest.fixture
def busy(intake: Intake) -> Iterator[Intake]:
    """The shop ``plain`` has its share at work already."""
    made = over(intake, gate())
    with ExitStack() as working:
        for _ in range(SHARE):
            working.enter_context(made.services.gate.turn("plain", ""))
        yield made


@pytest.fixture
def full(intake: Intake) -> Intake:
    """As many orders of the shop ``plain`` wait as may."""
    assert intake.post("plain", order()).get_json()["status"] == "accepted"
    return over(intake, gate(), most=1)


def test_it_is_told_in_how_many_seconds_to_come_again(busy: Intake) -> None:
    counted = refused("busy")
    answer = busy.post("plain", order())
    assert code_of(answer) == (503, "busy")
    assert SOONEST <= int(answer.headers["Retry-After"]) <= LATEST
    assert refused("busy") == counted + 1


def test_the_operator_is_told_which_shop(busy: Intake) -> None:
    busy.post("plain", order())
    (told,) = [line for line in busy.lines() if line["event"] == "over_share"]
    assert (told["shop"], told["code"], told["level"]) == ("plain", "busy", "warning")


def test_the_database_is_not_asked_for_it(busy: Intake) -> None:
    made = over(busy, busy.services.gate, store=Unasked(busy.services.store))
    assert code_of(made.post("plain", order())) == (503, "busy")


def test_another_shop_is_served(busy: Intake) -> None:
    assert busy.post("strict", order()).get_json()["status"] == "accepted"


def test_what_is_forged_takes_no_place(busy: Intake) -> None:
    assert code_of(busy.post("plain", order(), secret=FORGED)) == (401, "invalid-signature")
    made = over(busy, gate())
    for _ in range(2 * SHARE):
        made.post("plain", order(), secret=FORGED)
    assert made.post("plain", order()).get_json()["status"] == "accepted"


def test_whatever_becomes_of_a_webhook_its_place_is_given_back(intake: Intake) -> None:
    made = over(intake, gate())
    for content in (order(), b"no JSON", {"id": 1}, order(financial_status="pending")) * SHARE:
        made.post("plain", content)
    assert made.post("plain", order()).get_json()["status"] == "accepted"


def test_a_full_backlog_is_told_and_nothing_is_stored(full: Intake) -> None:
    before, counted = full.records(), refused("backlog-full")
    answer = full.post("plain", order())
    assert (*code_of(answer), answer.headers["Retry-After"]) == (503, "backlog-full", "300")
    assert (full.records(), refused("backlog-full")) == (before, counted + 1)
    (told,) = [line for line in full.lines() if line["event"] == "over_share"]
    assert (told["shop"], told["code"]) == ("plain", "backlog-full")


def test_what_adds_nothing_to_a_full_backlog_is_taken(full: Intake) -> None:
    known = order()
    roomy = over(full, gate())
    assert roomy.post("plain", known).get_json()["status"] == "accepted"
    assert full.post("plain", known).get_json()["status"] == "duplicate"
    cancelled = {**known, "cancelled_at": "2026-11-20T10:00:00+01:00", "updated_at": "2026-11-20T10:00:00+01:00"}
    assert full.post("plain", cancelled).get_json()["status"] == "ignored"
