"""What an order of the Shipping Manager says: no more than its schema forces, and what the chosen product needs.

All values are frozen; those that hold personal text print their name alone. The names of the enumerations' values are
the schema's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from schemas.order import Hidden


class Product(StrEnum):
    """The products that are sent, exactly as bpost writes them."""

    HOME = "bpack 24h Pro"
    BUSINESS = "bpack 24h business"
    AT_BPOST = "bpack@bpost"
    LOCKER = "bpack 24/7"
    WORLD_BUSINESS = "bpack World Business"
    WORLD_EXPRESS = "bpack World Express Pro"
    EUROPE = "bpack Europe Business"
    AT_BPOST_ABROAD = "bpack@bpost international"
    LOCKER_ABROAD = "bpack 24/7 international"


class Message(StrEnum):
    """What somebody is told on the way."""

    DISTRIBUTED = "infoDistributed"  # it was delivered
    NEXT_DAY = "infoNextDay"  # it arrives the next working day
    REMINDER = "infoReminder"  # it waits at the post office
    AT_POINT = "keepMeInformed"  # it can be picked up
    SAME_DAY = "sameDayDelivery"  # it comes today
    TIME_SLOT = "timeSlotDelivery"  # it comes in a part of the day


class Service(StrEnum):
    """Options without a value."""

    SECOND_PRESENTATION = "automaticSecondPresentation"
    SIGNED = "signed"
    SATURDAY = "saturdayDelivery"
    SUNDAY = "sundayDelivery"
    FULL_SERVICE = "fullService"
    DOOR_STEP_PLUS = "doorStepPlusService"
    ULTRA_LATE = "ultraLateInEveningDelivery"


WINDOW: Final = "preferredDeliveryWindow"
"""The option that asks for a part of the day and promises none."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Place(Hidden):
    """An address. ``street`` may hold a whole line; ``country`` is ISO 3166-1 alpha-2."""

    street: str
    postal_code: str
    locality: str
    country: str
    number: str | None = None
    box: str | None = None
    line2: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Party(Hidden):
    """Who receives."""

    name: str
    place: Place
    company: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Told(Hidden):
    """A message, and the one address that it goes to: either ``email`` or ``mobile``; ``slot`` is the part of the day
    that it promises.
    """

    message: Message
    language: str
    email: str | None = None
    mobile: str | None = None
    slot: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Cash(Hidden):
    """What is collected on delivery, in cents of euros, and the account to which it goes."""

    amount: int
    iban: str
    bic: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Options(Hidden):
    """What is chosen beside the product. ``insured`` is bpost's level: 0 is the basic one; ``window`` the part of the
    day that is asked for.
    """

    told: tuple[Told, ...] = ()
    services: tuple[Service, ...] = ()
    insured: int | None = None
    window: str | None = None
    cash: Cash | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Parcel(Hidden):
    """What every box says of itself. Weight in grams."""

    product: Product
    weight: int
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A pick-up point or parcel locker: a public place."""

    id: str
    name: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AtHome(Hidden):
    """Delivered where the receiver lives."""

    parcel: Parcel
    receiver: Party


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AtPoint(Hidden):
    """Picked up at a post office or shop: without the receiver's own address."""

    parcel: Parcel
    point: Point
    name: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Unregistered(Hidden):
    """Who opens a locker without being a member: the code comes by e-mail."""

    language: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class InLocker(Hidden):
    """Picked up at a parcel locker. ``opener`` is a member's number, or who is none."""

    parcel: Parcel
    point: Point
    opener: str | Unregistered
    name: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Content(Hidden):
    """One line for customs. ``value`` in cents of all pieces, ``weight`` in grams."""

    pieces: int
    value: int
    description: str
    weight: int
    tariff: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Customs(Hidden):
    """The declaration. ``value`` in cents; ``description`` sums up the contents."""

    value: int
    description: str | None
    currency: str
    private: bool
    shipment: str = "GOODS"
    if_refused: str = "RTS"
    contents: tuple[Content, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Abroad(Hidden):
    """Delivered abroad: at home, or at ``point``, which may be a parcel ``locker``. Customs outside the EU's customs
    union alone.
    """

    parcel: Parcel
    receiver: Party
    customs: Customs | None = None
    point: Point | None = None
    locker: bool = False


Box = AtHome | AtPoint | InLocker | Abroad


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ShmOrder(Hidden):
    """One order with one box, whose sender is the account's own. ``shown`` is what a packer is to see."""

    account: str
    reference: str
    box: Box
    shown: str | None = None
