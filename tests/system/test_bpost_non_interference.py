"""P2 with bpost: what it may not learn has no effect on a single byte that it gets.

Two orders that differ only in what may not be read, or is not needed, make the same XML and the same requests after it,
but for the record's id and the short code. From every source.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.system import test_non_interference as shopify
from tests.system import test_non_interference_woocommerce as woocommerce
from tests.system.bpost_line import POINT, Line, Taking, line, reference_of
from tests.system.canaries import Document
from tests.system.chances import text
from tests.system.variants_bpost import SHOPS, belgian, call
from tests.system.variants_woocommerce import SHOP, to
from tests.system.variants_woocommerce import pay as pay_woocommerce

PAIRS = 4 * shopify.TIMES
Vary = Callable[[Document, random.Random], Document]


def at_a_point(name: str) -> Document:
    document = belgian(name)
    document.content["note_attributes"].append({"name": "pickup_point", "value": POINT})
    return document


def in_europe(name: str) -> Document:
    document = to(name, "IE")
    pay_woocommerce(document)
    return document


def called(name: str) -> Document:
    document = call(name)
    document.content["parcel"]["pickup_point"] = POINT
    return document


def texts(lengths: Mapping[str, int]) -> Vary:
    """Other texts at these paths."""

    def vary(document: Document, chance: random.Random) -> Document:
        return shopify.changed(document, **{path: text(chance, most) for path, most in lengths.items()})

    return vary


HOME_ADDRESS = {f"shipping_address.{name}": 30 for name in ("address1", "address2", "city", "company", "phone")}
SOURCES: Mapping[str, tuple[str, str, Callable[[str], Document], Vary]] = {
    "Shopify, at home": ("shopify", "mail", belgian, shopify.others),
    "Shopify, told nothing": ("shopify", "quiet", belgian, texts({**shopify.NOT_NEEDED, "email": 30})),
    "Shopify, at a point": ("shopify", "mail", at_a_point, texts(HOME_ADDRESS)),
    "WooCommerce, in Europe": ("woocommerce", SHOP, in_europe, woocommerce.others),
    "plug-in, told nothing": (
        "lane",
        "quiet-lane",
        call,
        texts({"order.name": 40, "recipient.phone": 20, "customs[0].description": 50}),
    ),
    "plug-in, at a point": (
        "lane",
        "lane",
        called,
        texts({f"recipient.address.{name}": 30 for name in ("street", "line2", "box")}),
    ),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with line(tmp_path_factory.mktemp("pairs") / "service", SHOPS, way=Taking()) as opened:
        yield opened


def seen(made: Line, source: str, shop: str, document: Document) -> list[tuple[str, str, bytes]]:
    """Every request to bpost of this order, without its two codes."""
    answer = getattr(made, source)(shop, document.body)
    told: Any = answer.get_json()
    assert answer.status_code in (200, 202), told
    made.wire.requests.clear()
    made.deliver()
    (body,) = made.wire.orders
    id_, code = reference_of(body), told["reference"]
    assert id_ == told["id"]

    def without(content: bytes) -> bytes:
        return content.replace(id_.encode(), b"ID").replace(code.encode(), b"CODE")

    return [(one.method, without(one.path.encode()).decode(), without(one.body or b"")) for one in made.wire.requests]


@pytest.mark.parametrize("case", SOURCES)
@pytest.mark.policy("VP-CAT-1", "VP-PUR-5")
def test_what_bpost_may_not_learn_has_no_effect(made: Line, case: str) -> None:
    source, shop, document_of, vary = SOURCES[case]
    for number in range(PAIRS):
        chance = random.Random(f"{case} {number}")  # noqa: S311 - to be repeatable
        documents = [vary(numbered(document_of(f"{case} {number}"), place), chance) for place in range(2)]
        assert documents[0].body != documents[1].body
        one, two = (seen(made, source, shop, document) for document in documents)
        assert one == two, number
        assert one[0][0] == "POST"


def numbered(document: Document, place: int) -> Document:
    """The same under another id of the shop's, for an order goes out once."""
    made = Document(document.name, content=copy.deepcopy(document.content))
    if "order" in made.content:
        made.content["order"]["id"] += str(place)
    else:
        made.content["id"] += place
    return made


@pytest.mark.parametrize("case", SOURCES)
def test_what_it_may_learn_makes_a_difference(made: Line, case: str) -> None:
    source, shop, document_of, _ = SOURCES[case]
    one, two = (numbered(document_of(f"{case}, control"), place) for place in range(2))
    names = {"shopify": "shipping_address.last_name", "woocommerce": "shipping.last_name", "lane": "recipient.name"}
    two.put(names[source], "Anders")
    assert seen(made, source, shop, one) != seen(made, source, shop, two)
