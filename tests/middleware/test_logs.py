"""Logging: what is permitted is told, and no value appears whatever way it is passed, by us or by a library."""

from __future__ import annotations

import ast
import json
import logging
import math
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
import urllib3
from werkzeug._internal import _log as werkzeug_log

from middleware import logs
from middleware.errors import BodyError, SealError

CANARY = "Zoë Canary-Peeters\r\n+32475123456 zoe.canary@example.org"
PIECES = ("Zoë", "Zo\\u00eb", "Canary", "Peeters", "32475123456", "zoe", "example.org", "canary")
UUID = "0b5f8d2e-6f0c-4b52-9d3a-1f2e3d4c5b6a"
TREE = Path(__file__).resolve().parents[2]

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def configured() -> Iterator[None]:
    """Logging at DEBUG as a process of the service has it; afterwards everything is as it was."""
    root, manager = logging.getLogger(), logging.Logger.manager
    before = (root.handlers[:], root.level, logging.getLogRecordFactory(), logging.raiseExceptions)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    others = {other: other.handlers[:] for other in manager.loggerDict.values() if isinstance(other, logging.Logger)}
    propagating = {other: other.propagate for other in others}
    shown = warnings.showwarning
    logs.configure("debug")
    yield
    logging.captureWarnings(capture=False)
    warnings.showwarning = shown
    root.handlers[:], level, factory, logging.raiseExceptions = before
    root.setLevel(level)
    logging.setLogRecordFactory(factory)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    for other, handlers in others.items():
        other.handlers[:], other.propagate = handlers, propagating[other]


@pytest.fixture
def lines(configured: None, capfd: pytest.CaptureFixture[str]) -> Lines:
    """What was logged since the last call: JSON objects of known keys, without a piece of the canary."""

    def read() -> list[dict[str, Any]]:
        out, err = capfd.readouterr()
        assert out == ""
        assert [piece for piece in PIECES if piece in err] == []
        found = [json.loads(line, parse_constant=pytest.fail) for line in err.splitlines()]
        known = {
            *logs.TEXTS,
            *logs.NUMBERS,
            "level",
            "timestamp",
            "dropped_keys",
            "error",
            "causes",
            "frames",
            "message",
        }
        assert [line for line in found if not known >= set(line)] == []
        assert [line for line in found if not line["timestamp"].endswith("Z")] == []
        return found

    return read


def body(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key != "timestamp"}


# ---- our own lines ---------------------------------------------------------------------------------------------------

