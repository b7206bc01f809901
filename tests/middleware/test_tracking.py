"""What a question can mean, and what comes next: made of the very digests that intake makes, and of states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

import pytest
from joserfc.jwk import OctKey

from middleware import tracking
from middleware.binding import PLATFORMS
from middleware.core.index import Indexer
from middleware.core.seal import lock, new_id, new_reference
from middleware.keys import ServiceKeys
from middleware.model import Ending, State
from middleware.tracking import Desk, Next, Step
from middleware.trail import Asked, Sighting, Trail
from tests.middleware.core.made_up import NOW
from tests.storage.builders import rejection

INDEX = b"i" * 32
SERVICE = OctKey.generate_key(256)
SHOPS = {"demo": "demo.myshopify.com", "other": "other.myshopify.com", "winkel": "winkel.example", "broken": ""}
ORDER_ID = "6203718204417"
LATER = NOW + timedelta(hours=1)


@dataclass
class FakeFinder:
    """Finds what it was given, and remembers what it was asked."""

    trails: Sequence[Trail] = ()
    asked: list[Asked] = field(default_factory=list)

    def find(self, asked: Asked) -> Sequence[Trail]:
        self.asked.append(asked)
        return self.trails


def desk(*trails: Trail) -> Desk:
    keys = ServiceKeys(signing=cast("object", None), index=INDEX, service=SERVICE)  # type: ignore[arg-type]  # nobody signs here
    return Desk(finder=FakeFinder(trails), platforms=PLATFORMS, keys=keys, shops=SHOPS)


def sighting(**changes: object) -> Sighting:
    whole = Sighting(
        id=new_id(),
        reference=new_reference(),
        shop="demo",
        carrier="platform",
        state=State.WAITING,
        created_at=NOW,
        since=NOW,
        due=LATER,
        attempts=0,
        last_code=None,
        barcode=None,
        changed_after_delivery=False,
        ending=None,
        predecessor=None,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # whatever a test changes


def trail(*records: Sighting, **changes: object) -> Trail:
    whole = Trail(shop="demo", records=records, rejections=(), reasons=(), cancelled=False)
    return replace(whole, **changes)  # type: ignore[arg-type]  # whatever a test changes


def meant(question: str) -> set[tuple[str, str, bytes]]:
    return {(entry.shop, entry.kind, entry.digest) for entry in tracking.asked(question, desk()).digests}


def names(*spelt: str) -> set[tuple[str, str, bytes]]:
    """The digests that intake makes of an order's name, in every shop."""
    return {(shop, "order.name", Indexer(INDEX, shop).of("order.name", name)) for shop in SHOPS for name in spelt}


def ids(order: str) -> set[tuple[str, str, bytes]]:
    return {(shop, "order.id", Indexer(INDEX, shop).of("order.id", order)) for shop in SHOPS}


@pytest.mark.parametrize("typed", ["#1001", " #1001 ", "# 1001", "＃１００１"])
def test_an_order_name_is_known_with_its_mark_and_without(typed: str) -> None:
    assert meant(typed) >= names("#1001", "1001")
    assert not meant(typed) & ids("1001")


def test_digits_can_be_an_order_id_too() -> None:
    assert meant(ORDER_ID) == ids(ORDER_ID) | names(ORDER_ID, f"#{ORDER_ID}")


@pytest.mark.parametrize("typed", ["BE-1001/a", "be-1001/A", "  BE-1001/A"])
def test_a_name_of_the_shops_own_making_is_known_however_it_is_typed(typed: str) -> None:
    assert meant(typed) == names("BE-1001/A", "#BE-1001/A")


@pytest.mark.parametrize("typed", ["", "  ", "#", " # "])
def test_nothing_means_no_order(typed: str) -> None:
    asked = tracking.asked(typed, desk())
    assert {entry.digest for entry in asked.digests} <= {Indexer(INDEX, shop).of("order.name", "#") for shop in SHOPS}
    assert (asked.record_id, asked.reference, asked.barcode) == (None, None, None)


@pytest.mark.parametrize("typed", ["7K3MW-9Q2XA", "7k3mw9q2xa", " 7K3MW 9Q2XA "])
def test_a_short_code_is_known_however_it_was_copied(typed: str) -> None:
    assert tracking.asked(typed, desk()).reference == "7K3MW-9Q2XA"


def test_letters_that_read_like_digits_are_read_as_such() -> None:
    assert tracking.asked("OIL00-OIL11", desk()).reference == "01100-01111"
    assert [tracking.asked(typed, desk()).reference for typed in ("7K3MW-9Q2X", "7K3MW-9Q2XAA", "7K3MW-9Q2XU")] == [
        None
    ] * 3


