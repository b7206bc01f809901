"""The second act: how it is told on the terminal and on the page, and which days it plays."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from middleware.demo import later, later_screen, run
from middleware.demo.carriers import PLATFORM
from middleware.demo.later import BRUSSELS, Played, Scene, Typed
from middleware.demo.later_story import Told, tell_later
from middleware.demo.report import page
from simulator import gather
from simulator.passed import Passed
from tests.demo.chapters import chapters
from tests.demo.later_bench import DATABASE, SEALED, Acts, database, held, passed_well
from tests.demo.test_page import read

SCENE = Scene(
    at=datetime(2027, 12, 22, 23, 50, tzinfo=BRUSSELS),
    what="The last permitted day.",
    typed=(Typed(words=("keys", "destroy", "2027-12", "--by", "Els De Smet"), said="<b>: announced\nNothing yet."),),
)


def told(acts: Acts) -> Told:
    return tell_later(Played(scenes=(SCENE,), later=acts.later), Passed(acts.first, acts.later))


def shown(acts: Acts, width: int = 80) -> str:
    out = Console(file=io.StringIO(), width=width, highlight=False)
    later_screen.second_act(out, told(acts))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def forgotten() -> Acts:
    """Nothing ends, on any side."""
    rest = {DATABASE: database(SEALED.values())}
    return passed_well().at("day_after", files=rest, held=held(SEALED))


def test_each_order_is_told_by_what_was_where() -> None:
    found = told(passed_well())
    assert found.columns == (
        ("2027-12-22", "here"),
        ("2027-12-22", "there"),
        ("2027-12-23", "here"),
        ("2027-12-23", "there"),
        ("2028-01-01", "backup"),
    )
    rows = {row.title: [str(cell) for cell in row.cells] for row in found.rows}
    assert rows == {name: ["2 + 1", "2 + 1", "0 + 1", "0 + 1", "0 + 1"] for name in ("domestic", "gift")}
    assert all(cell.well for row in found.rows for cell in row.cells)
    assert all(verdict.kept for verdict in found.said)


def test_what_is_there_too_long_is_not_well() -> None:
    found = told(forgotten())
    assert [[cell.well for cell in row.cells] for row in found.rows] == [[True, True, False, False, True]] * 2
    assert [verdict.promise for verdict in found.said if not verdict.kept] == ["nothing-late"]


def test_a_sender_that_is_gone_is_not_well() -> None:
    acts = passed_well().at("day_after", files={DATABASE: database([])})
    assert [cell.well for cell in told(acts).rows[0].cells] == [True, True, False, True, True]


@pytest.mark.parametrize("width", [80, 100])
def test_the_terminal_shows_commands_and_table(width: int) -> None:
    text = shown(passed_well(), width)
    assert max(len(line) for line in text.splitlines()) <= width
    words = " ".join(text.split())
    assert "2027-12-22 23:50 The last permitted day. $ parcelveil keys destroy 2027-12 --by 'Els De Smet'" in words
    assert "domestic 2 + 1 2 + 1 0 + 1 0 + 1 0 + 1" in words


def test_the_page_shows_the_same(tmp_path: Path) -> None:
    second = told(forgotten())
    reader = read(page(chapters(tmp_path)[:1], second, second.said, PLATFORM.words))
    sections = [attributes["id"] for name, attributes in reader.elements if name == "section"]
    assert sections == ["01-domestic-full", "thirteen-months"]
    assert ("a", {"href": "#thirteen-months"}) in reader.elements
    text = " ".join(reader.texts)
    assert "$ parcelveil keys destroy 2027-12 --by 'Els De Smet' <b>: announced\nNothing yet." in text
    cells = [attributes.get("class") for name, attributes in reader.elements if name == "td"][-5:]
    assert cells == ["kept", "kept", "broken", "broken", "kept"]
    assert "1 of 4 promises broken" in text
    assert later_screen.NOT_PLAYED not in text


def test_the_page_says_that_the_second_act_was_not_played(tmp_path: Path) -> None:
    reader = read(page(chapters(tmp_path)[:1], None, told(forgotten()).said, PLATFORM.words))
    assert later_screen.NOT_PLAYED in reader.texts
    assert ("a", {"href": "#thirteen-months"}) not in reader.elements


class Commands:
    """A stage on which nothing runs: what was asked of it, in order."""

    def __init__(self, folder: Path) -> None:
        (folder / "var").mkdir()
        (folder / "var" / "parcelveil.db").write_bytes(b"as it was")
        self.folder, self.platform, self.asked = folder, "", list[str]()

    def turn(self, now: datetime) -> str:
        self.asked.append(f"{now:%Y-%m-%d %H:%M %Z}")
        return now.isoformat()

    def command(self, *words: str) -> Any:
        self.asked.append(" ".join(words))
        return SimpleNamespace(finish=lambda admitted: self.asked.append(str(admitted)), said=lambda: "said\n")

    def relay(self) -> Any:
        self.asked.append("relay")
        return SimpleNamespace(stop=lambda: self.asked.append("stop"))


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    made = Commands(tmp_path)
    monkeypatch.setattr(gather, "held", lambda _: {})
    monkeypatch.setattr(run, "wait_for", lambda _, *expected: made.asked.append(f"wait {expected}"))
    return made


def play(stage: Any, *ends: date) -> Played:
    """A second act over a first one whose recipients' parts end on these days."""
    acts = passed_well()
    entries = [acts.first.entries[0]]
    for entry, end in zip(acts.first.entries[1:], ends, strict=True):
        entries.append(replace(entry, body=entry.body.replace(b"2027-12-22", end.isoformat().encode())))
    return later.play(stage, replace(acts.first, entries=tuple(entries)))


