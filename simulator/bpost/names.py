"""bpost's own words: namespaces, media types, states, products, options."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

V3 = "http://schema.post.be/shm/deepintegration/v3/"
V5 = "http://schema.post.be/shm/deepintegration/v5/"
"""Orders are read as v5; whatever is answered, and an update of the status, is v3."""
COMMON, NATIONAL, INTERNATIONAL = "common", "national", "international"

ORDER = "application/vnd.bpost.shm-order-v5+xml"
ORDER_INFO = "application/vnd.bpost.shm-order-v3.5+xml"
ORDER_UPDATE = "application/vnd.bpost.shm-orderupdate-v3+xml"
LABEL_REQUEST = "application/vnd.bpost.shm-labelrequest-v5+xml"
PRODUCT_CONFIGURATION = "application/vnd.bpost.shm-productconfiguration-v3.1+xml"
"""Media types compare without regard to case; bpost writes them with ``XML``."""


class BoxState(StrEnum):
    """Where a box is. The first three can be asked for; the rest comes of printing and of the journey."""

    OPEN = "OPEN"
    CANCELLED = "CANCELLED"
    ON_HOLD = "ON-HOLD"
    PENDING = "PENDING"
    PRINTED = "PRINTED"
    ANNOUNCED = "ANNOUNCED"
    IN_TRANSIT = "IN_TRANSIT"
    AWAITING_PICKUP = "AWAITING_PICKUP"
    DELIVERED = "DELIVERED"
    BACK_TO_SENDER = "BACK_TO_SENDER"


SETTABLE = (BoxState.OPEN, BoxState.CANCELLED, BoxState.ON_HOLD)
UNPRINTED = frozenset({*SETTABLE, BoxState.PENDING})

PRODUCTS = MappingProxyType(
    {
        "home or office": (
            "bpack 24h Pro",
            "bpack 24h business",
            "bpack Bus",
            "bpack Pallet",
            "bpack Easy Retour",
            "bpack XL",
            "bpack World Business",
            "bpack World Express Pro",
            "bpack Europe Business",
            "bpack World Easy Return",
        ),
        "pick-up point": ("bpack@bpost", "bpack Click & Collect", "bpack@bpost international"),
        "Parcel locker": ("bpack 24/7", "bpack 24/7 international"),
    }
)
"""Delivery method → its products, by their exact names."""

NOTIFICATIONS = ("infoDistributed", "infoNextDay", "infoReminder", "keepMeInformed", "sameDayDelivery")
FLAGS = (
    "automaticSecondPresentation",
    "fragile",
    "signed",
    "saturdayDelivery",
    "sundayDelivery",
    "fullService",
    "doorStepPlusService",
    "ultraLateInEveningDelivery",
)
OPTION_NAMES = MappingProxyType(
    {
        "infoDistributed": 'Info "Distributed"',
        "infoNextDay": 'Info "Next Day"',
        "infoReminder": 'Info "Reminder"',
        "keepMeInformed": "Keep me informed via",
        "automaticSecondPresentation": "Automatic second presentation",
        "fragile": "Fragile",
        "insured": "Insurance",
        "signed": "Signature",
        "saturdayDelivery": "Saturday",
        "sundayDelivery": "Sunday",
        "cod": "Cash on delivery",
        "sameDayDelivery": "Same day delivery",
        "timeSlotDelivery": "Time slot delivery",
        "preferredDeliveryWindow": "Preferred delivery window",
        "fullService": "Full service",
        "doorStepPlusService": "Door step plus service",
        "ultraLateInEveningDelivery": "Ultra late in evening delivery",
    }
)
"""Element of an option → how the product configuration calls it. The second column is largely our assumption."""

INSURANCE = MappingProxyType({"1": "Basic (0-500 EUR)", "2": "500-2500 EUR", "3": "2500-5000 EUR"})
"""Range of an insurance → how the product configuration calls it; the first is known in public."""
OPTIONAL, MANDATORY = "NOT_VISIBLE_BY_CONSUMER_OPTIONAL", "VISIBLE_BY_CONSUMER_AND_MANDATORY"
"""What the product configuration says of an option, in an attribute that it spells ``visiblity``."""


def v3(name: str, part: str = "") -> str:
    """A name in Clark notation as answers carry it."""
    return f"{{{V3}{part}}}{name}"


def v5(name: str, part: str = "") -> str:
    """A name in Clark notation as orders carry it."""
    return f"{{{V5}{part}}}{name}"
