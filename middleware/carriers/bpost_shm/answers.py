"""What the Shipping Manager answers, by local name and from closed lists: what echoes an order is not taken over.

A refusal's text repeats what was submitted, so of it the kind of the fault and the element are told, where both are
known names, and never the text.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from middleware.carriers.bpost_shm import markup
from middleware.exchange import Form, Label, Response
from schemas.order import Hidden

_BEGINS: Final[Mapping[Form, bytes]] = {Form.PDF: b"%PDF-", Form.PNG: b"\x89PNG\r\n\x1a\n", Form.ZPL: b"^XA"}


class BoxState(StrEnum):
    """How far a box is."""

    PENDING = "PENDING"
    OPEN = "OPEN"
    CANCELLED = "CANCELLED"
    ON_HOLD = "ON-HOLD"
    PRINTED = "PRINTED"
    ANNOUNCED = "ANNOUNCED"
    IN_TRANSIT = "IN_TRANSIT"
    AWAITING_PICKUP = "AWAITING_PICKUP"
    DELIVERED = "DELIVERED"
    BACK_TO_SENDER = "BACK_TO_SENDER"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxSeen:
    """A box of an order that bpost has: its state, and its barcode once it has one."""

    state: BoxState | None
    barcode: str | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OrderSeen(Hidden):
    """An order that bpost has, without anything of a person in it."""

    reference: str
    boxes: tuple[BoxSeen, ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Printed(Hidden):
    """A label with its barcodes: the first one goes out, a second one comes back."""

    barcodes: tuple[str, ...]
    label: Label


_BARCODE: Final = re.compile(r"[0-9]{24}|[A-Z]{2}[0-9]{9}[A-Z]{2}")
_ROOTS: Final[Mapping[str, str]] = {
    "invalidSelection": "invalid-selection",
    "unknownItems": "unknown-items",
    "businessException": "business-exception",
    "systemException": "system-exception",
}
_FAULTS: Final[Mapping[str, str]] = {
    "cvc-maxLength-valid": "max-length",
    "cvc-minLength-valid": "min-length",
    "cvc-length-valid": "length",
    "cvc-pattern-valid": "pattern",
    "cvc-enumeration-valid": "enumeration",
    "cvc-maxInclusive-valid": "max",
    "cvc-minInclusive-valid": "min",
    "cvc-datatype-valid": "type",
    "cvc-complex-type": "structure",
    "cvc-type": "type",
}
_KNOWN: Final = frozenset(
    (
        *("accountId", "reference", "sender", "receiver", "product", "options", "weight", "height", "length", "width"),
        *("nationalBox", "internationalBox", "atHome", "atBpost", "at24-7", "unregistered", "memberId"),
        *("name", "company", "address", "emailAddress", "phoneNumber", "mobilePhone", "language"),
        *("streetName", "addressLineTwo", "number", "box", "postalCode", "locality", "countryCode"),
        *("pugoId", "pugoName", "pugoAddress", "parcelsDepotId", "parcelsDepotName", "parcelsDepotAddress"),
        *("receiverName", "receiverCompany", "parcelWeight", "customsInfo", "parcelValue", "contentDescription"),
        *("currency", "parcelContents", "itemDescription", "hsTariffCode", "originOfGoods"),
    )
)
"""Elements that we write: what else stands in quotes may be somebody's name."""

_TYPES: Final[Mapping[str, str]] = {
    "ReceiverNameType": "name",
    "ReceiverCompany": "company",
    "StreetNumberType": "number",
    "StreetBoxType": "box",
    "CountryCode": "countryCode",
    "RcCode": "point",
    "BpackMemberId": "memberId",
    "EmailAddressCharacteristicType": "emailAddress",
    "OrderReferenceType": "reference",
    "WeightInGrams": "weight",
    "EuroCentAmount": "amount",
}
"""The schema's types that are not called as the elements are whose type they are; two serve several elements."""

_FAULT: Final = re.compile(r"Error in request: (cvc-[A-Za-z]+(?:-[A-Za-z]+)*)")
_NAMED: Final = re.compile(r"(?:[Ee]lement '(?:\w+:)?|type ')([A-Za-z0-9-]{1,30})'")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LONGEST_TEXT: Final = 16_384
"""Of a text or page that is read, with all the style that a page has before it says anything."""


