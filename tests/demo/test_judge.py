from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from simulator.evidence import Evidence
from simulator.judge import judge
from simulator.verdict import PROMISES, Verdict
from tests.demo.bench import (
    AT,
    DOMESTIC,
    GIFT,
    PARTS,
    SENDER,
    UNPAID,
    body,
    broken,
    label,
    post,
    sent,
    shipment,
    sound,
    with_parts,
)

NOTE = DOMESTIC["note"]


def against(evidence: Evidence, promise: str) -> list[str]:
    """The evidence against a promise; no other promise may be broken with it."""
    found = broken(judge(evidence))
    assert list(found) == [promise]
    return found[promise]


def with_files(kind: str, files: dict[str, bytes]) -> Evidence:
    """Sound evidence, but for the files of the database or of the logs."""
    evidence = sound()
    return replace(evidence, database=files) if kind == "database" else replace(evidence, logs=files)


def outbound(**changes: object) -> Evidence:
    """Sound evidence, but for members of the first order's outbound parcel."""
    evidence = sound()
    content = json.loads(evidence.entries[1].body)
    content["parcel"] |= changes
    return replace(evidence, entries=(evidence.entries[0], post(2, content), evidence.entries[2]))


def test_sound_evidence_keeps_every_promise() -> None:
    said = judge(sound())
    assert [verdict.promise for verdict in said] == list(PROMISES)
    assert broken(said) == {}
    assert all(verdict.checked > 0 and verdict.basis for verdict in said)


def test_the_verdict_is_the_same_however_often_it_is_asked() -> None:
    evidence = sound()
    assert judge(evidence) == judge(evidence)


# nothing-dropped


def test_an_acknowledged_order_that_is_not_in_the_ledger_is_dropped() -> None:
    evidence = sound()
    less = replace(evidence, entries=evidence.entries[:2], shipments=evidence.shipments[:1])
    assert against(less, "nothing-dropped") == [
        "gift.json (acknowledged) — in none of the 1 shipments that the platform's ledger holds"
    ]


def test_a_shipment_without_a_ledger_entry_does_not_count() -> None:
    evidence = sound()
    less = replace(evidence, entries=(*evidence.entries[:2], replace(evidence.entries[2], status=422)))
    assert "gift.json (acknowledged)" in broken(judge(less))["nothing-dropped"][0]


@pytest.mark.parametrize(
    ("statuses", "told"), [((503,), "503"), ((None,), "not at all"), ((200, 503), "503"), ((), "not")]
)
def test_an_order_that_is_not_acknowledged_is_told(statuses: tuple[int | None, ...], told: str) -> None:
    evidence = sound()
    orders = (sent("domestic.json", DOMESTIC, statuses=statuses), *evidence.orders[1:])
    assert told in against(replace(evidence, orders=orders), "nothing-dropped")[0]


# nothing-doubled


def test_two_shipments_of_one_order_are_double() -> None:
    evidence = sound()
    again = body("r-9", DOMESTIC, PARTS["domestic.json"])
    more = replace(
        evidence,
        entries=(*evidence.entries, post(7, again)),
        shipments=(*evidence.shipments, shipment("r-9", PARTS["domestic.json"], 9)),
    )
    assert against(more, "nothing-doubled") == ["domestic.json arrived 2 times — ledger entries 2, 7"]


def test_the_same_shipment_posted_again_is_not_double() -> None:
    evidence = sound()
    repeated = replace(evidence, entries=(*evidence.entries, replace(evidence.entries[1], seq=4)))
    assert broken(judge(repeated)) == {}


def test_orders_that_cannot_be_told_apart_are_not_passed_over() -> None:
    evidence = sound()
    twin = sent("twin.json", {**DOMESTIC, "id": 5}, "ignored")
    found = broken(judge(replace(evidence, orders=(*evidence.orders, twin))))
    assert [what.split(" — ")[0] for what in found["nothing-doubled"]] == ["domestic.json", "twin.json"]


# nothing-stray


def test_a_shipment_of_an_ignored_order_is_stray() -> None:
    evidence = sound()
    parts = {"recipient.delivery": {"name": "Ferre Goossenaar", "street": "Boterbloemkaai 12", "locality": "Aalst"}}
    more = replace(
        evidence,
        entries=(*evidence.entries, post(4, body("r-3", UNPAID, parts))),
        shipments=(*evidence.shipments, shipment("r-3", parts, 3)),
    )
    found = broken(judge(more))
    assert found["nothing-stray"] == ["unpaid.json (to be ignored) — ledger entry 4"]
    assert "nothing-leaked" in found


