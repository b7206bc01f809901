"""Evidence made by hand: three small orders, two of them shipped, everything as it should be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from simulator.evidence import Entry, Evidence, Sent, Shipment, Shop
from simulator.jwe import seal_token
from simulator.label import Label, render
from simulator.verdict import Verdict

Json = dict[str, Any]

AT = "2026-11-22T10:00:00+00:00"
PRIVATE_KEY = ec.generate_private_key(ec.SECP256R1())
KEY = PRIVATE_KEY.public_key()
SENDER = {"name": "Odile Kramersheim", "street": "Verzonnen Kade", "email": "odile@kramersheim.example"}
SHOP = Shop(notify="email", pickup_attribute="pickup_point", sender=SENDER)

DOMESTIC: Json = {
    "id": 9007199254740993,
    "name": "#1001",
    "email": "liva.brandsteeg@example.com",
    "note": "Sleutel ligt onder de blauwe bloempot",
    "customer_locale": "nl-BE",
    "browser_ip": "192.0.2.44",
    "billing_address": {"first_name": "Liva", "last_name": "Brandsteeg", "phone": "+32470000001"},
    "shipping_address": {
        "first_name": "Liva",
        "last_name": "Brandsteeg",
        "address1": "Kersenpitlaan 128",
        "address2": None,
        "city": "Gent",
        "zip": "9000",
        "country_code": "BE",
    },
    "line_items": [{"title": "Theepot in steengoed", "quantity": 1, "price": "34.50"}],
}
GIFT: Json = {
    **DOMESTIC,
    "id": 9007199254740994,
    "name": "#1002",
    "email": "joachim.terweide@example.net",
    "note": "Een verrassing voor mijn zus",
    "billing_address": {"first_name": "Joachim", "last_name": "Terweide", "phone": "+32470000002"},
    "shipping_address": {
        "first_name": "Mirte",
        "last_name": "Oosterlinck",
        "address1": "Pruimelaarhof 19",
        "address2": "bus 2",
        "company": "Atelier Mirabel",
        "city": "Zürich",
        "zip": "8001",
        "country_code": "CH",
    },
    "line_items": [{"title": "Droogboeket veldbloemen", "quantity": 2, "price": "29.95"}],
}
UNPAID: Json = {
    **DOMESTIC,
    "id": 9007199254740995,
    "name": "#1003",
    "email": "ferre.goossenaar@example.org",
    "note": "Ik betaal vrijdag",
    "billing_address": {"first_name": "Ferre", "last_name": "Goossenaar"},
    "shipping_address": {
        "first_name": "Ferre",
        "last_name": "Goossenaar",
        "address1": "Boterbloemkaai 12",
        "city": "Aalst",
        "zip": "9300",
        "country_code": "BE",
    },
}
NOTIFICATION: Json = {"email": "liva.brandsteeg@example.com", "language": "nl"}
PARTS: dict[str, dict[str, Json]] = {
    "domestic.json": {
        "recipient.delivery": {"name": "Liva Brandsteeg", "street": "Kersenpitlaan 128", "locality": "Gent"},
        "recipient.notification": NOTIFICATION,
        "sender.contact": {**SENDER},
    },
    "gift.json": {
        "recipient.delivery": {
            "name": "Mirte Oosterlinck",
            "company": "Atelier Mirabel",
            "street": "Pruimelaarhof",
            "number": "19",
            "box": "2",
            "locality": "Zürich",
        },
        "recipient.customs": {"items": [{"description": "Droogboeket veldbloemen", "quantity": 2, "value": "29.95"}]},
        "sender.contact": {**SENDER},
    },
}
RETENTION = {"sender.contact": ("vp.sender.legal", "2036-11-22")}
OPERATIONAL = ("vp.recipient.operational", "2027-12-22")


def sealed(part: str, rid: str) -> str:
    """A token of the right form; only the platform's ``PRIVATE_KEY`` opens it."""
    return seal_token(b'{"name": "Liva Brandsteeg"}' + b" " * 64, kid=f"{part}/class/2027-12", rid=rid, key=KEY)


def body(rid: str, order: Json, parts: dict[str, Json]) -> Json:
    """What the platform got."""
    to = order["shipping_address"]
    outbound: Json = {
        "id": rid,
        "parcel": {"reference": "7K3MW-9Q2XA", "pickup_point": None, "weight_grams": 1000},
        "recipient": {"country": to["country_code"], "postal_code": to["zip"], "sealed": {}},
        "sender": {"shop": "demo", "sealed": {}},
        "retention": [],
    }
    for part in parts:
        party, _, name = part.partition(".")
        outbound[party]["sealed"][name] = sealed(part, rid)
        class_, until = RETENTION.get(part, OPERATIONAL)
        outbound["retention"].append({"part": part, "class": class_, "starts": "2026-11-22", "until": until})
    return outbound


def post(seq: int, content: Json | bytes, status: int | None = 201) -> Entry:
    """A ledger entry that brought ``content``."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Entry(seq=seq, at=AT, method="POST", path="/shipments", body=raw, status=status)


def label(name: str, barcode: str) -> bytes:
    """A label as the platform prints it."""
    return render(Label(lines=(name, "Ergens 1", "BE"), reference="7K3MW-9Q2XA", barcode=barcode))


def shipment(rid: str, parts: dict[str, Json], number: int = 1) -> Shipment:
    """A shipment that the platform could open altogether."""
    barcode = f"{number:024d}"
    printed = label(str(parts["recipient.delivery"]["name"]), barcode)
    return Shipment(id=rid, barcode=barcode, parts=parts, unreadable=(), label=printed)


def sent(file: str, order: Json, expected: str = "accepted", statuses: tuple[int | None, ...] = (200,)) -> Sent:
    """An order that was delivered."""
    return Sent(file=file, body=json.dumps(order).encode(), expected=expected, statuses=statuses)


def sound() -> Evidence:
    """Evidence against which nothing can be said."""
    return Evidence(
        shop=SHOP,
        orders=(
            sent("domestic.json", DOMESTIC, statuses=(200, 200)),
            sent("gift.json", GIFT),
            sent("unpaid.json", UNPAID, "ignored"),
        ),
        entries=(
            Entry(seq=1, at=AT, method="GET", path="/pickup-points", body=b"", status=200),
            post(2, body("r-1", DOMESTIC, PARTS["domestic.json"])),
            post(3, body("r-2", GIFT, PARTS["gift.json"])),
        ),
        shipments=(shipment("r-1", PARTS["domestic.json"], 1), shipment("r-2", PARTS["gift.json"], 2)),
        database={"var/parcelveil.db": b"SQLite format 3\0" + bytes(4096)},
        logs={"logs/serve.log": b'{"event":"webhook","status":"accepted"}\n'},
    )


def with_parts(evidence: Evidence, file: str, **changes: Json) -> Evidence:
    """``evidence`` with other contents in the parts of one order; ``recipient_delivery`` names a part."""
    place = list(PARTS).index(file)
    opened = evidence.shipments[place]
    parts = {**opened.parts, **{name.replace("_", ".", 1): content for name, content in changes.items()}}
    shipments = [*evidence.shipments]
    shipments[place] = replace(opened, parts=parts)
    return replace(evidence, shipments=tuple(shipments))


def broken(said: tuple[Verdict, ...]) -> dict[str, list[str]]:
    """The broken promises with the evidence against each."""
    return {verdict.promise: [str(finding) for finding in verdict.findings] for verdict in said if not verdict.kept}
