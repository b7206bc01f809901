"""A contact of Maxiresponse: four data of one person, the shop's id of it, and nothing else (MX-CAT-1).

The document is closed. Names that a shop's address book is known to hold, and that the policy does not list, may be
sent: they are dropped unread and reported (MX-CAT-2). Any other name refuses the document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from schemas.allowlist import NOT_IN_PACK, Text, index, tree, used
from schemas.closed import Closed, Matching, dropped, needed, text, whole
from schemas.order import Hidden, of

ID = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"
"""The form of the shop's own id of a contact."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ContactIds(Hidden):
    """The shop's id of the contact. Index-only: read, turned into a keyed index, never kept."""

    contact_id: str | None = of("customer.id")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Contact(Hidden):
    """The person with whom Maxiresponse is agreed, or would be. ``contract``: with whom the agreement is, ``person`` or
    ``organisation``; read to decide, never kept. ``phone`` is E.164.
    """

    ids: ContactIds
    name: str | None = of("contact.name")
    first_name: str | None = of("contact.first_name")
    email: str | None = of("contact.email")
    phone: str | None = of("contact.phone")
    contract: str | None = of("contact.agreement")
    updated_at: datetime | None = field(default=None, metadata={"category": "order.time"})


class Person(Closed):
    """Who it is. ``updated_at`` (ISO 8601 with offset) orders the versions of a contact; without one it is this
    moment.
    """

    dropped = ("address", "billing_address", "company", "vat", "vat_number", "legal_form")

    id = Matching(ID, longest=64, required=True, metadata=index("customer.id"))
    updated_at = Text(longest=40, metadata=index("order.time"))
    name = needed("name", 255)
    first_name = text("first_name")
    email = text("email")
    phone = text("phone", 64)


class ContactBody(Closed):
    """The body of ``POST /v1/shops/{shop}/maxiresponse/contacts``. ``contract`` names with whom the agreement is, the
    ``person`` or an ``organisation``: without an agreement there is no term, and so nothing is stored (MX-RET-2).
    """

    contact = whole(Person)
    contract = Text(longest=32, metadata=used("contact.agreement"))


CONTACT = ContactBody()
SHAPE = tree(CONTACT, dropped(CONTACT, NOT_IN_PACK))
"""Every name that may be sent."""
