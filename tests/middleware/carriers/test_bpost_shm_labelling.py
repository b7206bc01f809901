"""The labels of many boxes at once, and those that bring parcels back: what is asked, and whose each page is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from middleware.carriers.bpost_shm.labelling import AT_ONCE
from middleware.exchange import (
    Batch,
    Failed,
    Form,
    Impossible,
    Label,
    Lacking,
    Request,
    Response,
    Sheaf,
    Size,
    Wish,
)
from middleware.trail import Sighting
from tests.middleware.carriers.test_bpost_shm import same, vector
from tests.middleware.carriers.test_bpost_shm_conversation import ROOT, SIGHTED, answer, carrier

ONE, TWO = "323212345600000000001030", "323212345600000000002030"
BACK_ONE, BACK_TWO = "323212345600000000001050", "323212345600000000002050"
ABROAD = "CD000000014BE"
PDF = b"%PDF-1.4 made up"
PLAIN, RETURNS = Wish(), Wish(back=True)
FIRST = replace(SIGHTED, barcode=ONE)
ZPL = "<zplCode>^XA^FD{0}^FS^XZ</zplCode>"


def boxes(*barcodes: str) -> Mapping[int, Sighting]:
    return {place: replace(SIGHTED, barcode=barcode) for place, barcode in enumerate(barcodes)}


def batches(*barcodes: str, wish: Wish = PLAIN) -> Sequence[Batch]:
    made = carrier().labels("demo", boxes(*barcodes), wish)
    assert not isinstance(made, Impossible | Failed)
    return [one for one in made if isinstance(one, Batch)]


def come(name: str, wish: Wish = PLAIN, status: int = 200) -> Sequence[Sheaf] | Lacking | Failed:
    """What comes of an answer to who asked for the second box and then for the first."""
    (batch,) = batches(TWO, ONE, wish=wish)
    return carrier().sheaves(batch, answer(status, vector("answered", name)))


def told(sheaves: Sequence[Sheaf] | Lacking | Failed) -> list[tuple[bytes, tuple[int, ...], Mapping[int, str]]]:
    assert not isinstance(sheaves, Lacking | Failed)
    return [(sheaf.content, sheaf.places, sheaf.back) for sheaf in sheaves]


def printed(*labels: tuple[Sequence[str], str]) -> Response:
    inside = "".join(
        f"<label>{''.join(f'<barcode>{one}</barcode>' for one in barcodes)}{made}</label>" for barcodes, made in labels
    )
    return answer(body=f"<labels>{inside}</labels>".encode())


def test_what_was_printed_before_is_asked_for_by_barcode_and_forced() -> None:
    (batch,) = batches(TWO, ONE)
    request = batch.request
    assert (request.method, request.path) == ("POST", f"{ROOT}/labels/A6?forcePrinting=true")
    assert same(request.body or b"") == same(vector("batches", "labels-of-boxes"))
    assert request.headers["Accept"] == "application/vnd.bpost.shm-label-pdf-v3.4+XML"
    assert request.headers["Content-Type"] == "application/vnd.bpost.shm-labelRequest-v5+XML"
    assert repr(batch) == "<Batch>"
    (batch,) = batches(ONE, wish=Wish(size=Size.A4, back=True))
    assert batch.request.path == f"{ROOT}/labels/A4/withReturnLabels?forcePrinting=true"


def test_a_hundred_are_asked_for_in_parts_that_an_answer_can_hold() -> None:
    barcodes = [f"{number:024d}" for number in range(100)]
    made = batches(*barcodes)
    assert [len(batch.places) for batch in made] == [AT_ONCE] * 5
    sent = [re.findall(rb"<tns:box>(\d+)<", batch.request.body or b"") for batch in made]
    assert [barcode.decode() for some in sent for barcode in some] == barcodes
    assert [place for batch in made for place in batch.places.values()] == list(range(100))


def test_each_page_is_that_of_its_barcode_in_whatever_order_they_come() -> None:
    assert told(come("labels-of-boxes")) == [(PDF, (1,), {}), (PDF, (0,), {})]


def test_behind_each_label_stands_the_one_that_brings_the_parcel_back() -> None:
    assert told(come("labels-of-boxes-with-return", RETURNS)) == [
        (PDF, (1, 1), {1: BACK_ONE}),
        (PDF, (0, 0), {0: BACK_TWO}),
    ]
    assert told(come("labels-of-boxes-together", RETURNS)) == [(PDF, (1, 1, 0, 0), {1: BACK_ONE, 0: BACK_TWO})]


def test_a_barcode_that_was_not_asked_for_makes_all_unreadable() -> None:
    unreadable = Failed(code="unreadable-answer")
    assert come("labels-of-boxes-with-return") == unreadable
    made = f"<mimeType>application/pdf</mimeType><bytes>{'JVBERi0xLjQgbWFkZSB1cA=='}</bytes>"
    (batch,) = batches(ONE, wish=RETURNS)
    for barcodes in ((BACK_ONE, ONE), (ONE, BACK_ONE, BACK_TWO), (BACK_ONE,)):
        assert carrier().sheaves(batch, printed((barcodes, made))) == unreadable
    (batch,) = batches(ONE)
    assert carrier().sheaves(batch, printed(((ONE,), ZPL))) == unreadable
    assert carrier().sheaves(batch, answer(body=b"<html>Lotte Verzonnen</html>")) == unreadable


@pytest.mark.parametrize(
    ("name", "status", "places"),
    [
        ("labels", 200, (0,)),  # of the first box alone
        ("labels-printed-before", 200, (0, 1)),
        ("labels-printed-before-without-bytes", 200, (0, 1)),
        ("unknown-box", 400, (0,)),
        ("unknown-box", 404, (0,)),
    ],
)
def test_what_bpost_does_not_know_or_leaves_out_is_lacking(name: str, status: int, places: tuple[int, ...]) -> None:
    assert come(name, status=status) == Lacking(places=places)


@pytest.mark.parametrize(
    ("name", "status"), [("unknown-items", 404), ("invalid-selection", 400), ("labels", 503), ("cancelled", 409)]
)
def test_a_refusal_of_another_kind_is_to_be_asked_again(name: str, status: int) -> None:
    assert come(name, status=status) == Failed(code=f"http-{status}")


def test_only_what_says_that_it_is_unknown_is_taken_for_it() -> None:
    (batch,) = batches(ONE)
    for name, outcome in (("unknownItems", Lacking(places=(0,))), ("faultyItems", Failed(code="http-404"))):
        body = f"<{name}><box>{ONE}</box><order>{TWO}</order></{name}>"
        assert carrier().sheaves(batch, answer(404, body.encode())) == outcome


def test_without_an_account_nothing_is_asked() -> None:
    assert carrier(None).labels("demo", boxes(ONE), Wish()) == [Lacking(places=(0,))]


def test_one_label_comes_with_its_return_in_the_same_document() -> None:
    request = carrier().label(SIGHTED, RETURNS)
    assert isinstance(request, Request)
    assert request.path.endswith("/labels/A6/withReturnLabels")
    answered = answer(body=vector("answered", "labels-with-return"))
    label = carrier().labelled(FIRST, RETURNS, answered)
    assert isinstance(label, Label)
    assert (label.content, label.back) == (PDF, BACK_ONE)
    unwished = carrier().labelled(FIRST, PLAIN, answered)
    assert isinstance(unwished, Label)
    assert unwished.back is None
    abroad = carrier().labelled(
        replace(SIGHTED, barcode=ABROAD), RETURNS, answer(body=vector("answered", "labels-abroad"))
    )
    assert isinstance(abroad, Label)
    assert abroad.back is None  # bpost makes none


def test_one_label_is_handed_on_to_nobody_who_asked_for_another() -> None:
    pdf = "<mimeType>application/pdf</mimeType><bytes>JVBERi0xLjQgbWFkZSB1cA==</bytes>"
    for wish, strange in (
        (PLAIN, printed(((TWO,), pdf))),
        (PLAIN, printed(((TWO,), ZPL))),
        (PLAIN, printed(((ONE,), ZPL), ((TWO,), ZPL))),
        (RETURNS, printed(((BACK_ONE, ONE), pdf))),
        (RETURNS, printed(((ONE, BACK_ONE, TWO), pdf))),
        (RETURNS, printed(((ONE,), ZPL), ((BACK_ONE,), ZPL), ((TWO,), ZPL))),
    ):
        assert carrier().labelled(FIRST, wish, strange) == Failed(code="unreadable-answer")
    assert isinstance(carrier().labelled(FIRST, PLAIN, printed(((ONE,), pdf))), Label)


def test_zpl_with_a_return_is_joined_whether_it_comes_in_one_piece_or_two() -> None:
    assert isinstance(carrier().label(SIGHTED, Wish(form=Form.ZPL, back=True)), Request)
    two = carrier().labelled(FIRST, RETURNS, printed(((ONE,), ZPL.format("out")), ((BACK_ONE,), ZPL.format("back"))))
    assert isinstance(two, Label)
    assert (two.content, two.back) == (b"^XA^FDout^FS^XZ\n^XA^FDback^FS^XZ", BACK_ONE)


@pytest.mark.parametrize(
    ("wish", "clash"),
    [
        (Wish(form=Form.PNG, back=True), ("form", "back")),
        (Wish(form=Form.PNG, size=Size.A4, back=True), ("form", "back")),
        (Wish(form=Form.ZPL, size=Size.A4), ("form", "size")),
        (Wish(form=Form.ZPL, size=Size.A4, back=True), ("form", "size")),
    ],
)
def test_what_is_not_made_is_told_by_what_does_not_go_together(wish: Wish, clash: tuple[str, ...]) -> None:
    assert carrier().label(SIGHTED, wish) == Impossible(code="no-such-form", clash=clash)
