"""A contact of Maxiresponse: four data, all of them sealed (MX-CAT-1), nothing in the clear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from middleware.core import contact
from middleware.core.withholding import barred_by, present, without
from middleware.errors import Fault, SchemaError
from middleware.model import ShopSettings
from schemas.maxiresponse import Contact
from schemas.order import Sender, catalogue
from schemas.permission import Refusal, storable
from schemas.policy import Policy

PART: Final = "maxiresponse.contact"
COUNTRY: Final = "BE"
"""With whose numbering plan a telephone number is read that names no country."""

_CATALOGUE = tuple(catalogue(Contact))


def minimised(one: Contact, policy: Policy, settings: ShopSettings) -> tuple[Contact, Mapping[str, str]]:
    """What the pack permits and can be used. Raises: SchemaError for a contact without an agreement: it has no term,
    and without one nothing is stored (MX-RET-2).
    """
    for category in policy.parts[PART].categories:
        refusal = storable(policy, category, one.contract)
        if isinstance(refusal, Refusal):
            raise SchemaError((Fault(pointer="/contract", code=refusal.reason),))
    usable = replace(one, email=contact.email(one.email), phone=contact.telephone(one.phone, COUNTRY))
    lost = (name for name in ("email", "phone") if getattr(one, name) and not getattr(usable, name))
    withheld = {**dict.fromkeys(lost, "unusable"), **barred_by(policy, _CATALOGUE, settings.account_type)}
    return without(usable, withheld), withheld


def parts(_: Contact) -> Iterator[str]:
    """There is one."""
    yield PART


def plaintexts(one: Contact, _: Sender) -> Mapping[str, Mapping[str, object]]:
    """The four, as far as they are there."""
    return {PART: present(name=one.name, first_name=one.first_name, email=one.email, phone=one.phone)}


def clear(_one: Contact, _shop: str, _reference: str) -> Mapping[str, object]:
    """Nothing but the place of the sealed part: the pack has no part in the clear."""
    return {"maxiresponse": {}}


def declared(_: Contact) -> Mapping[str, object]:
    """None is needed: nobody else's data travel."""
    return {}


def contract(one: Contact) -> str | None:
    """With whom the agreement is, on which the basis depends (MX-PUR-1)."""
    return one.contract


def index(one: Contact) -> Mapping[str, str | None]:
    """By the shop's id of the contact, which the record is known by and which is the person's, and by what is kept to
    reach the person.
    """
    identity = one.ids.contact_id
    return {"order.id": identity, "customer.id": identity, "contact.email": one.email, "contact.phone": one.phone}
