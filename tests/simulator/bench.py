"""An independent maker of shipments: sealed with jwcrypto, signed with jwcrypto, put together by hand."""

from __future__ import annotations

import copy
import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import requests
import rfc8785
from jwcrypto import jwe, jwk, jws

OPERATIONAL = "vp.recipient.operational"
LEGAL = "vp.sender.legal"
CLASSES = {
    "recipient.delivery": OPERATIONAL,
    "recipient.notification": OPERATIONAL,
    "recipient.customs": OPERATIONAL,
    "sender.contact": LEGAL,
}
OTHERS = {
    "maxiresponse.contact": "mx.all",
    "mystamp.customer": "ms.customer",
    "mystamp.depicted": "ms.depicted",
    "mystamp.photo": "ms.photo",
}
"""Parts of what is no parcel, and their classes, all of three years."""
SIZES = {"recipient.delivery": 1024, "recipient.notification": 256, "recipient.customs": 1024, "sender.contact": 1024}
LIFE = {OPERATIONAL: 13, LEGAL: 120, **dict.fromkeys(OTHERS.values(), 36)}

DELIVERY = {
    "name": "Lotte Verzinsel",
    "street": "Verzonnenlaan",
    "number": "12",
    "box": "3",
    "line2": "2e verdieping",
    "locality": "Brussel",
}
CONTACT = {"name": "Winkel Verzinsel", "street": "Kaai", "number": "1", "locality": "Gent", "country": "BE"}
NOTIFICATION = {"email": "lotte@example.org", "language": "nl"}
CUSTOMS = {
    "items": [
        {
            "description": "Wooden train",
            "quantity": 1,
            "weight_grams": 640,
            "value": "24.95",
            "currency": "EUR",
            "hs_code": "950300",
            "origin": "BE",
        }
    ]
}

Json = dict[str, Any]


def brussels_now() -> datetime:
    return datetime.now(UTC).astimezone(ZoneInfo("Europe/Brussels"))


def month_after(months: int, now: datetime | None = None) -> str:
    moment = now or brussels_now()
    index = moment.year * 12 + moment.month - 1 + months
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def kid(part: str, months_ahead: int = 0) -> str:
    class_ = (CLASSES | OTHERS)[part]
    return f"{part}/{class_}/{month_after(LIFE[class_] + months_ahead)}"


def until(part: str) -> str:
    return f"{month_after(LIFE[CLASSES[part]])}-28"


