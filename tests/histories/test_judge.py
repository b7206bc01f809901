"""Who judges the histories is judged: known ones pass, and a line that is broken on purpose never does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from middleware.carriers.parcel_json import ParcelJson
from tests.histories.breaking import CARRIERS, STORES
from tests.histories.known import KNOWN
from tests.histories.oracle import Broken
from tests.histories.play import Play
from tests.histories.world import World


@pytest.fixture
def mended(world: World) -> Iterator[World]:
    """The world, and whole again afterwards."""
    services = world.services
    yield world
    world.services, world.carrier = services, ParcelJson()


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_history_ends_well(world: World, name: str) -> None:
    Play(world, KNOWN[name]).run()


@pytest.mark.parametrize("name", CARRIERS)
def test_a_carrier_that_is_broken_is_seen(mended: World, name: str) -> None:
    mended.carrier, history = CARRIERS[name]
    with pytest.raises(Broken):
        Play(mended, KNOWN[history]).run()


@pytest.mark.parametrize("name", STORES)
def test_a_store_that_is_broken_is_seen(mended: World, name: str) -> None:
    broken, history = STORES[name]
    mended.services = replace(mended.services, store=broken(mended.services.store))
    with pytest.raises(Broken):
        Play(mended, KNOWN[history]).run()
