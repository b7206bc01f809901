"""Intake with api, and relay, as two Unix users: the line works, and neither can do what only the other must."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.ports import HOST, free_port
from tests.system.orders import order
from tests.system.processes import SECONDS, Process, descendants, wait_for
from tests.system.stack import Mock, Service, configure, mock, shop
from tests.system.users import GROUP, as_root, as_user, open_folder

INTAKE, RELAY = 4301, 4302
"""The two users; both are in the group GROUP, and in no other."""

pytestmark = as_root


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    with mock(tmp_path_factory.mktemp("platform")) as started:
        yield started


@dataclass(slots=True, kw_only=True)
class Users:
    """One configuration, and what each user does with it."""

    service: Service
    processes: list[Process] = field(default_factory=list)

    def environment(self, user: int) -> dict[str, str]:
        """What the processes of a user get: a temporary folder of their own, and metrics at an address of their own."""
        given = self.service.environment(PARCELVEIL_SERVER__METRICS_LISTEN=f"{HOST}:{free_port()}")
        return {**given, "TMPDIR": str(self.service.folder / f"tmp-{user}")}

    def run(self, user: int, *command: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Python's to its end."""
        return subprocess.run(
            as_user(user, [sys.executable, *command], [GROUP]),
            env={**self.environment(user), **changes},
            cwd=self.service.folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def parcelveil(self, user: int, *command: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """The same of Parcelveil's."""
        return self.run(user, "-m", "middleware", *command, "--config", str(self.service.config), **changes)

    def serve(self, user: int, role: str) -> Process:
        """Start a role."""
        command = [sys.executable, "-m", "middleware", "serve", "--role", role, "--config", str(self.service.config)]
        with (self.service.folder / f"{role}.log").open("ab") as log:
            popen = subprocess.Popen(
                as_user(user, command, [GROUP]),
                env=self.environment(user),
                cwd=self.service.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(Process(popen=popen, log=self.service.folder / f"{role}.log"))
        return self.processes[-1]

    def said(self) -> str:
        return "".join(process.log.read_text(encoding="utf-8") for process in self.processes)


@pytest.fixture(scope="module")
def users(platform: Mock) -> Iterator[Users]:
    """Set up as docs/operations.md tells it."""
    with open_folder() as folder:
        service = configure(
            folder / "own", {"plain": shop("plain")}, {"platform": platform.url}, server={"keys_group": str(GROUP)}
        )
        made = Users(service=service)
        own = service.folder
        for name, mode, user, group in (
            (".", 0o755, 0, 0),
            ("keys", 0o750, 0, GROUP),
            ("keys/retention", 0o700, RELAY, 0),
            ("state", 0o750, INTAKE, GROUP),
            ("data", 0o2770, 0, GROUP),
            (f"tmp-{INTAKE}", 0o700, INTAKE, 0),
            (f"tmp-{RELAY}", 0o700, RELAY, 0),
        ):
            (own / name).mkdir(exist_ok=True)
            os.chown(own / name, user, group)
            (own / name).chmod(mode)
        key = own / "keys" / "retention" / "2027-12.jwk"
        key.touch(mode=0o600)
        os.chown(key, RELAY, RELAY)
        provisioned = service.configured("keys", "provision")
        assert provisioned.returncode == 0, provisioned.stderr
        migrated = made.parcelveil(INTAKE, "migrate")
        assert migrated.returncode == 0, migrated.stderr
        yield made
        for process in made.processes:
            process.stop()


def user_of(pid: int) -> tuple[int, int]:
    """(real user, effective user) of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    real, effective = next(line for line in lines if line.startswith("Uid:")).split()[1:3]
    return int(real), int(effective)


def test_an_order_goes_all_the_way_between_two_users(users: Users, platform: Mock) -> None:
    intake = users.serve(INTAKE, "intake")
    api = users.serve(INTAKE, "api")
    relay = users.serve(RELAY, "relay")
    for url in (users.service.url, users.service.api):
        wait_for(partial(users.service.answers, "/readyz", url), f"readiness: {users.said()}")
    ids = [users.service.post("plain", order()).json()["id"] for _ in range(5)]
    wait_for(lambda: set(ids) <= platform.shipments().keys(), f"the deliveries: {users.said()}")
    for process, user in ((intake, INTAKE), (api, INTAKE), (relay, RELAY)):
        family = [process.popen.pid, *descendants(process.popen.pid)]
        assert {user_of(pid) for pid in family} == {(user, user)}
    late = users.service.post("plain", order()).json()["id"]  # intake writes after the relay has
    wait_for(lambda: late in platform.shipments(), "another delivery")
    refreshed = users.service.folder / "state" / "platform-platform.json"
    wait_for(lambda: refreshed.stat().st_uid == INTAKE, "a refresh by intake itself")
    assert [line for line in users.said().splitlines() if '"error"' in line] == []
    assert {process.stop() for process in (intake, api, relay)} == {0}


def test_only_the_relays_user_can_read_its_keys(users: Users) -> None:
    keys = users.service.folder / "keys"
    for path in (keys / "retention", keys / "retention" / "2027-12.jwk"):
        script = f"import os; os.close(os.open({str(path)!r}, os.O_RDONLY))"
        assert users.run(RELAY, "-c", script).returncode == 0
        told = users.run(INTAKE, "-c", script)
        assert told.stderr.splitlines()[-1] == f"PermissionError: [Errno 13] Permission denied: {str(path)!r}"
    for user in (INTAKE, RELAY):  # neither can exchange what both read
        for path in (keys / "service" / "receipt.jwk", keys / "service" / "new", keys / "new"):
            script = f"import os; os.close(os.open({str(path)!r}, os.O_WRONLY | os.O_CREAT))"
            assert "PermissionError" in users.run(user, "-c", script).stderr


def test_to_doctor_all_is_well(users: Users) -> None:
    for user, state in ((INTAKE, "ok"), (RELAY, "warn")):
        told = users.parcelveil(user, "doctor", "--json")
        assert told.returncode == 0, told.stdout
        found = {entry["check"]: entry["verdict"] for entry in json.loads(told.stdout)}
        del found["clock beside platform"]  # the simulated platform tells no time
        assert found.pop("state") == state  # the relay writes nothing there
        assert set(found.values()) == {"ok"}, told.stdout
        assert "retention/" not in told.stdout + told.stderr


@pytest.mark.parametrize(("user", "role"), [(INTAKE, "intake"), (RELAY, "relay")])
def test_retention_keys_that_the_group_may_read_stop_both(users: Users, user: int, role: str) -> None:
    path = users.service.folder / "keys" / "retention"
    path.chmod(0o750)
    try:
        told = users.parcelveil(user, "serve", "--role", role)
    finally:
        path.chmod(0o700)
    assert told.returncode == 2
    assert told.stderr.splitlines()[-1].startswith(f"parcelveil: {path}: mode 0750 lets others in; ")


def test_another_group_than_the_one_that_is_named_is_told(users: Users) -> None:
    told = users.parcelveil(RELAY, "serve", "--role", "relay", PARCELVEIL_SERVER__KEYS_GROUP="4399")
    assert told.returncode == 2
    folder = f"{users.service.folder}/keys/service"
    what = f"{folder}: it is for the group {GROUP}, but server.keys_group is 4399"
    assert told.stderr.splitlines()[-1] == f"parcelveil: {what}; give it to that group: chgrp 4399 {folder}"
