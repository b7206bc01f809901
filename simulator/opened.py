"""Opening sealed parts with the platform's own private keys, and what may stand in them."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.clock import month_of
from simulator.encoding import read_object
from simulator.envelope import Retention, Rule, members
from simulator.errors import Fault, invalid
from simulator.jwe import UnreadableError, open_token, read_header
from simulator.keys import KeyRing
from simulator.parts import (
    ADDRESS,
    CONTACT,
    CUSTOMS_ITEM,
    DEPICTED,
    NOTIFICATION,
    PARTS,
    PERSON,
    PHOTO,
    STAMPS_CUSTOMER,
    Part,
)

MAX_ITEMS = 1_000

Plaintext = dict[str, object]


def _text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _quantity(value: object) -> bool:
    return type(value) is int and value >= 0


def _amount(value: object) -> bool:
    return _text(value) or (type(value) in (int, float) and isinstance(value, int | float) and value >= 0)


ITEM_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(sorted(CUSTOMS_ITEM), _text),
    "quantity": _quantity,
    "weight_grams": _quantity,
    "value": _amount,
}

MEMBERS: Mapping[str, frozenset[str]] = {
    "recipient.delivery": ADDRESS,
    "recipient.notification": NOTIFICATION,
    "recipient.customs": frozenset({"items"}),
    "sender.contact": CONTACT,
    "maxiresponse.contact": PERSON,
    "mystamp.customer": STAMPS_CUSTOMER,
    "mystamp.depicted": frozenset({"persons"}),
    "mystamp.photo": PHOTO,
}

NAMED = frozenset({"maxiresponse.contact", "mystamp.customer"})
"""Parts of a person who is always named."""


def key_month(token: str, part: Part, rid: str) -> str:
    """The month of the key to which ``token`` is sealed, once its header says that it is this part of this record.

    Raises:
        UnreadableError: another form, algorithm, part, class or record.
    """
    header = read_header(token)
    kid = header["kid"]
    if not isinstance(kid, str) or kid != part.kid(kid.rpartition("/")[2]) or header["rid"] != rid:
        raise UnreadableError
    return kid.rpartition("/")[2]


def open_part(token: str, part: Part, rid: str, ring: KeyRing) -> bytes:
    """The padded plaintext of one part of record ``rid``. Raises: UnreadableError."""
    key = ring.private(part.kid(key_month(token, part, rid)))
    if key is None:
        raise UnreadableError
    return open_token(token, key)


def check_part(token: str, tag: Retention, rid: str, ring: KeyRing) -> None:
    """Refuse a part that does not open, that outlives its tag by its key, or whose content the contract does not admit.

    Raises:
        RefusedError: 422 ``unreadable-part`` for whatever fails in opening, else the code of what is wrong inside.
    """
    part = PARTS[tag.part]
    try:
        plaintext = open_part(token, part, rid, ring)
    except UnreadableError:
        plaintext = None
    if plaintext is None:
        raise invalid(Fault(pointer=part.pointer, code="unreadable-part"))
    if tag.until is not None and month_of(tag.until) < key_month(token, part, rid):
        raise invalid(Fault(pointer=part.pointer, code="key-outlives-retention"))
    if part.block is not None and len(plaintext) % part.block:
        raise invalid(Fault(pointer=part.pointer, code="padding"))
    faults = _faults(part, read_plaintext(plaintext, part))
    if faults:
        raise invalid(*faults)


def read_plaintext(plaintext: bytes, part: Part) -> Plaintext:
    """The JSON object before the padding. Raises: RefusedError (422 ``plaintext``)."""
    try:
        return read_object(plaintext)
    except ValueError:
        pass
    raise invalid(Fault(pointer=part.pointer, code="plaintext"))


def _faults(part: Part, content: Plaintext) -> list[Fault]:
    if part.name == "recipient.customs":
        return members(content, {"items": lambda items: isinstance(items, list)}, part.pointer) or _items(part, content)
    if part.name == "mystamp.depicted":
        return members(content, {"persons": _persons}, part.pointer)
    admitted = MEMBERS[part.name]
    faults = members(content, dict.fromkeys(sorted(admitted & content.keys()), _text), part.pointer)
    if part.name == "recipient.notification" and len(content.keys() & {"email", "mobile"}) != 1:
        faults.append(Fault(pointer=part.pointer, code="one-channel"))
    if part.name == "recipient.delivery" and not content.keys() & {"name", "company"}:
        faults.append(Fault(pointer=part.pointer, code="no-name"))
    if part.name in NAMED and "name" not in content:
        faults.append(Fault(pointer=part.pointer, code="no-name"))
    return faults


def _persons(value: object) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) <= MAX_ITEMS
        and all(isinstance(one, dict) and one and one.keys() <= DEPICTED for one in value)
        and all(_text(text) for one in value for text in one.values())
    )


def _items(part: Part, content: Plaintext) -> list[Fault]:
    items = content["items"]
    if not isinstance(items, list) or not 0 < len(items) <= MAX_ITEMS:
        return [Fault(pointer=f"{part.pointer}/items", code="value")]
    faults: list[Fault] = []
    for index, item in enumerate(items):
        present = item.keys() if isinstance(item, dict) else frozenset[str]()
        rules = {name: rule for name, rule in ITEM_RULES.items() if name in present}
        faults += members(item, rules, f"{part.pointer}/items/{index}")
    return faults
