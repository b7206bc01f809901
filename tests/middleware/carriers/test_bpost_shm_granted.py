"""What of an order is refused for what its account may not use: what is certain, and what would be sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from middleware.carriers.bpost_shm.granted import Grants
from middleware.errors import SchemaError
from middleware.model import Delivery
from schemas.order import Contact
from tests.middleware.carriers.test_bpost_shm_fit import EMAIL, MOBILE, carrier, order
from tests.middleware.carriers.test_bpost_shm_permitted import known, told_of

NOBODY = Contact()


def refused(grants: Grants, contact: Contact = NOBODY, notify: str = "none", **chosen: str) -> list[str]:
    """What ``choose`` says of an order, by code."""
    serving = replace(carrier(**chosen), granted=lambda: grants)
    try:
        serving.choose(order(contact), None, Delivery(notify=notify))
    except SchemaError as refusal:
        return [f"{one.pointer} {one.code}" for one in refusal.faults]
    return []


@pytest.mark.parametrize(
    ("contact", "notify", "told"),
    [
        (EMAIL, "email", True),
        (MOBILE, "sms", True),
        (replace(NOBODY, phone="0470 00 00 00"), "sms", True),  # read as a number of the country it goes to
        (NOBODY, "email", False),
        (MOBILE, "email", False),
        (EMAIL, "sms", False),
        (replace(NOBODY, email="lotte at home"), "email", False),
        (replace(NOBODY, email="lotte..v@verzonnen.example"), "email", False),  # bpost would refuse it
        (replace(NOBODY, phone="02 000 00"), "sms", False),
        (EMAIL, "none", False),
    ],
)
def test_a_message_that_would_not_be_sent_is_none_that_the_account_may_not_use(
    contact: Contact, notify: str, told: bool
) -> None:
    without = known(told_of("bpack 24h Pro", options=("Signature",)))
    lacks = ["/parcel/product next-day-not-granted"] if told else []
    assert refused(without, contact, notify) == lacks
    if notify != "none":
        text = f"bpack-24h-pro+next-day+signed+saturday+tell-{notify}"
        assert refused(without, contact, home=text) == [*lacks, "/parcel/product saturday-not-granted"]
