"""What a run of tests records of the requirements that its tests name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MOST, SHOWN

CONFTEST = Path(__file__).with_name("conftest.py")
SETTINGS = "[tool:pytest]\nmarkers =\n    policy(*ids): requirements\n"
TESTS = """
import pytest

@pytest.mark.policy("VP-RET-4")
@pytest.mark.parametrize("day", [1, pytest.param(2, marks=pytest.mark.policy("AMB-20"))])
def test_good(day): pass

@pytest.mark.policy("VP-RET-3")
def test_bad(): assert False

@pytest.mark.policy("VP-RET-2")
def test_skipped(): pytest.skip()

@pytest.fixture
def breaks():
    yield
    raise RuntimeError

@pytest.mark.policy("VP-RET-1")
def test_breaks_afterwards(breaks): pass

@pytest.mark.policy("AMB-1", "AMB-2", "AMB-3", "AMB-4", "AMB-5")
def test_golden(): pass

def test_names_nothing(): pass
"""


def run(folder: Path, tests: str, *words: str) -> tuple[int, str]:
    """(exit status, what was printed) of a run in a folder of its own."""
    shutil.copy(CONFTEST, folder)
    (folder / "setup.cfg").write_text(SETTINGS, encoding="utf-8")
    (folder / "test_made_up.py").write_text(tests, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def record(folder: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((folder / SHOWN).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_passed_is_recorded_with_its_requirements(tmp_path: Path, workers: str) -> None:
    status, printed = run(tmp_path, TESTS, "-n", workers)
    assert status == 1, printed
    found = record(tmp_path)
    assert found["shown"] == {
        "VP-RET-4": ["test_made_up.py::test_good[1]", "test_made_up.py::test_good[2]"],
        "AMB-20": ["test_made_up.py::test_good[2]"],
    }
    assert MOST == 4  # so the golden one shows nothing
    assert (found["passed"], found["failed"]) == (5, 2)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_requirement_that_nobody_knows_fails_the_run(tmp_path: Path, workers: str) -> None:
    tests = TESTS.replace("VP-RET-4", "VP-RET-44")
    status, printed = run(tmp_path, tests, "-n", workers, "-k", "test_good")
    assert status == 1
    assert "no such requirement: VP-RET-44; use one of schemas/requirements.toml" in printed
    assert record(tmp_path)["shown"] == {}


def test_listing_tests_records_nothing(tmp_path: Path) -> None:
    run(tmp_path, TESTS, "--collect-only")
    assert not (tmp_path / SHOWN).exists()
