"""Which of bpost's products goes where, what it needs of who receives, and how a shop's settings write it:
``bpack-24h-pro+signed+tell-email``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from middleware.carriers.bpost_shm.values import WINDOW, Message, Options, Product, Service

BY_DESTINATION: Final = "parcel"
"""What a shop's settings say where they name no product: the destination decides."""

NOBODY, EMAIL, SMS = "none", "email", "sms"
"""What is needed to tell who receives, as ``Delivery`` has it."""


class Way(StrEnum):
    """How a parcel reaches who receives it: the keys of a shop's ``products``."""

    HOME = "home"  # in Belgium
    POINT = "point"  # a post office or shop in Belgium
    LOCKER = "locker"  # a parcel locker in Belgium
    EUROPE = "europe"  # at home where nothing is declared to customs
    WORLD = "world"  # at home where it is
    POINT_ABROAD = "point-abroad"
    LOCKER_ABROAD = "locker-abroad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A product with what is chosen beside it. ``messages`` are what who receives is told at ``notify``: where none is
    named, what is usual of the way. ``distributed``: who sends is told that it was delivered.
    """

    product: Product
    services: tuple[Service, ...] = ()
    insured: int | None = None
    notify: str = NOBODY
    messages: tuple[Message, ...] = ()
    distributed: bool = False
    slot: str | None = None
    window: str | None = None

    def options(self) -> Options:
        """The same as options of a parcel, without what anybody is told."""
        return Options(services=self.services, insured=self.insured, window=self.window)


WAYS: Final[Mapping[Way, tuple[Product, ...]]] = {
    Way.HOME: (Product.HOME, Product.BUSINESS),
    Way.POINT: (Product.AT_BPOST,),
    Way.LOCKER: (Product.LOCKER,),
    Way.EUROPE: (Product.EUROPE, Product.WORLD_BUSINESS, Product.WORLD_EXPRESS),
    Way.WORLD: (Product.WORLD_BUSINESS, Product.WORLD_EXPRESS),
    Way.POINT_ABROAD: (Product.AT_BPOST_ABROAD,),
    Way.LOCKER_ABROAD: (Product.LOCKER_ABROAD,),
}
"""What may go each way; the first one does where a shop names none. Products that are not among them no order of ours
can settle (docs/bpost.md).
"""

MESSAGES: Final[Mapping[Way, tuple[Message, ...]]] = {
    Way.HOME: (Message.NEXT_DAY, Message.REMINDER, Message.SAME_DAY, Message.TIME_SLOT),
    Way.POINT: (Message.AT_POINT, Message.REMINDER),
}
"""What bpost's options tell who receives; the first is usual. Abroad they tell nobody, and who receives is told at the
address that stands with the name; in a locker the code itself comes by e-mail.
"""

PROMISES: Final = frozenset((Message.SAME_DAY, Message.TIME_SLOT))
"""What is a delivery of its own, not a message alone: without an address to be told at there is none."""

LOCKERS: Final = frozenset((Way.LOCKER, Way.LOCKER_ABROAD))

_NAMES: Final[Mapping[str, Product]] = {
    "bpack-24h-pro": Product.HOME,
    "bpack-24h-business": Product.BUSINESS,
    "bpack-at-bpost": Product.AT_BPOST,
    "bpack-24-7": Product.LOCKER,
    "bpack-europe-business": Product.EUROPE,
    "bpack-world-business": Product.WORLD_BUSINESS,
    "bpack-world-express-pro": Product.WORLD_EXPRESS,
    "bpack-at-bpost-international": Product.AT_BPOST_ABROAD,
    "bpack-24-7-international": Product.LOCKER_ABROAD,
}
_SERVICES: Final[Mapping[str, Service]] = {
    "second-presentation": Service.SECOND_PRESENTATION,
    "signed": Service.SIGNED,
    "saturday": Service.SATURDAY,
    "sunday": Service.SUNDAY,
    "full-service": Service.FULL_SERVICE,
    "door-step-plus": Service.DOOR_STEP_PLUS,
    "ultra-late": Service.ULTRA_LATE,
}
_SLOTS: Final[Mapping[str, str]] = {"time-slot-am": "AM", "time-slot-pm": "PM", "time-slot-pmplus": "PMPLUS"}
_WINDOWS: Final[Mapping[str, str]] = {
    "preferred-window-am": "AM",
    "preferred-window-pm": "PM",
    "preferred-window-pmplus": "PMPLUS",
    "preferred-window-office": "OFFICE",
}
INSURED: Final = "insured"
_INSURED: Final[Mapping[str, int]] = {"insured": 0, "insured-1": 1, "insured-2": 2, "insured-3": 3}
_TELL: Final[Mapping[str, str]] = {"tell-email": EMAIL, "tell-sms": SMS}
_TOLD: Final[Mapping[str, Message]] = {
    "next-day": Message.NEXT_DAY,
    "reminder": Message.REMINDER,
    "keep-informed": Message.AT_POINT,
    "same-day": Message.SAME_DAY,
    **dict.fromkeys(_SLOTS, Message.TIME_SLOT),
}
_DISTRIBUTED: Final = "distributed"
_OPTIONS: Final = (*_SERVICES, *_WINDOWS, *_INSURED, *_TELL, *_TOLD, _DISTRIBUTED)
_AT_HOME: Final = frozenset(("full-service", "door-step-plus", "ultra-late", *_WINDOWS))
"""What is done at somebody's door alone."""

_WRITTEN: Final = {product: name for name, product in _NAMES.items()}


