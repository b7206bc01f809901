"""``callbacks``: what shops have not heard, told by ids and codes, and told again when a person says so."""

from __future__ import annotations

import json
import uuid
from contextlib import closing
from datetime import date

import pytest

from middleware.exchange import Delivered
from middleware.model_back import Listener, Stop
from middleware.storage import open_outbox, open_store
from tests.middleware.cli.bench import Instance, refused
from tests.storage import builders
from tests.storage.builders import LEASE, NOW
from tests.storage.looking import claim


def unheard(instance: Instance, *, stopped: bool = False) -> str:
    """A shipment of which the shop was told in vain: its id."""
    url = f"sqlite:///{instance.database}"
    told = Listener(callback=True, fulfilment=False, test=False, order_ref="sealed", until=date(2026, 12, 22))
    made = builders.record(id=str(uuid.uuid4()), listener=told)
    with closing(open_store(url)) as store, closing(open_outbox(url)) as outbox:
        store.accept(builders.arrival(), made)
        store.delivered(claim(store), Delivered(barcode="B1", state="created"), NOW)
        event = outbox.claim(NOW, LEASE, "demo")
        assert event is not None
        if stopped:
            stop = Stop(shop="demo", address="a" * 64, at=NOW, until=date(2026, 12, 22))
            outbox.stop(event, stop)
        else:
            outbox.failed(event, "http-500")
    return made.id


def test_where_all_is_told_it_says_so(instance: Instance) -> None:
    assert instance.run("callbacks", "list").output == "Shops have heard everything.\n"
    assert instance.json("callbacks", "list") == {"unheard": [], "stopped": []}
    assert "callbacks" not in instance.checks()


def test_what_was_given_up_is_listed_and_told_again(instance: Instance) -> None:
    id_ = unheard(instance)
    said = instance.run("callbacks", "list", columns=200).output
    assert [word for word in (id_, "demo", "shipment.created", "given up: http-500") if word not in said] == []
    ((told),) = instance.json("callbacks", "list", "--shop", "demo")["unheard"]
    assert (told["record_id"], told["failed"], told["code"], told["attempts"]) == (id_, True, "http-500", 1)
    assert "sealed" not in json.dumps(told)
    assert instance.json("callbacks", "list", "--shop", "other")["unheard"] == []
    verdict, message = instance.checks()["callbacks"]
    assert (verdict, "1 times a shop was not told" in message) == ("warn", True)
    assert instance.run("callbacks", "retry", "--shop", "other").output.startswith("0 will be told again")
    assert instance.run("callbacks", "retry").output.startswith("1 will be told again")
    assert "callbacks" not in instance.checks()


def test_who_wanted_no_more_is_told_again_when_a_person_says_so(instance: Instance) -> None:
    unheard(instance, stopped=True)
    assert "demo: wants no more callbacks since 2026-11-22 10:00 UTC (410)" in instance.run("callbacks", "list").output
    assert instance.json("callbacks", "list")["stopped"] == [{"shop": "demo", "at": "2026-11-22T10:00:00+00:00"}]
    assert instance.run("callbacks", "resume", "demo").output == "demo is told again.\n"
    assert refused(instance.run("callbacks", "resume", "demo"), 1) == "demo: nothing stopped its callbacks"


@pytest.mark.parametrize("command", ["list", "retry"])
def test_without_a_database_it_says_so(instance: Instance, command: str) -> None:
    instance.database.unlink()
    assert "parcelveil migrate" in refused(instance.run("callbacks", command), 2)
