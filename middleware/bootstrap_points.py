"""The composition of what fetches pick-up points from carriers that have a service for them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from middleware import bootstrap
from middleware.carriers.bpost_shm.locator import Locator
from middleware.config import Config
from middleware.config_parties import CarrierSettings
from middleware.errors import ParcelveilError
from middleware.gathering import Gathering
from middleware.logs import logger
from middleware.points import PointsFile
from middleware.transport import HttpTransport
from middleware.working import begin

EVERY_SECONDS: Final = 900.0
AFTER_FAILURE_SECONDS: Final = 60.0
REST_SECONDS: Final = 1.0
"""Between two questions about what is around a postal code: over a thousand a day need a third of an hour."""

WHOLE_LIST_SECONDS: Final = 120.0
"""For one answer, which holds all points of a country."""

_log = logger("points")


def gatherings(settings: Config, rest: Callable[[], bool]) -> Mapping[str, Gathering]:
    """What fetches, by carrier. ``rest`` as ``Gathering``. Raises: ConfigError."""
    made = ((name, _gathering(carrier, settings, rest)) for name, carrier in settings.carriers.items())
    return {name: gathering for name, gathering in made if gathering is not None}


def _gathering(carrier: CarrierSettings, settings: Config, rest: Callable[[], bool]) -> Gathering | None:
    locator = carrier.locator
    if locator is None:
        return None
    return Gathering(
        source=Locator(partner=locator.partner, key=locator.key),
        transport=HttpTransport(
            locator.url,
            allow_private=carrier.allow_private,
            proxy=carrier.proxy,
            ca_file=carrier.ca_file,
            total=WHOLE_LIST_SECONDS,
        ),
        file=PointsFile(locator.file, locator.group),
        countries=locator.countries,
        clock=bootstrap.clock(settings),
        rest=rest,
    )


def gather_all(
    settings: Config, rest: Callable[[], bool] = lambda: False
) -> Iterator[tuple[str, int | None, ParcelveilError | None]]:
    """Fetch what is due of every carrier: (carrier, how many points are known now, what went wrong). None for both
    where another process fetches them. Without ``rest`` the lists alone, not what is around every postal code.
    """
    for name, gathering in gatherings(settings, rest).items():
        try:
            count = gathering.gather()
        except ParcelveilError as problem:
            yield name, None, problem
        else:
            yield name, count, None


def may_gather(settings: Config) -> bool:
    """Whether what this process fetches would be its own: the state folder is not there yet, or of its user. Of another
    user who shares it with this one (docs/operations.md) the processes fetch.
    """
    try:
        return settings.server.state.stat().st_uid == os.geteuid()
    except FileNotFoundError:
        return True
    except OSError:
        return False


def keep_gathered(settings: Config, stop: threading.Event) -> threading.Thread | None:
    """Fetch in a thread of this process until ``stop`` is set, off the request path: of all processes that keep one
    state folder, one at a time. None where no carrier has such a service.
    """
    if not any(carrier.locator for carrier in settings.carriers.values()):
        return None

    def once() -> bool:
        well = True
        for name, _, problem in gather_all(settings, lambda: not stop.wait(REST_SECONDS)):
            if problem is not None:
                well = False
                _log.error("points_not_fetched", carrier=name, code=problem.code)
        return well

    return begin("points", stop, once, _log, well=EVERY_SECONDS, failed=AFTER_FAILURE_SECONDS)
