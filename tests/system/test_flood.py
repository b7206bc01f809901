"""One shop floods the real service while another sends now and then: the other is never sent away, nothing is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest
import requests

from middleware.gate import AT_WORK
from tests.system.orders import order
from tests.system.processes import SECONDS, wait_for
from tests.system.stack import Service, configure, headers, mock, serving, session, shop

CONNECTIONS, EACH = 24, 8
"""More connections than a shop has places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A webhook: from when until when it was under way, and what it was answered."""

    began: float
    ended: float
    answer: requests.Response

    @property
    def id(self) -> str | None:
        """The record's, if it was taken."""
        return self.answer.json()["id"] if self.answer.status_code == 200 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """What became of both shops' webhooks, and the ids that the platform has in the end."""

    flood: Sequence[Sent]
    small: Sequence[Sent]
    arrived: Sequence[str]


def send(service: Service, client: requests.Session, name: str) -> Sent:
    body = json.dumps(order()).encode()
    given = headers(body, f"{name}.myshopify.com")
    began = time.monotonic()
    answer = client.post(f"{service.url}/webhooks/shopify/orders", data=body, headers=given, timeout=SECONDS)
    return Sent(began=began, ended=time.monotonic(), answer=answer)


def many(service: Service) -> list[Sent]:
    """One connection of the flood. Whoever is sent away goes on with another order at once."""
    with session() as client:
        return [send(service, client, "flood") for _ in range(EACH)]


def taken(sent: Sequence[Sent]) -> list[str]:
    return [one.id for one in sent if one.id is not None]


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> Flood:
    folder: Path = tmp_path_factory.mktemp("flood")
    shops = {"small": shop("small"), "flood": shop("flood")}
    with mock(folder / "platform") as platform:
        made = configure(folder / "service", shops, {"platform": platform.url})
        with serving(made) as service, ThreadPoolExecutor(CONNECTIONS) as pool, session() as client:
            sent = [pool.submit(many, service) for _ in range(CONNECTIONS)]
            small = []
            while not all(one.done() for one in sent):
                small.append(send(service, client, "small"))
            flood = [answer for one in sent for answer in one.result()]
            acknowledged = len(taken(flood)) + len(taken(small))
            wait_for(lambda: len(platform.posts()) >= acknowledged, "all that was acknowledged to arrive", 100)
            return Flood(flood=flood, small=small, arrived=[post["id"] for post in platform.posts()])


def test_the_small_shop_is_never_sent_away(flooded: Flood) -> None:
    assert {one.answer.status_code for one in flooded.small} == {200}
    assert {one.answer.json()["status"] for one in flooded.small} == {"accepted"}


def test_it_waits_for_what_is_at_work_and_not_for_all_that_wait(flooded: Flood) -> None:
    """Counted, not timed: what of the flood was acknowledged while one of the small shop's was under way."""
    overtaken = [
        sum(1 for one in flooded.flood if one.id is not None and mine.began < one.ended < mine.ended)
        for mine in flooded.small
    ]
    assert median(overtaken) <= 2 * AT_WORK


def test_the_flood_is_taken_or_told_to_come_again(flooded: Flood) -> None:
    told = {(one.answer.status_code, one.answer.json().get("type")) for one in flooded.flood}
    assert told <= {(200, None), (503, "urn:problem:busy")}
    assert (200, None) in told
    assert all("Retry-After" in one.answer.headers for one in flooded.flood if one.id is None)


def test_all_that_was_acknowledged_arrived_once_and_nothing_else(flooded: Flood) -> None:
    assert sorted(flooded.arrived) == sorted(taken(flooded.flood) + taken(flooded.small))
