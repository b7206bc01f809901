"""What runs in processes of its own, to be killed, starved or raced: ``start("accepting", url)``.

A child tells what was acknowledged on its standard output, a line each, and never before the acknowledgement.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, event, inspect

from middleware.errors import StorageError
from middleware.model_events import Event, EventType, Release, Selector
from middleware.storage import migrate, open_retention, open_store, postgres, sqlite
from tests.storage.builders import LATER, LEASE, NOW, again, arrival, record
from tests.storage.purging import TEN_YEARS, purge

ROOT = Path(__file__).parents[2]
SEEN = ("SELECT state FROM records", "SELECT count(*) FROM events", "SELECT count(*) FROM audit_entries")


def start(child: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.storage.children", child, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def go(*children: subprocess.Popen[str]) -> None:
    """Let children that wait for each other begin."""
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()


def ready() -> None:
    """Wait for the others."""
    tell("ready")
    sys.stdin.readline()


def tell(*words: object) -> None:
    os.write(
        1, f"{' '.join(map(str, words))}\n".encode()
    )  # one write: threads do not mix their lines, a kill cuts none


def accepting(url: str) -> None:
    """New orders without end, from two threads."""
    store = open_store(url)

    def work() -> None:
        while True:
            answer = store.accept(arrival(), record())
            tell(answer.id)

    together(2, work)


def claiming(url: str) -> None:
    """Claims all that is due, from two threads."""
    store = open_store(url)

    def work() -> None:
        while (stored := store.claim(NOW, LEASE, "demo")) is not None:
            tell(stored.id, stored.fence)

    ready()
    together(2, work)


def versions(url: str, *orders: str) -> None:
    """For every order ten versions in disorder, from two threads; each content is told by its time."""
    store = open_store(url)

    def work() -> None:
        for order in orders:
            first = arrival(order=bytes.fromhex(order))
            for minutes in (3, 1, 4, 0, 5, 9, 2, 6, 8, 7):
                version = again(first, updated_at=NOW + minutes * LATER)
                store.accept(version, record(content=minutes.to_bytes(32), due=NOW + LATER))

    ready()
    together(2, work)


def changing(url: str, *orders: str) -> None:
    """Every order changes its content eight times, one order after the other."""
    store = open_store(url)
    ready()
    for order in orders:
        version = arrival(order=bytes.fromhex(order))
        for _ in range(8):
            store.accept(version, record())
            version = again(version)


def purging(url: str) -> None:
    """Kills a purge at each of its statements and commits in turn, until one comes to its end."""
    for statement in count():
        now = TEN_YEARS + statement * 5 * LATER  # the lease of the run before has ended
        ended = _ended(partial(purge, url, now, batch=3), statement)
        tell("ended" if ended else "killed")
        if ended:
            return


def declaring(url: str, record_id: str, receipt: str) -> None:
    """Kills a declaration at each of its statements and commits in turn, until one comes to its end; tells the state of
    what it lets go, and how many events and audit entries there are.
    """
    engine = create_engine(url, poolclass=NullPool)
    selector = Selector(record_id=record_id)
    released = (Release(record_id=record_id, before=receipt, after="signed anew"),)
    day, until = NOW.date(), NOW.date() + timedelta(days=30)

    def declare(mark: str) -> None:
        asked: dict[str, Any] = {"shop": "demo", "about": None, "by": "Els", "at": NOW, "until": until}
        event_ = Event(id=mark, type=EventType.DECLARATION, selector=selector, day=day, **asked)
        open_retention(url).record(event_, None, NOW, None, released)

    for statement in count():
        ended = _ended(partial(declare, str(statement)), statement)
        with engine.connect() as connection:
            found = [connection.exec_driver_sql(page).scalar_one() for page in SEEN]
        tell("ended" if ended else "killed", *found)
        if ended:
            return


def full(url: str) -> None:
    """Asks whether the database can be written to where no file may hold another byte, and with room again."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = open_store(url)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for bytes_ in (hard, 0, hard):
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, hard))
        try:
            store.ping()
        except StorageError as error:
            tell("refused", error)
        else:
            tell("well")


def starved(url: str, path: str) -> None:
    """Accepts until the file may grow no more; then, with room again, once more. Tells what was acknowledged."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = open_store(url)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (os.stat(path).st_size + 150_000, hard))
    refused = None
    while refused is None:
        try:
            tell(store.accept(arrival(), record()).id)
        except StorageError as error:
            refused = error
    tell("refused", refused)
    with contextlib.suppress(StorageError):
        tell(store.accept(arrival(), record()).id)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    tell(store.accept(arrival(), record()).id)
    tell("recovered")


def migrating(url: str) -> None:
    """Kills a migration at every fifth of its statements, at the last ones and at its commit; tells what tables there
    are after each. What one statement left behind would be there after all later deaths, too.
    """
    engine = create_engine(url, poolclass=NullPool)
    many = _steps(lambda: migrate(url))
    _undo(engine)
    for statement in (*range(0, many - 3, 5), *range(many - 3, many + 1)):
        ended = _ended(lambda: migrate(url), statement)
        tell("ended" if ended else "killed", *sorted(inspect(engine).get_table_names()))


def _steps(work: Callable[[], object]) -> int:
    """How many statements and commits it takes."""
    steps = count()

    def step(*_: Any) -> None:
        next(steps)

    events = ("before_cursor_execute", "commit")
    for name in events:
        event.listen(Engine, name, step)
    work()
    for name in events:
        event.remove(Engine, name, step)
    return next(steps)


def _undo(engine: Engine) -> None:
    """No schema is there any more."""
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).unlink()
        return
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")


def _ended(work: Callable[[], object], statement: int) -> bool:
    """Work in yet another process that dies just before it carries out that statement."""
    pid = os.fork()
    if pid:
        return not os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    left = iter(range(statement))

    def die(*_: Any) -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", die)
    event.listen(Engine, "commit", die)
    work()
    os._exit(0)


def together(threads: int, work: Callable[[], None]) -> None:
    """Do the same in several threads at once; what one of them raises is raised."""
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work) for _ in range(threads)]:
            done.result()


if __name__ == "__main__":
    sqlite.WRITE_LOCK_SECONDS = 60.0  # type: ignore[misc]  # a busy machine is no failure of the store
    postgres._SESSION["lock_timeout"] = "60s"
    globals()[sys.argv[1]](*sys.argv[2:])
