"""The conversation with bpost's Shipping Manager: looked for before it is sent again, and never an echo."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import rfc8785

from middleware.account import Account
from middleware.carriers.bpost_shm import markup
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.exchange import (
    Delivered,
    Failed,
    Form,
    Gone,
    Impossible,
    Label,
    Outcome,
    Refused,
    Request,
    Response,
    Size,
    TooLate,
    Wish,
)
from middleware.model import State, Stored
from middleware.model_purge import Notice, Telling, Told
from middleware.relay import MOST_EXCHANGES
from middleware.trail import Sighting
from tests.middleware.carriers.test_bpost_shm import vector
from tests.middleware.carriers.test_bpost_shm_fit import SPOTS

ID = "0a0b0c0d-1111-4222-8333-444455556666"
BARCODE = "323299901059912015292030"
ACCOUNT = Account(id="123456", passphrase="not a real one: ü", shared=True)
ROOT = "/services/shm/123456"
ORDER = f"{ROOT}/orders/{ID}"
CREATE, LOOK, PRINT, UPDATE = (
    ("POST", f"{ROOT}/orders"),
    ("GET", ORDER),
    ("GET", f"{ORDER}/labels/A6"),
    ("POST", ORDER),
)
CLEAR: dict[str, Any] = {
    "id": ID,
    "parcel": {
        "product": "bpack-24h-pro",
        "weight_grams": 600,
        "pieces": 1,
        "reference": "7K3MW-9Q2XA",
        "pickup_point": None,
    },
    "recipient": {"country": "BE", "postal_code": "1000"},
    "sender": {"shop": "demo"},
}
STORED = Stored(
    id=ID,
    shop="demo",
    carrier="bpost",
    cancelling=False,
    clear=rfc8785.dumps(CLEAR),
    parts=(),
    receipt="r.r.r",
    attempts=0,
    fence=1,
    until=date(2036, 11, 22),
    opened={
        "recipient.delivery": {
            "name": "Lotte Verzonnen",
            "street": "Bedachte Laan",
            "number": "12",
            "locality": "Gent",
        },
        "sender.contact": {"name": "Voorbeeldwinkel"},
    },
)
AGAIN = replace(STORED, fence=2, attempts=1)
ENDING = replace(STORED, cancelling=True, fence=3, opened={})


def carrier(account: Account | None = ACCOUNT) -> BpostShm:
    return BpostShm(accounts=lambda shop: account if shop == "demo" else None, shared=None, spots=SPOTS)


def answer(status: int = 200, body: bytes = b"") -> Response:
    return Response(status=status, headers={}, body=body)


def denial(text: bytes, media: str = "text/plain;charset=UTF-8") -> Response:
    return Response(status=404, headers={"content-type": media}, body=text)


ANOTHERS: Mapping[str, Response] = {
    "a page": denial(b"\n <!DOCTYPE html><html>nothing here</html>", media="text/html"),
    "a page that says it is text": denial(b"<HTML><body>nothing here</body></HTML>"),
    "a page behind a comment": denial(b"<!-- edge --><html></html>", media="text/html"),
    "XHTML": denial(b'<?xml version="1.0"?><!DOCTYPE html><html></html>', media="application/xhtml+xml"),
    "XML": denial(vector("answers", "system-exception"), media="application/xml"),
    "JSON": denial(b'{"message":"no Route matched with those values"}', media="application/json"),
    "JSON that says it is text": denial(b'{"message":"no Route matched with those values"}'),
    "nothing": answer(404),
    "nothing in plain text": denial(b" \r\n"),
    "text of no type": answer(404, b"nothing here"),
}
"""What whoever stands before bpost might answer: all but bpost's own word."""

UNKNOWN = denial(vector("answers", "unknown-items"), media="application/xml")


