"""Whoever buries a record tells its shop: there is one home for it, and every way there is walked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from middleware.exchange import Delivered
from middleware.model import Arrival, Record, State
from middleware.model_back import Kind
from middleware.ports import Store
from middleware.storage import burying_sql
from middleware.storage.tables import records
from middleware.storage.tables_back import callbacks
from tests.storage.builders import LATER, NOW, UNTIL, again, arrival, digest, part, record
from tests.storage.looking import claim, column
from tests.storage.purging import purge
from tests.storage.test_outbox import leased, listener

SOURCE = Path(burying_sql.__file__).parent
HOME = Path(burying_sql.__file__).name
BURIALS = {"DEAD", "QUARANTINED"}
TOLD = {("unreadable.py", "Summary"), ("unreadable.py", "Sighting")}
"""What is said of a row to a person, and is written nowhere."""

FREE = {
    ("records_sql.py", "state"),  # of a record that is stored: it waits, is held or blocked
    ("ending_sql.py", "state"),  # of one that goes again
    ("relay_sql.py", "State.CANCELLING if cancelling else State.CLAIMED"),  # of one that is claimed
    ("finding.py", "state"),  # of a row that is read
    ("notices_sql.py", "state"),  # of a notice
    ("shops_sql.py", "state"),  # of a shop
}
"""Whose state is no constant: looked at, and no burial."""


def written() -> Iterator[tuple[str, str, ast.expr]]:
    """Every state that is written in this folder: file, by whom it is called, and the expression."""
    for file in sorted(SOURCE.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "state":
                        yield file.name, "", value
            elif isinstance(node, ast.Call):
                for keyword in node.keywords:
                    if keyword.arg == "state":
                        yield file.name, getattr(node.func, "id", ""), keyword.value


def test_nobody_buries_but_the_one_who_tells() -> None:
    found = set()
    for file, caller, value in written():
        words = ast.unparse(value)
        constant = isinstance(value, ast.Attribute) or words.startswith("word(")  # the latter is read
        named = {node.attr for node in ast.walk(value) if isinstance(node, ast.Attribute)} & BURIALS
        if file != HOME and (file, caller) not in TOLD and (named or not constant):
            found.add((file, words))
    assert found == FREE
    assert {state.name for state in burying_sql.STATES} == BURIALS


def test_no_other_state_is_a_burial(store: Store) -> None:
    store.accept(arrival(), record(listener=listener()))
    with pytest.raises(ValueError, match="buried"):
        store.bury(claim(store), State.CANCELLED, "x", NOW)


def told(behind: Engine) -> list[str]:
    return column(behind, callbacks, "kind")


def waiting(store: Store, **changes: Any) -> Record:
    made = record(**{"listener": listener(), "due": NOW + timedelta(days=20), **changes})
    store.accept(arrival(), made)
    return made


OVER = NOW + timedelta(days=15)
LAST = date(2026, 12, 1)


OPEN = part("recipient.delivery", until=None, starts=None, ceiling=LAST)
KEPT = part("sender.contact", until=UNTIL)


@pytest.mark.parametrize(
    "changes",
    [
        {"parts": (part("recipient.delivery", until=LAST),)},
        {
            "parts": (part("recipient.delivery", until=None, starts=None, ceiling=LAST), KEPT),
            "until": None,
            "blocked": True,
        },
        {"parts": (part("recipient.delivery", week="2026-W30"),)},
        {"clear_until": LAST},
    ],
    ids=["parts", "unstarted", "transit", "clear"],
)
@pytest.mark.policy("VP-RET-4")
def test_what_ends_before_it_was_delivered_is_told_once(
    url: str, store: Store, behind: Engine, changes: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    waiting(store, **changes)
    waiting(store, listener=None, **changes)
    taken = purge(url, OVER)
    assert taken[request.node.callspec.id.removeprefix("sqlite-").removeprefix("postgres-")] == 2
    assert column(behind, records, "state") == [State.DEAD] * 2
    assert told(behind) == [Kind.FAILED]
    assert purge(url, OVER + timedelta(days=1)).get("parts") is None
    assert told(behind) == [Kind.FAILED]


def test_a_dead_letter_whose_key_may_be_gone_says_so_and_is_told_no_second_time(
    url: str, store: Store, behind: Engine
) -> None:
    waiting(store, due=NOW, parts=(part("recipient.delivery", week="2026-W30"),))
    assert store.bury(claim(store), State.DEAD, "http-422", NOW)
    assert purge(url, OVER)["transit"] == 1
    assert column(behind, records, "last_code") == ["key-gone"]
    assert told(behind) == [Kind.FAILED]


def test_what_is_to_be_cancelled_is_no_dead_letter_for_an_end(url: str, store: Store, behind: Engine) -> None:
    first = arrival()
    store.accept(first, record(listener=listener(), parts=(part("recipient.delivery", week="2026-W30"),)))
    stored = claim(store)
    store.accept(again(first), record(content=digest(), listener=listener()))
    assert store.retry(stored, NOW, "timeout", counted=True)
    purge(url, OVER)
    assert State.DEAD not in column(behind, records, "state")
    assert told(behind) == []


def test_what_is_buried_when_its_order_no_longer_wants_it_is_to_be_cancelled_and_not_told(
    store: Store, behind: Engine
) -> None:
    first = arrival()
    store.accept(first, record(listener=listener()))
    stored = claim(store)
    store.accept(again(first), record(content=digest(), listener=listener()))
    assert store.bury(stored, State.DEAD, "http-422", NOW)
    assert sorted(column(behind, records, "state")) == [State.CANCELLING, State.HELD]
    assert told(behind) == []
    assert leased(store, NOW + LATER).cancelling


def test_a_lost_lease_buries_nothing(store: Store, behind: Engine) -> None:
    store.accept(arrival(), record(listener=listener()))
    stored = claim(store)
    assert store.delivered(stored, Delivered(barcode="B1", state="created"), NOW)
    assert not store.bury(stored, State.DEAD, "http-422", NOW)
    assert (column(behind, records, "state"), told(behind)) == ([State.DELIVERED], [Kind.CREATED])


AFTER = datetime(2026, 12, 2, tzinfo=UTC)


def held_and_buried(url: str, store: Store) -> tuple[Arrival, Record, Record]:
    """One that is to be cancelled, and the one that came after it, which the purge buried while it was held."""
    arrived = arrival()
    index = (replace(record().index[0], digest=arrived.order),)
    first = record(index=index)
    second = record(index=index, parts=(part("recipient.delivery", until=LAST),))
    store.accept(arrived, first)
    assert store.delivered(claim(store), Delivered(barcode="323212345600000000001030", state="created"), NOW)
    newer = again(arrived)
    store.accept(newer, second)
    purge(url, AFTER)
    assert state(store, second.id) is State.DEAD
    return newer, first, second


def state(store: Store, record_id: str) -> State:
    found = store.show(record_id)
    assert found is not None
    return found.state


def test_what_takes_the_place_of_one_that_was_buried_while_it_was_held_waits_as_well(url: str, store: Store) -> None:
    newer, first, second = held_and_buried(url, store)
    third = record()
    assert not store.revive(second.id, AFTER)
    store.accept(again(newer), third)
    assert (store.show(second.id), state(store, third.id)) == (None, State.HELD)
    cancelling = claim(store)
    assert cancelling.id == first.id
    assert store.gone(cancelling, NOW)
    assert claim(store).id == third.id


def test_once_the_first_is_gone_it_waits_for_nobody(url: str, store: Store) -> None:
    newer, _, _ = held_and_buried(url, store)
    assert store.gone(claim(store), NOW)
    third = record()
    store.accept(again(newer), third)
    assert claim(store).id == third.id


def test_a_parcel_that_is_on_its_way_stands_for_its_order_again(url: str, store: Store) -> None:
    newer, first, second = held_and_buried(url, store)
    assert store.too_late(claim(store), NOW)
    assert state(store, second.id) is State.WITHDRAWN
    answer = store.accept(again(newer), record())
    assert (answer.id, state(store, first.id)) == (first.id, State.DELIVERED)
