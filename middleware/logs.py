"""What may be said of the work: JSON lines on standard error, made of permitted keys with values of a permitted form.

Nothing is trusted to be harmless. A key that is not on the list, or a value that has not the form of its key, is
dropped and counted (``dropped_keys``), never printed; of an exception remain its class, its code and where it happened.
What libraries log is reduced when their record is made, so that not even a handler of their own can print a value: a
line ``library`` with the logger's name and level remains, its text only where it is one of a few known constants.
"""

from __future__ import annotations

import logging
import math
import re
import sys
import threading
import types
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from typing import Any, Final

import structlog

LEVELS: Final[Mapping[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

CAP: Final = 200
"""Characters of a value; the rest is cut."""

_WORD: Final = re.compile(r"[a-z][a-z0-9]*(?:[._:-][a-z0-9]+)*")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_LIBRARY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

TEXTS: Final[Mapping[str, re.Pattern[str]]] = {
    "event": _WORD,
    "logger": _NAME,
    "request_id": _UUID,
    "record_id": _UUID,
    "shop": _NAME,
    "carrier": _NAME,
    "role": _NAME,
    "status": _WORD,
    "reason": _WORD,
    "code": _WORD,
    "path": re.compile(r"(?:[a-z][a-z0-9_\[\]]*\.)*(?:[a-z][a-z0-9_\[\]]*|\*)"),  # a name that nobody knows is *
}
"""The keys whose value is text, and the form that it must have."""

NUMBERS: Final = frozenset(("status", "attempts", "duration_ms", "rows"))
"""The keys whose value is a number. Truth and absence may be told under every key."""

SAFE: Final = frozenset(
    (
        ("alembic.runtime.migration", "Running %s"),
        ("urllib3.connectionpool", "Connection pool is full, discarding connection: %s. Connection pool size: %s"),
        ("urllib3.connectionpool", "Resetting dropped connection: %s"),
    )
)
"""(logger, template) of libraries' messages that are printed: the template, never what would be filled in."""

_FRAMES: Final = 20
"""The innermost places of an exception that are told."""


class _Lines:
    """Writes a line to standard error in one piece. That nobody reads it any more does not stop the work."""

    _lock = threading.RLock()

    def write(self, line: str) -> None:
        with self._lock, suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")
            sys.stderr.flush()


def _loud_enough(_: object, level: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if LEVELS[level] < logging.getLogger().level:
        raise structlog.DropEvent
    return fields


def _permitted(_: object, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    told: dict[str, Any] = {"event": "unnamed", "logger": None}
    happened = _told_of(fields.pop("exc_info", None))
    dropped = 0
    for key, value in fields.items():
        if _fits(key, value):
            told[key] = value[:CAP] if isinstance(value, str) else value
        else:
            dropped += 1
    if dropped:
        told["dropped_keys"] = dropped
    return {**happened, **told}


def _fits(key: str, value: object) -> bool:
    if key not in TEXTS and key not in NUMBERS:
        return False
    if isinstance(value, str):
        return key in TEXTS and TEXTS[key].fullmatch(value[:CAP]) is not None
    if value is None or isinstance(value, bool):
        return True
    return key in NUMBERS and isinstance(value, int | float) and math.isfinite(value)


def _told_of(problem: object) -> dict[str, Any]:
    """Class, code, causes and places (``module:line``, innermost last) of an exception; no text, no locals."""
    error = _exception(problem)
    if error is None:
        return {}
    code = getattr(error, "code", None)
    causes = " ".join(type(cause).__qualname__ for cause in _causes(error))
    told: dict[str, Any] = {"error": type(error).__qualname__, "frames": " ".join(list(_places(error))[-_FRAMES:])}
    if isinstance(code, str) and _fits("code", code):
        told["code"] = code[:CAP]
    return {**told, "causes": causes} if causes else told


def _exception(problem: object) -> BaseException | None:
    if problem is True:
        problem = sys.exception()
    if isinstance(problem, tuple) and len(problem) == 3:
        problem = problem[1]
    return problem if isinstance(problem, BaseException) else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen = {id(error)}
    cause = error.__cause__ or error.__context__
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _places(error: BaseException) -> Iterator[str]:
    step = error.__traceback__
    while step is not None:
        yield f"{step.tb_frame.f_globals.get('__name__', '?')}:{step.tb_lineno}"
        step = step.tb_next


_RENDERED: Final[tuple[structlog.typing.Processor, ...]] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.JSONRenderer(),
)


class _Writer(structlog.BoundLoggerBase):
    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def _say(self, level: str, event: str, values: Mapping[str, object]) -> None:
        with suppress(structlog.DropEvent):
            (line,), _ = self._process_event(level, event, dict(values))
            self._logger.write(line)


class Logger(_Writer):
    """Says what happens. ``event`` is a constant such as ``lane_paused``; values are given by permitted keys alone."""

    def debug(self, event: str, /, **values: object) -> None:
        self._say("debug", event, values)

    def info(self, event: str, /, **values: object) -> None:
        self._say("info", event, values)

    def warning(self, event: str, /, **values: object) -> None:
        self._say("warning", event, values)

    def error(self, event: str, /, **values: object) -> None:
        self._say("error", event, values)

    def failure(self, event: str, error: BaseException, /, **values: object) -> None:
        """An error that nobody expected: with its class, its code and where it happened."""
        self._say("error", event, {**values, "exc_info": error})


def logger(name: str) -> Logger:
    """A logger of this name. It is as careful before ``configure`` as after it."""
    return Logger(_Lines(), (_loud_enough, _permitted, *_RENDERED), {"logger": name})


class _Record(logging.LogRecord):
    """A library's record without its values: reduced at birth, so that no handler can print them."""

    def __init__(
        self,
        name: str,
        level: int,
        pathname: str,
        lineno: int,
        msg: object,
        _args: object,
        exc_info: object,
        func: str | None = None,
        _stack: str | None = None,
    ) -> None:
        super().__init__(name, level, pathname, lineno, msg if _is_safe(name, msg) else "library", None, None, func)
        self.happened = _told_of(exc_info)


def _is_safe(name: str, text: object) -> bool:
    return isinstance(text, str) and (name, text) in SAFE


class _Bridge(logging.Handler):
    """From the standard library's logging to the same lines."""

    _out = _Writer(_Lines(), _RENDERED, {})

    def emit(self, record: logging.LogRecord) -> None:
        level = [name for name, least in LEVELS.items() if record.levelno >= least or least == logging.DEBUG][-1]
        named = {"logger": record.name} if _LIBRARY.fullmatch(record.name) else {}
        text = {"message": record.msg} if _is_safe(record.name, record.msg) else {}
        happened = record.happened if isinstance(record, _Record) else {}
        self._out._say(level, "library", {**named, **text, **happened})


def configure(level: str) -> None:
    """Say what is at least of this level (one of ``LEVELS``), and take over whatever else would write.

    From here on every record of the standard library's logging, every warning and every exception that nobody caught
    is reduced to what is harmless.
    """
    logging.setLogRecordFactory(_Record)
    logging.raiseExceptions = False  # what a handler fails at would be printed with a whole stack
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers[:] = [_Bridge()]
    root.setLevel(LEVELS[level])
    for other in list(logging.Logger.manager.loggerDict.values()):
        if isinstance(other, logging.Logger):
            other.handlers.clear()
            other.propagate = True
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


_log = logger("process")


def _uncaught(_: type[BaseException], error: BaseException, __: types.TracebackType | None) -> None:
    _log.failure("uncaught", error)


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        _log.failure("uncaught", args.exc_value)


def _unraisable(args: sys.UnraisableHookArgs) -> None:
    if args.exc_value is not None:
        _log.failure("unraisable", args.exc_value)
