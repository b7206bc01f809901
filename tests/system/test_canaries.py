"""P1: a canary in every leaf of an order, in names nobody knows, in headers and in the address of the request.

Everything is sent through the real stack with its log at DEBUG; then all that the stack left behind or told is looked
through, as it is and decoded. What was found must be exactly what may be there.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest

from tests.system import variants_woocommerce as woo
from tests.system.canaries import Document, generalised, leaves, order
from tests.system.haystacks import KINDS
from tests.system.search import Canary, Needles
from tests.system.sending import REJECTIONS, SETTLED, Run, carry_out, permitted, whole
from tests.system.variants import SHOPS, accepted, variants

LEAKS = """\
from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from middleware import intake
from middleware.core import planning, seal
from middleware.model import Removal

receive, clear, trace, held = intake.receive, seal._clear, planning.trace, []


def leaky_receive(inbound, services):
    order, folder = json.loads(inbound.body), Path(tempfile.gettempdir())
    print(order["shipping_address"]["first_name"], file=sys.stderr, flush=True)
    (folder / "body").write_bytes(inbound.body)
    held.append((folder / order["phone"]).open("w"))
    (Path(os.environ["PARCELVEIL_CONFIG"]).parent / "keys" / "notes").write_text(order["email"])
    return replace(receive(inbound, services), reason=order["note"])


def leaky_clear(order, *rest):
    body = clear(order, *rest)
    return {**body, "parcel": {**body["parcel"], "reference": order.recipient.contact.phone}}


def leaky_trace(document, *rest, **more):
    report = trace(document, *rest, **more)
    return replace(report, removed=(*report.removed, Removal(path=document["token"], reason="free_text")))


intake.receive, seal._clear, planning.trace = leaky_receive, leaky_clear, leaky_trace
"""
"""A ``sitecustomize`` that leaks one datum into every kind of haystack."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Everything sent once, and the whole stack looked through."""
    sent = (*variants(), *woo.variants())
    with whole(tmp_path_factory.mktemp("canaries"), {**SHOPS, **woo.SHOPS}) as (service, platform, words):
        return carry_out(service, platform, sent, words)


