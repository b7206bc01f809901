"""Of an exception class, code and place are told, and nothing of what it says."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from middleware import logs
from middleware.errors import BodyError, SealError
from tests.middleware.logs import conftest
from tests.middleware.logs.conftest import CANARY, UUID, Lines, failing


def test_of_an_exception_class_code_and_place_are_told(lines: Lines) -> None:
    logs.logger("test").failure("internal", failing(CANARY), request_id=UUID)
    (line,) = lines()
    assert (line["event"], line["level"], line["request_id"]) == ("internal", "error", UUID)
    assert (line["error"], line["code"], line["causes"]) == ("SealError", "sealing", "KeyError")
    module, _, number = line["frames"].partition(":")
    assert module == conftest.__name__
    source = Path(conftest.__file__).read_text(encoding="utf-8").splitlines()
    assert "raise SealError(secret)" in source[int(number) - 1]


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
