"""What kind of label a request wants: by its address, its ``Accept`` and its ``Content-Type``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from simulator.bpost.errors import plain
from simulator.bpost.names import LABEL_REQUEST
from simulator.message import Request

LABEL = re.compile(r"application/vnd\.bpost\.shm-label-(?:(?P<form>pdf|image)-v3(?P<later>\.4)?|zpl-v5)\+xml")
OLD_LABEL_REQUEST = LABEL_REQUEST.replace("v5", "v3")
"""As the first client libraries sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """``form``: pdf, image or zpl. ``sheet``: A4 or A6. ``back``: with return labels. ``references``: beside barcodes.
    ``force``: what was printed before as well. ``media``: as the client wrote it.
    """

    form: str
    sheet: str
    back: bool
    references: bool
    force: bool
    media: str


def wanted(request: Request, sheet: str, *, back: bool, exact: bool) -> Wanted:
    """What is wanted; ``exact``: the content type matters. Raises: DeclinedError (406, 415: our own assumption)."""
    media = request.headers.get("accept", "")
    found = LABEL.fullmatch(media.strip().lower())
    if found is None or (found.group("form") is None and sheet != "A6"):
        raise plain(406, "Not Acceptable", assumed="media-types")
    if exact:
        need_type(request, LABEL_REQUEST, OLD_LABEL_REQUEST)
    return Wanted(
        form=found.group("form") or "zpl",
        sheet=sheet,
        back=back,
        references=found.group("form") is None or found.group("later") is not None,
        force="forcePrinting=true" in request.target.partition("?")[2].split("&"),
        media=media.strip(),
    )


def need_type(request: Request, *types: str) -> None:
    """See to it that the body is of one of these. Raises: DeclinedError (415: our own assumption)."""
    given, _, parameter = request.headers.get("content-type", "").lower().partition(";")
    if given.strip() not in types or parameter.strip() not in ("", "charset=utf-8"):
        raise plain(415, "Unsupported Media Type", assumed="media-types")


def need_answer(request: Request, type_: str) -> None:
    """See to it that the client accepts the answer's type by name. Raises: DeclinedError (406: our own assumption)."""
    if request.headers.get("accept", "").strip().lower() != type_:
        raise plain(406, "Not Acceptable", assumed="media-types")
