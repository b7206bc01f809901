"""A shipment: what of an order travels sealed, what in the clear, and what leads back to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from middleware.core.minimise import minimise
from middleware.core.withholding import present
from middleware.model import ShopSettings
from schemas.order import Order, Sender
from schemas.policy import Policy


def minimised(order: Order, policy: Policy, settings: ShopSettings) -> tuple[Order, Mapping[str, str]]:
    """As the shop's delivery needs it."""
    return minimise(order, policy, settings.delivery)


def parts(order: Order) -> Iterator[str]:
    """The parts that this shipment needs."""
    yield "recipient.delivery"
    if order.recipient.contact.email or order.recipient.contact.phone:
        yield "recipient.notification"
    if order.customs:
        yield "recipient.customs"
    yield "sender.contact"


def plaintexts(order: Order, sender: Sender) -> Mapping[str, Mapping[str, object]]:
    """Of every part."""
    recipient, contact = order.recipient, order.recipient.contact
    address, due = recipient.address, order.cash_on_delivery
    return {
        "recipient.delivery": present(
            name=recipient.name,
            company=recipient.company,
            locker_member=recipient.locker_member,
            street=address.street,
            number=address.number,
            box=address.box,
            line2=address.line2,
            locality=address.locality,
            cash_on_delivery=present(amount=due.amount, currency=due.currency) or None,
        ),
        "recipient.notification": present(email=contact.email, mobile=contact.phone, language=contact.language),
        "recipient.customs": {
            "items": [
                present(
                    description=item.description,
                    quantity=item.quantity,
                    weight_grams=item.weight_grams,
                    value=item.value,
                    currency=item.currency,
                    hs_code=item.hs_code,
                    origin=item.origin,
                )
                for item in order.customs
            ]
        },
        "sender.contact": present(
            name=sender.name,
            company=sender.company,
            street=sender.street,
            number=sender.number,
            box=sender.box,
            line2=sender.line2,
            locality=sender.locality,
            country=sender.country,
            postal_code=sender.postal_code,
            email=sender.email,
            phone=sender.phone,
        ),
    }


def clear(order: Order, shop: str, reference: str) -> Mapping[str, object]:
    """Parcel facts, country and postal code, ids that we made, and nothing else."""
    parcel, address = order.parcel, order.recipient.address
    return {
        "parcel": {
            "product": parcel.product,
            "weight_grams": parcel.weight_grams,
            "pieces": parcel.pieces,
            "reference": reference,
            "pickup_point": parcel.pickup_point,
        },
        "recipient": {"country": address.country, "postal_code": address.postal_code},
        "sender": {"shop": shop},
    }


def declared(_: Order) -> Mapping[str, object]:
    """None is needed: nobody else's data travel."""
    return {}


def index(order: Order) -> Mapping[str, str | None]:
    """By order id, name and customer id always, by e-mail and phone where they are kept."""
    ids, contact = order.ids, order.recipient.contact
    return {
        "order.id": ids.order_id,
        "order.name": ids.order_name,
        "customer.id": ids.customer_id,
        "recipient.contact.email": contact.email,
        "recipient.contact.phone": contact.phone,
    }
