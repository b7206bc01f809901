"""Every key of the service is turned beside a shop that never stops, while processes are killed: nothing is lost."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from middleware import rotation
from tests.middleware.cli.bench import run
from tests.ports import HOST, free_port
from tests.system.line import Line, tell
from tests.system.orders import order
from tests.system.processes import wait_for
from tests.system.shopper import Shopper, kill
from tests.system.stack import Service, configure, mock, serving, shop

TURNS = (("service", None), ("signing", "relay"), ("index", "intake worker"))
"""Which key is turned, and who is killed amid it."""


def rotate(service: Service, *words: str) -> None:
    done = run("keys", "rotate", *words, "--config", str(service.config))
    ended = "--finish" in words and "there is no rotation of this key" in done.output  # by itself, a moment ago
    assert done.exit_code == 0 or ended, done.output


def again(service: Service, content: object, id_: str) -> None:
    """An order that was taken is known again, once somebody is there to be asked."""
    wait_for(lambda: service.answers("/healthz"), "the intake")
    told = service.post("plain", content).json()
    assert (told["status"], told["id"]) == ("duplicate", id_)


def test_all_keys_are_turned_under_load_and_nothing_is_lost_doubled_or_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "SETTLED", timedelta(0))
    monkeypatch.setattr(rotation, "SPREAD_SECONDS", 0.2)
    clock, folder = tmp_path / "clock", tmp_path / "service"
    tell(clock, datetime.now(UTC))
    port, server = free_port(), {"clock": f"file:{clock}"}
    receipts = ("--receipt-keys", f"http://{HOST}:{port}/.well-known/jwks.json")
    with mock(tmp_path / "platform", *receipts) as platform:
        service = configure(folder, {"plain": shop("plain")}, {"platform": platform.url}, server=server, port=port)
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        with serving(service):
            line = Line(service=service, platform=platform, clock=clock)
            first = order()
            id_ = line.accept("plain", first)
            assert service.post("plain", order(currency=7)).json()["status"] == "rejected"
            shopper = Shopper(service)
            for which, victim in TURNS:
                shopper.wait_for_more(3)
                rotate(service, which)
                if victim is not None:
                    kill(service, victim)
                shopper.wait_for_more(3)
                line.move(seconds=70)  # leases end
                again(service, first, id_)
            rotate(service, "service", "--finish")
            rotate(service, "index", "--finish")
            shopper.wait_for_more(3)
            shopper.stop()
            again(service, first, id_)
            ids = {id_, *shopper.acknowledged.values()}
            deadline = time.monotonic() + 60
            while {state for (state,) in service.ask("SELECT state FROM records")} != {"delivered"}:
                assert time.monotonic() < deadline
                line.move(hours=1)
                line.rest()
            (refused,) = json.loads(service.typed("deliveries", "list", "--rejected", "--json").stdout)
            shipments = platform.shipments()
    assert ids == shipments.keys()  # nothing is lost, nothing is doubled, and every receipt verified over there
    assert refused["page"]  # its order's id is read
    home = folder / "keys" / "service"
    assert {path.name for path in home.iterdir()} == {"receipt.jwk", "receipt.former.json", "index.key", "service.key"}
