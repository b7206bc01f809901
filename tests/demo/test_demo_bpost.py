"""The demonstration with bpost's services: the made-up orders on the real line, in this process, with and without
faults; and once as a person calls it, in real processes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from middleware import intake
from middleware.demo import sabotage
from middleware.demo.carriers import BPOST_SHM
from middleware.demo.command import PAGE
from middleware.demo.label_files import FOLDER
from middleware.demo.orders import made_up
from middleware.web import webhooks
from simulator.evidence import Evidence, Moment, Weeks
from simulator.judge import judge, judge_weeks
from simulator.resting import Ended
from simulator.verdict import BPOST_LATER_PROMISES, BPOST_PROMISES
from tests.demo.bench import broken
from tests.demo.bpost_stage import staged, week_over
from tests.demo.test_demo import perform

FEW = ("01", "04", "07")
"""Enough for every fault: two that go, one that does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """A good run: the evidence of the first act, and the files before and after the week's keys went."""

    first: Evidence
    before: Moment
    after: Moment


@pytest.fixture(scope="module")
def acts(tmp_path_factory: pytest.TempPathFactory) -> Acts:
    with staged(tmp_path_factory.mktemp("acts")) as stage:
        first = stage.act()
        before = Moment(at=datetime.now(UTC).isoformat(), held={}, files=stage.files())
        week_over(stage)
        return Acts(first=first, before=before, after=replace(before, files=stage.files()))


@pytest.mark.policy("VP-CAT-7", "VP-PUR-5")
def test_every_promise_is_kept(acts: Acts) -> None:
    said = judge(acts.first)
    assert [verdict.promise for verdict in said] == list(BPOST_PROMISES)
    assert broken(said) == {}
    assert all(verdict.sentence == BPOST_PROMISES[verdict.promise] for verdict in said)


@pytest.mark.policy("VP-RET-4")
def test_nothing_opens_once_the_keys_of_the_week_are_gone(acts: Acts) -> None:
    said = judge_weeks(Ended(acts.first, Weeks(week_over=acts.after, months_over=acts.after)))
    assert [verdict.promise for verdict in said] == list(BPOST_LATER_PROMISES)
    assert broken(said) == {}
    early = broken(judge_weeks(Ended(acts.first, Weeks(week_over=acts.before, months_over=acts.after))))
    assert list(early) == ["nothing-reopened"]
    assert re.match(
        r"recipient\.customs of 03-outside-eu\.json opens out of the backup on [0-9-]+ — with the key in keys/",
        min(early["nothing-reopened"]),
    )


def test_a_piece_that_is_left_is_found(acts: Acts) -> None:
    left = replace(acts.after, files={**acts.after.files, "tmp/x": acts.first.waiting["data/parcelveil.db"]})
    found = broken(judge_weeks(Ended(acts.first, Weeks(week_over=acts.after, months_over=left))))
    assert list(found) == ["nothing-late"]
    assert " — tmp/x, byte " in found["nothing-late"][0]


@pytest.mark.parametrize(
    ("name", "promise", "evidence"),
    [
        ("leak", "nothing-leaked", r"04-gift\.json: note may not pass — ledger entry \d+, byte \d+"),
        (
            "unsealed",
            "nothing-unsealed",
            r"\.json: [a-z_.]+ \(and \d+ more\) rests unsealed — data/parcelveil\.db, byte",
        ),
        ("drop", "nothing-dropped", r"\d\d-[a-z-]+\.json \(acknowledged\) — in none of the \d+ shipments"),
        ("double", "nothing-doubled", r"\d\d-[a-z-]+\.json arrived 2 times — ledger entries \d+, \d+"),
    ],
)
def test_a_fault_is_named_with_its_evidence(
    name: str, promise: str, evidence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staged(tmp_path) as stage:
        sabotage.FAULTS[name]()
        try:
            monkeypatch.setattr(webhooks, "receive", intake.receive)  # a process that starts with the fault has it so
            found = broken(judge(stage.act(FEW)))
        finally:
            patch.stopall()
    assert promise in found
    assert re.search(evidence, "\n".join(found[promise]))


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_as_a_person_calls_it(tmp_path: Path) -> None:
    done = perform(tmp_path, CARRIER="bpost")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-3000:]
    assert f"All {len(BPOST_PROMISES) + len(BPOST_LATER_PROMISES)} promises kept." in done.stdout
    words = " ".join(done.stdout.split())
    shipped = [order.file.removesuffix(".json") for order in made_up(BPOST_SHM) if order.status == "accepted"]
    for title in shipped:
        assert re.search(rf"{title} [234] 0 0 0 1\b", words), title
    assert "15-hostile-strings rejected: /shipping_address/name character" in words
    assert "transliterated label printers lack letters of it" in words
    assert "erasure there is not verifiable" in words
    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert page.count("<svg") == len(shipped)
    assert "nationalBox/atBpost/receiverName" in page
    labels = {path.name: path.read_bytes()[:4] for path in (tmp_path / FOLDER).iterdir()}
    assert labels == {**{f"{title}.pdf": b"%PDF" for title in shipped}, f"{shipped[0]}.png": b"\x89PNG"}
    assert {path.name for path in tmp_path.iterdir()} == {PAGE, FOLDER}
