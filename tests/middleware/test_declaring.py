"""The receipt of what was blocked is signed anew with its declaration, and nothing else is ever signed that way."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from joserfc.jwk import OctKey, OKPKey

from middleware.core import receipt
from middleware.declaring import Desk
from middleware.errors import TamperedError
from middleware.keys import ServiceKeys
from middleware.model_events import Event, EventType, Selector

pytestmark = pytest.mark.policy("MS-CTL-3")


def signing(kid: str) -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": kid})


KEYS = ServiceKeys(signing=signing("one"), index=bytes(32), service=OctKey.generate_key(256))
AWAITING = {"rid": "a", "carrier": "platform", "parts": {}, receipt.AWAITS: receipt.DECLARATION}
EVENT = Event(
    id=str(uuid.uuid4()),
    shop="stamps",
    type=EventType.DECLARATION,
    selector=Selector(record_id="a"),
    about=None,
    day=date(2026, 11, 21),
    by="shop",
    at=datetime(2026, 11, 22, tzinfo=UTC),
    until=date(2026, 12, 22),
)


def desk(token: str, keys: ServiceKeys = KEYS) -> Desk:
    def blocked(shop: str, selector: Selector) -> list[tuple[str, str]]:
        return [("a", token)] if (shop, selector) == ("stamps", EVENT.selector) else []

    return Desk(blocked=blocked, keys=keys)


def test_the_new_receipt_names_the_event_and_its_day_and_awaits_nothing() -> None:
    token = receipt.sign(AWAITING, KEYS.signing)
    (release,) = desk(token).releases(EVENT)
    assert (release.record_id, release.before) == ("a", token)
    assert receipt.verify(release.after, KEYS.verifying()) == {
        **{name: value for name, value in AWAITING.items() if name != "awaits"},
        "declaration": {"id": EVENT.id, "declared_at": "2026-11-21"},
    }


def test_what_was_signed_before_a_rotation_is_let_go_under_the_new_key() -> None:
    token = receipt.sign(AWAITING, KEYS.signing)
    after = replace(KEYS, signing=signing("two"), former_signing={"one": KEYS.signing})
    (release,) = desk(token, after).releases(EVENT)
    assert receipt.verify(release.after, {"two": after.signing})["rid"] == "a"


def test_nothing_is_signed_anew_that_is_another_records_or_nobodys() -> None:
    anothers = receipt.sign({**AWAITING, "rid": "b"}, KEYS.signing)
    for token in (anothers, receipt.sign(AWAITING, signing("one")), ""):
        with pytest.raises(TamperedError):
            desk(token).releases(EVENT)


def test_a_receipt_that_awaits_something_lets_nothing_out() -> None:
    rest = {**AWAITING, "body_sha256": receipt.sha256(receipt.canonical({"id": "a"}))}
    clear = receipt.canonical({"id": "a"})
    with pytest.raises(TamperedError):
        receipt.check(rest, "a", "platform", clear, ())
    receipt.check(receipt.declared(rest, {"id": EVENT.id}), "a", "platform", clear, ())