def seen(*boxes: tuple[str, str | None], reference: str = ID) -> Response:
    """An order that bpost has: state and barcode of each box."""
    inside = "".join(
        f"<box><status>{state}</status>{f'<barcode>{barcode}</barcode>' if barcode else ''}</box>"
        for state, barcode in boxes
    )
    return answer(body=f"<orderInfo><reference>{reference}</reference>{inside}</orderInfo>".encode())


MADE, MISSING, TIRED = answer(201), denial(b"no such order of Lotte Verzonnen"), answer(503)
LABEL = answer(body=vector("answers", "labels"))
PRINTED_BEFORE = answer(body=vector("answers", "labels-printed-before"))


@dataclass
class Talk:
    """Bpost answers in turn; what it was asked."""

    answers: Iterator[Response]
    asked: list[tuple[str, str]] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)

    def come_to(self, stored: Stored, spoken: BpostShm) -> Outcome:
        said: Request | Outcome = spoken.start(stored)
        while isinstance(said, Request):
            self.asked.append((said.method, said.path))
            self.sent.append(said)
            assert len(self.asked) <= MOST_EXCHANGES
            said = spoken.after(stored, said, next(self.answers))
        return said


def talk(stored: Stored, *answers: Response, account: Account = ACCOUNT) -> tuple[Outcome, Talk]:
    spoken = Talk(iter(answers))
    outcome = spoken.come_to(stored, carrier(account))
    assert next(spoken.answers, None) is None
    return outcome, spoken


def test_an_order_is_made_and_its_label_tells_the_barcode() -> None:
    outcome, spoken = talk(STORED, MADE, LABEL)
    assert outcome == Delivered(barcode=BARCODE, state="created")
    assert spoken.asked == [CREATE, PRINT]


def test_what_is_sent_is_this_order_under_the_records_id() -> None:
    _, spoken = talk(STORED, MADE, LABEL)
    document = markup.read(spoken.sent[0].body or b"")
    assert document is not None
    texts = [each.text for each in document.iter() if each.text]
    assert texts == [
        *("123456", ID, "bpack 24h Pro", "600", "Lotte Verzonnen", "Bedachte Laan", "12", "1000", "Gent", "BE"),
        "7K3MW-9Q2XA",
    ]


def test_every_request_is_authenticated_and_none_shows_itself() -> None:
    _, spoken = talk(AGAIN, MISSING, MADE, LABEL)
    for request in spoken.sent:
        kind, _, word = request.headers["Authorization"].partition(" ")
        assert (kind, base64.b64decode(word).decode()) == ("Basic", "123456:not a real one: ü")
        assert repr(request) == "<Request>"
    kinds = [request.headers.get("Content-Type") for request in spoken.sent]
    assert kinds == [None, "application/vnd.bpost.shm-order-v5+XML", "application/vnd.bpost.shm-labelRequest-v5+XML"]
    assert repr(ACCOUNT) == "<Account>"


@pytest.mark.parametrize("later", [AGAIN, replace(STORED, fence=2), replace(STORED, attempts=1)])
def test_what_was_claimed_before_is_looked_for_before_it_is_sent(later: Stored) -> None:
    there, spoken = talk(later, seen(("PRINTED", BARCODE)))
    assert (there, spoken.asked) == (Delivered(barcode=BARCODE, state="created"), [LOOK])
    missing, spoken = talk(later, MISSING, MADE, LABEL)
    assert (missing, spoken.asked) == (Delivered(barcode=BARCODE, state="created"), [LOOK, CREATE, PRINT])


def test_what_was_made_and_not_printed_is_printed() -> None:
    outcome, spoken = talk(AGAIN, seen(("PENDING", None)), LABEL)
    assert (outcome, spoken.asked) == (Delivered(barcode=BARCODE, state="created"), [LOOK, PRINT])


def test_of_a_label_that_was_printed_before_the_order_tells_the_barcode() -> None:
    outcome, spoken = talk(STORED, MADE, PRINTED_BEFORE, seen(("ANNOUNCED", BARCODE)))
    assert (outcome, spoken.asked) == (Delivered(barcode=BARCODE, state="created"), [CREATE, PRINT, LOOK])


