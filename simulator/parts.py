"""The sealed parts that a shipment may have, as rules: contract 'the JSON parcel API', sealing 'Parts' and 'Format'."""

from __future__ import annotations

from dataclasses import dataclass

OPERATIONAL = "vp.recipient.operational"
LEGAL = "vp.sender.legal"
SHIPMENTS = "shipments"
KINDS = (SHIPMENTS, "maxiresponse", "mystamp")
"""What the platform keeps: shipments, and the records of two other services."""

ADDRESS = frozenset({"name", "company", "street", "number", "box", "line2", "locality"})
CONTACT = ADDRESS | {"country", "postal_code", "email", "phone"}
NOTIFICATION = frozenset({"email", "mobile", "language"})
CUSTOMS_ITEM = frozenset({"description", "quantity", "weight_grams", "value", "currency", "hs_code", "origin"})


PERSON = frozenset({"name", "first_name", "email", "phone"})
STAMPS_CUSTOMER = PERSON | {"birth_date", "vat", "country", "postal_code"} | (ADDRESS - {"company"})
DEPICTED = frozenset({"name", "sign"})
PHOTO = frozenset({"media", "image"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One kind of sealed part: where it stands in the body, its retention class, its shortest life, its padding."""

    name: str  # recipient.delivery
    retention: str
    months: int
    block: int | None  # plaintext length is a multiple of this many bytes; None: the contract names no size

    @property
    def party(self) -> str:
        """``recipient`` or ``sender``; of what is no parcel its service."""
        return self.name.partition(".")[0]

    @property
    def kind(self) -> str:
        """Which of ``KINDS`` has such a part."""
        return self.party if self.party in KINDS else SHIPMENTS

    @property
    def member(self) -> str:
        """The part's name within ``sealed``."""
        return self.name.partition(".")[2]

    @property
    def pointer(self) -> str:
        """RFC 6901 pointer to the token."""
        return f"/{self.party}/sealed/{self.member}"

    def kid(self, month: str) -> str:
        """The id of the key for parts of this kind whose earliest end lies in ``month``."""
        return f"{self.name}/{self.retention}/{month}"


PARTS = {
    part.name: part
    for part in (
        Part(name="recipient.delivery", retention=OPERATIONAL, months=13, block=1024),
        Part(name="recipient.notification", retention=OPERATIONAL, months=13, block=256),
        Part(name="recipient.customs", retention=OPERATIONAL, months=13, block=None),
        Part(name="sender.contact", retention=LEGAL, months=120, block=None),
        Part(name="maxiresponse.contact", retention="mx.all", months=36, block=512),
        Part(name="mystamp.customer", retention="ms.customer", months=36, block=1024),
        Part(name="mystamp.depicted", retention="ms.depicted", months=36, block=512),
        Part(name="mystamp.photo", retention="ms.photo", months=36, block=262_144),
    )
}

REQUIRED = frozenset({"recipient.delivery", "maxiresponse.contact", "mystamp.customer"})
"""What no record of its kind goes without. The sender may be left out: the platform knows its customer."""
