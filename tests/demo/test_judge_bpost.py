"""The judge on bpost's boxes, each time with one thing wrong in evidence of a good run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from simulator.bpost.elements import told
from simulator.evidence import Evidence, Shipment
from simulator.judge import judge
from simulator.rest import sealed_in
from tests.demo.bench import broken
from tests.demo.bpost_stage import staged
from tests.demo.later_bench import copy_of, database

DATABASE = "data/parcelveil.db"
HOME, GIFT, POINT, ABROAD = (
    "Lieselot Vandermeulebroek",
    "Mirte Oosterlynck-Dewaay",
    "Quinten Verhaverbeke",
    "Annelore Zgraggenmatt",
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Of a good run, with databases that hold the sealed parts and no more: they are searched byte by byte."""
    with staged(tmp_path_factory.mktemp("sound")) as stage:
        evidence = stage.act()
    tokens = [part.token for part in sealed_in(evidence.waiting)]
    keys = {name: content for name, content in evidence.database.items() if name.startswith("keys/")}
    return replace(evidence, waiting={DATABASE: database(tokens)}, database={DATABASE: database([]), **keys})


def box_of(evidence: Evidence, name: str) -> Shipment:
    return next(one for one in evidence.shipments if one.parts["recipient.delivery"]["name"] == name)


def with_box(evidence: Evidence, old: Shipment, new: Shipment) -> Evidence:
    return replace(evidence, shipments=tuple(new if one is old else one for one in evidence.shipments))


def telling(evidence: Evidence, name: str, *more: tuple[str, str], but: str = "") -> Evidence:
    """The same, but that a box tells these elements too, and not ``but``."""
    box = box_of(evidence, name)
    elements = (*(one for one in box.elements if one[0] != but), *more)
    return with_box(evidence, box, replace(box, elements=elements, parts=told(elements).parts))


def test_the_evidence_is_sound(sound: Evidence) -> None:
    assert broken(judge(sound)) == {}


