"""P1 for what is no parcel: a canary in every leaf of contacts, orders of stamps and events, in whatever can be written
into an image beside its picture, in headers and in the address of the request.

Everything is sent through the real stack with its log at DEBUG; then all that the stack left behind or told is looked
through, as it is and decoded. What was found must be exactly what may be there.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from marshmallow import fields

from schemas.allowlist import AllowList
from schemas.events import EVENT
from schemas.maxiresponse import CONTACT
from schemas.mystamp import ORDER
from tests.middleware.core.pictures import JPEGS, PNGS, seen
from tests.system.canaries import generalised
from tests.system.direct_documents import CONTACTS, STAMPS
from tests.system.direct_refusals import EVENTS
from tests.system.direct_sending import DirectRun, carry_out, permitted, whole
from tests.system.haystacks import KINDS
from tests.system.search import Needles

PHOTO = "mystamp.photo"
ALL = (*KINDS, "backup", "opened")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> DirectRun:
    """Everything, once."""
    with whole(tmp_path_factory.mktemp("direct")) as (service, platform):
        return carry_out(service, platform)


def test_every_call_was_answered_as_it_had_to_be(run: DirectRun) -> None:
    assert run.statuses == {one.name: one.status for one in run.sent}


@pytest.mark.policy("MX-CAT-1", "MX-CAT-2", "MS-CAT-3", "MS-CAT-6")
def test_no_canary_is_anywhere_but_where_it_may_be(run: DirectRun) -> None:
    assert {place: run.found[place] for place in run.found.keys() - permitted(run)} == {}
    assert permitted(run) <= run.found.keys()  # what may be seen is: the search works on what it searched


@pytest.mark.policy("MX-CAT-1", "MS-CAT-1", "MS-CAT-2", "MS-CAT-6")
def test_the_platform_reads_exactly_what_may_pass(run: DirectRun) -> None:
    expected = {one.name: one.parts for one in run.sent if one.parts is not None}
    assert {
        name: {part: told for part, told in parts.items() if part != PHOTO} for name, parts in run.opened.items()
    } == (expected)
    photos = {name: base64.b64decode(parts[PHOTO]["image"]) for name, parts in run.opened.items() if PHOTO in parts}
    assert {name: seen(photo) for name, photo in photos.items()} == {
        "a photograph": seen(JPEGS["baseline"]),
        "a drawing": seen(PNGS["true"]),
        "a blocked order": seen(JPEGS["baseline"]),
    }


def test_every_leaf_held_a_canary_that_was_looked_for(run: DirectRun) -> None:
    held = {one.path: set[str]() for one in run.sent}
    for one in run.sent:
        held[one.path] |= {generalised(path).partition(" (")[0] for path in one.document.canaries}
    for path, shape, other in (
        (CONTACTS, CONTACT, {"contact.updated_at", "contract"}),
        (STAMPS, ORDER, {"customer.address.country", "stamps.pieces", "image", "entered"}),
    ):
        assert set(leaves(shape)) - held[path] <= other
    assert {place.partition(" ")[0].partition(".")[0] for place in held[EVENTS]} >= set(EVENT.fields)
    assert len({path for path in held[STAMPS] if path.startswith("image: ")}) == 29


def leaves(schema: AllowList, path: str = "") -> Iterator[str]:
    """What may be sent, its dropped names among them."""
    for name, declared in schema.fields.items():
        if isinstance(declared, fields.Nested):
            assert isinstance(declared.schema, AllowList)
            yield from leaves(declared.schema, f"{path}{name}{'[]' if declared.many else ''}.")
        else:
            yield f"{path}{name}"
    yield from (f"{path}{name}" for name in getattr(schema, "dropped", ()))


def test_every_kind_of_place_was_looked_through(run: DirectRun) -> None:
    sizes = {kind: sum(map(len, contents.values())) for kind, contents in run.haystacks.items()}
    assert sorted(sizes) == sorted(ALL)
    least = {"metrics": 1_000, "keys": 1_000, "commands": 1_000, "processes": 3_000, "logs": 5_000, "opened": 5_000}
    assert {kind: size for kind, size in sizes.items() if size < least.get(kind, 20_000)} == {}


@pytest.mark.parametrize("kind", ALL)
def test_what_is_planted_is_found(run: DirectRun, kind: str) -> None:
    host = max(run.haystacks[kind].values(), key=len)[:20_000]
    planted = run.sent[0].document.canaries["contact.address (a name)"]
    needles = Needles([planted])
    assert needles.find(host) == frozenset()
    for written in (planted.text.encode(), base64.b64encode(b"x" + planted.text.encode())):
        assert {finding.canary for finding in needles.find(host + b"<" + written + b">")} == {planted}
