"""The conversation with the parcel platform: one request, always the same bytes, and what each answer means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import rfc8785
from joserfc.jwk import ECKey, OKPKey

from middleware.carriers.parcel_json import ParcelJson
from middleware.core.index import Indexer
from middleware.core.minimise import minimise
from middleware.core.schedule import schedule
from middleware.core.seal import seal
from middleware.core.tag import Stamp, tag
from middleware.core.trace import trace
from middleware.exchange import Delivered, Failed, Gone, PickupPoint, Refused, Request, Response, TooLate
from middleware.model import Delivery, Stored, TaggedPart
from schemas.order import Sender
from schemas.policy_loader import load
from tests.middleware.platforms.making import NOW, PACK, PLATFORM, example, parse

CARRIER = ParcelJson()
ID = "0a0b0c0d-1111-4222-8333-444455556666"


def part(name: str, jwe: str) -> TaggedPart:
    return TaggedPart(
        name=name,
        retention="vp.recipient.operational",
        trigger="label_created",
        starts=date(2026, 11, 22),
        until=date(2027, 12, 22),
        ceiling=date(2027, 12, 22),
        jwe=jwe,
    )


STORED = Stored(
    id=ID,
    shop="demo",
    carrier="platform",
    cancelling=False,
    clear=rfc8785.dumps(
        {"id": ID, "parcel": {"pieces": 1}, "recipient": {"country": "BE"}, "sender": {"shop": "demo"}}
    ),
    parts=(part("sender.contact", "c.c.c"), part("recipient.delivery", "d.d.d")),
    receipt="r.r.r",
    attempts=0,
    fence=1,
    until=date(2036, 11, 22),
)


def test_the_request_is_these_bytes_under_this_key() -> None:
    request = CARRIER.start(STORED)
    assert (request.method, request.path) == ("POST", "/shipments")
    assert dict(request.headers) == {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Idempotency-Key": ID,
    }
    assert request.body == (
        b'{"id":"%s","parcel":{"pieces":1},"receipt":"r.r.r",'
        b'"recipient":{"country":"BE","sealed":{"delivery":"d.d.d"}},'
        b'"sender":{"sealed":{"contact":"c.c.c"},"shop":"demo"}}' % ID.encode()
    )


@pytest.mark.parametrize(
    "later",
    [
        replace(STORED, attempts=9, fence=77, until=date(2030, 1, 1)),
        replace(STORED, parts=STORED.parts[::-1]),
        replace(STORED, clear=json.dumps(json.loads(STORED.clear), indent=2).encode()),
    ],
)
def test_however_often_it_is_sent_it_is_the_same_request(later: Stored) -> None:
    assert CARRIER.start(later) == CARRIER.start(STORED)


def stored(name: str, notify: str) -> Stored:
    """A made-up order after the whole line, as a relay gets it back."""
    policy = load(PACK)
    parsed = parse(example(name), pickup_attribute="pickup_point")
    assert parsed.order is not None
    order, withheld = minimise(parsed.order, policy, Delivery(notify=notify))
    order = CARRIER.fit(order, {"PUP-1000-01": PickupPoint(id="PUP-1000-01", postal_code="1000", country="BE")})
    plan = schedule(order, policy, "professional", NOW)
    keys = {item.kid: ECKey.generate_key("P-256") for item in plan.parts}
    sealed = seal(order, Sender(name="Winkel Demo"), plan, keys, shop="demo")
    stamp = Stamp(
        policy=policy,
        account_type="professional",
        carrier="platform",
        reference="code",
        indexer=Indexer(b"k" * 32, "demo"),
        key=OKPKey.generate_key("Ed25519", {"kid": "receipt-1"}),
        now=NOW,
        due=NOW,
    )
    report = trace(example(name), PLATFORM.shape, parsed.taken, withheld)
    record = tag(sealed, plan, order, report, stamp)
    return replace(STORED, id=record.id, clear=record.clear, parts=record.parts, receipt=record.receipt)


def shape(value: Any) -> Any:
    """The names of an envelope, with the kinds of its values."""
    if isinstance(value, Mapping):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value).__name__


TAG = {"part": "str", "class": "str", "starts": "str", "until": "str"}


def envelope(sealed: set[str], point: str = "NoneType") -> dict[str, Any]:
    return {
        "id": "str",
        "policy": {"pack": "str", "version": "str", "sha256": "str"},
        "parcel": {"product": "str", "weight_grams": "int", "pieces": "int", "reference": "str", "pickup_point": point},
        "recipient": {"country": "str", "postal_code": "str", "sealed": dict.fromkeys(sealed, "str")},
        "sender": {"shop": "str", "sealed": {"contact": "str"}},
        "retention": [TAG] * (len(sealed) + 1),
        "transfers": {"cleartext_outside_eea": "bool"},
        "receipt": "str",
    }


@pytest.mark.policy("VP-CAT-7")
@pytest.mark.parametrize(
    ("name", "notify", "expected"),
    [
        ("01-domestic-full.json", "none", envelope({"delivery"})),
        ("01-domestic-full.json", "email", envelope({"delivery", "notification"})),
        ("01-domestic-full.json", "sms", envelope({"delivery", "notification"})),
        ("03-outside-eu.json", "none", envelope({"delivery", "customs"})),
        ("03-outside-eu.json", "email", envelope({"delivery", "notification", "customs"})),
        ("06-pickup-point.json", "none", envelope({"delivery"}, point="str")),
        ("04-gift.json", "email", envelope({"delivery"})),
    ],
)
def test_the_envelope_has_exactly_these_members(name: str, notify: str, expected: dict[str, Any]) -> None:
    record = stored(name, notify)
    body = CARRIER.start(record).body
    assert body is not None
    outbound = json.loads(body)
    assert shape(outbound) == expected
    assert rfc8785.dumps(outbound) == body
    assert outbound["id"] == record.id == CARRIER.start(record).headers["Idempotency-Key"]
    assert outbound["transfers"] == {"cleartext_outside_eea": False}
    assert [row["part"] for row in outbound["retention"]] == [item.name for item in record.parts]


def after(status: int, body: bytes = b"", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return CARRIER.after(STORED, CARRIER.start(STORED), Response(status=status, headers=named, body=body))


TAKEN = b'{"barcode": "323299901059912345", "label": "/shipments/1/label", "state": "created"}'


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("state", ["created", "handed_over", "delivered", "cancelled"])
def test_an_answer_gives_the_barcode_and_the_state(status: int, state: str) -> None:
    body = TAKEN.replace(b'"created"', f'"{state}"'.encode())
    assert after(status, body) == Delivered(barcode="323299901059912345", state=state)


def test_what_an_answer_says_beyond_that_is_dropped() -> None:
    more = json.loads(TAKEN) | {"recipient": {"name": "Mirte"}, "barcode2": "x", "": None, "state ": 7}
    assert after(201, json.dumps(more).encode()) == Delivered(barcode="323299901059912345", state="created")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"323299901059912345"',
        b"<html>",
        TAKEN[:-1],
        TAKEN + b"x",
        b"\xff" + TAKEN,
        b"\xef\xbb\xbf" + TAKEN,
        TAKEN.replace(b'"label"', b'"barcode"'),  # a name twice
        TAKEN.replace(b'"created"', b'"lost"'),
        TAKEN.replace(b'"created"', b"null"),
        TAKEN.replace(b'"created"', b"[]"),
        TAKEN.replace(b'"created"', b'{"created": 1}'),
        b'{"barcode": "323299901059912345"}',
        b'{"state": "created"}',
        b'{"barcode": null, "state": "created"}',
        b'{"barcode": 323299901059912345, "state": "created"}',
        b'{"barcode": "1234567", "state": "created"}',
        b'{"barcode": "%s", "state": "created"}' % (b"1" * 41),
        b'{"barcode": "3232999010599 12345", "state": "created"}',
        b'{"barcode": "323299901059912345\\n", "state": "created"}',
        b'{"barcode": "\\n323299901059912345", "state": "created"}',
        b'{"barcode": "<script>alert(1)</script>", "state": "created"}',
        b'{"barcode": "\\u001b[31m12345678", "state": "created"}',
        b'{"barcode": "JAN@EXAMPLE.COM", "state": "created"}',
        '{"barcode": "٣٢٣٢٩٩٩٠١٠", "state": "created"}'.encode(),
        b'{"a":' * 40 + TAKEN + b"}" * 40,
    ],
)
def test_an_answer_that_cannot_be_read_is_tried_again_and_nothing_of_it_is_repeated(body: bytes) -> None:
    for status in (200, 201):
        assert after(status, body) == Failed(code="unreadable-answer")


AGAIN = [100, 202, 204, 206, 300, 301, 302, 303, 307, 308, 408, 425, 429, 500, 501, 502, 503, 504, 507, 520, 599]
NEVER = [400, 402, 404, 405, 406, 409, 410, 411, 412, 413, 415, 418, 422, 426, 431, 451, 499]


@pytest.mark.parametrize("status", AGAIN)
def test_what_may_pass_is_tried_again(status: int) -> None:
    assert after(status) == Failed(code=f"http-{status}")


@pytest.mark.parametrize("status", NEVER)
def test_what_is_refused_is_refused(status: int) -> None:
    assert after(status) == Refused(code=f"http-{status}")
    assert after(status, retry_after="60") == Refused(code=f"http-{status}")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_stops_the_lane_and_blames_no_shipment(status: int) -> None:
    assert after(status) == Failed(code=f"http-{status}", pause_lane=True)


@pytest.mark.parametrize("status", [status for status in (*AGAIN, *NEVER, 401, 403) if status >= 300])
def test_the_body_of_a_refusal_is_never_looked_at(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may echo what was sent."""

    def look(*_: object) -> None:
        raise AssertionError("the body of a refusal was looked at")

    monkeypatch.setattr("middleware.core.body.read", look)
    monkeypatch.setattr("middleware.carriers.parcel_json.load", look)
    assert after(status, TAKEN) == after(status) == after(status, b'{"error": "Mirte Oosterlynck')
    with pytest.raises(AssertionError):
        after(201, TAKEN)


