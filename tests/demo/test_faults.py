"""The demonstration's first act with the simulated parcel platform, in this process, with and without faults: each is
named by the judge with its evidence. What a fault does to the screen, the page and the exit status: ``test_demo``.
"""

from __future__ import annotations

import re
from pathlib import Path
from unittest.mock import patch

import pytest

from middleware import intake
from middleware.demo import sabotage
from middleware.web import webhooks
from simulator.judge import judge
from simulator.verdict import PROMISES
from tests.demo.bench import broken
from tests.demo.platform_stage import staged


def test_every_promise_is_kept_without_one(tmp_path: Path) -> None:
    with staged(tmp_path) as line:
        evidence = line.act()
    said = judge(evidence)
    assert [verdict.promise for verdict in said] == list(PROMISES)
    assert broken(said) == {}
    assert len(evidence.shipments) == sum(order.expected == "accepted" for order in evidence.orders) > sabotage.EVERY
    assert evidence.database.keys() >= {"var/parcelveil.db"}


@pytest.mark.parametrize(
    ("name", "promise", "evidence"),
    [
        (
            "unsealed",
            "nothing-unsealed",
            r"recipient\.delivery is not sealed — ledger entry \d+: /recipient/sealed/delivery",
        ),
        ("drop", "nothing-dropped", r"\d\d-[a-z-]+\.json \(acknowledged\) — in none of the \d+ shipments"),
        ("double", "nothing-doubled", r"\d\d-[a-z-]+\.json arrived 2 times — ledger entries \d+, \d+"),
    ],
)
def test_a_fault_is_named_with_its_evidence(
    name: str, promise: str, evidence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staged(tmp_path) as line:
        sabotage.FAULTS[name]()
        try:
            monkeypatch.setattr(webhooks, "receive", intake.receive)  # a process that starts with the fault has it so
            found = broken(judge(line.act()))
        finally:
            patch.stopall()
    assert promise in found
    assert re.search(evidence, "\n".join(found[promise]))
    assert len(found[promise]) > 1
