"""Every vector of what is JSON and what is none, sent signed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.middleware.web.answering import problem
from tests.middleware.web.conftest import Intake

VECTORS = sorted((Path(__file__).parents[2] / "vectors" / "json").glob("*.json"))


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 400


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_every_vector_sent_signed(intake: Intake, path: Path) -> None:
    answer = intake.post("strict", path.read_bytes())
    if path.name.startswith("n_") or (path.name.startswith("i_") and answer.status_code == 400):
        problem(answer, 400, "malformed-json")
    else:
        problem(answer, 422, "schema")