@pytest.mark.parametrize("labels", ["labels-together", "labels-of-two-boxes", "labels-with-return"])
def test_of_several_barcodes_the_order_tells_how_many_boxes_there_are(labels: str) -> None:
    told = answer(body=vector("answered", labels))
    two = seen(("PRINTED", BARCODE), ("PRINTED", BARCODE.replace("292", "293")))
    outcome, spoken = talk(STORED, MADE, told, two)
    assert (outcome, spoken.asked) == (Refused(code="several-boxes"), [CREATE, PRINT, LOOK])
    assert talk(STORED, MADE, told, seen(("PRINTED", BARCODE)))[0] == Delivered(barcode=BARCODE, state="created")


def test_the_longest_conversation_comes_to_its_end() -> None:
    outcome, spoken = talk(AGAIN, MISSING, MADE, PRINTED_BEFORE, seen(("PRINTED", BARCODE)))
    assert outcome == Delivered(barcode=BARCODE, state="created")
    assert len(spoken.asked) == MOST_EXCHANGES


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (seen(("PENDING", None), ("PENDING", None)), Refused(code="several-boxes")),
        (seen(("ON-HOLD", None)), Failed(code="on-hold-there")),
        (seen(("PRINTED", BARCODE), ("CANCELLED", None)), Delivered(barcode=BARCODE, state="created")),
        (seen(("CANCELLED", None)), Refused(code="cancelled-there")),
        (seen(), Failed(code="unreadable-answer")),
        (seen(("PRINTED", BARCODE), reference="another"), Failed(code="unreadable-answer")),
        (answer(200, b"<html>"), Failed(code="unreadable-answer")),
        (answer(500, vector("answers", "system-exception")), Failed(code="http-500:system-exception")),
        (answer(400, b"what is this"), Failed(code="http-400")),
    ],
)
def test_what_is_found_instead_is_told(found: Response, outcome: Outcome) -> None:
    assert talk(AGAIN, found)[0] == outcome


@pytest.mark.parametrize("name", ANOTHERS)
def test_only_bposts_own_word_is_taken_for_a_denial(name: str) -> None:
    waits = Failed(code="http-404")
    anothers = ANOTHERS[name]
    outcome, spoken = talk(AGAIN, anothers)
    assert isinstance(outcome, Failed)
    assert (outcome.code.removesuffix(":system-exception"), spoken.asked) == ("http-404", [LOOK])
    assert talk(ENDING, anothers)[0] == waits
    assert talk(ENDING, answer(200), anothers)[0] == waits
    assert carrier().labelled(SIGHTED, Wish(), anothers) == waits
    assert carrier().labelled(SIGHTED, Wish(), replace(anothers, status=410)) == Failed(code="http-410")


def test_bpost_denies_in_plain_text_or_by_a_list_of_what_it_does_not_know() -> None:
    for denied in (MISSING, UNKNOWN):
        assert talk(AGAIN, denied, MADE, LABEL)[0] == Delivered(barcode=BARCODE, state="created")
        assert talk(ENDING, denied)[0] == Gone()
        assert (
            carrier().labelled(SIGHTED, Wish(), denied)
            == carrier().labelled(SIGHTED, Wish(), replace(denied, status=410))
            == Gone()
        )


TOO_LONG = (
    b"Error in request: cvc-maxLength-valid: Value 'Lotte Verzonnen' with length = '15' is not facet-valid with respect"
    b" to maxLength '8' for type 'PostalCodeType'."
)


