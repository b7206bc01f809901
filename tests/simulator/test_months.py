from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import requests

from simulator.clock import Clock, last_day, month_of, plus_months
from simulator.http import Settings, running
from simulator.keys import KeyRing
from tests.simulator.bench import CLASSES, CONTACT, DELIVERY, LEGAL, LIFE, OTHERS, Client, Sealer, kid, month_after

DELIVERED = "recipient.delivery"
CLOSING = month_after(13)  # the month of expiry of a recipient's part that is sealed now


def brussels_first(month: str) -> str:
    """The first moment of a month that begins in winter or summer time."""
    return f"{month}-01T00:00:00+0{2 if 4 <= int(month[5:]) <= 10 else 1}:00"


def sealed_until(client: Client, sealer: Sealer, rid: str, until: str | None) -> None:
    body = sealer.shipment(rid)
    tag = body["retention"][0]
    tag["until"] = until
    tag["starts"] = tag["starts"] if until else None
    assert client.post(body).status_code == 201


def test_a_closed_month_takes_its_keys_and_all_that_ended_with_them(client: Client, sealer: Sealer) -> None:
    next_month = plus_months(CLOSING, 1)
    sealed_until(client, sealer, "ends-that-day", last_day(CLOSING).isoformat())
    sealed_until(client, sealer, "ends-a-day-later", f"{next_month}-01")
    sealed_until(client, sealer, "not-started", None)
    sealed_until(client, sealer, "ends-much-later", f"{plus_months(CLOSING, 30)}-05")

    eve = datetime.fromisoformat(brussels_first(next_month)) - timedelta(seconds=30)
    assert client.move_clock(eve.isoformat()).json()["resealed"] == 0
    assert kid(DELIVERED) in client.jwks()
    assert client.get("/_opened/ends-that-day").json()["parts"][DELIVERED] == DELIVERY

    turned = client.move_clock(brussels_first(next_month)).json()
    assert turned["resealed"] == 3
    assert kid(DELIVERED) in turned["destroyed"]
    assert kid(DELIVERED) not in client.jwks()
    opened = client.get("/_opened/ends-that-day").json()
    assert opened == {"id": "ends-that-day", "parts": {"sender.contact": CONTACT}, "unreadable": [DELIVERED]}
    assert client.get("/shipments/ends-that-day/label").status_code == 410
    for rid in ("ends-a-day-later", "not-started", "ends-much-later"):
        assert client.get(f"/_opened/{rid}").json()["parts"] == {DELIVERED: DELIVERY, "sender.contact": CONTACT}


def test_a_re_sealed_part_ends_with_its_own_month(client: Client, sealer: Sealer) -> None:
    sealed_until(client, sealer, "r-1", f"{plus_months(CLOSING, 2)}-10")
    sealed_until(client, sealer, "r-2", None)
    client.move_clock(brussels_first(plus_months(CLOSING, 1)))
    client.move_clock(brussels_first(plus_months(CLOSING, 2)))
    assert client.get("/_opened/r-1").json()["unreadable"] == []
    client.move_clock(brussels_first(plus_months(CLOSING, 3)))
    assert client.get("/_opened/r-1").json()["unreadable"] == [DELIVERED]
    client.move_clock(brussels_first(plus_months(CLOSING, 40)))
    assert client.get("/_opened/r-2").json()["unreadable"] == []


def test_months_that_are_leapt_over_close_all_the_same(client: Client, sealer: Sealer) -> None:
    sealed_until(client, sealer, "r-1", f"{plus_months(CLOSING, 2)}-10")
    client.move_clock(brussels_first(plus_months(CLOSING, 8)))
    assert client.get("/_opened/r-1").json()["unreadable"] == [DELIVERED]
    assert all(key.rpartition("/")[2] >= plus_months(CLOSING, 8) for key in client.jwks())


