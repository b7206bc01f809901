"""How far a parcel is at the JSON parcel API: its state, and nothing else that stands in the answer."""

from __future__ import annotations

import json

import pytest

from middleware.carriers.parcel_state import STATES, ParcelState
from middleware.exchange import Failed, Gone, Response
from middleware.journey import Journey
from schemas.journey import Progress
from schemas.parcel_platform import SHIPMENT
from tests.middleware.carriers.test_bpost_shm_conversation import BARCODE, ID, SIGHTED


def heard(content: object, status: int = 200, **headers: str) -> object:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return ParcelState().answer(SIGHTED, Response(status=status, headers=given, body=body))


def test_it_is_asked_by_the_record() -> None:
    asked = ParcelState().question(SIGHTED)
    assert (asked.method, asked.path, asked.body) == ("GET", f"/shipments/{ID}", None)


@pytest.mark.parametrize(
    ("state", "progress"),
    [("created", "announced"), ("handed_over", "handed_over"), ("delivered", "delivered"), ("cancelled", "cancelled")],
)
def test_its_state_is_told_and_nobody(state: str, progress: str) -> None:
    told = heard({"barcode": BARCODE, "state": state, "recipient": {"name": "Lotte Verzonnen"}})
    assert told == Journey(barcode=BARCODE, state=Progress(progress))


def test_every_state_of_the_api_stands_for_one_of_ours() -> None:
    (choice,) = SHIPMENT.fields["state"].validators
    assert set(STATES) == set(choice.choices)  # type: ignore[attr-defined]  # OneOf


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        {"state": "created"},
        {"barcode": BARCODE, "state": "at Lotte's"},
        {"barcode": "3232999", "state": "created"},
        {"barcode": BARCODE[:-1] + "1", "state": "created"},
    ],
)
def test_what_is_no_answer_about_this_parcel_is_not_handed_on(content: object) -> None:
    assert heard(content) == Failed(code="unreadable-answer")


@pytest.mark.parametrize("status", [404, 410])
def test_a_shipment_that_is_not_there_is_gone(status: int) -> None:
    assert heard({}, status) == Gone()


@pytest.mark.parametrize("status", [302, 401, 403, 500])
def test_a_refusal_is_its_status(status: int) -> None:
    assert heard({"barcode": BARCODE, "state": "created"}, status) == Failed(code=f"http-{status}")


def test_a_wait_that_is_asked_for_is_told() -> None:
    assert heard({}, 429, retry_after="7") == Failed(code="http-429", retry_after=7.0)
