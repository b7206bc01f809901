"""Signatures as the specification's own vector has them, and a body in which nothing is that was not asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from middleware.core.standard_webhooks import body, headers, key_of, signature
from middleware.model_back import STATES, Event, Kind, Way
from schemas.callback import STATES as KNOWN_STATES
from schemas.callback import TYPES
from schemas.errors import SchemaFault

VECTORS = json.loads(
    (Path(__file__).parents[3] / "examples" / "callbacks" / "signatures.json").read_text(encoding="utf-8")
)
EVENT = Event(
    id="0b1f7a52-5e0c-4c5c-9b57-1f3a8a3d2c10",
    record_id="6f0a1f6e-8f5e-4d0e-9a57-0d7f3b1c2a44",
    shop="demo",
    way=Way.CALLBACK,
    kind=Kind.CREATED,
    happened_at=datetime(2026, 11, 22, 10, 20, 0, 999, tzinfo=UTC),
    test=False,
    reference="7K3MW-9Q2XA",
    barcode="323299901059912015292030",
    formers=frozenset(),
    order_ref=None,
    attempts=0,
    fence=1,
)


@pytest.mark.parametrize("vector", [one for one in VECTORS if one["verifies"]], ids=lambda vector: vector["says"])
def test_what_verifies_is_what_is_signed(vector: dict[str, Any]) -> None:
    keys = [key for secret in vector["secrets"] if (key := key_of(secret))]
    assert len(keys) == len(vector["secrets"])
    told = (vector["webhook-id"], int(vector["webhook-timestamp"]), vector["body"].encode())
    assert {signature(*told, key) for key in keys} & set(vector["webhook-signature"].split())


def test_the_body_is_that_of_the_vectors() -> None:
    assert body(EVENT, "5123456789012").decode() == VECTORS[1]["body"]


def test_while_a_secret_is_changed_both_sign_and_the_time_is_that_of_the_attempt() -> None:
    one, other = (key_of(secret) or b"" for secret in VECTORS[3]["secrets"])
    at = datetime.fromtimestamp(int(VECTORS[1]["webhook-timestamp"]), UTC)
    told = headers(EVENT.id, at, body(EVENT, "5123456789012"), (other, one))
    assert told == {
        "Content-Type": "application/json",
        "webhook-id": EVENT.id,
        "webhook-timestamp": VECTORS[1]["webhook-timestamp"],
        "webhook-signature": VECTORS[2]["webhook-signature"],
    }


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_!", "whsec_é", f"whsec_{'A' * 88}"],
)
def test_what_is_no_secret_is_none(secret: str) -> None:
    assert key_of(secret) is None


def test_what_is_not_known_is_left_out_and_nothing_else_is_there() -> None:
    for kind in Kind:
        told = json.loads(body(replace(EVENT, kind=kind, barcode=None, test=True), None))
        assert (told["type"], told["data"]["state"]) == (kind, STATES[kind])
        assert set(told) == {"type", "timestamp", "data"}
        why = {"code"} if kind is Kind.FAILED else set()
        assert set(told["data"]) == {"shipment", "reference", "state", "test"} | why
        assert told["data"]["test"] is True
    assert (set(TYPES), set(KNOWN_STATES)) == (set(Kind), set(STATES.values()))


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("http-400:max-length:postal-code", "http-400:max-length:postal-code"),
        ("attempts-exhausted:http-503", "attempts-exhausted:http-503"),
        ("http-400:max-length:Lotte", "other"),
        ("Lotte Verzonnen", "other"),
        (None, "other"),
    ],
)
def test_why_it_failed_is_told_in_words_of_closed_lists(why: str | None, code: str) -> None:
    told = json.loads(body(replace(EVENT, kind=Kind.FAILED, why=why), None))
    assert told["data"]["code"] == code
    assert "code" not in json.loads(body(replace(EVENT, why=why), None))["data"]


@pytest.mark.parametrize(
    "change",
    [{"reference": "#1001 Lotte"}, {"barcode": "Lotte V"}, {"barcode": "B\n"}, {"record_id": "lotte@winkel.example"}],
)
def test_what_has_another_form_cannot_be_sent_and_is_not_told(change: dict[str, str]) -> None:
    with pytest.raises(SchemaFault) as fault:
        body(replace(EVENT, **change), None)  # type: ignore[arg-type]  # texts
    assert fault.value.__context__ is None
    assert next(iter(change.values())) not in str(fault.value)


def test_an_order_of_any_length_cannot_be_sent() -> None:
    with pytest.raises(SchemaFault):
        body(EVENT, "1" * 201)
