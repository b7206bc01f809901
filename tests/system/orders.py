"""Small made-up orders, and what the contract says may be read of any order: written anew, without the service."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.system.stack import SENDER, Json

EXAMPLES = Path(__file__).parents[2] / "examples" / "orders"
CUSTOMS_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC MT NL PL PT RO SE SI SK"

_numbers = itertools.count(1)


def order(**changes: Any) -> Json:
    """An order to be shipped, another one every time; ``changes`` replace what stands at the top."""
    number = next(_numbers)
    made = {
        "id": 2**53 + number,
        "name": f"#{1000 + number}",
        "updated_at": "2026-11-20T09:00:00+01:00",
        "financial_status": "paid",
        "currency": "EUR",
        "note": f"Gelieve aan te bellen, {number}",
        "shipping_address": address(f"Verzonnen{number}"),
        "line_items": [{"title": "Theepot", "quantity": 1, "grams": 900, "requires_shipping": True, "price": "24.95"}],
    }
    return {**made, **changes}


def address(last_name: str, **changes: Any) -> Json:
    """Where it goes."""
    place = {"address1": "Bedachte Laan 12", "zip": "1000", "city": "Brussel", "country_code": "BE"}
    return {"first_name": "Lotte", "last_name": last_name, **place, **changes}


def examples() -> dict[str, bytes]:
    """The made-up orders that come with the project."""
    return {path.name: path.read_bytes() for path in sorted(EXAMPLES.glob("[0-9]*.json"))}


def expected() -> dict[str, Json]:
    """What must become of each of them."""
    told: dict[str, Json] = json.loads((EXAMPLES / "expected.json").read_text(encoding="utf-8"))
    return told


def readable(found: Json, *, notify: str, pickup_attribute: str = "pickup_point") -> dict[str, Json]:
    """What the parcel platform may read of an order that is shipped: part → plaintext."""
    to = found["shipping_address"]
    notes = found.get("note_attributes") or []
    at_point = any(note["name"] == pickup_attribute and note["value"] for note in notes)
    delivery = _present(name=_name(to))
    if not at_point:
        delivery |= _present(**_lines(to), locality=to["city"], company=to.get("company"))
    told = {"recipient.delivery": delivery, "sender.contact": dict(SENDER)}
    if notify == "email" and found.get("email") and _payers(found) == {_name(to)}:
        language = (found.get("customer_locale") or "")[:2].lower()
        told["recipient.notification"] = _present(email=found["email"], language=language)
    if not at_point and to["country_code"] not in CUSTOMS_UNION.split():
        told["recipient.customs"] = {"items": [_item(found, line) for line in found["line_items"] if _pieces(line)]}
    return told


ODD: Mapping[tuple[str, str], Json] = {
    ("BE", "Kersenpitstraat 128"): {"street": "Kersenpitstraat", "number": "128", "box": "14", "line2": None},
    ("BE", "Kwaad{{7*7}}straat'); -- 13"): {"street": "Kwaad{{7*7}}straat'); -- 13"},
    ("FR", "12 bis rue des Échoppes-Perdues"): {"street": "rue des Échoppes-Perdues", "number": "12 bis"},
    ("LU", "7, rue du Moulin-Inventé"): {"street": "rue du Moulin-Inventé", "number": "7"},
    ("NL", "Nevelkade 27 A"): {"street": "Nevelkade", "number": "27 A"},
}
"""Addresses of the made-up orders that are more than a street and a number."""


def _lines(to: Mapping[str, Any]) -> Json:
    """The address lines as they are understood: where nothing is odd, the last word is the house number."""
    typed = {"street": to["address1"], "line2": to.get("address2")}
    if to["country_code"] not in ("BE", "NL", "FR", "LU", "DE"):
        return typed
    street, _, number = to["address1"].rpartition(" ")
    return typed | ODD.get((to["country_code"], to["address1"]), {"street": street, "number": number})


def _name(person: Mapping[str, Any]) -> str:
    joined = " ".join(part for part in (person.get("first_name"), person.get("last_name")) if part)
    return joined or person.get("name") or ""


def _payers(found: Json) -> set[str]:
    return {
        _name(person) for person in (found.get("billing_address"), found.get("customer")) if person and _name(person)
    }


def _pieces(line: Json) -> int:
    pieces = line["quantity"] if line.get("current_quantity") is None else line["current_quantity"]
    return pieces if line.get("requires_shipping") is not False and not line.get("gift_card") else 0


def _item(found: Json, line: Json) -> Json:
    duty = (line.get("duties") or [{}])[0]
    return _present(
        description=line["title"],
        quantity=_pieces(line),
        weight_grams=line["grams"],
        value=line["price"],
        currency=found["currency"],
        hs_code=duty.get("harmonized_system_code"),
        origin=duty.get("country_code_of_origin"),
    )


def _present(**members: Any) -> Json:
    return {name: value for name, value in members.items() if value}
