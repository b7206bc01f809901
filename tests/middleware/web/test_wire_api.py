"""Attacks on the real server of the role ``api``: security §2.1 to §2.9 for the plug-in lane, the status routes,
what is no parcel, events and the admin API. Each line names what it shows.

Whatever comes, there is no 5xx, no value in an answer or in the log, no memory that stays, and it serves afterwards.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import requests

from middleware.web.openapi import description
from tests.middleware.platforms.plugging import shipment
from tests.middleware.web.test_wire_bombs import BOMBS, VECTORS
from tests.middleware.web.wire import CHUNKED, PERSON, chunks, statuses
from tests.middleware.web.wire_api import (
    ADMIN,
    CONNECTION,
    CONTACTS,
    LANE,
    MAKING,
    NUMBERS,
    OTHER,
    PLAIN,
    READING,
    ROUTES,
    STAMPS,
    WITHOUT_BODY,
    Api,
    api_under_attack,
)

each_route = pytest.mark.parametrize("name", ROUTES)
each_reading = pytest.mark.parametrize("name", READING)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with api_under_attack(tmp_path_factory.mktemp("attacks")) as attacked:
        yield attacked


def told(answer: requests.Response) -> dict[str, Any]:
    """The problem that it is, but for its number."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    return {name: value for name, value in answer.json().items() if name != "instance"}


LONG = b"too long"
"""In its place comes one byte more than the route takes."""
NO_JSON = f'["{PERSON}"'.encode()
WRONG = {"authorization": f"Bearer {PERSON}"}
TEXT = {"content_type": "text/plain"}


@pytest.mark.parametrize(
    ("body", "changes", "status"),
    [
        (NO_JSON, {"target": f"/{PERSON}", **WRONG}, 404),
        (NO_JSON, {"method": "PATCH", **TEXT, **WRONG}, 405),
        (LONG, {**TEXT, **WRONG}, 401),
        (LONG, TEXT, 415),
        (LONG, {}, 413),
        (NO_JSON, WRONG, 401),
        (NO_JSON, {}, 400),
        (json.dumps({PERSON: PERSON}).encode(), {}, 422),
    ],
)
@each_reading
def test_1_the_order_of_checks(api: Api, name: str, body: bytes, changes: dict[str, str], status: int) -> None:
    too_long = body is LONG
    body = NO_JSON.ljust(ROUTES[name].most + 1) if too_long else body
    with suppress(requests.ConnectionError) if too_long else nullcontext():
        assert api.ask(name, body, **changes).status_code == status


def test_1_every_route_that_asks_for_a_credential_is_tried() -> None:
    described = {
        (verb.upper(), path.replace("{id}", "RECORD"))
        for path, item in description()["paths"].items()
        for verb, operation in item.items()
        if set().union(*operation["security"]) & {"shop", "admin"}
    }
    tried = {(route.method, re.sub(r"/shops/[a-z]+", "/shops/{shop}", route.target)) for route in ROUTES.values()}
    assert {(method, target.partition("?")[0]) for method, target in tried} == described


@each_route
def test_1_not_exactly_one_host(api: Api, name: str) -> None:
    for lines in ((), ("Host: one.example", f"Host: {PERSON}"), ("Host: a.example", "Host: a.example")):
        assert statuses(api.raw(ROUTES[name].head(*lines, without="host", record=api.record))) == [400]


CREDENTIALS: Mapping[str, str] = {
    "nothing": "",
    "no token": "Bearer",
    "a space": "Bearer ",
    "another scheme": f"Basic {PLAIN}",
    "no scheme": PLAIN,
    "a wrong one": f"Bearer {PERSON}",
    "the beginning of one": f"Bearer {PLAIN[:-1]}",
    "one and more": f"Bearer {PLAIN}x",
    "in quotes": f'Bearer "{PLAIN}"',
    "twice in one": f"Bearer {PLAIN}, Bearer {PLAIN}",
    "another shop's": f"Bearer {OTHER}",
    "not ASCII": "Bearer \xe9\xff",
    "64 KiB": f"Bearer {'x' * 65_536}",
}


