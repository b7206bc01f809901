"""Events by route: who may tell what, in which form, once; and what it changes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select, text
from werkzeug.test import TestResponse

from middleware.core.calendar import today
from middleware.events import Ledger, Teller
from middleware.model_events import EventType, SourceSettings
from middleware.services import Services, Shop
from middleware.storage import open_retention
from middleware.storage.tables_retention import events
from middleware.web.app import create
from schemas.events import TYPES
from schemas.policy_loader import load
from tests.middleware.web.conftest import Intake
from tests.middleware.web.test_shipments import TOKENS, knowing
from tests.system import orders

NUMBERS = itertools.count(9100)
KEYS = itertools.count(1)
OWN = "made-up-token-of-a-dashboard"


def reading(services: Services, **interpretations: str) -> Services:
    """The same services; the shop ``plain`` reads its policy so."""

    def read(shop: Shop) -> Shop:
        return replace(shop, policy=shop.policy.interpret(interpretations)) if shop.settings.name == "plain" else shop

    return replace(services, shops={shop.settings.name: read(shop) for shop in services.shops.values()})


class Telling:
    """The role ``api`` over the intake's database, and who asks it."""

    def __init__(self, intake: Intake, client: FlaskClient, url: str) -> None:
        self.intake, self.client, self.url = intake, client, url
        self.before: set[str] = set()
        self.before = {row.id for row in self.kept()}

    def order(self) -> str:
        number = next(NUMBERS)
        content = orders.order(name=f"#Canary-{number}", id=62037182_000000 + number)
        assert self.intake.post("plain", content).status_code == 200
        return str(content["id"])

    def tell(
        self, document: object, *, key: str | None = None, token: str = TOKENS["plain"].decode(), shop: str = "plain"
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or f"key-{next(KEYS)}"}
        return self.client.post(
            f"/v1/shops/{shop}/events", data=json.dumps(document), headers=headers, content_type="application/json"
        )

    def kept(self) -> list[Any]:
        """What this test left: the database is everybody's."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            found = list(connection.execute(select(events)).all())
        engine.dispose()
        return [row for row in found if row.id not in self.before]

    def digest(self, order: str) -> bytes:
        """What leads to the order."""
        shop = self.intake.services.shops.get("plain")
        assert shop is not None
        return shop.indexer.of("order.id", order)

    def today(self) -> date:
        return today(self.intake.clock())


@pytest.fixture
def telling(intake: Intake) -> Iterator[Telling]:
    with told(intake, reading(knowing(intake.services), recipient_clock="delivered")) as telling:
        yield telling


@contextmanager
def told(intake: Intake, services: Services) -> Iterator[Telling]:
    """The role ``api`` over these services and the intake's database."""
    url = f"sqlite:///{intake.database}"
    with closing(open_retention(url)) as known:
        sources = (
            SourceSettings(name="dashboard", token=OWN.encode(), shops=frozenset(("plain",))),
            SourceSettings(name="mute", token=b"", shops=frozenset(("plain",))),
        )
        ledger = Ledger(events=known, clock=intake.clock, sources=sources)
        yield Telling(intake, create(services, "api", ledger=ledger).test_client(), url)


def code(response: TestResponse) -> tuple[int, str]:
    told: Any = response.json
    return response.status_code, str(told["type"]).removeprefix("urn:problem:")


@pytest.mark.policy("AMB-2", "VP-RET-4")
def test_a_delivery_is_taken_and_says_what_changed(telling: Telling) -> None:
    order = telling.order()
    came = telling.tell({"type": "delivered", "order": order})
    told: Any = came.json
    assert came.status_code == 200
    assert set(told) == {"id", "type", "day", "found", "parts", "early", "records", "ways"}
    assert (told["type"], told["day"], told["found"], told["early"]) == ("delivered", f"{telling.today()}", 1, 0)
    assert (told["parts"], len(told["records"])) == (0, 0)  # its record was sealed while the shop read it otherwise