def read(text: str) -> Choice | None:
    """What a text of the settings chooses; None for what is none, of which ``unread`` tells why."""
    if unread(text) is not None:
        return None
    name, *others = text.split("+")
    insured = [_INSURED[one] for one in others if one in _INSURED]
    tell = [_TELL[one] for one in others if one in _TELL]
    messages = tuple(_TOLD[one] for one in others if one in _TOLD)
    return Choice(
        product=_NAMES[name],
        services=tuple(_SERVICES[one] for one in others if one in _SERVICES),
        insured=insured[0] if insured else None,
        notify=tell[0] if tell else NOBODY,
        messages=messages,
        distributed=_DISTRIBUTED in others,
        slot=next((_SLOTS[one] for one in others if one in _SLOTS), None),
        window=next((_WINDOWS[one] for one in others if one in _WINDOWS), None),
    )


def unread(text: str) -> str | None:
    """Why a text chooses nothing, in words that repeat none but bpost's options: there is no such product or option, an
    option twice, two of which there can be one (an insurance, a way to tell, a part of the day), or a message and no
    way to tell it. None for what is a choice.
    """
    name, *others = text.split("+")
    if name not in _NAMES:
        return "there is no such product"
    for place, option in enumerate(others, 1):
        if option not in _OPTIONS:
            return f"option {place} behind it is none; there are +{', +'.join(_OPTIONS)}"
        if option in others[: place - 1]:
            return f"+{option} stands there twice"
    for rivals in (_INSURED, _TELL, _SLOTS, _WINDOWS):
        if len(both := [one for one in others if one in rivals]) > 1:
            return f"+{both[0]} and +{both[1]} exclude each other"
    message = next((one for one in others if one in _TOLD), None)
    if message and not _TELL.keys() & set(others):
        return f"+{message} needs +{' or +'.join(_TELL)} beside it"
    return None


def written(option: str) -> str | None:
    """How the settings write one of bpost's options, by its name in the schema; None for what they cannot."""
    several = {"time-slot": Message.TIME_SLOT, "preferred-window": WINDOW, INSURED: INSURED}
    known: Mapping[str, str] = {**several, **_SERVICES, **_TOLD, _DISTRIBUTED: Message.DISTRIBUTED}
    return next((name for name, one in known.items() if one == option), None)


def first(way: Way) -> str:
    """What goes that way where a shop names nothing."""
    return _WRITTEN[WAYS[way][0]]


def possible(way: Way) -> tuple[str, ...]:
    """The products that may go that way, as settings write them."""
    return tuple(_WRITTEN[product] for product in WAYS[way])


def fits(way: Way, text: str) -> bool:
    """Whether a text of the settings chooses something that may go that way, and tells what may be told there."""
    return unfit(way, text) is None


def unfit(way: Way, text: str) -> str | None:
    """Why a text of the settings may not go that way, as ``unread`` tells it; None where it may."""
    choice = read(text)
    if choice is None:
        return unread(text)
    if choice.product not in WAYS[way]:
        return "this product does not go this way"
    untold = next((name for name, one in _TOLD.items() if one in {*choice.messages} - {*MESSAGES.get(way, ())}), None)
    if way is not Way.HOME and (option := next((one for one in text.split("+") if one in _AT_HOME), None)):
        return f"+{option} is possible at home alone"
    if untold:
        return f"+{untold} is no message of this way"
    if way in LOCKERS and choice.notify != NOBODY:
        return f"+tell-{choice.notify} is not possible to a locker, whose own code is mailed"
    return f"+{_DISTRIBUTED} is not possible abroad" if abroad(way) and choice.distributed else None


def astray(text: str) -> str | None:
    """Why a text of the settings may go no way, as ``unread`` tells it; None where it may go one."""
    choice = read(text)
    if choice is None:
        return unread(text)
    reasons = [unfit(way, text) for way in Way if choice.product in WAYS[way]]
    return None if None in reasons else reasons[0]


def abroad(way: Way) -> bool:
    """Whether it leaves Belgium."""
    return way in (Way.EUROPE, Way.WORLD, Way.POINT_ABROAD, Way.LOCKER_ABROAD)


def of_line(way: Way, line: str) -> str | None:
    """What goes that way of what the settings say of a shipping line: the first that can; None where none can."""
    return next((text for text in line.split() if fits(way, text)), None)


def chosen(way: Way, asked: str | None, products: Mapping[str, str], notify: str) -> str | None:
    """The text of what goes that way. ``products`` are the shop's, by way: what stands there says all. ``asked`` is
    what the order names, and the shop's options go with it where both name the same product. Of what the settings do
    not say ``notify`` tells how who receives is told. None for a product that cannot go that way.
    """
    written, free = products.get(way), asked in (None, BY_DESTINATION)
    if written is not None and (free or asked == written.partition("+")[0]):
        return written
    text = first(way) if free or asked is None else asked
    if not fits(way, text):
        return None
    told = f"{text}+tell-{notify}"
    return told if notify != NOBODY and fits(way, told) else text


def needs(way: Way, text: str) -> str:
    """What a chosen text needs to tell who receives: ``none``, ``email`` or ``sms``. The code of a locker is mailed."""
    choice = read(text)
    return EMAIL if way in LOCKERS else choice.notify if choice else NOBODY


def way_of(country: str | None, *, point: bool, locker: bool, declared: bool) -> Way:
    """How a parcel goes to that country (ISO 3166-1), to a pick-up point or not; ``declared`` where customs look at
    it.
    """
    if country == "BE":
        return Way.LOCKER if point and locker else Way.POINT if point else Way.HOME
    if point:
        return Way.LOCKER_ABROAD if locker else Way.POINT_ABROAD
    return Way.WORLD if declared else Way.EUROPE
