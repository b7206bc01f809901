"""What is no parcel at the simulated platform: taken, opened, erased part by part, and never mixed with shipments."""

from __future__ import annotations

import json

import pytest

from tests.simulator.bench import OTHERS, Client, Json, Sealer, brussels_now

PERSON = {"name": "Lotte Verzinsel", "email": "lotte@verzinsel.example"}
DEPICTED = {"persons": [{"name": "Mirte Verzonnen"}]}
ALL: dict[str, Json] = {
    "maxiresponse": {"maxiresponse.contact": PERSON},
    "mystamp": {
        "mystamp.customer": {**PERSON, "street": "Verzonnenlaan", "country": "BE"},
        "mystamp.depicted": DEPICTED,
        "mystamp.photo": {"media": "image/png", "image": "QUJD"},
    },
}
BLOCKS = {"maxiresponse.contact": 512, "mystamp.customer": 1024, "mystamp.depicted": 512, "mystamp.photo": 262_144}
each = pytest.mark.parametrize("kind", ALL)


def record(sealer: Sealer, kind: str, rid: str, parts: Json | None = None, **changes: object) -> Json:
    contents = ALL[kind] if parts is None else parts
    facts = {"product": "mystamp-national", "pieces": 10} if kind == "mystamp" else {}
    sealed = {name.partition(".")[2]: seal(sealer, name, content, rid) for name, content in contents.items()}
    return {
        "id": rid,
        "policy": {"pack": f"bpost-{kind}", "version": "1", "sha256": "0f" * 32},
        kind: {**facts, "sealed": sealed},
        "retention": [{"part": name, "class": OTHERS[name], "starts": None, "until": None} for name in contents],
        "transfers": {"cleartext_outside_eea": False},
        "receipt": "none.none.none",
        **changes,
    }


def seal(sealer: Sealer, name: str, content: object, rid: str) -> str:
    text = json.dumps(content).encode()
    return sealer.seal(name, None, rid, plaintext=text.ljust(-(-len(text) // BLOCKS[name]) * BLOCKS[name]))


def post(client: Client, kind: str, body: Json) -> int:
    headers = {"Idempotency-Key": str(body["id"])}
    return client.call("POST", f"/records/{kind}", json=body, headers=headers).status_code


@each
def test_a_record_is_taken_once_opened_and_told_of_under_its_own_kind(
    client: Client, sealer: Sealer, kind: str
) -> None:
    body = record(sealer, kind, "r-1")
    assert [post(client, kind, body) for _ in range(2)] == [201, 201]
    assert client.get("/_ledger").json()["records"] == {"r-1": {"kind": kind, "state": "created", "posts": 2}}
    assert client.get("/_ledger").json()["shipments"] == {}
    assert client.get("/_opened/r-1").json() == {"id": "r-1", "parts": ALL[kind], "unreadable": []}
    assert client.get(f"/records/{kind}/r-1").json() == {"state": "created"}
    (other,) = set(ALL) - {kind}
    for path in ("/shipments/r-1", "/shipments/r-1/label", f"/records/{other}/r-1"):
        assert client.get(path).status_code == 404
    assert client.call("POST", "/shipments/r-1/cancel").status_code == 404
    assert post(client, kind, {**body, "receipt": "other.none.none"}) == 409


@each
def test_its_parts_are_erased_one_by_one_and_an_unknown_id_never_comes(
    client: Client, sealer: Sealer, kind: str
) -> None:
    assert post(client, kind, record(sealer, kind, "r-1")) == 201
    for name in ALL[kind]:
        assert client.call("DELETE", f"/records/{kind}/r-1/parts/{name}").status_code == 204
        assert name not in client.get("/_opened/r-1").json()["parts"]
    assert client.call("DELETE", f"/records/{kind}/r-1/parts/recipient.delivery").status_code == 404
    name = next(iter(ALL[kind]))
    assert client.call("DELETE", f"/records/{kind}/r-2/parts/{name}").status_code == 204
    assert post(client, kind, record(sealer, kind, "r-2")) == 410


@each
def test_its_clock_starts_later(client: Client, sealer: Sealer, kind: str) -> None:
    assert post(client, kind, record(sealer, kind, "r-1")) == 201
    name = next(iter(ALL[kind]))
    day = brussels_now().date()
    tag = {"part": name, "class": OTHERS[name], "starts": day.isoformat(), "until": f"{day.year + 3}-12-31"}
    assert client.call("PATCH", f"/records/{kind}/r-1/retention", json=[tag]).json() == {"updated": 1}
    assert client.call("PATCH", "/shipments/r-1/retention", json=[tag]).status_code == 404


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("maxiresponse", {"maxiresponse.contact": {**PERSON, "street": "Verzonnenlaan"}}),
        ("maxiresponse", {"maxiresponse.contact": {"email": "lotte@verzinsel.example"}}),
        ("maxiresponse", {}),
        ("mystamp", {"mystamp.depicted": DEPICTED}),
        ("mystamp", {"mystamp.customer": {**PERSON, "gender": "x"}}),
        ("mystamp", {**ALL["mystamp"], "mystamp.depicted": {"persons": [{}]}}),
        ("mystamp", {**ALL["mystamp"], "mystamp.photo": {"media": "image/png", "image": "QUJD", "exif": "x"}}),
    ],
)
def test_what_the_contract_does_not_name_is_refused(client: Client, sealer: Sealer, kind: str, parts: Json) -> None:
    assert post(client, kind, record(sealer, kind, "r-1", parts)) == 422


def test_a_record_of_one_kind_is_none_of_another(client: Client, sealer: Sealer) -> None:
    assert post(client, "mystamp", record(sealer, "maxiresponse", "r-1")) == 422
    body = record(sealer, "maxiresponse", "r-1")
    assert client.call("POST", "/shipments", json=body, headers={"Idempotency-Key": "r-1"}).status_code == 422
