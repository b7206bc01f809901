"""The composition of what asks carriers what their accounts may use: off the request path, and by no order's doing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from middleware import bootstrap, bootstrap_lanes, bootstrap_points
from middleware.account import Account
from middleware.carriers.bpost_shm import answers, granted
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.carriers.bpost_shm.granted import Grants
from middleware.config import Config
from middleware.errors import ConfigError, ParcelveilError, TransientDeliveryError
from middleware.exchange import Response
from middleware.granted_file import GrantedFile, KnownGrants, Told, account_digest
from middleware.logs import logger
from middleware.ports import Transport
from middleware.services import Shop
from middleware.working import begin

EVERY: Final = timedelta(hours=6)
"""After how long an account is asked about again."""

LOOK_SECONDS: Final = 3_600.0
"""How soon the account of a shop is asked about that was connected meanwhile."""

AT_ONCE: Final = 50
"""Accounts whose answers are written together: the file holds all accounts, and is read again after each writing."""

AFTER_FAILURE_SECONDS: Final = 300.0
REST_SECONDS: Final = 1.0
"""Between two questions."""

_NOT_TAKEN: Final = frozenset((401, 403))

_log = logger("granted")


def heard(settings: Config, carrier: str, account: Account, answer: Response) -> None:
    """Keep what the carrier answered about an account, where this process's user keeps the state and nobody else is at
    it. An answer that tells nothing changes nothing, and where it cannot be written, what was known stays.
    """
    if not bootstrap_points.may_gather(settings):
        return
    with suppress(ParcelveilError):
        file, digest = (
            bootstrap.granted(settings)[carrier],
            account_digest(bootstrap.live_keys(settings).index, account),
        )
        with file.turn() as ours:
            if ours:
                told = Told(at=bootstrap.clock(settings)(), grants=_told(answer))
                file.store(_with(_known(file), digest, told))


def gather_all(
    settings: Config, rest: Callable[[], bool] = lambda: True
) -> Iterator[tuple[str, ParcelveilError | None]]:
    """Ask about every account that is due: (carrier, what went wrong with one). ``rest`` waits between two questions,
    and says whether there may be another. What was known stays known.
    """
    for name, file in bootstrap.granted(settings).items():
        try:
            with file.turn() as ours:
                if ours:
                    yield from ((name, problem) for problem in _gathered(settings, name, file, rest))
        except ParcelveilError as problem:
            yield name, problem


def _gathered(
    settings: Config, name: str, file: GrantedFile, rest: Callable[[], bool]
) -> Iterator[ParcelveilError | None]:
    """Raises: ConfigError where it cannot be written."""
    used, clock, way = _accounts(settings, name), bootstrap.clock(settings), bootstrap.transports(settings)[name]
    written = _known(file)
    known = _kept(written, used)
    for place, digest in enumerate(_due(used, known, clock())):
        if place and not rest():
            break
        try:
            answer = _asked(used[digest], way)
            if answer.status in _NOT_TAKEN:
                known = replace(known, refused={**known.refused, digest: clock()})
            grants = _believed(answer, known.accounts.get(digest))
            known = _with(known, digest, Told(at=clock(), grants=grants))
        except ParcelveilError as problem:
            yield problem
        else:
            yield None
        if known is not written and place % AT_ONCE == AT_ONCE - 1:
            file.store(known)
            written = known
    if known is not written:
        file.store(known)


def _kept(written: KnownGrants, used: Container[str]) -> KnownGrants:
    """What is known of the accounts that are still used: the very same where all are."""
    accounts = {digest: told for digest, told in written.accounts.items() if digest in used}
    refused = {digest: at for digest, at in written.refused.items() if digest in used}
    same = (len(accounts), len(refused)) == (len(written.accounts), len(written.refused))
    return written if same else KnownGrants(accounts=accounts, refused=refused)


def _due(used: Iterable[str], known: KnownGrants, now: datetime) -> list[str]:
    """The accounts to ask about: nothing was heard for so long, and none was refused meanwhile."""
    heard = {**{digest: told.at for digest, told in known.accounts.items()}, **known.refused}
    return [digest for digest in used if digest not in heard or not heard[digest] <= now < heard[digest] + EVERY]


def keep_gathered(settings: Config, stop: threading.Event) -> threading.Thread | None:
    """Ask in a thread of this process until ``stop`` is set: of all that keep one state folder, one at a time. None
    where no carrier tells.
    """
    if not bootstrap.granted(settings):
        return None

    def once() -> bool:
        well = True
        for name, problem in gather_all(settings, lambda: not stop.wait(REST_SECONDS)):
            if problem is not None:
                well = False
                _log.error("granted_not_fetched", carrier=name, code=problem.code)
        return well

    return begin("granted", stop, once, _log, well=LOOK_SECONDS, failed=AFTER_FAILURE_SECONDS)


def _accounts(settings: Config, carrier: str) -> Mapping[str, Account]:
    """All accounts with which anything ships there, by digest."""
    index, shared = bootstrap.live_keys(settings).index, settings.carriers[carrier].account
    known = bootstrap.onboarding(settings)
    with closing(known.store):
        shops = {row.name: shop for row, shop in known.at_work()} | dict(known.seeds)
    own = [
        bootstrap_lanes.own_accounts({name: shop})(carrier, name)
        for name, shop in shops.items()
        if isinstance(shop, Shop) and not shop.ended
    ]
    used = [shared, *(account for account in own if isinstance(account, Account))]
    return {account_digest(index, account): account for account in used if account is not None}


def _asked(account: Account, way: Transport) -> Response:
    """Raises: DeliveryError."""
    asked = BpostShm(accounts=lambda _: account, shared=None, spots={}).question("")
    if asked is None:  # not reached: it has an account
        raise TransientDeliveryError()
    return way.send(asked)


def _told(answer: Response) -> Grants:
    """Raises: TransientDeliveryError for an answer that tells of no product of ours."""
    told = granted.read(answer.body) if answer.status == 200 else None
    if told is None or not any(offer.product for offer in told.offers):
        failure = TransientDeliveryError()
        failure.code = "no-products" if told else answers.refusal(answer.status, answer.body)
        raise failure
    return told


def _believed(answer: Response, before: Told | None) -> Grants:
    """What was told, unless it closes most of what was open: of that a person has to know, who asks by ``shops check``.
    Raises: TransientDeliveryError.
    """
    told = _told(answer)
    if before is not None and len(told.offers) * 2 < len(before.grants.offers):
        failure = TransientDeliveryError()
        failure.code = "too-few-products"
        raise failure
    return told


def _with(known: KnownGrants, digest: str, told: Told) -> KnownGrants:
    refused = {each: at for each, at in known.refused.items() if each != digest}
    return KnownGrants(accounts={**known.accounts, digest: told}, refused=refused)


def _known(file: GrantedFile) -> KnownGrants:
    """What was known; nothing where that cannot be read: it is written anew."""
    try:
        return file.known()
    except ConfigError:
        return KnownGrants()
