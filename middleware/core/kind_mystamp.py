"""An order of MyStamp or MyStamp Pro: the customer and the persons on the stamps sealed apart, for two controllers
answer for them (MS-CTL-1, MS-CTL-2); kind and number of stamps in the clear.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from middleware.core import contact
from middleware.core.withholding import barred_by, present, without
from middleware.errors import Fault, SchemaError
from middleware.model import ShopSettings
from schemas.mystamp import OPTIONAL, Customer, StampOrder
from schemas.order import Sender, catalogue
from schemas.policy import Policy

CUSTOMER: Final = "mystamp.customer"
DEPICTED: Final = "mystamp.depicted"
PHOTO: Final = "mystamp.photo"

_CATALOGUE = dict(catalogue(StampOrder))


def minimised(order: StampOrder, policy: Policy, settings: ShopSettings) -> tuple[StampOrder, Mapping[str, str]]:
    """What the pack permits to a customer of this variant, and of what is optional what was entered for a purpose
    (MS-CAT-2, MS-CAT-4, MS-CAT-5).

    Raises: SchemaError for a birth date or a VAT number that passes and is none.
    """
    withheld = {
        **_not_entered(order, policy),
        **barred_by(policy, _CATALOGUE.items(), settings.account_type),
    }
    slim = without(order, withheld)
    usable, unusable = _usable(slim.customer)
    depicted = tuple(one for one in slim.depicted if one.name or one.sign)
    withheld |= {f"customer.{name}": "unusable" for name in unusable}
    return replace(slim, customer=usable, depicted=depicted), withheld


def _not_entered(order: StampOrder, policy: Policy) -> Mapping[str, str]:
    rules = {name: policy.category_rule(_CATALOGUE[f"customer.{name}"]) for name in OPTIONAL}
    return {
        f"customer.{name}": "not_entered"
        for name, rule in rules.items()
        if rule is not None and rule.unless == "entered" and name not in order.entered
    }


def _usable(raw: Customer) -> tuple[Customer, tuple[str, ...]]:
    """The customer's data as they can be used, and the names of those that cannot."""
    country = raw.address.country
    number = None if raw.vat is None else contact.vat(raw.vat)
    if raw.vat is not None and number is None:
        raise SchemaError((Fault(pointer="/customer/vat", code="vat"),))
    if raw.birth_date is not None and not _is_day(raw.birth_date):
        raise SchemaError((Fault(pointer="/customer/birth_date", code="date"),))
    usable = replace(raw, email=contact.email(raw.email), phone=contact.telephone(raw.phone, country), vat=number)
    lost = tuple(name for name in ("email", "phone") if getattr(raw, name) and not getattr(usable, name))
    return usable, lost


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def parts(order: StampOrder) -> Iterator[str]:
    """The customer's always."""
    yield CUSTOMER
    if order.depicted:
        yield DEPICTED
    if order.image.data:
        yield PHOTO


def plaintexts(order: StampOrder, _: Sender) -> Mapping[str, Mapping[str, object]]:
    """Of every part."""
    customer, address = order.customer, order.customer.address
    return {
        CUSTOMER: present(
            name=customer.name,
            first_name=customer.first_name,
            email=customer.email,
            phone=customer.phone,
            birth_date=customer.birth_date,
            vat=customer.vat,
            street=address.street,
            number=address.number,
            box=address.box,
            line2=address.line2,
            locality=address.locality,
            postal_code=address.postal_code,
            country=address.country,
        ),
        PHOTO: present(media=order.image.media, image=order.image.data),
        DEPICTED: {"persons": [present(name=one.name, sign=one.sign) for one in order.depicted]},
    }


def clear(order: StampOrder, _shop: str, _reference: str) -> Mapping[str, object]:
    """Kind and number of stamps: what the pack's unsealed part holds."""
    return {"mystamp": {"product": order.stamps.product, "pieces": order.stamps.pieces}}


def declared(order: StampOrder) -> Mapping[str, object]:
    """The customer's declaration of lawfulness, as the receipt tells it; empty where there is none yet."""
    return present(id=order.declaration.id, declared_at=order.declaration.declared_at)


def index(order: StampOrder) -> Mapping[str, str | None]:
    """By order id, name and customer id always, by e-mail and phone where they are kept."""
    ids, customer = order.ids, order.customer
    return {
        "order.id": ids.order_id,
        "order.name": ids.order_name,
        "customer.id": ids.customer_id,
        "customer.email": customer.email,
        "customer.phone": customer.phone,
    }
