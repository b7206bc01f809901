"""Commands run as another Unix user, without an account being made. Only root can do so."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.system.processes import ROOT

GROUP = 4300
"""The group of those who share the service's keys."""

REQUIRED = os.environ.get("TEST_USERS") == "required"
"""Whether a run in which these tests cannot be done is to fail: so it is where `.ci/run` is run by root."""

as_root = pytest.mark.skipif(
    not REQUIRED and (os.geteuid() != 0 or None in (shutil.which("unshare"), shutil.which("setpriv"))),
    reason="NOT SHOWN: only root can be several users, give files away and mount (unshare and setpriv of util-linux)",
)


def as_user(user: int, command: Sequence[str], groups: Iterable[int] = ()) -> list[str]:
    """What to run in place of ``command``: the same process with these ids and no other privilege, in a mount
    namespace of its own in which that user can reach this Python and this tree.
    """
    listed = ",".join(map(str, groups))
    ids = ["--reuid", str(user), "--regid", str(user), *(["--groups", listed] if listed else ["--clear-groups"])]
    return in_a_namespace([*_uncovered(), f"exec setpriv {' '.join(ids)} -- {shlex.join(command)}"])


def in_a_namespace(steps: Iterable[str]) -> list[str]:
    """Shell commands, none of which may fail, whose mounts nobody else sees."""
    return ["unshare", "--mount", "sh", "-ec", "\n".join(steps)]


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user can pass through, as those of pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="parcelveil-users-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


def _uncovered() -> Iterator[str]:
    """Mounts that lay open what lies beneath a folder that is root's alone, such as a Python in root's home."""
    needed = sorted({sys.base_prefix, sys.prefix, str(ROOT)})
    covered = {place: closed for place in needed if (closed := _closed(Path(place)))}
    yield "mount -t tmpfs none /mnt"
    for number, place in enumerate(map(shlex.quote, covered)):
        yield f"mkdir /mnt/{number} && mount --bind {place} /mnt/{number}"
    for folder in sorted(set(covered.values())):
        yield f"mount -t tmpfs -o mode=0755 none {shlex.quote(str(folder))}"
    for number, place in enumerate(map(shlex.quote, covered)):
        yield f"mkdir -p {place} && mount --bind /mnt/{number} {place}"


def _closed(place: Path) -> Path | None:
    """The first folder on the way there that is not everybody's to pass through."""
    return next((folder for folder in reversed(place.parents) if not folder.stat().st_mode & 0o001), None)