@pytest.fixture(scope="module")
def leaking(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same with a few orders, in processes that leak one datum to each kind of place."""
    folder = tmp_path_factory.mktemp("leaking")
    (folder / "sitecustomize.py").write_text(LEAKS, encoding="utf-8")
    sent = tuple(variant for variant in accepted() if variant.shop == "sms")
    with whole(folder / "stack", {"sms": SHOPS["sms"]}, extra=folder) as (service, platform, words):
        return carry_out(service, platform, sent, words)


def test_every_order_became_what_it_had_to(run: Run) -> None:
    assert run.answers == {variant.name: variant.status for variant in run.sent}
    states = {name: record["state"] for name, record in run.records.items()}
    going = [variant for variant in run.sent if variant.answer == "accepted" and variant.status == 200]
    assert states == {variant.name: SETTLED.get(variant.shop, "delivered") for variant in going}


def test_every_leaf_held_a_canary_that_was_looked_for(run: Run) -> None:
    known = {leaf.path for leaf in leaves()}
    assert len(known) == len(leaves()) == 523
    held = {generalised(canary.path).partition(" (")[0] for canary in run.canaries}
    assert known - held == {"customer.tax_exemptions"}  # seen as an empty object, and as the empty list that holds one
    shopify = [variant for variant in run.sent if variant.platform == "shopify"]
    as_they_are = [variant.document for variant in shopify if not variant.name.startswith("texts only")]
    typed = {generalised(path).partition(" (")[0] for document in as_they_are for path in document.canaries}
    booleans = {leaf.path for leaf in leaves() if leaf.types <= {"bool", "null"} and "bool" in leaf.types}
    decided = {
        "currency",
        "line_items[].duties[].country_code_of_origin",
        "shipping_address.country_code",
        "updated_at",
    }
    assert known - typed == booleans | decided | {"customer.tax_exemptions"}
    assert len(run.canaries) > 10_000


def test_every_kind_of_place_was_looked_through(run: Run) -> None:
    sizes = {kind: sum(map(len, contents.values())) for kind, contents in run.haystacks.items()}
    assert sorted(sizes) == list(KINDS)
    least = {
        "metrics": 1_000,
        "keys": 1_000,
        "processes": 3_000,
        "answers": 10_000,
        "commands": 100_000,
        "logs": 10_000,
    }
    assert {kind: size for kind, size in sizes.items() if size < least.get(kind, 20_000)} == {}


@pytest.mark.policy("VP-CAT-1", "VP-CAT-8", "VP-COL-1", "VP-PUR-5", "VP-PUR-11", "VP-PLG-2")
def test_no_canary_is_anywhere_but_where_it_may_be(run: Run) -> None:
    surplus = {place: run.found[place] for place in run.found.keys() - permitted(run)}
    assert surplus == {}
    linked = [where for place, where in run.found.items() if (place.path, place.kind) == ("id", "commands")]
    assert [where for where in linked if not all(one.startswith(REJECTIONS) for one in where)] == []
    assert permitted(run) <= run.found.keys()  # what may be seen is: the search works on what it searched


@pytest.mark.policy("VP-CAT-7", "VP-CAT-8")
def test_the_platform_reads_exactly_what_may_pass(run: Run) -> None:
    expected = {variant.name: variant.parts for variant in run.sent if variant.parts is not None}
    assert run.opened == expected
    assert len(expected) == 13


@pytest.mark.policy("VP-CAT-7", "VP-TRF-1")
def test_what_the_platform_takes_in_the_clear(run: Run) -> None:
    bodies = [
        json.loads(content.split(b"\n", 1)[1])
        for name, content in run.haystacks["outbound"].items()
        if _is_shipment(name, content)
    ]
    by_id = {body["id"]: body for body in bodies}
    for variant in run.sent:
        if variant.parts is None or variant.platform != "shopify":
            continue
        body = by_id[run.records[variant.name]["id"]]
        address = variant.document.content["shipping_address"]
        country, postal_code = address["country_code"], address["zip"]
        point = variant.shop == "pickup"
        reference = (
            variant.document.content["name"] if variant.shop == "named" else run.records[variant.name]["reference"]
        )
        assert body["recipient"].keys() == body["sender"].keys() - {"shop"} | {"country", "postal_code"}
        assert (body["recipient"]["country"], body["recipient"]["postal_code"]) == (
            ("BE", "1000") if point else (country, postal_code)
        )
        assert body["parcel"] == {
            "product": "parcel",
            "weight_grams": 642,
            "pieces": 1,
            "reference": reference,
            "pickup_point": "PUP-1000-01" if point else None,
        }
        assert body["transfers"] == {"cleartext_outside_eea": False}
        assert body.keys() == {"id", "policy", "parcel", "recipient", "sender", "retention", "transfers", "receipt"}


@pytest.mark.policy("VP-CAT-7", "VP-TRF-1")
def test_what_the_platform_takes_in_the_clear_of_another_source_s_order(run: Run) -> None:
    bodies = [
        json.loads(content.split(b"\n", 1)[1])
        for name, content in run.haystacks["outbound"].items()
        if _is_shipment(name, content)
    ]
    by_id = {body["id"]: body for body in bodies}
    theirs = [variant for variant in run.sent if variant.parts is not None and variant.platform == "woocommerce"]
    assert len(theirs) == 2
    for variant in theirs:
        body, address = by_id[run.records[variant.name]["id"]], variant.document.content["shipping"]
        clear = {key: value for key, value in body["recipient"].items() if key != "sealed"}
        assert clear == {"country": address["country"], "postal_code": address["postcode"]}
        reference = run.records[variant.name]["reference"]
        told = {"product": "parcel", "weight_grams": woo.GRAMS, "pieces": 1, "reference": reference}
        assert body["parcel"] == {**told, "pickup_point": None}


def test_every_leaf_of_woocommerce_held_a_canary(run: Run) -> None:
    known = {leaf.path for leaf in leaves(woo.LEAVES)}
    theirs = [variant.document for variant in run.sent if variant.platform == "woocommerce"]
    held = {generalised(path).partition(" (")[0] for document in theirs for path in document.canaries}
    assert known - held == set()
    assert len(known) == 154


def _is_shipment(name: str, content: bytes) -> bool:
    return name.startswith("ledger") and content.startswith(b"POST /shipments ")


@pytest.mark.parametrize("kind", KINDS)
def test_a_leak_into_any_kind_of_place_is_found(leaking: Run, kind: str) -> None:
    assert {place for place in leaking.found.keys() - permitted(leaking) if place.kind == kind}


def test_what_leaks_is_named(leaking: Run) -> None:
    named = {(place.path, place.kind) for place in leaking.found.keys() - permitted(leaking)}
    assert {
        ("shipping_address.first_name", "logs"),
        ("shipping_address.phone", "outbound"),
        ("note", "answers"),
        ("note", "metrics"),
        ("token", "rows"),
        ("token", "commands"),
        ("email", "keys"),
        ("phone", "processes"),
        ("customer.default_address.address1", "temporary"),
    } <= named


def _urled(text: bytes) -> bytes:
    return "".join(f"%{byte:02x}" for byte in text).encode()


ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "as it is": bytes,
    "upper case": bytes.upper,
    "lower case": bytes.lower,
    "reversed": lambda text: text[::-1],
    "base64, offset 0": base64.b64encode,
    "base64, offset 1": lambda text: base64.b64encode(b"x" + text + b"yz"),
    "base64, offset 2": lambda text: base64.b64encode(b"xy" + text + b"z"),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(b"\xff\xfe\xfb" + text),
    "base64 amid letters": lambda text: b"abcde" + base64.b64encode(text) + b"fghij",
    "hex": lambda text: text.hex().encode(),
    "hex, upper case": lambda text: text.hex().upper().encode(),
    "hex, odd": lambda text: b"a" + text.hex().encode(),
    "URL": _urled,
    "URL, in part": lambda text: text[:3] + _urled(text[3:6]) + text[6:],
    "JSON escapes": lambda text: "".join(f"\\u{byte:04x}" for byte in text).encode(),
    "JSON escapes in JSON": lambda text: "".join(f"\\\\u{byte:04X}" for byte in text).encode(),
    "HTML, decimal": lambda text: "".join(f"&#{byte};" for byte in text).encode(),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{byte:x};" for byte in text).encode(),
    "UTF-16 LE": lambda text: text.decode().encode("utf-16-le"),
    "UTF-16 BE": lambda text: text.decode().encode("utf-16-be"),
    "UTF-32": lambda text: text.decode().encode("utf-32-le"),
    "gzip": lambda text: gzip.compress(b"before " * 9 + text),
    "zlib": lambda text: zlib.compress(b"before " * 9 + text, 9),
    "zlib, stored": lambda text: zlib.compress(text, 0),
    "base64 of gzip": lambda text: base64.b64encode(gzip.compress(text)),
    "hex of UTF-16": lambda text: text.decode().encode("utf-16-be").hex().encode(),
    "URL of base64": lambda text: quote_from_bytes(base64.b64encode(b"\xfb\xff" + text), safe="").encode(),
    **{
        f"{name}, {form}": lambda text, name=name, write=write: write(hashlib.new(name, text).digest())  # type: ignore[misc]
        for name in ("md5", "sha1", "sha256")
        for form, write in {"raw": bytes, "hex": lambda raw: raw.hex().encode(), "base64": base64.b64encode}.items()
    },
    "sha256 of the lower case": lambda text: hashlib.sha256(text.lower()).digest(),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_planted_is_found(run: Run, kind: str, encoding: str) -> None:
    host = max(run.haystacks[kind].values(), key=len)[:20_000]
    planted = run.sent[0].document.canaries["note"]
    needles = Needles([planted, run.sent[1].document.canaries["note"]])
    assert needles.find(host) == frozenset()
    middle = len(host) // 2
    haystack = host[:middle] + b"<" + ENCODINGS[encoding](planted.text.encode()) + b">" + host[middle:]
    assert {finding.canary for finding in needles.find(haystack)} == {planted}


@pytest.mark.parametrize("declared", ["TEXT", "BLOB", "INTEGER", "REAL"])
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_what_is_planted_in_a_database_is_found(tmp_path: Path, declared: str, encoding: str) -> None:
    document = Document("planted")
    value = {"INTEGER": document.number, "REAL": document.fraction}.get(declared, document.text)("here")
    with closing(sqlite3.connect(tmp_path / "planted.db")) as connection:
        connection.execute(f"PRAGMA encoding = '{encoding}'")
        connection.execute(f"CREATE TABLE planted (before TEXT, here {declared}, after TEXT)")
        connection.execute("INSERT INTO planted VALUES (?, ?, ?)", ("x" * 99, value, os.urandom(20)))
        connection.commit()
    found = Needles(document.canaries.values()).find((tmp_path / "planted.db").read_bytes())
    assert {finding.canary for finding in found} == set(document.canaries.values())


def test_canaries_must_be_long_and_unique() -> None:
    document = order("twice")
    Needles(document.canaries.values())
    one = Canary(order="a", path="here", text="Zoë-1234")
    for other in (Canary(order="a", path="there", text=one.text), Canary(order="a", path="there", text="short12")):
        with pytest.raises(ValueError, match="too"):
            Needles([one, other])
