"""The judge on what must be sealed, what may not pass, and what may not rest."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from simulator.judge import judge
from tests.demo.bench import (
    DOMESTIC,
    GIFT,
    PARTS,
    SENDER,
    UNPAID,
    body,
    broken,
    post,
    sent,
    shipment,
    sound,
    with_parts,
)
from tests.demo.judging import NOTE, against, outbound, with_files

# nothing-unsealed


def test_a_part_that_is_only_encoded_is_not_sealed() -> None:
    evidence = sound()
    content = json.loads(evidence.entries[1].body)
    plain = json.dumps(PARTS["domestic.json"]["recipient.delivery"]).encode()
    content["recipient"]["sealed"]["delivery"] = base64.urlsafe_b64encode(plain).decode()
    entries = (evidence.entries[0], post(2, content), evidence.entries[2])
    found = against(replace(evidence, entries=entries), "nothing-unsealed")
    assert found[0] == "recipient.delivery is not sealed — ledger entry 2: /recipient/sealed/delivery"
    assert any("domestic.json: shipping_address.address1" in line and "base64" in line for line in found)


@pytest.mark.parametrize("text", ["liva.brandsteeg@example.com", "Kersenpitlaan 128", "Brandsteeg", SENDER["email"]])
def test_a_text_that_may_travel_only_sealed_stands_in_the_clear(text: str) -> None:
    found = against(outbound(reference=text), "nothing-unsealed")
    assert all("ledger entry 2, byte" in line for line in found)


def test_a_part_that_the_platform_cannot_open() -> None:
    evidence = sound()
    first = evidence.shipments[0]
    parts = {name: content for name, content in first.parts.items() if name != "recipient.notification"}
    closed = replace(first, parts=parts, unreadable=("recipient.notification",))
    found = against(replace(evidence, shipments=(closed, evidence.shipments[1])), "nothing-unsealed")
    assert found == ["recipient.notification could not be opened — shipment r-1"]


def test_a_part_that_is_missing() -> None:
    evidence = sound()
    parts = {name: content for name, content in PARTS["gift.json"].items() if name != "recipient.customs"}
    less = replace(evidence, shipments=(evidence.shipments[0], shipment("r-2", parts, 2)))
    assert against(less, "nothing-unsealed") == ["recipient.customs did not arrive — shipment r-2"]


# nothing-leaked


def test_a_forbidden_text_in_the_outbound_body() -> None:
    found = against(outbound(reference=NOTE[:48]), "nothing-leaked")
    assert len(found) == 1
    assert found[0].startswith("domestic.json: note may not pass — ledger entry 2, byte ")


def test_the_offset_is_where_it_stands() -> None:
    evidence = outbound(reference=NOTE)
    found = against(evidence, "nothing-leaked")
    assert found[0].endswith(f"byte {evidence.entries[1].body.find(NOTE.encode())}")


def test_the_payers_mail_does_not_pass_as_the_recipients() -> None:
    mixed = with_parts(sound(), "gift.json", recipient_notification={"email": GIFT["email"], "language": "nl"})
    found = against(mixed, "nothing-leaked")
    assert "recipient.notification/email holds what may not pass (gift.json: email)" in found[0]


@pytest.mark.parametrize(
    "delivery",
    [
        {"name": "Liva Brandsteeg", "street": "Kersenpitlaan 128", "line2": NOTE},
        {"name": "Liva Brandsteeg", "street": "Kersenpitlaan 128", "phone": "+32470000001"},
        {"name": "Liva Brandsteeg", "street": "Kersenpitlaan 128", "locality": "Aalst"},
        {"name": "Liva Brandsteeg", "street": "Kersenpitlaan 128", "number": 4711},
        {"name": "Liva Brandsteeg", "street": "Kersenpitlaan 128", "box": ""},
    ],
)
def test_an_opened_part_holds_what_may_not_pass(delivery: dict[str, object]) -> None:
    found = against(with_parts(sound(), "domestic.json", recipient_delivery=delivery), "nothing-leaked")
    assert "opened by the platform, shipment r-1" in found[0]


def test_customs_data_within_the_union_may_not_pass() -> None:
    items = {"items": [{"description": "Theepot in steengoed"}]}
    found = against(with_parts(sound(), "domestic.json", recipient_customs=items), "nothing-leaked")
    assert "recipient.customs/description" in found[0]


def test_another_orders_postal_code_is_not_the_orders() -> None:
    evidence = sound()
    content = json.loads(evidence.entries[1].body)
    content["recipient"]["postal_code"] = "9300"
    entries = (evidence.entries[0], post(2, content), evidence.entries[2])
    found = against(replace(evidence, entries=entries), "nothing-leaked")
    assert found == ["/recipient/postal_code is not the order's — ledger entry 2"]


@pytest.mark.parametrize(
    "text", [NOTE, "192.0.2.44", "#1001", "Kersenpitlaan 128", "9007199254740993", UNPAID["email"]]
)
@pytest.mark.parametrize("kind", ["database", "logs"])
def test_any_text_of_an_order_in_the_database_or_a_log(kind: str, text: str) -> None:
    evidence = sound()
    files = {**getattr(evidence, kind), "x": b"\0\0\0\0" + text.encode() + b"\0"}
    found = against(with_files(kind, files), "nothing-leaked")
    assert any("x, byte 4" in line for line in found)


@pytest.mark.parametrize("kind", ["database", "logs"])
@pytest.mark.parametrize("files", [{}, {"empty": b""}])
def test_nothing_to_search_is_no_promise_kept(kind: str, files: dict[str, bytes]) -> None:
    found = broken(judge(with_files(kind, files)))
    assert f"no {kind} to search — nothing was found there" in found["nothing-leaked"]
    assert ("nothing-left" in found) is (kind == "database")


def test_a_field_name_that_somebody_made_up_is_a_text_of_the_order() -> None:
    evidence = sound()
    odd = sent("odd.json", {**UNPAID, "Krelis, Kwaadstraat 13": True, "shipping_address": None}, "ignored")
    files = {"x.log": b'{"removed": ["Krelis, Kwaadstraat 13"]}'}
    found = against(replace(evidence, orders=(*evidence.orders, odd), logs=files), "nothing-leaked")
    assert found == ["odd.json: * (the name of the field) may not be logged — x.log, byte 14"]


def test_what_the_platform_publishes_of_its_points_is_no_leak_where_that_is_kept_and_nowhere_else() -> None:
    evidence = sound()
    near = sent("near.json", {**UNPAID, "billing_address": {"city": "Antwerpen"}, "shipping_address": None}, "ignored")
    evidence = replace(evidence, orders=(*evidence.orders, near))
    published = b'{"points": [{"locality": "Antwerpen"}]}'

    def held(name: str, content: bytes) -> dict[str, list[str]]:
        return broken(judge(replace(evidence, database={**evidence.database, name: content})))

    assert held("var/state/platform-platform.json", published) == {}
    assert list(held("var/state/other.json", published)) == ["nothing-leaked"]
    assert list(held("var/state/platform-platform.json", published + NOTE.encode())) == ["nothing-leaked"]


def test_words_of_the_contract_and_names_of_fields_say_nothing_of_an_order() -> None:
    evidence = sound()
    words = {"tags": "shipping_address", "note": "pickup_point", "source_name": "recipient.delivery"}
    plain = sent("plain.json", {**UNPAID, **words, "shipping_address": None}, "ignored")
    logs = {"x.log": b"shipping_address pickup_point recipient.delivery"}
    assert broken(judge(replace(evidence, orders=(*evidence.orders, plain), logs=logs))) == {}


# nothing-left


def test_a_delivered_part_that_rests_in_the_database() -> None:
    evidence = sound()
    token = json.loads(evidence.entries[2].body)["recipient"]["sealed"]["delivery"]
    database = {"var/parcelveil.db-wal": bytes(100) + token.encode()}
    found = against(replace(evidence, database=database), "nothing-left")
    assert found[0].startswith("recipient.delivery of gift.json — var/parcelveil.db-wal, byte ")


def test_a_part_that_was_not_delivered_may_rest() -> None:
    evidence = sound()
    waiting = body("r-5", DOMESTIC, PARTS["domestic.json"])
    resting = json.dumps(waiting["recipient"]["sealed"]).encode()
    more = replace(
        evidence,
        entries=(*evidence.entries, post(4, waiting, status=500)),
        database={"var/parcelveil.db": resting},
    )
    assert broken(judge(more)) == {}
