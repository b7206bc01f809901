"""A shop's own system that tells of a contact of Maxiresponse: a closed document in, the canonical contact out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from middleware.core.kinds import MAXIRESPONSE
from middleware.model import ParsedMatter, ShopSettings
from middleware.platforms.documents import loaded, name_of, taken_from, version
from schemas import maxiresponse
from schemas.allowlist import Node, is_blank
from schemas.maxiresponse import Contact, ContactIds

_WANTED: Final = {name: name for name in ("name", "first_name", "email", "phone")}


@dataclass(frozen=True, slots=True)
class Maxiresponse:
    """``ports.Lane`` for contacts."""

    topic: ClassVar[str] = "maxiresponse"
    first: ClassVar[str] = MAXIRESPONSE.first
    barcode: ClassVar[bool] = False
    shape: Node = maxiresponse.SHAPE

    @property
    def names(self) -> Mapping[str, str]:
        """Most names are the canonical contact's own."""
        return {"/updated_at": "/contact/updated_at"}

    def parse(self, document: object, _: ShopSettings, now: datetime) -> ParsedMatter:
        """Read the document of a request that came at ``now``. Raises: SchemaError."""
        sent = loaded(maxiresponse.CONTACT, document)
        person = sent["contact"]
        name_of(person, "/contact/name")
        taken: dict[str, str] = {}
        changed = version(person["updated_at"], "/contact/updated_at", now)
        contact = Contact(
            ids=ContactIds(contact_id=person["id"]),
            contract=None if is_blank(sent["contract"]) else sent["contract"],
            updated_at=changed,
            **taken_from(person, "contact.", _WANTED, taken),
        )
        return ParsedMatter(order_id=person["id"], updated_at=changed, halt=None, order=contact, taken=taken)