def test_the_same_call_gets_the_first_answer_and_another_content_none(telling: Telling) -> None:
    order, other = telling.order(), telling.order()
    first = telling.tell({"type": "delivered", "order": order}, key="one")
    again = telling.tell({"type": "delivered", "order": order}, key="one")
    assert first.json == again.json
    assert code(telling.tell({"type": "delivered", "order": other}, key="one")) == (422, "idempotency-key-reused")
    assert len(telling.kept()) == 1


@pytest.mark.parametrize(
    ("document", "refused"),
    [
        ({"type": "delivered", "order": "nobodys"}, (404, "not-found")),
        ({"type": "delivered", "record": "00000000-0000-4000-8000-000000000000"}, (404, "not-found")),
        ({"type": "agreement-dissolved", "customer": "nobodys"}, (404, "not-found")),
        ({}, (422, "schema")),
        ({"type": "delivered"}, (422, "schema")),
        ({"type": "delivered", "order": "1", "record": "00000000-0000-4000-8000-000000000000"}, (422, "schema")),
        ({"type": "delivered", "customer": "1"}, (422, "schema")),
        ({"type": "last-use", "order": "1"}, (422, "schema")),
        ({"type": "delivered", "order": "1", "canary": 1}, (422, "schema")),
        ({"type": "arrived", "order": "1"}, (422, "schema")),
        pytest.param({"type": "last-use", "day": "2999-01-01"}, (422, "schema"), marks=pytest.mark.policy("VP-RET-1")),
        ({"type": "last-use", "day": "2026-02-30"}, (422, "schema")),
        ({"type": "last-use", "day": "0001-01-01"}, (422, "schema")),
        ({"type": "objection", "level": "Aanvullend", "day": "1969-12-31"}, (422, "schema")),
        ({"type": "end-of-use", "day": "9999-12-31"}, (422, "schema")),
        ({"type": "objection", "level": "Nothing"}, (422, "schema")),
        ({"type": "erasure-request", "order": "1"}, (422, "schema")),
        ({"type": "erasure-request", "part": "mystamp.photo"}, (422, "schema")),
        ({"type": "erasure-request", "order": "1", "part": "recipient.delivery"}, (422, "schema")),
        ({"type": "delivered", "order": "1", "part": "recipient.delivery"}, (422, "schema")),
        ([], (422, "schema")),
    ],
)
def test_what_is_not_of_its_type_or_leads_nowhere_is_refused_and_not_kept(
    telling: Telling, document: object, refused: tuple[int, str]
) -> None:
    assert code(telling.tell(document)) == refused
    assert telling.kept() == []


@pytest.mark.policy("MS-RET-1")
def test_a_request_of_the_calendars_first_day_is_refused(intake: Intake) -> None:
    shop = knowing(intake.services).shops.get("plain")
    assert shop is not None
    stamps = replace(shop, policy=load("bpost-mystamp"))
    with told(intake, replace(knowing(intake.services), shops={"plain": stamps})) as telling:
        for day in ("0001-01-01", "9999-12-31"):
            asked = {"type": "erasure-request", "order": telling.order(), "part": "mystamp.photo", "day": day}
            assert code(telling.tell(asked)) == (422, "schema")


@pytest.mark.policy("AMB-2")
def test_what_came_in_after_the_day_is_refused(telling: Telling) -> None:
    order = telling.order()
    before = telling.today() - timedelta(days=1)
    assert code(telling.tell({"type": "delivered", "order": order, "day": f"{before}"})) == (409, "before-intake")


@pytest.mark.policy("X-LVL-1", "VP-PUR-11")
@pytest.mark.parametrize(("kind", "level"), [("consent", "Optimaal"), ("resume", "Aanvullend")])
def test_a_shops_token_cannot_raise_and_a_source_of_the_data_subjects_own_can(
    telling: Telling, kind: str, level: str
) -> None:
    document = {"type": kind, "level": level}
    assert code(telling.tell(document)) == (403, "only-the-data-subject")
    assert telling.kept() == []
    assert telling.tell(document, token=OWN).status_code == 200
    assert [(row.type, row.about, row.by) for row in telling.kept()] == [(kind, level, "dashboard")]


