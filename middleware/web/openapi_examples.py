"""What the description shows beside its schemas: parameters, bodies and answers that belong together. The tests send
each example to a running service and compare what comes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Final

RECORD: Final = "0a4f6b1e-7c52-4c39-9d1b-5b8f0e2d7a63"
ANOTHER: Final = "7d1f9c34-2b6e-4f08-a1c7-90e3d5b6f218"
"""Stand for the id that a call was answered, and for that of another shipment of the shop."""

LANE: Final = "/v1/shops/{shop}"
"""What begins so has examples: all that a shop's own systems ask."""

_SHIPMENTS, _EVENTS, _PERMISSIONS = f"{LANE}/shipments", f"{LANE}/events", f"{LANE}/permissions"
_CONTACTS, _STAMPS = f"{LANE}/maxiresponse/contacts", f"{LANE}/mystamp/orders"
_POINTS: Final = f"{LANE}/pickup-points"

_ASKED: Final[Mapping[str, Mapping[tuple[str, str], str | int]]] = {
    LANE: {("path", "shop"): "demo", ("path", "id"): RECORD, ("header", "Prefer"): "wait=10"},
    _SHIPMENTS: {("query", "order"): "#1001", ("header", "Idempotency-Key"): '"order-5001-parcel-1"'},
    _EVENTS: {("header", "Idempotency-Key"): '"label-5001"'},
    _PERMISSIONS: {
        ("query", "purpose"): "label_and_delivery",
        ("query", "subject"): "sender",
        ("query", "contract"): "organisation",
        ("query", "tie"): "necessary",
    },
    _POINTS: {("query", "postal_code"): "2000", ("query", "limit"): 1},
    _CONTACTS: {
        ("path", "shop"): "contacts",
        ("query", "id"): "C-1042",
        ("header", "Idempotency-Key"): '"contact-1042-1"',
    },
    _STAMPS: {
        ("path", "shop"): "stamps",
        ("query", "id"): "S-1001",
        ("header", "Idempotency-Key"): '"stamps-1001-1"',
    },
}
"""Parameters by place and name, of every path that begins so; the longer one counts."""

_BODIES: Final[Mapping[str, Any]] = {
    _SHIPMENTS: {
        "order": {"id": "5001", "name": "#1001"},
        "recipient": {
            "name": "Mirte Oosterlynck",
            "address": {
                "street": "Lijsterbesdreef",
                "number": "14",
                "postal_code": "9000",
                "locality": "Gent",
                "country": "BE",
            },
        },
        "parcel": {"weight_grams": 1200},
    },
    _EVENTS: {"type": "label-created", "order": "5001"},
    _CONTACTS: {
        "contact": {
            "id": "C-1042",
            "name": "Oosterlynck",
            "first_name": "Mirte",
            "email": "mirte@voorbeeld.example",
            "phone": "+32470123456",
        },
        "contract": "person",
    },
    _STAMPS: {
        "order": {"id": "S-1001"},
        "customer": {
            "id": "K-77",
            "name": "Oosterlynck",
            "first_name": "Mirte",
            "email": "mirte@voorbeeld.example",
            "address": {
                "street": "Lijsterbesdreef",
                "number": "14",
                "postal_code": "9000",
                "locality": "Gent",
                "country": "BE",
            },
        },
        "stamps": {"product": "mystamp-national", "pieces": 25},
        "depicted": [{"name": "Mirte"}],
        "declaration": {"id": "D-17", "declared_at": "2026-11-20T10:00:00+01:00"},
    },
}
"""What is posted."""

Answers = Iterator[tuple[tuple[str, str, str], Any]]


