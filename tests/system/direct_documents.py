"""Contacts and orders of stamps in which every leaf holds a canary of its own, and what may pass of what is taken.

What may pass is written here anew, from the contract alone: nothing of the service is asked for it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.system.canaries import INSIDE, Document, mobile
from tests.system.direct_images import drawing, photograph
from tests.system.stack import Json

CONTACTS, STAMPS = "maxiresponse/contacts", "mystamp/orders"

ADDRESS = ("street", "number", "box", "line2", "postal_code", "locality")
"""What a canary has room in of an address; its country is two letters."""

SENT = frozenset({"outbound"})
WAITING = SENT | {"backup"}
"""Where the kind of stamp was of an order that waited for its declaration when the backup was made."""
TOLD = SENT | {"backup", "database", "rows"}
"""Where a declaration's id is: receipts tell it, and they rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One call. ``clear`` maps the paths of canaries to the kinds of haystack in which they may be found, and must be;
    ``parts`` is what the parcel platform may read of it, the image but for its bytes; ``change`` turns the document's
    bytes into those that are sent.
    """

    document: Document
    shop: str
    path: str
    status: int = 201
    clear: Mapping[str, frozenset[str]] = field(default_factory=dict)
    parts: Mapping[str, Json] | None = None
    change: Callable[[bytes], bytes] = bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As its canaries name it."""
        return self.document.name


def contact(name: str) -> Document:
    """A contact with a canary in each of its leaves, and anything at all in those that are dropped."""
    made = Document(name)
    _person(made, "contact")
    for number, dropped in enumerate(("address", "billing_address", "company", "vat", "vat_number", "legal_form")):
        anything(made, f"contact.{dropped}", number)
    made.put("contract", "person")
    return made


def stamps(name: str) -> Document:
    """An order of stamps with a canary in each of its leaves; nothing that may be left out was entered."""
    made = Document(name)
    made.put_text("order.id")
    made.put_text("order.name")
    _person(made, "customer")
    made.put_text("customer.birth_date", 10)
    made.put_text("customer.vat")
    for number, dropped in enumerate(("gender", "mobile")):
        anything(made, f"customer.{dropped}", number)
    for place in ADDRESS:
        made.put_text(f"customer.address.{place}")
    made.put("customer.address.country", INSIDE)
    made.put("stamps.product", f"s-{made.text('stamps.product').lower()}")
    made.note("stamps.product", made.content["stamps"]["product"])
    made.put("stamps.pieces", 25)
    return made


def depicted(made: Document) -> Document:
    """The same order with persons on its stamps."""
    for place in ("depicted[0].name", "depicted[0].sign", "depicted[1].name"):
        made.put_text(place)
    return made


def declared(made: Document) -> Document:
    """The same order with its declaration."""
    made.put_text("declaration.id")
    put_value(made, "declaration.declared_at", "2026-11-20T10:00:00+01:00")
    return made


def shown(made: Document, image: bytes) -> Document:
    """The same order with an image."""
    made.content["image"] = base64.b64encode(image).decode("ascii")
    return made


def readable(made: Document, *, pro: bool = False) -> dict[str, Json]:
    """What the parcel platform may read of it, of an image nothing."""
    content = made.content
    if "contact" in content:
        names = ("name", "first_name", "email", "phone")
        return {"maxiresponse.contact": {name: content["contact"][name] for name in names}}
    buyer = content["customer"]
    names = ("name", "first_name", "email", *(("vat",) if pro else ()))
    told = {"mystamp.customer": {**{name: buyer[name] for name in names}, **buyer["address"]}}
    return told | ({"mystamp.depicted": {"persons": content["depicted"]}} if "depicted" in content else {})


def sealed(parts: Mapping[str, Json]) -> frozenset[str]:
    """The paths of a document whose values the parcel platform reads, if these are its parts."""
    prefix = {"maxiresponse.contact": "contact", "mystamp.customer": "customer"}
    found = {
        f"{prefix[part]}.{'address.' if name in ADDRESS else ''}{name}"
        for part, told in parts.items()
        if part in prefix
        for name in told
    }
    people = enumerate(parts.get("mystamp.depicted", {}).get("persons", ()))
    return frozenset(found | {f"depicted[{number}].{name}" for number, one in people for name in one})


def taken() -> Iterator[Sent]:
    """What is taken: the ids of the events below are those of these documents."""
    made = contact("a contact")
    yield Sent(document=made, shop="contacts", path=CONTACTS, parts=readable(made))
    for shop in ("stamps", "pro"):
        made = stamps(f"an order of {shop}")
        if shop == "pro":
            made.put("customer.vat", "BE0214596464")
        parts = readable(made, pro=shop == "pro")
        yield Sent(document=made, shop=shop, path=STAMPS, parts=parts, clear={"stamps.product": SENT})
    for name, image in (("a photograph", photograph), ("a drawing", drawing)):
        made = declared(depicted(stamps(name)))
        shown(made, image(made))
        clear = {"stamps.product": SENT, "declaration.id": TOLD}
        yield Sent(document=made, shop="stamps", path=STAMPS, parts=readable(made), clear=clear)
    made = depicted(stamps("a blocked order"))
    shown(made, photograph(made))
    clear = {"stamps.product": WAITING}
    yield Sent(document=made, shop="stamps", path=STAMPS, status=202, parts=readable(made), clear=clear)


def _person(made: Document, top: str) -> None:
    for place in ("id", "name", "first_name"):
        made.put_text(f"{top}.{place}")
    made.put_text(f"{top}.email", template="{}@post.example")
    number = mobile(made.name, INSIDE)
    put_value(made, f"{top}.phone", f"+{number}")
    made.note(f"{top}.phone", number)


def anything(made: Document, path: str, kind: int) -> None:
    """A value of some kind, all of it canaries: an object with names of its own, a list, a number, a text."""
    within: Json = {
        made.text(f"{path} (a name)"): [made.text(f"{path} (in a list)"), made.number(f"{path} (a number)")]
    }
    values: tuple[Callable[[], Any], ...] = (
        lambda: within,
        lambda: [within],
        lambda: made.number(path),
        lambda: made.fraction(path),
        lambda: made.text(path),
    )
    put_value(made, path, values[kind % len(values)]())


def put_value(made: Document, path: str, value: Any) -> None:
    """Place a value and leave the canaries that it holds as they are noted."""
    noted = dict(made.canaries)
    made.put(path, value)
    made.canaries |= noted