PERMITTED: dict[str, tuple[object, ...]] = {
    "request_id": (UUID,),
    "record_id": (UUID, None),
    "shop": ("demo", "a-2"),
    "carrier": ("platform",),
    "role": ("intake",),
    "status": ("accepted", 200, -9),
    "state": ("waiting", True, False),
    "reason": ("not_paid", None),
    "code": ("attempts-exhausted:timeout", "egress-blocked"),
    "path": ("*", "customer.*", "line_items[].*", "client_details"),
    "attempts": (8,),
    "duration_ms": (1.5,),
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
    logs.logger("test").info("said", count=number)
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


# ---- exceptions ------------------------------------------------------------------------------------------------------


def failing(secret: str) -> BaseException:
    local = secret.upper()
    try:
        try:
            raise KeyError(secret, local)
        except KeyError as error:
            raise SealError(secret) from error
    except SealError as error:
        error.add_note(secret)
        return error


def test_of_an_exception_class_code_and_place_are_told(lines: Lines) -> None:
    logs.logger("test").failure("internal", failing(CANARY), request_id=UUID)
    (line,) = lines()
    assert (line["event"], line["level"], line["request_id"]) == ("internal", "error", UUID)
    assert (line["error"], line["code"], line["causes"]) == ("SealError", "sealing", "KeyError")
    module, _, number = line["frames"].partition(":")
    assert module == __name__
    assert "raise SealError(secret)" in Path(__file__).read_text(encoding="utf-8").splitlines()[int(number) - 1]


def test_the_code_of_an_exception_has_a_form_too(lines: Lines) -> None:
    logs.logger("test").failure("internal", BodyError(code=CANARY))
    logs.logger("test").failure("internal", SystemExit(CANARY))
    assert ["code" in line for line in lines()] == [False, False]


def test_an_exception_can_be_passed_as_the_standard_library_takes_it(lines: Lines) -> None:
    error = failing(CANARY)
    logs.logger("test").info("said", exc_info=error)
    logs.logger("test").info("said", exc_info=(type(error), error, error.__traceback__))
    try:
        raise error
    except SealError:
        logs.logger("test").info("said", exc_info=True)
    logs.logger("test").info("said", exc_info=CANARY)
    assert [line.get("error") for line in lines()] == ["SealError"] * 3 + [None]


def test_of_a_deep_exception_the_innermost_places_are_told(lines: Lines) -> None:
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        raise ValueError(CANARY)

    try:
        deep(100)
    except ValueError as error:
        logs.logger("test").failure("internal", error)
    assert len(lines()[0]["frames"].split()) == 20


def test_causes_are_told_whether_meant_or_not(lines: Lines) -> None:
    try:
        try:
            try:
                raise KeyError(CANARY)
            except KeyError:
                raise IndexError(CANARY)  # noqa: B904 - it hangs on as context
        except IndexError:
            raise ValueError(CANARY)  # noqa: B904
    except ValueError as error:
        logs.logger("test").failure("internal", error)
    assert lines()[0]["causes"] == "IndexError KeyError"


def test_causes_that_lead_in_a_circle_end(lines: Lines) -> None:
    one, other = ValueError(CANARY), KeyError(CANARY)
    one.__cause__, other.__cause__ = other, one
    logs.logger("test").failure("internal", one)
    assert lines()[0]["causes"] == "KeyError"


def test_what_nobody_caught_is_reduced(lines: Lines) -> None:
    error = failing(CANARY)
    sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=raising, args=(error,))
    thread.start()
    thread.join()

    class Unraisable:
        def __del__(self) -> None:
            raise error

    Unraisable()
    found = lines()
    assert [(line["event"], line["error"]) for line in found] == [
        ("uncaught", "SealError"),
        ("uncaught", "SealError"),
        ("unraisable", "SealError"),
    ]


def test_a_thread_that_exits_says_nothing(lines: Lines) -> None:
    thread = threading.Thread(target=raising, args=(SystemExit(CANARY),))
    thread.start()
    thread.join()
    assert lines() == []


def raising(error: BaseException) -> None:
    raise error


# ---- libraries -------------------------------------------------------------------------------------------------------

SAYING: dict[str, Callable[[logging.Logger], None]] = {
    "arguments": lambda log: log.debug("order %s of %r", CANARY, {"name": CANARY}),
    "a mapping": lambda log: log.debug("order %(name)s", {"name": CANARY}),
    "a text that was put together": lambda log: log.info(f"order {CANARY}"),
    "an object": lambda log: log.warning({"name": CANARY}),
    "an exception as the text": lambda log: log.error(ValueError(CANARY)),
    "extra": lambda log: log.debug("x", extra={"name2": CANARY, "shop": CANARY}),
    "the stack": lambda log: log.debug(CANARY, stack_info=True),
    "an exception": lambda log: log.error(CANARY, exc_info=failing(CANARY)),
    "arguments that do not fit": lambda log: log.error("%d %d", CANARY),
    "another level": lambda log: log.log(35, CANARY),
    "a level below all": lambda log: log.log(1, CANARY),
    "an adapter": lambda log: logging.LoggerAdapter(log, {"name2": CANARY}).critical("%s", CANARY),
    "a record of its own": lambda log: log.handle(
        logging.makeLogRecord({"name": log.name, "msg": CANARY, "levelno": 20})
    ),
    "a record with an odd text": lambda log: log.handle(
        logging.makeLogRecord({"name": log.name, "msg": {"a": CANARY}, "levelno": 20})
    ),
}


@pytest.mark.parametrize(
    "name", ["urllib3.connectionpool", "sqlalchemy.engine.Engine", "werkzeug", "_granian", "py.warnings"]
)
@pytest.mark.parametrize("saying", SAYING)
def test_of_what_a_library_says_name_and_level_remain(lines: Lines, name: str, saying: str) -> None:
    log = logging.getLogger(name)
    before = log.level
    log.setLevel(1)
    SAYING[saying](log)
    log.setLevel(before)
    (line,) = lines()
    assert (line["event"], line["logger"]) == ("library", name)
    assert line["level"] in logs.LEVELS


