"""``shipments find``: where it is, what comes next, what to do; for every state, in plain words, and never a value."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, update

from middleware.cli import root, telling, words
from middleware.cli.parcels import PARCEL
from middleware.cli.plain import PLAIN
from middleware.core.index import Indexer
from middleware.core.seal import lock, new_reference
from middleware.keys import load_service
from middleware.model import Ending, IndexEntry, Reason, Record, State
from middleware.ports import Storage
from middleware.storage import open_store
from middleware.storage.tables import records as table
from middleware.storage.tables import rejections
from middleware.tracking import Next
from tests.middleware.cli.bench import Instance, second_shop
from tests.storage import builders
from tests.storage.builders import UNTIL

NAME, ORDER_ID = "#1001", "6203718204417"
BARCODE = "323299901059900000000017"
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
JARGON = re.compile(
    r"\b(?:lease|fence|outbox|idempoten\w*|payload|webhook|enum|null|JWE|UUID|boolean|exception)\b", re.I
)


class Desk:
    """An instance, its store, and orders in it as intake would leave them."""

    def __init__(self, instance: Instance, store: Storage) -> None:
        self.instance, self.store = instance, store
        self.engine = create_engine(f"sqlite:///{instance.database}")
        self.keys = load_service(instance.folder / "keys")

    def order(self, shop: str = "demo", name: str = NAME, order_id: str = ORDER_ID, **changes: Any) -> Record:
        """A record of the order of that name and id, changed in the database."""
        indexer = Indexer(self.keys.index, shop)
        values = {"order.id": order_id, "order.name": name}
        index = tuple(
            IndexEntry(kind=kind, digest=indexer.of(kind, value), until=UNTIL) for kind, value in values.items()
        )
        made = builders.record(id=str(uuid.uuid4()), reference=new_reference(), index=index, due=NOW + HOUR)
        order = indexer.of("order.id", order_id) if not changes.pop("aside", False) else builders.digest()
        arrived = builders.arrival(shop=shop, order=order, received_at=changes.pop("received_at", NOW))
        assert self.store.accept(arrived, made).id == made.id
        if changes:
            with self.engine.begin() as connection:
                connection.execute(update(table).where(table.c.id == made.id).values(**changes))
        return made

    def refuse(self, order_id: str = ORDER_ID, shop: str = "demo") -> None:
        """A version of an order that was rejected."""
        entry = builders.rejection(shop=shop, order_ref=lock(order_id, self.keys.service), received_at=NOW)
        self.store.reject(entry)
        order = Indexer(self.keys.index, shop).of("order.id", order_id)
        with self.engine.begin() as connection:
            connection.execute(update(rejections).where(rejections.c.id == entry.id).values(order=order))

    def ask(self, question: str, *options: str) -> str:
        """What is told, in one line."""
        result = self.instance.run("shipments", "find", question, *options)
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        return " ".join(result.stdout.split())


@pytest.fixture
def desk(instance: Instance) -> Iterator[Desk]:
    with closing(open_store(f"sqlite:///{instance.database}")) as store:
        opened = Desk(instance, store)
        yield opened
        opened.engine.dispose()


AT = f"{NOW + HOUR:%Y-%m-%d %H:%M} UTC"

STATES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "waiting": ({}, (f"goes to the parcel platform at {AT}", "Nothing is needed")),
    "waiting, and it is time": ({"due": NOW - timedelta(minutes=1)}, ("now: it is due since",)),
    "waiting, and overdue": ({"due": NOW - HOUR}, ("It is overdue", "parcelveil serve")),
    "waiting again": (
        {"last_code": "http-503", "attempts": 2},
        (f"sent again at {AT}", "the parcel platform is at fault or out of order (http-503)"),
    ),
    "no parcel": ({"state": "delivered", "due": None}, ("it is no parcel", "Nothing is needed")),
    "held": ({"state": "held", "due": None}, ("has to be cancelled", "as soon as the version before it is cancelled")),
    "blocked": (
        {"state": "blocked", "due": None},
        ("It is here and blocked", "no declaration of the customer", "parcelveil events record"),
    ),
    "claimed": ({"state": "claimed"}, ("being sent", "answer is awaited", "ask again")),
    "claimed, and replaced": (
        {"state": "claimed", "ending": "replaced"},
        ("being sent", "another record takes its place"),
    ),
    "delivered": ({"state": "delivered", "due": None, "barcode": BARCODE}, (f"barcode {BARCODE}", "carries it")),
    "changed after delivery": (
        {"state": "delivered", "due": None, "changed_after_delivery": True, "ending": "too-late"},
        ("changed when the parcel platform could cancel it no more", "a person has to decide", PARCEL.changed),
    ),
    "cancelling": ({"state": "cancelling"}, ("asked to cancel it", f"asked at {AT}", "Do not hand over")),
    "cancelled": (
        {"state": "cancelled", "due": None, "ending": "cancelled"},
        ("is cancelled", "Throw this label away"),
    ),
    "replaced": (
        {"state": "cancelled", "due": None, "ending": "replaced"},
        ("another record takes its place", "the newer version has a label of its own"),
    ),
    "dead": (
        {"state": "dead", "due": None, "last_code": "attempts-exhausted:timeout"},
        ("given up", "did not answer in time", "a person has to decide", "parcelveil deliveries retry"),
    ),
    "dead, and not cancelled": (
        {"state": "dead", "due": None, "last_code": "http-422", "ending": "cancelled"},
        ("could not be cancelled", "Do not hand over"),
    ),
    "dead, and too late": (
        {"state": "dead", "due": None, "last_code": "expired"},
        ("Save the order in the shop again",),
    ),
    "quarantined": (
        {"state": "quarantined", "due": None, "last_code": "tampered"},
        ("its receipt or seal does not fit", "keep it as evidence"),
    ),
    "withdrawn, as it was too late": (
        {"state": "withdrawn", "due": None, "last_code": "too-late"},
        ("its parcel stands as the order was then", "by hand"),
    ),
    "withdrawn, and held": (
        {"state": "withdrawn", "due": None, "last_code": "replaced"},
        ("taken back before it was sent", "a newer version took its place", "legally held"),
    ),
    "withdrawn": (
        {"state": "withdrawn", "due": None, "last_code": "cancelled"},
        ("taken back before it was sent", "the order is cancelled"),
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_every_state_is_told_in_plain_words(desk: Desk, name: str) -> None:
    changes, said = STATES[name]
    record = desk.order(**changes)
    told = desk.ask(NAME)
    assert [sentence for sentence in (*said, record.id, record.reference, "demo") if sentence not in told] == []
    assert JARGON.findall(told) == []


def test_every_state_is_tried_here() -> None:
    assert {changes.get("state", "waiting") for changes, _ in STATES.values()} == set(State)
    assert set(telling.COMES) == set(Next)
    for said in (PARCEL, PLAIN):
        assert set(said.where) == set(said.can) == set(State)
        assert set(said.endings) == set(Ending)


@pytest.mark.parametrize("question", [NAME, "1001", ORDER_ID, BARCODE, "reference", "lower reference", "id"])
def test_whatever_is_known_of_it_finds_it(desk: Desk, question: str) -> None:
    record = desk.order(barcode=BARCODE)
    desk.order(name="#1002", order_id="6203718204418")
    words_ = {
        "reference": record.reference,
        "lower reference": record.reference.lower().replace("-", ""),
        "id": record.id,
    }
    found = desk.instance.json("shipments", "find", words_.get(question, question))
    assert [[shipment["id"] for shipment in story["shipments"]] for story in found] == [[record.id]]


def test_several_records_are_one_story_the_newest_first(desk: Desk) -> None:
    older = desk.order(state="cancelling", ending="replaced", received_at=NOW - HOUR)
    newer = desk.order(state="held", predecessor=older.id, due=None, aside=True)
    told = desk.ask(older.reference)
    assert told.index(newer.id) < told.index(older.id)
    (story,) = desk.instance.json("shipments", "find", NAME)
    assert [shipment["state"] for shipment in story["shipments"]] == ["held", "cancelling"]


def test_the_same_name_in_two_shops_is_two_stories(desk: Desk) -> None:
    desk.instance.write(more=second_shop("tweede"))
    here, there = desk.order(), desk.order("tweede")
    assert len(desk.instance.json("shipments", "find", NAME)) == 2
    for shop, record in (("demo", here), ("tweede", there)):
        (story,) = desk.instance.json("shipments", "find", NAME, "--shop", shop)
        assert [shipment["id"] for shipment in story["shipments"]] == [record.id]
    assert desk.instance.run("shipments", "find", here.id, "--shop", "tweede").exit_code == 1


def test_the_orders_of_a_quarantined_shop_are_found_too(desk: Desk) -> None:
    record = desk.order()
    desk.instance.write(shop='mode = "nonsense"')
    assert record.id in desk.ask(NAME)


def test_so_many_shops_that_one_has_to_be_named(desk: Desk) -> None:
    count = 22
    shops = "".join(second_shop(f"shop-{number}", secret=f"SECRET_{number}") for number in range(count))
    desk.instance.write(more=shops)  # quarantined all, for want of their secrets
    for number in range(count):
        desk.order(f"shop-{number}")
    told = desk.ask(NAME)
    assert told.count("where ") == 20
    assert "2 more orders are meant by that: name the shop with --shop." in told


def test_a_refused_version_is_told_with_its_page_in_the_shop(desk: Desk) -> None:
    desk.order()
    desk.refuse()
    told = desk.ask(NAME)
    assert "could not be accepted: /shipping_address/zip: pattern; /line_items/0/*: type." in told
    assert f"https://demo.myshopify.com/admin/orders/{ORDER_ID}" in told
    (story,) = desk.instance.json("shipments", "find", ORDER_ID)
    (refused,) = story["rejected"]
    assert refused["page"] == f"https://demo.myshopify.com/admin/orders/{ORDER_ID}"
    assert refused["errors"][0] == {"pointer": "/shipping_address/zip", "code": "pattern"}


def test_an_order_that_was_only_refused_is_found_by_its_id(desk: Desk) -> None:
    desk.refuse()
    assert "demo rejected" in desk.ask(ORDER_ID)


@pytest.mark.parametrize(
    ("halt", "said"),
    [
        (Reason.NOT_PAID, "nothing of it to ship: it is not paid yet."),
        (Reason.CANCELLED, "nothing of it to ship: it is cancelled."),
    ],
)
def test_an_order_with_nothing_to_ship_says_why(desk: Desk, halt: Reason, said: str) -> None:
    order = Indexer(desk.keys.index, "demo").of("order.id", ORDER_ID)
    desk.store.accept(builders.arrival(halt=halt, order=order), None)
    assert said in desk.ask(ORDER_ID)


PAUSED = (
    "All that goes to platform is paused: the parcel platform does not take the token. "
    "Set the token of carriers.platform, or its account and passphrase, anew and restart `parcelveil serve`."
)


@pytest.mark.parametrize("state", [State.WAITING, State.HELD, State.CANCELLING])
def test_a_paused_lane_is_named_with_what_the_operator_does(desk: Desk, state: State) -> None:
    record = desk.order(state=state)
    desk.store.pause_lane("platform", datetime.now(UTC) + HOUR, "http-401")
    told, shown = desk.ask(NAME), " ".join(desk.instance.run("deliveries", "show", record.id).stdout.split())
    for text in (told, shown):
        assert PAUSED in text
        assert "Nothing is needed." not in text
    assert state is State.HELD or "It goes on when platform takes something again; that is tried every 15" in told


@pytest.mark.parametrize(
    ("code", "attempts", "paused"), [("http-401", 2, True), ("http-403", 0, True), ("http-403", 2, False)]
)
def test_between_two_pauses_the_record_says_why(desk: Desk, code: str, attempts: int, *, paused: bool) -> None:
    """A platform that refused one record alone has refused it by an attempt that counted."""
    desk.order(last_code=code, attempts=attempts)
    assert (PAUSED in desk.ask(NAME)) is paused


def test_what_is_overdue_does_not_say_that_nothing_is_needed(desk: Desk) -> None:
    desk.order(due=NOW - HOUR)
    assert "Nothing is needed" not in desk.ask(NAME)


SIMULATED = 'allow_private = ["127.0.0.1"]\nsimulated = true'


@pytest.mark.parametrize("state", State)
def test_what_only_the_simulated_platform_has_is_no_parcel(desk: Desk, state: State) -> None:
    desk.instance.write(carrier=SIMULATED, shop='mode = "test"')
    record = desk.order(state=state, due=None)
    (story,) = desk.instance.json("shipments", "find", NAME)
    told, shown = desk.ask(NAME), " ".join(desk.instance.run("deliveries", "show", record.id).stdout.split())
    for text in (told, shown):
        assert "no parcel will be sent" in text
        assert "To go live: `parcelveil shops check demo --live`" in text
        assert "carries it" not in text
    assert story["shipments"][0]["simulated"] is True
    assert [row["simulated"] for row in desk.instance.json("deliveries", "list")] == [True]
    assert f"{state} (simulated)" in " ".join(desk.instance.run("deliveries", "list").stdout.split())


def test_an_unreadable_record_is_named_and_no_other_is_lost(desk: Desk) -> None:
    poisoned, sound = desk.order(), desk.order(name="#1002", order_id="6203718204418")
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE records SET created_at = 'x' WHERE id = ?", (poisoned.id,))
    listed = desk.instance.run("deliveries", "list")
    assert (listed.exit_code, poisoned.id in listed.stdout, sound.id in listed.stdout) == (0, True, True)
    shown = " ".join(desk.instance.run("deliveries", "show", poisoned.id).stdout.split())
    for told in (desk.ask(poisoned.id), shown):
        assert "Its row cannot be read." in told
        assert "1970" not in told
    assert {row["id"]: row["readable"] for row in desk.instance.json("deliveries", "list")} == {
        poisoned.id: False,
        sound.id: True,
    }


def test_what_was_held_behind_nothing_says_what_a_person_does(desk: Desk) -> None:
    record = desk.order(state="quarantined", due=None, last_code="predecessor-missing")
    told = desk.ask(NAME)
    assert "an older version of it had to be cancelled first" in told
    assert f"`parcelveil deliveries retry {record.id}` lets this one go" in told


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_is_not_found_says_what_to_check(desk: Desk, options: list[str]) -> None:
    desk.order()
    result = desk.instance.run("shipments", "find", "#9999", *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Nothing is known of that here. Check")
    assert "#9999" not in result.stderr
    for command in re.findall(r"`parcelveil ([a-z]+)", result.stderr):
        assert command in root.list_commands(None)  # type: ignore[arg-type]  # it looks at no context


def test_a_shop_that_is_not_there_is_named(desk: Desk) -> None:
    result = desk.instance.run("shipments", "find", NAME, "--shop", "nowhere")
    assert (result.exit_code, result.stderr) == (
        2,
        "parcelveil: there is no shop nowhere; leave --shop out to ask all\n",
    )


def test_data_say_what_words_say(desk: Desk) -> None:
    record = desk.order(last_code="timeout", attempts=1)
    (story,) = desk.instance.json("shipments", "find", NAME)
    (shipment,) = story["shipments"]
    told = shipment.pop("told")
    assert shipment == {
        "id": record.id,
        "reference": record.reference,
        "state": "waiting",
        "simulated": False,
        "readable": True,
        "barcode": None,
        "since": NOW.isoformat(),
        "code": "timeout",
        "changed_after_delivery": False,
        "clock_not_started": ["label_created"],
        "unsent_until": None,
        "next": {"step": "retry", "at": (NOW + HOUR).isoformat()},
    }
    assert words.code("timeout") in told["where"]
    assert desk.ask(NAME).count(told["next"]) == 1
    assert (story["shop"], story["cancelled"], story["reasons"], story["rejected"]) == ("demo", False, [], [])


def test_nothing_in_the_database_steers_a_terminal(desk: Desk) -> None:
    desk.order(barcode="\x1b[2J323", last_code="\x1b]0;x\x07", state="dead")
    result = desk.instance.run("shipments", "find", NAME)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", result.stdout)
    assert "\x1b" not in desk.instance.run("shipments", "find", NAME, "--json").stdout


def test_nothing_is_told_in_a_width_that_no_terminal_has(desk: Desk) -> None:
    desk.order(state="quarantined", due=None, last_code="tampered")
    result = desk.instance.run("shipments", "find", NAME)
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert json.dumps(NAME) not in result.stdout
