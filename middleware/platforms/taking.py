"""Reading the order of a shop platform: every value that is taken is noted, and whoever pays is told from whoever
receives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from middleware.core import address_taking
from middleware.core.address_taking import Notes
from middleware.platforms.documents import refusal
from schemas.allowlist import is_blank
from schemas.order import Address, Contact, Recipient

Fields = Mapping[str, Any]
Lines = Sequence[tuple[int, Fields, int]]
"""(position, line, pieces) of every line that goes into the parcel."""


class Taking:
    """Reads a loaded object and notes every value that it took: concrete source path → canonical path."""

    def __init__(self, source: Fields, prefix: str, notes: Notes) -> None:
        self._source, self._prefix, self._notes = source, prefix, notes

    def __call__(self, name: str, target: str) -> Any:
        value = self._source[name]
        if is_blank(value):
            return None
        self._notes.taken[f"{self._prefix}{name}"] = target
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """Where an order has its recipient's address, and what its members are called there. ``required`` is the one that
    is asked for where there is no name; ``whole`` has first and last name together, if there is such a member.
    """

    home: str
    street: str
    line2: str
    postal_code: str
    country: str
    required: str
    whole: str | None = None


def recipient(
    order: Fields, spelling: Spelling, contact: Callable[[Fields, str, Taking, Notes], Contact], notes: Notes
) -> Recipient:
    """Who receives, and where: of the shipping address alone, for whoever pays need not be who receives. ``contact``
    is told the order and the recipient's name. Raises: SchemaError.
    """
    home = spelling.home
    if order[home] is None:
        raise refusal(f"/{home}", "required")
    take = Taking(order[home], f"{home}.", notes)
    parts = (take("first_name", "recipient.name"), take("last_name", "recipient.name"))
    name = " ".join(part for part in parts if part)
    if not name and spelling.whole:
        name = take(spelling.whole, "recipient.name")
    if not name:
        raise refusal(f"/{home}/{spelling.required}", "required")
    company = take("company", "recipient.company")
    typed = Address(
        street=take(spelling.street, "recipient.address.street"),
        line2=take(spelling.line2, "recipient.address.line2"),
        locality=take("city", "recipient.address.locality"),
        postal_code=take(spelling.postal_code, "recipient.address.postal_code"),
        country=take(spelling.country, "recipient.address.country"),
    )
    notes.look(f"{home}.company", company, typed.country)
    first, second = f"{home}.{spelling.street}", f"{home}.{spelling.line2}"
    return Recipient(
        name=name,
        company=company,
        address=address_taking.address(typed, first, second, notes),
        contact=contact(order, name, take, notes),
    )


def same(one: str, other: str) -> bool:
    """Whether two names are one, however they are written."""
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def full_name(person: Fields | None) -> str:
    """First and last name; ``""`` for nobody."""
    names = (person["first_name"], person["last_name"]) if person else ()
    return " ".join(name.strip() for name in names if name and name.strip())


def moment(text: str, *, zone: str = "") -> datetime | None:
    """An instant (ISO 8601 with offset, or ``zone`` in its place) of these times; None for what is none."""
    try:
        found = datetime.fromisoformat(text + zone)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None and 2000 <= found.year < 2200 else None
