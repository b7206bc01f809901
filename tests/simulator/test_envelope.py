from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulator.http import MockServer, Settings, running
from tests.simulator.bench import Client, Json, Sealer, codes


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    """One platform for all: what is refused leaves nothing behind."""
    with running(Settings(state=tmp_path_factory.mktemp("state"))) as started:
        yield started


CANARY = "Zq7Canary"


def at(body: Json, path: str) -> tuple[Any, Any]:
    """The holder of the member at ``path``, and the member's name."""
    *way, last = path.split("/")
    holder: Any = body
    for name in way:
        holder = holder[int(name) if isinstance(holder, list) else name]
    return holder, int(last) if isinstance(holder, list) else last


def put(path: str, value: object) -> Callable[[Json], None]:
    def change(body: Json) -> None:
        holder, name = at(body, path)
        holder[name] = value

    return change


def drop(path: str) -> Callable[[Json], None]:
    def change(body: Json) -> None:
        holder, name = at(body, path)
        del holder[name]

    return change


MISSING = [
    "policy",
    "parcel",
    "recipient",
    "sender",
    "retention",
    "transfers",
    "policy/pack",
    "policy/version",
    "policy/sha256",
    "parcel/product",
    "parcel/weight_grams",
    "parcel/pieces",
    "parcel/reference",
    "parcel/pickup_point",
    "recipient/country",
    "recipient/postal_code",
    "recipient/sealed",
    "recipient/sealed/delivery",
    "sender/shop",
    "sender/sealed",
    "transfers/cleartext_outside_eea",
    "retention/0/part",
    "retention/0/class",
    "retention/0/starts",
    "retention/0/until",
]
WRONG: list[tuple[str, object, str]] = [
    ("id", CANARY + "/", "value"),
    ("id", "x" * 65, "value"),
    ("policy", [], "type"),
    ("policy/sha256", "0F" * 32, "value"),
    ("parcel/product", "", "value"),
    ("parcel/weight_grams", 0, "value"),
    ("parcel/weight_grams", 1.5, "value"),
    ("parcel/weight_grams", True, "value"),
    ("parcel/weight_grams", "1200", "value"),
    ("parcel/pieces", 0, "value"),
    ("parcel/reference", CANARY * 6, "value"),
    ("parcel/reference", "line\nbreak", "value"),
    ("parcel/reference", "   ", "value"),
    ("parcel/pickup_point", "PUP-9999-99", "value"),
    ("parcel/pickup_point", 7, "value"),
    ("recipient/country", "be", "value"),
    ("recipient/country", "BEL", "value"),
    ("recipient/postal_code", "", "value"),
    ("recipient/postal_code", 1000, "value"),
    ("recipient/sealed", {}, "missing"),
    ("recipient/sealed/delivery", None, "value"),
    ("recipient/sealed/delivery", "é", "value"),
    ("sender/sealed", "x", "type"),
    ("transfers/cleartext_outside_eea", "no", "value"),
    ("retention", {}, "type"),
    ("retention/0", 1, "type"),
    ("retention/0/part", "recipient.secret", "unknown-part"),
    ("retention/0/part", 3, "unknown-part"),
    ("retention/0/class", "vp.sender.legal", "class"),
    ("retention/0/starts", "2026-13-01", "date"),
    ("retention/0/starts", "20261122", "date"),
    ("retention/0/until", 20271222, "date"),
    ("retention/0/until", None, "period"),
    ("retention/0/until", "2001-01-01", "period"),
]
UNKNOWN = ["", "policy", "parcel", "recipient", "recipient/sealed", "sender", "sender/sealed", "transfers"]


@pytest.mark.parametrize("path", MISSING)
def test_a_missing_member_is_named(client: Client, sealer: Sealer, path: str) -> None:
    body = sealer.shipment("r-1")
    drop(path)(body)
    assert (f"/{path}", "missing") in codes(client.post(body))


@pytest.mark.parametrize(("path", "value", "code"), WRONG)
def test_a_wrong_member_is_named_without_its_value(
    client: Client, sealer: Sealer, path: str, value: object, code: str
) -> None:
    body = sealer.shipment("r-1")
    put(path, value)(body)
    answer = client.post(body)
    assert code in {found for pointer, found in codes(answer) if pointer.startswith(f"/{path.removesuffix('/0')}")}
    assert CANARY not in answer.text


@pytest.mark.parametrize("path", UNKNOWN)
def test_an_unknown_member_is_refused_without_its_name(client: Client, sealer: Sealer, path: str) -> None:
    body = sealer.shipment("r-1")
    put(f"{path}/{CANARY}".strip("/"), CANARY)(body)
    answer = client.post(body)
    assert codes(answer) == {(f"/{path}/*" if path else "/*", "unknown-member")}
    assert CANARY not in answer.text


def test_an_unknown_member_of_a_tag_is_refused(client: Client, sealer: Sealer) -> None:
    body = sealer.shipment("r-1")
    body["retention"][1][CANARY] = 1
    assert codes(client.post(body)) == {("/retention/1/*", "unknown-member")}


def test_tags_name_exactly_the_sealed_parts(client: Client, sealer: Sealer) -> None:
    body = sealer.shipment("r-1")
    first, second = body["retention"]
    more = {**first, "part": "recipient.customs"}
    for tags in ([first], [first, second, more], []):
        assert codes(client.post({**body, "retention": tags})) == {("/retention", "parts")}
    assert codes(client.post({**body, "retention": [first, second, first]})) == {("/retention", "twice")}


def test_several_faults_are_told_at_once(client: Client, sealer: Sealer) -> None:
    body = sealer.shipment("r-1", pieces=0)
    del body["transfers"]
    assert codes(client.post(body)) == {("/parcel/pieces", "value"), ("/transfers", "missing")}


@pytest.mark.parametrize("receipt", [None, "", 5, "drop"])
def test_a_shipment_always_brings_a_receipt(client: Client, sealer: Sealer, receipt: object) -> None:
    body = {**sealer.shipment("r-1"), "receipt": receipt}
    if receipt == "drop":
        del body["receipt"]
    assert codes(client.post(body)) == {("/receipt", "receipt")}


def test_what_may_be_left_out_may(client: Client, sealer: Sealer) -> None:
    body = sealer.shipment("r-2", {"recipient.delivery": {"company": "Verzinsel"}}, pickup_point="PUP-1000-01")
    body["recipient"]["postal_code"] = None
    for tag in body["retention"]:
        tag["starts"] = tag["until"] = None
    assert client.post(body).status_code == 201


def test_only_strict_json_is_read(client: Client, sealer: Sealer) -> None:
    body = sealer.shipment("r-1")
    text = json.dumps(body)
    deep: object = 0
    for _ in range(40):
        deep = [deep]
    for raw in (
        b"",
        b"[]",
        text.encode("utf-16"),
        b"\xef\xbb\xbf" + text.encode(),
        text.replace('"pieces": 1', '"pieces": 1, "pieces": 1').encode(),
        text.replace('"pieces": 1', '"pieces": NaN').encode(),
        text.replace('"pieces": 1', '"pieces": 1e999').encode(),
        text.replace('"demo"', '"\\ud800"').encode(),
        json.dumps({**body, "policy": deep}).encode(),
        b"[" * 100_000,
    ):
        answer = client.post(raw, key="r-1")
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed-json"), raw[:40]


def test_the_untouched_body_is_good(client: Client, sealer: Sealer) -> None:
    """The control of all the refusals above."""
    body = sealer.shipment("r-3")
    assert client.post(copy.deepcopy(body)).status_code == 201