@pytest.mark.policy("X-LVL-1", "VP-PUR-10", "AMB-11")
@pytest.mark.parametrize("kind", ["objection", "withdrawal"])
@pytest.mark.parametrize("level", ["Aanvullend", "Optimaal"])
def test_everybody_can_lower_by_whatever_word(telling: Telling, kind: str, level: str) -> None:
    assert telling.tell({"type": kind, "level": level}).status_code == 200
    assert [(row.about, row.by) for row in telling.kept()] == [(level, "shop")]


@pytest.mark.policy("X-LVL-1")
@pytest.mark.parametrize(
    ("token", "shop"),
    [
        ("wrong", "plain"),
        ("", "plain"),
        (TOKENS["strict"].decode(), "plain"),
        (OWN, "strict"),  # a source of another shop
        (OWN, "nowhere"),
    ],
)
def test_strangers_are_answered_alike(telling: Telling, token: str, shop: str) -> None:
    came = telling.tell({"type": "last-use"}, token=token, shop=shop)
    assert code(came) == (401, "unauthorised")
    assert telling.kept() == []


def test_a_call_needs_a_key(telling: Telling) -> None:
    headers = {"Authorization": f"Bearer {TOKENS['plain'].decode()}"}
    came = telling.client.post("/v1/shops/plain/events", json={"type": "last-use"}, headers=headers)
    assert code(came) == (400, "idempotency-key")


def test_no_id_of_an_order_is_written_down(telling: Telling) -> None:
    order = telling.order()
    telling.tell({"type": "declaration", "order": order}, key="canary-key")
    (row,) = telling.kept()
    assert (row.selected, row.record_id) == ("order.id", None)
    assert telling.digest(order) not in {value for value in row if isinstance(value, bytes)}
    assert order not in repr(row) + telling.intake.log.text()


@pytest.mark.policy("X-LVL-1")
def test_the_shop_takes_no_key_of_a_source(telling: Telling) -> None:
    said = {"type": "objection", "level": "Aanvullend"}
    assert telling.tell({"type": "last-use"}, key="one-key").status_code == 200
    assert telling.tell(said, key="one-key", token=OWN).status_code == 200
    assert telling.tell(said, key="two-keys").status_code == 200
    for _ in range(2):  # the same words, and not what the shop said of them
        assert telling.tell(said, key="two-keys", token=OWN).status_code == 200
    by = sorted((row.type, row.by) for row in telling.kept())
    assert by == [("last-use", "shop"), ("objection", "dashboard"), ("objection", "dashboard"), ("objection", "shop")]


def test_a_source_that_is_called_as_the_shop_has_keys_of_its_own() -> None:
    assert Teller(by="shop").lane != Teller(by="shop", own=True).lane


@pytest.mark.policy("X-LVL-1")
def test_every_type_is_known_to_the_schema() -> None:
    assert set(TYPES) == {kind.value for kind in EventType}


def test_a_record_that_cannot_be_read_is_named_in_the_log_and_the_event_is_kept(telling: Telling) -> None:
    order = telling.order()
    with create_engine(telling.url).begin() as connection:
        key = connection.execute(
            text("SELECT id FROM records ORDER BY created_at DESC, rowid DESC LIMIT 1")
        ).scalar_one()
        connection.execute(text("UPDATE parts SET until = 'nonsense' WHERE record_id = :key"), {"key": key})
    answer = telling.tell({"type": "delivered", "order": order, "day": telling.today().isoformat()})
    assert (answer.status_code, (answer.json or {})["parts"], len(telling.kept())) == (200, 0, 1)
    assert f'"event": "clock_unreadable", "logger": "events", "shop": "plain", "record_id": "{key}"' in (
        telling.intake.log.text()
    )
