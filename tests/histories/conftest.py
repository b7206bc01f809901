"""One world for all histories of a process, in memory where there is such a file system: it syncs after every step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.histories.world import World, in_memory


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """The world; every history begins it anew."""
    with in_memory() as made:
        yield made
