from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from simulator.cli import main
from simulator.http import Settings, running
from tests.simulator.bench import Client


@contextmanager
def started(*options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "simulator", "mock", "--listen", "127.0.0.1:0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}) as process:
        try:
            assert process.stdout is not None
            word, url = process.stdout.readline().split()
            assert word == "ready"
            yield process, url
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_mock_says_when_it_is_ready_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with started("--state", str(tmp_path), "--fault", "timeout=1", "--token-env", "T0K", T0K="s3cret") as (
        process,
        url,
    ):
        assert requests.get(f"{url}/_health", timeout=5).json() == {"status": "ok"}
        assert requests.get(f"{url}/.well-known/jwks.json", timeout=5).json()["keys"]
        with pytest.raises(requests.exceptions.ReadTimeout):
            requests.get(f"{url}/pickup-points", timeout=0.3)
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    bpost = ("--bpost", "existing-order=append", "--bpost", "without=bpack XL", "--passphrase-env", "PASSPHRASE")
    with started("--state", str(tmp_path), *bpost, PASSPHRASE="hush") as (process, url):
        switches = requests.get(f"{url}/_switches", timeout=5).json()
        assert (switches["existing-order"], switches["without"]) == ("append", ["bpack XL"])
        order = f"{url}/services/shm/123456/orders/R-1"
        for passphrase, status in (("hush", 406), ("hush!", 401)):
            assert requests.get(order, auth=("123456", passphrase), timeout=5).status_code == status
        assert requests.delete(f"{url}/shipments/r-1/parts/recipient.delivery", timeout=5).status_code == 204
        process.kill()
    with running(Settings(state=tmp_path)) as server, requests.Session() as session:
        client = Client(server.url, session)
        assert client.get("/shipments/r-1").status_code == 410
        assert [request["status"] for request in client.ledger()["requests"][:3]] == [406, 401, 204]


@pytest.mark.parametrize(
    "options",
    [
        ["--listen", "nowhere"],
        ["--listen", "127.0.0.1:http"],
        ["--listen", "127.0.0.1:70000"],
        ["--fault", "500"],
        ["--fault", "teapot=0.1"],
        ["--fault", "500=2"],
        ["--token-env", "NOT_SET_ANYWHERE"],
    ],
)
def test_mock_refuses_options_that_make_no_sense(tmp_path: Path, options: list[str]) -> None:
    result = CliRunner().invoke(main, ["mock", "--state", str(tmp_path), *options])
    assert result.exit_code == 2
    assert "Usage" in result.output


def test_mock_says_that_its_port_is_taken(tmp_path: Path) -> None:
    with running(Settings(state=tmp_path / "a")) as server:
        listen = server.url.removeprefix("http://")
        result = CliRunner().invoke(main, ["mock", "--state", str(tmp_path / "b"), "--listen", listen])
    assert result.exit_code == 1
    assert "cannot listen" in result.output


def simulate(url: str, *options: str, secret: str = "hush") -> tuple[int, list[dict[str, object]]]:
    arguments = ["simulate", "shopify", "--url", url, "--shop", "demo.myshopify.com", "--retry-scale", "0", *options]
    result = CliRunner().invoke(main, arguments, env={"SHOPIFY_SECRET": secret})
    return result.exit_code, [json.loads(line) for line in result.output.splitlines() if line.startswith("{")]


def test_simulate_sends_files_and_tells_of_each(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_bytes(b'{ "id": 1 }')
    with running(Settings(state=tmp_path / "state", faults={"garbage": 1})) as server:
        status, lines = simulate(f"{server.url}/hook", str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    assert status == 0
    assert [line["file"] for line in lines] == [str(tmp_path / "a.json"), str(tmp_path / "b.json")]
    assert all(line.keys() == {"file", "webhook_id", "status", "answer"} for line in lines)
    assert [(line["status"], line["answer"]) for line in lines] == [(200, None), (200, None)]
    assert lines[0]["webhook_id"] != lines[1]["webhook_id"]


def test_simulate_fails_if_anything_was_not_acknowledged(tmp_path: Path) -> None:
    with running(Settings(state=tmp_path)) as server, requests.Session() as session:
        status, lines = simulate(f"{server.url}/hook", "--made-up", "2")
        came = Client(server.url, session).ledger()["requests"]
    assert status == 1
    assert [(line["file"], line["status"]) for line in lines] == [("made-up:1", 404), ("made-up:2", 404)]
    assert len(came) == 2 * 9


def test_simulate_says_that_nobody_listens() -> None:
    arguments = ["--url", "http://127.0.0.1:9/x", "--shop", "a.myshopify.com", "--retry-scale", "0", "--made-up", "1"]
    done = CliRunner().invoke(main, ["simulate", "shopify", *arguments], env={"SHOPIFY_SECRET": "hush"})
    assert done.exit_code == 1
    assert done.stderr == ("nobody answers at http://127.0.0.1:9/x: does the service run, and does it listen there?\n")


def test_simulate_needs_orders_an_address_and_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"{}")
    assert simulate("http://127.0.0.1:1/")[0] == 2
    assert simulate("http://127.0.0.1:1/", str(path), "--made-up", "1")[0] == 2
    assert simulate("gopher://x", str(path))[0] == 2
    assert simulate("http://127.0.0.1:1/", str(path), secret="")[0] == 2
