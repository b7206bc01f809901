"""What libraries log is reduced to their name and level; so is what a whole process says."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable

import pytest
import sqlalchemy
import urllib3
from werkzeug._internal import _log as werkzeug_log

from middleware import logs
from tests.middleware.logs import conftest
from tests.middleware.logs.conftest import CANARY, PIECES, TREE, Lines, body, failing

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
    assert conftest.__name__ in line["frames"]


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
