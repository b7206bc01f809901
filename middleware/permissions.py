"""Whether something may be done with the data of a shop's people now: the shop's pack as the shop reads it, over what
is known of the user of its label module, or of one contact or customer. Nothing that an order says counts,
``buyer_accepts_marketing`` least of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from middleware.core.calendar import today
from middleware.core.standing import Asked, over, question
from middleware.model_standing import Standing
from middleware.ports import Clock
from middleware.ports_retention import Events
from middleware.services import Shop
from schemas.permission import Permission, Refusal, permitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The answer, and the classes of whoever was asked about that serve their purpose no longer."""

    answer: Permission | Refusal
    restricted: tuple[str, ...]


def decide(shop: Shop, asked: Asked, events: Events, clock: Clock) -> Decided:
    """What the shop's policy says to a question now. Raises: SchemaError for a customer whom the pack does not know,
    StorageError.
    """
    now = clock()
    known = _known(shop, asked.customer, events, today(now))
    answer = permitted(shop.policy, question(shop.policy, asked, known, now, today(now)))
    terms = known.terms if known is not None else ()
    done = (term.retention for term in terms if term.restricted_at is not None or over(term, today(now)))
    return Decided(answer=answer, restricted=tuple(done))


def _known(shop: Shop, customer: str | None, events: Events, day: date) -> Standing | None:
    name = shop.settings.name
    if customer is None:
        return events.standing(name)
    return events.customer(name, shop.indexer.of("customer.id", customer), day)
