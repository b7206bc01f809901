"""``doctor`` on the ways out: what is paused, and whether bpost takes the accounts that parcels go with and are
followed with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice

from middleware import bootstrap, bootstrap_following, bootstrap_lanes, config
from middleware.account import Account
from middleware.cli import words
from middleware.cli.findings import Finding, ok, warn
from middleware.cli.followed import followed
from middleware.errors import ConfigError, DeliveryError, ParcelveilError
from middleware.model_shop import Fitness
from middleware.ports_accounts import UnderWay
from middleware.services import Shop

MOST_ASKED = 10
"""Accounts of shops' own: each is a request, and another of tracking where it has a password there."""


def paused(settings: config.Config) -> Iterator[Finding]:
    """Every lane on which nothing goes; nothing where the database cannot be asked, of which its own line tells."""
    try:
        with closing(bootstrap.store(settings)) as store:
            lanes = store.paused_lanes(bootstrap.clock(settings)())
    except ParcelveilError:
        return
    for carrier, code in lanes.items():
        told = words.CODES.get(code)
        what = f"all that goes there is paused: {f'{told} ({code})' if told else code}"
        yield warn(f"lane {carrier}", what, words.remedy(code, carrier))


def accounts(settings: config.Config, *, ready: bool) -> Iterator[Finding]:
    """What bpost says of the carriers' accounts and, with ``ready``, of those that shops have of their own: each is
    asked once. A shop of a carrier that does not answer is not asked about.
    """
    silent = set()
    for name in settings.carriers:
        check = f"account of {name}"
        try:
            told = bootstrap_lanes.shared_told(settings, name)
        except ConfigError:
            return  # told by the carriers' own line
        except DeliveryError as problem:
            silent.add(name)
            what, remedy = _unreached(name, problem)
            yield warn(check, what, f"{remedy}; what is stored waits until it answers")
        else:
            yield from _found(check, told)
    if ready:
        yield from _own(settings, silent)


def tracking(settings: config.Config) -> Iterator[Finding]:
    """Whether bpost's tracking takes its account, which it knows by a password apart: each is asked once. Without this
    line a wrong one is seen only where a shop asks for a parcel and is not told.
    """
    for name in settings.carriers:
        check = f"tracking of {name}"
        try:
            told = bootstrap_following.tracking_told(settings, name)
        except ConfigError:
            return  # told by the carriers' own line
        except DeliveryError as problem:
            yield warn(check, *_unreached(name, problem))
        else:
            if told:
                yield from _found(check, (told,))


def _own(settings: config.Config, silent: set[str]) -> Iterator[Finding]:
    try:
        known = bootstrap.onboarding(settings)
        with closing(known.store):
            opened = {row.name: shop for row, shop in known.at_work()}
            under_way = known.store.under_way()
    except ParcelveilError:
        return  # told by the line of the shops
    working = {name: shop for name, shop in {**known.seeds, **opened}.items() if isinstance(shop, Shop)}
    yield from _behind(settings, working, under_way)
    asked: dict[tuple[str, str, str | None], tuple[str, Shop]] = {}
    for name, shop in working.items():
        if shop.ended or shop.settings.carrier in silent:
            continue
        account = bootstrap_lanes.own_accounts({name: shop})(shop.settings.carrier, name)
        if isinstance(account, Account):
            asked.setdefault((shop.settings.carrier, account.id, account.tracking), (name, shop))
    for name, shop in islice(asked.values(), MOST_ASKED):
        yield from _found(f"account of shop {name}", bootstrap_lanes.account_told(settings, name, shop))
        yield from _found(f"tracking of shop {name}", followed(settings, name, shop), warns=True)
    if len(asked) > MOST_ASKED:
        what = f"{len(asked) - MOST_ASKED} more of their own were not asked about"
        yield warn("accounts of shops", what, "`parcelveil shops check` asks about the account of one")


def _behind(settings: config.Config, shops: Mapping[str, Shop], under_way: Sequence[UnderWay]) -> Iterator[Finding]:
    """What stands still, since the account that it went out under is not known here any more."""
    own = bootstrap_lanes.own_accounts(shops)
    for one in under_way:
        carrier = settings.carriers.get(one.carrier)
        known = (own(one.carrier, one.shop), carrier.account if carrier else None)
        if one.account not in [account.id for account in known if isinstance(account, Account)]:
            what = f"{one.records} of its parcels under way went out under {one.account}, which is not known any more"
            yield warn(
                f"parcels of shop {one.shop}", what, "give it that account again (docs/bpost.md, account-changed)"
            )


def _unreached(carrier: str, problem: DeliveryError) -> tuple[str, str]:
    """What is the matter, and what to do."""
    what, _, remedy = words.trouble(carrier, problem).rpartition("; ")
    return what, remedy


def _found(check: str, told: Sequence[Fitness], *, warns: bool = False) -> Iterator[Finding]:
    """``warns``: of what is only noted too."""
    for one in told:
        what, _, remedy = one.message.rpartition(": ")
        yield ok(check, one.message) if one.ok and not (warns and one.note) else warn(check, what, remedy)
