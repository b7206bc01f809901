"""What parcel platforms are told of the parts that they hold: erased here, erased there.

claim ─▶ tell ─▶ hear ─▶ settle      done | refused | impossible | again at …

One thread for each parcel platform, beside those that deliver: a million erasures hold up no order. Nothing is given up
while the platform does not answer: it is told again by the relay's schedule, and then for ever.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from middleware.core import retry
from middleware.core.calendar import today
from middleware.errors import PermanentDeliveryError, TransientDeliveryError
from middleware.exchange import Failed, Gone, Heard, Impossible, Refused
from middleware.logs import logger
from middleware.model_purge import Notice, Told
from middleware.ports import Clock, Transport
from middleware.ports_retention import Notices, Teller
from middleware.working import work

LEASE_SECONDS = 60.0
"""Longer than one request and its answer."""

IDLE_SECONDS = 1.0
STORAGE_REST_SECONDS = 5.0
SHOWN = timedelta(days=30)
"""How long what a person has to see is kept at least, even if the record has gone."""

NO_SUCH_VERB = "no-such-verb"
UNREADABLE = "unreadable-row"

_ID = re.compile(r"[0-9a-f-]{32,36}")
_PART = re.compile(r"[a-z]{1,32}\.[a-z]{1,32}")

_log = logger("propagation")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Propagation:
    """Tells one parcel platform. ``observe`` is told of every settled attempt: (carrier, result)."""

    carrier: str
    notices: Notices
    clock: Clock
    teller: Teller
    transport: Transport
    observe: Callable[[str, str], None]
    chance: Callable[[], float] = random.random

    def run(self, stop: threading.Event) -> None:
        """Tell until ``stop`` is set; what is under way is finished."""
        work(stop, self.step, _log, idle=IDLE_SECONDS, storage=STORAGE_REST_SECONDS)

    def step(self) -> bool:
        """Tell the platform one thing. False if nothing was due. Raises: StorageError."""
        notice = self.notices.claim(self.clock(), LEASE_SECONDS, self.carrier)
        if notice is None:
            return False
        result, settled = self._settle(notice, self._told(notice))
        told = result if settled else "lease_lost"
        self.observe(self.carrier, f"{notice.telling}-{told}")
        attempts = notice.attempts + 1
        _log.info("notice", record_id=notice.record_id, carrier=self.carrier, attempts=attempts, status=told)
        return True

    def _told(self, notice: Notice) -> Heard:
        if not _ID.fullmatch(notice.record_id) or not _PART.fullmatch(notice.part):
            return Refused(code=UNREADABLE)  # nobody of us wrote it, and it would stand in a path
        request = self.teller.tell(notice)
        if request is None:
            return Impossible(code=NO_SUCH_VERB)
        try:
            return self.teller.heard(notice, self.transport.send(request))
        except TransientDeliveryError as problem:
            return Failed(code=problem.code)
        except PermanentDeliveryError as problem:  # egress is blocked, for everything on this lane
            return Failed(code=problem.code, pause_lane=True)

    def _settle(self, notice: Notice, heard: Heard) -> tuple[str, bool]:
        now = self.clock()
        match heard:
            case Gone():
                return Told.DONE, self._end(notice, Told.DONE, None)
            case Refused(code=code):
                return Told.REFUSED, self._end(notice, Told.REFUSED, code)
            case Impossible(code=code):
                return Told.IMPOSSIBLE, self._end(notice, Told.IMPOSSIBLE, code)
            case Failed(code=code):
                again = retry.keep_on(notice.attempts, heard, now, self.chance())
                if not again.counted:
                    self.notices.pause_lane(self.carrier, again.at, code)
                    _log.error("lane_paused", carrier=self.carrier, code=code)
                return "retry", self.notices.again(notice, again.at, code, counted=again.counted)

    def _end(self, notice: Notice, state: Told, code: str | None) -> bool:
        now = self.clock()
        return self.notices.settle(notice, state, code, now, today(now) + SHOWN)
