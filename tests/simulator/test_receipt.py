from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from simulator.encoding import b64url_decode, b64url_encode
from simulator.http import Settings, running
from tests.simulator.bench import DELIVERY, Client, Json, Sealer, Signer, codes, receipt_of

REFUSED = {("/receipt", "receipt")}


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def keys_file(tmp_path: Path, signer: Signer) -> Path:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(signer.jwks()))
    return path


@pytest.fixture
def strict(tmp_path: Path, keys_file: Path, session: requests.Session) -> Iterator[Client]:
    with running(Settings(state=tmp_path / "strict", receipt_keys=str(keys_file))) as server:
        yield Client(server.url, session)


@pytest.fixture
def body(strict: Client) -> Json:
    return Sealer(strict.jwks()).shipment("r-1")


def test_a_true_receipt_is_accepted(strict: Client, body: Json, signer: Signer) -> None:
    assert strict.post(signer.signed(body)).status_code == 201


def test_a_clock_that_has_not_started_is_told_as_null(strict: Client, body: Json, signer: Signer) -> None:
    for tag in body["retention"]:
        tag["starts"] = tag["until"] = None
    assert strict.post(signer.signed(body)).status_code == 201


def change(path: str, value: object) -> Callable[[Json], None]:
    def apply(payload: Json) -> None:
        *way, last = path.split("/")
        holder = payload
        for name in way:
            holder = holder[name]
        if value is ...:
            del holder[last]
        else:
            holder[last] = value

    return apply


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("v", 2),
        ("rid", "r-2"),
        ("body_sha256", "00" * 32),
        ("pack/id", "another"),
        ("pack/version", "2"),
        ("pack/sha256", "00" * 32),
        ("pack", "bpost-shipping-platform"),
        ("parts", []),
        ("parts/recipient.delivery", ...),
        ("parts/recipient.customs", {}),
        ("parts/recipient.delivery", "x"),
        ("parts/recipient.delivery/sha256", "00" * 32),
        ("parts/recipient.delivery/class", "vp.sender.legal"),
        ("parts/recipient.delivery/until", "2099-01-01"),
        ("parts/recipient.delivery/starts", None),
        ("parts/recipient.delivery/purpose", ...),
        ("parts/recipient.delivery/basis", ...),
        ("parts/sender.contact/trigger", ...),
        ("iat", ...),
        ("iss", ...),
        ("engine", ...),
        ("account_type", ...),
        ("kept", ...),
    ],
)
def test_a_receipt_that_tells_another_story_is_refused(
    strict: Client, body: Json, signer: Signer, path: str, value: object
) -> None:
    payload = receipt_of(body)
    change(path, value)(payload)
    assert codes(strict.post({**body, "receipt": signer.sign(payload)})) == REFUSED
    assert strict.get("/shipments/r-1").status_code == 404


def test_a_receipt_may_tell_more(strict: Client, body: Json, signer: Signer) -> None:
    payload = {**receipt_of(body), "reference": "order-name"}
    assert strict.post({**body, "receipt": signer.sign(payload)}).status_code == 201


def test_a_part_sealed_anew_by_another_is_refused(strict: Client, body: Json, signer: Signer) -> None:
    signed = signer.signed(body)
    forged = Sealer(strict.jwks()).seal("recipient.delivery", {**DELIVERY, "street": "Elders"}, "r-1")
    signed["recipient"] = {**signed["recipient"], "sealed": {"delivery": forged}}
    assert codes(strict.post(signed)) == REFUSED


def test_a_change_in_the_clear_is_refused(strict: Client, body: Json, signer: Signer) -> None:
    signed = signer.signed(body)
    assert codes(strict.post({**signed, "parcel": {**signed["parcel"], "weight_grams": 1}})) == REFUSED
    assert codes(strict.post({**signed, "recipient": {**signed["recipient"], "postal_code": "1001"}})) == REFUSED


