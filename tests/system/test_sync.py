"""R2: what is acknowledged is on the disk, and not only known to the system: a sync comes before every answer 2xx."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.orders import address, order
from tests.system.stack import Json, configure, mock, serving, shop
from tests.system.tracing import Synced, available, end, judge, under

WHY_NOT = available()
EACH = 5
STATUSES = ["accepted", "duplicate", "accepted", "ignored", "rejected"]

DATA = Path("/data")
DB, JOURNAL, SOCKET = "9</data/parcelveil.db>", "8</data/parcelveil.db-journal>", "25<socket:[7]>"
COMMIT = [
    f'7   pwrite64({JOURNAL}, "\\0\\0"..., 512, 0) = 512',
    f"7   fdatasync({JOURNAL}) = 0",
    f'7   pwrite64({DB}, "\\r\\0"..., 4096, 0) = 4096',
    f"7   fdatasync({DB}) = 0",
    f"7   ftruncate({JOURNAL}, 0) = 0",
    f"7   fdatasync({JOURNAL}) = 0",
]
FAILED = COMMIT[-1].replace("= 0", "= -1 EIO")
ANSWER = f'6   writev({SOCKET}, [{{iov_base="HTTP/1.1 200 OK\\r\\ncontent-t"..., iov_len=9}}], 1) = 9'
REFUSAL = ANSWER.replace("200 OK", "503 Service")


def life() -> list[Json]:
    """Webhooks that are answered in different ways."""
    content = order()
    moved = {**content, "updated_at": "2026-11-20T10:00:00+01:00", "shipping_address": address("Verhuisd")}
    cancelled = {**moved, "updated_at": "2026-11-20T11:00:00+01:00", "cancelled_at": "2026-11-20T11:00:00+01:00"}
    return [content, content, moved, cancelled, order(line_items="none")]


@pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))
def test_a_sync_of_all_that_was_written_comes_before_every_acknowledgement(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    with mock(tmp_path / "platform") as platform:
        shops = {"plain": shop("plain", hold="1h")}
        service = configure(tmp_path / "service", shops, {"platform": platform.url})
        service.under = under(trace)
        with serving(service, "--role", "intake"):
            told = [service.post("plain", content).json()["status"] for _ in range(EACH) for content in life()]
            end(service)
    assert told == STATUSES * EACH
    with trace.open(encoding="utf-8", errors="replace") as lines:
        found = judge(lines, service.database)
    assert found.too_early == []
    assert found.answers >= len(told)
    assert found.after_writes >= len(told) - EACH  # a duplicate changes nothing


@pytest.mark.parametrize(
    ("trace", "found"),
    [
        ([*COMMIT, ANSWER], Synced(answers=1, after_writes=1, too_early=[])),
        ([*COMMIT, ANSWER, ANSWER], Synced(answers=2, after_writes=1, too_early=[])),
        ([*COMMIT[:-1], ANSWER, COMMIT[-1]], Synced(answers=1, after_writes=1, too_early=[1])),
        ([*COMMIT[:3], *COMMIT[4:], ANSWER], Synced(answers=1, after_writes=1, too_early=[1])),
        (
            [*COMMIT[:-1], COMMIT[-1].replace("= 0", "= -1 EIO"), ANSWER],
            Synced(answers=1, after_writes=1, too_early=[1]),
        ),
        ([*COMMIT[:-1], REFUSAL], Synced(too_early=[])),
        (
            [*COMMIT[:-1], f"7   fdatasync({JOURNAL} <unfinished ...>", ANSWER, "7   <... fdatasync resumed>) = 0"],
            Synced(answers=1, after_writes=1, too_early=[1]),
        ),
        (
            [*COMMIT[:-1], f"7   fdatasync({JOURNAL} <unfinished ...>", "7   <... fdatasync resumed>) = 0", ANSWER],
            Synced(answers=1, after_writes=1, too_early=[]),
        ),
        (['7   write(9</data/parcelveil.db.lock>, "", 0) = 0', ANSWER], Synced(answers=1, too_early=[])),
        (['7   write(9</elsewhere/log>, "HTTP/1.1 200 OK", 15) = 15'], Synced(too_early=[])),
    ],
)
def test_who_judges_a_trace_sees_what_was_not_synced(trace: list[str], found: Synced) -> None:
    assert judge(trace, DATA) == found
