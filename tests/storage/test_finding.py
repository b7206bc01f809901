"""Where is this parcel? Whatever a person can name leads to all that is known of the order, and to no other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from middleware.exchange import Delivered
from middleware.model import Arrival, Ending, IndexEntry, Reason, Record, State
from middleware.ports import Storage
from middleware.storage import open_store
from middleware.storage.tables import records, rejections
from middleware.trail import Asked, Digest, Sighting, Trail
from tests.storage.builders import LATER, NOW, UNTIL, again, arrival, digest, record, rejection
from tests.storage.looking import claim

BARCODE = "323299901059900000000017"


@pytest.fixture
def finder(url: str) -> Iterable[Storage]:
    opened = open_store(url)
    yield opened
    opened.close()


def asked(*digests: Digest, shops: Iterable[str] = ("demo", "other"), **clear: str) -> Asked:
    told: dict[str, str | None] = {"record_id": None, "reference": None, "barcode": None, **clear}
    return Asked(shops=frozenset(shops), digests=digests, **told)


def by(kind: str, value: bytes, shop: str = "demo") -> Digest:
    return Digest(shop=shop, kind=kind, digest=value)


class Order:
    """One order: its arrival, its first record, and the blind indexes of its id and its name."""

    def __init__(self, shop: str = "demo", **changes: object) -> None:
        self.name = digest()
        self.arrival: Arrival = arrival(shop=shop, **changes)
        self.record = self.another()

    @property
    def id(self) -> bytes:
        return self.arrival.order

    def another(self) -> Record:
        entries = (("order.id", self.id), ("order.name", self.name), ("customer.id", digest()))
        index = tuple(IndexEntry(kind=kind, digest=value, until=UNTIL) for kind, value in entries)
        return record(index=index)


@pytest.fixture
def order(finder: Storage) -> Order:
    """One order among others, of this shop and of another."""
    for shop in ("demo", "other"):
        one = Order(shop)
        finder.accept(one.arrival, one.record)
    found = Order()
    finder.accept(found.arrival, found.record)
    return found


def ids(trails: Iterable[Trail]) -> list[list[str]]:
    return [[one.id for one in trail.records] for trail in trails]


def change(behind: Engine, record_id: str, **values: object) -> None:
    with behind.begin() as connection:
        connection.execute(update(records).where(records.c.id == record_id).values(**values))


def test_all_that_is_told_of_a_record(finder: Storage, order: Order) -> None:
    (trail,) = finder.find(asked(by("order.id", order.id)))
    assert trail == Trail(
        shop="demo",
        records=(
            Sighting(
                id=order.record.id,
                reference=order.record.reference,
                shop="demo",
                carrier="platform",
                state=State.WAITING,
                created_at=NOW,
                since=NOW,
                due=NOW,
                attempts=0,
                last_code=None,
                barcode=None,
                changed_after_delivery=False,
                ending=None,
                predecessor=None,
                starts_with=("label_created",),  # a part of it has no dates
            ),
        ),
        rejections=(),
        reasons=(),
        cancelled=False,
    )


@pytest.mark.parametrize("word", ["id", "name", "record_id", "reference", "barcode"])
def test_every_word_leads_to_the_order_and_to_no_other(
    finder: Storage, order: Order, behind: Engine, word: str
) -> None:
    change(behind, order.record.id, barcode=BARCODE)
    questions = {
        "id": asked(by("order.id", order.id)),
        "name": asked(by("order.name", order.name)),
        "record_id": asked(record_id=order.record.id),
        "reference": asked(reference=order.record.reference),
        "barcode": asked(barcode=BARCODE),
    }
    assert ids(finder.find(questions[word])) == [[order.record.id]]
    elsewhere = replace(questions[word], shops=frozenset(("other",)), digests=())
    assert finder.find(elsewhere) == []


def test_what_nobody_knows_leads_nowhere(finder: Storage, order: Order) -> None:
    mixed = [by("order.id", order.name), by("order.name", order.id), by("order.id", order.id, shop="other")]
    assert finder.find(asked(*mixed, record_id="x", reference="x", barcode="x")) == []
    assert finder.find(asked()) == []


def test_all_versions_of_an_order_are_one_story_whichever_is_named(
    finder: Storage, order: Order, behind: Engine
) -> None:
    newer = order.another()
    finder.accept(arrival(received_at=NOW + LATER), newer)  # a record of its own, of the same order by its index
    change(behind, order.record.id, state="cancelling", ending="replaced", settled_at=NOW + LATER)
    change(behind, newer.id, state="held", predecessor=order.record.id, due=None)
    for question in (
        asked(record_id=newer.id),
        asked(reference=order.record.reference),
        asked(by("order.id", order.id)),
    ):
        (trail,) = finder.find(question)
        assert ids([trail]) == [[newer.id, order.record.id]]
    held, cancelling = trail.records
    assert (held.state, held.predecessor, held.due) == (State.HELD, order.record.id, None)
    assert (cancelling.state, cancelling.ending, cancelling.since) == (
        State.CANCELLING,
        Ending.REPLACED,
        NOW + LATER,
    )


def test_the_order_with_the_newest_record_comes_first(finder: Storage) -> None:
    made = [Order(received_at=NOW + minutes * LATER) for minutes in (2, 0, 3, 1)]
    for one in made:
        finder.accept(one.arrival, one.record)
    question = asked(*(by("order.id", one.id) for one in made))
    assert ids(finder.find(question)) == [[made[at].record.id] for at in (2, 0, 3, 1)]


def test_what_was_delivered_tells_its_barcode_and_since_when(finder: Storage, order: Order, behind: Engine) -> None:
    change(behind, order.record.id, due=NOW - LATER)  # before the others
    finder.delivered(claim(finder), Delivered(barcode=BARCODE, state="created"), NOW + LATER)
    (trail,) = finder.find(asked(by("order.name", order.name)))
    (found,) = trail.records
    assert (found.state, found.barcode, found.since, found.due) == (State.DELIVERED, BARCODE, NOW + LATER, None)


def test_what_was_withdrawn_is_found_by_its_order_its_code_and_its_id(finder: Storage, order: Order) -> None:
    finder.accept(again(order.arrival, halt=Reason.CANCELLED, received_at=NOW + LATER), None)
    (trail,) = finder.find(asked(by("order.id", order.id)))
    assert (ids([trail]), trail.cancelled, trail.records[0].last_code) == ([[order.record.id]], True, "cancelled")
    assert trail.records[0].since == NOW + LATER
    for question in (asked(record_id=order.record.id), asked(reference=order.record.reference)):
        assert ids(finder.find(question)) == [[order.record.id]]
    assert finder.find(asked(by("order.name", order.name))) == []


@pytest.mark.parametrize("reason", [Reason.NOT_PAID, Reason.IN_STORE])
def test_an_order_that_leaves_nothing_to_ship_tells_why(finder: Storage, reason: Reason) -> None:
    left = arrival(halt=reason)
    finder.accept(left, None)
    finder.accept(arrival(halt=Reason.NOTHING_TO_SHIP), None)
    (trail,) = finder.find(asked(by("order.id", left.order)))
    assert trail == Trail(shop="demo", records=(), rejections=(), reasons=(reason,), cancelled=False)


def refuse(finder: Storage, behind: Engine, order: bytes, **changes: object) -> str:
    refused = rejection(**changes)
    finder.reject(refused)
    with behind.begin() as connection:
        connection.execute(update(rejections).where(rejections.c.id == refused.id).values(order=order))
    return refused.id


def test_refused_versions_belong_to_the_order(finder: Storage, order: Order, behind: Engine) -> None:
    first = refuse(finder, behind, order.id)
    second = refuse(finder, behind, order.id, received_at=NOW + LATER)
    refuse(finder, behind, digest())
    refuse(finder, behind, order.id, shop="other")
    for question in (asked(by("order.id", order.id)), asked(by("order.name", order.name))):
        (trail,) = finder.find(question)
        assert [entry.id for entry in trail.rejections] == [second, first]
        assert ids([trail]) == [[order.record.id]]


def test_an_order_of_which_every_version_was_refused_is_found_by_its_id(finder: Storage, behind: Engine) -> None:
    order = digest()
    refused = refuse(finder, behind, order)
    (trail,) = finder.find(asked(by("order.id", order)))
    assert (trail.records, [entry.id for entry in trail.rejections]) == ((), [refused])
    assert trail.rejections[0].faults == (("/shipping_address/zip", "pattern"), ("/line_items/0/*", "type"))


def test_more_shops_than_one_statement_asks_for(finder: Storage) -> None:
    shops = [f"shop-{number}" for number in range(600)]
    made = {
        shop: Order(shop, received_at=NOW + timedelta(seconds=at)) for at, shop in enumerate(shops) if at % 299 == 0
    }
    for one in made.values():
        finder.accept(one.arrival, one.record)
    names = [by("order.name", made[shop].name if shop in made else digest(), shop) for shop in shops]
    directly = [by("order.id", made[shop].id if shop in made else digest(), shop) for shop in shops]
    expected = [[one.record.id] for one in reversed(made.values())]
    assert ids(finder.find(asked(*names, shops=shops))) == expected
    assert ids(finder.find(asked(*directly, shops=shops))) == expected