def order_seen(body: bytes) -> OrderSeen | None:
    """What bpost has of an order; None for an answer that cannot be read."""
    found = markup.read(body)
    reference = None if found is None else markup.value(found, "reference")
    if found is None or reference is None:
        return None
    return OrderSeen(reference=reference, boxes=tuple(_box(box) for box in found if markup.local(box) == "box"))


def printed(body: bytes) -> tuple[Printed, ...] | None:
    """The labels that were asked for; empty where they were printed before, None where that cannot be read."""
    found = markup.read(body)
    if found is None or markup.local(found) != "labels":
        return None
    there = [each for each in found if markup.local(each) == "label"]
    if not any(markup.value(each, name) for each in there for name in ("bytes", "zplCode")):
        return ()  # some know of barcodes alone then
    labels = [_label(each) for each in there]
    whole = tuple(label for label in labels if label is not None)
    return whole if len(whole) == len(labels) else None


def denies(response: Response) -> bool:
    """Whether a 404 or 410 is bpost's own word that it has no such thing: some plain text, or its list of what it does
    not know. All else is of whoever stands before bpost, and tells of an address.
    """
    media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    begins = response.body[:_LONGEST_TEXT].strip()
    if media == "text/plain" and begins and not begins.startswith((b"<", b"{")):
        return True
    found = markup.read(response.body)
    return found is not None and markup.local(found) == "unknownItems"


def unknown_boxes(body: bytes) -> frozenset[str]:
    """The barcodes that a refusal names as unknown; none where it is of another kind, or cannot be read."""
    found = markup.read(body)
    if found is None or markup.local(found) != "unknownItems":
        return frozenset()
    return frozenset((each.text or "").strip() for each in found if markup.local(each) == "box")


def refusal(status: int, body: bytes) -> str:
    """A code for the log and for a person, of closed lists alone: ``http-400:max-length:postal-code``. What is no
    document of bpost's own is text, or a page with that text in it.
    """
    found = markup.read(body)
    kind = None if found is None else _ROOTS.get(markup.local(found))
    told = (kind,) if kind else _told(body[:_LONGEST_TEXT].decode("utf-8", "replace"))
    return ":".join((f"http-{status}", *told))


def _told(text: str) -> Iterator[str]:
    fault = _FAULT.search(text)
    kind = _FAULTS.get(fault.group(1)) if fault else None
    if fault is None or kind is None:
        return
    yield kind
    said = text[fault.start() :]
    if text.lstrip().startswith("<"):
        said = html.unescape(said.partition("<")[0])
    # The last one: before it stands what was submitted.
    if (names := _NAMED.findall(said)) and (element := _element(names[-1])):
        yield _CAMEL.sub("-", element).lower()


def _element(name: str) -> str | None:
    """The element whose type is so called, ``PostalCodeType`` is that of ``postalCode``, or that is so called."""
    bare = name.removesuffix("Type")
    meant = name if bare == name else f"{bare[:1].lower()}{bare[1:]}"
    return _TYPES.get(name) or (meant if meant in _KNOWN else None)


def _box(box: markup.Element) -> BoxSeen:
    state, barcode = markup.value(box, "status"), markup.value(box, "barcode")
    return BoxSeen(state=BoxState(state) if state in list(BoxState) else None, barcode=_barcode(barcode))


def _barcode(text: str | None) -> str | None:
    return text if text is not None and _BARCODE.fullmatch(text) else None


def _label(label: markup.Element) -> Printed | None:
    barcodes = tuple(filter(None, (_barcode((each.text or "").strip()) for each in markup.within(label, "barcode"))))
    made = _made(label)
    return Printed(barcodes=barcodes, label=made) if barcodes and made else None


def _made(label: markup.Element) -> Label | None:
    """Only what begins like what it says of itself."""
    form = next((form for form in _BEGINS if form == markup.value(label, "mimeType")), Form.ZPL)
    try:
        told = markup.value(label, "zplCode" if form is Form.ZPL else "bytes") or ""
        content = told.encode() if form is Form.ZPL else binascii.a2b_base64(told.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        return None
    return Label(content=content, form=form) if content.startswith(_BEGINS[form]) else None
