"""Who may read and change a key file: its owner, one group that is named, or nobody at all on a read-only mount."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from middleware import key_files
from middleware.errors import ConfigError
from middleware.key_files import check_above, check_folder, check_private, make_folder, read, write
from middleware.keys import provision
from tests.system.processes import ROOT
from tests.system.users import GROUP, as_root, as_user, in_a_namespace, open_folder

OWN = os.getegid()
OTHER_USER, OTHER_GROUP = 4321, 4322


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A file of a group in a folder of that group."""
    make_folder(tmp_path / "service", OWN)
    write(tmp_path / "service" / "index.key", b"k4n4rie", OWN)
    return tmp_path / "service" / "index.key"


def refusal(path: Path, group: int | None = OWN) -> str:
    """Why a file is not read: one line that names a path and carries nothing else."""
    with pytest.raises(ConfigError) as caught:
        read(path, group)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert "k4n4rie" not in repr(caught.value)
    return str(caught.value)


class TestSharing:
    def test_what_is_made_for_a_group_may_be_read_by_it(self, shared: Path) -> None:
        assert [path.stat().st_mode & 0o7777 for path in (shared, shared.parent)] == [0o640, 0o750]
        assert [path.stat().st_gid for path in (shared, shared.parent)] == [OWN, OWN]
        assert read(shared, OWN) == b"k4n4rie"

    def test_a_mask_does_not_change_it(self, tmp_path: Path) -> None:
        old = os.umask(0o077)
        try:
            make_folder(tmp_path / "service", OWN)
            write(tmp_path / "service" / "index.key", b"", OWN)
        finally:
            os.umask(old)
        assert read(tmp_path / "service" / "index.key", OWN) == b""

    def test_without_a_group_it_is_refused(self, shared: Path) -> None:
        told = "mode 0750 lets others in; use 0700 for folders and 0600 for files"
        assert refusal(shared, None) == f"{shared.parent}: {told}: chmod 700 {shared.parent}"

    @pytest.mark.parametrize("wide", [0o644, 0o604, 0o660, 0o620, 0o650, 0o641, 0o666, 0o777])
    def test_no_other_mode_of_a_file(self, shared: Path, wide: int) -> None:
        shared.chmod(wide)
        told = "use 0700 for folders and 0600 for files, or 0750 and 0640 for the group of server.keys_group"
        assert refusal(shared) == f"{shared}: mode {wide:04o} lets others in; {told}: chmod 640 {shared}"

    @pytest.mark.parametrize("wide", [0o755, 0o770, 0o751, 0o705, 0o720, 0o777])
    def test_no_other_mode_of_a_folder(self, shared: Path, wide: int) -> None:
        shared.parent.chmod(wide)
        assert refusal(shared).startswith(f"{shared.parent}: mode {wide:04o} lets others in; ")

    @pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o600, 0o700), (0o440, 0o550), (0o640, 0o2750)])
    def test_what_is_tighter_will_do(self, shared: Path, file_mode: int, folder_mode: int) -> None:
        shared.chmod(file_mode)
        shared.parent.chmod(folder_mode)
        assert read(shared, OWN) == b"k4n4rie"

    @pytest.mark.parametrize("which", ["file", "folder"])
    def test_another_group_than_the_one_named(self, shared: Path, which: str) -> None:
        if which == "file":
            shared.parent.chmod(0o700)
        path = shared if which == "file" else shared.parent
        assert refusal(shared, OTHER_GROUP) == (
            f"{path}: it is for the group {OWN}, but server.keys_group is {OTHER_GROUP}; "
            f"give it to that group: chgrp {OTHER_GROUP} {path}"
        )

    @as_root
    def test_the_owner_may_be_another_of_the_group(self, shared: Path) -> None:
        for path in (shared, shared.parent):
            os.chown(path, OTHER_USER, -1)
        assert read(shared, OWN) == b"k4n4rie"

    @as_root
    def test_what_another_keeps_to_himself_is_refused_all_the_same(self, shared: Path) -> None:
        os.chown(shared, OTHER_USER, -1)
        shared.chmod(0o600)
        told = refusal(shared)
        assert told.startswith(f"{shared}: it belongs to another user, who could change it; take it over: chown ")

    @as_root
    def test_who_is_not_in_the_group_is_told_so(self) -> None:
        with open_folder() as folder:
            make_folder(folder / "service", GROUP)
            write(folder / "service" / "index.key", b"", GROUP)
            path = folder / "service" / "index.key"
            script = f"from middleware.key_files import *; read(Path({str(path)!r}), {GROUP})"
            assert ended(OTHER_USER, script, GROUP) == (0, "")
            told = f"middleware.errors.ConfigError: {path}: Permission denied for user {OTHER_USER}; only its owner"
            assert ended(OTHER_USER, script)[1].splitlines()[-1].startswith(told)

    def test_a_group_that_nobody_gave_us_is_one_line(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "chown", refuse)
        with pytest.raises(ConfigError, match=r"service: Operation not permitted"):
            make_folder(tmp_path / "service", OWN)
        with pytest.raises(ConfigError, match=r"index\.key: Operation not permitted"):
            write(tmp_path / "index.key", b"", OWN)
        assert not (tmp_path / "index.key").exists()

    def test_a_folder_that_is_there_is_left_as_it_is(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o700)
        make_folder(tmp_path, OWN)
        assert tmp_path.stat().st_mode & 0o7777 == 0o700


