"""Every rule of every pack, and every policy decision of the code, taken out or turned round: who notices?

    python -m benchmarks.mutants [PACK | code ...] [--only TEXT ...] [--workers 2] [--write]

Over copies of the tree in a temporary folder. A mutant is killed when a test turns red that names one of its rule's
requirements (and at most as many as a test may name); a test that fails in its preparation, or for want of a name or an
import, has seen nothing. The check by which a pack that does not fit together is refused is switched off: a refusal
kills nothing. Exit status 1 with survivors, which are named. ``--write`` puts the table into docs/mutants.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.mutants import decisions, rows, running
from benchmarks.mutants.rows import Mutant

PAGE = running.ROOT / "docs" / "mutants.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
CODE = "code"
LOADER, CHECK, UNCHECKED = "schemas/policy_loader.py", "fault = first_fault(policy)", "fault: str | None = None"
PACKS_ASK, CODE_ASKS = running.ASKED[:2], running.ASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a mutant. ``killer``: the test that turned red; empty: it survived."""

    group: str
    table: str
    name: str
    ids: tuple[str, ...]
    killer: str


def main() -> None:
    """Run, print, and end with 1 if a mutant survived."""
    asked = _arguments()
    began = time.monotonic()
    groups = asked.groups or (*rows.packs(running.ROOT), CODE)
    found: list[Outcome] = []
    for code in (False, True):
        some = [group for group in groups if (group == CODE) == code]
        mutants = [one for one in _mutants(some) if any(text in one.name for text in asked.only)]
        if mutants:
            found += _played(code, mutants, asked.workers)
    seconds = time.monotonic() - began
    survivors = [one for one in found if not one.killer]
    table = "\n".join(_table(found))
    print(f"\n{table}\n\n{len(found):,} mutants in {seconds:.0f} s, {len(survivors)} survived")
    for one in survivors:
        print(f"SURVIVED {one.group}: {one.name} ({', '.join(one.ids)})")
    if asked.write:
        _write(f"Made on {datetime.now(UTC):%Y-%m-%d}, in {seconds / 60:.0f} minutes.\n\n{table}")
    sys.exit(1 if survivors else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="PACK | code", choices=[*rows.packs(running.ROOT), CODE, []])
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help="mutants whose name has one of these")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def _mutants(groups: Sequence[str]) -> Iterator[Mutant]:
    for group in groups:
        if group == CODE:
            yield from decisions.mutants(running.ROOT)
        else:
            yield from rows.mutants(group, rows.read(running.ROOT, group))


def _played(code: bool, mutants: Sequence[Mutant], workers: int) -> list[Outcome]:
    """All of them, shared among processes with a copy of the tree each."""
    running.warm()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        first = running.copied(Path(folder) / "tree-0")
        if not code:
            _unchecked(first)
        asked = {id_ for one in mutants for id_ in one.ids}
        proofs = running.proofs(first, CODE_ASKS if code else PACKS_ASK, asked, workers)
        print(f"{len(proofs)} tests may show something; {len(mutants)} mutants", flush=True)
        trees = [first, *(running.again(first, Path(folder) / f"tree-{number}") for number in range(1, workers))]
        children = [_worker(tree, proofs, mutants[number :: len(trees)]) for number, tree in enumerate(trees)]
        for child in children:
            os.waitpid(child, 0)
        return _gathered(trees, mutants)


def _unchecked(tree: Path) -> None:
    """Packs in the hand in which mutants are written, and a loader that takes what does not fit together."""
    loader = tree / LOADER
    source = loader.read_text(encoding="utf-8")
    if source.count(CHECK) != 1:
        raise decisions.StaleError(f"{LOADER}: the check of packs is not called once as {CHECK!r}")
    loader.write_text(source.replace(CHECK, UNCHECKED), encoding="utf-8")
    for pack in rows.packs(tree):
        (tree / rows.FOLDER / f"{pack}.toml").write_text(rows.written(rows.read(tree, pack)), encoding="utf-8")


def _worker(tree: Path, proofs: Sequence[running.Proof], mutants: Sequence[Mutant]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        with (tree / ".outcomes").open("w", encoding="utf-8") as file:
            likely: dict[str, str] = {}  # by table: the file that saw the last mutant of it
            for one in mutants:
                among = [proof for proof in proofs if {*proof.ids} & {*one.ids}]
                with running.replaced(tree, one.file, one.content):
                    killer = running.red(tree, among, likely.get(one.table, ""))
                if killer:
                    likely[one.table] = killer.partition("::")[0]
                file.write(json.dumps([one.group, one.name, killer]) + "\n")
                print("." if killer else f"\nSURVIVED {one.group}: {one.name} {one.ids}\n", end="", flush=True)
    finally:
        os._exit(0)


def _gathered(trees: Sequence[Path], mutants: Sequence[Mutant]) -> list[Outcome]:
    """Every mutant's outcome. Raises: RuntimeError if a worker died."""
    lines = [line for tree in trees for line in (tree / ".outcomes").read_text(encoding="utf-8").splitlines()]
    killers = {(group, name): killer for group, name, killer in map(json.loads, lines)}
    if len(lines) != len(mutants) or len(killers) != len(mutants):
        raise RuntimeError(f"{len(mutants)} mutants, {len(lines)} outcomes: a worker died, or two have one name")
    return [
        Outcome(group=one.group, table=one.table, name=one.name, ids=one.ids, killer=killers[(one.group, one.name)])
        for one in mutants
    ]


def _table(found: Sequence[Outcome]) -> Iterator[str]:
    yield "| | rows | rules | killed | survived |"
    yield "|---|---|---|---|---|"
    for group in dict.fromkeys(one.group for one in found):
        here = [one for one in found if one.group == group]
        yield _line(f"**{group}**", here)
        for table in dict.fromkeys(one.table for one in here):
            yield _line(table, [one for one in here if one.table == table])
    yield _line("**all**", found)


def _line(name: str, found: Sequence[Outcome]) -> str:
    survived = sum(not one.killer for one in found)
    places = {(one.group, one.table, one.name.partition(": ")[0]) for one in found}
    return f"| {name} | {len(places):,} | {len(found):,} | {len(found) - survived:,} | {survived} |"


def _write(text: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", f"{BEGIN}\n\n{text}\n\n{END}", page, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