@each_route
@pytest.mark.parametrize("credential", CREDENTIALS)
def test_2_who_is_not_believed_is_401_and_always_alike(api: Api, name: str, credential: str) -> None:
    route = ROUTES[name]
    value = CREDENTIALS[credential].replace(PLAIN, route.token)
    answer = api.raw(route.head(f"Authorization: {value}", without="authorization", record=api.record))
    assert statuses(answer) == [401]
    first = api.raw(route.head(without="authorization", record=api.record))
    assert json.loads(body_of(answer)) | {"instance": ""} == json.loads(body_of(first)) | {"instance": ""}


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


@each_route
def test_2_a_credential_that_comes_twice_is_not_believed(api: Api, name: str) -> None:
    route = ROUTES[name]
    for second in (route.token, PERSON):
        lines = (f"Authorization: Bearer {route.token}", f"Authorization: Bearer {second}")
        assert statuses(api.raw(route.head(*lines, without="authorization", record=api.record))) == [401]


@each_route
def test_2_shops_and_credentials_cannot_be_confused(api: Api, name: str) -> None:
    route = ROUTES[name]
    for token in {PLAIN, OTHER, CONTACTS, STAMPS, ADMIN} - {route.token}:
        assert api.ask(name, authorization=f"Bearer {token}").status_code == 401
    own = route.shop.strip("/")
    for shop in ("other", "nobody", PERSON, f"{own}%2F..%2Fother", own.upper(), f"{own}%00", "%ff"):
        if own:
            target = route.target.replace(route.shop, f"/{shop}/").replace("RECORD", api.record)
            assert api.ask(name, target=target).status_code in (401, 404)


def test_2_another_shops_shipment_is_not_there(api: Api) -> None:
    target = f"{LANE.replace('plain', 'other')}/{api.record}"
    for name in ("status", "cancel", "label"):
        tail = "/label" if name == "label" else ""
        assert told(api.ask(name, target=target + tail, authorization=f"Bearer {OTHER}"))["status"] == 404


def test_3_what_is_acknowledged_is_in_the_database(api: Api) -> None:
    answer = api.ask("make")
    assert answer.status_code == 202
    found = api.service.ask(f"SELECT state FROM records WHERE id = '{answer.json()['id']}'")  # noqa: S608 - an id of ours
    assert found == [("waiting",)]


def test_4_a_repetition_under_another_key_makes_no_second_shipment(api: Api) -> None:
    content = shipment(next(NUMBERS))
    content["order"]["updated_at"] = "2026-11-22T10:00:00Z"
    body = json.dumps(content).encode()
    first = api.ask("make", body)
    assert {api.ask("make", body).json()["id"] for _ in range(3)} == {first.json()["id"]}


@pytest.mark.policy("MX-SCO-1", "MS-SCO-1")
@pytest.mark.parametrize(("kind", "shop"), list(permutations(MAKING, 2)))
def test_2_what_belongs_to_another_pack_is_refused_whole(api: Api, kind: str, shop: str) -> None:
    """Whatever is in it, even what the shop may send elsewhere."""
    mine, other, before = ROUTES[kind], ROUTES[shop], api.records()
    target, token = mine.target.replace(mine.shop, other.shop), f"Bearer {other.token}"
    for body in (mine.body(), other.body(), NO_JSON):
        refused = told(api.ask(kind, body, target=target, authorization=token))
        assert (refused["status"], refused["type"]) == (403, "urn:problem:other-policy")
    assert api.records() == before


KEYS = ("", " ", '""', '"', "a b", "a, b", '"a", "b"', '"a', "'a'", "\xe9", "x" * 256, '"a"; q=1', ":YQ==:")


@pytest.mark.parametrize("name", [*MAKING, "event"])
@pytest.mark.parametrize("key", KEYS)
def test_5_without_one_key_it_is_400(api: Api, key: str, name: str) -> None:
    line = f"Idempotency-Key: {key}"
    body = ROUTES[name].body()
    request = ROUTES[name].head(line, f"Content-Length: {len(body)}", without="idempotency-key") + body
    assert statuses(api.raw(request)) == [400]


