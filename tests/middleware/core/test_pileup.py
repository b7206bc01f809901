"""When rejections pile up."""

from __future__ import annotations

import pytest

from middleware.core.pileup import MOST, piled_up


@pytest.mark.parametrize(
    ("rejected", "accepted", "expected"),
    [
        (0, 0, False),
        (MOST - 1, 0, False),
        (MOST, 0, True),
        (MOST, MOST - 1, True),
        (MOST, MOST, False),
        (MOST + 1, MOST, True),
        (1_000, 5_000, False),
    ],
)
def test_many_and_more_than_were_accepted(rejected: int, accepted: int, expected: bool) -> None:
    assert piled_up(rejected, accepted) is expected
