"""The plug-in lane: who may call, what is answered, and what is answered again."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, delete, select
from werkzeug.test import TestResponse

from middleware.backlog import Backlog
from middleware.core.calendar import today
from middleware.core.shares import Shares
from middleware.errors import StorageError
from middleware.exchange import Delivered
from middleware.gate import Gate
from middleware.model import State
from middleware.model_purge import Held
from middleware.ports import Calls
from middleware.services import Services
from middleware.shipping import MARGIN
from middleware.storage import open_retention
from middleware.storage.tables import idempotency, inbox, metadata, orders, records
from middleware.web.app import create
from schemas.plugin import MADE
from tests.middleware.platforms.plugging import shipment
from tests.middleware.web.answering import PERSON, common, problem
from tests.middleware.web.conftest import Intake
from tests.middleware.web.test_shipments import TOKENS, knowing
from tests.system import orders as webhooks

NUMBERS = itertools.count(910_001)
BARCODE = "323299901059900000000017"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plug:
    """A plug-in of the shop ``plain``, and a relay that does as it is told."""

    client: FlaskClient
    intake: Intake

    def make(
        self, content: object = None, key: str | None = None, *, shop: str = "plain", wait: int = 0, **headers: str
    ) -> TestResponse:
        """Ask for a shipment; ``content`` is JSON or bytes."""
        body = content if isinstance(content, bytes) else json.dumps(content or shipment(next(NUMBERS))).encode()
        given = {
            "Authorization": f"Bearer {TOKENS['plain'].decode()}",
            "Idempotency-Key": f'"{key or next(NUMBERS)}"',
            "Content-Type": "application/json",
            "Prefer": f"wait={wait}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        route = f"/v1/shops/{shop}/shipments"
        response = self.client.post(route, data=body, headers={name: value for name, value in given.items() if value})
        common(response)
        return response

    def cancel(self, record: str, *, shop: str = "plain", token: str = "", wait: int = 0) -> TestResponse:
        given = {"Authorization": f"Bearer {token or TOKENS['plain'].decode()}", "Prefer": f"wait={wait}"}
        return self.client.delete(f"/v1/shops/{shop}/shipments/{record}", headers=given)

    def deliver(self) -> str:
        """What a relay does with the oldest that is due: its id."""
        store, now = self.intake.services.store, self.intake.clock()
        stored = store.claim(now, 60.0, "plain")
        assert stored is not None
        assert store.delivered(stored, Delivered(barcode=BARCODE, state="created"), now)
        return stored.id

    def dying(self) -> Plug:
        """The same, asking a process that dies before it answers."""
        services = knowing(self.intake.services)
        calls = cast("Calls", Dying(services.calls))
        return replace(self, client=client(replace(services, calls=calls)))

    def rows(self, table: Any) -> list[Any]:
        engine = create_engine(f"sqlite:///{self.intake.database}")
        with engine.connect() as connection:
            found = list(connection.execute(select(table)).all())
        engine.dispose()
        return found

    def forget(self, *tables: Any) -> None:
        engine = create_engine(f"sqlite:///{self.intake.database}")
        with engine.begin() as connection:
            for table in tables:
                connection.execute(delete(table))
        engine.dispose()


@pytest.fixture
def plug(intake: Intake) -> Plug:
    plug = Plug(client=create(knowing(intake.services), "api").test_client(), intake=intake)
    plug.forget(*reversed(metadata.sorted_tables))
    return plug


def told(response: TestResponse) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response.text)
    assert set(body) <= set(MADE.fields)
    assert MADE.validate(body) == {}
    return body


@contextmanager
def later(plug: Plug) -> Iterator[None]:
    """A relay that delivers once there is something due."""

    def deliver() -> None:
        for _ in range(200):
            if plug.intake.services.store.due(plug.intake.clock()):
                plug.deliver()
                return
            time.sleep(0.02)

    thread = threading.Thread(target=deliver)
    thread.start()
    yield
    thread.join()


def test_without_an_answer_within_the_wait_it_is_202_with_where_to_ask(plug: Plug) -> None:
    response = plug.make()
    body = told(response)
    assert response.status_code == 202
    assert set(body) == {"id", "reference", "status"}
    assert response.headers["Location"] == body["status"] == f"/v1/shops/plain/shipments/{body['id']}"
    asked = plug.client.get(body["status"], headers={"Authorization": f"Bearer {TOKENS['plain'].decode()}"})
    assert (asked.json or {})["state"] == "waiting"


def test_with_an_answer_within_the_wait_it_is_201_with_barcode_and_label(plug: Plug) -> None:
    with later(plug):
        response = plug.make(wait=20)
    body = told(response)
    assert response.status_code == 201
    assert (body["barcode"], body["label"]) == (BARCODE, f"{body['status']}/label")


def test_it_is_found_by_the_orders_id_whatever_form_that_has(plug: Plug) -> None:
    made = told(plug.make(shipment("WC-5001.b")))
    headers = {"Authorization": f"Bearer {TOKENS['plain'].decode()}"}
    found = plug.client.get("/v1/shops/plain/shipments?order=WC-5001.b", headers=headers)
    assert (found.json or {})["id"] == made["id"]


def test_orders_whose_ids_differ_in_case_alone_are_two(plug: Plug) -> None:
    made = [told(plug.make(shipment(id_)))["id"] for id_ in ("AbC1", "aBc1")]
    headers = {"Authorization": f"Bearer {TOKENS['plain'].decode()}"}
    found = [plug.client.get(f"/v1/shops/plain/shipments?order={id_}", headers=headers) for id_ in ("AbC1", "aBc1")]
    assert [(one.json or {})["id"] for one in found] == made
    assert len(set(made)) == 2


def test_there_is_no_hold(plug: Plug) -> None:
    response = plug.make()
    assert plug.deliver() == told(response)["id"]


def test_it_is_minimised_and_sealed_as_a_webhook_is(plug: Plug) -> None:
    content = shipment(next(NUMBERS), recipient={"name": PERSON, "email": f"{PERSON}@voorbeeld.example"})
    record = told(plug.make(content))["id"]
    summary = plug.intake.services.store.show(record)
    assert summary is not None
    assert [part.name for part in summary.parts] == ["recipient.delivery", "sender.contact"]
    report = plug.intake.services.store.removal(summary.removal)
    assert report is not None
    assert [(removal.path, removal.reason) for removal in report.removed] == [("recipient.email", "no_notification")]
    assert PERSON.encode() not in plug.intake.database.read_bytes()
    assert PERSON not in plug.intake.log.text()


def test_the_order_of_a_webhook_and_of_a_call_is_one(plug: Plug) -> None:
    number = next(NUMBERS)
    content = webhooks.order(id=number, updated_at=(plug.intake.clock() - timedelta(hours=1)).isoformat())
    first = plug.intake.post("plain", content).json
    assert first is not None
    second = told(plug.make(shipment(number)))
    assert [row.id for row in plug.rows(records)] == [second["id"]]
    assert second["id"] != first["id"]


def test_a_call_is_no_webhook_to_the_inbox(plug: Plug) -> None:
    """There the same body is a duplicate for a month; here it may be a newer version."""
    number = next(NUMBERS)
    one, two = (shipment(number, recipient={"name": name}) for name in ("Mirte Een", "Mirte Twee"))
    ids = []
    for content in (one, two, one):
        plug.intake.clock.move(timedelta(seconds=1))
        ids.append(told(plug.make(content))["id"])
    assert len(set(ids)) == 3
    assert [row.id for row in plug.rows(records)] == ids[-1:]
    assert plug.rows(inbox) == []


@pytest.mark.parametrize("header", ["", '""', "a b", '"a", "b"', "\xe9"])
def test_without_one_key_it_is_400(plug: Plug, header: str) -> None:
    problem(plug.make(Idempotency_Key=header), 400, "idempotency-key")
    assert plug.rows(records) == []


def test_again_under_the_same_key_it_is_the_first_answer(plug: Plug) -> None:
    content = shipment(next(NUMBERS))
    first = plug.make(content, "k1")
    plug.deliver()
    second = plug.make(content, "k1", wait=5)
    assert (first.status_code, second.status_code) == (202, 202)
    assert told(second) == told(first)
    with later(plug):
        other = shipment(next(NUMBERS))
        made = plug.make(other, "k2", wait=20)
    plug.intake.clock.move(timedelta(hours=25))
    assert (plug.make(other, "k2").status_code, plug.make(other, "k2").json) == (201, told(made))
    assert len(plug.rows(records)) == 2


def test_another_content_under_the_same_key_is_422(plug: Plug) -> None:
    number = next(NUMBERS)
    first = told(plug.make(shipment(number), "k1"))
    problem(plug.make(shipment(number, recipient={"name": "Andere"}), "k1"), 422, "idempotency-key-reused")
    problem(plug.make(b"{", "k1"), 422, "idempotency-key-reused")
    assert [row.id for row in plug.rows(records)] == [first["id"]]


def test_the_key_of_another_shop_is_another_key(plug: Plug) -> None:
    content = shipment(next(NUMBERS))
    first = told(plug.make(content, "k1"))
    second = told(plug.make(content, "k1", shop="strict", Authorization=f"Bearer {TOKENS['strict'].decode()}"))
    assert first["id"] != second["id"]


def test_while_the_first_is_in_hand_it_is_409(plug: Plug) -> None:
    content, answers = shipment(next(NUMBERS)), list[TestResponse]()
    thread = threading.Thread(target=lambda: answers.append(plug.make(content, "k1", wait=20)))
    thread.start()
    while not plug.intake.services.store.due(plug.intake.clock()):
        time.sleep(0.02)
    problem(plug.make(content, "k1"), 409, "in-hand")
    plug.deliver()
    thread.join()
    assert [answer.status_code for answer in answers] == [201]
    assert plug.make(content, "k1").json == answers[0].json


class Dying:
    """The calls' store, of a process that dies before it can keep what it answered."""

    def __init__(self, behind: Calls) -> None:
        self._behind = behind

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def answered(self, *_: object) -> int:
        raise StorageError()


