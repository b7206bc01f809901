"""``docs/policies.md`` is what packs, requirements and tests make it."""

from __future__ import annotations

import pytest

from schemas.policy_loader import load, names
from schemas.requirements import requirements
from scripts.policies import NAMED, PAGE, SECTIONS, page, shown_by

SHOWN = shown_by()
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_is_current() -> None:
    assert page() == TEXT, "run `python -m scripts.policies --write`"


def test_every_section_is_told() -> None:
    assert {row.section for row in requirements().values()} == set(SECTIONS)


@pytest.mark.parametrize("id_", requirements())
def test_every_requirement_is_told_once_with_a_test(id_: str) -> None:
    row = requirements()[id_]
    (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| {id_} |")]
    cells = line.strip("| ").split(" | ")
    assert cells[1:4] == [row.clause, row.title, row.does]
    if row.later:
        assert cells[4] == "not carried out yet"
        assert " will " in row.does
    else:
        files, _, more = cells[4].partition(" and ")
        assert files.strip("`").split("`, `") == SHOWN[id_][:NAMED]
        assert more == (f"{len(SHOWN[id_]) - NAMED} more" if len(SHOWN[id_]) > NAMED else "")


@pytest.mark.parametrize("name", names())
def test_every_reading_is_told_with_its_alternatives(name: str) -> None:
    section = TEXT.split(f"### `{name}`\n")[1].split("###")[0]
    for point in load(name).interpretations.values():
        (line,) = [line for line in section.splitlines() if line.startswith(f"| `{point.name}` |")]
        assert all(f"`{choice}`: {row.title}" in line for choice, row in point.choices.items())
        assert line.split(" | ")[2].startswith(f"`{point.chosen}`: ")
        assert (line.split(" | ")[3] == "nothing else can be chosen") is (len(point.choices) == 1)
