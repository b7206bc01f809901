"""docs/simulator.md: its commands run, and it names every switch with its settings."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from simulator.bpost.switches import CHOICES, DELAY, LISTS
from simulator.faults import FaultName
from simulator.http import Settings, running

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")


def test_the_commands_bring_an_order_to_its_label_and_its_delivery(tmp_path: Path) -> None:
    _, commands = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    with running(Settings(state=tmp_path / "state")) as server:
        script = commands.replace("http://127.0.0.1:8090", server.url)
        run = subprocess.run(["/bin/bash", "-ec", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("HTTP/1.1 201 Created")
    assert "<status>PENDING</status>" in run.stdout
    assert (tmp_path / "label.png").read_bytes().startswith(b"\x89PNG")
    assert "<stateCode>U01</stateCode>" in run.stdout


def test_the_page_names_every_switch_and_fault() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", PAGE, re.MULTILINE))
    assert rows.keys() == {*CHOICES, *LISTS, DELAY}
    for name, values in CHOICES.items():
        assert rows[name] == ", ".join(f"`{value}`" for value in values)
    assert all(f"`{name}`" in PAGE for name in FaultName)
