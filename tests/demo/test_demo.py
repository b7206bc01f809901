"""The whole demonstration: real processes, real HTTP, and the exit status that a person or a script would see."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from click.testing import CliRunner

from middleware.demo import run
from middleware.demo.carriers import PLATFORM
from middleware.demo.command import BROKEN_PAGE, PAGE, demo
from middleware.demo.later_screen import NOT_PLAYED
from middleware.demo.orders import made_up
from middleware.demo.processes import DemoError
from middleware.demo.sabotage import FAULTS
from middleware.demo.stage import Stage
from simulator.verdict import LATER_PROMISES, PROMISES

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "middleware", "demo"]
WAIT = 200
"""Seconds that a whole demonstration may take on a machine that does much else."""
pytestmark = pytest.mark.timeout(240)

DAY = r"\d{4}-\d\d-\d\d"
LATE = rf"(?P<what>recipient\.delivery of 01-domestic-full\.json lives past {DAY})"


def environment(folder: Path, **changes: str) -> Mapping[str, str]:
    """Temporary folders where the test sees them, and settings that must not reach the demonstration."""
    told = {name: value for name, value in os.environ.items() if name != "BREAK"}
    return {**told, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder), "PORT": "1", "PARCELVEIL_NONSENSE": "1", **changes}


def perform(folder: Path, *options: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *options],
        cwd=folder,
        env=environment(folder, **changes),
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in (PAGE, BROKEN_PAGE))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "promise", "evidence"),
    [
        ("leak", "nothing-leaked", r"04-gift\.json: note may not pass — ledger entry \d+, byte \d+"),
        (
            "late",
            "nothing-late",
            rf"{LATE} — at the platform on (?P<next>{DAY}), shipment \S+ (?P=what) — \S+\.db, byte \d+, on (?P=next)",
        ),
    ],
)
def test_a_fault_is_named_with_its_evidence(name: str, promise: str, evidence: str, tmp_path: Path) -> None:
    """One fault of each act; those of the first act are told alike (the others: ``test_faults``)."""
    (tmp_path / PAGE).write_text("of a good run", encoding="utf-8")
    done = perform(tmp_path, BREAK=name)
    words = " ".join(done.stdout.split())
    assert (done.returncode, done.stderr) == (1, "")
    judged = PROMISES | LATER_PROMISES if promise in LATER_PROMISES else PROMISES
    assert f"BROKEN {promise}: {judged[promise]}" in words
    assert re.search(evidence, words)
    assert (NOT_PLAYED in words) is (promise in PROMISES)
    assert re.search(rf"\d of {len(judged)} promises broken: [a-z, -]*{promise}", words)
    assert f"BROKEN</b> <code>{promise}" in (tmp_path / BROKEN_PAGE).read_text(encoding="utf-8")
    assert (tmp_path / PAGE).read_text(encoding="utf-8") == "of a good run"
    assert left_behind(tmp_path) == []


def test_an_unknown_fault_is_a_mistake_in_the_call(tmp_path: Path) -> None:
    done = perform(tmp_path, BREAK="everything")
    assert done.returncode == 2
    assert "leak, unsealed, drop, double, late" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", [{"CARRIER": "dhl"}, {"CARRIER": "BPOST"}])
def test_an_unknown_carrier_is_a_mistake_in_the_call(given: dict[str, str]) -> None:
    result = CliRunner().invoke(demo, [], env={"BREAK": "", **given})
    assert (result.exit_code, "there is: platform, bpost" in result.output) == (2, True)
    result = CliRunner().invoke(demo, ["--carrier", given["CARRIER"]], env={"BREAK": ""})
    assert result.exit_code == 2


@pytest.mark.parametrize(("given", "name"), [({}, "platform"), ({"CARRIER": "bpost"}, "bpost")])
def test_who_takes_the_parcels(
    given: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    carriers: list[str] = []

    def started(options: run.Options) -> None:
        carriers.append(options.carrier.name)
        raise DemoError("not today")

    monkeypatch.setattr(run, "started", started)
    result = CliRunner().invoke(demo, ["--report", str(tmp_path / "x.html")], env={"BREAK": "", **given})
    assert (result.exit_code, carriers) == (1, [name])


def test_what_judges_nothing_breaks_nothing() -> None:
    result = CliRunner().invoke(demo, ["--stay"], env={"BREAK": "drop"})
    assert result.exit_code == 2


@pytest.mark.parametrize(("given", "fault"), [("", None), *((name, name) for name in FAULTS)])
def test_what_is_named_is_broken_and_an_empty_name_breaks_nothing(
    given: str, fault: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    faults: list[str | None] = []

    def started(options: run.Options) -> None:
        faults.append(options.fault)
        raise DemoError("not today")

    monkeypatch.setattr(run, "started", started)
    result = CliRunner().invoke(demo, ["--report", str(tmp_path / "x.html")], env={"BREAK": given})
    assert (result.exit_code, faults) == (1, [fault])
    assert "parcelveil: not today" in result.output


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_broken_is_broken_in_whatever_is_started_of_the_service(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, str]] = []

    def start(named: str, *_: object, environment: Mapping[str, str], **__: object) -> SimpleNamespace:
        first = Path(environment["PYTHONPATH"].split(":")[0])
        site = first / "sitecustomize.py"
        started.append((named, site.read_text(encoding="utf-8") if site.exists() else ""))
        return SimpleNamespace(wait_for=lambda _: None, finish=lambda: None, stop=lambda: None)

    monkeypatch.setattr("middleware.demo.stage.start", start)
    with run.started(run.Options(fault=name)) as stage:
        stage.relay()
        stage.command("purge")
    said = [named for named, site in started if f"FAULTS[{name!r}]()" in site]
    assert said == ["serve", "serve --role relay", "purge"]
    assert [named for named, site in started if not site] == ["mock", "migrate", "keys provision"]
    assert not stage.folder.exists()


@pytest.mark.slow
def test_it_stays_until_it_is_told_to_stop(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--stay"],
        cwd=tmp_path,
        env=environment(tmp_path, PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith("Ctrl-C"):
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended by itself"
        text = "".join(lines)
        service, platform = re.findall(r"http://127\.0\.0\.1:\d+(?=  )", text)
        assert requests.get(f"{service}/readyz", timeout=5).status_code == 200
        accepted = sum(order.status == "accepted" for order in made_up())
        assert len(requests.get(f"{platform}/_ledger", timeout=5).json()["shipments"]) == accepted
        folder = next(path for path in tmp_path.iterdir() if path.name.startswith("parcelveil-demo-"))
        secrets = dict(re.findall(r"(\w+)=(\S+)", text.split("  export ")[1].splitlines()[0]))
        send, look = (line.split() for line in text.splitlines() if line.startswith(f"  {sys.executable} "))
        env = environment(tmp_path, **secrets)
        more = subprocess.run(send, env=env, capture_output=True, text=True, timeout=WAIT, check=False)
        assert more.stdout.count('"status": 200') == 3, more.stderr
        listed = subprocess.run(look, env=env, capture_output=True, text=True, timeout=WAIT, check=False)
        assert listed.returncode == 0, listed.stderr
        assert listed.stdout.count("delivered") >= accepted
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=WAIT)
        assert (process.returncode, errors) == (0, "")
    finally:
        process.kill()
        process.wait()
    assert not folder.exists()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{service}/readyz", timeout=5)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{platform}/_ledger", timeout=5)


@pytest.mark.slow
def test_being_ended_on_the_way_leaves_nothing_behind(tmp_path: Path) -> None:
    process = subprocess.Popen(
        COMMAND,
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not list(tmp_path.glob("parcelveil-demo-*/logs/serve.log")):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)
    process.terminate()
    _, errors = process.communicate(timeout=WAIT)
    assert (process.returncode, errors.strip()) == (1, "Aborted!")
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_does_not_start_is_told_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("middleware.demo.stage.CONFIGURATION", "[server]\nnonsense = 1\n")
    stage = Stage(tmp_path, PLATFORM, None)
    try:
        with pytest.raises(DemoError, match=r"^`(migrate|keys provision)` ended with status 2:\n.*nonsense"):
            stage.up()
    finally:
        stage.down()
