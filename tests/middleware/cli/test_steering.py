"""What somebody wrote into the database does not steer the terminal of who looks at it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from middleware.cli.common import harmless
from middleware.storage import open_store
from tests.middleware.cli.bench import Instance
from tests.storage import builders

STEERING = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\b\x7f\u202e\u2066\n"
"""Sets the title, clears the screen, colours, overwrites the line, turns the direction of writing around."""


@pytest.fixture
def record_id(instance: Instance) -> str:
    record = builders.record()
    with closing(open_store(f"sqlite:///{instance.database}")) as store:
        store.accept(builders.arrival(), record)
        store.reject(builders.rejection(faults=((STEERING, STEERING),), topic=f"x{STEERING}"))
    with closing(sqlite3.connect(instance.database)) as connection, connection:
        connection.execute("UPDATE records SET last_code = ?, reference = ?, shop = ?", (STEERING,) * 3)
        connection.execute("UPDATE removals SET removed = replace(removed, 'note', ?)", (json.dumps(STEERING)[1:-1],))
    return record.id


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["table", "json"])
@pytest.mark.parametrize("what", ["list", "show", "rejected"])
def test_nothing_steers_the_terminal(instance: Instance, record_id: str, what: str, form: list[str]) -> None:
    words = {"list": ["list"], "show": ["show", record_id], "rejected": ["list", "--rejected"]}[what]
    told = instance.run("deliveries", *words, *form).stdout
    assert [sign for sign in told.replace("\n", "") if not sign.isprintable()] == []
    assert "owned" in told
    if form:
        assert STEERING in strings(json.loads(told))


def strings(value: Any) -> Iterator[str]:
    """Every text of a document; escapes are read back as what they stand for."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(inner)
    if isinstance(value, str):
        yield value


def test_what_is_harmless_stays_as_it_is() -> None:
    assert harmless("Zoë 東京 —\u00a0😀") == "Zoë 東京 —\u00a0😀"
    assert harmless("a\x1b[2Jb\nc") == "a\ufffd[2Jb\ufffdc"
