"""docs/direct.md: its calls are of the form that is read, and its tables name what may be sent and nothing else."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator

import pytest

from middleware.web.openapi import description
from schemas import maxiresponse, mystamp
from schemas.allowlist import Node
from tests.docs.reading import DOCS, rows
from tests.middleware.platforms.test_direct import plan

GUIDE = DOCS / "direct.md"
TEXT = GUIDE.read_text(encoding="utf-8")
BODIES = [json.loads(body) for body in re.findall(r"-d '(\{.*?\})'\n", TEXT, re.S)]
PARTS = {
    "maxiresponse": ["maxiresponse.contact"],
    "mystamp_pro": ["mystamp.customer", "mystamp.depicted"],
}


@pytest.mark.parametrize(("account", "body"), list(zip(PARTS, BODIES, strict=True)), ids=list(PARTS))
def test_its_calls_are_taken_as_they_stand(account: str, body: object) -> None:
    assert isinstance(body, dict)
    assert [part.name for part in plan(body, account).plan.parts] == PARTS[account]


@pytest.mark.parametrize(
    ("account", "path"), [("maxiresponse", "maxiresponse/contacts"), ("mystamp", "mystamp/orders")]
)
def test_the_examples_of_the_description_are_taken_as_they_stand(account: str, path: str) -> None:
    body = description()["paths"][f"/v1/shops/{{shop}}/{path}"]["post"]["requestBody"]["content"]["application/json"]
    assert plan(body["example"], account).plan.parts


def leaves(node: Node, path: str = "") -> Iterator[str]:
    for name, child in node.children.items():
        here = f"{path}.{name}" if path else name
        yield from leaves(child, f"{here}[]" if here == "depicted" else here) if child.children else [here]


@pytest.mark.parametrize(
    ("heading", "shape"),
    [("## A contact of Maxiresponse", maxiresponse.SHAPE), ("## An order of stamps", mystamp.SHAPE)],
)
def test_what_may_be_sent_is_told_and_nothing_else(heading: str, shape: Node) -> None:
    told = [name for row in rows(GUIDE, heading) for name in re.findall(r"`([\w.\[\]]+)`", row[0])]
    assert sorted(told) == sorted(leaves(shape))


def test_what_is_connected_beside_them_has_another_name() -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", TEXT, re.M | re.S)
    connected = re.findall(r"parcelveil shops connect ([\w-]+)", TEXT)
    assert connected
    assert not set(connected) & set(tomllib.loads(text)["shops"])


def test_its_shops_are_settings_that_are_read() -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", TEXT, re.M | re.S)
    shops = tomllib.loads(text)["shops"]
    assert {name: (one["platform"], one["policy"]) for name, one in shops.items()} == {
        "contacts": ("direct", "bpost-maxiresponse"),
        "stamps": ("direct", "bpost-mystamp"),
    }
