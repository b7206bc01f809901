"""Processes that the demonstration starts: their output in files, always ended, in the order that it wants."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from simulator.wire import NoAnswerError, exchange

START_SECONDS = 30.0
STOP_SECONDS = 30.0
COMMAND_SECONDS = 60.0
POLL_SECONDS = 0.05
TAIL_LINES = 15
HOST = "127.0.0.1"
PORTS = range(20_000, 32_000)
PORT_TRIALS = 100


class DemoError(Exception):
    """The demonstration could not be carried out; the message says why, with the end of the log concerned."""


@dataclass(slots=True, kw_only=True)
class Process:
    """A process under way, the file that holds its output, and at which byte of it that begins."""

    name: str
    log: Path
    begin: int
    popen: subprocess.Popen[bytes]

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Wait until ``ready`` says so. Raises: DemoError (the process ended, or took too long)."""
        until = time.monotonic() + START_SECONDS
        while not ready():
            if self.popen.poll() is not None:
                raise DemoError(f"`{self.name}` ended with status {self.popen.returncode}:\n{tail(self.log)}")
            if time.monotonic() > until:
                raise DemoError(f"`{self.name}` was not ready after {START_SECONDS:.0f} s:\n{tail(self.log)}")
            time.sleep(POLL_SECONDS)

    def finish(self, admitted: Collection[int] = (0,)) -> None:
        """Wait until it has ended by itself. Raises: DemoError (with no status that is ``admitted``, or it took too
        long).
        """
        try:
            status: int | str = self.popen.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            status = f"none after {COMMAND_SECONDS:.0f} s"
        if status not in admitted:
            raise DemoError(f"`{self.name}` ended with status {status}:\n{tail(self.log)}")

    def said(self) -> str:
        """Its output up to now."""
        return self.log.read_bytes()[self.begin :].decode("utf-8", errors="replace")

    def stop(self) -> None:
        """Let it finish what it holds; what does not end is ended."""
        if self.popen.poll() is not None:
            return
        self.popen.terminate()
        try:
            self.popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()


def start(name: str, module: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> Process:
    """Start ``python -m …``, in a session of its own: Ctrl-C reaches the demonstration, which then stops the others."""
    with log.open("ab") as output:
        begin = output.tell()
        popen = subprocess.Popen(
            [sys.executable, "-m", *module],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )
    return Process(name=name, log=log, begin=begin, popen=popen)


def tail(log: Path) -> str:
    """The last lines of a log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-TAIL_LINES:]) or "    (it said nothing)"


def answers(url: str) -> bool:
    """Whether ``url`` answers 200."""
    try:
        return exchange("GET", url).status == 200
    except NoAnswerError:
        return False


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody listens on, beneath those that a system hands out by itself: no two of
    them the same.

    Raises: DemoError (so many were not found).
    """
    found: list[int] = []
    for port in secrets.SystemRandom().sample(PORTS, PORT_TRIALS):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            found.append(port)
        if len(found) == count:
            return found
    raise DemoError(f"no {count} free ports on {HOST} between {PORTS.start} and {PORTS.stop}")
