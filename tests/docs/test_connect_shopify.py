"""docs/connect-shopify.md: what is ours in it is run from the first line to the last, in an empty folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pypdf import PdfReader

from schemas.shopify import include_fields
from tests.docs.reading import DOCS, TREE
from tests.ports import free_port

GUIDE = DOCS / "connect-shopify.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
OURS = [block for kind, block in BLOCKS if kind == "sh"]
LABEL = next(block for _, block in BLOCKS if block.startswith("curl "))
RUN = [block for kind, block in BLOCKS if kind in ("sh", "toml") or block == LABEL]
TOML = [block for kind, block in BLOCKS if kind == "toml"]
TRIAL, SECOND = TOML
SECONDS = 200
WAIT = """
for _ in $(seq 300); do (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && break; sleep 0.1; done
"""
"""After a command that goes on: until it listens."""

ARRIVED = "for _ in $(seq 100); do parcelveil deliveries list {shop} | grep -q delivered && break; sleep 0.1; done"

ID = """ID=$(parcelveil shipments find "#1001" --json | sed -n 's/^ *"id": "\\(.*\\)",$/\\1/p')"""
"""What the reader copies from ``shipments find``."""

SHIMS = {
    "parcelveil": f"""#!/bin/bash
exec {sys.executable} -m middleware "$@"
""",
    "curl": f"""#!{sys.executable}
import sys
import urllib.request

_, _, header, _, file, url = sys.argv
name, _, value = header.partition(": ")
with urllib.request.urlopen(urllib.request.Request(url, headers={{name: value}}), timeout=30) as answer:
    open(file, "wb").write(answer.read())
""",
}


def script(blocks: list[str], ports: dict[str, int]) -> str:
    """What a reader types and saves, on free ports; before each command stands what it is."""
    lines = ["set -e"]
    for block in blocks:
        on_free_ports = re.sub(r"127\.0\.0\.1:(\d+)", lambda found: f"127.0.0.1:{ports[found[1]]}", block)
        if block in TOML:
            lines += saved(on_free_ports, end=block == TRIAL)
            continue
        for line, typed in zip(block.splitlines(), on_free_ports.splitlines(), strict=True):
            lines += [f"echo {shlex.quote(f'--- {line}')}", *done(line, typed, ports)]
    return "\n".join(lines)


def saved(text: str, *, end: bool) -> list[str]:
    """A file of the reader's; what belongs at the end of the configuration is put there once the service has ended."""
    if end:
        return ['kill "$SERVE"; wait "$SERVE" || true', f"cat >> parcelveil.toml <<'TOML'\n{text}TOML"]
    return [f"cat > second.toml <<'TOML'\n{text}TOML"]


def done(line: str, typed: str, ports: dict[str, int]) -> list[str]:
    """What is run for a line: told where to listen, waited for where it goes on, and the reader is slower than all."""
    platform = f"127.0.0.1:{ports['8090']}"
    if line in LABEL.splitlines():
        return [ID, typed.replace("/ID/", "/$ID/")]
    if " mock " in typed and "--listen" not in typed:
        typed = typed.replace("parcelveil mock ", f"parcelveil mock --listen {platform} ")
    typed = typed.replace("parcelveil init --shop", f"parcelveil init --platform-url http://{platform} --shop")
    if typed.endswith("&"):
        (port,) = re.findall(r"--listen \S+:(\d+)", typed) or [ports["8080"]]
        return [typed, *([] if " mock " in typed else ["SERVE=$!"]), WAIT.format(port=port)]
    if " simulate " in typed:
        shop = "--shop second" if "second" in typed else ""
        return ["sleep 6" if shop else "true", typed, ARRIVED.format(shop=shop)]
    return [typed]


@pytest.fixture
def said(tmp_path: Path) -> str:
    """All that was printed."""
    ports = {port: free_port() for port in ("8080", "8081", "8090", "8091", "9090")}
    (tmp_path / "bin").mkdir()
    for name, text in SHIMS.items():
        shim = tmp_path / "bin" / name
        shim.write_text(text, encoding="utf-8")
        shim.chmod(0o755)
    (tmp_path / "here").mkdir()
    environment = {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        "PYTHONPATH": str(TREE),
        "HOME": str(tmp_path),
        "PARCELVEIL_SERVER__LISTEN": f"127.0.0.1:{ports['8080']}",
        "PARCELVEIL_SERVER__API_LISTEN": f"127.0.0.1:{ports['8081']}",
        "PARCELVEIL_SERVER__METRICS_LISTEN": f"127.0.0.1:{ports['9090']}",
    }
    with (tmp_path / "said").open("wb") as file:
        shell = subprocess.Popen(
            ["/bin/bash", "-c", script(RUN, ports)],
            cwd=tmp_path / "here",
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = shell.wait(SECONDS)
        finally:
            os.killpg(shell.pid, signal.SIGTERM)  # what was started to go on
            shell.wait()
    text = (tmp_path / "said").read_text(encoding="utf-8")
    assert status == 0, text
    return text


def printed(said: str, command: str) -> str:
    """What one command printed."""
    return said.partition(f"--- {command}")[2].partition("\n--- ")[0].partition("\n")[2]


@pytest.mark.timeout(SECONDS + 30)
def test_what_is_ours_runs_as_it_stands_and_ends_with_a_label(said: str, tmp_path: Path) -> None:
    (answer,) = re.findall(r'^{"file".*}$', printed(said, "parcelveil simulate"), re.M)
    told = json.loads(answer)["answer"]
    found = printed(said, "parcelveil shipments find")
    assert told["status"] == "accepted"
    assert f"code {told['reference']}  delivered" in found
    assert told["reference"] in printed(said, "parcelveil deliveries list")
    label = "".join(page.extract_text() for page in PdfReader(tmp_path / "here" / "label.pdf").pages)
    assert "SPECIMEN" in label
    assert told["reference"] in label
    checks = [line for line in printed(said, "parcelveil doctor").splitlines() if not line.startswith(("ok ", "   "))]
    assert [line.partition(":")[0] for line in checks] == ["warn  sender of demo", "warn  clock beside platform"]
    assert "delivered" in printed(said, "parcelveil deliveries list --shop second")
    assert "second: works in mode test; fit to be live." in printed(said, "parcelveil shops check second\n")
    assert "second: works in mode live; fit to be live." in printed(said, "parcelveil shops check second --live")
    assert re.search(r"second +database +live +live", printed(said, "parcelveil shops list"))
    webhooks = tomllib.loads((tmp_path / "here" / "webhooks.toml").read_text(encoding="utf-8"))["webhooks"]
    assert webhooks["subscriptions"][0]["include_fields"] == list(include_fields())
    second = tomllib.loads((tmp_path / "here" / "my-shop" / "parcelveil.toml").read_text(encoding="utf-8"))
    assert second["shops"]["my-shop"]["domain"] == "my-shop.myshopify.com"


def test_only_what_is_ours_is_said_to_run() -> None:
    for block in OURS:
        for line in block.splitlines():
            assert re.match(r"(?:[A-Z_]+=\S+ )?parcelveil |export SHOPIFY_SECRET=", line), line
    assert len(OURS) >= 5


def test_what_shopify_s_sample_would_be_answered_is_told() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert "## What could not be tried here" in text
    for command in ("shopify app config link", "shopify app deploy", "shopify app webhook trigger"):
        assert command in text
