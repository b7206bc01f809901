"""Necessity decided by the shipment: what this delivery does not need is withheld, with one reason for each canonical
path.

The allow-list says what may ever pass; this step says what passes now. The pack has the last word: a category that it
does not place in a part never travels, whatever the delivery asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from middleware.core import contact, customs
from middleware.core.withholding import barred_by, without
from middleware.model import Delivery
from schemas.order import Contact, Order, Sender, catalogue
from schemas.policy import Policy

_HOME = ("street", "number", "box", "line2", "locality")
_CATALOGUE = tuple(catalogue())
_CUSTOMS = tuple(path for path, _ in _CATALOGUE if path.startswith("customs."))


def minimise(order: Order, policy: Policy, delivery: Delivery) -> tuple[Order, Mapping[str, str]]:
    """The order with what the delivery needs and the pack permits, and what was withheld: canonical path → reason."""
    order, unusable = _normalised(order)
    unusable |= dict.fromkeys(delivery.unusable, "unusable")
    barred = barred_by(policy, _CATALOGUE)
    withheld = unusable | _unneeded(order, delivery) | barred
    person = _without(order, withheld).recipient.contact
    if not (person.email or person.phone):  # a message is written in some language: none without a message
        withheld |= {"recipient.contact.language": "no_notification"} | barred
    return _without(order, withheld), withheld


def minimise_sender(sender: Sender, policy: Policy, account_type: str) -> Sender:
    """What the pack permits of the sender's settings for this account type (VP-CAT-2 to VP-CAT-6)."""
    return replace(sender, **dict.fromkeys(barred_of_sender(policy, account_type)))


def barred_of_sender(policy: Policy, account_type: str) -> tuple[str, ...]:
    """The fields of a sender that the pack does not permit for this account type."""
    return tuple(path for path, category in catalogue(Sender) if not policy.permits(category, account_type))


def _normalised(order: Order) -> tuple[Order, dict[str, str]]:
    """The contact data as they can be used; what cannot be used is withheld, not passed on."""
    raw, country = order.recipient.contact, order.recipient.address.country
    usable = Contact(
        email=contact.email(raw.email), phone=contact.phone(raw.phone, country), language=contact.language(raw.language)
    )
    unusable = {
        f"recipient.contact.{entry.name}": "unusable"
        for entry in fields(raw)
        if getattr(raw, entry.name) is not None and getattr(usable, entry.name) is None
    }
    return replace(order, recipient=replace(order.recipient, contact=usable)), unusable


def _unneeded(order: Order, delivery: Delivery) -> dict[str, str]:
    withheld: dict[str, str] = {}
    if delivery.notify != "email":
        withheld["recipient.contact.email"] = "no_notification"
    if delivery.notify != "sms":
        withheld["recipient.contact.phone"] = "no_notification"
    if not delivery.member:
        withheld["recipient.locker_member"] = "no_locker"
    if order.parcel.pickup_point:
        withheld |= {f"recipient.address.{name}": "pickup_point" for name in (*_HOME, "postal_code", "country")}
        withheld["recipient.company"] = "pickup_point"
    if order.parcel.pickup_point or not customs.declared(
        order.recipient.address.country, order.recipient.address.postal_code
    ):
        withheld |= dict.fromkeys(_CUSTOMS, "in_customs_union")
    return withheld


def _without(order: Order, withheld: Mapping[str, str]) -> Order:
    slim = without(order, withheld)
    return replace(slim, customs=()) if all(path in withheld for path in _CUSTOMS) else slim
