from __future__ import annotations

import base64
import json
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from middleware.core.places import read_point, row_of
from simulator.http import MockServer, Settings, running
from tests.simulator.bench import (
    CLASSES,
    CONTACT,
    CUSTOMS,
    DELIVERY,
    NOTIFICATION,
    OTHERS,
    Client,
    Sealer,
    brussels_now,
    kid,
    until,
)


def test_keys_are_public_halves_for_seven_months(client: Client) -> None:
    keys = client.jwks()
    assert keys.keys() == {kid(part, ahead) for part in CLASSES | OTHERS for ahead in range(7)}
    for key in keys.values():
        assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "enc", "ECDH-ES+A256KW")
    assert len({key["x"] for key in keys.values()}) == len(keys)


def test_keys_survive_a_restart_and_are_private_to_the_owner(tmp_path: Path, session: requests.Session) -> None:
    seen = []
    for _ in range(2):
        with running(Settings(state=tmp_path)) as server:
            seen.append(Client(server.url, session).jwks())
    assert seen[0] == seen[1]
    files = list((tmp_path / "keys").glob("*.pem"))
    assert len(files) == len(seen[0])
    assert {stat.S_IMODE(path.stat().st_mode) for path in [*files, tmp_path / "platform.db"]} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_shipment_is_taken_opened_and_told_of(client: Client, sealer: Sealer) -> None:
    parts = {
        "recipient.delivery": DELIVERY,
        "recipient.notification": NOTIFICATION,
        "recipient.customs": CUSTOMS,
        "sender.contact": CONTACT,
    }
    answer = client.post(sealer.shipment("r-1", parts))
    assert answer.status_code == 201
    taken = answer.json()
    assert taken.keys() == {"barcode", "label", "state"}
    assert taken["label"] == "/shipments/r-1/label"
    assert taken["state"] == "created"
    assert len(taken["barcode"]) == 24
    assert taken["barcode"].isdigit()
    assert taken["barcode"].startswith("3232")
    assert client.get("/shipments/r-1").json() == taken
    assert client.get("/_opened/r-1").json() == {"id": "r-1", "parts": parts, "unreadable": []}


def test_what_rests_on_the_disk_is_sealed(client: Client, sealer: Sealer, server: MockServer, tmp_path: Path) -> None:
    client.post(sealer.shipment("r-1"))
    client.get("/shipments/r-1/label")
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"r-1" in everything
    assert DELIVERY["name"].encode() not in everything
    assert DELIVERY["street"].encode() not in everything


