"""A shop whose rejections pile up is told to come again, until a person has looked or the rate has fallen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from middleware.core.pileup import MOST, WINDOW
from tests.middleware.web.conftest import Intake
from tests.system.orders import address, order


def refused(intake: Intake) -> TestResponse:
    return intake.post("plain", order(shipping_address=address("Persoon", zip=None)))


def look(intake: Intake) -> int:
    store = intake.services.store
    return store.see([entry.id for entry in store.rejections("plain", 10_000)], intake.clock())


@pytest.fixture
def piled(intake: Intake) -> Intake:
    """As many rejections as may be; those of other tests have been seen."""
    look(intake)
    assert {refused(intake).get_json()["status"] for _ in range(MOST)} == {"rejected"}
    return intake


def test_one_more_is_kept_by_the_shop(piled: Intake) -> None:
    before = len(piled.services.store.rejections("plain", 10_000))
    answer = refused(piled)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "300")
    assert answer.get_json()["type"] == "urn:problem:rejections-piled-up"
    assert len(piled.services.store.rejections("plain", 10_000)) == before


@pytest.mark.parametrize(
    ("webhook", "topic"), [("first", "orders/create"), ("another", "orders/create"), ("first", "orders/updated")]
)
def test_what_is_kept_already_is_known_again(intake: Intake, webhook: str, topic: str) -> None:
    """Shopify repeats what it believes was lost: it would be told to come again for ever, and end its subscription."""
    look(intake)
    content = order(shipping_address=address("Persoon", zip=None))
    first = intake.post("plain", content, x_shopify_webhook_id="first").get_json()
    for _ in range(MOST - 1):
        refused(intake)
    assert refused(intake).status_code == 503
    before = len(intake.services.store.rejections("plain", 10_000))
    again = intake.post("plain", content, x_shopify_webhook_id=webhook, x_shopify_topic=topic)
    assert (again.status_code, again.get_json()) == (200, {"status": "duplicate", "id": first["id"]})
    assert len(intake.services.store.rejections("plain", 10_000)) == before


def test_orders_that_can_be_shipped_are_accepted(piled: Intake) -> None:
    assert piled.post("plain", order()).get_json()["status"] == "accepted"


def test_once_a_person_has_looked_they_are_kept_again(piled: Intake) -> None:
    assert look(piled) >= MOST
    assert refused(piled).get_json()["status"] == "rejected"


def test_once_the_rate_has_fallen_too(piled: Intake) -> None:
    piled.clock.move(WINDOW + timedelta(seconds=1))
    assert refused(piled).get_json()["status"] == "rejected"