@pytest.mark.parametrize(
    ("refused", "outcome"),
    [
        (answer(400, TOO_LONG), Refused(code="http-400:max-length:postal-code")),
        (answer(400, vector("answers", "invalid-selection")), Refused(code="http-400:invalid-selection")),
        (answer(409, vector("answers", "business-exception")), Refused(code="http-409:business-exception")),
        (answer(401, b"<html><body>who?</body></html>"), Failed(code="http-401", pause_lane=True)),
        (answer(403), Failed(code="http-403", pause_lane=True)),
        (answer(404, b"no such address"), Failed(code="http-404", pause_lane=True)),
        (answer(405), Failed(code="http-405", pause_lane=True)),
        (answer(406), Failed(code="http-406", pause_lane=True)),
        (answer(415), Failed(code="http-415", pause_lane=True)),
        (Response(status=429, headers={"retry-after": "7"}, body=b""), Failed(code="http-429", retry_after=7.0)),
        (answer(500, vector("answers", "system-exception")), Failed(code="http-500:system-exception")),
        (TIRED, Failed(code="http-503")),
        (answer(302), Failed(code="http-302")),
        (answer(202), Failed(code="http-202")),
    ],
)
def test_a_refusal_is_told_by_its_kind_and_never_by_its_text(refused: Response, outcome: Outcome) -> None:
    assert talk(STORED, refused)[0] == outcome


def test_a_shops_own_wrong_passphrase_stops_no_other_shop() -> None:
    outcome, _ = talk(STORED, answer(401), account=replace(ACCOUNT, shared=False))
    assert outcome == Failed(code="http-401", pause_lane=False)


@pytest.mark.parametrize("status", [400, 404, 409, 500])
def test_an_order_that_was_made_is_not_given_up_for_its_label(status: int) -> None:
    outcome, _ = talk(STORED, MADE, answer(status))
    assert outcome == Failed(code=f"http-{status}")
    assert talk(STORED, MADE, answer(200, b"no label"))[0] == Failed(code="unreadable-answer")


@pytest.mark.parametrize(
    ("answers", "outcome", "asked"),
    [
        ((answer(200), seen(("CANCELLED", None))), Gone(), [UPDATE, LOOK]),
        ((answer(201), seen(("CANCELLED", None), ("CANCELLED", None))), Gone(), [UPDATE, LOOK]),
        ((answer(200), seen(("PRINTED", BARCODE))), TooLate(barcode=BARCODE), [UPDATE, LOOK]),
        ((answer(409), seen(("CANCELLED", None))), Gone(), [UPDATE, LOOK]),
        ((answer(409), seen(("IN_TRANSIT", BARCODE))), TooLate(barcode=BARCODE), [UPDATE, LOOK]),
        ((answer(200), seen(("CANCELLED", "1" * 24), ("PRINTED", BARCODE))), TooLate(barcode=BARCODE), [UPDATE, LOOK]),
        ((answer(200), seen(("PRINTED", "1" * 24), ("PRINTED", BARCODE))), TooLate(), [UPDATE, LOOK]),
        ((answer(200), seen(("OPEN", None))), TooLate(), [UPDATE, LOOK]),
        ((MISSING,), Gone(), [UPDATE]),
        ((answer(200), MISSING), Gone(), [UPDATE, LOOK]),
        ((answer(200), TIRED), Failed(code="http-503"), [UPDATE, LOOK]),
        ((answer(200), answer(200, b"cancelled, perhaps")), Failed(code="unreadable-answer"), [UPDATE, LOOK]),
        ((TIRED,), Failed(code="http-503"), [UPDATE]),
        ((answer(401),), Failed(code="http-401", pause_lane=True), [UPDATE]),
    ],
)
def test_only_what_bpost_has_afterwards_tells_whether_it_was_cancelled(
    answers: tuple[Response, ...], outcome: Outcome, asked: list[tuple[str, str]]
) -> None:
    came, spoken = talk(ENDING, *answers)
    assert (came, spoken.asked) == (outcome, asked)
    assert b"CANCELLED" in (spoken.sent[0].body or b"")


def test_without_an_account_nothing_is_asked() -> None:
    assert carrier(None).start(STORED) == Failed(code="no-account")
    assert carrier(None).start(ENDING) == Failed(code="no-account")
    assert carrier(None).label(SIGHTED, Wish()) == Failed(code="no-account")


