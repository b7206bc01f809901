"""What a traced process did to its database's files and to its sockets, in order, and whether it synced in time.

A process that is killed loses nothing that the system knows; a machine that loses its power loses what was not synced.
So every answer 2xx has to come after a sync of every file of the database that was written to since the last one.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.system.processes import SECONDS, descendants
from tests.system.stack import Service

STRACE = shutil.which("strace")
CALLS = "fsync,fdatasync,write,pwrite64,writev,pwritev,ftruncate,unlink,unlinkat,rename,sendto,sendmsg,send"

_LINE = re.compile(r"(?P<pid>\d+) +(?P<rest>.*)")
_CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)")
_RESUMED = re.compile(r"<\.\.\. (?P<name>\w+) resumed>(?P<arguments>.*)")
_FILE = re.compile(r"\d+<(?P<path>/[^>]*)>")
_SYNCS = ("fsync", "fdatasync")
_SOCKET = re.compile(r"\d+<(?:socket|TCP)")
_ANSWER = re.compile(r'"HTTP/1\.1 2\d\d ')


def available() -> str | None:
    """Why tracing cannot be had here, or None."""
    if STRACE is None:
        return "strace is not installed (apt install strace)"
    tried = subprocess.run([STRACE, "-o", "/dev/null", "true"], capture_output=True, check=False, timeout=30)
    return None if tried.returncode == 0 else "this machine does not let processes be traced"


def under(trace: Path) -> tuple[str, ...]:
    """What to put before a command, so that it and all that it starts is traced."""
    return STRACE or "strace", "-f", "-y", "-o", str(trace), "-e", f"trace={CALLS}"


def end(service: Service) -> None:
    """Let a service that is traced end, and the tracer after it."""
    assert service.process is not None
    os.kill(descendants(service.process.popen.pid)[0], signal.SIGTERM)
    service.process.popen.wait(SECONDS)


@dataclass(slots=True, kw_only=True)
class Synced:
    """How many answers 2xx were given, how many of them after writes, and the numbers of those given too early."""

    answers: int = 0
    after_writes: int = 0
    too_early: list[int]


def judge(trace: Iterable[str], folder: Path) -> Synced:
    """Follow the calls of a trace (``strace -f -y``) to the files in ``folder``."""
    found = Synced(too_early=[])
    unsynced: set[str] = set()
    wrote = False
    for name, arguments, well in _calls(trace):
        path = _path(name, arguments)
        if path is not None and path.startswith(f"{folder}/") and not path.endswith((".lock", ".turn")):
            if name not in _SYNCS:
                unsynced.add(path)
                wrote = True
            elif well:
                unsynced.discard(path)
        elif _ANSWER.search(arguments) and _SOCKET.match(arguments):
            found.answers += 1
            found.after_writes += wrote
            if unsynced:
                found.too_early.append(found.answers)
            wrote = False
    return found


def _calls(trace: Iterable[str]) -> Iterator[tuple[str, str, bool]]:
    """(call, arguments, whether it ended well): a call that other threads interrupt is told when it begins and ends."""
    begun: dict[str, str] = {}
    for line in trace:
        whole = _LINE.match(line)
        if whole is None:
            continue
        pid, rest = whole["pid"], whole["rest"]
        if resumed := _RESUMED.match(rest):
            if resumed["name"] in _SYNCS:  # all others count when they begin
                yield resumed["name"], begun.pop(pid, ""), " = 0" in resumed["arguments"]
        elif call := _CALL.match(rest):
            if "<unfinished ...>" in rest:
                begun[pid] = call["arguments"]
            yield call["name"], call["arguments"], " = 0" in rest


def _path(name: str, arguments: str) -> str | None:
    """The file that a call is about."""
    if name.startswith(("unlink", "rename")):
        named = re.search(r'"(/[^"]*)"', arguments)
        return named[1] if named else None
    found = _FILE.match(arguments)
    return found["path"] if found else None
