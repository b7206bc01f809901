"""Whether a document keeps the rules, told as Xerces tells the first of its faults."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from simulator.bpost.facets import fault
from simulator.bpost.grammar import Attribute, Content, Element, Particle, Simple

Place = tuple[int, int]
"""(number of a particle, how often it has been there)."""


class InvalidError(Exception):
    """The document breaks a rule; ``text`` says which, with the value, as the real service does."""

    def __init__(self, text: str) -> None:
        super().__init__("invalid")
        self.text = text


def validate(root: etree._Element, rule: Element) -> None:
    """Hold ``root`` to ``rule``. Raises: InvalidError, of the first fault in the order of the document."""
    if root.tag != rule.tag:
        raise InvalidError(f"cvc-elt.1: Cannot find the declaration of element '{_raw(root)}'.")
    _element(root, rule)


def _element(node: etree._Element, rule: Element) -> None:
    _attributes(node, rule.type.attributes if isinstance(rule.type, Content) else ())
    if isinstance(rule.type, Simple):
        _simple(node, rule.type)
    elif not rule.type.particles:
        _empty(node)
    else:
        _children(node, rule.type)


def _attributes(node: etree._Element, wanted: tuple[Attribute, ...]) -> None:
    rules = {rule.name: rule.type for rule in wanted}
    for name, value in node.attrib.items():
        if name not in rules:
            raise InvalidError(
                f"cvc-complex-type.3.2.2: Attribute '{name}' is not allowed to appear in element '{_raw(node)}'."
            )
        _told(fault(str(value), rules[name]))
    for name in rules:
        if name not in node.attrib:
            raise InvalidError(f"cvc-complex-type.4: Attribute '{name}' must appear on element '{_raw(node)}'.")


def _simple(node: etree._Element, type_: Simple) -> None:
    if len(node):
        raise InvalidError(
            f"cvc-type.3.1.2: Element '{_raw(node)}' is a simple type, so it must have no element information item "
            "[children]."
        )
    _told(fault(node.text or "", type_))


def _empty(node: etree._Element) -> None:
    if len(node) or node.text:
        raise InvalidError(
            f"cvc-complex-type.2.1: Element '{_raw(node)}' must have no character or element information item "
            "[children], because the type's content type is empty."
        )


def _children(node: etree._Element, type_: Content) -> None:
    if any((text or "").strip() for text in (node.text, *(child.tail for child in node))):
        raise InvalidError(
            f"cvc-complex-type.2.3: Element '{_raw(node)}' cannot have character [children], because the type's "
            "content type is element-only."
        )
    if type_.any_order:
        _any_order(node, type_)
    else:
        _in_order(node, type_)


def _in_order(node: etree._Element, type_: Content) -> None:
    place = (0, 0)
    for child in node:
        rule, place = _step(child, type_.particles, place)
        _element(child, rule)
    if any(had < particle.least for particle, had in _ahead(type_.particles, place)):
        raise InvalidError(
            f"cvc-complex-type.2.4.b: The content of element '{_raw(node)}' is not complete. "
            f"One of '{_expected(type_.particles, place)}' is expected."
        )


def _step(child: etree._Element, particles: tuple[Particle, ...], place: Place) -> tuple[Element, Place]:
    for number, (particle, had) in enumerate(_ahead(particles, place), start=place[0]):
        rule = next((element for element in particle.elements if element.tag == child.tag), None)
        if rule is not None and (particle.most is None or had < particle.most):
            return rule, (number, had + 1)
        if had < particle.least:
            break
    raise InvalidError(_unexpected(child, _expected(particles, place)))


def _ahead(particles: tuple[Particle, ...], place: Place) -> Iterator[tuple[Particle, int]]:
    """The particles from ``place`` on, each with how often it has been there."""
    number, count = place
    for particle in particles[number:]:
        yield particle, count
        count = 0


def _expected(particles: tuple[Particle, ...], place: Place) -> str:
    names: list[str] = []
    for particle, had in _ahead(particles, place):
        if particle.most is None or had < particle.most:
            names += (_expected_name(element.tag) for element in particle.elements)
        if had < particle.least:
            break
    return ", ".join(names) and f"{{{', '.join(names)}}}"


def _any_order(node: etree._Element, type_: Content) -> None:
    rules = {element.tag: element for particle in type_.particles for element in particle.elements}
    left = dict(rules)
    for child in node:
        rule = left.pop(str(child.tag), None)
        if rule is None:
            names = ", ".join(map(_expected_name, left))
            raise InvalidError(_unexpected(child, f"{{{names}}}" if names else ""))
        _element(child, rule)


def _unexpected(child: etree._Element, expected: str) -> str:
    if not expected:
        return (
            f"cvc-complex-type.2.4.d: Invalid content was found starting with element '{_raw(child)}'. "
            "No child element is expected at this point."
        )
    return (
        f"cvc-complex-type.2.4.a: Invalid content was found starting with element '{_raw(child)}'. "
        f"One of '{expected}' is expected."
    )


def _told(text: str | None) -> None:
    if text is not None:
        raise InvalidError(text)


def _raw(node: etree._Element) -> str:
    """The name as the document writes it, with its prefix."""
    name = etree.QName(node).localname
    return f"{node.prefix}:{name}" if node.prefix else name


def _expected_name(tag: str) -> str:
    name = etree.QName(tag)
    return f'"{name.namespace}":{name.localname}'
