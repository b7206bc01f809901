"""The second act with bpost: which days it plays, what is typed, and how it is told."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from middleware.demo import label_files, later_screen, weeks
from middleware.demo.carriers import BPOST_SHM
from middleware.demo.later import BRUSSELS, Scene, Typed
from middleware.demo.later_story import Told, tell_weeks
from middleware.demo.report import page
from simulator import gather
from simulator.evidence import BPOST, Evidence, Moment, Weeks
from simulator.resting import Ended
from tests.demo.bench import sound
from tests.demo.chapters import chapters
from tests.demo.later_bench import DATABASE, SEALED, database, jwk
from tests.demo.test_later import Commands
from tests.demo.test_page import read

KEYS = {f"var/keys/retention/{party}.jwk": jwk(party) for party in ("recipient", "sender")}
SCENE = Scene(
    at=datetime(2026, 11, 23, 1, 30, tzinfo=BRUSSELS),
    what="The week is over.",
    typed=(Typed(words=("purge", "--accept-clock"), said="Nothing has ended."),),
)


def first() -> Evidence:
    """Two records waited, and went."""
    return replace(sound(), carrier=BPOST, waiting={DATABASE: database(SEALED.values())}, database=KEYS)


def moment(at: str, **files: bytes) -> Moment:
    return Moment(at=at, held={}, files={"logs/serve.log": b"purged", **files})


def told(week_over: Moment) -> Told:
    acts = Weeks(week_over=week_over, months_over=moment("2027-12-23T00:10:00+01:00"))
    played = weeks.Played(scenes=(SCENE,), weeks=acts, boxes=("r-1", "r-2"))
    evidence = first()
    ended = Ended(evidence, acts)
    ended.case.order_of.update({"r-1": "domestic.json", "r-2": "gift.json"})
    return tell_weeks(played, ended)


WELL = moment("2026-11-23T01:30:00+01:00")
ILL = moment("2026-11-23T01:30:00+01:00", **KEYS, **{"tmp/x": SEALED["r-1", "recipient.delivery"].encode()})


def test_each_order_is_told_by_how_many_of_its_parts_are_where() -> None:
    found = told(WELL)
    assert [day for day, _ in found.columns] == ["first act", *["2026-11-23"] * 2, *["2027-12-23"] * 2]
    assert {row.title: [str(cell) for cell in row.cells] for row in found.rows} == {
        "domestic": ["3", "0", "0", "0", "1"],
        "gift": ["3", "0", "0", "0", "1"],
    }
    assert all(cell.well for row in found.rows for cell in row.cells)
    assert all(verdict.kept for verdict in found.said)


def test_what_is_left_or_still_opens_is_not_well() -> None:
    found = told(ILL)
    assert [[cell.well for cell in row.cells] for row in found.rows] == [
        [True, False, False, True, True],
        [True, True, False, True, True],
    ]
    assert [verdict.promise for verdict in found.said if not verdict.kept] == ["nothing-late", "nothing-reopened"]


@pytest.mark.parametrize("width", [80, 100])
def test_terminal_and_page_say_that_bposts_own_copy_is_not_promised(width: int, tmp_path: Path) -> None:
    second = told(WELL)
    out = Console(file=io.StringIO(), width=width, highlight=False)
    later_screen.second_act(out, second)
    assert isinstance(out.file, io.StringIO)
    text = out.file.getvalue()
    assert max(len(line) for line in text.splitlines()) <= width
    on_page = " ".join(read(page(chapters(tmp_path)[:1], second, second.said, BPOST_SHM.words)).texts)
    for shown in (" ".join(text.split()), on_page):
        assert "bpost has no way to be told that a part has ended" in shown
        assert "erasure not verifiable" in shown
        assert "$ parcelveil purge --accept-clock" in shown


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    made: Any = Commands(tmp_path)
    made.token = "a token"
    monkeypatch.setattr(gather, "held", lambda _: {})
    monkeypatch.setattr(gather, "shipments", lambda *_: first().shipments)
    keys = tmp_path / "var" / "keys" / "retention"
    keys.mkdir(parents=True)
    (keys / "recipient.delivery--transit--2026-W48.jwk").write_bytes(b"of another week")
    stays: Commands = made
    return stays


def test_the_relay_destroys_what_is_of_the_week_and_thirteen_months_pass(stage: Any) -> None:
    played = weeks.play(stage, first())
    assert stage.asked == [
        *("2026-11-23 01:30 CET", "purge --accept-clock", "(0,)", "relay", "stop", "shipments find r-1", "(0,)"),
        *("2027-12-23 00:10 CET", "purge --accept-clock", "(0,)"),
    ]
    assert played.boxes == ("r-1", "r-2")
    assert played.weeks.week_over.at == "2026-11-23T01:30:00+01:00"
    assert "var/parcelveil.db" in played.weeks.months_over.files


def test_keys_that_stay_are_waited_for_and_left_to_the_judge(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weeks, "LONGEST_SECONDS", 0.0)
    left = stage.folder / "var" / "keys" / "retention" / "recipient.delivery--transit--2026-W47.jwk"
    left.write_bytes(b"of this week")
    played = weeks.play(stage, first())
    assert str(left.relative_to(stage.folder)) in played.weeks.week_over.files


def test_labels_are_files_and_those_of_a_run_before_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chapter = next(one for one in chapters(tmp_path) if one.shipments)
    folder = tmp_path / "labels"
    folder.mkdir()
    (folder / "old.pdf").write_bytes(b"of a run before")
    monkeypatch.setattr(gather, "bpost_label", lambda *asked: " ".join(asked).encode())
    (tmp_path / "other").mkdir()
    stage: Any = Commands(tmp_path / "other")
    stage.token = "a token"
    label_files.write(stage, [chapter], folder)
    (shipment, _, _), *_ = chapter.shipments
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        f"{chapter.title}.pdf": shipment.label,
        f"{chapter.title}.png": f" 123456 a token {shipment.barcode} image".encode(),
    }
