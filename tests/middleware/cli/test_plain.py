"""Of a contact or an order of stamps nothing is said of a label or a parcel that there is not."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from middleware.cli import telling
from middleware.model import Ending, State
from middleware.ports import Storage
from middleware.storage import migrate, open_store
from middleware.tracking import next_step
from middleware.trail import Sighting
from tests.storage.builders import arrival, part, record

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
HERE = telling.Here(now=NOW, paused={}, simulated=())
CODES = (None, "expired", "http-422", "predecessor-missing", "too-late", "replaced", "unreadable-row")
WRONG = re.compile(r"\blabel\b|\bparcel\b(?! platform)")


def sighting(state: State, code: str | None, ending: Ending | None, **changes: Any) -> Sighting:
    return Sighting(
        id="an-id",
        reference="7K3MW9Q2XA",
        shop="contacts",
        carrier="platform",
        state=state,
        created_at=NOW,
        since=NOW,
        due=NOW + timedelta(minutes=1),
        attempts=0,
        last_code=code,
        barcode=None,
        changed_after_delivery=changes.pop("changed", False),
        ending=ending,
        predecessor=None,
        **changes,
    )


@pytest.mark.parametrize("state", State)
def test_what_is_no_parcel_is_told_without_one(state: State) -> None:
    for code, ending, changed in product(CODES, (None, *Ending), (False, True)):
        record = sighting(state, code, ending, changed=changed, parcel=False)
        told = telling.parcel(record, next_step(record), HERE)
        wrong = [said for said in told.values() if said != telling.NO_PARCEL and WRONG.search(said)]
        assert wrong == [], (code, ending)
        assert "{" not in " ".join(told.values())


def test_of_a_parcel_it_is_told_as_before() -> None:
    for state, said in (
        (State.CANCELLED, telling.CAN[State.CANCELLED]),
        (State.CANCELLING, telling.CAN[State.CANCELLING]),
        (State.QUARANTINED, telling.CAN[State.QUARANTINED]),
    ):
        assert telling.todo(sighting(state, None, None)) == said
    assert telling.todo(sighting(State.DEAD, "http-422", Ending.REPLACED)) == telling.UNCANCELLED.format(id="an-id")


@pytest.mark.parametrize(
    ("name", "parcel"),
    [("recipient.delivery", True), ("maxiresponse.contact", False), ("mystamp.customer", False)],
)
def test_a_record_is_known_for_what_it_is_by_its_parts(
    tmp_path_factory: pytest.TempPathFactory, name: str, parcel: bool
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('plain')}/parcelveil.db"
    migrate(url)
    store: Storage = open_store(url)
    made = record(parts=(part(name), part("sender.contact")))
    store.accept(arrival(), made)
    found, shown = store.sighting(made.id), store.show(made.id)
    assert found is not None
    assert shown is not None
    assert (found.parcel, shown.parcel) == (parcel, parcel)
    store.close()
