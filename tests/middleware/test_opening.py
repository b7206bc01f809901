"""What a carrier takes in cleartext is opened for it alone: genuine, noted, in time, and never told elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from middleware.core import seal
from middleware.core.minimise import minimise, minimise_sender
from middleware.core.schedule import schedule
from middleware.core.tag import tag
from middleware.errors import ConfigError, StorageError, TamperedError, UnknownKeyError
from middleware.exchange import Request
from middleware.model import Delivery, Stored
from middleware.model_keys import KeptCopy, Sealing
from middleware.relay import Lane
from schemas.order import Order
from tests.middleware.core.made_up import (
    NOW,
    POLICY,
    REPORT,
    SENDER,
    SHOP,
    order,
    private_key,
    public_keys,
    stamp,
    stored,
)
from tests.middleware.relay_bench import DONE, Bench, FakeCarrier, FakeTransport, bench, due

OVER = datetime.fromisoformat("2026-12-07T00:00+01:00")
"""From now on no key of the week of ``NOW`` may exist."""


class Ring:
    """Opens with made-up keys, and remembers what."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem
        self.asked: list[KeptCopy] = []

    def open(self, copy: KeptCopy) -> bytes:
        self.asked.append(copy)
        if self.problem:
            raise self.problem
        return seal.opened(copy.jwe, copy.kid, copy.record_id, private_key(copy.kid))


class Carrier(FakeCarrier):
    """Sends what was opened, and keeps what it was handed."""

    def __init__(self, *outcomes: Any) -> None:
        super().__init__(*outcomes)
        self.sealing = Sealing.TRANSIT
        self.given: list[Stored] = []

    def start(self, stored: Stored) -> Request:
        self.given.append(stored)
        return Request(method="POST", path="/orders", headers={}, body=json.dumps(dict(stored.opened)).encode())


def in_transit(now: datetime = NOW, **changes: Any) -> Stored:
    """A record for a carrier that takes cleartext, as storage gives it back."""
    slim: Order = minimise(order(recipient__address__country="US"), POLICY, Delivery(notify="email"))[0]
    plan = schedule(slim, POLICY, "professional", now, Sealing.TRANSIT)
    sender = minimise_sender(SENDER, POLICY, "professional")
    closed = seal.seal(slim, sender, plan, public_keys(plan), shop=SHOP)
    return stored(tag(closed, plan, slim, REPORT, stamp(now=now)), **changes)


def made(one: Stored, ring: Ring, **changes: Any) -> tuple[Bench, Carrier]:
    carrier = Carrier(DONE)
    transport = FakeTransport()
    bench_ = bench(one, ring=ring, lanes={"platform": Lane(carrier=carrier, transport=transport)}, **changes)
    bench_.transport = transport
    return bench_, carrier


def test_every_part_is_opened_noted_first_and_handed_over() -> None:
    one, ring = in_transit(), Ring()
    at, carrier = made(one, ring)
    at.relay.step()
    assert [call[0] for call in at.store.calls] == ["opening", "delivered"]
    assert at.store.calls[0][1:] == (one.id, "opened", one.id, "relay")
    assert [copy.kid for copy in ring.asked] == [f"{part.name}/transit/2026-W47" for part in one.parts]
    (given,) = carrier.given
    assert set(given.opened) == {part.name for part in one.parts}
    assert given.opened["recipient.delivery"]["street"]
    assert json.loads(at.transport.sent[0].body or b"") == given.opened


def test_what_was_opened_is_printed_nowhere() -> None:
    at, carrier = made(in_transit(), Ring())
    at.relay.step()
    (given,) = carrier.given
    assert (repr(given), repr(at.transport.sent[0])) == ("<Stored>", "<Request>")


@pytest.mark.parametrize(
    ("problem", "settled", "code"),
    [
        (UnknownKeyError(), ["retry"], "key-missing"),
        (ConfigError("keys/retention"), ["pause", "retry"], "key-unreadable"),
        (TamperedError(), ["bury"], "tampered"),
    ],
)
def test_what_does_not_open_is_not_sent(problem: Exception, settled: list[str], code: str) -> None:
    at, carrier = made(in_transit(), Ring(problem))
    at.relay.step()
    assert (carrier.given, at.transport.sent) == ([], [])
    assert [call[0] for call in at.store.calls] == ["opening", *settled]
    assert all(code in call for call in at.store.calls[1:])


