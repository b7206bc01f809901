"""Files that nobody else may read or change: the one place that opens, judges and replaces them.

A folder is 0700 and a file 0600 and both are ours (or root's); or 0750 and 0640 for one group that the configuration
names. Whoever owns what that group may read belongs to it, because nobody else can give a file to a group. Tighter
modes are as good. On a read-only mount a folder's own mode says nothing, since nobody can put a file there: so the
secret volumes of container platforms work, whose folders are 0755 or wider, and whose files are links.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from middleware.errors import ConfigError

_FORMS = "use 0700 for folders and 0600 for files"
_SHARED_FORMS = f"{_FORMS}, or 0750 and 0640 for the group of server.keys_group"


def read(path: Path, group: int | None) -> bytes:
    """The content of a file, judged with the folders that it lies in.

    Raises: ConfigError naming the path that is missing, cannot be read, or lets others in.
    """
    try:
        with path.open("rb") as file:
            status, content = os.fstat(file.fileno()), file.read()
    except FileNotFoundError as problem:
        fault = f"{problem.strerror}; make the keys with `parcelveil keys provision`"
    except PermissionError as problem:
        fault = f"{problem.strerror} for user {os.geteuid()}; only its owner and the group of server.keys_group may"
    except OSError as problem:
        fault = str(problem.strerror)
    else:
        for folder in dict.fromkeys((path.parent, path.resolve().parent)):  # a link's own folder, and its target's
            check_folder(folder, group)
        _judge(path, status, group)
        return content
    raise ConfigError(f"{path}: {fault}")


def check_folder(folder: Path, group: int | None) -> None:
    """Whether nobody else can put a file there, or look for one. Raises: ConfigError."""
    status = _status(folder)
    if not (_is_ours(status) and _is_read_only(folder)):
        _judge(folder, status, group)


def check_above(folder: Path, group: int | None) -> None:
    """The same for the folder above key folders, which a container platform makes itself: root's may be looked into.

    Raises: ConfigError.
    """
    status = _status(folder)
    if status.st_uid != 0 or status.st_mode & 0o022:
        check_folder(folder, group)


def check_private(folder: Path) -> None:
    """Whether a folder, where there is one, and the files in it are for one user alone, whatever the group.

    A folder of another user is as it should be: it is the relay's, and not ours to look into. Raises: ConfigError.
    """
    try:
        found = [folder, *folder.iterdir()]
    except FileNotFoundError:
        return
    except PermissionError:
        found = [folder]
    for path in found:
        mode = stat.S_IMODE(_status(path).st_mode)
        if mode & 0o077:
            command = f"chmod {'700' if path.is_dir() else '600'} {path}"
            raise ConfigError(f"{path}: mode {mode:04o} lets others in; {_FORMS}, as these are never shared: {command}")


def _judge(path: Path, status: os.stat_result, group: int | None) -> None:
    mode, folder = stat.S_IMODE(status.st_mode), stat.S_ISDIR(status.st_mode)
    if not mode & 0o077:
        if not _is_ours(status):
            mend = f"chown {os.geteuid()} {path}"
            raise ConfigError(f"{path}: it belongs to another user, who could change it; take it over: {mend}")
    elif group is None:
        mend = f"chmod {'700' if folder else '600'} {path}"
        raise ConfigError(f"{path}: mode {mode:04o} lets others in; {_FORMS}: {mend}")
    elif mode & (0o027 if folder else 0o037):
        mend = f"chmod {'750' if folder else '640'} {path}"
        raise ConfigError(f"{path}: mode {mode:04o} lets others in; {_SHARED_FORMS}: {mend}")
    elif status.st_gid != group:
        what = f"it is for the group {status.st_gid}, but server.keys_group is {group}"
        raise ConfigError(f"{path}: {what}; give it to that group: chgrp {group} {path}")


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as problem:
        fault = f"{path}: {problem.strerror}"
    raise ConfigError(fault)


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid in (0, os.geteuid())


def _is_read_only(path: Path) -> bool:
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def make_folder(folder: Path, group: int | None) -> None:
    """Make a folder where there is none. Raises: ConfigError."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)  # two processes may do so at once
            _share(folder, 0o750, group)
    except OSError as problem:
        fault = f"{folder}: {problem.strerror}"
    else:
        return
    raise ConfigError(fault)


@contextmanager
def alone(folder: Path, group: int | None) -> Iterator[bool]:
    """Whether this process is the only one that holds the folder, which is made where there is none, until the block
    ends. Raises: ConfigError.
    """
    make_folder(folder, group)
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as problem:
        fault = f"{folder}: {problem.strerror}"
    else:
        try:
            yield _locked(handle)
        finally:
            os.close(handle)
        return
    raise ConfigError(fault)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write(path: Path, content: bytes, group: int | None) -> None:
    """Write a new file beside, sync it, and put it in place: a crash leaves the old or the new one. Raises:
    ConfigError; the old one stays.
    """
    try:
        _replace(path, content, group)
    except OSError as problem:
        fault = f"{path}: {problem.strerror}"
    else:
        return
    raise ConfigError(fault)


def write_new(path: Path, content: bytes, group: int | None) -> bool:
    """Put a new file in place, synced, unless there is one already; whether it was put. Raises: ConfigError."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            _fill(handle, Path(name), content, group)
            os.link(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
        sync(path.parent)
    except FileExistsError:  # somebody else was first, and what was sealed to theirs must open
        return False
    except OSError as problem:
        fault = f"{path}: {problem.strerror}"
    else:
        return True
    raise ConfigError(fault)


def _replace(path: Path, content: bytes, group: int | None) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        _fill(handle, Path(name), content, group)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    sync(path.parent)


def _fill(handle: int, path: Path, content: bytes, group: int | None) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        _share(path, 0o640, group)
        os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Make durable what was put into a folder or taken out of it. Raises: OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _share(path: Path, mode: int, group: int | None) -> None:
    if group is not None:
        os.chown(path, -1, group)
        path.chmod(mode)
