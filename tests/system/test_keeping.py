"""``keep_delivered = "policy"`` on the real service: a copy stays, which nobody but the relay could open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from middleware.model_keys import KeptCopy
from middleware.retention_keys import KeyRing
from tests.system.line import Line, tell
from tests.system.orders import order
from tests.system.stack import configure, mock, serving, shop

TAKEN = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    folder = tmp_path_factory.mktemp("keeping")
    tell(folder / "clock", TAKEN)
    with ExitStack() as opened:
        platform = opened.enter_context(mock(folder / "platform"))
        server = {"clock": f"file:{folder}/clock", "keep_delivered": "policy"}
        shops = {"demo": shop("demo")}
        service = configure(folder / "service", shops, {"platform": platform.url}, server=server)
        opened.enter_context(serving(service))
        yield Line(service=service, platform=platform, clock=folder / "clock")


def copies(line: Line, record_id: str) -> dict[str, KeptCopy]:
    rows = line.service.ask(f"SELECT record_id, part, kid, jwe FROM copies WHERE record_id = '{record_id}'")  # noqa: S608
    return {row[1]: KeptCopy(record_id=row[0], part=row[1], kid=row[2], until=None, jwe=row[3]) for row in rows}


@pytest.mark.policy("VP-RET-3", "VP-RET-4")
def test_after_delivery_the_copies_are_all_that_is_left(line: Line) -> None:
    id_ = line.accept("demo", order())
    line.wait(id_, "delivered")
    assert line.service.ask(f"SELECT DISTINCT jwe FROM parts WHERE record_id = '{id_}'") == [(None,)]  # noqa: S608
    kept = copies(line, id_)
    assert {part: copy.kid.rpartition("/")[2] for part, copy in kept.items()} == {
        "recipient.delivery": "2027-12",
        "sender.contact": "2036-11",
    }
    ring = KeyRing(line.service.folder / "keys")
    opened = {part: json.loads(ring.open(copy)) for part, copy in kept.items()}
    assert opened == {part: line.platform.opened(id_)[part] for part in kept}
    names = [value for value in opened["recipient.delivery"].values() if len(str(value)) > 5]
    assert names
    for name, content in line.service.stored().items():
        assert not [value for value in names if str(value).encode() in content], name


def test_without_the_key_of_the_month_intake_fails_closed_and_recovers(line: Line) -> None:
    public = Path(line.service.folder / "keys/public/retention.json")
    before = public.read_text()
    keys = [jwk for jwk in json.loads(before)["keys"] if not jwk["kid"].endswith("2036-11")]
    public.write_text(json.dumps({"keys": keys}))
    answer = line.service.post("demo", order())
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:problem:missing-retention-key")
    assert line.service.typed("keys", "provision").returncode == 0
    assert json.loads(public.read_text()) == json.loads(before)
    line.accept("demo", order())
