"""The mutants are of every rule, the list of decisions is of this code, and only what saw something counts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.mutants import decisions, rows, running
from schemas.policy_loader import load, names
from schemas.policy_rows import clauses
from schemas.requirements import requirements

CODE = tuple(decisions.mutants(running.ROOT))
WITHOUT = {"reads_with", "controller"}
"""Rows that no pack can do without: only their values are turned."""


def test_every_listed_decision_stands_once_in_the_code_and_names_requirements() -> None:
    assert {id_ for one in CODE for id_ in one.ids} <= set(requirements())
    assert [name for name, count in Counter(one.name for one in CODE).items() if count > 1] == []
    for one in CODE:
        assert one.content != (running.ROOT / one.file).read_text(encoding="utf-8")
        compile(one.content, one.file, "exec")


def test_a_list_that_is_older_than_the_code_is_refused(tmp_path: Path) -> None:
    for one in decisions.decisions():
        (tmp_path / one.file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / one.file).write_text("", encoding="utf-8")
    with pytest.raises(decisions.StaleError, match=r"its source stands 0 times in schemas/permission\.py, not once"):
        next(decisions.mutants(tmp_path))


@pytest.mark.parametrize("pack", names())
def test_every_row_is_taken_out_and_no_mutant_says_what_the_pack_says(pack: str) -> None:
    document = rows.read(running.ROOT, pack)
    as_it_is = rows.written(document)
    assert tomllib.loads(as_it_is) == document
    found = list(rows.mutants(pack, document))
    assert not [one.name for one in found if one.content == as_it_is]
    assert [name for name, count in Counter(one.name for one in found).items() if count > 1] == []
    taken = [one for one in found if one.name.endswith(": taken out") and ".choices" not in one.name]
    places = [place for place, _ in clauses(load(pack)) if place not in WITHOUT]
    readings = sum(len(row["choices"]) for row in document["interpretations"].values() if len(row["choices"]) > 1)
    assert len(taken) == len(places) + readings


def test_every_requirement_has_a_mutant() -> None:
    tried = {id_ for one in CODE for id_ in one.ids}
    for pack in names():
        tried |= {id_ for one in rows.mutants(pack, rows.read(running.ROOT, pack)) for id_ in one.ids}
    assert tried == set(requirements())


TESTS = """
import pytest
from schemas.rule import LIMIT

@pytest.mark.policy("VP-RET-4")
def test_sees(): assert LIMIT == 13

@pytest.mark.policy("VP-RET-3")
def test_is_blind(): assert LIMIT

@pytest.mark.policy("AMB-1", "AMB-2", "AMB-3", "AMB-4", "AMB-5")
def test_golden(): assert LIMIT == 13

@pytest.fixture
def prepared(): assert LIMIT == 13

@pytest.mark.policy("VP-RET-2")
def test_is_not_prepared(prepared): pass

@pytest.mark.policy("VP-RET-1")
def test_is_broken():
    if LIMIT != 13: unknown

def test_names_nothing(): assert LIMIT == 13
"""
ASK = """
import json, sys
from pathlib import Path
from benchmarks.mutants import running
tree = Path(sys.argv[1])
proofs = running.proofs(tree, ("tests/schemas",), {"VP-RET-4", "VP-RET-3", "VP-RET-2", "VP-RET-1", "AMB-1"}, 2)
with running.replaced(tree, "schemas/rule.py", "LIMIT = 14"):
    red = {one.node.partition("::")[2]: bool(running.red(tree, [one])) for one in proofs}
green = not running.red(tree, proofs, likely=proofs[0].file)
print(json.dumps([red, green]))
"""


def test_what_turns_red_by_what_it_sees_is_a_kill_and_nothing_else(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "tests" / "schemas").mkdir(parents=True)
    (tree / "schemas").mkdir()
    (tree / "schemas" / "__init__.py").touch()
    for name in ("requirements.py", "requirements.toml"):
        shutil.copy(running.ROOT / "schemas" / name, tree / "schemas")
    shutil.copy(running.ROOT / "tests" / "conftest.py", tree / "tests")
    shutil.copy(running.ROOT / "setup.cfg", tree)
    (tree / "schemas" / "rule.py").write_text("LIMIT = 13", encoding="utf-8")
    (tree / "tests" / "schemas" / "test_rule.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-c", ASK, str(tree)]
    done = subprocess.run(command, cwd=running.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    red, green = json.loads(done.stdout)
    assert red == {"test_sees": True, "test_is_blind": False, "test_is_not_prepared": False, "test_is_broken": False}
    assert green
