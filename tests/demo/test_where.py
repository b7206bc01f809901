"""Which page a run leaves: that of a run that broke a promise never takes the place of a good one's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from middleware.demo import command, run
from middleware.demo.carriers import PLATFORM
from middleware.demo.command import BROKEN_PAGE, PAGE, demo
from middleware.demo.later_story import Told
from simulator.verdict import Finding, Verdict

KEPT = Verdict(promise="nothing-leaked", sentence="Nothing leaks.", checked=1, basis="1 text", findings=())
BROKEN = replace(KEPT, findings=(Finding(what="note", where="ledger entry 1"),))
EARLIER = f"{PAGE} beside it is of an earlier run."


@contextmanager
def nothing(_: object) -> Iterator[object]:
    yield object()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demonstration is called, which here sends nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "started", nothing)
    for name in ("perform", "inspect"):
        monkeypatch.setattr(run, name, lambda *_: None)
    monkeypatch.setattr(command, "tell", lambda *_: ())
    return tmp_path


def called(patch: pytest.MonkeyPatch, said: Verdict, *options: str, later: Verdict | None = None) -> tuple[int, str]:
    """The exit status and what is printed, where the judge says this of the first act, and this of the second."""
    second = Told(words=PLATFORM.words, scenes=(), columns=(), rows=(), said=(later or said,))
    patch.setattr(command, "judge", lambda _: (said,))
    patch.setattr(command, "_second_act", lambda *_: second)
    done = CliRunner().invoke(demo, options, env={"BREAK": "", "CARRIER": "platform"})
    return done.exit_code, " ".join(done.output.split())


def pages(folder: Path) -> dict[str, bool]:
    """The pages, and whether each tells of a broken promise."""
    return {path.name: "BROKEN" in path.read_text(encoding="utf-8") for path in folder.iterdir()}


@pytest.mark.parametrize(("first", "second"), [(BROKEN, None), (KEPT, BROKEN)])
def test_a_run_that_broke_a_promise_by_itself_leaves_the_page_of_a_good_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, first: Verdict, second: Verdict | None
) -> None:
    status, said = called(monkeypatch, first, later=second)
    assert (status, pages(folder), EARLIER in said) == (1, {BROKEN_PAGE: True}, False)
    status, said = called(monkeypatch, KEPT)
    assert (status, pages(folder), EARLIER in said) == (0, {BROKEN_PAGE: True, PAGE: False}, False)
    status, said = called(monkeypatch, first, later=second)
    assert (status, pages(folder)) == (1, {BROKEN_PAGE: True, PAGE: False})
    assert f"{folder.resolve() / BROKEN_PAGE} {EARLIER}" in said


def test_what_was_broken_on_purpose_and_not_found_is_no_good_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, _ = called(monkeypatch, KEPT, "--break", "leak")
    assert (status, pages(folder)) == (0, {BROKEN_PAGE: False})


def test_a_page_that_was_asked_for_is_where_it_was_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / PAGE).write_text("of a good run", encoding="utf-8")
    status, said = called(monkeypatch, BROKEN, "--report", "mine.html")
    assert (status, pages(folder), EARLIER in said) == (1, {"mine.html": True, PAGE: False}, False)