@pytest.mark.parametrize("status", [301, 408, 425, 429, 500, 503])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("007", 7.0),
        ("9999999", 9_999_999.0),
        ("10000000", None),
        ("9" * 400, None),
        ("-5", None),
        ("+5", None),
        ("1.5", None),
        ("1e3", None),
        (" 5", None),
        ("", None),
        ("٥", None),
        ("²", None),
        ("Sun, 22 Nov 2026 10:05:00 GMT", None),
    ],
)
def test_how_long_to_wait_is_taken_from_a_plain_number_alone(status: int, header: str, seconds: float | None) -> None:
    assert after(status, retry_after=header) == Failed(code=f"http-{status}", retry_after=seconds)


ENDING = replace(STORED, cancelling=True, clear=b"", parts=())


def ended(status: int, asked: Request | None = None, wait: str = "", content: bytes = b'{"name": "Mirte"}') -> Any:
    response = Response(status=status, headers={"retry-after": wait} if wait else {}, body=content)
    return CARRIER.after(ENDING, asked or CARRIER.start(ENDING), response)


def test_the_request_to_cancel_holds_the_id_alone() -> None:
    request = CARRIER.start(ENDING)
    assert (request.method, request.path, request.body) == ("POST", f"/shipments/{ID}/cancel", b"")
    assert dict(request.headers) == {"Accept": "application/json"}


