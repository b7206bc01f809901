"""The labels of boxes: how they are asked for, one or many at once, and what of the answers is handed on.

A box is asked for by its barcode, and printed anew as often as it is asked for. Many at once have to be forced: each
was printed when its order was made, and bpost would take it for done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from middleware.account import Account
from middleware.carriers.bpost_shm import answers, writing
from middleware.carriers.bpost_shm.answers import Printed
from middleware.carriers.bpost_shm.requesting import MEDIA, UNREADABLE, asking
from middleware.exchange import (
    Batch,
    Batched,
    Failed,
    Form,
    Gone,
    Impossible,
    Label,
    Labelled,
    Lacking,
    Refused,
    Response,
    Sheaf,
    Sheaves,
    Size,
    Sought,
    Wish,
)
from middleware.trail import Sighting

AT_ONCE: Final = 20
"""Labels of one request, so that each answer is well within what the way out reads, in bytes and in time."""

_TYPE: Final = f"{MEDIA}labelRequest-v5+XML"
"""bpost expects a content type even of a GET."""

_FORMS: Final = {Form.PDF: "label-pdf-v3.4", Form.PNG: "label-image-v3.4", Form.ZPL: "label-zpl-v5"}
_RETURN: Final = "/withReturnLabels"


def wanting(form: Form) -> dict[str, str]:
    """The headers of a request for labels of that form."""
    return {"Accept": f"{MEDIA}{_FORMS[form]}+XML", "Content-Type": _TYPE}


def asked(account: Account | Failed, record: Sighting, wish: Wish) -> Sought:
    """The request for the label of a record's box. ZPL is made in A6 alone, and a picture shows one label."""
    if isinstance(account, Failed):
        return account
    if wish.form is Form.ZPL and wish.size is Size.A4:
        return Impossible(code="no-such-form", clash=("form", "size"))
    if wish.form is Form.PNG and wish.back:
        return Impossible(code="no-such-form", clash=("form", "back"))
    path = f"/boxes/{quote(record.barcode or '', safe='')}/labels/{_sheet(wish)}"
    return asking(account, "GET", path, wanting(wish.form))


def given(record: Sighting, wish: Wish, response: Response) -> Labelled:
    """The label of the record's box, if its barcode is the first and it begins like the form that it says it is: PDF,
    PNG or ZPL. What brings the parcel back stands in the same document, as its second page or its second piece of ZPL.
    """
    if response.status in (404, 410) and answers.denies(response):
        return Gone()
    if response.status == 409:
        return Refused(code="http-409")
    if response.status != 200:
        return Failed(code=f"http-{response.status}")
    found = answers.printed(response.body)
    if found is None:
        return Failed(code=UNREADABLE)
    if not found or (len(found) > 1 and found[0].label.form is not Form.ZPL):
        return Refused(code="no-label")
    barcode, *backs = (barcode for one in found for barcode in one.barcodes)
    if barcode != record.barcode or len(backs) > 1 or (len(found) > 1 and not wish.back):
        return Failed(code=UNREADABLE)  # somebody else's, or somebody else's behind it
    content = b"\n".join(one.label.content for one in found)
    return Label(content=content, form=found[0].label.form, back=backs[0] if backs and wish.back else None)


def asked_together(account: Account | Failed, records: Mapping[int, Sighting], wish: Wish) -> Batched:
    """The requests for the labels of many boxes of one account, by their places, in one document each."""
    if isinstance(account, Failed):
        return account
    places = {record.barcode or "": place for place, record in records.items()}
    barcodes = list(places)
    path = f"/labels/{_sheet(wish)}?forcePrinting=true"
    return [
        Batch(
            request=asking(account, "POST", path, wanting(wish.form), writing.batch(some)),
            places={barcode: places[barcode] for barcode in some},
            wish=wish,
        )
        for some in (barcodes[begin : begin + AT_ONCE] for begin in range(0, len(barcodes), AT_ONCE))
    ]


def given_together(batch: Batch, response: Response) -> Sheaves:
    """The documents of an answer. What has a barcode that was not asked for makes all of it unreadable, and what bpost
    does not know or leaves out is lacking.
    """
    if response.status != 200:
        unknown = answers.unknown_boxes(response.body)
        lacking = tuple(sorted(batch.places[barcode] for barcode in batch.places.keys() & unknown))
        return Lacking(places=lacking) if lacking else Failed(code=f"http-{response.status}")
    found = answers.printed(response.body)
    sheaves = [_sheaf(batch, one) for one in found or ()]
    whole = [sheaf for sheaf in sheaves if sheaf is not None]
    if found is None or len(whole) < len(sheaves):
        return Failed(code=UNREADABLE)
    there = {place for sheaf in whole for place in sheaf.places}
    lacking = tuple(sorted(set(batch.places.values()) - there))
    return Lacking(places=lacking) if lacking else whole


def _sheaf(batch: Batch, printed: Printed) -> Sheaf | None:
    """Behind the barcode that goes out stands the one that comes back, where that was wished. None for any other."""
    places: list[int] = []
    back: dict[int, str] = {}
    for barcode in printed.barcodes:
        place = batch.places.get(barcode)
        if place is None:
            if not batch.wish.back or not places or places[-1] in back:
                return None
            place = places[-1]
            back[place] = barcode
        places.append(place)
    fits = printed.label.form is batch.wish.form
    return Sheaf(content=printed.label.content, places=tuple(places), back=back) if fits else None


def _sheet(wish: Wish) -> str:
    return f"{wish.size}{_RETURN if wish.back else ''}"