class TestLinks:
    @pytest.fixture
    def link(self, shared: Path, tmp_path: Path) -> Path:
        """A file that stands in one folder and lies in another."""
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        target = shared.rename(tmp_path / "elsewhere" / "index.key")
        shared.symlink_to(target)
        return shared

    def test_a_link_is_followed(self, link: Path) -> None:
        assert read(link, OWN) == b"k4n4rie"

    def test_what_it_leads_to_is_judged(self, link: Path) -> None:
        link.resolve().chmod(0o644)
        assert refusal(link).startswith(f"{link}: mode 0644 lets others in")

    def test_the_folder_that_it_leads_to_is_judged(self, link: Path) -> None:
        link.resolve().parent.chmod(0o777)
        assert refusal(link).startswith(f"{link.resolve().parent}: mode 0777 lets others in")

    def test_a_link_to_nothing_is_a_missing_file(self, link: Path) -> None:
        link.resolve().unlink()
        assert refusal(link).startswith(f"{link}: No such file or directory")


class TestAbove:
    @as_root
    @pytest.mark.parametrize("mode", [0o755, 0o711, 0o750])
    def test_what_is_roots_may_be_looked_into(self, tmp_path: Path, mode: int) -> None:
        tmp_path.chmod(mode)
        check_above(tmp_path, None)

    @pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
    def test_and_not_written_to(self, tmp_path: Path, mode: int) -> None:
        tmp_path.chmod(mode)
        with pytest.raises(ConfigError, match=f"mode {mode:04o} lets others in"):
            check_above(tmp_path, OWN)


class TestPrivate:
    @pytest.fixture
    def retention(self, tmp_path: Path) -> Path:
        (tmp_path / "retention").mkdir(mode=0o700)
        (tmp_path / "retention" / "2027-12.jwk").touch(mode=0o600)
        return tmp_path / "retention"

    def test_there_may_be_none(self, tmp_path: Path) -> None:
        check_private(tmp_path / "retention")

    def test_for_one_user_alone(self, retention: Path) -> None:
        check_private(retention)

    @pytest.mark.parametrize("mode", [0o750, 0o710, 0o755, 0o777])
    @pytest.mark.parametrize("name", [".", "2027-12.jwk"])
    def test_a_group_is_somebody_else_here(self, retention: Path, name: str, mode: int) -> None:
        (retention / name).chmod(mode)
        with pytest.raises(ConfigError, match=f"{retention / name}: mode {mode:04o} lets others in.*never shared"):
            check_private(retention)

    @as_root
    @pytest.mark.parametrize(("mode", "status"), [(0o700, 0), (0o750, 1)])
    def test_another_users_is_not_looked_into(self, mode: int, status: int) -> None:
        with open_folder() as folder:
            (folder / "retention").mkdir()
            (folder / "retention").chmod(mode)
            script = f"from middleware.key_files import *; check_private(Path({str(folder / 'retention')!r}))"
            assert ended(OTHER_USER, script)[0] == status

    def test_what_cannot_be_looked_at_is_refused(self, retention: Path) -> None:
        (retention / "broken").symlink_to(retention / "nowhere")
        with pytest.raises(ConfigError, match="broken: No such file or directory"):
            check_private(retention)


class TestReadOnlyMounts:
    @pytest.mark.parametrize("mode", [0o755, 0o777, 0o1777])
    def test_a_folders_mode_says_nothing_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
    ) -> None:
        tmp_path.chmod(mode)
        with pytest.raises(ConfigError, match=f"mode {mode:04o} lets others in"):
            check_folder(tmp_path, None)
        monkeypatch.setattr(key_files, "_is_read_only", lambda path: path == tmp_path)
        check_folder(tmp_path, None)

    @as_root
    def test_but_its_owner_does(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        tmp_path.chmod(0o755)
        os.chown(tmp_path, OTHER_USER, -1)
        monkeypatch.setattr(key_files, "_is_read_only", lambda path: True)
        with pytest.raises(ConfigError, match="mode 0755 lets others in"):
            check_folder(tmp_path, None)

    @as_root
    @pytest.mark.parametrize(
        ("mode", "group", "read_only", "told"),
        [
            (0o440, GROUP, True, "<ServiceKeys>"),
            (0o440, GROUP, False, "mode 1777 lets others in"),
            (0o444, GROUP, True, "index.key: mode 0444 lets others in"),
            (0o440, 0, True, "index.key: Permission denied"),
        ],
    )
    def test_the_secret_volume_of_a_container_platform(self, mode: int, group: int, read_only: bool, told: str) -> None:
        """As Kubernetes makes it: files of root and of ``fsGroup`` in a folder that is exchanged by a link."""
        with open_folder() as folder:
            provision(folder / "made")
            (folder / "keys" / "service").mkdir(parents=True)
            script = f"from middleware.keys import *; print(load_service(Path({str(folder / 'keys')!r}), {GROUP}))"
            steps = [
                f"cd {folder}/keys/service && mount -t tmpfs -o mode=1777 none . && cd .",
                f"cd {folder}/keys/service && mkdir -m 0755 ..2026_11_22 && cp {folder}/made/service/* ..2026_11_22",
                f"chmod {mode:o} ..2026_11_22/* && chown 0:{group} ..2026_11_22/* && ln -s ..2026_11_22 ..data",
                "for name in receipt.jwk index.key service.key; do ln -s ..data/$name $name; done",
                *(["mount -o remount,ro ."] if read_only else []),
                shlex.join(["exec", *as_user(OTHER_USER, [sys.executable, "-c", script], [GROUP])]),
            ]
            status, said = run(in_a_namespace(steps))
            assert told in said.splitlines()[-1]
            assert (status == 0) == (told == "<ServiceKeys>")


def ended(user: int, script: str, *groups: int) -> tuple[int, str]:
    """How a script ends for that user."""
    return run(as_user(user, [sys.executable, "-c", script], groups))


def run(command: Sequence[str]) -> tuple[int, str]:
    """(exit status, all that was said)."""
    given = {"PYTHONPATH": str(ROOT), "PATH": os.defpath}
    done = subprocess.run(command, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout
