"""``docs/policies.md``: what the policies demand, made from the packs, the list of requirements and the tests.

``python -m scripts.policies`` prints it, with ``--write`` it writes the file. A test holds that it is current.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from schemas.policy import Interpretation
from schemas.policy_loader import load, names
from schemas.policy_rows import clauses
from schemas.requirements import Requirement, requirements

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "policies.md"
SECTIONS: Mapping[str, str] = {
    "scope": "Scope, precedence, controller, versions",
    "categories": "Categories of data",
    "purposes": "Purposes and legal bases",
    "levels": "Profiling, automated decisions, levels",
    "recipients": "Recipients and transfers",
    "retention": "Retention",
    "rights": "Rights, identity, plug-in",
    "ambiguities": "Where the texts are open",
}
NAMED = 5
"""Test files that are named of a requirement; of more it is told how many."""
_HEAD = """# The three policies

<!-- Made by `python -m scripts.policies --write` from packs, requirements and tests; do not edit. -->

What bpost's published policies demand, requirement by requirement, and what Parcelveil does. Clauses name document,
section and lines of the Dutch texts: 0 is the shipping platform's, 1 Maxiresponse's, 2 MyStamp's. None of this is legal
advice.

- `parcelveil policy show bpost-mystamp` tells a pack in plain words, `parcelveil policy lint bpost-maxiresponse` what
  one lacks.
- `parcelveil policy new NAME` starts a pack of your own: a merchant's law is not bpost's. `policy show`, `lint` and
  `ask` and `register` take its file. No shop can use it yet: `policy = "NAME.toml"` is refused, and the shop
  quarantined.
- `parcelveil policy coverage` tells, test by test, what the last run showed; here stand the files, five at most.
- `parcelveil register` prints the record of processing activities that the packs make.
"""


def page() -> str:
    """The whole document."""
    return "\n".join((_HEAD, *_packs(), *_demands(), *_readings()))


def _packs() -> Iterator[str]:
    yield "## Packs\n"
    yield "| pack | version | text revised on | of our own reading |"
    yield "|---|---|---|---|"
    for policy in map(load, names()):
        rows = [clause for _, clause in clauses(policy)]
        ours = sum(clause.mark == "I" for clause in rows)
        revised = policy.revised_on or "no date in the text"
        yield f"| `{policy.id}` | {policy.version} | {revised} | {ours} of {len(rows)} rows |"
    yield ""


def _demands() -> Iterator[str]:
    tests = shown_by()
    for section, title in SECTIONS.items():
        yield f"## {title}\n"
        yield "| id | clause | what it says | what Parcelveil does | shown by |"
        yield "|---|---|---|---|---|"
        for row in requirements().values():
            if row.section == section:
                yield f"| {row.id} | {row.clause} | {row.title} | {row.does} | {_proof(row, tests.get(row.id, ()))} |"
        yield ""


def _proof(row: Requirement, tests: Sequence[str]) -> str:
    if row.later:
        return "not carried out yet"
    more = f" and {len(tests) - NAMED} more" if len(tests) > NAMED else ""
    return ", ".join(f"`{test}`" for test in tests[:NAMED]) + more


def _readings() -> Iterator[str]:
    yield "## Interpretations\n"
    yield "The reading in force by default stands first; a shop chooses another under `interpretations`.\n"
    for policy in map(load, names()):
        yield f"### `{policy.id}`\n"
        yield "| name | question | in force | or else | clause | ids |"
        yield "|---|---|---|---|---|---|"
        for point in policy.interpretations.values():
            cells = (f"`{point.name}`", point.question, _choice(point), _others(point), point.clause.ref)
            yield f"| {' | '.join(cells)} | {', '.join(point.clause.ids)} |"
        yield ""


def _choice(point: Interpretation) -> str:
    return f"`{point.chosen}`: {point.choices[point.chosen].title}"


def _others(point: Interpretation) -> str:
    others = [f"`{name}`: {choice.title}" for name, choice in point.choices.items() if name != point.chosen]
    return "; ".join(others) or "nothing else can be chosen"


def shown_by() -> Mapping[str, Sequence[str]]:
    """Requirement → files of tests with a marker of its name."""
    found: dict[str, list[str]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for id_ in sorted(set(_marked(ast.parse(file.read_text(encoding="utf-8"))))):
            found.setdefault(id_, []).append(file.relative_to(ROOT).as_posix())
    return found


def _marked(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.policy":
            yield from (str(word.value) for word in node.args if isinstance(word, ast.Constant))


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())
