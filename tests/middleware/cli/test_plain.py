"""Of a contact or an order of stamps nothing is said of a label or a parcel that there is not."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from middleware.cli import telling, words
from middleware.cli.parcels import PARCEL
from middleware.cli.plain import PLAIN
from middleware.cli.sentences import Sentences
from middleware.exchange import Delivered
from middleware.model import Ending, Reason, State
from middleware.ports import Storage
from middleware.storage import migrate, open_store
from middleware.tracking import next_step
from middleware.trail import Sighting
from tests.middleware.cli.bench import Instance
from tests.storage.builders import again, arrival, part, record
from tests.storage.looking import claim

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
HERE = tuple(
    telling.Here(now=now, paused=paused, simulated=simulated, cleartext=cleartext)
    for now, paused, simulated, cleartext in (
        (NOW, {}, (), ()),
        (NOW + timedelta(hours=1), {}, ("platform",), ()),
        (NOW, {"platform": "http-401"}, (), ("platform",)),
        (NOW, {"platform": "made-up"}, ("platform",), ()),
    )
)
"""Every turn of what is so while it is told: overdue, paused, simulated, in cleartext."""

CODES = (None, *words.CODES, *Reason, "predecessor-missing", "http-400", "http-503", "attempts-exhausted:timeout")
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
    for code, ending, changed, here in product(CODES, (None, *Ending), (False, True), HERE):
        record = sighting(state, code, ending, changed=changed, parcel=False)
        told = telling.parcel(record, next_step(record), here)
        assert [said for said in told.values() if WRONG.search(said)] == [], (code, ending)
        assert "{" not in " ".join(told.values())


def test_no_sentence_of_what_is_no_parcel_has_one() -> None:
    """Nor one that is said elsewhere: of a row that cannot be read, of what is not sent again, of a list."""
    for field in fields(Sentences):
        value = getattr(PLAIN, field.name)
        said = [value] if isinstance(value, str) else list(value.values())
        assert [sentence for sentence in said if WRONG.search(sentence)] == [], field.name


@pytest.mark.parametrize(("said", "parcel"), [(PARCEL, True), (PLAIN, False)])
def test_each_is_told_in_the_words_of_its_kind(said: Sentences, *, parcel: bool) -> None:
    for state in (State.CANCELLED, State.CANCELLING, State.QUARANTINED):
        assert telling.todo(sighting(state, None, None, parcel=parcel)) == said.can[state]
    for code, sentence in (("expired", said.expired), ("key-gone", said.key_gone)):
        assert telling.todo(sighting(State.DEAD, code, None, parcel=parcel)) == sentence
    failed = sighting(State.DEAD, "http-422", Ending.REPLACED, parcel=parcel)
    assert telling.todo(failed) == said.uncancelled.format(id="an-id")
    assert telling.todo(sighting(State.DEAD, None, None, readable=False, parcel=parcel)) == said.unreadable


@pytest.mark.parametrize("code", ["expired", "key-gone"])
def test_a_dead_contact_is_not_sent_again_and_told_so_without_a_parcel(instance: Instance, code: str) -> None:
    contact = part("maxiresponse.contact", until=date(2020, 1, 1))
    made = record(parts=(contact,))
    with closing(open_store(f"sqlite:///{instance.database}")) as store:
        store.accept(arrival(), made)
        store.bury(claim(store), State.DEAD, code, NOW)
    said = instance.run("deliveries", "retry", made.id).stderr
    assert said == f"{made.id}: not sent again. {PLAIN.key_gone if code == 'key-gone' else PLAIN.expired}\n"


def test_a_list_tells_of_both_kinds_what_changed_too_late(instance: Instance) -> None:
    with closing(open_store(f"sqlite:///{instance.database}")) as store:
        for name in ("maxiresponse.contact", "recipient.delivery"):
            first = arrival()
            store.accept(first, record(parts=(part(name),)))
            frozen = claim(store)
            store.delivered(frozen, Delivered(barcode=None, state="created"), NOW)
            store.accept(again(first, halt=Reason.CANCELLED), None)
            store.too_late(claim(store), NOW)
    listed = " ".join(instance.run("deliveries", "list").stdout.split())
    assert f"! {PARCEL.changed}" in listed
    assert f"! {PLAIN.changed}" in listed


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