def _of_records(path: str, shop: str, barcode: str | None, starts: tuple[str, ...] = ()) -> Answers:
    """Yield ((path, method, status), answer) of the four things that are done with every kind of record."""
    at = f"{path.format(shop=shop)}/{RECORD}"
    made = {"id": RECORD, "reference": "7K3MW-9Q2XA", "status": at}
    yield (path, "post", "201"), {**made, **({"barcode": barcode, "label": f"{at}/label"} if barcode else {})}
    yield (path, "post", "202"), made
    there = {
        "id": RECORD,
        "reference": "7K3MW-9Q2XA",
        "state": "delivered",
        "code": None,
        "simulated": False,
        "barcode": barcode,
        "since": "2026-11-22T09:30:02.104512+00:00",
        "changed_after_delivery": False,
        "clock_not_started": list(starts),
        "unsent_until": None,
        "next": {"step": "nothing", "at": None},
    }
    yield (path, "get", "200"), there
    yield (f"{path}/{{id}}", "get", "200"), there
    gone = {**there, "clock_not_started": []}
    yield (f"{path}/{{id}}", "delete", "200"), {**gone, "state": "cancelled"}
    asked = {"step": "cancel", "at": "2026-11-22T09:35:00+00:00"}
    yield (f"{path}/{{id}}", "delete", "202"), {**gone, "state": "cancelling", "next": asked}


_ANSWERS: Final[Mapping[tuple[str, str, str], Any]] = {
    **dict(_of_records(_SHIPMENTS, "demo", "323200000000000000001001")),
    **dict(_of_records(_CONTACTS, "contacts", None, ("agreement_dissolved",))),
    **dict(_of_records(_STAMPS, "stamps", None)),
    (f"{_SHIPMENTS}/{{id}}/tracking", "get", "200"): {
        "barcode": "323200000000000000001001",
        "state": "announced",
        "scans": [],
        "window": None,
    },
    (_EVENTS, "post", "200"): {
        "day": "2026-11-22",
        "early": 0,
        "found": 1,
        "id": "5d0e7c1f-93a4-4b7e-8a55-2f6f1f0c9e38",
        "parts": 2,
        "records": [RECORD],
        "type": "label-created",
        "ways": [],
    },
    (_POINTS, "get", "200"): {
        "as_of": "2026-11-22T09:30:02.104512+00:00",
        "points": [
            {
                "id": "PUP-2000-01",
                "kind": "post-point",
                "name": "Dagwinkel Schelde",
                "street": "Denkbeeldige Kaai",
                "number": "44",
                "postal_code": "2000",
                "locality": "Antwerpen",
                "country": "BE",
                "latitude": 51.2211,
                "longitude": 4.3997,
                "hours": {
                    **{
                        key: [["09:00", "12:00"], ["13:00", "18:00"]]
                        for key in ("monday", "tuesday", "thursday", "friday")
                    },
                    "wednesday": [["09:00", "12:00"]],
                    "saturday": [["10:00", "16:00"]],
                    "sunday": [],
                },
            }
        ],
    },
    (_PERMISSIONS, "get", "200"): {
        "permitted": True,
        "basis": "A6-1-b",
        "reason": None,
        "says": "Permitted: contract (A6-1-b).",
        "objection": False,
        "clause": {"ids": ["VP-BAS-1", "AMB-10"], "ref": "0§3 L75-81"},
        "restricted": [],
    },
}
"""What is answered where all goes well, to who makes a record, tells an event of it, asks, and takes it back."""


def show(paths: Mapping[str, MutableMapping[str, Any]]) -> None:
    """Put its example beside every parameter, body and answer of ``paths`` that has one."""
    for path, item in paths.items():
        asked = {
            key: value for start, given in _ASKED.items() if path.startswith(start) for key, value in given.items()
        }
        for method, operation in item.items():
            operation["parameters"] = [
                {**one, "example": asked[place]} if (place := (one["in"], one["name"])) in asked else one
                for one in operation.get("parameters", ())
            ]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if path in _BODIES:
                    content["example"] = _BODIES[path]
            for status, response in operation["responses"].items():
                for content in response.get("content", {}).values():
                    if (path, method, status) in _ANSWERS:
                        content["example"] = _ANSWERS[path, method, status]
