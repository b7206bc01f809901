"""What a shop needs before it may be live: whether it is there, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from middleware.core import kinds
from middleware.core.calendar import today
from middleware.core.schedule import required_kids
from middleware.errors import ConfigError, ParcelveilError, SettingError
from middleware.model_shop import Checkup, Fitness, made_up
from middleware.services import Shop
from schemas.shop_rules import LONGEST_SECRET, SHORTEST_SECRET

NEW_REQUEST = "give it a new request to integrate, of that day or later and not the same (VP-PLG-3)"
"""What connects a shop again that uninstalled the app."""

_ADDRESS = ("street", "locality", "postal_code", "country")


def unreadable(fault: ParcelveilError) -> Iterator[Fitness]:
    """What is told of a shop whose settings cannot be used."""
    pointer = fault.pointer if isinstance(fault, ConfigError) else ""
    yield Fitness(check="settings", ok=False, message=str(fault).removeprefix("settings: "), pointer=pointer)


def check_seed(seed: Shop | ConfigError, now: datetime) -> Checkup:
    """What is told of a shop of the configuration file: of the mode that stands there."""
    if isinstance(seed, ConfigError):
        return Checkup(mode=None, present=tuple(unreadable(seed)), other=())
    present, mode = tuple(fitness(seed, now)), seed.settings.mode
    if mode == "live":
        return Checkup(mode=mode, present=present, other=())
    told = 'its mode stands in the configuration file: set mode = "live" there, restart, and check again'
    return Checkup(mode=mode, present=present, other=(Fitness(check="mode", ok=False, message=told, pointer="/mode"),))


def fitness(shop: Shop, now: datetime) -> Iterator[Fitness]:
    """What is told of a shop that works: one thing after another."""
    settings = shop.settings
    told = f"policy {settings.policy}, account {settings.account_type}, creates by {settings.creates}"
    yield Fitness(check="settings", ok=True, message=told)
    yield _secret(shop)
    if settings.integration_requested_on is not None:
        yield _integration(shop)
    if settings.mode == "live" and _ships(shop):  # what is only tried is sent by nobody
        yield _sender(shop)
    yield from _keys(shop, now)


def _ships(shop: Shop) -> bool:
    """Whether its records are parcels: others have neither sender nor pick-up point."""
    return kinds.SHIPMENT.first in shop.policy.parts


def _secret(shop: Shop) -> Fitness:
    settings = shop.settings
    if settings.platform == "direct":
        told = "a token of its own" if settings.token else "none: give it a token"
        return Fitness(check="token", ok=settings.token is not None, message=told, pointer="/token")
    count = len(settings.secrets)
    usable = bool(count) and all(settings.secrets)
    told = f"{count} of {'its own' if settings.own_app else 'its app'}" if usable else "none: give it one"
    return Fitness(check="secret", ok=usable, message=told, pointer="/secrets")


def _integration(shop: Shop) -> Fitness:
    told = f"requested on {shop.settings.integration_requested_on}"
    if shop.ended:
        told = f"{told}, and ended when the shop uninstalled the app: {NEW_REQUEST}"
    return Fitness(check="integration", ok=not shop.ended, message=told, pointer="/integration")


def _sender(shop: Shop) -> Fitness:
    lacking = [name for name in _ADDRESS if not getattr(shop.settings.sender, name)]
    told = f"sender without {', '.join(lacking)}: add what is missing" if lacking else "complete"
    if still := made_up(shop.settings.sender):
        told = f"{' and '.join(still)} made up by `parcelveil init`: write who sends"
    wrong = still or lacking
    return Fitness(check="sender", ok=not wrong, message=told, pointer=f"/sender/{wrong[0]}" if wrong else "")


def _keys(shop: Shop, now: datetime) -> Iterator[Fitness]:
    if shop.transit:
        yield _own_keys(shop, now)
        yield _points(shop)
        return
    carrier = shop.settings.carrier
    try:
        known = shop.keys.known()
    except ConfigError as fault:
        yield Fitness(check="keys", ok=False, message=str(fault), pointer="/carrier")
        return
    if known.fetched_at is None:
        told = f"{carrier} was never heard: run `parcelveil keys provision`"
        yield Fitness(check="keys", ok=False, message=told, pointer="/carrier")
        return
    missing = sorted(required_kids(shop.policy, today(now)) - set(known.keys))
    told = f"{carrier} has the retention keys that {'an order' if _ships(shop) else 'a record'} of today needs"
    if missing:
        told = f"{carrier} has no key {missing[0]}: run `parcelveil keys provision`, or ask the parcel platform for it"
    yield Fitness(check="keys", ok=not missing, message=told, pointer="/carrier")
    if _ships(shop):
        yield _points(shop)


def _points(shop: Shop) -> Fitness:
    """Whether an order can name a pick-up point, where it may."""
    carrier = shop.settings.carrier
    try:
        known = shop.published.known()
    except ConfigError as fault:
        return Fitness(check="pickup_points", ok=False, message=str(fault), pointer="/carrier")
    heard = bool(known.points) or shop.settings.pickup_attribute is None
    told = f"{len(known.points)} of {carrier} are known"
    if not known.points:
        told = f"none of {carrier} is known, and no order can go to one"
    if not heard:
        told = f"none of {carrier} is known: run `parcelveil keys provision`, or leave pickup_attribute out"
    note = heard and not known.points
    return Fitness(check="pickup_points", ok=heard, message=told, pointer="/pickup_attribute", note=note)


def _own_keys(shop: Shop, now: datetime) -> Fitness:
    """Of a shop whose carrier takes cleartext."""
    try:
        missing = sorted(shop.lacking(today(now)))
    except ConfigError as fault:
        return Fitness(check="keys", ok=False, message=str(fault), pointer="/carrier")
    told = "the transit keys of this week are there"
    if missing:
        told = f"there is no key {missing[0]}: start the relay, or run `parcelveil keys provision` as its user"
    return Fitness(check="keys", ok=not missing, message=told, pointer="/carrier")


def long_enough(name: str, secrets: Sequence[bytes], token: bytes | None = None) -> None:
    """Raises: ConfigError for a secret or a token that is too short or too long."""
    held = [(f"secrets/{place}", secret) for place, secret in enumerate(secrets)]
    for place, value in (*held, *(() if token is None else (("token", token),))):
        length = len(value.decode("utf-8", "surrogateescape"))
        if not SHORTEST_SECRET <= length <= LONGEST_SECRET:
            key = place.partition("/")[0]
            short = length < SHORTEST_SECRET
            raise SettingError(
                place=f"shops.{name}.{key}",
                expected=f"at {f'least {SHORTEST_SECRET}' if short else f'most {LONGEST_SECRET}'} characters",
                example="those of `openssl rand -hex 32`",
                pointer=f"/{place}",
                path=("shops", name, key),
            )