def test_a_pickup_point_that_was_closed_since_is_told() -> None:
    clear = {**CLEAR, "parcel": {**CLEAR["parcel"], "pickup_point": "closed"}}
    assert talk(replace(STORED, clear=rfc8785.dumps(clear)))[0] == Refused(code="unknown-pickup-point")


NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SIGHTED = Sighting(
    id=ID,
    reference="7K3MW-9Q2XA",
    shop="demo",
    carrier="bpost",
    state=State.DELIVERED,
    created_at=NOW,
    since=NOW,
    due=None,
    attempts=1,
    last_code=None,
    barcode=BARCODE,
    changed_after_delivery=False,
    ending=None,
    predecessor=None,
)


def test_a_label_is_asked_for_by_its_barcode() -> None:
    for form, size, accept in (
        (Form.PDF, Size.A6, "label-pdf-v3.4"),
        (Form.PNG, Size.A4, "label-image-v3.4"),
        (Form.ZPL, Size.A6, "label-zpl-v5"),
    ):
        request = carrier().label(SIGHTED, Wish(form=form, size=size))
        assert isinstance(request, Request)
        assert (request.method, request.path) == ("GET", f"{ROOT}/boxes/{BARCODE}/labels/{size}")
        assert request.headers["Accept"] == f"application/vnd.bpost.shm-{accept}+XML"
    assert isinstance(carrier().label(SIGHTED, Wish(form=Form.ZPL, size=Size.A4)), Impossible)


@pytest.mark.parametrize(
    ("inside", "form", "content"),
    [
        ("<mimeType>image/png</mimeType><bytes>iVBORw0KGgptYWRlIHVw</bytes>", Form.PNG, b"\x89PNG\r\n\x1a\nmade up"),
        ("<zplCode>^XA^FDmade up^FS^XZ</zplCode>", Form.ZPL, b"^XA^FDmade up^FS^XZ"),
        ("<mimeType>image/png</mimeType><bytes>JVBERi0xLjQgbWFkZSB1cA==</bytes>", None, b""),
        ("<zplCode>made up</zplCode>", None, b""),
    ],
)
def test_a_label_is_only_what_it_says_of_itself(inside: str, form: Form | None, content: bytes) -> None:
    body = f"<labels><label><barcode>{BARCODE}</barcode>{inside}</label></labels>"
    label = carrier().labelled(SIGHTED, Wish(), answer(200, body.encode()))
    if form is None:
        assert label == Failed(code="unreadable-answer")
    else:
        assert isinstance(label, Label)
        assert (label.form, label.content) == (form, content)


LABELLED: Mapping[str, tuple[Response, Any]] = {
    "gone": (MISSING, Gone()),
    "no longer": (answer(409), Refused(code="http-409")),
    "tired": (TIRED, Failed(code="http-503")),
    "printed before": (PRINTED_BEFORE, Refused(code="no-label")),
    "a page": (answer(200, b"<html>Lotte Verzonnen</html>"), Failed(code="unreadable-answer")),
}


@pytest.mark.parametrize("case", LABELLED)
def test_what_is_no_label_is_not_handed_on(case: str) -> None:
    response, outcome = LABELLED[case]
    assert carrier().labelled(SIGHTED, Wish(), response) == outcome


def test_a_label_is_handed_on_as_it_is() -> None:
    label = carrier().labelled(SIGHTED, Wish(), LABEL)
    assert isinstance(label, Label)
    assert label.content.startswith(b"%PDF-")


def test_nothing_can_be_told_of_a_part_that_ended() -> None:
    notice = Notice(
        record_id=ID,
        carrier="bpost",
        part="recipient.delivery",
        telling=Telling.ERASE,
        retention="vp.recipient.operational",
        starts=None,
        ends=None,
        state=Told.WAITING,
        due=NOW,
        attempts=0,
        fence=1,
        last_code=None,
        created_at=NOW,
        settled_at=None,
    )
    assert carrier().tell(notice) is None