def test_a_process_that_dies_does_not_block_the_key_for_ever(plug: Plug) -> None:
    content = shipment(next(NUMBERS))
    problem(plug.dying().make(content, "k1"), 503, "storage-unavailable")
    record = plug.deliver()
    problem(plug.make(content, "k1"), 409, "in-hand")
    plug.intake.clock.move(MARGIN)
    again = plug.make(content, "k1")
    assert (again.status_code, told(again)["id"], told(again)["barcode"]) == (201, record, BARCODE)
    assert len(plug.rows(records)) == 1


def client(services: Services) -> FlaskClient:
    return create(services, "api").test_client()


def test_after_an_erasure_it_is_410(plug: Plug) -> None:
    content = shipment(next(NUMBERS))
    assert plug.make(content, "k1").status_code == 202
    plug.forget(records, orders)
    problem(plug.make(content, "k1"), 410, "erased")
    assert plug.rows(records) == []


def test_what_was_refused_may_be_corrected_under_the_same_key(plug: Plug) -> None:
    number = next(NUMBERS)
    problem(plug.make(shipment(number, recipient={"name": ""}), "k1"), 422, "schema")
    assert plug.make(shipment(number), "k1").status_code == 202


def test_nothing_of_key_or_payload_is_kept(plug: Plug) -> None:
    content = shipment(next(NUMBERS), recipient={"name": PERSON})
    plug.make(content, f"key-of-{PERSON}")
    (row,) = plug.rows(idempotency)
    assert [len(value) for value in (row.key, row.payload, row.order)] == [32, 32, 32]
    assert PERSON.encode() not in plug.intake.database.read_bytes()
    assert PERSON not in plug.intake.log.text()