@pytest.mark.parametrize("name", [*MAKING, "event"])
def test_5_a_key_that_comes_twice_is_400(api: Api, name: str) -> None:
    body, before = ROUTES[name].body(), api.records()
    for second in ("k", "l"):
        lines = ("Idempotency-Key: k", f"Idempotency-Key: {second}", f"Content-Length: {len(body)}")
        assert statuses(api.raw(ROUTES[name].head(*lines, without="idempotency-key") + body)) == [400]
    assert api.records() == before


@pytest.mark.parametrize("name", MAKING)
def test_5_a_replay_is_the_first_answer_and_another_payload_422(api: Api, name: str) -> None:
    body, key = ROUTES[name].body(), f'"{next(NUMBERS)}"'
    first = api.ask(name, body, idempotency_key=key)
    before = api.records()
    again = [api.ask(name, body, idempotency_key=key, prefer=f"wait={wait}") for wait in (0, 20)]
    assert [(one.status_code, one.json()) for one in again] == [(202, first.json())] * 2
    for other in (body + b" ", NO_JSON, b"", b"{}"):
        assert told(api.ask(name, other, idempotency_key=key))["type"] == "urn:problem:idempotency-key-reused"
    assert api.records() == before


def test_5_an_event_under_a_key_that_was_used_for_another_is_422(api: Api) -> None:
    body, key = ROUTES["event"].body(), f'"{next(NUMBERS)}"'
    first = api.ask("event", body, idempotency_key=key)
    assert (first.status_code, first.json()["type"]) == (200, "last-use")
    assert api.ask("event", body, idempotency_key=key).json() == first.json()
    other = json.dumps({"type": "declaration", "record": api.record}).encode()
    for content in (body + b" ", other):
        assert told(api.ask("event", content, idempotency_key=key))["type"] == "urn:problem:idempotency-key-reused"


def test_5_while_it_is_in_hand_it_is_409(api: Api) -> None:
    body, key, before = ROUTES["make"].body(), f'"{next(NUMBERS)}"', api.records()
    found: list[int] = []
    client = requests.Session()
    client.trust_env = False
    given = {"authorization": f"Bearer {PLAIN}", "content-type": "application/json", "idempotency-key": key}

    def wait() -> None:
        sent = client.post(api.url + LANE, data=body, headers={**given, "prefer": "wait=3"}, timeout=30)
        found.append(sent.status_code)

    thread = threading.Thread(target=wait)
    thread.start()
    while api.records() == before:
        time.sleep(0.02)
    assert told(api.ask("make", body, idempotency_key=key))["type"] == "urn:problem:in-hand"
    thread.join()
    assert found == [202]
    assert api.ask("make", body, idempotency_key=key).status_code == 202


@each_reading
@pytest.mark.parametrize("media", ["", "text/plain", "text/json", "application/x-www-form-urlencoded", "*/*", PERSON])
def test_6_other_media(api: Api, name: str, media: str) -> None:
    assert api.ask(name, content_type=media).status_code == 415


@each_reading
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", PERSON])
def test_6_other_codings(api: Api, name: str, encoding: str) -> None:
    assert api.ask(name, content_encoding=encoding).status_code == 415


@each_route
def test_6_other_methods(api: Api, name: str) -> None:
    route = ROUTES[name]
    asked_before = ("OPTIONS",) if name != "points" else ()  # of the points a browser asks what it may send
    for method in ("PATCH", "TRACE", "UNHEARD", *asked_before):
        head = route.head(record=api.record).replace(route.method.encode(), method.encode(), 1)
        answer = api.raw(head)
        assert statuses(answer) == [405]
        allowed = answer.lower().partition(b"\r\nallow: ")[2].partition(b"\r\n")[0].decode().upper().split(", ")
        assert route.method in allowed


@each_reading
@pytest.mark.parametrize("times", [1, 3])
def test_7_more_than_is_allowed(api: Api, name: str, times: int) -> None:
    body = b"{}".ljust(times * ROUTES[name].most + 1)
    with suppress(requests.ConnectionError):  # it answers before it has read all, and the rest meets a closed door
        assert api.ask(name, body).status_code == 413


