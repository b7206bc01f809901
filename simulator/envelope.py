"""The outer form of a shipment, checked strictly: exactly the members of the contract. Nothing is opened here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from simulator.errors import Fault, invalid
from simulator.parts import PARTS, REQUIRED, SHIPMENTS
from simulator.pickup import POINTS

MAX_TEXT = 64
"""Longest text in the clear, in characters; a reference has at most 50 (bpost's limit for a customer reference)."""
MAX_REFERENCE = 50
MAX_GRAMS = 10_000_000
MAX_PIECES = 1_000
MAX_TOKEN = 1_000_000
"""Longest sealed part or receipt, in characters."""
MAX_IMAGE = 20_000_000
"""The same of an image of 8 MiB, twice in base64."""
MAX_STAMPS = 10_000

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}")
SHA256 = re.compile(r"[0-9a-f]{64}")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Rule = Callable[[object], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The tag of one part. ``starts`` and ``until`` (the last permitted day) are None until the clock starts."""

    part: str
    retention: str
    starts: date | None
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Envelope:
    """A shipment whose outer form is right: sealed parts by name, tags by name, and all the rest in the clear."""

    id: str
    sealed: Mapping[str, str]
    retention: Mapping[str, Retention]
    policy: Mapping[str, object]
    receipt: str
    clear: Mapping[str, object]  # the body without `sealed` and `receipt`


def text(most: int = MAX_TEXT) -> Rule:
    """A rule: text that prints, not blank, of at most ``most`` characters."""
    return lambda value: isinstance(value, str) and value.isprintable() and 0 < len(value.strip()) <= len(value) <= most


def number(least: int, most: int) -> Rule:
    """A rule: an integer (no boolean, no float) within these bounds."""
    return lambda value: type(value) is int and least <= value <= most


def matching(pattern: re.Pattern[str]) -> Rule:
    """A rule: text that the pattern matches whole."""
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def nullable(rule: Rule) -> Rule:
    """A rule: null, or what ``rule`` admits."""
    return lambda value: value is None or rule(value)


def _token(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and 0 < len(value) <= MAX_TOKEN


def _image(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and 0 < len(value) <= MAX_IMAGE


def _anything(_value: object) -> bool:
    return True


def _outer(*members: str) -> Mapping[str, Rule]:
    every = dict.fromkeys(("policy", "retention", "transfers", *members), _anything)
    return {"id": matching(ID), "receipt": _token, **every}


COMMON: Mapping[str, Mapping[str, Rule]] = {
    "/policy": {"pack": text(), "version": text(), "sha256": matching(SHA256)},
    "/transfers": {"cleartext_outside_eea": lambda value: isinstance(value, bool)},
}

MEMBERS: Mapping[str, Mapping[str, Rule]] = {
    "": _outer("parcel", "recipient", "sender"),
    "/parcel": {
        "product": text(),
        "weight_grams": number(1, MAX_GRAMS),
        "pieces": number(1, MAX_PIECES),
        "reference": text(MAX_REFERENCE),
        "pickup_point": nullable(lambda value: isinstance(value, str) and value in POINTS),
    },
    "/recipient": {
        "country": matching(re.compile(r"[A-Z]{2}")),
        "postal_code": nullable(text(16)),
        "sealed": _anything,
    },
    "/sender": {"shop": text(), "sealed": _anything},
    **COMMON,
}
"""Every object of a shipment's envelope by its pointer, with its members and what each may hold."""

FORMS: Mapping[str, Mapping[str, Mapping[str, Rule]]] = {
    SHIPMENTS: MEMBERS,
    "maxiresponse": {"": _outer("maxiresponse"), "/maxiresponse": {"sealed": _anything}, **COMMON},
    "mystamp": {
        "": _outer("mystamp"),
        "/mystamp": {"product": text(), "pieces": number(1, MAX_STAMPS), "sealed": _anything},
        **COMMON,
    },
}
"""The same of every kind of record."""

RETENTION_MEMBERS = ("part", "class", "starts", "until")


def members(value: object, rules: Mapping[str, Rule], pointer: str) -> list[Fault]:
    """What is wrong with an object that must have exactly the members of ``rules``."""
    if not isinstance(value, dict):
        return [Fault(pointer=pointer, code="type")]
    faults = [Fault(pointer=f"{pointer}/{name}", code="missing") for name in rules if name not in value]
    if value.keys() - rules.keys():
        faults.append(Fault(pointer=f"{pointer}/*", code="unknown-member"))
    wrong = (name for name, rule in rules.items() if name in value and not rule(value[name]))
    return faults + [Fault(pointer=f"{pointer}/{name}", code="value") for name in wrong]


def read_envelope(body: Mapping[str, object], kind: str = SHIPMENTS) -> Envelope:
    """The record in ``body``.

    Raises:
        RefusedError: 422, with every fault of the outer form (a missing or malformed receipt is ``receipt``).
    """
    there = {pointer: rules for pointer, rules in FORMS[kind].items() if not pointer or pointer[1:] in body}
    faults = [fault for pointer, rules in there.items() for fault in members(_at(body, pointer), rules, pointer)]
    if any(fault.pointer == "/receipt" for fault in faults):
        raise invalid(Fault(pointer="/receipt", code="receipt"), *(f for f in faults if f.pointer != "/receipt"))
    if faults:
        raise invalid(*faults)
    sealed = _read_sealed(body, kind)
    retention = {tag.part: tag for tag in read_retention(body["retention"], "/retention")}
    if retention.keys() != sealed.keys():
        raise invalid(Fault(pointer="/retention", code="parts"))
    clear = {name: _without_sealed(value) for name, value in body.items() if name != "receipt"}
    return Envelope(
        id=str(body["id"]),
        sealed=sealed,
        retention=retention,
        policy=_object(body["policy"]),
        receipt=str(body["receipt"]),
        clear=clear,
    )


def read_retention(value: object, pointer: str = "") -> tuple[Retention, ...]:
    """A list of retention tags, each part at most once. Raises: RefusedError (422)."""
    if not isinstance(value, list):
        raise invalid(Fault(pointer=pointer, code="type"))
    tags = tuple(_read_tag(entry, f"{pointer}/{index}") for index, entry in enumerate(value))
    if len({tag.part for tag in tags}) != len(tags):
        raise invalid(Fault(pointer=pointer, code="twice"))
    return tags


def _read_tag(entry: object, pointer: str) -> Retention:
    faults = members(entry, dict.fromkeys(RETENTION_MEMBERS, _anything), pointer)
    if faults or not isinstance(entry, dict):
        raise invalid(*faults)
    part = PARTS.get(entry["part"]) if isinstance(entry["part"], str) else None
    if part is None:
        raise invalid(Fault(pointer=f"{pointer}/part", code="unknown-part"))
    if entry["class"] != part.retention:
        raise invalid(Fault(pointer=f"{pointer}/class", code="class"))
    starts, until = (_read_date(entry[name], f"{pointer}/{name}") for name in ("starts", "until"))
    if (starts is None) != (until is None) or (starts is not None and until is not None and until < starts):
        raise invalid(Fault(pointer=f"{pointer}/until", code="period"))
    return Retention(part=part.name, retention=part.retention, starts=starts, until=until)


def _read_date(value: object, pointer: str) -> date | None:
    if value is None:
        return None
    try:
        if isinstance(value, str) and DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise invalid(Fault(pointer=pointer, code="date"))


def _read_sealed(body: Mapping[str, object], kind: str) -> dict[str, str]:
    faults: list[Fault] = []
    mine = [part for part in PARTS.values() if part.kind == kind]
    for party in dict.fromkeys(part.party for part in mine):
        tokens = _at(body, f"/{party}/sealed")
        present = tokens.keys() if isinstance(tokens, dict) else frozenset[str]()
        parts = (part for part in mine if part.party == party)
        wanted = [part for part in parts if part.name in REQUIRED or part.member in present]
        rules = {part.member: _image if part.member == "photo" else _token for part in wanted}
        faults += members(tokens, rules, f"/{party}/sealed")
    if faults:
        raise invalid(*faults)
    return {part.name: token for part in mine if isinstance(token := _at(body, part.pointer), str)}


def _at(body: Mapping[str, object], pointer: str) -> object:
    value: object = body
    for name in pointer.split("/")[1:]:
        value = _object(value).get(name)
    return value


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _without_sealed(value: object) -> object:
    return {name: inner for name, inner in value.items() if name != "sealed"} if isinstance(value, dict) else value
