"""The judge on orders dropped, doubled and stray, on tags and labels, and on evidence that is none."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from simulator.judge import judge
from simulator.verdict import PROMISES, Verdict
from tests.demo.bench import (
    AT,
    DOMESTIC,
    PARTS,
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
from tests.demo.judging import NOTE, against


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