@each_route
def test_7_a_length_that_is_not_told_is_411(api: Api, name: str) -> None:
    route, before = ROUTES[name], api.records()
    found = statuses(api.raw(route.head(CHUNKED, record=api.record) + chunks(route.body())))
    assert (found, api.records()) == ([411], before)


@each_reading
def test_7_a_body_that_ends_before_its_length_is_not_taken(api: Api, name: str) -> None:
    route, before = ROUTES[name], api.records()
    body = route.body()
    found = statuses(api.raw(route.head(f"Content-Length: {len(body) + 9}") + body, half_close=True))
    assert found in ([400], [])  # who has hung up need not be answered
    assert api.records() == before


@pytest.mark.parametrize("name", WITHOUT_BODY)
def test_7_a_body_that_nobody_reads_is_no_second_request(api: Api, name: str) -> None:
    """It is refused, or the connection ends: what stands in it is never a request of its own."""
    route = ROUTES[name]
    second = ROUTES["status"].head(record=api.record)
    head = route.head(f"Content-Length: {len(second)}", without="connection", record=api.record)
    found = statuses(api.raw(head + second))
    assert found in ([400], [200], [404], [409])
    assert found == [400] or route.method == "GET"


SECOND = b"GET /healthz HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n"
FRAMINGS: Mapping[str, tuple[tuple[str, ...], bytes, list[int]]] = {
    "two lengths": (("LENGTH", "Content-Length: 3"), b"", [400]),
    "a list of lengths": (("LENGTH, 3",), b"", [400]),
    "a length with a sign": (("Content-Length: +5",), b"", [400]),
    "a negative length": (("Content-Length: -1",), b"", [400]),
    "no length that any number holds": ((f"Content-Length: {'9' * 40}",), b"", [400]),
    "length and chunks": (("LENGTH", CHUNKED), b"0\r\n\r\n" + SECOND, [411]),
    "chunks and length": ((CHUNKED, "LENGTH"), b"0\r\n\r\n" + SECOND, [411]),
    "odd coding": (("Transfer-Encoding: xchunked",), b"", [400]),
    "chunked, then nothing": (("Transfer-Encoding: chunked, identity",), b"", [400]),
    "coding after a space": (("Transfer-Encoding : chunked",), b"", [400]),
    "coding on a folded line": (("Transfer-Encoding:\r\n chunked",), b"", [400]),
    "an underscored coding": (("LENGTH", "Transfer_Encoding: chunked"), b"", [411]),
    "a space before the colon": (("LENGTH", "X-Odd : 1"), b"", [400]),
    "a NUL in a header": (("LENGTH", "X-Odd: a\0b"), b"", [400]),
    "no length": ((), b"", [411]),
}


@each_reading
@pytest.mark.parametrize("framing", FRAMINGS)
def test_7_malformed_framing_has_one_answer_and_no_effect(api: Api, name: str, framing: str) -> None:
    lines, tail, expected = FRAMINGS[framing]
    route, before = ROUTES[name], api.records()
    body = route.body()
    head = route.head(*(line.replace("LENGTH", f"Content-Length: {len(body)}") for line in lines))
    assert statuses(api.raw(head + (tail or body))) == expected
    assert api.records() == before


WANTED = {"n": {400}, "y": {422}, "i": {400, 422}}
"""By the vector's first letter: none of them is a shipment or a shop."""


@each_reading
def test_8_every_vector_of_json(api: Api, name: str) -> None:
    found = {path.name: api.ask(name, Path(path).read_bytes()).status_code for path in VECTORS}
    assert {vector: status for vector, status in found.items() if status not in WANTED[vector[0]]} == {}


@each_reading
@pytest.mark.parametrize("bomb", BOMBS)
def test_7_and_8_bombs_are_answered_and_leave_nothing_behind(api: Api, name: str, bomb: str) -> None:
    body, status = BOMBS[bomb]
    assert api.ask(name, body).status_code == (400 if status == 400 else 422)


