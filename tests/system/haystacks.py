"""All that a running stack leaves behind or tells, in bytes, by kind."""

from __future__ import annotations

import base64
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.system.processes import SECONDS
from tests.system.rude import Rude
from tests.system.search import Canary, Needles
from tests.system.stack import Mock, Service

KINDS = (
    "answers",
    "commands",
    "database",
    "keys",
    "logs",
    "metrics",
    "outbound",
    "processes",
    "rows",
    "temporary",
)

KEPT = ("keys", "state", "journal")
"""The folders beside the database."""

Haystacks = Mapping[str, Mapping[str, bytes]]

_LARGEST = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A canary and the kind of haystack that it was found in."""

    order: str
    path: str
    kind: str


def gather(
    service: Service, mock: Mock, rudes: Iterable[Rude], answers: Mapping[str, bytes], commands: Mapping[str, bytes]
) -> Haystacks:
    """Everything there is to look through while the stack still runs."""
    told = service.client.get(service.metrics + "/metrics", timeout=SECONDS)
    pids = [*service.pids(), mock.process.popen.pid]
    return {
        "answers": answers,
        "commands": commands,
        "database": service.stored(),
        "keys": {name: kept for part in KEPT for name, kept in files(service.folder / part).items()},
        "logs": {"serve": service.log.read_bytes(), "mock": mock.process.log.read_bytes()},
        "metrics": {"metrics": raw(told)},
        "outbound": {**ledger(mock), **{f"{rude.url} {n}": seen for rude in rudes for n, seen in enumerate(rude.seen)}},
        "processes": {f"{pid} {name}": content for pid in pids for name, content in process(pid)},
        "rows": dict(rows(service.database / "parcelveil.db", service.folder / "copy.db")),
        "temporary": {
            **files(service.folder / "tmp"),
            **{f"{pid} {name}": content for pid in pids for name, content in deleted(pid)},
        },
    }


def find(needles: Needles, haystacks: Haystacks) -> dict[Place, set[str]]:
    """Where each canary was found, with the names of the haystacks and how it was written."""
    found: dict[Place, set[str]] = {}
    for kind, contents in haystacks.items():
        for name, content in contents.items():
            for finding in needles.find(content):
                place = Place(order=finding.canary.order, path=finding.canary.path, kind=kind)
                found.setdefault(place, set()).add(f"{name} ({finding.written or 'as it is'})")
    return found


def raw(answer: requests.Response) -> bytes:
    """An answer as it came: status line, headers, body."""
    lines = [f"{answer.status_code} {answer.reason}", *(f"{name}: {value}" for name, value in answer.headers.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + answer.content


def ledger(mock: Mock) -> dict[str, bytes]:
    """What the simulated platform received: method, path, idempotency key, body."""
    return {
        f"ledger {entry['seq']}": f"{entry['method']} {entry['path']} {entry['idempotency_key']}\n".encode()
        + base64.b64decode(entry["body_base64"])
        for entry in mock.ledger()["requests"]
    }


def files(folder: Path) -> dict[str, bytes]:
    """Every file beneath a folder, its name included."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.exists() else ():
        with suppress(FileNotFoundError):
            found[str(path)] = str(path).encode() + b"\n" + (path.read_bytes() if path.is_file() else b"")
    return found


def process(pid: int) -> Iterator[tuple[str, bytes]]:
    """What anybody can see of a process: environment, arguments, the names of its open files."""
    folder = Path(f"/proc/{pid}")
    for name in ("environ", "cmdline"):
        yield name, (folder / name).read_bytes()
    yield "fd", "\n".join(link for _, link in _descriptors(pid)).encode()


def deleted(pid: int) -> Iterator[tuple[str, bytes]]:
    """Files without a name that a process still holds open."""
    for number, link in _descriptors(pid):
        if link.endswith(" (deleted)") and link.startswith("/"):
            with Path(f"/proc/{pid}/fd/{number}").open("rb") as file:
                yield link, file.read(_LARGEST)


def _descriptors(pid: int) -> Iterator[tuple[str, str]]:
    for descriptor in sorted(Path(f"/proc/{pid}/fd").iterdir()):
        with suppress(FileNotFoundError):
            yield descriptor.name, str(descriptor.readlink())


def rows(database: Path, copy: Path) -> Iterator[tuple[str, bytes]]:
    """Every column of every table as one haystack: in the file a long value is scattered over pages."""
    shutil.copy(database, copy)
    with closing(sqlite3.connect(copy)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            cursor = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the database's own names
            names = [column[0] for column in cursor.description]
            for name, cells in zip(names, zip(*cursor.fetchall(), strict=True), strict=False):
                yield f"{table}.{name}", b"\n".join(map(_cell, cells))
    os.unlink(copy)


def _cell(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8")


def canary(canaries: Iterable[Canary], path: str) -> Canary:
    """The canary that stands at ``path``."""
    return next(found for found in canaries if found.path == path)
