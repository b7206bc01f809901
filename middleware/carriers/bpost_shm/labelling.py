"""The label of a box: how it is asked for, and what of the answer is handed on."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from middleware.account import Account
from middleware.carriers.bpost_shm import answers
from middleware.carriers.bpost_shm.requesting import MEDIA, NO_ACCOUNT, UNREADABLE, asking
from middleware.exchange import Failed, Form, Gone, Impossible, Label, Refused, Request, Response, Size, Wish
from middleware.trail import Sighting

_TYPE: Final = f"{MEDIA}labelRequest-v5+XML"
"""bpost expects a content type even of a GET."""

_FORMS: Final = {Form.PDF: "label-pdf-v3.4", Form.PNG: "label-image-v3.4", Form.ZPL: "label-zpl-v5"}


def wanting(form: Form) -> dict[str, str]:
    """The headers of a request for labels of that form."""
    return {"Accept": f"{MEDIA}{_FORMS[form]}+XML", "Content-Type": _TYPE}


def asked(account: Account | None, record: Sighting, wish: Wish) -> Request | Impossible | Failed:
    """The request for the label of a record's box, which bpost prints anew as often as it is asked; ZPL in A6 alone."""
    if account is None:
        return Failed(code=NO_ACCOUNT)
    if wish == Wish(form=Form.ZPL, size=Size.A4):
        return Impossible(code="no-such-form")
    path = f"/boxes/{quote(record.barcode or '', safe='')}/labels/{wish.size}"
    return asking(account, "GET", path, wanting(wish.form))


def given(response: Response) -> Label | Gone | Refused | Failed:
    """The one label of an answer, if it begins like the form that it says it is: PDF, PNG or ZPL."""
    if response.status in (404, 410):
        return Gone()
    if response.status == 409:
        return Refused(code="http-409")
    if response.status != 200:
        return Failed(code=f"http-{response.status}")
    found = answers.printed(response.body)
    if found is None:
        return Failed(code=UNREADABLE)
    return found[0].label if len(found) == 1 else Refused(code="no-label")
