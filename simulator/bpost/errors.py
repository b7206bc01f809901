"""The ways in which the services say no: XML, HTML and plain text side by side, as with the real ones."""

from __future__ import annotations

import html
from dataclasses import replace
from xml.sax.saxutils import escape

from simulator.message import Answer

XML = "application/xml"
TEXT = "text/plain;charset=UTF-8"
HTML = "text/html;charset=UTF-8"
ASSUMED = "X-Assumed"
"""A header of this simulator: what the answer rests on that nobody has seen of the real service."""


class DeclinedError(Exception):
    """The request is declined with ``answer``."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.status))
        self.answer = answer


def plain(status: int, text: str, *, assumed: str | None = None) -> DeclinedError:
    """Declined in plain text. ``assumed``: that bpost does so is our own assumption, of this point."""
    headers = {} if assumed is None else {ASSUMED: assumed}
    return DeclinedError(Answer(status=status, body=text.encode("utf-8"), media=TEXT, headers=headers))


def invalid(text: str) -> DeclinedError:
    """400, in the words that Xerces has for it."""
    return plain(400, f"Error in request: {text}")


def unauthorised(status: int) -> DeclinedError:
    """A page for people, whatever the client accepts."""
    page = (
        "<html><head><title>Error</title></head><body><h1>HTTP Status "
        f"{status}</h1><p>This request requires HTTP authentication.</p></body></html>"
    )
    headers = {"WWW-Authenticate": 'Basic realm="bpost"'} if status == 401 else {ASSUMED: "unauthorised"}
    return DeclinedError(Answer(status=status, body=page.encode("ascii"), media=HTML, headers=headers))


def as_page(answer: Answer) -> Answer:
    """A refusal in plain text, as a page for people that has the text in it."""
    if answer.status != 400 or answer.media != TEXT:
        return answer
    said = html.escape(answer.body.decode("utf-8"))
    head = "<head><style>h1 {color: white}</style></head>"
    page = f"<html>{head}<body><h1>HTTP Status 400</h1><p>{said}</p></body></html>"
    return replace(answer, body=page.encode("utf-8"), media=HTML)


def business_exception(message: str) -> DeclinedError:
    """409, with code and message in another namespace than their root."""
    content = (
        '<ns2:businessException xmlns="http://schema.post.be/common/exception/v1/" '
        'xmlns:ns2="http://schema.post.be/api/shm/v1/">'
        f"<code>409</code><message>{escape(message)}</message></ns2:businessException>"
    )
    return DeclinedError(Answer(status=409, body=content.encode("utf-8"), media=XML))


def system_exception(status: int, day: str) -> Answer:
    """What is answered when the service itself is unwell."""
    content = (
        '<systemException xmlns="http://schema.post.be/api/shm/common/v2/" '
        'xmlns:ns2="http://schema.post.be/common/exception/v1/">'
        "<ns2:message>An unexpected error occurred. Please try again in a few moments and otherwise name the token "
        "information 00000000-0000-0000-0000-000000000000.</ns2:message>"
        f"<ns2:timestamp>{day}</ns2:timestamp></systemException>"
    )
    return Answer(status=status, body=content.encode("utf-8"), media=XML)
