"""Our own lines: what is permitted is told, and no value appears whatever way it is passed."""

from __future__ import annotations

import ast
import logging
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from middleware import logs
from tests.middleware.logs.conftest import CANARY, TREE, UUID, Lines, body

PERMITTED: dict[str, tuple[object, ...]] = {
    "request_id": (UUID,),
    "record_id": (UUID, None),
    "shop": ("demo", "a-2"),
    "carrier": ("platform",),
    "role": ("intake",),
    "status": ("accepted", 200, -9),
    "reason": ("not_paid", None),
    "code": ("attempts-exhausted:timeout", "egress-blocked"),
    "path": ("*", "customer.*", "line_items[].*", "client_details"),
    "attempts": (8,),
    "duration_ms": (1.5,),
    "rows": (250,),
}


def test_every_key_has_an_example() -> None:
    assert {*PERMITTED, "event", "logger"} == {*logs.TEXTS, *logs.NUMBERS}


@pytest.mark.parametrize("key", PERMITTED)
def test_what_is_permitted_is_told(lines: Lines, key: str) -> None:
    for value in PERMITTED[key]:
        logs.logger("test").info("said", **{key: value})
        (line,) = lines()
        assert body(line) == {"event": "said", "level": "info", "logger": "test", key: value}


HOSTILE: tuple[object, ...] = (
    CANARY,
    "Canary",
    "zoe.canary@example.org",
    "+32475123456",
    CANARY.encode(),
    [CANARY],
    {CANARY: CANARY},
    (CANARY,),
    {"a": {"b": CANARY}},
    ValueError(CANARY),
    Path(CANARY),
    object(),
)


@pytest.mark.parametrize("key", sorted({*logs.TEXTS, *logs.NUMBERS} - {"event"}))
def test_a_value_of_another_form_is_dropped_and_counted(lines: Lines, key: str) -> None:
    for value in HOSTILE:
        logs.logger("test").info("said", **{key: value})
        (line,) = lines()
        assert line["dropped_keys"] == 1
        assert line.get(key) is None


@pytest.mark.parametrize("key", sorted({*logs.TEXTS} - {"event"}))
def test_no_form_admits_a_line_break_at_its_end(lines: Lines, key: str) -> None:
    values = [value for value in PERMITTED.get(key, ("test",)) if isinstance(value, str)]
    for value in values:
        logs.logger("test").info("said", **{key: f"{value}\n"})
        assert lines()[0]["dropped_keys"] == 1


def test_an_unknown_key_is_dropped_with_its_name(lines: Lines) -> None:
    logs.logger("test").info(
        "said", **{CANARY: 1, "email": "x", "level": CANARY, "timestamp": CANARY, "method_name": CANARY}
    )
    (line,) = lines()
    assert body(line) == {"event": "said", "level": "info", "logger": "test", "dropped_keys": 5}


def test_under_an_unknown_key_not_even_truth_is_told(lines: Lines) -> None:
    logs.logger("test").info("said", canary=True, zoe=None)
    assert body(lines()[0]) == {"event": "said", "level": "info", "logger": "test", "dropped_keys": 2}


def test_what_only_the_log_itself_may_say_cannot_be_passed(lines: Lines) -> None:
    for key in ("message", "frames", "causes", "error", "dropped_keys"):
        logs.logger("test").info("said", **{key: "orders"})
        assert body(lines()[0]) == {"event": "said", "level": "info", "logger": "test", "dropped_keys": 1}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_json_number_is_dropped(lines: Lines, number: float) -> None:
    logs.logger("test").info("said", attempts=number)
    assert lines()[0]["dropped_keys"] == 1


def test_a_number_is_told_only_where_a_number_belongs(lines: Lines) -> None:
    logs.logger("test").info("said", shop=32475123456, code=32475123456, status=200)
    assert body(lines()[0]) == {"event": "said", "level": "info", "logger": "test", "status": 200, "dropped_keys": 2}


def test_a_long_value_is_cut(lines: Lines) -> None:
    logs.logger("test").info("said", code="a" * 1000)
    assert lines()[0]["code"] == "a" * 200


@pytest.mark.parametrize("event", [CANARY, "Canary", f"order {CANARY}", "", "said\n"])
def test_an_event_that_is_no_word_is_not_told(lines: Lines, event: str) -> None:
    logs.logger("test").info(event)
    assert body(lines()[0]) == {"event": "unnamed", "level": "info", "logger": "test", "dropped_keys": 1}


def test_nothing_is_filled_into_an_event(lines: Lines) -> None:
    with pytest.raises(TypeError):
        logs.logger("test").info("said %s", CANARY)  # type: ignore[call-arg]
    assert lines() == []


def test_bound_values_are_judged_as_well(lines: Lines) -> None:
    bound = logs.logger("test").bind(shop="demo", code=CANARY, email=CANARY)
    bound.warning("said")
    assert body(lines()[0]) == {
        "event": "said",
        "level": "warning",
        "logger": "test",
        "shop": "demo",
        "dropped_keys": 2,
    }
    assert repr(bound) == "<Logger>"


def test_events_are_constants_and_keys_are_permitted_throughout_the_code() -> None:
    """An f-string or a variable could carry a value into the one text that is written freely; a key would be lost."""
    wrong = []
    for place, call in sayings():
        event = call.args[0] if call.args else None
        constant = isinstance(event, ast.Constant) and logs.TEXTS["event"].fullmatch(str(event.value))
        if not constant or {keyword.arg for keyword in call.keywords} - {*logs.TEXTS, *logs.NUMBERS}:
            wrong.append(place)
    assert wrong == []


def test_no_key_is_permitted_that_nobody_uses() -> None:
    """What is on the list is a hole in the wall, however small."""
    used = {keyword.arg for _, call in sayings() for keyword in call.keywords}
    assert {*logs.TEXTS, *logs.NUMBERS} - used == {"event", "logger"}


def sayings() -> Iterator[tuple[str, ast.Call]]:
    """(file:line, call) of everything that is said in the code."""
    for file in sorted((TREE / "middleware").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and is_said(node.func):
                yield f"{file.relative_to(TREE)}:{node.lineno}", node


def is_said(function: ast.expr) -> bool:
    """Whether this is ``_log.<level>`` or ``log.<level>``."""
    levels = {*logs.LEVELS, "failure"}
    if not isinstance(function, ast.Attribute) or function.attr not in levels:
        return False
    return isinstance(function.value, ast.Name) and function.value.id in {"_log", "log"}


@pytest.mark.parametrize("level", logs.LEVELS)
def test_what_is_below_the_level_is_not_said(lines: Lines, level: str) -> None:
    logs.configure(level)
    log = logs.logger("test")
    for say in (log.debug, log.info, log.warning, log.error):
        say("said")
    logging.getLogger("library").debug("x")
    assert [line["level"] for line in lines() if line["event"] == "said"] == list(logs.LEVELS)[
        list(logs.LEVELS).index(level) :
    ]


def test_a_log_that_nobody_reads_stops_nothing(configured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def write(self, text: str) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Broken())
    logs.logger("test").error("said")
