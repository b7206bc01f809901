"""``events``: a person tells what started a clock, and sees what was told."""

from __future__ import annotations

from datetime import date

import pytest
from dateutil.relativedelta import relativedelta

from middleware.model import Record
from middleware.storage import open_store
from tests.middleware.cli.bench import Instance
from tests.middleware.cli.test_deliveries import made as built
from tests.storage import builders

DAY = builders.NOW.date()
SAID = ("--shop", "demo", "--by", "Els", "--day", f"{DAY}")


@pytest.fixture
def made(instance: Instance) -> Record:
    """A record of which one part has no dates, and the others those of intake: all wait for their label."""
    store = open_store(f"sqlite:///{instance.database}")
    found = built()
    store.accept(builders.arrival(), found)
    store.close()
    return found


@pytest.mark.policy("VP-RET-4", "AMB-2")
def test_an_event_is_told_and_seen(instance: Instance, made: Record) -> None:
    told = instance.json("events", "record", "label-created", "--record", made.id, *SAID)
    assert {name: told[name] for name in ("shop", "type", "day", "by", "selected", "found", "parts", "records")} == {
        "shop": "demo",
        "type": "label-created",
        "day": f"{DAY}",
        "by": "Els",
        "selected": "record",
        "found": 1,
        "parts": 3,
        "records": [made.id],
    }
    assert instance.json("events", "list") == [told]
    assert instance.run("events", "list", "--shop", "other").stdout == "No event is known.\n"
    assert told["id"] in instance.run("events", "list").stdout
    (customs,) = (
        part for part in instance.json("deliveries", "show", made.id)["parts"] if part["part"] == "recipient.customs"
    )
    assert (customs["starts"], customs["until"]) == (f"{DAY}", f"{DAY + relativedelta(months=13)}")
    again = instance.run("events", "record", "label-created", "--record", made.id, *SAID)
    assert again.stdout.endswith(": 1 record concerned, 0 parts have new dates.\n")


@pytest.mark.parametrize(("option", "about"), [("--purpose", "generic_advertising"), ("--level", "Aanvullend")])
def test_what_an_event_moves_is_named_as_what_it_is(instance: Instance, option: str, about: str) -> None:
    """A purpose is no level: both are what the event is about."""
    told = instance.json("events", "record", "objection", option, about, *SAID)
    assert (told["about"], told["selected"], "level" in told) == (about, None, False)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("delivered", *SAID), 2, "--record: required"),
        (("last-use", "--order", "1", *SAID), 2, "--order: not-of-this-type"),
        (("last-use", "--shop", "demo", "--by", "Els", "--day", "2999-01-01"), 2, "--day: future"),
        (("erasure-request", "--order", "1", *SAID), 2, "--part: required"),
        (("erasure-request", "--part", "mystamp.photo", *SAID), 2, "--record: required"),
        (("erasure-request", "--order", "1", "--part", "recipient.delivery", *SAID), 2, "--part: no-end-by-request"),
        (("delivered", "--order", "1", "--part", "recipient.delivery", *SAID), 2, "--part: not-of-this-type"),
        (("consent", "--level", "Optimaal", *SAID), 2, "is not one of"),
        (("delivered", "--order", "nobodys", *SAID), 1, "(not-found)"),
        (("last-use", "--shop", "nobody", "--by", "Els"), 2, "there is no shop nobody"),
        (("last-use", "--shop", "demo", "--by", "E\nls"), 2, "a name of 2 to 60 letters"),
    ],
)
@pytest.mark.usefixtures("made")
def test_what_cannot_be_is_refused(instance: Instance, words: tuple[str, ...], status: int, said: str) -> None:
    refused = instance.run("events", "record", *words)
    assert (refused.exit_code, said in refused.stderr) == (status, True)
    assert instance.json("events", "list") == []


def test_a_day_before_intake_is_refused(instance: Instance, made: Record) -> None:
    words = ("--shop", "demo", "--by", "Els", "--day", f"{date(2026, 11, 21)}", "--record", made.id)
    refused = instance.run("events", "record", "label-created", *words)
    assert (refused.exit_code, "(before-intake)" in refused.stderr) == (1, True)
