"""Processes: started with nothing of the environment, waited for, looked at, ended with all their children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 30.0
"""How long anything may take that is waited for."""


def wait_for(ready: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Wait until ``ready`` says so. Raises: AssertionError after ``seconds``."""
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.03)


def environment(folder: Path) -> dict[str, str]:
    """What a process gets and nothing else: this tree's code and a temporary folder of its own."""
    (folder / "tmp").mkdir(exist_ok=True)
    given = {"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8", "TMPDIR": str(folder / "tmp")}
    return {**given, "PYTHONPATH": str(ROOT)}


@dataclass(slots=True, kw_only=True)
class Process:
    """A process under way and the file that holds all that it says."""

    popen: subprocess.Popen[bytes]
    log: Path

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = SECONDS) -> int:
        """Let it end; its exit status. What does not end is killed with all its children, and an error."""
        family = [self.popen.pid, *descendants(self.popen.pid)]
        if self.popen.poll() is None:
            self.popen.send_signal(number)
        try:
            return self.popen.wait(seconds)
        finally:
            for pid in family:
                if alive(pid) and pid != self.popen.pid:
                    os.kill(pid, signal.SIGKILL)
            self.popen.kill()
            self.popen.wait()


def start(module: Sequence[str], log: Path, environment: Mapping[str, str], under: Sequence[str] = ()) -> Process:
    """Start ``python -m …`` with its output in ``log``; ``under`` comes before it."""
    with log.open("ab") as output:
        popen = subprocess.Popen(
            [*under, sys.executable, "-m", *module],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=log.parent,
            start_new_session=True,
        )
    return Process(popen=popen, log=log)


def descendants(pid: int) -> list[int]:
    """The processes that came from ``pid``, nearest first."""
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        parents.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found, unseen = [], [pid]
    while unseen:
        children = parents.get(unseen.pop(0), [])
        found += children
        unseen += children
    return found


def alive(pid: int) -> bool:
    """Whether that process runs (one that ended and was not yet waited for does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def role_of(pid: int) -> str:
    """``intake``, ``relay`` …, or ``""`` for a process of another kind."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return ""
    return arguments[arguments.index("run-role") + 1] if "run-role" in arguments else ""