def test_without_a_ring_nothing_is_opened() -> None:
    carrier = Carrier(DONE)
    transport = FakeTransport()
    at = bench(in_transit(), lanes={"platform": Lane(carrier=carrier, transport=transport)})
    at.relay.step()
    assert (carrier.given, transport.sent) == ([], [])
    assert at.store.calls[-1][0] == "retry"


def test_who_lost_the_lease_opens_nothing() -> None:
    ring = Ring()
    at, carrier = made(in_transit(), ring)
    at.store.owned = False
    at.relay.step()
    assert (ring.asked, carrier.given, at.transport.sent) == ([], [], [])
    assert at.told == [("platform", "lease_lost")]


def test_what_cannot_be_noted_is_not_opened() -> None:
    ring = Ring()
    at, carrier = made(in_transit(), ring)
    at.store.broken = StorageError()
    with pytest.raises(StorageError):
        at.relay.step()
    assert (ring.asked, carrier.given, at.transport.sent) == ([], [], [])


@pytest.mark.parametrize(("now", "sent"), [(OVER - timedelta(seconds=1), 1), (OVER, 0)])
def test_after_fourteen_days_nothing_is_opened_even_if_the_key_is_there(now: datetime, sent: int) -> None:
    ring = Ring()
    at, _ = made(in_transit(), ring, clock=lambda: now)
    at.relay.step()
    assert (bool(ring.asked), len(at.transport.sent)) == (bool(sent), sent)
    if not sent:
        assert [call[0] for call in at.store.calls] == ["bury"]
        assert "key-gone" in at.store.calls[0]


CHANGED: Mapping[str, Callable[[Stored, Stored], Stored]] = {
    "another's part": lambda one, other: replace(
        one, parts=(replace(one.parts[0], jwe=other.parts[0].jwe), *one.parts[1:])
    ),
    "another's receipt": lambda one, other: replace(one, receipt=other.receipt),
    "parts of its own, swapped": lambda one, _: replace(
        one,
        parts=(
            replace(one.parts[0], jwe=one.parts[1].jwe),
            replace(one.parts[1], jwe=one.parts[0].jwe),
            *one.parts[2:],
        ),
    ),
}


@pytest.mark.parametrize("how", CHANGED)
def test_who_can_write_to_the_database_cannot_have_a_part_opened_for_another(how: str) -> None:
    ring = Ring()
    at, carrier = made(CHANGED[how](in_transit(), in_transit()), ring)
    at.relay.step()
    assert (ring.asked, carrier.given, at.transport.sent) == ([], [], [])
    assert [call[0] for call in at.store.calls] == ["bury"]


def test_the_week_is_that_of_the_receipt_whatever_the_row_says() -> None:
    one, ring = in_transit(), Ring()
    lying = replace(one, parts=tuple(replace(part, week="2030-W01") for part in one.parts))
    at, _ = made(lying, ring)
    at.relay.step()
    assert {copy.kid.rpartition("/")[2] for copy in ring.asked} == {"2026-W47"}
    assert len(at.transport.sent) == 1


@pytest.mark.parametrize("sealing", Sealing)
def test_what_was_sealed_for_another_kind_of_carrier_is_not_sent(sealing: Sealing) -> None:
    ring = Ring()
    at, carrier = made(in_transit() if sealing is Sealing.RETENTION else due(), ring)
    carrier.sealing = sealing
    at.relay.step()
    assert (ring.asked, carrier.given, at.transport.sent) == ([], [], [])
    assert [call[0] for call in at.store.calls] == ["bury"]
    assert "other-sealing" in at.store.calls[0]


def test_to_cancel_nothing_is_opened() -> None:
    ring = Ring()
    at, carrier = made(in_transit(cancelling=True), ring)
    at.relay.step()
    assert ring.asked == []
    assert [given.opened for given in carrier.given] == [{}]
    assert "opening" not in [call[0] for call in at.store.calls]


@pytest.mark.parametrize("plaintext", [b"", b"[]", b'"text"', b"{", b"\xff"])
def test_an_opened_part_that_is_none_is_told_without_its_text(plaintext: bytes) -> None:
    with pytest.raises(TamperedError) as told:
        seal.members(plaintext)
    assert (told.value.__cause__, told.value.__context__) == (None, None)