def test_a_barcode_and_a_record_id_are_known() -> None:
    assert tracking.asked("3232 9990 1059 9000 0000 0017", desk()).barcode == "323299901059900000000017"
    id_ = new_id()
    assert tracking.asked(f" {id_.upper()}", desk()).record_id == id_
    assert tracking.asked("#1001", desk()).barcode is None
    assert tracking.asked("#1001", desk()).record_id is None


def test_only_these_shops_are_asked_for() -> None:
    assert tracking.asked("#1001", desk()).shops == frozenset(SHOPS)


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, Step(what=Next.SEND, at=LATER)),
        ({"last_code": "timeout", "attempts": 1}, Step(what=Next.RETRY, at=LATER)),
        ({"state": State.CLAIMED}, Step(what=Next.ANSWER, at=LATER)),
        ({"state": State.HELD, "due": None}, Step(what=Next.RELEASE)),
        ({"state": State.CANCELLING}, Step(what=Next.CANCEL, at=LATER)),
        ({"state": State.DELIVERED}, Step(what=Next.NOTHING)),
        ({"state": State.DELIVERED, "changed_after_delivery": True}, Step(what=Next.PERSON)),
        ({"state": State.CANCELLED}, Step(what=Next.NOTHING)),
        ({"state": State.DEAD}, Step(what=Next.PERSON)),
        ({"state": State.QUARANTINED}, Step(what=Next.PERSON)),
        ({"state": State.WITHDRAWN}, Step(what=Next.NOTHING)),
    ],
)
def test_what_comes_next_of_every_state(changes: dict[str, object], step: Step) -> None:
    assert tracking.next_step(sighting(**changes)) == step


def test_a_story_is_what_was_found_with_what_comes_next() -> None:
    newer, older = sighting(state=State.HELD), sighting(state=State.CANCELLING, ending=Ending.REPLACED)
    (story,) = tracking.find("#1001", desk(trail(newer, older, cancelled=True, reasons=("not_paid",))))
    assert story.parcels == ((newer, Step(what=Next.RELEASE)), (older, Step(what=Next.CANCEL, at=LATER)))
    assert (story.shop, story.cancelled, story.reasons, story.refusals) == ("demo", True, ("not_paid",), ())


def test_a_page_is_the_shop_s_own_platform_s() -> None:
    refused = rejection(order_ref=lock(ORDER_ID, SERVICE), shop="winkel")
    assert tracking.page(refused, desk()) == f"https://winkel.example/wp-admin/post.php?post={ORDER_ID}&action=edit"


def test_a_refused_order_leads_to_its_page_in_the_shop() -> None:
    refused = rejection(order_ref=lock(ORDER_ID, SERVICE))
    (story,) = tracking.find("#1001", desk(trail(rejections=(refused,))))
    assert [told.page for told in story.refusals] == [f"https://demo.myshopify.com/admin/orders/{ORDER_ID}"]


@pytest.mark.parametrize(
    "changes",
    [
        {"order_ref": None},
        {"order_ref": lock(ORDER_ID, OctKey.generate_key(256))},
        {"order_ref": "changed"},
        {"shop": "broken"},
        {"shop": "no such shop"},
    ],
)
def test_without_its_id_or_its_shop_a_refused_order_has_no_page(changes: dict[str, object]) -> None:
    refused = rejection(**{"order_ref": lock(ORDER_ID, SERVICE), **changes})
    assert tracking.page(refused, desk()) is None


def test_one_record_is_told_of_its_own_id_alone() -> None:
    one, other = sighting(), sighting()
    found = desk(trail(other, one))
    assert tracking.shipment(one.id, found) == (one, Step(what=Next.SEND, at=LATER))
    assert tracking.shipment(new_id(), found) is None


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ((State.HELD, State.CANCELLING), 0),
        ((State.WITHDRAWN, State.DELIVERED), 1),
        ((State.WAITING, State.CANCELLED), 0),
        ((State.CANCELLED, State.DEAD), 1),
        ((State.WITHDRAWN, State.CANCELLED), 0),
    ],
)
def test_of_an_order_the_record_is_told_that_stands(states: tuple[State, State], told: int) -> None:
    records = [sighting(state=state) for state in states]
    found = tracking.of_order("#1001", desk(trail(*records), trail(sighting())))
    assert found is not None
    assert found[0] == records[told]


def test_of_an_order_only_its_name_and_its_id_are_asked() -> None:
    where = desk()
    assert tracking.of_order("7K3MW-9Q2XA", where) is None
    (asked,) = cast("FakeFinder", where.finder).asked
    assert (asked.record_id, asked.reference, asked.barcode) == (None, None, None)
    assert {entry.kind for entry in asked.digests} == {"order.name", "order.id"}