@pytest.mark.parametrize("key", [None, "another"])
def test_the_idempotency_key_is_the_id(client: Client, sealer: Sealer, key: str | None) -> None:
    answer = client.post(sealer.shipment("r-1"), key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key")


def test_the_same_bytes_get_the_same_answer_for_ever(client: Client, sealer: Sealer) -> None:
    body = sealer.shipment("r-1")
    first = client.post(body)
    client.call("POST", "/shipments/r-1/cancel")
    client.move_clock("2060-01-01T00:00:00+01:00")
    again = client.post(body)
    assert (again.status_code, again.content) == (201, first.content)
    assert client.ledger()["shipments"]["r-1"] == {
        "state": "cancelled",
        "barcode": first.json()["barcode"],
        "posts": 2,
    }


def test_another_body_under_the_same_id_is_a_conflict(client: Client, sealer: Sealer) -> None:
    body = sealer.shipment("r-1")
    client.post(body)
    answer = client.post(json.dumps(body, indent=1).encode(), key="r-1")
    assert (answer.status_code, answer.json()["code"]) == (409, "other-body")
    assert client.ledger()["shipments"]["r-1"]["posts"] == 1


def test_simultaneous_posts_make_one_shipment(client: Client, sealer: Sealer) -> None:
    body = json.dumps(sealer.shipment("r-1")).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": "r-1"}
    with ThreadPoolExecutor(6) as pool:
        send = pool.map(
            lambda _: requests.post(f"{client.url}/shipments", data=body, headers=headers, timeout=5), range(6)
        )
        answers = {(answer.status_code, answer.content) for answer in send}
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    assert client.ledger()["shipments"]["r-1"]["posts"] == 6


def test_a_refused_shipment_leaves_nothing_and_may_come_again(client: Client, sealer: Sealer) -> None:
    body = sealer.shipment("r-1")
    assert client.post({**body, "more": 1}).status_code == 422
    assert client.get("/shipments/r-1").status_code == 404
    assert client.post(body).status_code == 201


def test_shipments_have_barcodes_of_their_own_across_restarts(tmp_path: Path, session: requests.Session) -> None:
    codes = set()
    for number in range(2):
        with running(Settings(state=tmp_path)) as server:
            client = Client(server.url, session)
            codes.add(client.post(Sealer(client.jwks()).shipment(f"r-{number}")).json()["barcode"])
            assert len(client.ledger()["shipments"]) == number + 1
    assert len(codes) == 2


def test_cancelling_works_once_or_again_until_it_is_handed_over(client: Client, sealer: Sealer) -> None:
    client.post(sealer.shipment("r-1"))
    client.post(sealer.shipment("r-2"))
    for _ in range(2):
        answer = client.call("POST", "/shipments/r-1/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert client.get("/shipments/r-1/label").status_code == 409
    for state in ("handed_over", "delivered"):
        assert client.call("PUT", "/_state/r-2", json={"state": state}).json()["state"] == state
        assert client.call("POST", "/shipments/r-2/cancel").status_code == 409
    assert client.call("PUT", "/_state/r-2", json={"state": "lost"}).status_code == 422


def test_an_unknown_shipment_is_not_found(client: Client) -> None:
    for method, path in (
        ("GET", "/shipments/r-9"),
        ("GET", "/shipments/r-9/label"),
        ("POST", "/shipments/r-9/cancel"),
        ("GET", "/_opened/r-9"),
        ("PUT", "/_state/r-9"),
    ):
        assert client.call(method, path, json={"state": "created"}).status_code == 404, path
    assert client.call("PATCH", "/shipments/r-9/retention", json=[]).status_code == 404


def test_an_erased_part_is_gone_and_the_rest_stays(client: Client, sealer: Sealer) -> None:
    client.post(sealer.shipment("r-1"))
    for _ in range(2):
        assert client.call("DELETE", "/shipments/r-1/parts/recipient.delivery").status_code == 204
    assert client.get("/_opened/r-1").json() == {"id": "r-1", "parts": {"sender.contact": CONTACT}, "unreadable": []}
    assert client.get("/shipments/r-1/label").status_code == 410
    assert client.call("DELETE", "/shipments/r-1/parts/recipient.unheard").status_code == 404


def test_an_erasure_that_comes_first_keeps_the_shipment_out(client: Client, sealer: Sealer) -> None:
    assert client.call("DELETE", "/shipments/r-1/parts/recipient.delivery").status_code == 204
    assert client.post(sealer.shipment("r-1")).status_code == 410
    assert client.get("/shipments/r-1").status_code == 410
    assert client.call("DELETE", "/shipments/r-1/parts/recipient.delivery").status_code == 204
    assert client.ledger()["shipments"] == {}


def test_retention_clocks_are_started_and_moved(client: Client, sealer: Sealer) -> None:
    client.post(sealer.shipment("r-1"))
    part = "recipient.delivery"
    tag = {"part": part, "class": CLASSES[part], "starts": brussels_now().date().isoformat(), "until": until(part)}
    assert client.call("PATCH", "/shipments/r-1/retention", json=[tag]).status_code == 200
    assert client.call("PATCH", "/shipments/r-1/retention", json=[{**tag, "until": None, "starts": None}]).ok
    for wrong in (
        {"until": None},
        {"class": "vp.sender.legal"},
        {"part": "recipient.customs"},
        {"until": "2020-01-01"},
        {"starts": "1 May"},
        {"extra": 1},
    ):
        assert client.call("PATCH", "/shipments/r-1/retention", json=[{**tag, **wrong}]).status_code == 422, wrong
    assert client.call("PATCH", "/shipments/r-1/retention", json=[tag, tag]).status_code == 422
    assert client.call("PATCH", "/shipments/r-1/retention", json={}).status_code == 422
    assert client.call("PATCH", "/shipments/r-1/retention", data=b"[").status_code == 400


def test_tags_change_all_or_none(client: Client, sealer: Sealer, server: MockServer) -> None:
    client.post(sealer.shipment("r-1"))
    before = server.platform.store.parts("r-1")
    tags = [
        {"part": part, "class": CLASSES[part], "starts": None, "until": None}
        for part in ("recipient.delivery", "recipient.customs")
    ]
    assert client.call("PATCH", "/shipments/r-1/retention", json=tags).status_code == 422
    assert server.platform.store.parts("r-1") == before
    assert client.call("PATCH", "/shipments/r-1/retention", json=tags[:1]).status_code == 200
    assert server.platform.store.parts("r-1") != before


def test_pickup_points_are_found_by_postal_code_alone(client: Client) -> None:
    points = client.get("/pickup-points").json()["points"]
    assert len(points) == 6
    address = {"street", "number", "postal_code", "locality", "country"}
    told = {"id", "kind", "name", *address, "latitude", "longitude", "hours"}
    assert all(point.keys() == told for point in points)
    assert all(row_of(point) == told for point, told in zip(map(read_point, points), points, strict=True) if point)
    assert all(map(read_point, points))
    near = client.get("/pickup-points?postal_code=1000").json()["points"]
    assert [point["id"] for point in near] == ["PUP-1000-01", "PUP-1000-02"]
    assert client.get("/pickup-points?postal_code=9999").json() == {"points": []}


def test_the_ledger_tells_what_came_byte_for_byte_and_in_order(client: Client, sealer: Sealer) -> None:
    raw = json.dumps(sealer.shipment("r-1"), indent=3).encode()
    client.post(raw, key="r-1")
    client.post(b"\xff not json", key="r-2")
    client.get("/pickup-points?postal_code=1000")
    client.get("/_health")
    requests_ = client.ledger()["requests"]
    assert [entry["seq"] for entry in requests_] == [1, 2, 3]
    assert [base64.b64decode(entry["body_base64"]) for entry in requests_] == [raw, b"\xff not json", b""]
    assert [entry["idempotency_key"] for entry in requests_] == ["r-1", "r-2", None]
    assert [(entry["method"], entry["path"], entry["status"]) for entry in requests_] == [
        ("POST", "/shipments", 201),
        ("POST", "/shipments", 400),
        ("GET", "/pickup-points?postal_code=1000", 200),
    ]


def test_the_api_asks_for_its_token_but_keys_and_controls_do_not(tmp_path: Path, session: requests.Session) -> None:
    with running(Settings(state=tmp_path, token="t0p")) as server:
        stranger, friend = Client(server.url, session), Client(server.url, session, token="t0p")
        for path in ("/.well-known/jwks.json", "/_health", "/_ledger"):
            assert stranger.get(path).status_code == 200
        body = Sealer(stranger.jwks()).shipment("r-1")
        refused = stranger.post(body)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert Client(server.url, session, token="other").get("/pickup-points").status_code == 401
        assert friend.post(body).status_code == 201


def test_other_paths_methods_and_media_are_refused(client: Client) -> None:
    assert client.get("/nowhere").status_code == 404
    assert client.get("/_nowhere").status_code == 404
    assert client.call("PUT", "/shipments").status_code == 405
    assert client.call("POST", "/shipments", data=b"a=b", headers={"Content-Type": "text/plain"}).status_code == 415
    assert client.call("POST", "/shipments", data=iter([b"{}"])).status_code == 411
    assert client.post(b"{}" + b" " * 2_000_000, key="x").status_code == 413
    longer = {"data": b"{}" + b" " * 2_000_000, "headers": {"Content-Type": "application/json", "Idempotency-Key": "x"}}
    assert client.call("POST", "/records/maxiresponse", **longer).status_code == 413
    assert client.call("POST", "/records/mystamp", **longer).status_code == 400  # with images it may be this long


def test_what_is_hardly_http_is_refused_and_not_repeated(server: MockServer) -> None:
    for sent in (b"canary\r\n\r\n", b"CANARY /shipments HTTP/1.1\r\nHost: a\r\n\r\n"):
        with socket.create_connection(server.server_address[:2], timeout=5) as raw:  # type: ignore[arg-type]
            raw.sendall(sent)
            answer = raw.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 ")
        assert b"problem+json" in answer
        assert b"canary" not in answer.lower()