def test_a_clock_that_was_moved_decides_at_the_closing(client: Client, sealer: Sealer) -> None:
    for rid in ("longer", "shorter"):
        sealed_until(client, sealer, rid, last_day(CLOSING).isoformat() if rid == "longer" else None)
    later, sooner = plus_months(CLOSING, 4), CLOSING
    starts = f"{month_after(0)}-01"
    for rid, month in (("longer", later), ("shorter", sooner)):
        tag = {"part": DELIVERED, "class": CLASSES[DELIVERED], "starts": starts, "until": f"{month}-09"}
        assert client.call("PATCH", f"/shipments/{rid}/retention", json=[tag]).status_code == 200
    client.move_clock(brussels_first(plus_months(CLOSING, 1)))
    assert client.get("/_opened/longer").json()["unreadable"] == []
    assert client.get("/_opened/shorter").json()["unreadable"] == [DELIVERED]


def test_a_new_month_brings_new_keys(client: Client) -> None:
    before = client.jwks()
    assert client.move_clock(brussels_first(month_after(1))).json()["destroyed"] == []
    after = client.jwks()
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {kid(part, 7) for part in CLASSES | OTHERS}


def test_the_clock_and_its_deeds_outlive_a_restart(tmp_path: Path, session: requests.Session) -> None:
    with running(Settings(state=tmp_path)) as server:
        client = Client(server.url, session)
        sealed_until(client, Sealer(client.jwks()), "r-1", last_day(CLOSING).isoformat())
        client.move_clock(brussels_first(plus_months(CLOSING, 1)))
        gone = kid(DELIVERED)
        before = client.jwks()
        assert not [path for path in (tmp_path / "keys").glob("*.pem") if gone.replace("/", "--") in path.name]
    with running(Settings(state=tmp_path)) as server:
        client = Client(server.url, session)
        client.get("/pickup-points")
        assert client.ledger()["requests"][-1]["at"].startswith(f"{plus_months(CLOSING, 1)}-01T00:00")
        assert client.jwks() == before
        assert client.get("/_opened/r-1").json()["unreadable"] == [DELIVERED]
        client.move_clock(datetime.now(UTC).isoformat())
        assert gone not in client.jwks(), "a destroyed key came back under its old id"


def test_a_stop_between_note_and_deed_is_made_good(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    key_id = f"{DELIVERED}/{CLASSES[DELIVERED]}/2027-12"
    ring.make(key_id)
    (tmp_path / "destroyed").write_text(f"{key_id}\n")
    assert KeyRing(tmp_path).private(key_id) is None
    assert list(tmp_path.glob("*.pem")) == []
    with pytest.raises(ValueError, match="destroyed"):
        KeyRing(tmp_path).make(key_id)


def test_every_destroyed_key_is_remembered(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    ids = [f"{DELIVERED}/{CLASSES[DELIVERED]}/2027-{month}" for month in (10, 11, 12)]
    for key_id in ids:
        ring.make(key_id)
    for key_id in ids:
        ring.destroy([key_id])
    for key_id in ids:
        with pytest.raises(ValueError, match="destroyed"):
            KeyRing(tmp_path).make(key_id)


def test_a_month_turns_by_itself_in_brussels(tmp_path: Path) -> None:
    moments = iter([datetime(2026, 11, 30, 22, 59, tzinfo=UTC), datetime(2026, 11, 30, 23, 0, tzinfo=UTC)])
    clock = Clock(real=lambda: next(moments))
    assert month_of(clock.now()) == "2026-11"
    assert month_of(clock.now()) == "2026-12"


@pytest.mark.parametrize("now", ["2027-12-23", "2027-12-23T00:00:00", "soon", 5, None])
def test_a_moment_without_zone_is_refused(client: Client, now: object) -> None:
    assert client.call("PUT", "/_clock", json={"now": now}).status_code == 422


def test_calendar() -> None:
    assert plus_months("2026-11", 13) == "2027-12"
    assert plus_months("2026-11", 120) == "2036-11"
    assert plus_months("2026-12", 1) == "2027-01"
    assert plus_months("2026-01", -1) == "2025-12"
    assert last_day("2028-02") == date(2028, 2, 29)
    assert month_after(LIFE[LEGAL])[:4] == str(int(month_after(0)[:4]) + 10)