def test_a_signature_that_does_not_hold_is_refused(strict: Client, body: Json, signer: Signer) -> None:
    good = signer.sign(receipt_of(body))
    head, payload, signature = good.split(".")
    impostor = Signer(signer.kid)
    for wrong in (
        impostor.sign(receipt_of(body)),
        signer.sign(receipt_of(body), crit=["b64"], b64=True),
        signer.sign(receipt_of(body), kid=7),
        signer.sign({}, raw=json.dumps(receipt_of(body), indent=1).encode()),
        f"{head}.{payload}.",
        f"{head}.{payload}",
        f"{head}.{payload}.{signature[:-1]}{'A' if signature[-1] != 'A' else 'B'}",
        f"{good}=",
        "..",
        "none.none.none",
    ):
        assert codes(strict.post({**body, "receipt": wrong})) == REFUSED, wrong[:60]
    assert strict.post({**body, "receipt": good}).status_code == 201


@pytest.mark.parametrize("alg", ["none", "HS256", "ES256", "Ed25519"])
def test_another_algorithm_is_refused(strict: Client, body: Json, signer: Signer, alg: str) -> None:
    private = Ed25519PrivateKey.from_private_bytes(b64url_decode(signer.key.export(as_dict=True)["d"]))

    def token(name: str) -> str:
        head = b64url_encode(json.dumps({"alg": name, "kid": signer.kid}).encode())
        signed = f"{head}.{b64url_encode(rfc8785.dumps(receipt_of(body)))}"
        return f"{signed}.{b64url_encode(private.sign(signed.encode()))}"

    assert codes(strict.post({**body, "receipt": token(alg)})) == REFUSED
    assert strict.post({**body, "receipt": token("EdDSA")}).status_code == 201


def test_keys_are_fetched_once_and_once_more_for_an_unknown_one(
    tmp_path: Path, session: requests.Session, signer: Signer
) -> None:
    served: list[str] = []
    published = signer.jwks()

    class Publisher(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.append(self.path)
            content = json.dumps(published).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    publisher = HTTPServer(("127.0.0.1", 0), Publisher)
    thread = threading.Thread(target=publisher.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{publisher.server_port}/.well-known/jwks.json"
    try:
        with running(Settings(state=tmp_path / "s", receipt_keys=url)) as server:
            client = Client(server.url, session)
            sealer = Sealer(client.jwks())
            assert served == []
            assert client.post(signer.signed(sealer.shipment("r-1"))).status_code == 201
            assert client.post(signer.signed(sealer.shipment("r-2"))).status_code == 201
            assert len(served) == 1
            newer = Signer("receipt-2")
            assert codes(client.post(newer.signed(sealer.shipment("r-3")))) == REFUSED
            assert len(served) == 2
            published["keys"] += newer.jwks()["keys"]
            assert client.post(newer.signed(sealer.shipment("r-3"))).status_code == 201
            assert client.post(signer.signed(sealer.shipment("r-4"))).status_code == 201
            assert len(served) == 3
    finally:
        publisher.shutdown()
        publisher.server_close()
        thread.join()


@pytest.mark.parametrize("content", [None, "{}", '{"keys":[{"crv":"Ed25519","kid":"receipt-1","x":"AA"}]}'])
def test_without_the_keys_nothing_is_judged(
    strict: Client, body: Json, signer: Signer, keys_file: Path, content: str | None
) -> None:
    if content is None:
        keys_file.unlink()
    else:
        keys_file.write_text(content)
    answer = strict.post(signer.signed(body))
    assert (answer.status_code, answer.json()["code"]) == (503, "receipt-keys")
    keys_file.write_text(json.dumps(signer.jwks()))
    assert strict.post(signer.signed(body)).status_code == 201


def test_keys_for_other_uses_do_not_count(strict: Client, body: Json, signer: Signer, keys_file: Path) -> None:
    keys = signer.jwks()["keys"]
    keys_file.write_text(json.dumps({"keys": [{**keys[0], "use": "enc"}, {"kty": "EC", "crv": "P-256"}, 3]}))
    assert codes(strict.post(signer.signed(body))) == REFUSED
