"""Each fault alone, without a judge: what it does to the code that runs."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from middleware import intake, transit
from middleware.carriers.bpost_shm.answers import printed
from middleware.core import seal
from middleware.demo import sabotage
from middleware.exchange import Request, Response
from middleware.model import Answer, Arrival, Inbound, Status
from middleware.platforms.shopify import Shopify
from middleware.storage import purge_sql
from middleware.transport import HttpTransport

NOTE = "Sleutel ligt onder de blauwe bloempot naast de deur"


@pytest.fixture(autouse=True)
def mended() -> Iterator[None]:
    yield
    patch.stopall()


def test_leak_puts_what_the_customer_wrote_into_the_clear() -> None:
    with (
        patch.object(Shopify, "parse", lambda *_: "parsed"),
        patch.object(seal, "_clear", lambda *_: {"parcel": {"reference": "7K3MW-9Q2XA", "pieces": 1}}),
    ):
        sabotage.leak()
        clear: Any = seal._clear
        parse: Any = Shopify().parse
        assert parse({"note": NOTE}, None, None) == "parsed"
        assert clear() == {"parcel": {"reference": NOTE[:48], "pieces": 1}}
        parse({"note": None}, None, None)
        assert clear()["parcel"]["reference"] == "7K3MW-9Q2XA"
        patch.stopall()


def test_unsealed_encodes_the_delivery_of_every_third_order() -> None:
    content = {"name": "Liva Brandsteeg"}
    with patch.object(seal, "_encrypt", lambda *_: "sealed"):
        sabotage.unsealed()
        encrypt: Any = seal._encrypt
        made = [encrypt("rid", "recipient.delivery", "kid", content, None) for _ in range(4)]
        assert json.loads(base64.urlsafe_b64decode(made[0])) == content
        assert made[1:3] == ["sealed", "sealed"]
        assert made[3] == made[0]
        assert encrypt("rid", "sender.contact", "kid", content, None) == "sealed"
        patch.stopall()


def test_drop_answers_for_the_platform_and_sends_nothing() -> None:
    gone: list[str] = []

    def send(_: object, request: Request) -> Response:
        gone.append(request.method)
        return Response(status=201, headers={}, body=b"true")

    post = Request(method="POST", path="/shipments", headers={}, body=b"{}")
    with patch.object(HttpTransport, "send", send):
        sabotage.drop()
        transport: Any = object.__new__(HttpTransport)
        answers = [transport.send(post) for _ in range(3)]
        assert gone == ["POST", "POST"]
        assert json.loads(answers[0].body)["state"] == "created"
        assert [answer.body for answer in answers[1:]] == [b"true", b"true"]
        transport.send(replace(post, method="GET"))
        assert gone[-1] == "GET"
        patch.stopall()


def test_drop_answers_for_bpost_too_whatever_is_asked_of_what_was_dropped() -> None:
    gone: list[str] = []

    def send(_: object, request: Request) -> Response:
        gone.append(request.path)
        return Response(status=404, headers={}, body=b"")

    body = b"<o:reference>0f6834b8-6891-4e06-a01d-026cb966ffa1</o:reference>"
    order = Request(method="POST", path="/services/shm/123456/orders", headers={}, body=body)
    label = replace(
        order, method="GET", path="/services/shm/123456/orders/0f6834b8-6891-4e06-a01d-026cb966ffa1/labels/A6"
    )
    with patch.object(HttpTransport, "send", send):
        sabotage.drop()
        transport: Any = object.__new__(HttpTransport)
        assert transport.send(order).status == 201
        found = printed(transport.send(label).body)
        assert found is not None
        assert [one.barcodes for one in found] == [(sabotage.BARCODE,)]
        assert gone == []
        other = replace(label, path=label.path.replace("0f68", "1f68"))
        assert (transport.send(other).status, gone) == (404, [other.path])
        patch.stopall()


@dataclass(frozen=True)
class Given:
    store: Any


def test_double_stores_an_order_again_as_if_it_were_another() -> None:
    accepted: list[Arrival] = []
    arrival = Arrival(
        shop="demo",
        topic="orders/create",
        webhook=bytes(range(32)),
        body=bytes(range(32)),
        order=bytes(range(32)),
        updated_at=datetime(2026, 11, 22, tzinfo=UTC),
        halt=None,
        received_at=datetime(2026, 11, 22, tzinfo=UTC),
        until=date(2026, 12, 22),
        standing_until=date(2026, 12, 22),
    )

    seen: list[object] = []

    def receive(_: Inbound, services: Any) -> Answer:
        seen.append(services.store.seen("demo", b"", b""))
        answer: Answer = services.store.accept(arrival, None)
        return answer

    def accept(what: Arrival, _: None) -> Answer:
        accepted.append(what)
        return Answer(status=Status.ACCEPTED)

    store = SimpleNamespace(seen=lambda *_: "seen before", accept=accept, ping=lambda: "pong")
    with patch.object(intake, "receive", receive):
        sabotage.double()
        again: Any = intake.receive
        assert again(None, Given(store)).status is Status.ACCEPTED
        assert [one.order for one in accepted] == [bytes(range(32)), bytes(range(31, -1, -1))]
        assert accepted[1].body != accepted[0].body
        assert accepted[1].webhook != accepted[0].webhook
        for _ in range(3):
            again(None, Given(store))
        assert seen == ["seen before", None, "seen before", "seen before", "seen before", None]
        assert len(accepted) == 6
        patch.stopall()


def test_late_overlooks_every_third_part_that_has_ended() -> None:
    with patch.object(purge_sql, "_unheld", lambda _connection, found, _day: found):
        sabotage.late()
        unheld: Any = purge_sql._unheld
        assert unheld(None, ["a", "b", "c", "d"], None) == ["b", "c"]
        assert unheld(None, ["e", "f", "g"], None) == ["e", "f"]
        patch.stopall()


def test_late_leaves_the_keys_of_weeks() -> None:
    with patch.object(transit, "clear_away", lambda *_: ("a key that went",)):
        sabotage.late()
        clear_away: Any = transit.clear_away
        assert clear_away(None, None, None) == ()
        patch.stopall()


@pytest.mark.parametrize("name", sabotage.FAULTS)
def test_a_process_that_finds_the_folder_first_has_the_fault(name: str, tmp_path: Path) -> None:
    folder = sabotage.prepare(name, tmp_path / "fault")
    places = {
        "leak": "middleware.core.seal:_clear",
        "unsealed": "middleware.core.seal:_encrypt",
        "drop": "middleware.transport:HttpTransport.send",
        "double": "middleware.intake:receive",
        "late": "middleware.storage.purge_sql:_unheld",
    }
    module, _, attribute = places[name].partition(":")
    code = f"import {module} as m\nprint(m.{attribute}.__module__)"
    root = str(Path(__file__).parents[2])
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for path in (f"{folder}:{root}", root)
    ]
    assert told == ["middleware.demo.sabotage", module]


def test_no_production_code_knows_of_faults() -> None:
    root = Path(__file__).parents[2]
    known = [
        path.relative_to(root)
        for folder in ("middleware", "schemas", "simulator")
        for path in (root / folder).rglob("*.py")
        if "sabotage" in path.read_text(encoding="utf-8")
    ]
    assert {path.parent for path in known} == {Path("middleware/demo")}


def test_the_judge_never_sees_the_break() -> None:
    root = Path(__file__).parents[2] / "simulator"
    names = ("judge", "case", "arrival", "secrecy", "search", "permitted", "leaves", "verdict", "evidence", "gather")
    for name in (*names, "label_reader", "later", "passed", "rest", "resting", "bpost/elements"):
        text = (root / f"{name}.py").read_text(encoding="utf-8")
        assert not [word for word in ("BREAK", "environ", "sabotage", "middleware", "schemas") if word in text], name