def padded(content: object, size: int) -> bytes:
    text = json.dumps(content, ensure_ascii=False).encode("utf-8")
    return text.ljust(-(-len(text) // size) * size)


class Client:
    """The API of a running platform, with requests."""

    def __init__(self, url: str, session: requests.Session, token: str | None = None) -> None:
        self.url = url
        self.session = session
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        options = {"timeout": 5, "allow_redirects": False, **options}
        return self.session.request(method, self.url + path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.call("GET", path, **options)

    def post(self, body: Json | bytes, *, key: str | None = "", **options: Any) -> requests.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8")
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key or (str(body["id"]) if isinstance(body, dict) else "")
        return self.call("POST", "/shipments", data=raw, headers={**headers, **options.pop("headers", {})}, **options)

    def jwks(self) -> dict[str, Json]:
        return {key["kid"]: key for key in self.get("/.well-known/jwks.json").json()["keys"]}

    def ledger(self) -> Json:
        content: Json = self.get("/_ledger").json()
        return content

    def move_clock(self, now: str) -> requests.Response:
        return self.call("PUT", "/_clock", json={"now": now})


class Sealer:
    """Seals parts to published keys, as any webshop's middleware would."""

    def __init__(self, keys: dict[str, Json]) -> None:
        self.keys = keys

    def seal(self, part: str, content: object, rid: str, **changes: Any) -> str:
        key_id = changes.pop("kid", kid(part))
        plaintext = changes.pop("plaintext", None)
        key = changes.pop("key", None) or self.keys[key_id]
        header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": key_id, "rid": rid, **changes}
        token = jwe.JWE(plaintext or padded(content, SIZES[part]), json.dumps(header))
        token.allowed_algs = [*token.allowed_algs, header["alg"], header["enc"]]
        token.add_recipient(jwk.JWK(**{name: key[name] for name in ("kty", "crv", "x", "y")}))
        return str(token.serialize(compact=True))

    def shipment(self, rid: str, parts: Json | None = None, **parcel: Any) -> Json:
        contents = {"recipient.delivery": DELIVERY, "sender.contact": CONTACT} if parts is None else parts
        sealed: dict[str, dict[str, str]] = {"recipient": {}, "sender": {}}
        for name, content in contents.items():
            party, member = name.split(".")
            sealed[party][member] = self.seal(name, content, rid)
        starts = brussels_now().date().isoformat()
        facts = {"product": "parcel", "weight_grams": 1200, "pieces": 1, "reference": "K7Q2M", "pickup_point": None}
        return {
            "id": rid,
            "policy": {"pack": "bpost-shipping-platform", "version": "1", "sha256": "0f" * 32},
            "parcel": {**facts, **parcel},
            "recipient": {"country": "BE", "postal_code": "1000", "sealed": sealed["recipient"]},
            "sender": {"shop": "demo", "sealed": sealed["sender"]},
            "retention": [
                {"part": name, "class": CLASSES[name], "starts": starts, "until": until(name)} for name in contents
            ],
            "transfers": {"cleartext_outside_eea": False},
            "receipt": "none.none.none",
        }


class Signer:
    """Signs receipts with an Ed25519 key of its own."""

    def __init__(self, key_id: str = "receipt-1") -> None:
        self.key = jwk.JWK.generate(kty="OKP", crv="Ed25519", kid=key_id)
        self.kid = key_id

    def jwks(self) -> Json:
        return {"keys": [{**self.key.export_public(as_dict=True), "use": "sig", "alg": "EdDSA"}]}

    def sign(self, payload: Json, *, raw: bytes | None = None, **header: Any) -> str:
        token = jws.JWS(rfc8785.dumps(payload) if raw is None else raw)
        protected = {"alg": "EdDSA", "kid": self.kid, **header}
        token.add_signature(self.key, None, json.dumps(protected))
        return str(token.serialize(compact=True))

    def signed(self, body: Json) -> Json:
        """The body with a receipt that holds."""
        return {**body, "receipt": self.sign(receipt_of(body))}


def receipt_of(body: Json) -> Json:
    """The payload of a true receipt."""
    whole = copy.deepcopy(body)
    del whole["receipt"]
    sealed = {
        f"{party}.{member}": token
        for party in ("recipient", "sender")
        for member, token in whole[party]["sealed"].items()
    }
    policy = body["policy"]
    return {
        "v": 1,
        "rid": body["id"],
        "iat": 1_790_000_000,
        "iss": "parcelveil",
        "pack": {"id": policy["pack"], "version": policy["version"], "sha256": policy["sha256"]},
        "engine": "0.1.0",
        "account_type": "professional",
        "parts": {
            entry["part"]: {
                "purpose": "delivery",
                "basis": "contract",
                "class": entry["class"],
                "trigger": "intake",
                "starts": entry["starts"],
                "until": entry["until"],
                "sha256": hashlib.sha256(sealed[entry["part"]].encode()).hexdigest(),
            }
            for entry in body["retention"]
        },
        "kept": ["recipient.name"],
        "body_sha256": hashlib.sha256(rfc8785.dumps(whole)).hexdigest(),
    }


def codes(response: requests.Response) -> set[tuple[str, str]]:
    """What a 422 complains of: (pointer, code)."""
    assert response.status_code == 422, (response.status_code, response.text)
    assert response.headers["content-type"] == "application/problem+json"
    return {(entry["pointer"], entry["code"]) for entry in response.json()["errors"]}
