"""The composition of what asks carriers what their accounts may use: off the request path, and by no order's doing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import timedelta
from typing import Final

from middleware import bootstrap, bootstrap_lanes, bootstrap_points
from middleware.account import Account
from middleware.carriers.bpost_shm import answers, granted
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.config import Config
from middleware.errors import ConfigError, ParcelveilError, TransientDeliveryError
from middleware.exchange import Response
from middleware.granted_file import GrantedFile, KnownGrants, Told, account_digest
from middleware.logs import logger
from middleware.ports import Transport
from middleware.services import Shop
from middleware.working import repeat

EVERY: Final = timedelta(hours=6)
"""After how long an account is asked about again."""

LOOK_SECONDS: Final = 3_600.0
"""How soon the account of a shop is asked about that was connected meanwhile."""

AFTER_FAILURE_SECONDS: Final = 300.0
REST_SECONDS: Final = 1.0
"""Between two questions."""

_log = logger("granted")


def heard(settings: Config, carrier: str, account: str, answer: Response) -> None:
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
                _take(settings, file, digest, answer)


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
    used, now = _accounts(settings, name), bootstrap.clock(settings)()
    known = _known(file).accounts
    kept = {digest: told for digest, told in known.items() if digest in used}
    if kept != known:
        file.store(KnownGrants(accounts=kept))
    way = bootstrap.transports(settings)[name]
    due = [each for each in used if each not in kept or not kept[each].at <= now < kept[each].at + EVERY]
    for place, digest in enumerate(due):
        if place and not rest():
            break
        try:
            _take(settings, file, digest, _asked(used[digest], way))
        except ParcelveilError as problem:
            yield problem
        else:
            yield None


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

    def run() -> None:
        repeat(stop, once, _log, well=LOOK_SECONDS, failed=AFTER_FAILURE_SECONDS)

    thread = threading.Thread(target=run, name="granted", daemon=True)
    thread.start()
    return thread


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
    return {account_digest(index, account.id): account for account in used if account is not None}


def _asked(account: Account, way: Transport) -> Response:
    """Raises: DeliveryError."""
    asked = BpostShm(accounts=lambda _: account, shared=None, spots={}).question("")
    if asked is None:  # not reached: it has an account
        raise TransientDeliveryError()
    return way.send(asked)


def _take(settings: Config, file: GrantedFile, digest: str, answer: Response) -> None:
    """Raises: TransientDeliveryError for an answer that tells of no product of ours; ConfigError."""
    told = granted.read(answer.body) if answer.status == 200 else None
    if told is None or not any(offer.product for offer in told.offers):
        failure = TransientDeliveryError()
        failure.code = "no-products" if told else answers.refusal(answer.status, answer.body)
        raise failure
    accounts = {**_known(file).accounts, digest: Told(at=bootstrap.clock(settings)(), grants=told)}
    file.store(KnownGrants(accounts=accounts))


def _known(file: GrantedFile) -> KnownGrants:
    """What was known; nothing where that cannot be read: it is written anew."""
    try:
        return file.known()
    except ConfigError:
        return KnownGrants()
