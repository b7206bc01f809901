"""The built wheel, installed where nothing of the tree can be seen: what it holds and whether it works.

Takes a minute: sdist, wheel from the sdist, an environment of its own, the whole demo. Nothing is downloaded: libraries
of others come from the environment that runs the tests, by a plain path line (``site`` does not read the path files of
a folder that was added so, hence not the editable install of the tree).
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from middleware.demo.command import BROKEN_PAGE, PAGE
from middleware.demo.orders import made_up
from simulator.verdict import LATER_PROMISES, PROMISES

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(400)]

DAY = r"\d{4}-\d\d-\d\d"
TREE = Path(__file__).resolve().parents[2]
PACKAGES = ("middleware", "schemas", "simulator")
NOT_THE_PROJECT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "var")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """The wheel, the copy of the tree that it was built from and the environment that it was installed into."""

    wheel: Path
    source: Path
    environment: Path

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment with nothing of the tests' own settings."""
        env = {"PATH": os.defpath, "HOME": str(cwd), "LANG": "C.UTF-8"}
        return subprocess.run(
            [self.environment / "bin" / command[0], *command[1:]],
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    source, dist, environment = folder / "source", folder / "dist", folder / "environment"
    shutil.copytree(TREE, source, symlinks=True, ignore=NOT_THE_PROJECT)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = dist.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(environment / "bin" / "python"), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)], check=True)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "third-party.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return Installed(wheel=wheel, source=source, environment=environment)


def files_of(package: Path) -> Iterator[Path]:
    """Every file of a package, the orders that it links to included."""
    for folder, folders, files in os.walk(package, followlinks=True):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (Path(folder) / name for name in files)


def test_holds_every_file_of_the_packages_and_no_other(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    tree = {path.relative_to(installed.source) for package in PACKAGES for path in files_of(installed.source / package)}
    orders = Path("simulator/orders")
    expected = {path for path in tree if path.parent != orders or path.suffix == ".json"}
    assert names == {path.as_posix() for path in expected}


@pytest.mark.parametrize(
    ("pattern", "at_least"),
    [
        ("schemas/policies/*.toml", 3),
        ("schemas/requirements.toml", 1),
        ("schemas/removed/*.csv", 1),
        ("middleware/storage/migrations/versions/*.py", 1),
        ("simulator/orders/[0-9]*.json", 15),
        ("parcelveil-*.dist-info/licenses/LICENSE", 1),
    ],
)
def test_holds_what_no_import_would_miss(installed: Installed, pattern: str, at_least: int) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        found = [name for name in archive.namelist() if Path(name).match(pattern)]
    assert len(found) >= at_least


def test_is_imported_from_the_environment_and_not_from_the_tree(installed: Installed, tmp_path: Path) -> None:
    script = f"import {', '.join(PACKAGES)}; print(*({', '.join(f'{name}.__file__' for name in PACKAGES)}), sep='\\n')"
    done = installed.run("python", "-c", script, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = [Path(line) for line in done.stdout.splitlines()]
    assert len(found) == len(PACKAGES)
    assert all(path.is_relative_to(installed.environment) for path in found)


def test_version(installed: Installed, tmp_path: Path) -> None:
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(TREE / "setup.cfg", encoding="utf-8")
    done = installed.run("parcelveil", "--version", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert settings["metadata"]["version"] in done.stdout.split()[-1]


def test_inspect_tells_paths_and_no_value(installed: Installed, tmp_path: Path) -> None:
    order = TREE / "examples" / "orders" / "01-domestic-full.json"
    content = json.loads(order.read_bytes())
    done = installed.run("parcelveil", "inspect", str(order), "--platform", "shopify", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "shipping_address" in done.stdout
    address = content["shipping_address"]
    values = [address["address1"], address["last_name"], content["email"], content["billing_address"]["address1"]]
    assert all(values)
    assert [value for value in values if value in done.stdout + done.stderr] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.policy("VP-RET-4")
def test_the_demonstration_keeps_every_promise(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("parcelveil", "demo", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-3000:]
    assert f"All {len(PROMISES) + len(LATER_PROMISES)} promises kept." in done.stdout
    assert [order.file for order in made_up() if f"\n{order.file.removesuffix('.json')}  " not in done.stdout] == []
    words = " ".join(done.stdout.split())
    for order in made_up():
        status = f"{order.status}: {order.reason}" if order.reason else order.status
        assert f"{order.file.removesuffix('.json')} {status}" in words
    accepted = sum(order.status == "accepted" for order in made_up())
    assert f"{accepted} orders in {accepted + 1} deliveries, {accepted} shipments" in words
    assert words.count("label printed") == accepted
    assert not (tmp_path / BROKEN_PAGE).exists()
    counted = re.search(rf"(\d+) parts on {DAY}: (\d+) in the database, (\d+) at the platform", words)
    assert counted is not None
    assert counted[1] == counted[2] == counted[3]
    ended = int(counted[1]) - accepted
    assert f"{ended} parts of recipients on " in words
    assert f"{ended} parts of recipients opened out of the backup in the first act" in words
    assert re.search(rf"on {DAY} 0 do, with \d+ keys, and 0 out of the platform's ledger, with \d+", words)
    assert re.search(r"\$ parcelveil keys destroy \d{4}-\d\d --by 'Noor Aziz' --carry-out( \S+: destroyed){3}", words)
    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert page.count("<section") == len(made_up()) + 1
    assert page.count("<svg") == accepted
    assert page.rstrip().endswith("</html>")
    assert [path.name for path in tmp_path.iterdir()] == [PAGE]
