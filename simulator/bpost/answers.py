"""What the Shipping Manager answers, in the namespaces of version 3 whatever version was asked with."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from simulator.bpost.names import COMMON, INTERNATIONAL, NATIONAL, V3, V5, v3
from simulator.bpost.reader import read
from simulator.bpost.store import Order

DECLARED: Mapping[str | None, str] = {
    None: V3,
    "ns2": V3 + COMMON,
    "ns3": V3 + NATIONAL,
    "ns4": V3 + INTERNATIONAL,
}
UNDECLARED: Mapping[str | None, str] = {"tns": V3, **{name: uri for name, uri in DECLARED.items() if name}}
"""Prefixes that are used without being declared, as in what bpost has published: no longer XML with namespaces."""
DECLARATION = re.compile(rb' xmlns(:\w+)?="[^"]*"')


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Printed:
    """One ``label`` of an answer: barcodes with the order's reference each, and the document, unless it is withheld."""

    barcodes: tuple[tuple[str, str], ...]
    mime: str
    document: bytes | None


def labels(printed: Iterable[Printed], *, references: bool) -> etree._Element:
    """Labels; with ``references``, each barcode stands beside its order's reference."""
    root = etree.Element(v3("labels"), nsmap=dict(DECLARED))
    for one in printed:
        label = etree.SubElement(root, v3("label"))
        for barcode, reference in one.barcodes:
            _barcode(label, barcode, reference if references else None)
        if one.document is None:
            continue
        if one.mime == ZPL:
            _add(label, "zplCode", one.document.decode("utf-8"))
        else:
            _add(label, "mimeType", one.mime)
            _add(label, "bytes", base64.b64encode(one.document).decode("ascii"))
    return root


ZPL = "application/zpl"


def order_info(order: Order) -> etree._Element:
    """An order with all that it was sent with, the addressee's data among it, and the state of each box."""
    root = etree.Element(v3("orderInfo"), nsmap=dict(DECLARED))
    head = read(order.head)
    root.extend(_renamed(child) for child in head)
    if head.find(f"{{{V5}}}reference") is None:
        root.insert(1, _element("reference", order.reference))
    for box in order.boxes:
        entry = _renamed(box.element)
        for status in entry.findall(v3("status")):
            entry.remove(status)
        for barcode in box.barcodes[:1]:
            _add(entry, "barcode", barcode)
        _add(entry, "status", box.state)
        root.append(entry)
    return root


def invalid_selection(faults: Sequence[str]) -> etree._Element:
    """What the account may not choose."""
    root = etree.Element(v3("invalidSelection"), nsmap={None: V3})
    for fault in faults:
        _add(root, "error", fault)
    return root


def unknown_items(boxes: Sequence[str], orders: Sequence[str]) -> etree._Element:
    """What labels were asked of and is not there."""
    root = etree.Element(v3("unknownItems"), nsmap={None: V3})
    for name, items in (("box", boxes), ("order", orders)):
        for item in items:
            _add(root, name, item)
    return root


def written(root: etree._Element, *, declared: bool) -> bytes:
    """A document in bytes; without ``declared``, with prefixes that nothing declares."""
    etree.cleanup_namespaces(root)
    if declared:
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    other = etree.Element(root.tag, root.attrib, nsmap={**UNDECLARED})
    other.extend(list(root))
    head, close, rest = etree.tostring(other, encoding="UTF-8").partition(b">")
    return DECLARATION.sub(b"", head) + close + rest


def _barcode(label: etree._Element, barcode: str, reference: str | None) -> None:
    if reference is None:
        _add(label, "barcode", barcode)
        return
    both = etree.SubElement(label, v3("barcodeWithReference"))
    _add(both, "barcode", barcode)
    _add(both, "reference", reference)


def _renamed(node: etree._Element) -> etree._Element:
    """A copy of ``node`` in the namespaces of version 3."""
    copy = etree.Element(str(node.tag).replace(V5, V3, 1), dict(node.attrib))
    if not len(node):
        copy.text = node.text
    copy.extend(_renamed(child) for child in node)
    return copy


def _element(name: str, text: str) -> etree._Element:
    element = etree.Element(v3(name))
    element.text = text
    return element


def _add(parent: etree._Element, name: str, text: str) -> None:
    parent.append(_element(name, text))