def test_what_was_cancelled_or_erased_is_gone() -> None:
    told = b'{"barcode": "323299901059900000012345", "label": "/shipments/1/label", "state": "cancelled"}'
    assert ended(200, content=told) == Gone()
    assert ended(410) == Gone()


@pytest.mark.parametrize(
    "content",
    [
        b"<html>not what you asked for</html>",
        b"",
        b"{}",
        b'{"barcode": "323299901059900000012345", "label": "/shipments/1/label", "state": "created"}',
    ],
)
def test_only_the_shipments_own_state_tells_that_it_was_cancelled(content: bytes) -> None:
    assert ended(200, content=content) == Failed(code="unreadable-answer")


def test_a_parcel_on_its_way_cannot_be_cancelled() -> None:
    assert ended(409) == TooLate()


def test_of_what_the_platform_never_had_it_is_told_to_take_it_no_more() -> None:
    asked = ended(404)
    assert (asked.method, asked.path, asked.body) == ("DELETE", f"/shipments/{ID}/parts/recipient.delivery", None)
    now = ended(204, asked)
    assert (now.method, now.path, now.body) == ("GET", f"/shipments/{ID}", None)
    assert ended(410, asked) == now
    assert [ended(status, now) for status in (404, 410)] == [Gone()] * 2
    assert ended(200, asked) == Failed(code="http-200")  # whatever stands in between says that


def test_what_arrived_a_moment_before_it_was_to_be_refused_is_cancelled_next_time() -> None:
    now = ended(204, ended(404))
    assert CARRIER.after(ENDING, now, Response(status=200, headers={}, body=TAKEN)) == Failed(code="unreadable-answer")
    gone = Response(status=200, headers={}, body=TAKEN.replace(b'"created"', b'"cancelled"'))
    assert CARRIER.after(ENDING, now, gone) == Gone()


def test_a_platform_that_knows_neither_the_shipment_nor_what_it_is_to_forget_has_forgotten_nothing() -> None:
    """As one that is reached under a wrong address: a request of ours could still arrive, beside the successor."""
    assert ended(404, ended(404)) == Refused(code="http-404")


@pytest.mark.parametrize("forgetting", [False, True])
def test_a_cancellation_that_did_not_succeed_is_judged_as_any_request(forgetting: bool) -> None:
    asked = ended(404) if forgetting else None
    assert ended(503, asked, wait="60") == Failed(code="http-503", retry_after=60)
    assert ended(401, asked) == Failed(code="http-401", pause_lane=True)
    assert ended(422, asked) == Refused(code="http-422")
    assert ended(302, asked) == Failed(code="http-302")
