"""Elements by namespace, written in the order in which they are added, and read by local name.

Read without entities, without DTDs and without a network. A prefix that nobody declared is put up with, as bpost's own
examples have some; everything else that is wrong makes a document unreadable.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

Element = etree._Element

_ROOT: Final = "http://schema.post.be/shm/deepintegration/v5/"
ORDER, COMMON = _ROOT, f"{_ROOT}common"
NATIONAL, INTERNATIONAL = f"{_ROOT}national", f"{_ROOT}international"
UPDATE: Final = "http://schema.post.be/shm/deepintegration/v3/"
"""A change of status is written in the namespace of v3 still."""

_PREFIXES: Final = {None: NATIONAL, "tns": ORDER, "common": COMMON, "international": INTERNATIONAL}


def root(namespace: str, name: str) -> Element:
    """The first element of a request."""
    prefixes = _PREFIXES if namespace == ORDER else {None: namespace}
    return etree.Element(f"{{{namespace}}}{name}", nsmap=prefixes)


def below(parent: Element, namespace: str, name: str) -> Element:
    """A further element of ``parent``, behind those that it has."""
    return etree.SubElement(parent, f"{{{namespace}}}{name}")


def text(parent: Element, namespace: str, name: str, value: object) -> None:
    """An element with a text; none for None, as an empty one is refused."""
    if value is not None:
        below(parent, namespace, name).text = str(value)


def written(element: Element) -> bytes:
    """The document in UTF-8."""
    return etree.tostring(element, xml_declaration=True, encoding="UTF-8")


def read(body: bytes) -> Element | None:
    """The first element of an answer; None for what is no XML, is not whole, or brings a DTD."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, recover=True
    )
    try:
        found = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    undeclared = etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE
    if found is None or any(entry.type != undeclared for entry in parser.error_log):
        return None
    return None if found.getroottree().docinfo.internalDTD is not None else found


def local(element: Element) -> str:
    """An element's name without namespace or prefix; empty for a comment."""
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


def within(element: Element, name: str) -> Iterator[Element]:
    """All elements of that local name below it, in the order of the document."""
    return (each for each in element.iterdescendants() if local(each) == name)


def leaves(element: Element, above: str = "") -> Iterator[str]:
    """The paths of all elements below it that hold no others, and of attributes (``@name``), by local names, in the
    order of the document.
    """
    for each in element:
        path = f"{above}/{local(each)}" if above else local(each)
        yield from (f"{path}/@{name}" for name in each.keys())  # noqa: SIM118 - no mapping: an element holds elements
        if len(each):
            yield from leaves(each, path)
        elif each.text or not each.keys():
            yield path


def value(element: Element, name: str) -> str | None:
    """The text of its first child of that local name, without space around it."""
    found = next((child for child in element if local(child) == name), None)
    return None if found is None else (found.text or "").strip() or None
