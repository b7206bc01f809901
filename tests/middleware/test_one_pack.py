"""One payload, one pack (MX-SCO-1, MS-SCO-1): what is of one policy is processed under it or not at all, and none
borrows a permission from another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from middleware.core.kinds import MAXIRESPONSE, MYSTAMP, SHIPMENT, Kind, kinds_of
from middleware.core.permitting import DIRECT, PLUGIN
from middleware.core.schedule import schedule
from middleware.platforms.maxiresponse import Maxiresponse
from middleware.platforms.mystamp import MyStamp
from schemas.errors import SchemaFault
from schemas.matter import Matter
from schemas.maxiresponse import Contact
from schemas.mystamp import StampOrder
from schemas.order import Order, Sender, catalogue
from schemas.permission import Refusal, storable
from schemas.policy_loader import for_parcels, load
from tests.middleware.core.made_up import order
from tests.middleware.platforms.making import settings
from tests.middleware.platforms.telling import contact, stamps

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PACKS = {name: load(name) for name in ("bpost-shipping-platform", "bpost-maxiresponse", "bpost-mystamp")}
KINDS: Mapping[str, tuple[Kind[Any], tuple[type, ...]]] = {
    "bpost-shipping-platform": (SHIPMENT, (Order, Sender)),
    "bpost-maxiresponse": (MAXIRESPONSE, (Contact,)),
    "bpost-mystamp": (MYSTAMP, (StampOrder,)),
}
PAIRS = list(permutations(PACKS, 2))

pytestmark = pytest.mark.policy("MX-SCO-1", "MS-SCO-1")


def categories(pack: str) -> set[str]:
    """Those of every canonical path of what the pack is for."""
    return {category for matter in KINDS[pack][1] for _, category in catalogue(matter)}


def matter(pack: str) -> Matter:
    shop = replace(settings(), policy=pack, platform="direct")
    if pack == "bpost-maxiresponse":
        found = Maxiresponse().parse(contact("C-1"), shop, NOW).order
    elif pack == "bpost-mystamp":
        found = MyStamp().parse(stamps("S-1", depicted=[{"name": "Mirte"}]), shop, NOW).order
    else:
        found = order()
    assert found is not None
    return found


def test_each_pack_is_for_one_kind_of_record() -> None:
    assert {pack: kinds_of(policy) for pack, policy in PACKS.items()} == {
        pack: (kind,) for pack, (kind, _) in KINDS.items()
    }


def test_a_webshops_order_is_read_under_the_pack_of_parcels_alone() -> None:
    assert for_parcels() == tuple(pack for pack, policy in PACKS.items() if kinds_of(policy) == (SHIPMENT,))


@pytest.mark.parametrize(("own", "other"), PAIRS)
def test_what_is_of_one_pack_has_no_plan_under_another(own: str, other: str) -> None:
    for account in PACKS[other].account_types:
        for lane in (PLUGIN, DIRECT):
            with pytest.raises((KeyError, SchemaFault)):
                schedule(matter(own), PACKS[other], account, NOW, lane=lane)


@pytest.mark.parametrize(("own", "other"), PAIRS)
def test_no_path_of_another_kind_may_be_stored_under_a_pack(own: str, other: str) -> None:
    """A category that both kinds have is judged by each pack for itself; all others are refused."""
    foreign = categories(own) - categories(other)
    assert foreign
    for category in sorted(foreign):
        for contract in ("person", "organisation", "none", None):
            assert isinstance(storable(PACKS[other], category, contract), Refusal), category


@pytest.mark.parametrize(("own", "other"), PAIRS)
def test_no_part_or_class_of_one_pack_is_another_ones(own: str, other: str) -> None:
    parts = [{part.name for part in PACKS[pack].parts.values() if part.sealed} for pack in (own, other)]
    classes = [{part.retention for part in PACKS[pack].parts.values() if part.sealed} for pack in (own, other)]
    assert not parts[0] & parts[1]
    assert not classes[0] & classes[1]
