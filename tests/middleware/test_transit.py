"""Transit keys go: with the last that waits for them, and two weeks after their week whatever waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from middleware.errors import DestructionRefusedError
from middleware.model_keys import AuditEntry, Fact
from middleware.retention_keys import KeyRing
from middleware.transit import announce, carry_out, clear_away

WEEK = "2026-W47"
KID = f"recipient.delivery/transit/{WEEK}"
MONTHLY = "recipient.delivery/vp.recipient.operational/2026-11"
RUNNING = datetime(2026, 11, 22, 22, 59, tzinfo=UTC)
SETTLED = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
LAST = datetime(2026, 12, 6, 22, 59, tzinfo=UTC)
OVER = datetime(2026, 12, 6, 23, 0, tzinfo=UTC)


class Waiting:
    """``ports_retention.Weeks``, of which so many records wait."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        self.entries: list[AuditEntry] = []

    def weeks(self) -> Mapping[str, int]:
        return {WEEK: self.waiting} if self.waiting else {}

    def note(self, entry: AuditEntry, week: str | None) -> int:
        waiting = self.waiting if week == WEEK else 0
        if not waiting:
            self.entries.append(entry)
        return waiting

    def noted(self, subject: str) -> Sequence[AuditEntry]:
        return [entry for entry in self.entries if entry.subject == subject]


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    made = KeyRing(tmp_path / "keys")
    made.provision({KID, MONTHLY})
    return made


@pytest.mark.policy("AMB-21")
@pytest.mark.parametrize(
    ("waiting", "now", "goes"),
    [
        (0, RUNNING, False),
        (0, SETTLED, True),
        (1, SETTLED, False),
        (1, LAST, False),
        (1, OVER, True),
    ],
    ids=["while its week runs", "once it is over", "not while a parcel waits", "nor on its last day", "then at once"],
)
def test_a_key_goes_with_what_waits_for_it_and_after_two_weeks_in_any_case(
    ring: KeyRing, waiting: int, now: datetime, goes: bool
) -> None:
    weeks = Waiting(waiting)
    assert clear_away(weeks, ring, now) == ([KID] if goes else [])
    assert ring.kids() == ({MONTHLY} if goes else {KID, MONTHLY})
    assert [(entry.fact, entry.actor) for entry in weeks.entries] == ([(Fact.DESTROYED, "relay")] if goes else [])


@pytest.mark.policy("AMB-21")
def test_a_person_destroys_no_key_for_which_something_waits_and_none_in_one_step(ring: KeyRing) -> None:
    with pytest.raises(DestructionRefusedError, match="1 records of its week wait still"):
        announce(Waiting(1), KID, "Els", SETTLED)
    weeks = Waiting(0)
    with pytest.raises(DestructionRefusedError, match="was not announced"):
        carry_out(weeks, ring, KID, "Els", SETTLED)
    assert KID in ring.kids()
    announce(weeks, KID, "Els", SETTLED)
    carry_out(weeks, ring, KID, "Els", SETTLED)
    assert [entry.fact for entry in weeks.entries] == [Fact.DESTRUCTION_ANNOUNCED, Fact.DESTROYED]
    assert ring.kids() == {MONTHLY}
