"""Tagging: every part its class and clock, the record its receipt, its index and its ends."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import rfc8785

from middleware import __version__
from middleware.core import receipt
from middleware.core.index import Indexer
from middleware.core.minimise import minimise
from middleware.core.schedule import schedule
from middleware.core.seal import seal
from middleware.core.tag import Stamp, content_digest, removal_report, tag
from middleware.model import Delivery, Record, Removal
from schemas.order import CustomsItem, Order, catalogue
from schemas.policy import Policy
from tests.middleware.core.made_up import (
    INDEX_KEY,
    NOW,
    POLICY,
    REPORT,
    SENDER,
    SHOP,
    changed,
    leaves,
    order,
    public_keys,
    receipt_keys,
    record,
    sealed,
    stamp,
    values,
)

ABROAD = order(recipient__address__country="US")
INDEXER = Indexer(INDEX_KEY, SHOP)
NAMES = ("recipient.delivery", "recipient.notification", "recipient.customs", "sender.contact")
FIRST, LAST, TEN_YEARS = date(2026, 11, 22), date(2027, 12, 22), date(2036, 11, 22)


def payload(made: Record) -> dict[str, Any]:
    return dict(receipt.verify(made.receipt, receipt_keys()))


def under(policy: Policy, **changes: Any) -> Record:
    slim, plan, closed = sealed(ABROAD, policy=policy)
    return tag(closed, plan, slim, REPORT, stamp(policy=policy, **changes))


@pytest.mark.policy("VP-RET-3", "VP-RET-4", "AMB-2", "AMB-3", "AMB-4")
def test_every_part_has_its_class_and_clock() -> None:
    made = record(ABROAD)
    assert [(part.name, part.retention, part.trigger, part.starts, part.until) for part in made.parts] == [
        ("recipient.delivery", "vp.recipient.operational", "label_created", FIRST, LAST),
        ("recipient.notification", "vp.recipient.operational", "label_created", FIRST, LAST),
        ("recipient.customs", "vp.recipient.operational", "label_created", FIRST, LAST),
        ("sender.contact", "vp.sender.legal", "label_created", FIRST, TEN_YEARS),
    ]
    assert made.until == TEN_YEARS


def test_the_tokens_are_those_that_were_sealed() -> None:
    slim, plan, closed = sealed(ABROAD)
    made = tag(closed, plan, slim, REPORT, stamp())
    assert {part.name: part.jwe for part in made.parts} == {part.name: part.jwe for part in closed.parts}
    assert (made.id, made.reference, made.carrier) == (closed.id, closed.reference, "platform")
    assert made.due == NOW + timedelta(minutes=2)


@pytest.mark.policy("VP-REV-1", "AMB-2")
def test_the_clear_rest_is_the_outbound_body_without_parts_and_receipt() -> None:
    slim, plan, closed = sealed(ABROAD)
    made = tag(closed, plan, slim, REPORT, stamp())
    assert json.loads(made.clear) == {
        "id": made.id,
        "policy": {"pack": "bpost-shipping-platform", "version": POLICY.version, "sha256": POLICY.sha256},
        "parcel": {
            "product": "parcel",
            "weight_grams": 1200,
            "pieces": 1,
            "reference": made.reference,
            "pickup_point": None,
        },
        "recipient": {"country": "US", "postal_code": "1000"},
        "sender": {"shop": "demo"},
        "retention": [
            {"part": name, "class": "vp.recipient.operational", "starts": "2026-11-22", "until": "2027-12-22"}
            for name in NAMES[:3]
        ]
        + [{"part": "sender.contact", "class": "vp.sender.legal", "starts": "2026-11-22", "until": "2036-11-22"}],
        "transfers": {"cleartext_outside_eea": False},
    }
    assert made.clear == receipt.canonical(json.loads(made.clear))


@pytest.mark.policy("VP-SCO-1", "VP-REV-1", "VP-PUR-2", "VP-BAS-1", "AMB-2")
def test_the_receipt_tells_pack_purpose_basis_retention_and_paths() -> None:
    made = record(ABROAD)
    told = payload(made)
    recipient = {
        "purpose": "label_and_delivery",
        "basis": "A6-1-f",
        "class": "vp.recipient.operational",
        "trigger": "label_created",
        "starts": "2026-11-22",
        "until": "2027-12-22",
    }
    sender = {**recipient, "basis": "A6-1-b", "class": "vp.sender.legal", "until": "2036-11-22"}
    digests = {part.name: receipt.sha256(part.jwe.encode()) for part in made.parts}
    whole = json.loads(made.clear)
    for part in made.parts:
        holder, name = part.name.split(".")
        whole[holder].setdefault("sealed", {})[name] = part.jwe
    assert told == {
        "v": 1,
        "rid": made.id,
        "iat": "2026-11-22T10:00:00Z",
        "iss": "parcelveil",
        "pack": {"id": "bpost-shipping-platform", "version": POLICY.version, "sha256": POLICY.sha256},
        "engine": __version__,
        "account_type": "professional",
        "carrier": made.carrier,
        "interpretations": {name: point.default for name, point in POLICY.interpretations.items()},
        "reference": "code",
        "parts": {name: {**(sender if name == NAMES[3] else recipient), "sha256": digests[name]} for name in NAMES},
        "kept": ["recipient.address.postal_code", "recipient.address.street"],
        "body_sha256": receipt.sha256(rfc8785.dumps(whole)),
    }


@pytest.mark.policy("AMB-2", "AMB-3")
@pytest.mark.parametrize(
    ("name", "choice", "waiting"),
    [("recipient_clock", "delivered", NAMES[:3]), ("sender_legal_start", "end-of-use", NAMES[3:])],
)
def test_a_clock_that_has_not_started_has_no_dates_anywhere(name: str, choice: str, waiting: tuple[str, ...]) -> None:
    made = under(POLICY.interpret({name: choice}))
    told = payload(made)
    assert told["interpretations"][name] == choice
    assert {part.name for part in made.parts if part.starts is part.until is None} == set(waiting)
    assert {part.name: part.ceiling for part in made.parts} == dict.fromkeys(NAMES[:3], LAST) | {NAMES[3]: TEN_YEARS}
    assert {part for part, row in told["parts"].items() if row["starts"] is row["until"] is None} == set(waiting)
    rows = json.loads(made.clear)["retention"]
    assert {row["part"] for row in rows if row["starts"] is row["until"] is None} == set(waiting)
    assert made.until is None
    leads = LAST if name == "sender_legal_start" else None
    assert {made.clear_until, *(entry.until for entry in made.index)} == {leads}


def test_the_receipt_tells_what_was_chosen_as_reference_and_of_whom() -> None:
    told = payload(under(POLICY, reference="order-name", account_type="guest"))
    assert (told["reference"], told["account_type"]) == ("order-name", "guest")


def test_one_record_and_one_moment_give_one_receipt() -> None:
    slim, plan, closed = sealed(ABROAD)
    made = [tag(closed, plan, slim, REPORT, stamp()) for _ in range(3)]
    assert len({(one.receipt, one.clear, one.content) for one in made}) == 1
    encoded = made[0].receipt.split(".")[1]
    assert receipt.canonical(payload(made[0])).decode() == _decoded(encoded)


def _decoded(segment: str) -> str:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode()


@pytest.mark.policy("VP-CAT-8")
def test_neither_receipt_nor_clear_rest_nor_index_holds_a_value_of_the_order() -> None:
    made = record(ABROAD, notify="sms")
    told = json.dumps(payload(made)) + made.clear.decode() + repr(made.index) + repr(made.removal)
    canaries = [value for value in (*values(ABROAD), *values(SENDER)) if value != "parcel"]
    assert len(canaries) > 20
    assert [value for value in canaries if value in told] == []


def test_the_index_has_what_is_there_and_no_more() -> None:
    def kinds(**changes: Any) -> list[str]:
        notify = changes.pop("notify", "email")
        return [entry.kind for entry in record(order(**changes), notify=notify).index]

    always = ["order.id", "order.name", "customer.id"]
    assert kinds() == [*always, "recipient.contact.email"]
    assert kinds(notify="sms") == [*always, "recipient.contact.phone"]
    assert kinds(notify="none") == always
    assert kinds(notify="none", ids__customer_id=None) == ["order.id", "order.name"]
    assert kinds(notify="none", ids__order_name="") == ["order.id", "customer.id"]


@pytest.mark.policy("AMB-21", "VP-RET-4")
def test_an_index_entry_ends_with_the_recipients_parts() -> None:
    made = record(ABROAD)
    assert {entry.until for entry in made.index} == {LAST}
    assert made.until == TEN_YEARS


@pytest.mark.policy("VP-RET-4", "AMB-4")
def test_what_is_in_the_clear_of_the_recipient_ends_with_the_recipients_parts() -> None:
    made = record(ABROAD)
    assert (made.clear_until, made.until) == (LAST, TEN_YEARS)


def test_an_index_entry_is_the_keyed_digest_of_the_value() -> None:
    found = {entry.kind: entry.digest for entry in record().index}
    assert found == {
        "order.id": INDEXER.of("order.id", "5551234567890123"),
        "order.name": INDEXER.of("order.name", "#1001"),
        "customer.id": INDEXER.of("customer.id", "7770001112223"),
        "recipient.contact.email": INDEXER.of("recipient.contact.email", "lotte@verzinsel.example"),
    }


FIELDS = [path for path, _ in catalogue() if not path.startswith("ids.") and path != "updated_at"]


@pytest.mark.parametrize("path", FIELDS)
@pytest.mark.parametrize("present", [True, False])
def test_another_permitted_content_has_another_digest(path: str, present: bool) -> None:
    old = next((value for name, value in leaves(ABROAD) if name == path and value is not None), "1")
    new: object = None if not present else old + 1 if isinstance(old, int) else f"{old}x"
    whole = changed(ABROAD, path, old)
    assert content_digest(changed(whole, path, new), stamp()) != content_digest(whole, stamp())


@pytest.mark.parametrize("path", ["ids.order_id", "ids.order_name", "ids.customer_id", "updated_at"])
def test_ids_and_times_are_not_content(path: str) -> None:
    for value in (None, datetime(2030, 1, 1, tzinfo=UTC) if path == "updated_at" else "another"):
        assert content_digest(changed(ABROAD, path, value), stamp()) == content_digest(ABROAD, stamp())


def test_the_same_content_has_the_same_digest_at_any_time() -> None:
    later = stamp(
        now=NOW + timedelta(days=9), due=NOW + timedelta(days=10), account_type="guest", reference="order-name"
    )
    again = order(recipient__address__country="US")
    assert content_digest(again, later) == content_digest(ABROAD, stamp())
    assert len(content_digest(ABROAD, stamp())) == 32


def test_the_records_content_is_that_of_the_minimised_order() -> None:
    slim, _ = minimise(ABROAD, POLICY, Delivery(notify="email"))
    assert record(ABROAD).content == content_digest(slim, stamp()) != content_digest(ABROAD, stamp())


def test_a_digest_of_content_tells_nothing_without_the_key() -> None:
    others = [Indexer(bytes(32), SHOP), Indexer(INDEX_KEY, "other")]
    digests = {content_digest(ABROAD, stamp(indexer=indexer)) for indexer in (INDEXER, *others)}
    assert len(digests) == 3


def test_the_order_of_customs_items_and_their_number_are_content() -> None:
    one, other = ABROAD.customs
    variants = [(one, other), (other, one), (one,), (one, other, other), (), (one, CustomsItem(), other)]
    digests = [content_digest(replace(ABROAD, customs=items), stamp()) for items in variants]
    assert len(set(digests)) == len(variants)


def test_a_value_in_another_field_is_another_content() -> None:
    def alone(path: str) -> bytes:
        return content_digest(_bare(path, "12"), stamp())

    texts = [path for path, _ in catalogue() if path.startswith(("recipient.", "parcel."))]
    assert len({alone(path) for path in texts}) == len(texts)


def _bare(path: str, value: str) -> Order:
    whole = order(customs=())
    for name, _ in catalogue():
        if not name.startswith("customs."):
            whole = changed(whole, name, value if name == path else None)
    return whole


ROWS = (Removal(path="note", reason="free_text"), Removal(path="line_items[].price", reason="payment"))


def test_removal_reports_of_one_shape_have_one_id() -> None:
    assert removal_report(ROWS) == removal_report(tuple(replace(row) for row in ROWS))
    assert removal_report(ROWS).removed == ROWS
    assert removal_report(ROWS).id == receipt.sha256(b'[[["note","free_text"],["line_items[].price","payment"]],[]]')
    both = removal_report(ROWS, ROWS[:1])
    assert (both.removed, both.doubted) == (ROWS, ROWS[:1])
    assert len({removal_report(*rows).id for rows in ((ROWS,), (ROWS, ROWS[:1]), ((), ROWS), (ROWS[:1], ROWS))}) == 4


@pytest.mark.parametrize(
    "rows",
    [
        (),
        ROWS[:1],
        ROWS[1:],
        tuple(reversed(ROWS)),
        (*ROWS, ROWS[0]),
        (replace(ROWS[0], reason="payment"), ROWS[1]),
        (replace(ROWS[0], path="notes"), ROWS[1]),
        (replace(ROWS[0], path="free_text", reason="note"), ROWS[1]),
        (Removal(path='note","free_text', reason=""), ROWS[1]),
    ],
)
def test_removal_reports_of_another_shape_have_another_id(rows: tuple[Removal, ...]) -> None:
    assert removal_report(rows).id != removal_report(ROWS).id


def test_the_record_links_the_report_of_its_own_order() -> None:
    assert record().removal == removal_report(REPORT.removed, REPORT.doubted)


def test_nothing_of_keys_or_orders_shows() -> None:
    slim, plan, closed = sealed(ABROAD)
    assert repr(stamp()) == "<Stamp>"
    shown = repr((stamp(), slim, plan, closed, SENDER))
    canaries = [value for value in (*values(ABROAD), *values(SENDER)) if value != "parcel"]
    assert [value for value in canaries if value in shown] == []


def test_the_moment_of_a_receipt_is_told_in_whole_seconds() -> None:
    slim, plan, _ = sealed(ABROAD)
    moment = NOW.replace(microsecond=987654)
    made: Stamp = stamp(now=moment)
    later = schedule(slim, POLICY, "professional", moment)
    closed = seal(slim, SENDER, later, public_keys(plan), shop=SHOP)
    assert payload(tag(closed, later, slim, REPORT, made))["iat"] == "2026-11-22T10:00:00Z"