def test_9_names_and_values_that_nobody_knows_are_refused_and_never_repeated(api: Api) -> None:
    before = api.records()
    content = {**shipment(next(NUMBERS), recipient={PERSON: PERSON}, customs=[{PERSON: [PERSON]}]), PERSON: {PERSON: 1}}
    problem = told(api.ask("make", json.dumps(content).encode()))
    assert {(error["pointer"], error["code"]) for error in problem["errors"]} == {
        ("/*", "unknown"),
        ("/recipient/*", "unknown"),
        ("/customs/0/*", "unknown"),
    }
    shop = {**CONNECTION, PERSON: PERSON, "sender": {PERSON: PERSON}}
    problem = told(api.ask("connect", json.dumps(shop).encode()))
    assert {error["code"] for error in problem["errors"]} == {"unknown"}
    assert api.records() == before


@pytest.mark.parametrize(
    ("path", "value"),
    [("order", {"id": PERSON + " x"}), ("recipient", {"name": [PERSON]}), ("parcel", PERSON), ("customs", [PERSON])],
)
def test_9_values_without_the_form_are_refused_and_never_repeated(api: Api, path: str, value: object) -> None:
    answer = api.ask("make", json.dumps({**shipment(next(NUMBERS)), path: value}).encode())
    assert answer.status_code == 422
    assert all(error["pointer"].startswith(f"/{path}") for error in told(answer)["errors"])


ODD_LINES: Mapping[str, tuple[str, ...]] = {
    "64 KiB in one header": (f"X-Odd: {'x' * 65_536}",),
    "not ASCII": ("X-Odd: \xe9\xff",),
    "a preference of 64 KiB": (f"Prefer: wait={'9' * 65_000}",),
    "preferences without end": (f"Prefer: {'wait=,' * 10_000}",),
    "quotes in preferences": (f"Prefer: {chr(34) * 60_000}",),
    "another method in a header": ("X-HTTP-Method-Override: DELETE",),
    "a host as forwarded": (f"X-Forwarded-Host: {PERSON}", "X-Forwarded-For: 10.0.0.1"),
    "a condition": ("If-Match: x", "If-None-Match: *", "If-Modified-Since: never"),
    "a range": ("Range: bytes=0-1",),
    "an upgrade": ("Upgrade: websocket", "Sec-WebSocket-Version: 13"),
    "an expectation": ("Expect: nothing",),
    "cookies": (f"Cookie: session={PERSON}; a=\xff",),
}


@pytest.mark.parametrize("name", ["status", "label", "order", "shop", "check"])
@pytest.mark.parametrize("odd", ODD_LINES)
def test_2_odd_headers(api: Api, name: str, odd: str) -> None:
    expected = {"order": [404], "label": [409]}.get(name, [200])
    assert statuses(api.raw(ROUTES[name].head(*ODD_LINES[odd], record=api.record))) == expected


TARGETS: Mapping[str, list[int]] = {
    f"{LANE}/{PERSON}": [404],
    f"{LANE}/%00": [404],
    f"{LANE}/%ff%fe": [404],
    f"{LANE}/{'x' * 4_000}": [404],
    f"{LANE}/..%2F..%2Fother": [404],
    f"{LANE}/": [404],
    f"{LANE}?order={PERSON}": [404],
    f"{LANE}?order=%ff%00": [404],
    f"{LANE}?order={'x' * 300}": [400],
    f"{LANE}?order=a&order=b": [400],
    f"{LANE}?order=a&{PERSON}=b": [400],
    f"{LANE}?": [400],
    f"{LANE};{PERSON}": [404],
    f"http://{PERSON}.example{LANE}?order=a": [404],
    f"/v1/shops/%70lain/shipments?order={PERSON}": [404],
    "*": [404],
}


@pytest.mark.parametrize("target", TARGETS, ids=range(len(TARGETS)))
def test_1_odd_targets(api: Api, target: str) -> None:
    head = ROUTES["order"].head().replace(ROUTES["order"].target.encode(), target.encode("latin-1"), 1)
    assert statuses(api.raw(head)) == TARGETS[target]
