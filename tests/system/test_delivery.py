"""End to end over real HTTP: from the signed webhook to what the parcel platform has in its ledger and can read.

The service lives in a time of its own, told by a file: what would wait for minutes or hours waits until the file says
so, and nothing happens by the passing of time alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.ports import free_port
from tests.system.line import Line, tell
from tests.system.orders import address, examples, expected, order, readable
from tests.system.processes import wait_for
from tests.system.rude import Reply, Rude, rude
from tests.system.stack import configure, mock, serving, shop

LATER = {"updated_at": "2026-11-20T10:00:00+01:00"}
CANCELLED = {"cancelled_at": "2026-11-20T10:00:00+01:00"}
EARLIER = {"updated_at": "2026-11-20T08:00:00+01:00"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted(Line):
    """With a second platform, which answers as a test tells it."""

    scripted: Rude


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripted]:
    folder = tmp_path_factory.mktemp("delivery")
    clock, port = folder / "clock", free_port()
    tell(clock, datetime.now(UTC))
    with ExitStack() as opened:
        receipt_keys = f"http://127.0.0.1:{port}/.well-known/jwks.json"
        platform = opened.enter_context(mock(folder / "platform", "--receipt-keys", receipt_keys))
        scripted = opened.enter_context(rude(platform.url, lambda _: None))
        shops = {
            "demo": shop("demo", notify="email", pickup_attribute="pickup_point"),
            "plain": shop("plain"),
            "held": shop("held", hold="2m"),
            "scripted": shop("scripted", carrier="scripted"),
        }
        carriers = {"platform": platform.url, "scripted": scripted.url}
        service = configure(folder / "service", shops, carriers, server={"clock": f"file:{clock}"}, port=port)
        opened.enter_context(serving(service))
        yield Scripted(service=service, platform=platform, scripted=scripted, clock=clock)


def test_every_example_becomes_what_it_must(line: Scripted) -> None:
    before = set(line.platform.shipments())
    told = {name: line.service.post("demo", body).json() for name, body in examples().items()}
    results = {name: (answer["status"], answer.get("reason")) for name, answer in told.items()}
    assert results == {name: (entry["status"], entry["reason"]) for name, entry in expected().items()}
    ids = {name: answer["id"] for name, answer in told.items() if answer["status"] == "accepted"}
    for id_ in ids.values():
        line.wait(id_, "delivered")
    shipments = line.platform.shipments()
    assert set(shipments) - before == set(ids.values())
    assert {shipments[id_]["posts"] for id_ in ids.values()} == {1}
    opened = {name: line.platform.opened(id_) for name, id_ in ids.items()}
    assert opened == {name: readable(json.loads(examples()[name]), notify="email") for name in ids}


def test_an_id_beyond_what_a_float_can_hold_is_not_rounded(line: Scripted) -> None:
    first, second = order(id=2**53 + 500_001), order(id=2**53 + 500_000)
    assert float(first["id"]) == float(second["id"])
    ids = line.accept("held", first), line.accept("held", second)
    line.move(minutes=3)
    for id_ in ids:
        line.wait(id_, "delivered")
    assert len(set(ids)) == 2


@pytest.mark.parametrize("other", [{}, {"x_shopify_webhook_id": "00000000-0000-0000-0000-000000000001"}])
def test_the_same_delivery_again_is_a_duplicate(line: Scripted, other: dict[str, str]) -> None:
    content, webhook = order(), {"x_shopify_webhook_id": "00000000-0000-0000-0000-000000000000"}
    first = line.service.post("plain", content, **webhook).json()
    line.wait(first["id"], "delivered")
    again = line.service.post("plain", content, **{**webhook, **other}).json()
    assert again == {**first, "status": "duplicate"}
    line.rest()
    assert line.platform.shipments()[first["id"]]["posts"] == 1


def test_the_same_webhook_id_with_another_body_is_judged_by_its_time(line: Scripted) -> None:
    webhook = {"x_shopify_webhook_id": "00000000-0000-0000-0000-000000000002"}
    content = order()
    first = line.service.post("held", content, **webhook).json()
    changed = {**content, **LATER, "shipping_address": address("Verhuisd")}
    answer = line.service.post("held", changed, **webhook).json()
    assert answer["status"] == "accepted"
    assert answer["id"] != first["id"]


def test_an_older_version_changes_nothing(line: Scripted) -> None:
    content = order()
    id_ = line.accept("held", content)
    older = {**content, **EARLIER, "shipping_address": address("Vroeger")}
    answer = line.service.post("held", older).json()
    assert (answer["status"], answer["reason"], answer["id"]) == ("ignored", "older_version", id_)
    line.move(minutes=3)
    line.wait(id_, "delivered")
    assert line.platform.opened(id_) == readable(content, notify="none")


@pytest.mark.parametrize("later", [{}, LATER])
def test_until_its_first_claim_the_newest_content_takes_its_place(line: Scripted, later: dict[str, str]) -> None:
    content = order()
    first = line.accept("held", content)
    newer = {**content, **later, "shipping_address": address("Verhuisd", address1="Nieuwe Laan 1")}
    second = line.accept("held", newer)
    assert second != first
    line.rest()
    assert not {first, second} & line.platform.shipments().keys()  # it is held
    line.move(minutes=3)
    line.wait(second, "delivered")
    assert line.platform.opened(second) == readable(newer, notify="none")
    assert first not in line.platform.shipments()


def test_a_newer_version_without_a_change_is_a_duplicate(line: Scripted) -> None:
    content = order()
    id_ = line.accept("held", content)
    answer = line.service.post("held", {**content, **LATER, "note": "Iets heel anders"}).json()
    assert (answer["status"], answer["id"]) == ("duplicate", id_)


@pytest.mark.parametrize("topic", ["orders/cancelled", "orders/updated"])
def test_what_is_cancelled_before_its_first_claim_never_goes(line: Scripted, topic: str) -> None:
    content = order()
    id_ = line.accept("held", content)
    cancelled = {**content, **LATER, "cancelled_at": "2026-11-20T10:00:00+01:00"}
    answer = line.service.post("held", cancelled, x_shopify_topic=topic).json()
    assert (answer["status"], answer["reason"]) == ("ignored", "cancelled")
    revived = line.service.post("held", {**content, "updated_at": "2026-11-20T11:00:00+01:00"}).json()
    assert (revived["status"], revived["reason"]) == ("ignored", "cancelled")
    line.move(minutes=3)
    line.rest()
    assert line.state(id_) == ("withdrawn", 0)
    assert id_ not in line.platform.shipments()


def test_a_change_after_delivery_takes_the_place_of_what_the_platform_cancels(line: Scripted) -> None:
    content = order()
    first = line.accept("plain", content)
    line.wait(first, "delivered")
    newer = {**content, **LATER, "shipping_address": address("Verhuisd")}
    answer = line.service.post("plain", newer).json()
    assert answer["status"] == "accepted"
    assert answer["id"] != first
    line.wait(first, "cancelled")
    line.wait(answer["id"], "delivered")
    shipments = line.platform.shipments()
    assert (shipments[first]["state"], shipments[answer["id"]]["state"]) == ("cancelled", "created")
    assert line.platform.opened(answer["id"]) == readable(newer, notify="none")
    assert not line.service.record(first)["changed_after_delivery"]


def test_a_cancellation_after_delivery_is_one_at_the_platform(line: Scripted) -> None:
    content = order()
    id_ = line.accept("plain", content)
    line.wait(id_, "delivered")
    answer = line.service.post("plain", {**content, **LATER, **CANCELLED}).json()
    assert (answer["status"], answer["reason"], answer["id"]) == ("ignored", "cancelled", id_)
    line.wait(id_, "cancelled")
    assert line.platform.shipments()[id_]["state"] == "cancelled"


@pytest.mark.parametrize("change", [{"shipping_address": address("Verhuisd")}, CANCELLED], ids=["moved", "cancelled"])
def test_what_is_on_its_way_is_flagged_and_nothing_else_goes(line: Scripted, change: dict[str, Any]) -> None:
    content = order()
    id_ = line.accept("plain", content)
    line.wait(id_, "delivered")
    line.platform.move_on(id_, "handed_over")
    before = set(line.platform.shipments())
    answer = line.service.post("plain", {**content, **LATER, **change}).json()
    wait_for(lambda: bool(line.service.record(id_)["changed_after_delivery"]), "the flag")
    line.rest()
    assert line.state(id_)[0] == "delivered"
    assert set(line.platform.shipments()) == before
    assert line.state(answer["id"])[0] == ("delivered" if answer["id"] == id_ else "withdrawn")


@pytest.mark.parametrize("fault", ["_500", "truncated"])
def test_what_may_have_arrived_is_cancelled_before_anything_else_goes(line: Scripted, fault: str) -> None:
    line.platform.faults(**{fault: 1})
    content = order()
    first = line.accept("plain", content)
    line.wait(first, "waiting", attempts=1)
    newer = {**content, **LATER, "shipping_address": address("Verhuisd")}
    second = line.accept("plain", newer)
    line.rest()
    assert line.state(second)[0] == "held"
    assert second not in line.platform.shipments()
    line.platform.faults()
    line.move(minutes=7)
    line.wait(first, "cancelled")
    line.wait(second, "delivered")
    assert line.platform.opened(second) == readable(newer, notify="none")
    arrived = line.platform.shipments().get(first, {"state": None})
    assert arrived["state"] == ("cancelled" if fault == "truncated" else None)
    assert [post["id"] for post in line.platform.posts()].count(first) == 1  # what is not wanted is not sent again


def test_a_rejected_version_stops_what_it_puts_out_of_date(line: Scripted) -> None:
    content = order()
    id_ = line.accept("held", content)
    unreadable = {**content, **LATER, "shipping_address": {**address("Verhuisd"), "zip": "niet te lezen"}}
    assert line.service.post("held", unreadable).json()["status"] == "rejected"
    line.move(minutes=3)
    line.rest()
    assert line.state(id_)[0] == "withdrawn"
    assert id_ not in line.platform.shipments()
    mended = {**unreadable, "updated_at": "2026-11-20T11:00:00+01:00", "shipping_address": address("Verhuisd")}
    second = line.accept("held", mended)
    line.move(minutes=3)
    line.wait(second, "delivered")


def test_a_dead_letter_goes_again_with_the_same_bytes(line: Scripted) -> None:
    line.scripted.reply = lambda _: Reply(status=422)
    id_ = line.accept("scripted", order())
    line.wait(id_, "dead")
    refused = line.service.typed("deliveries", "retry", "nonesuch")
    assert (refused.returncode, refused.stdout) == (1, "")
    line.scripted.reply = lambda _: None
    assert line.service.typed("deliveries", "retry", id_).returncode == 0
    line.wait(id_, "delivered")
    posts = [seen for seen in line.scripted.seen if f"Idempotency-Key: {id_}".encode() in seen]
    assert len(posts) == 2
    assert len(set(posts)) == 1
    assert line.service.typed("deliveries", "retry", id_).returncode == 1


def test_what_is_accepted_while_the_platform_is_down_goes_when_it_is_up(line: Scripted) -> None:
    line.platform.faults(_500=1)
    content = order()
    id_ = line.accept("plain", content)
    line.wait(id_, "waiting", attempts=1)
    line.move(seconds=7)
    line.wait(id_, "waiting", attempts=2)
    line.platform.faults()
    line.move(minutes=3, seconds=50)
    line.rest()
    assert line.state(id_) == ("waiting", 2)  # the next attempt comes after five minutes, 20 % sooner or later
    line.move(minutes=3)
    line.wait(id_, "delivered")
    entries = [entry for entry in line.platform.entries() if entry["idempotency_key"] == id_]
    assert [entry["status"] for entry in entries] == [500, 500, 201]
    assert len({entry["body_base64"] for entry in entries}) == 1  # the same bytes, however often
    assert line.platform.opened(id_) == readable(content, notify="none")


@pytest.mark.parametrize("fault", ["reset", "truncated", "garbage"])
def test_an_answer_that_is_none_is_asked_for_again(line: Scripted, fault: str) -> None:
    line.platform.faults(**{fault: 1})
    id_ = line.accept("plain", order())
    line.wait(id_, "waiting", attempts=1)
    line.platform.faults()
    line.move(seconds=7)
    line.wait(id_, "delivered")
    assert line.platform.shipments()[id_]["posts"] == (2 if fault == "truncated" else 1)


def test_retry_after_is_honoured(line: Scripted) -> None:
    replies = iter([Reply(status=429, headers=(("Retry-After", "3600"),))])
    line.scripted.reply = lambda _: next(replies, None)
    id_ = line.accept("scripted", order())
    line.wait(id_, "waiting", attempts=1)
    due = datetime.fromisoformat(line.service.record(id_)["due"])
    assert timedelta(seconds=3590) < due - line.now <= timedelta(seconds=3600)
    line.move(minutes=59)
    line.rest()
    assert line.state(id_) == ("waiting", 1)
    line.move(minutes=2)
    line.wait(id_, "delivered")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(line: Scripted, status: int) -> None:
    with rude(line.platform.url, lambda _: None) as elsewhere:
        replies = iter([Reply(status=status, headers=(("Location", f"{elsewhere.url}/shipments"),))])
        line.scripted.reply = lambda _: next(replies, None)
        id_ = line.accept("scripted", order())
        line.wait(id_, "waiting", attempts=1)
        line.move(seconds=7)
        line.wait(id_, "delivered")
        assert elsewhere.seen == []


def test_what_the_platform_refuses_is_given_up_and_shown(line: Scripted) -> None:
    replies = iter([Reply(status=422)])
    line.scripted.reply = lambda _: next(replies, None)
    id_ = line.accept("scripted", order())
    line.wait(id_, "dead")
    line.move(days=1)
    line.rest()
    assert line.state(id_)[0] == "dead"
    shown = json.loads(line.service.typed("deliveries", "show", id_, "--json").stdout)
    assert (shown["state"], shown["code"]) == ("dead", "http-422")


@pytest.mark.parametrize("status", [401, 403])
def test_a_platform_that_knows_us_no_more_pauses_the_lane(line: Scripted, status: int) -> None:
    line.move(minutes=20)  # long after it took an order of another test
    line.scripted.reply = lambda _: Reply(status=status)
    first = line.accept("scripted", order())
    paused = f"SELECT 1 FROM lanes WHERE carrier = 'scripted' AND code = 'http-{status}'"  # noqa: S608 - a number
    wait_for(lambda: bool(line.service.ask(paused)), "the pause of the lane")
    line.wait(first, "waiting", attempts=0)  # it says nothing of the record
    line.scripted.seen.clear()
    second = line.accept("scripted", order())
    other = line.accept("plain", order())
    line.wait(other, "delivered")  # the other lane goes on
    line.move(minutes=14)
    line.rest()
    assert line.scripted.seen == []
    line.scripted.reply = lambda _: None
    line.move(minutes=3)
    line.wait(first, "delivered")
    line.wait(second, "delivered")


def test_without_this_months_key_orders_wait_in_the_shop(line: Scripted) -> None:
    content = order()
    line.move(days=1500)
    answer = line.service.post("plain", content)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:problem:missing-retention-key")
    assert int(answer.headers["Retry-After"]) > 0
    assert line.service.client.get(line.service.url + "/readyz", timeout=5).status_code == 503
    doctor = line.service.typed("doctor")
    assert doctor.returncode == 1
    said = [text for text in doctor.stdout.splitlines() if text.startswith("BAD") and "no retention key" in text]
    assert any("shop plain" in text and "/20" in text for text in said), doctor.stdout
    line.move(days=-1500)
    line.wait(line.accept("plain", content), "delivered")


def test_delivered_parts_leave_the_database(line: Scripted) -> None:
    id_ = line.accept("held", order())
    before = b"".join(line.service.stored().values())
    line.move(minutes=3)
    line.wait(id_, "delivered")
    (body,) = [body for body in line.platform.posts() if body["id"] == id_]
    tokens = [token for party in ("recipient", "sender") for token in body[party]["sealed"].values()]
    pieces = [token.split(".")[3][at : at + 40].encode() for token in tokens for at in range(0, 320, 40)]
    assert len(pieces) == 16
    assert all(piece in before for piece in pieces)
    after = b"".join(line.service.stored().values())
    assert [piece for piece in pieces if piece in after] == []
