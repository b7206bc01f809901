"""An order of MyStamp or MyStamp Pro: the customer, the stamps, and persons who appear on them.

The document is closed. What the policy lists and nobody needs, or names and does not list, may be sent: it is dropped
unread and reported (MS-CAT-3). Any other name refuses the document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from marshmallow import fields

from schemas.allowlist import EMPTY, NOT_IN_PACK, Text, Whole, index, kept, nested, several, tree, used
from schemas.closed import Closed, Matching, dropped, needed, text, whole
from schemas.order import Hidden, of

ID = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"
"""The form of the shop's own ids, of an order as of a customer."""

MOST_PIECES = 10_000
MOST_DEPICTED = 50
"""Persons on the stamps of one order."""

MOST_IMAGE_BYTES = 8 * 1024 * 1024
LONGEST_IMAGE = -(-MOST_IMAGE_BYTES // 3) * 4
"""Characters of the largest image in base64."""
LONGEST_BODY = LONGEST_IMAGE + 64 * 1024
"""Bytes of an order: an image, and what stands around it."""

OPTIONAL = ("birth_date", "phone")
"""What passes only if the customer entered it for a purpose, which ``entered`` then names."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StampIds(Hidden):
    """The shop's ids. Index-only: read, turned into a keyed index, never kept."""

    order_id: str | None = of("order.id")
    order_name: str | None = of("order.name")
    customer_id: str | None = of("customer.id")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Address(Hidden):
    """Where the stamps go. ``country`` is an ISO 3166-1 alpha-2 code."""

    street: str | None = of("customer.address.street")
    number: str | None = of("customer.address.number")
    box: str | None = of("customer.address.box")
    line2: str | None = of("customer.address.line2")
    locality: str | None = of("customer.address.locality")
    postal_code: str | None = of("customer.address.postal_code")
    country: str | None = of("customer.address.country")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Customer(Hidden):
    """Who orders. ``phone`` is E.164, ``birth_date`` ISO 8601, ``vat`` a VAT or company number without spaces."""

    name: str | None = of("customer.name")
    first_name: str | None = of("customer.first_name")
    email: str | None = of("customer.email")
    phone: str | None = of("customer.phone")
    birth_date: str | None = of("customer.birth_date")
    vat: str | None = of("customer.vat")
    address: Address = Address()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Stamps(Hidden):
    """What is ordered: the kind of stamp, and how many."""

    product: str | None = of("stamps.product")
    pieces: int | None = of("stamps.pieces")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Depicted(Hidden):
    """A person on the stamps: by name, or by another sign."""

    name: str | None = of("depicted.name")
    sign: str | None = of("depicted.sign")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Image(Hidden):
    """What is printed, in base64, without its metadata. ``media``: ``image/jpeg`` or ``image/png``."""

    data: str | None = of("depicted.image")
    media: str | None = of("depicted.image")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Declaration(Hidden):
    """The customer's word that transfer and use of what shows people are lawful (MS-CTL-3): the shop's id of it, and
    when it was given (ISO 8601, UTC).
    """

    id: str | None = of("depicted.declaration")
    declared_at: str | None = of("depicted.declaration")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StampOrder(Hidden):
    """One order of stamps. ``entered`` names what of ``OPTIONAL`` the customer entered, and is never kept."""

    ids: StampIds
    customer: Customer
    stamps: Stamps
    depicted: tuple[Depicted, ...] = ()
    image: Image = Image()
    declaration: Declaration = Declaration()
    entered: frozenset[str] = field(default=frozenset(), metadata={"category": "customer.entered"})
    updated_at: datetime | None = field(default=None, metadata={"category": "order.time"})


class StampsNamed(Closed):
    """Which order it is. ``updated_at`` (ISO 8601 with offset) orders its versions; without one it is this moment."""

    id = Matching(ID, longest=64, required=True, metadata=index("order.id"))
    name = Text(longest=255, metadata=index("order.name"))
    updated_at = Text(longest=40, metadata=index("order.time"))


class Home(Closed):
    """Where the stamps go."""

    street = needed("customer.address.street", 255)
    number = text("customer.address.number", 32)
    box = text("customer.address.box", 32)
    line2 = text("customer.address.line2")
    locality = needed("customer.address.locality", 255)
    postal_code = text("customer.address.postal_code", 32)
    country = needed("customer.address.country", 2)


class Buyer(Closed):
    """The customer. ``birth_date`` and ``phone`` pass only where ``entered`` names them, ``vat`` for MyStamp Pro."""

    dropped = ("gender", "mobile")

    id = Matching(ID, longest=64, required=True, metadata=index("customer.id"))
    name = needed("customer.name", 255)
    first_name = text("customer.first_name")
    email = text("customer.email")
    phone = text("customer.phone", 64)
    birth_date = text("customer.birth_date", 10)
    vat = text("customer.vat", 32)
    address = whole(Home)


class Ordered(Closed):
    """Kind and number of stamps."""

    product = Matching(r"[a-z0-9][a-z0-9-]*", longest=32, required=True, metadata=kept("stamps.product", spare=EMPTY))
    pieces = Whole(smallest=1, largest=MOST_PIECES, required=True, metadata=kept("stamps.pieces", spare=EMPTY))


class Shown(Closed):
    """A person on the stamps, for whom the customer answers."""

    name = text("depicted.name")
    sign = text("depicted.sign")


class Declared(Closed):
    """The customer's declaration of lawfulness: the shop's own id of it, and when it was given."""

    id = Matching(ID, longest=64, required=True, metadata=kept("declaration.id", spare=EMPTY))
    declared_at = Text(longest=40, required=True, metadata=kept("declaration.declared_at", spare=EMPTY))


class StampBody(Closed):
    """The body of ``POST /v1/shops/{shop}/mystamp/orders``. ``entered`` names what the customer entered for a purpose
    of the order: ``birth_date``, ``phone`` or both. ``image``: JPEG or PNG in base64; what a camera wrote into it is
    taken out. What shows or names people waits here until there is a ``declaration``.
    """

    order = whole(StampsNamed)
    customer = whole(Buyer)
    stamps = whole(Ordered)
    depicted = several(Shown, most=MOST_DEPICTED)
    image = Text(longest=LONGEST_IMAGE, metadata=kept("image.data", spare=EMPTY))
    declaration = nested(Declared)
    entered = fields.List(
        Text(longest=32),
        allow_none=True,
        load_default=None,
        error_messages={"invalid": "type"},
        metadata=used("customer.entered"),
    )


ORDER = StampBody()
SHAPE = tree(ORDER, dropped(ORDER, NOT_IN_PACK))
"""Every name that may be sent."""