def test_a_logger_whose_name_is_none_is_not_named(lines: Lines) -> None:
    logging.getLogger(CANARY.replace(".", "")).error("x")
    assert body(lines()[0]) == {"event": "library", "level": "error"}


def test_levels_of_libraries_are_kept_or_come_near(lines: Lines) -> None:
    log = logging.getLogger("library")
    for level in (1, 10, 20, 25, 30, 40, 50):
        log.handle(logging.makeLogRecord({"name": "library", "levelno": level}))
    assert [line["level"] for line in lines()] == ["debug", "debug", "info", "info", "warning", "error", "error"]


def test_of_an_exception_that_a_library_logs_the_place_is_told(lines: Lines) -> None:
    logging.getLogger("_granian").error(CANARY, exc_info=failing(CANARY))
    (line,) = lines()
    assert (line["error"], line["code"], line["causes"]) == ("SealError", "sealing", "KeyError")
    assert __name__ in line["frames"]


def test_a_known_constant_is_told_without_what_would_be_filled_in(lines: Lines) -> None:
    logging.getLogger("alembic.runtime.migration").info("Running %s", CANARY)
    logging.getLogger("elsewhere").info("Running %s", CANARY)
    first, second = lines()
    assert first["message"] == "Running %s"
    assert "message" not in second


def test_a_handler_of_the_library_itself_gets_no_value_either(
    configured: None, capfd: pytest.CaptureFixture[str]
) -> None:
    """granian sets up handlers of its own, which hand nothing on."""
    log = logging.getLogger("test.own_handler")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s %(args)s %(exc_text)s"))
    log.addHandler(handler)
    log.propagate = False
    log.error(f"order {CANARY} %s", CANARY, exc_info=failing(CANARY))
    log.removeHandler(handler)
    log.propagate = True
    assert capfd.readouterr() == ("ERROR library None None\n", "")


def test_a_handler_that_fails_says_nothing_of_it(configured: None, capfd: pytest.CaptureFixture[str]) -> None:
    class Broken:
        def write(self, text: str) -> None:
            raise BrokenPipeError

    log = logging.getLogger("test.broken_handler")
    log.addHandler(logging.StreamHandler(Broken()))
    log.propagate = False
    log.error("x")
    log.handlers.clear()
    log.propagate = True
    assert capfd.readouterr() == ("", "")


def test_handlers_that_were_there_before_are_taken_away(configured: None, capfd: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("test.early_handler")
    log.addHandler(logging.StreamHandler(sys.stdout))
    log.propagate = False
    logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))
    logs.configure("info")
    log.info("x")
    out, err = capfd.readouterr()
    assert out == ""
    assert [json.loads(line)["logger"] for line in err.splitlines()] == ["test.early_handler"]


def test_werkzeug_and_urllib3_themselves(lines: Lines) -> None:
    werkzeug_log("info", "%s", CANARY)
    with pytest.raises(urllib3.exceptions.MaxRetryError):
        urllib3.PoolManager().request("GET", "http://127.0.0.1:9/zoe.canary@example.org", retries=1)
    found = lines()
    assert {line["logger"] for line in found} >= {"werkzeug", "urllib3.connectionpool"}


def test_sqlalchemy_itself(lines: Lines) -> None:
    for name in ("sqlalchemy.engine", "sqlalchemy.pool"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("select :name"), {"name": CANARY}).scalar() == CANARY
    engine.dispose()
    for name in ("sqlalchemy.engine", "sqlalchemy.pool"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    assert {"sqlalchemy.engine.Engine"} <= {line["logger"] for line in lines()}


# ---- a process -------------------------------------------------------------------------------------------------------

PROGRAM = f"""
import logging, warnings
from middleware import logs
log = logs.logger("early")
log.warning("said", email={CANARY!r}, code={CANARY!r})
log.info("not_said")
logs.configure("debug")
logging.getLogger("x").debug("%s", {CANARY!r})
warnings.warn({CANARY!r})
raise KeyError({CANARY!r})
"""


def test_a_whole_process_says_nothing_else() -> None:
    """Also before it is configured, and when it dies."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=TREE, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert [piece for piece in PIECES if piece in done.stderr] == []
    found = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["event"], line["logger"]) for line in found] == [
        ("said", "early"),
        ("library", "x"),
        ("library", "py.warnings"),
        ("uncaught", "process"),
    ]
    assert found[3]["frames"] == "__main__:10"