HOME_BOX, POINT_BOX = "nationalBox/atHome", "nationalBox/atBpost"
TOLD: dict[str, tuple[str, tuple[str, str], str]] = {
    "the home address at a point": (
        POINT,
        (f"{POINT_BOX}/receiver/address/streetName", "Spinnewielstraat 64"),
        f"{POINT_BOX}/receiver/address/streetName is told",
    ),
    "the home address as the point's": (
        POINT,
        (f"{POINT_BOX}/pugoAddress/addressLineTwo", "2de verdieping"),
        f"{POINT_BOX}/pugoAddress/addressLineTwo is not the pick-up point's",
    ),
    "the payer's e-mail": (
        GIFT,
        (f"{HOME_BOX}/options/infoNextDay/emailAddress", "joachim.terweduwe@example.net"),
        "recipient.notification/email holds what may not pass (04-gift.json: contact_email (and 2 more))",
    ),
    "a telephone beside an e-mail": (
        HOME,
        (f"{HOME_BOX}/receiver/phoneNumber", "+32470000112"),
        "recipient.notification/mobile holds what may not pass (01-domestic-full.json: ",
    ),
    "who sends": (HOME, ("sender/name", "Ysaline Dewitterange"), "sender/name is told"),
    "another option": (HOME, (f"{HOME_BOX}/options/cod/amount", "100"), f"{HOME_BOX}/options/cod/amount is told"),
    "another postal code": (HOME, (f"{HOME_BOX}/receiver/address/locality", "Aalst"), "recipient.delivery/locality"),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_bpost_is_told_too_much(sound: Evidence, case: str) -> None:
    name, more, finding = TOLD[case]
    found = broken(judge(telling(sound, name, more)))
    assert list(found) == ["nothing-leaked"]
    assert found["nothing-leaked"][0].startswith(finding)


def test_a_reference_that_is_no_code_may_be_anything(sound: Evidence) -> None:
    reference = ("additionalCustomerReference", "#1001")
    found = broken(judge(telling(sound, HOME, reference, but=reference[0])))
    assert found["nothing-leaked"][0].startswith("the reference for packers is no code — ")


@pytest.mark.parametrize("text", ["Ysaline Dewitterange", "Theepot in steengoed", "192.0.2.44"])
def test_a_text_in_a_request_that_has_no_business_there(sound: Evidence, text: str) -> None:
    first, *others = sound.entries
    spoilt = replace(first, body=first.body + f"<!-- {text} -->".encode())
    found = broken(judge(replace(sound, entries=(spoilt, *others))))
    assert list(found) == ["nothing-leaked"]
    assert "may not pass — ledger entry 1, byte" in found["nothing-leaked"][0]


def test_another_postal_code_is_not_the_orders(sound: Evidence) -> None:
    first, *others = sound.entries
    entries = (replace(first, body=first.body.replace(b">9000<", b">9001<")), *others)
    assert broken(judge(replace(sound, entries=entries))) == {
        "nothing-leaked": ["/recipient/postal_code is not the order's — ledger entry 1"]
    }


def test_a_second_living_box_under_one_reference_is_double(sound: Evidence) -> None:
    found = broken(judge(replace(sound, shipments=(*sound.shipments, box_of(sound, HOME)))))
    assert list(found) == ["nothing-doubled"]


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ("recipient.customs", "internationalBox/international/"),
        ("recipient.notification", "internationalBox/international/receiver/emailAddress"),
    ],
)
def test_a_part_that_did_not_arrive_is_told(sound: Evidence, part: str, path: str) -> None:
    box = box_of(sound, ABROAD)
    less = replace(box, parts={name: content for name, content in box.parts.items() if name != part})
    found = broken(judge(with_box(sound, box, less)))
    assert found == {"nothing-unsealed": [f"{part} of 03-outside-eu.json did not arrive — shipment {box.id}"]}
    assert any(name.startswith(path) for name, _ in box.elements)


def waits(tokens: Callable[[Evidence], list[str]]) -> Callable[[Evidence], Evidence]:
    return lambda evidence: replace(evidence, waiting={DATABASE: database(tokens(evidence))})


def sealed(evidence: Evidence) -> list[str]:
    return [part.token for part in sealed_in(evidence.waiting)]


def other(evidence: Evidence) -> list[str]:
    """One more of them, sealed to the month of its class and to a key that nobody has here."""
    return [*sealed(evidence), copy_of(evidence.shipments[0].id, "recipient.notification", b"{}")]


RESTING: dict[str, tuple[Callable[[Evidence], Evidence], str, str]] = {
    "nothing waited": (waits(lambda evidence: sealed(evidence)[1:]), "nothing-unsealed", "did not wait sealed"),
    "another key": (waits(other), "nothing-unsealed", "is sealed to no key of its week"),
    "no key at all": (
        lambda evidence: replace(evidence, database={DATABASE: evidence.database[DATABASE]}),
        "nothing-unsealed",
        "does not open with any key",
    ),
    "in the clear beside it": (
        lambda evidence: replace(evidence, waiting={**evidence.waiting, "data/x": b"Kersenpitstraat 128"}),
        "nothing-unsealed",
        " rests unsealed — data/x, byte 0",
    ),
    "still there afterwards": (
        lambda evidence: replace(evidence, database={**evidence.database, **evidence.waiting}),
        "nothing-left",
        f"— {DATABASE}, byte ",
    ),
    "no copy was made": (lambda evidence: replace(evidence, waiting={}), "nothing-unsealed", "did not wait sealed"),
}


@pytest.mark.parametrize("case", RESTING)
def test_how_it_rested(sound: Evidence, case: str) -> None:
    spoil, promise, finding = RESTING[case]
    found = broken(judge(spoil(sound)))
    assert promise in found
    assert any(finding in one for one in found[promise])
