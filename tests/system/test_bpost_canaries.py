"""P1 with bpost: a canary in every leaf, from every source; bpost is told exactly what may pass, element by element.

Everything goes the real way, to the simulated services over HTTP. What rests here is looked through while it waits,
while requests are under way, and afterwards: sealed or not there. Labels come back and are written nowhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass

import pytest
from prometheus_client import generate_latest

from simulator.bpost.elements import boxes
from simulator.jwe import read_header
from simulator.rest import sealed_in
from tests.system.bpost_house import PASSPHRASE, TOKEN
from tests.system.bpost_line import Line, line, reference_of
from tests.system.canaries import Document
from tests.system.haystacks import Place, find
from tests.system.search import Canary, Needles
from tests.system.stack import OWN_SECRET, SECRET, SENDER
from tests.system.variants_bpost import REFERENCE, SHOPS, Going, echoed, goings

RESTING = ("data", "keys", "state", "journal", "tmp")
"""Every folder that the service writes to."""

LOOKED = (1, 9, 18)
"""During which of the requests to bpost the database is looked through: at the first all waits but one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was sent, what bpost got by the record's id, and where canaries were found."""

    sent: Mapping[str, Going]
    answers: Mapping[str, tuple[int, str | None]]
    bodies: Mapping[str, bytes]
    references: Mapping[str, str]
    found: Mapping[Place, set[str]]
    labels: Mapping[str, bytes]
    files: Mapping[str, bytes]
    sealed: tuple[str, ...]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    with line(tmp_path_factory.mktemp("bpost") / "service", SHOPS) as made:
        return carried_out(made)


def carried_out(made: Line) -> Run:
    sent = {going.name: going for going in (*goings(), echoed())}
    answers, told, haystacks = {}, {}, dict[str, dict[str, bytes]]()
    for name, going in sent.items():
        answer = getattr(made, going.by)(going.shop, going.document.body)
        told[name] = answer.get_json()
        answers[name] = answer.status_code, told[name].get("status")
        haystacks.setdefault("answers", {})[name] = answer.data + str(answer.headers).encode()
    haystacks["waiting"] = made.files(*RESTING)
    under_way = haystacks.setdefault("under way", {})

    def look() -> None:
        if len(made.wire.requests) in LOOKED:
            under_way[f"{len(made.wire.requests)}"] = b"".join(made.files("data").values())

    made.wire.echo = sent["echoed"].document.canaries["shipping_address.city"].text.encode()
    made.wire.look = look
    made.deliver()
    ids = {name: str(answer["id"]) for name, answer in told.items() if answer.get("id") and sent[name].elements}
    labels = {name: fetched(made, sent[name].shop, ids[name]) for name in ids if sent[name].by == "lane"}
    bodies = {reference_of(body): body for body in made.wire.orders}
    haystacks |= {
        "settled": made.files(*RESTING),
        "logs": {"all": made.said.getvalue().encode()},
        "metrics": {"all": generate_latest()},
        "paths": {f"{n}": f"{one.method} {one.path}".encode() for n, one in enumerate(made.wire.requests)},
        "outbound": {name: bodies.get(ids[name], b"") for name in ids},
    }
    sizes = {kind: sum(map(len, contents.values())) for kind, contents in haystacks.items()}
    assert min(sizes.values()) > 1_000, sizes
    return Run(
        sent=sent,
        answers=answers,
        bodies={name: bodies[id_] for name, id_ in ids.items()},
        references={name: str(answer.get("reference")) for name, answer in told.items()},
        found=find(Needles((*canaries(sent), *settings())), haystacks),
        labels=labels,
        files=haystacks["settled"],
        sealed=tuple(str(read_header(part.token)["kid"]) for part in sealed_in(haystacks["waiting"])),
    )


def canaries(sent: Mapping[str, Going]) -> list[Canary]:
    return [canary for going in sent.values() for canary in going.document.canaries.values()]


def settings() -> list[Canary]:
    """Who sends, which bpost is never told, and secrets."""
    sender = {path: SENDER[path].removeprefix("+") for path in ("name", "company", "street", "email", "phone")}
    secrets = {"app": SECRET.decode(), "own": OWN_SECRET.decode(), "passphrase": PASSPHRASE, "token": TOKEN}
    return [Canary(order="settings", path=path, text=text) for path, text in {**sender, **secrets}.items()]


def fetched(made: Line, shop: str, record: str) -> bytes:
    with redirect_stderr(made.said):
        answer = made.api.get(f"/v1/shops/{shop}/shipments/{record}/label", headers=made.bearer)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), answer.data
    return bytes(answer.data)


def test_every_order_became_what_it_had_to(run: Run) -> None:
    expected = {name: (going.status, going.answer if going.by != "lane" else None) for name, going in run.sent.items()}
    answers = {
        name: (code, told if run.sent[name].by != "lane" else None) for name, (code, told) in run.answers.items()
    }
    assert answers == expected
    assert run.bodies.keys() == {name for name, going in run.sent.items() if going.elements}


@pytest.mark.policy("VP-CAT-7", "VP-CAT-8", "VP-PUR-5")
def test_bpost_is_told_exactly_what_may_pass_each_at_its_own_element(run: Run) -> None:
    for name, body in run.bodies.items():
        _, (box,) = boxes(body)
        elements = dict(box.elements)
        assert len(elements) == len(box.elements), name
        assert elements.pop(REFERENCE) == run.references[name], name
        assert elements == run.sent[name].elements, name


@pytest.mark.policy("VP-CAT-1", "VP-PLG-2")
def test_no_canary_is_anywhere_else(run: Run) -> None:
    may = {
        Place(order=name, path=path, kind=kind)
        for name, going in run.sent.items()
        for path, canary in going.document.canaries.items()
        for kind in (*(["outbound"] if told(going, canary.text) else []), *(CLEAR if path in going.clear else ()))
    }
    assert {place: run.found[place] for place in run.found.keys() - may} == {}
    assert may <= run.found.keys()  # what may be seen is: the search works on what it searched
    assert len([place for place in may if place.kind == "outbound"]) > 40


CLEAR = ("outbound", "waiting", "under way")


def told(going: Going, text: str) -> bool:
    return any(text in value for value in (going.elements or {}).values())


def test_what_waited_was_sealed_to_keys_of_its_week(run: Run) -> None:
    assert {kid.partition("/")[2] for kid in run.sealed} == {"transit/2026-W47"}
    parts = Counter(kid.partition("/")[0] for kid in run.sealed)
    assert parts["recipient.delivery"] == parts["sender.contact"] == len(run.bodies)


def test_a_label_that_was_fetched_is_in_no_file(run: Run) -> None:
    assert len(run.labels) == 3
    for name, label in run.labels.items():
        middle = len(label) // 2
        assert label.startswith(b"%PDF"), name
        for file, content in run.files.items():
            assert label[middle : middle + 48] not in content, file
            assert b"%PDF" not in content, file
            assert b"JVBERi" not in content, file
    assert [file for file in run.files if file.startswith("tmp/")] == []


def test_a_leak_would_be_found(run: Run) -> None:
    """What was looked through is looked through again with one canary in it."""
    note = Document("leak")
    text = note.text("note")
    file = max(run.files.items(), key=lambda item: len(item[1]))
    assert find(Needles(note.canaries.values()), {"settled": dict([file])}) == {}
    found = find(Needles(note.canaries.values()), {"settled": {"x": file[1] + text.encode()}})
    assert list(found) == [Place(order="leak", path="note", kind="settled")]