REFUSED: Mapping[str, tuple[Any, int, str, list[tuple[str, str]]]] = {
    "an unknown name": (shipment(1, **{PERSON: PERSON}), 422, "schema", [("/*", "unknown")]),
    "no country": (shipment(1, recipient={"address": {}}), 422, "schema", [("/recipient/address/country", "required")]),
    "from far ahead": (
        shipment(1, order={"id": "1", "updated_at": "2199-01-01T00:00:00Z"}),
        422,
        "schema",
        [("/order/updated_at", "future")],
    ),
    "no JSON": (b"{", 400, "malformed-json", []),
    "too large": (b" " * (2 * 1024 * 1024 + 1), 413, "too-large", []),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_taken_is_refused_and_leaves_nothing(plug: Plug, name: str) -> None:
    content, status, slug, errors = REFUSED[name]
    body = problem(plug.make(content), status, slug)
    assert [(error["pointer"], error["code"]) for error in body.get("errors", [])] == errors
    assert plug.rows(records) == plug.rows(idempotency) == plug.rows(orders) == []


def test_an_older_version_and_a_cancelled_order_are_409(plug: Plug) -> None:
    number = next(NUMBERS)
    body = told(plug.make(shipment(number)))
    older = {"id": str(number), "updated_at": (plug.intake.clock() - timedelta(hours=1)).isoformat()}
    problem(plug.make(shipment(number, order=older)), 409, "older-version")
    assert plug.cancel(body["id"]).status_code == 200
    problem(plug.make(shipment(number)), 409, "order-cancelled")


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", f"Bearer {TOKENS['strict'].decode()}", "Basic x"])
def test_who_has_not_the_shops_token_is_401_whatever_is_sent(plug: Plug, token: str) -> None:
    for content in (shipment(1), b"{", b" " * 3_000_000):
        answer = problem(plug.make(content, Authorization=token), 401, "unauthorised")
        other = problem(plug.make(content, shop="nobody"), 401, "unauthorised")
        assert {**answer, "instance": ""} == {**other, "instance": ""}
    assert problem(plug.cancel("x", token="wrong"), 401, "unauthorised")


def test_a_paused_shop_is_503(plug: Plug) -> None:
    services = knowing(plug.intake.services)
    paused = {shop.settings.name: replace(shop, paused=True) for shop in services.shops.values()}
    problem(replace(plug, client=client(replace(services, shops=paused))).make(), 503, "shop-paused")


def test_a_name_that_looks_like_a_credential_is_alarmed_by_its_path_alone(plug: Plug) -> None:
    problem(plug.make(shipment(1, recipient={"password": PERSON})), 422, "schema")
    told_of = [(line["event"], line.get("path")) for line in plug.intake.lines() if line["level"] == "warning"]
    assert told_of == [("credential_blocked", "recipient.*")]


def test_a_shop_with_too_many_that_wait_is_told_to_come_again(plug: Plug) -> None:
    services = replace(knowing(plug.intake.services), backlog=Backlog(1))
    full = replace(plug, client=client(services))
    content = shipment(next(NUMBERS))
    assert full.make(content, "k1").status_code == 202
    plug.intake.clock.move(timedelta(seconds=6))
    assert full.make(content, "k1").status_code == 202  # it is there already
    problem(full.make(), 503, "backlog-full")
    assert len(plug.rows(records)) == 1


def test_a_shop_beyond_its_share_is_told_to_come_again(plug: Plug) -> None:
    gate = Gate(Shares(places=1, at_work=1), 0.01)
    busy = replace(plug, client=client(replace(knowing(plug.intake.services), gate=gate)))
    with gate.turn("plain", "x"):
        problem(busy.make(), 503, "busy")
    assert busy.make().status_code == 202


def test_before_the_first_claim_a_cancellation_is_done_at_once(plug: Plug) -> None:
    body = told(plug.make())
    response = plug.cancel(body["id"])
    assert (response.status_code, (response.json or {})["state"]) == (200, "withdrawn")
    assert plug.cancel(body["id"]).status_code == 200


def test_after_it_a_cancellation_is_under_way(plug: Plug) -> None:
    body = told(plug.make())
    plug.deliver()
    response = plug.cancel(body["id"])
    assert (response.status_code, (response.json or {})["state"]) == (202, "cancelling")
    stored = plug.intake.services.store.claim(plug.intake.clock(), 60.0, "plain")
    assert stored is not None
    assert plug.intake.services.store.gone(stored, plug.intake.clock())
    assert plug.cancel(body["id"]).status_code == 200


def test_too_late_a_cancellation_is_409_and_so_is_a_change(plug: Plug) -> None:
    number = next(NUMBERS)
    body = told(plug.make(shipment(number)))
    plug.deliver()
    assert plug.cancel(body["id"]).status_code == 202
    stored = plug.intake.services.store.claim(plug.intake.clock(), 60.0, "plain")
    assert stored is not None
    assert plug.intake.services.store.too_late(stored, plug.intake.clock())
    refused = plug.cancel(body["id"])
    problem(refused, 409, "too-late")
    assert "its way" not in (refused.json or {})["title"]  # a printed label may lie there still


@pytest.mark.policy("AMB-8")
def test_what_is_legally_held_is_neither_taken_back_nor_changed_and_why_is_told_to_nobody(plug: Plug) -> None:
    number = next(NUMBERS)
    body = told(plug.make(shipment(number)))
    plug.deliver()
    day = today(plug.intake.clock())
    with closing(open_retention(f"sqlite:///{plug.intake.database}")) as retention:
        order = Held(ground="case 2027/117", person=PERSON, starts=day, until=day)
        retention.hold(order, [body["id"]], [], plug.intake.clock())
    told_held = problem(plug.cancel(body["id"]), 409, "held")
    assert "117" not in str(told_held)
    plug.intake.clock.move(timedelta(seconds=1))
    problem(plug.make(shipment(number, recipient={"name": "Andere"})), 409, "held")
    assert [row.state for row in plug.rows(records)] == [State.DELIVERED]


def test_a_change_that_came_too_late_is_409(plug: Plug) -> None:
    number = next(NUMBERS)
    plug.make(shipment(number))
    plug.deliver()
    plug.intake.clock.move(timedelta(seconds=1))
    content = shipment(number, recipient={"name": "Andere"})
    problem(plug.dying().make(content, "k1"), 503, "storage-unavailable")
    assert sorted(row.state for row in plug.rows(records)) == [State.CANCELLING, State.HELD]
    stored = plug.intake.services.store.claim(plug.intake.clock(), 60.0, "plain")
    assert stored is not None
    assert plug.intake.services.store.too_late(stored, plug.intake.clock())
    plug.intake.clock.move(MARGIN)
    problem(plug.make(content, "k1"), 409, "too-late")
    problem(plug.make(content, "k2"), 409, "too-late")
    problem(plug.make(shipment(number, recipient={"name": "Derde"})), 409, "too-late")


def test_another_shops_shipment_cannot_be_cancelled(plug: Plug) -> None:
    body = told(plug.make())
    problem(plug.cancel(body["id"], shop="strict", token=TOKENS["strict"].decode()), 404, "not-found")
    problem(plug.cancel("no-such-record"), 404, "not-found")
    assert [row.state for row in plug.rows(records)] == [State.WAITING]
