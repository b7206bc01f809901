"""P2 for what is no parcel: what may not pass has no effect at all, not even on a length.

Two contacts, orders of stamps or events that differ only in what may not be read, in what was not entered, in what is
written into an image beside its picture, or that are refused, go through two equal services. All that can be seen
afterwards must be equal, but for what is random by design: ``sides`` names each such place.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask import Request

from middleware.platforms import mystamp
from middleware.web import lane
from middleware.web.raw import body_of
from tests.system.canaries import Document
from tests.system.chances import nested, text
from tests.system.direct_documents import CONTACTS, STAMPS, contact, declared, depicted, put_value, shown, stamps
from tests.system.direct_images import drawing, photograph
from tests.system.direct_refusals import EVENTS, WRONG, filled, spoilt
from tests.system.sides import Side, pair
from tests.system.stack import direct

SHOPS = {
    "contacts": direct("contacts", "bpost-maxiresponse", "maxiresponse"),
    "stamps": direct("stamps", "bpost-mystamp", "mystamp"),
    "pro": direct("pro", "bpost-mystamp", "mystamp_pro"),
}
WHOLE: Mapping[str, tuple[str, Callable[[str], Document]]] = {
    "contacts": (CONTACTS, contact),
    "stamps": (STAMPS, stamps),
    "pro": (STAMPS, stamps),
}
"""By shop: the route, and a whole document."""

DROPPED: Mapping[str, tuple[str, ...]] = {
    "contacts": tuple(
        f"contact.{name}" for name in ("address", "billing_address", "company", "vat", "vat_number", "legal_form")
    ),
    "stamps": ("customer.gender", "customer.mobile"),
    "pro": ("customer.gender", "customer.mobile"),
}
"""What may be sent and is not even read: any value at all."""

NOT_ENTERED: Mapping[str, Mapping[str, int]] = {
    "contacts": {},
    "stamps": {"customer.birth_date": 10, "customer.phone": 64, "customer.vat": 32},
    "pro": {"customer.birth_date": 10, "customer.phone": 64},
}
"""What is read and does not pass, with the length that it admits."""

PAIRS = 5
IMAGES = {"photograph": photograph, "drawing": drawing}


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    """Two services with the same keys, each with a database of its own."""
    secrets = {f"{name.upper()}_TOKEN": name for name in SHOPS}
    packs = ("bpost-maxiresponse", "bpost-mystamp")
    with pair(tmp_path_factory.mktemp("sides"), SHOPS, packs, secrets, "api") as made:
        yield made


def see(one: Side, shop: str, path: str, document: Document) -> dict[str, Any]:
    return one.call(f"/v1/shops/{shop}/{path}", document.body, shop)


def other(name: str, shop: str, chance: random.Random) -> Document:
    """The same document each time, but for what may not pass."""
    made = WHOLE[shop][1](name)
    if shop == "pro":
        put_value(made, "customer.vat", "BE0214596464")
    for path in DROPPED[shop]:
        put_value(made, path, nested(chance))
    for path, longest in NOT_ENTERED[shop].items():
        put_value(made, path, text(chance, longest))
    return made


@pytest.mark.policy("MX-CAT-1", "MX-CAT-2", "MS-CAT-3", "MS-CAT-4")
@pytest.mark.parametrize("shop", SHOPS)
def test_what_may_not_pass_has_no_effect(sides: tuple[Side, Side], shop: str) -> None:
    for number in range(PAIRS):
        chance = random.Random(f"{shop} {number}")  # noqa: S311 - to be repeatable
        one, two = (other(f"{shop} {number}", shop, chance) for _ in range(2))
        assert one.body != two.body
        seen, also = see(sides[0], shop, WHOLE[shop][0], one), see(sides[1], shop, WHOLE[shop][0], two)
        assert seen == also, number
        assert (seen["status"], len(seen["outbound"])) == (202, 1)


def pictured(name: str, kind: str, *, blocked: bool) -> Document:
    """One order of stamps with a picture; by ``name`` what is written beside it."""
    made = depicted(stamps("pictured"))
    if not blocked:
        declared(made)
    return shown(made, IMAGES[kind](Document(name)))


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("kind", IMAGES)
@pytest.mark.parametrize("blocked", [False, True])
def test_what_is_written_beside_a_picture_has_no_effect(sides: tuple[Side, Side], kind: str, blocked: bool) -> None:
    for number in range(PAIRS // 2):
        one, two = (pictured(f"{number} {word}", kind, blocked=blocked) for word in ("this", "that"))
        assert len(one.content["image"]) != len(two.content["image"])
        seen = see(sides[0], "stamps", STAMPS, one)
        assert seen == see(sides[1], "stamps", STAMPS, two), number
        assert (seen["status"], len(seen["outbound"])) == (202, 0 if blocked else 1)


@pytest.mark.parametrize("shop", ["contacts", "pro"])
def test_what_is_wrong_with_a_document_is_told_and_nothing_of_it(sides: tuple[Side, Side], shop: str) -> None:
    path, whole = WHOLE[shop]
    for name, spoil in spoilt(path):
        one, two = whole(f"{name}, this"), whole(f"{name}, and that one too")
        for made in (one, two):
            spoil(made)
        seen = see(sides[0], shop, path, one)
        assert seen == see(sides[1], shop, path, two), name
        assert (seen["status"], bool(seen["body"]["errors"]), seen["outbound"]) == (422, True, []), name
        assert not any(seen["stored"].values()), name


@pytest.mark.parametrize("name", WRONG)
def test_of_an_event_that_is_refused_nothing_stays(sides: tuple[Side, Side], name: str) -> None:
    status, event = WRONG[name]
    one, two = (Document(f"{name}, {word}") for word in ("this", "that"))
    for made in (one, two):
        made.content = {member: filled(made, member, value) for member, value in event.items()}
    seen = see(sides[0], "stamps", EVENTS, one)
    assert seen == see(sides[1], "stamps", EVENTS, two)
    assert (seen["status"], seen["outbound"]) == (status, [])
    assert not any(seen["stored"].values())


PERMITTED: Mapping[str, tuple[str, Any]] = {
    "contact.id": ("contacts", "C-7"),
    "contact.updated_at": ("contacts", "2026-11-19T09:00:00+01:00"),
    "contact.name": ("contacts", "Anders"),
    "contact.first_name": ("contacts", "Ander"),
    "contact.email": ("contacts", "ander@post.example"),
    "contact.phone": ("contacts", "+32470999999"),
    "contract": ("contacts", "organisation"),
    "order.id": ("stamps", "S-7"),
    "order.name": ("stamps", "Zeven"),
    "customer.id": ("stamps", "K-7"),
    "customer.name": ("stamps", "Anders"),
    "customer.email": ("stamps", "ander@post.example"),
    "customer.address.number": ("stamps", "7"),
    "customer.address.country": ("stamps", "FR"),
    "customer.vat": ("pro", "BE0403019261"),
    "stamps.product": ("stamps", "ander"),
    "stamps.pieces": ("stamps", 7),
    "depicted": ("stamps", [{"name": "Ander"}]),
    "declaration.id": ("stamps", "D-7"),
}


@pytest.fixture(scope="module")
def control(sides: tuple[Side, Side]) -> Mapping[str, dict[str, Any]]:
    """By shop: what is seen of one document."""
    seen = {shop: see(sides[0], shop, WHOLE[shop][0], controlled(shop)) for shop in SHOPS}
    assert seen == {shop: see(sides[1], shop, WHOLE[shop][0], controlled(shop)) for shop in SHOPS}
    return seen


def controlled(shop: str) -> Document:
    made = other("control", shop, random.Random(7))  # noqa: S311 - to be repeatable
    return made if shop == "contacts" else declared(depicted(made))


@pytest.mark.parametrize("path", PERMITTED)
def test_what_may_pass_makes_a_difference(
    sides: tuple[Side, Side], control: Mapping[str, dict[str, Any]], path: str
) -> None:
    shop, value = PERMITTED[path]
    changed = controlled(shop)
    changed.put(path, value)
    assert see(sides[1], shop, WHOLE[shop][0], changed) != control[shop]


def as_it_came(data: bytes) -> bytes:
    return data


def logged(received: Request, most: int) -> bytes:
    body = body_of(received, most)
    lane._log.info("shipment", attempts=len(body))
    return body


LEAKS = {
    "the image as it came": (mystamp, "stripped", as_it_came, "settled"),
    "the length of the body in a log line": (lane, "body_of", logged, "log"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_seen(sides: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch, leak: str) -> None:
    one, two = (pictured(word, "photograph", blocked=False) for word in ("this", "that"))
    assert see(sides[0], "stamps", STAMPS, one) == see(sides[1], "stamps", STAMPS, two)
    module, name, leaky, where = LEAKS[leak]
    monkeypatch.setattr(module, name, leaky)
    assert see(sides[0], "stamps", STAMPS, one)[where] != see(sides[1], "stamps", STAMPS, two)[where]
