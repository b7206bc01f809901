"""``policy coverage``: what the last run of tests showed, and what it did not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from middleware.cli.policy_coverage import RECORD
from schemas.requirements import requirements
from tests.conftest import SHOWN
from tests.middleware.cli.bench import refused, run

EXPECTED = [id_ for id_, row in requirements().items() if not row.later]


def recorded(folder: Path, shown: Mapping[str, Sequence[str]]) -> str:
    file = folder / "coverage.json"
    file.write_text(json.dumps({"shown": shown}), encoding="utf-8")
    return str(file)


def told(file: str, *words: str, status: int = 0) -> list[dict[str, Any]]:
    result = run("policy", "coverage", "--from", file, "--json", *words)
    assert (result.exit_code, result.stderr) == (status, "")
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


def test_the_record_is_the_one_that_a_run_writes() -> None:
    assert Path(RECORD) == SHOWN


def test_every_requirement_is_told_once_with_its_tests_and_its_state(tmp_path: Path) -> None:
    rows = told(
        recorded(tmp_path, {"VP-RET-4": ["a.py::test_x[1]", "a.py::test_x[2]", "b.py::test_y"], "X-RGT-1": ["c"]})
    )
    assert [row["id"] for row in rows] == list(requirements())
    by_id = {row["id"]: row for row in rows}
    assert by_id["VP-RET-4"]["state"] == "shown"
    assert by_id["VP-RET-4"]["tests"] == ["a.py::test_x", "b.py::test_y"]
    assert by_id["VP-RET-4"]["clause"] == "0§8 L181-184"
    assert by_id["VP-RET-3"]["state"] == "missing"
    assert by_id["X-RGT-1"]["state"] == "later"  # whatever a test says of a pack's row


@pytest.mark.parametrize(("left_out", "status"), [(None, 0), ("MS-PRO-1", 1)])
def test_strict_fails_on_what_is_carried_out_and_not_shown(tmp_path: Path, left_out: str | None, status: int) -> None:
    file = recorded(tmp_path, {id_: ["a.py::test_x"] for id_ in EXPECTED if id_ != left_out})
    rows = told(file, "--strict", status=status)
    assert [row["id"] for row in rows if row["state"] == "missing"] == ([left_out] if left_out else [])
    assert told(file) == rows  # without --strict it only tells


def test_the_sum_is_told_in_words(tmp_path: Path) -> None:
    result = run("policy", "coverage", "--from", recorded(tmp_path, {"AMB-1": ["a.py::test_x", "b.py::test_y"]}))
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"1 of {len(EXPECTED)} shown; 6 not yet carried out."
    lines = result.stdout.splitlines()
    (at,) = [at for at, line in enumerate(lines) if line.split()[:2] == ["AMB-1", "shown"]]
    assert [line.strip() for line in lines[at + 1 : at + 3]] == ["a.py::test_x", "b.py::test_y"]
    assert lines[at + 3].startswith("AMB-2 ")


def test_without_a_run_the_remedy_is_told(tmp_path: Path) -> None:
    line = refused(run("policy", "coverage", "--from", str(tmp_path / "none.json")), 2)
    assert line.endswith("no test run was recorded here; run `make test` in a checkout, or name the record with --from")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"shown": 1', "null"])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "coverage.json"
    file.write_text(text, encoding="utf-8")
    line = refused(run("policy", "coverage", "--from", str(file)), 2)
    assert line.endswith("not the record of a test run; run `make test` again")
