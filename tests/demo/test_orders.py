from __future__ import annotations

import json

from middleware.demo.carriers import BPOST_SHM, CARRIERS, LOCKER, PLATFORM, POINT
from middleware.demo.orders import made_up
from simulator.bpost.locator import KINDS, SPOTS


def test_what_fares_otherwise_with_bpost_is_said_of_each_order() -> None:
    usual, other = ({order.file: order for order in made_up(carrier)} for carrier in (PLATFORM, BPOST_SHM))
    assert usual.keys() == other.keys()
    unlike = {file for file in usual if (usual[file].status, usual[file].why) != (other[file].status, other[file].why)}
    assert unlike == BPOST_SHM.others.keys()
    assert other["15-hostile-strings.json"].status == "rejected"
    assert all(order.why and order.status in ("accepted", "ignored", "rejected") for order in other.values())


def test_two_orders_name_a_pick_up_point_and_a_locker_of_bposts_and_differ_in_nothing_else() -> None:
    usual, other = ({order.file: order.body for order in made_up(carrier)} for carrier in (PLATFORM, BPOST_SHM))
    named = {"06-pickup-point.json": POINT, "12-partially-refunded.json": LOCKER}
    assert {file for file in usual if usual[file] != other[file]} == named.keys()
    for file, point in named.items():
        before, after = json.loads(usual[file]), json.loads(other[file])
        notes = {note["name"]: note["value"] for note in after.pop("note_attributes")}
        assert notes.pop("pickup_point") == point
        assert notes.items() <= {note["name"]: note["value"] for note in before.pop("note_attributes")}.items()
        assert before == after
    assert [SPOTS[point][1] == KINDS["LOCKER"] for point in named.values()] == [False, True]


def test_the_carriers_go_by_their_names() -> None:
    assert {name: carrier.kind for name, carrier in CARRIERS.items()} == {
        "platform": "parcel-json",
        "bpost": "bpost-shm",
    }
    assert all(name == carrier.name for name, carrier in CARRIERS.items())
