"""bpost's services on the simulated platform's own address: ledger, controls, faults, the command line."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from simulator.bpost.switches import CHOICES, parse_switches, read_switches
from simulator.cli import main
from simulator.http import MockServer, Settings, running
from tests.simulator.bench import Client
from tests.simulator.bpost.bench import accepted, basic, media

ORDERS = "/services/shm/123456/orders"
HEADERS = {"Authorization": basic(), "Content-Type": media("order-v5")}


def post(client: Client, **options: object) -> requests.Response:
    return client.call("POST", ORDERS, data=accepted("at-home"), headers=HEADERS, **options)


def test_the_ledger_tells_what_came_byte_for_byte_and_what_became_of_it(client: Client) -> None:
    assert post(client).status_code == 201
    ledger = client.ledger()
    (request,) = ledger["requests"]
    assert (request["path"], request["status"]) == (ORDERS, 201)
    assert base64.b64decode(request["body_base64"]) == accepted("at-home")
    boxes = [{"status": "PENDING", "barcode": None, "prints": 0}]
    assert ledger["bpost"] == {"123456/R-1": {"posts": 1, "boxes": boxes}}


def test_an_order_survives_a_restart(tmp_path: Path, session: requests.Session) -> None:
    for _ in range(2):
        with running(Settings(state=tmp_path)) as server:
            assert post(Client(server.url, session)).status_code == 201
            ledger = Client(server.url, session).ledger()["bpost"]
    assert ledger["123456/R-1"]["posts"] == 2


def test_a_fault_of_the_service_is_a_system_exception(client: Client) -> None:
    client.call("PUT", "/_faults", json={"500": 1})
    answer = post(client)
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/xml")
    assert answer.content.startswith(b'<systemException xmlns="http://schema.post.be/api/shm/common/v2/"')
    day = answer.text.partition("<ns2:timestamp>")[2].partition("<")[0]
    assert len(day) == len("2011-04-29+02:00")
    assert day[10:] in ("+01:00", "+02:00")
    assert client.ledger()["bpost"] == {}


def test_an_order_is_taken_before_its_answer_is_lost(client: Client) -> None:
    client.call("PUT", "/_faults", json={"timeout-after-commit": 1})
    with pytest.raises(requests.exceptions.ReadTimeout):
        post(client, timeout=0.5)
    assert client.ledger()["bpost"]["123456/R-1"]["posts"] == 1


def test_switches_are_turned_told_and_stand_as_before_unless_they_are_named(client: Client) -> None:
    told = client.call("PUT", "/_switches", json={"existing-order": "append", "without": ["signed"]}).json()
    assert told == {
        **{name: values[0] for name, values in CHOICES.items()},
        "existing-order": "append",
        "without": ["signed"],
        "demanded": [],
        "delay-milliseconds": 0,
    }
    assert client.call("PUT", "/_switches", json={"existing-order": "both"}).status_code == 422
    assert client.get("/_switches").json() == told
    assert client.call("PUT", "/_switches", json={}).json()["existing-order"] == "replace"
    assert client.ledger()["requests"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"existing-order": "both"},
        {"unheard": "of"},
        {"without": "signed"},
        {"demanded": "signed"},
        {"without": [1]},
        {"delay-milliseconds": 60_001},
        {"delay-milliseconds": True},
    ],
)
def test_a_switch_that_is_not_there_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="switches"):
        read_switches(wrong)


def test_a_box_moves_along(client: Client) -> None:
    post(client)
    code = "323212345600000000001030"
    assert client.call("PUT", f"/_boxes/{code}", json={"status": "DELIVERED"}).status_code == 404
    headers = {**HEADERS, "Accept": media("label-pdf-v3"), "Content-Type": media("labelRequest-v5")}
    assert client.get(f"{ORDERS}/R-1/labels/A6", headers=headers).status_code == 200
    for wrong in ("LOST", "PENDING", ["DELIVERED"], None):
        assert client.call("PUT", f"/_boxes/{code}", json={"status": wrong}).status_code == 422
    assert client.call("PUT", f"/_boxes/{code}", data=b"[").status_code == 400
    moved = client.call("PUT", f"/_boxes/{code}", json={"status": "DELIVERED"})
    assert moved.json() == {"barcode": code, "status": "DELIVERED"}


def test_an_answer_can_wait_after_the_change_is_made(server: MockServer, client: Client) -> None:
    server.api.bpost.turn(read_switches({"delay-milliseconds": 60_000}))
    with pytest.raises(requests.exceptions.ReadTimeout):
        post(client, timeout=0.3)
    assert client.ledger()["bpost"]["123456/R-1"]["posts"] == 1


def test_switches_and_passphrase_come_from_the_command_line(tmp_path: Path) -> None:
    words = ("prefixes=undeclared", "without=bpack XL", "without=signed", "demanded=Saturday", "delay-milliseconds=5")
    switches = parse_switches(words)
    assert (switches["prefixes"], switches.without, switches.demanded, switches.delay) == (
        "undeclared",
        frozenset({"bpack XL", "signed"}),
        frozenset({"Saturday"}),
        5,
    )
    for wrong in ("prefixes", "prefixes=none", "delay-milliseconds=soon", "unheard=of"):
        result = CliRunner().invoke(main, ["mock", "--state", str(tmp_path), "--bpost", wrong])
        assert result.exit_code == 2
        assert "existing-order=replace|append" in result.output.replace("\n", "").replace("  ", "")
    assert "NOT_SET" not in os.environ
    options = ["mock", "--state", str(tmp_path), "--passphrase-env", "NOT_SET"]
    assert CliRunner().invoke(main, options).exit_code == 2
