"""``doctor`` on our own keys: rotations that were begun, and keys for parts: those of months, for copies that stay, and
those of weeks, for transit.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

from middleware import bootstrap, bootstrap_months, bootstrap_retention, config
from middleware.cli.findings import Finding, bad, mended, ok, warn
from middleware.core.weeks import must_go, week_of
from middleware.errors import ConfigError, ParcelveilError
from middleware.key_turns import unfinished
from middleware.retention_keys import HOME

_MAKE = "start the relay, or run `parcelveil keys provision` as its user"
_ROTATE = "parcelveil keys rotate"
_AHEAD = 2
"""Weeks ahead for which a transit key should be there: the relay makes them four weeks ahead."""


def rotations(settings: config.Config) -> Iterator[Finding]:
    """What a person or the relay has to end, for as long as both keys are needed."""
    for words in unfinished(settings.server.keys):
        which, _, ends = words.partition(" ")
        if ends:
            what = "not ended: the key before is needed until nothing that was made with it is left"
            remedy = f"the relay does it within minutes where it may write to keys/service; or `{_ROTATE} {words}`"
        else:
            what = "it has stopped amid the turn, and goes on where it was"
            remedy = f"run `{_ROTATE} {words}` again"
        yield warn(f"rotation of the {which} key", what, remedy)


def own_keys(settings: config.Config) -> Iterator[Finding]:
    """Whether the keys are there that orders need now and soon, and gone whose time is over."""
    yield from _months(settings)
    yield from _weeks(settings)


def _months(settings: config.Config) -> Iterator[Finding]:
    """Those of the copies that stay here after delivery."""
    home = settings.server.keys / HOME
    mine = os.access(home, os.R_OK | os.X_OK)  # else it is the relay's, whose user may look
    try:
        held = bootstrap_months.ring(settings).kids() if mine else frozenset()
        if settings.server.keep_delivered != "policy" and not any(week_of(kid) is None for kid in held):
            return
        lacking, over = bootstrap_months.lacking(settings), bootstrap_months.over(settings) if mine else frozenset()
    except ConfigError as problem:
        yield mended("own retention keys", problem, "put the right files back")
        return
    if lacking:
        what = f"no key {min(lacking)}: orders that need it are answered 503"
        yield bad("own retention keys", what, "run `parcelveil keys provision`")
    elif over:
        months = sorted({kid.rpartition("/")[2] for kid in over})
        what = (
            f"those of {', '.join(months)} are over, and what they seal can be read in backups until they are destroyed"
        )
        yield warn("own retention keys", what, f"`parcelveil keys destroy {months[0]} --by NAME`, in two steps")
    else:
        yield ok("own retention keys", "they are there for this month and those ahead")


def _weeks(settings: config.Config) -> Iterator[Finding]:
    """Those of the carriers that take cleartext."""
    if not any(bootstrap.takes_cleartext(settings, carrier) for carrier in settings.carriers):
        return
    try:
        now_missing, missing = (sorted(bootstrap_months.lacking_weeks(settings, ahead)) for ahead in (0, _AHEAD))
    except ConfigError as problem:
        yield mended("transit keys", problem, "put the right files back")
        return
    late = _late(settings)
    if now_missing:
        yield bad("transit keys", f"no key {now_missing[0]}: orders that need it are answered 503", _MAKE)
    elif missing:
        what = f"key {missing[0]} is needed within {_AHEAD} weeks and not there yet"
        yield warn("transit keys", what, _MAKE)
    elif late:
        what = f"parts of {', '.join(late)} should be gone by now, with their keys"
        yield warn("transit keys", what, "start the relay, which destroys them; `parcelveil purge` takes the parts")
    else:
        yield ok("transit keys", "they are there for this week and those ahead")


def _late(settings: config.Config) -> list[str]:
    """The weeks whose keys may exist no longer and of which parts are here."""
    now = bootstrap.clock(settings)()
    try:
        with closing(bootstrap_retention.retention(settings)) as known:
            return sorted(week for week in known.weeks() if must_go(week, now))
    except ParcelveilError:
        return []  # told by the database's own line
