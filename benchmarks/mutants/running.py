"""Tests over a copy of the tree, each run in a process of its own: a fork of this one, which has the libraries loaded
and nothing of ours.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("schemas", "middleware", "simulator", "scripts", "tests")
NEEDED = (*OURS, "docs", "examples", "setup.cfg", "pyproject.toml", "README.md", "CHANGELOG.md")
WARM = ("hypothesis", "marshmallow", "flask", "sqlalchemy", "alembic.command", "joserfc.jwe", "cryptography.x509")
WARM_TOO = ("orjson", "structlog", "requests", "responses", "phonenumbers", "rich.console", "click", "jwcrypto.jwk")

ASKED = ("tests/schemas", "tests/middleware/core", "tests/middleware", "tests/storage")
"""Where tests are looked for, the quickest first; those of whole processes and of PostgreSQL would take too long."""

_numbers = itertools.count()

SLOW = "[postgres"
LOADED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
"""pytest would rewrite the assertions of its plug-ins too: here they are loaded before."""

DEADLINE = 120.0
"""Seconds for one round of tests: who is not ready by then has shown nothing."""

NO_PROOF = (ImportError, SyntaxError, NameError, MemoryError, pytest.skip.Exception, pytest.xfail.Exception)
"""What a test may raise without having seen anything: the mutant, or the harness, is broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A test that is green on the tree as it is. ``seconds``: how long it took there."""

    node: str
    ids: tuple[str, ...]
    seconds: float

    @property
    def file(self) -> str:
        return self.node.partition("::")[0]


@dataclass(slots=True, kw_only=True, eq=False)
class Watching:
    """What pytest is told to run, and what came of it. ``wanted``: nodes in their order; without it, all of ``ids``."""

    ids: Collection[str] = ()
    wanted: Mapping[str, int] | None = None
    passed: list[tuple[str, tuple[str, ...], float]] = field(default_factory=list)
    red: str = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        wanted = self.wanted
        if wanted is None:
            most = int(import_module("tests.conftest").MOST)  # one that names more shows none
            named = ((item, _ids(item)) for item in items if SLOW not in item.nodeid)
            items[:] = [item for item, ids in named if len(ids) <= most and {*ids} & {*self.ids}]
        else:
            items[:] = sorted((one for one in items if one.nodeid in wanted), key=lambda one: wanted[one.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.when == "call":
            if call.excinfo is None:
                self.passed.append((item.nodeid, _ids(item), report.duration))
            elif self.wanted is not None and not isinstance(call.excinfo.value, NO_PROOF) and not _late(call):
                self.red = item.nodeid
                item.session.shouldstop = "one is enough"
        return report


def _ids(item: pytest.Item) -> tuple[str, ...]:
    return tuple(dict.fromkeys(id_ for mark in item.iter_markers("policy") for id_ in mark.args))


def _late(call: pytest.CallInfo[None]) -> bool:
    return call.excinfo is not None and str(call.excinfo.value).startswith("Timeout (")


def warm() -> None:
    """Load what every run needs, once."""
    for name in (*WARM, *WARM_TOO):
        import_module(name)


def copied(folder: Path) -> Path:
    """A copy of the tree in ``folder``."""
    for name in NEEDED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def again(tree: Path, folder: Path) -> Path:
    """Another copy, with what was compiled there: it stands by the time of its source, which is copied too."""
    return Path(shutil.copytree(tree, folder, symlinks=True))


@contextmanager
def replaced(tree: Path, file: str, content: str) -> Iterator[None]:
    """That file of the copy with other content. Its compiled form stands by its time, so the old one comes back too."""
    path = tree / file
    before, stamp = path.read_bytes(), path.stat()
    path.write_text(content, encoding="utf-8")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 7_000_000_000))
    try:
        yield
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def proofs(tree: Path, folders: Sequence[str], ids: Collection[str], workers: int) -> tuple[Proof, ...]:
    """The tests of these folders that name few requirements, one of ``ids`` among them, and are green there, shared
    among so many processes. Compiles what later runs load.

    Raises: RuntimeError if they cannot be run.
    """
    files = sorted({f"{file.relative_to(tree)}" for folder in folders for file in (tree / folder).rglob("test_*.py")})
    shares = [partial(_collected, files[number::workers], ids) for number in range(min(workers, len(files)))]
    started = [_started(tree, share, compiled=True) for share in shares]
    answers = [_answered(child, answer, 3600.0) for child, answer in started]
    found = [passed for answer in answers if answer for passed in answer["passed"]]
    if not all(answers):
        raise RuntimeError("the tests could not be run on the tree as it is")
    return tuple(Proof(node=node, ids=tuple(ids), seconds=seconds) for node, ids, seconds in found)


def red(tree: Path, among: Sequence[Proof], likely: str = "") -> str:
    """The first of these tests that turns red there; empty if none does. Those of the file ``likely`` come first, and
    then the quick folders.
    """
    others = ([one for one in among if one.file != likely and _folder(one) == folder] for folder in ASKED)
    for here in ([one for one in among if one.file == likely], *others):
        here.sort(key=lambda one: one.seconds)
        wanted = {one.node: place for place, one in enumerate(here)}
        files = sorted({one.file for one in here})
        if files:
            found = forked(tree, partial(_watched, files, wanted))
            if found and found["red"]:
                return str(found["red"])
    return ""


def _folder(proof: Proof) -> str:
    return max((folder for folder in ASKED if proof.file.startswith(f"{folder}/")), key=len)


def _collected(files: Sequence[str], ids: Collection[str]) -> Mapping[str, Any]:
    watching = Watching(ids=ids)
    _pytest(files, watching)
    return {"passed": watching.passed}


def _watched(files: Sequence[str], wanted: Mapping[str, int]) -> Mapping[str, Any]:
    watching = Watching(wanted=wanted)
    _pytest(files, watching)
    return {"red": watching.red}


def _pytest(places: Sequence[str], watching: Watching) -> None:
    from hypothesis import settings

    settings.register_profile("mutants", settings.default, derandomize=True, database=None, deadline=None)
    settings.load_profile("mutants")
    words = ("-q", "-p", "no:cacheprovider", "-o", "timeout=20", "--continue-on-collection-errors", *LOADED)
    pytest.main([*places, *words], plugins=[watching])


def forked(
    tree: Path, work: Callable[[], Mapping[str, Any]], *, compiled: bool = False, deadline: float = DEADLINE
) -> Mapping[str, Any] | None:
    """What ``work`` gives in a child that sees ``tree`` and not this checkout; None if it died or came too late."""
    return _answered(*_started(tree, work, compiled=compiled), deadline)


def _started(tree: Path, work: Callable[[], Mapping[str, Any]], *, compiled: bool) -> tuple[int, Path]:
    """The child, and where its answer will stand."""
    answer = tree / f".answer-{next(_numbers)}-{os.getpid()}"
    answer.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        _child(tree, work, answer, compiled=compiled)
    return child, answer


def _output(answer: Path) -> Path:
    """What the child printed stands here, as long as it has not answered."""
    return answer.with_suffix(".output")


def _answered(child: int, answer: Path, deadline: float) -> Mapping[str, Any] | None:
    end = time.monotonic() + deadline
    try:
        while os.waitpid(child, os.WNOHANG) == (0, 0) and time.monotonic() < end:
            time.sleep(0.005)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # and whatever it left running
        with suppress(ChildProcessError):
            os.waitpid(child, 0)
    if not answer.exists():
        return None
    told: Mapping[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    for done in (answer, _output(answer)):
        done.unlink()
    return told


def _child(tree: Path, work: Callable[[], Mapping[str, Any]], answer: Path, *, compiled: bool) -> None:
    try:
        os.setsid()
        os.chdir(tree)
        silent = os.open(_output(answer), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]
        sys.path[:] = [str(tree), *(place for place in sys.path if place not in ("", str(ROOT)))]
        sys.dont_write_bytecode = not compiled
        os.environ.update(PYTHONPATH=str(tree), PYTHONDONTWRITEBYTECODE="" if compiled else "1")
        found = work()
        strange = [name for name in OURS if name in sys.modules and not _within(tree, name)]
        if not strange:
            written = answer.with_suffix(".new")
            written.write_text(json.dumps(found), encoding="utf-8")
            written.rename(answer)
    except BaseException:
        traceback.print_exc()  # the parent finds no answer, whoever looks finds this beside it
        raise
    finally:
        os._exit(0)


def _within(tree: Path, name: str) -> bool:
    return all(str(place).startswith(str(tree)) for place in sys.modules[name].__path__)
