"""``hold``: what is kept beyond its end, with a ground and a person that everybody can see."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date
from typing import Any

import pytest

from middleware.exchange import Delivered
from middleware.model import Record, SealedCopy
from middleware.storage import open_store
from tests.middleware.cli.bench import Instance
from tests.middleware.cli.test_deliveries import made as built
from tests.storage import builders

SAID = ("--ground", "case 2027/117", "--by", "Els", "--until", "2099-12-31")


@pytest.fixture
def made(instance: Instance) -> Record:
    """A record with an id as it really is."""
    store = open_store(f"sqlite:///{instance.database}")
    found = built()
    store.accept(builders.arrival(), found)
    store.close()
    return found


def add(instance: Instance, *words: str) -> Any:
    return instance.run("hold", "add", *words)


@pytest.mark.policy("AMB-8")
def test_a_hold_is_visible_until_it_is_ended(instance: Instance, made: Record) -> None:
    held = instance.json("hold", "add", made.id, *SAID, "--part", "sender.contact")
    assert [{name: row[name] for name in ("record", "part", "ground", "person", "until", "ended")} for row in held] == [
        {
            "record": made.id,
            "part": "sender.contact",
            "ground": "case 2027/117",
            "person": "Els",
            "until": "2099-12-31",
            "ended": None,
        }
    ]
    assert instance.json("hold", "list") == held
    assert instance.json("deliveries", "show", made.id)["holds"] == held
    shown = instance.run("deliveries", "show", made.id).stdout
    assert f"sender.contact  {held[0]['from']}  2099-12-31  Els  case 2027/117" in shown

    ended = instance.run("hold", "end", held[0]["id"], "--by", "Jan")
    assert (ended.exit_code, ended.stdout) == (0, "Ended: 1 part ends by its own retention again.\n")
    assert instance.run("hold", "list").stdout == "Nothing is held.\n"
    (told,) = instance.json("hold", "list", "--all")
    assert told["ended_by"] == "Jan"
    assert f"(ended {date.today()} by Jan)" in instance.run("hold", "list", "--all").stdout  # noqa: DTZ011 - as it is shown
    assert instance.run("hold", "end", held[0]["id"], "--by", "Jan").exit_code == 1


def test_all_parts_are_held_unless_one_is_named(instance: Instance, made: Record) -> None:
    said = add(instance, made.id, *SAID).stdout.splitlines()
    assert said[0].split() == ["hold", "record", "part", "held", "from", "until", "by", "ground"]
    assert len(said) == 4
    assert len({line.split()[0] for line in said[1:]}) == 1


@pytest.mark.policy("AMB-8")
@pytest.mark.parametrize("copied", [False, True])
def test_what_a_weekly_key_takes_is_told_as_not_held(instance: Instance, *, copied: bool) -> None:
    copy = SealedCopy(kid="sender.contact/vp.sender.legal/2036-11", jwe="made up") if copied else None
    found = built(parts=(builders.part("sender.contact", week="2026-W47", copy=copy),))
    with closing(open_store(f"sqlite:///{instance.database}")) as store:
        store.accept(builders.arrival(), found)
    said = add(instance, found.id, *SAID, "--json")
    assert (said.exit_code, len(json.loads(said.stdout))) == (0, 1)
    told = f"sender.contact of {found.id} cannot be held: it is sealed to a weekly key, and leaves when it is sent, or "
    assert said.stderr.startswith(f"{told}with the key on the day after 2026-12-06.") is not copied
    assert bool(said.stderr) is not copied


def test_what_is_not_there_cannot_be_held(instance: Instance, made: Record) -> None:
    for question, *more in ((made.id[::-1],), (made.id, "--part", "sender.nothing")):
        refused = add(instance, question, *SAID, *more)
        assert refused.exit_code == 1
        assert refused.stderr.startswith("Nothing is known of that here")


@pytest.mark.parametrize(
    "words",
    [
        ("--until", "2020-01-01"),
        ("--from", "2099-12-31", "--until", "2099-12-30"),
        ("--ground", " "),
        ("--ground", "x" * 201),
        ("--ground", "a\x1bb"),
        ("--by", "x"),
        ("--until", "soon"),
    ],
)
def test_what_makes_no_sense_is_refused(instance: Instance, made: Record, words: tuple[str, ...]) -> None:
    assert add(instance, made.id, *SAID, *words).exit_code == 2
    assert instance.json("hold", "list", "--all") == []


def test_several_orders_are_too_many(instance: Instance) -> None:
    """Two shops may each have an order of that name."""
    barcode = "323299901059900000000017"
    store = open_store(f"sqlite:///{instance.database}")
    for _ in range(2):
        store.accept(builders.arrival(), built())
        lease = store.claim(builders.NOW, 60.0, "demo")
        assert lease is not None
        store.delivered(lease, Delivered(barcode=barcode, state="created"), builders.NOW)
    store.close()
    refused = add(instance, barcode, *SAID)
    assert refused.exit_code == 2
    assert "2 orders may be meant" in refused.stderr
