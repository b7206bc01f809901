"""The list of requirements is whole, and packs and list speak of the same."""

from __future__ import annotations

import re

import pytest

from schemas.policy_loader import load, names
from schemas.policy_rows import clauses
from schemas.requirements import requirements

VP = {"SCO": 2, "PRE": 1, "CTL": 1, "REV": 2, "CAT": 9, "COL": 1, "PUR": 11, "BAS": 2, "PRO": 1, "ADM": 1, "PLG": 3}
VP |= {"REC": 4, "TRF": 1, "RET": 5}
MX = {"SCO": 1, "PRE": 1, "CTL": 1, "REV": 1, "CAT": 2, "COL": 1, "PUR": 5, "PRO": 1, "ADM": 1}
MX |= {"REC": 1, "TRF": 1, "RET": 2}
MS = {"SCO": 1, "PRE": 1, "CTL": 4, "REV": 1, "CAT": 6, "COL": 1, "PUR": 4, "PRO": 1, "ADM": 1}
MS |= {"REC": 2, "TRF": 1, "RET": 1}
ALL = {"LVL": 2, "EGR": 1, "RGT": 2, "IDV": 2, "REF": 1}
HEADS = {"VP": VP, "MX": MX, "MS": MS, "X": ALL}
"""How many requirements each series has: they count from 1 without a gap."""

BY_THE_CODE = {"X-EGR-1"}
"""Requirements of our own, which no row of a pack carries out."""


def test_every_series_is_whole() -> None:
    series = {f"{head}-{name}": last for head, of in HEADS.items() for name, last in of.items()} | {"AMB": 21}
    assert set(requirements()) == {f"{name}-{number}" for name, last in series.items() for number in range(1, last + 1)}


def test_what_is_not_carried_out_yet_is_named() -> None:
    later = {id_ for id_, row in requirements().items() if row.later}
    assert later == {"X-RGT-1", "X-RGT-2", "X-IDV-1", "X-IDV-2", "X-REF-1", "MS-CTL-4"}


def test_every_requirement_is_told_in_whole_sentences_with_its_clause() -> None:
    for id_, row in requirements().items():
        assert row.id == id_
        assert re.fullmatch(r"[012]§\d+ [^;]+(; [012]§\d+ [^;]+)*|[012]§\d+ \(silence\)", row.clause), id_
        assert row.title[-1] in ".?", id_
        assert row.does[-1] == ".", id_
    assert len({row.clause + row.title for row in requirements().values()}) == len(requirements())


@pytest.mark.parametrize("name", names())
def test_a_pack_names_only_requirements_of_the_list(name: str) -> None:
    assert {id_ for _, clause in clauses(load(name)) for id_ in clause.ids} <= set(requirements())


def test_every_requirement_is_carried_out_by_a_row_of_a_pack() -> None:
    rows = {id_ for name in names() for _, clause in clauses(load(name)) for id_ in clause.ids}
    assert set(requirements()) - rows == BY_THE_CODE
