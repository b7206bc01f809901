"""The contract of rejections: kept once per body, and no bar to the order once it is acceptable."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine

from middleware.model import Answer, Reason, Status
from middleware.ports import Store
from middleware.storage.tables import rejections
from tests.storage.builders import LATER, NOW, arrival, record, rejection
from tests.storage.looking import claim, column, sizes


def test_it_is_kept_with_its_pointers(store: Store) -> None:
    made = rejection()
    assert store.reject(made) == Answer(status=Status.REJECTED, id=made.id)
    assert store.rejections(None, 10) == [made]
    assert store.rejections("other", 10) == []


def test_the_same_webhook_again_is_a_duplicate(store: Store) -> None:
    made = rejection()
    store.reject(made)
    expected = Answer(status=Status.DUPLICATE, id=made.id)
    assert store.seen(made.shop, made.topic, made.webhook, made.body) == expected


def test_a_flood_of_replays_grows_nothing(store: Store, behind: Engine) -> None:
    made = rejection(order_ref=None)
    store.reject(made)
    for _ in range(3):
        replay = rejection(body=made.body, until=date(2099, 1, 1))
        assert store.reject(replay) == Answer(status=Status.DUPLICATE, id=made.id)
    assert sizes(behind) | {"rejections": 1, "inbox": 1} == sizes(behind)
    assert column(behind, rejections, "until") == [made.until]


def test_a_body_that_was_rejected_may_be_accepted_later(store: Store) -> None:
    refused, made = rejection(), record()
    store.reject(refused)
    later = arrival(body=refused.body)
    assert store.accept(later, made) == Answer(status=Status.ACCEPTED, id=made.id, reference=made.reference)
    assert store.seen(later.shop, later.topic, later.webhook, later.body) == Answer(
        status=Status.DUPLICATE, id=made.id, reference=made.reference
    )


def test_a_body_that_was_rejected_may_be_ignored_later(store: Store) -> None:
    refused = rejection()
    store.reject(refused)
    later = arrival(body=refused.body, halt=Reason.NOT_PAID)
    assert store.accept(later, None) == Answer(status=Status.IGNORED, reason=Reason.NOT_PAID)
    expected = Answer(status=Status.DUPLICATE, reason=Reason.NOT_PAID)
    assert store.seen(later.shop, later.topic, later.webhook, later.body) == expected


def test_a_body_that_was_accepted_is_never_rejected_later(store: Store) -> None:
    """As when the shop's settings changed since: a replay must not end what its order stands for."""
    first, made = arrival(), record()
    store.accept(first, made)
    replay = rejection(body=first.body, version=(first.order, first.updated_at))
    expected = Answer(status=Status.DUPLICATE, id=made.id, reference=made.reference)
    assert store.reject(replay) == expected
    assert store.seen(first.shop, first.topic, first.webhook, first.body) == expected
    assert (claim(store).id, store.rejections(None, 10)) == (made.id, [])


def test_the_rate_counts_what_nobody_has_seen_and_what_was_made(store: Store) -> None:
    made = [rejection(received_at=NOW + minutes * LATER) for minutes in range(4)]
    for minutes in range(4):
        store.reject(made[minutes])
        store.accept(arrival(received_at=NOW + minutes * LATER), record())
    store.reject(rejection(shop="other"))
    assert store.rate("demo", NOW + LATER) == (3, 3)
    assert store.rate("other", NOW) == (1, 0)
    assert store.see([one.id for one in made], NOW) == 4
    assert store.rate("demo", NOW) == (0, 4)
    assert store.counts()["unseen"] == 1


def test_what_was_seen_tells_since_when(store: Store) -> None:
    made = rejection()
    store.reject(made)
    assert store.see([made.id], NOW) == 1
    assert store.see([made.id], NOW + LATER) == 0
    assert [found.seen_at for found in store.rejections(None, 9)] == [NOW]


def test_only_those_that_were_looked_at_are_seen(store: Store) -> None:
    made = [rejection() for _ in range(3)]
    for one in made:
        store.reject(one)
    assert store.see([], NOW) == 0
    assert store.see([made[1].id, "nothing"], NOW) == 1
    assert {found.id: found.seen_at for found in store.rejections(None, 9)} == {
        one.id: NOW if one is made[1] else None for one in made
    }


def test_as_many_may_be_looked_at_as_can_be_listed(store: Store) -> None:
    made = [rejection() for _ in range(2)]
    for one in made:
        store.reject(one)
    assert store.see([made[0].id, *map(str, range(70_000)), made[1].id], NOW) == 2