def test_an_operator_turns_the_clock_says_that_it_is_right_and_destroys_in_two_steps(stage: Commands) -> None:
    played = play(stage, date(2027, 12, 22), date(2027, 12, 22))
    assert stage.asked == [
        *("2027-12-22 23:50 CET", "purge", "(0, 1)", "purge --accept-clock", "(0,)"),
        *("2027-12-23 00:10 CET", "relay", "wait (4, 'DELETE', 204)", "stop"),
        *("2028-01-01 00:30 CET", "purge --accept-clock", "(0,)"),
        *("keys destroy 2027-12 --by Els De Smet", "(0,)"),
        *("keys destroy 2027-12 --by Noor Aziz --carry-out", "(0,)"),
    ]
    assert played.later.backup == {"backup/parcelveil.db": b"as it was"}
    assert [scene.at.date() for scene in played.scenes] == [date(2027, 12, 22), date(2027, 12, 23), date(2028, 1, 1)]
    assert played.scenes[0].typed[0] == Typed(words=("purge",), said="said")
    assert played.later.month_over.files["var/parcelveil.db"] == b"as it was"


def test_orders_on_both_sides_of_a_midnight_that_ends_a_month(stage: Commands) -> None:
    play(stage, date(2027, 12, 31), date(2028, 1, 1))
    days = [asked for asked in stage.asked if asked.endswith("CET")]
    assert days == ["2028-01-01 23:50 CET", "2028-01-02 00:10 CET", "2028-02-01 00:30 CET"]
    destroyed = [asked.split()[2] for asked in stage.asked if asked.endswith("--carry-out")]
    assert destroyed == ["2027-12", "2028-01"]


def test_time_never_steps_back_at_the_end_of_a_month(stage: Commands) -> None:
    play(stage, date(2027, 12, 31), date(2027, 12, 31))
    days = [asked for asked in stage.asked if asked.endswith("CET")]
    assert days == ["2027-12-31 23:50 CET", "2028-01-01 00:10 CET", "2028-01-01 00:30 CET"]