def test_a_shipment_of_no_order_is_stray() -> None:
    evidence = sound()
    parts = {"recipient.delivery": {"name": "Niemand Bekend", "street": "Nergens 1", "locality": "Aalst"}}
    more = replace(evidence, shipments=(*evidence.shipments, shipment("r-4", parts, 4)))
    assert broken(judge(more))["nothing-stray"] == ["shipment r-4 is of no order — ledger entries (none)"]


@pytest.mark.parametrize(("name", "street"), [("Liva Brandsteeg", "Elders 4"), ("Lea Anders", "Kersenpitlaan 128")])
def test_another_name_or_another_address_is_another_order(name: str, street: str) -> None:
    parts = {"name": name, "street": street, "locality": "Gent"}
    found = broken(judge(with_parts(sound(), "domestic.json", recipient_delivery=parts)))
    assert {"nothing-dropped", "nothing-stray"} <= found.keys()


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


# nothing-untagged


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("class", "vp.sender.legal"),
        ("starts", "2026-11-20"),
        ("starts", None),
        ("until", "2027-12-23"),
        ("until", None),
        ("part", "recipient.notification"),
    ],
)
def test_a_tag_that_is_not_what_the_class_demands(member: str, value: str | None) -> None:
    evidence = sound()
    content = json.loads(evidence.entries[1].body)
    content["retention"][0][member] = value
    entries = (evidence.entries[0], post(2, content), evidence.entries[2])
    found = against(replace(evidence, entries=entries), "nothing-untagged")
    assert "the retention tag of recipient.delivery — ledger entry 2: /retention" in found


def test_intake_may_have_been_before_midnight_in_brussels() -> None:
    evidence = sound()
    late = tuple(replace(entry, at="2026-11-22T23:30:00+00:00") for entry in evidence.entries)
    assert broken(judge(replace(evidence, entries=late))) == {}
    later = tuple(replace(entry, at="2026-11-23T23:30:00+00:00") for entry in evidence.entries)
    assert "nothing-untagged" in broken(judge(replace(evidence, entries=later)))


# nothing-unlabelled


@pytest.mark.parametrize(
    ("pdf", "told"),
    [
        (b"", "is no label that can be read"),
        (b"%PDF-1.3 nonsense", "is no label that can be read"),
        (label("Iemand Anders", f"{1:024d}"), "does not show who receives"),
        (label("Liva Brandsteeg", f"{7:024d}"), "does not show its barcode"),
    ],
)
def test_a_label_that_does_not_show_what_it_must(pdf: bytes, told: str) -> None:
    evidence = sound()
    first = replace(evidence.shipments[0], label=pdf)
    found = against(replace(evidence, shipments=(first, evidence.shipments[1])), "nothing-unlabelled")
    assert found == [f"the label of domestic.json — {told}"]


# evidence of nothing at all


def test_a_verdict_on_nothing_is_no_promise_kept() -> None:
    assert not Verdict(promise="nothing-left", sentence="", checked=0, basis="", findings=()).kept
    assert Verdict(promise="nothing-left", sentence="", checked=1, basis="", findings=()).kept


def test_no_evidence_keeps_no_promise() -> None:
    said = judge(replace(sound(), orders=(), entries=(), shipments=(), database={}, logs={}))
    assert [verdict.promise for verdict in said if not verdict.kept] == list(PROMISES)
    assert all("nothing was checked" in str(verdict.findings) for verdict in said)


def test_a_ledger_entry_that_is_no_json_is_searched_all_the_same() -> None:
    evidence = sound()
    odd = replace(evidence.entries[0], seq=8, method="POST", path="/shipments", body=b"{" + NOTE.encode(), status=400)
    found = against(replace(evidence, entries=(*evidence.entries, odd)), "nothing-leaked")
    assert "ledger entry 8" in found[0]


def test_a_value_in_a_path_of_the_platform_is_found() -> None:
    evidence = sound()
    asked = replace(evidence.entries[0], seq=9, at=AT, path="/pickup-points?name=Brandsteeg")
    found = against(replace(evidence, entries=(*evidence.entries, asked)), "nothing-unsealed")
    assert "the path of ledger entry 9" in found[0]
