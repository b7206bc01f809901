"""The validator, held to the vectors: its own, and whatever a connector's developers say is a valid order."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from lxml import etree

from simulator.bpost.grammar import Content, Element
from simulator.bpost.names import V5
from simulator.bpost.reader import read
from simulator.bpost.rules import BATCHES, ORDER, UPDATE
from simulator.bpost.validator import InvalidError, validate
from tests.bpost_limits import CASES, LIMITS

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
ACCEPTED = VECTORS / "bpost" / "accepted"
VALID = [
    path for folder in ("accepted", "requests", "orders") for path in sorted((VECTORS / "bpost" / folder).glob("*.xml"))
]
REFUSED: Mapping[str, Mapping[str, str]] = tomllib.loads(
    (VECTORS / "bpost" / "refused.toml").read_text(encoding="utf-8")
)


def told(raw: bytes) -> str:
    """What is wrong with a document, empty if nothing."""
    try:
        root = read(raw)
        validate(root, UPDATE if root.tag == UPDATE.tag else BATCHES.get(str(root.tag), ORDER))
    except InvalidError as error:
        return error.text
    return ""


@pytest.mark.parametrize("path", VALID, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_valid_order_is_accepted(path: Path) -> None:
    assert told(path.read_bytes()) == ""


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_an_invalid_order_is_refused_in_so_many_words(case: Mapping[str, str]) -> None:
    order = (ACCEPTED / f"{case['order']}.xml").read_text(encoding="utf-8")
    changed = order.replace(case["replace"], case["by"])
    assert changed != order
    said = told(changed.encode("utf-8"))
    if "starts" in case:
        assert said.startswith(case["starts"])
    else:
        assert said == case["told"].replace("{v5}", V5)


@pytest.mark.parametrize(("name", "value", "within"), CASES)
def test_a_limit_is_kept_at_its_very_edge(name: str, value: str, within: bool) -> None:
    limit = LIMITS[name]
    root = etree.parse(VECTORS / "bpost" / "requests" / f"{limit['in']}.xml").getroot()
    path, _, attribute = limit["at"].partition("/@")
    (node,) = [node for node in root.iter() if _path(node).endswith(f"/{path}")]
    if attribute:
        node.set(attribute, value)
    else:
        node.text = value
    assert (told(etree.tostring(root)) == "") is within


def _path(node: etree._Element) -> str:
    above = node.getparent()
    return f"{'' if above is None else _path(above)}/{etree.QName(node).localname}"


def test_every_element_of_the_rules_stands_in_a_valid_order() -> None:
    seen = {str(node.tag) for path in VALID for node in etree.parse(path).iter()}
    assert {tag.rpartition("}")[2] for tag in _tags(ORDER) - seen} == set()


def _tags(rule: Element) -> set[str]:
    below = rule.type.particles if isinstance(rule.type, Content) else ()
    return {rule.tag}.union(*(_tags(element) for particle in below for element in particle.elements))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"order",
        b"<order>",
        b'<!DOCTYPE o [<!ENTITY e SYSTEM "file:///etc/hostname">]><o>&e;</o>',
        b"<a xmlns='http://x'>\xff</a>",
        b"<a>&undeclared;</a>",
    ],
)
def test_what_is_no_plain_document_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidError):
        read(raw)


def test_comments_do_not_hide_an_element() -> None:
    order = (ACCEPTED / "at-home.xml").read_text(encoding="utf-8")
    assert told(order.replace("<product>", "<!-- x --><product><?y z?>").encode()) == ""


@pytest.mark.parametrize("version", BATCHES)
def test_labels_of_boxes_come_before_those_of_orders(version: str) -> None:
    namespace = version.partition("}")[0].removeprefix("{")
    batch = f'<batchLabels xmlns="{namespace}">%s</batchLabels>'
    assert told((batch % "<box>1</box><order>R-1</order>").encode()) == ""
    assert told((batch % "<order>R-1</order><box>1</box>").encode()).startswith("cvc-complex-type.2.4.a")
