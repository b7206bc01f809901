"""``doctor``: whether the service can start as it is, and what to do where it cannot."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from email.utils import parsedate_to_datetime

import click

from middleware import bootstrap, bootstrap_retention, config
from middleware.cli import points, telling, words
from middleware.cli.common import config_option, harmless, json_option, loaded, print_json
from middleware.cli.doctor_back import unheard
from middleware.cli.doctor_keys import own_keys, rotations
from middleware.cli.doctor_lanes import accounts, paused, tracking
from middleware.cli.findings import Finding, Verdict, bad, mended, ok, warn
from middleware.core.calendar import today
from middleware.errors import (
    ConfigError,
    KeyRefusedError,
    NoDatabaseError,
    ParcelveilError,
    ShopUnreadableError,
    TamperedError,
)
from middleware.exchange import Request
from middleware.fitness import NEW_REQUEST
from middleware.keys import ServiceKeys
from middleware.model_shop import ShopState, made_up
from middleware.platform_keys import PlatformKeys
from middleware.provision import fetch
from middleware.services import Shop
from middleware.storage import open_store
from middleware.transport import HttpTransport

AHEAD = timedelta(days=45)
"""How long before a retention key is needed its absence is told."""

SELDOM = timedelta(minutes=30)
"""After how long without a run the purge is told to stand still."""

LATE = timedelta(days=1)
"""How long a parcel platform may take for an erasure."""

DRIFT = timedelta(minutes=5)
"""How far the platform's clock and ours may be apart."""

MOST_NAMED = 100
"""Of what cannot be read."""

_PROVISION = "run `parcelveil keys provision`, or ask the parcel platform for it"
_FETCH = "run `parcelveil keys provision` once the file is as it should be"
_ADDRESS = "check server.database ($DATABASE_URL), and whether it can be reached"
_NEEDED = ("database", "schema", "keys of the database")
"""What must be well with a database before its shops can be looked at."""

_INDENT = " " * 6


@click.command(short_help="Check all that the service needs to start.")
@config_option
@json_option
def doctor(config_file: str | None, as_json: bool) -> None:
    """Check configuration, keys, database, shops, carriers and clock: a line each; non-zero if the service must not
    start so.
    """
    findings = list(_findings(loaded(config_file)))
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            click.echo(f"{finding.verdict:<4}  {finding.check}{': ' if finding.message else ''}{finding.message}")
            if finding.remedy:
                click.echo(f"{_INDENT}to do: {finding.remedy}")
    sys.exit(1 if any(finding.verdict is Verdict.BAD for finding in findings) else 0)


def _findings(settings: config.Config) -> Iterator[Finding]:
    yield ok("configuration", f"{settings.path} is complete")
    own: ServiceKeys | None = None
    try:
        own = bootstrap.service_keys(settings)
    except ConfigError as problem:
        yield mended("service keys", problem, f"look at {settings.server.keys}")
    else:
        yield ok("service keys", f"receipt, index and service keys are there, and {_readers(settings)} may read them")
        yield from rotations(settings)
    yield from _state(settings)
    database = list(_database(settings, own))
    yield from database
    try:
        day = today(bootstrap.clock(settings)())
    except ConfigError as problem:
        yield bad("clock", str(problem), "write a time into that file, or leave server.clock out")
        return
    ready = not any(one.check in _NEEDED and one.verdict is Verdict.BAD for one in database)
    yield from _retention(settings)
    yield from unheard(settings)
    yield from own_keys(settings)
    yield from _shops(settings, own, day, ready=ready)
    yield from _carriers(settings)
    yield from accounts(settings, ready=own is not None and ready)
    yield from tracking(settings)
    yield from paused(settings)
    yield from points.findings(settings)


def _readers(settings: config.Config) -> str:
    group = settings.server.keys_group
    return "nobody else" if group is None else f"nobody but the group {group}"


def _state(settings: config.Config) -> Iterator[Finding]:
    """Only the web processes write there: for the relay's user on the same machine it is as it should be."""
    folder = settings.server.state.absolute()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if os.access(there, os.W_OK | os.X_OK):
        yield ok("state", f"what the parcel platforms publish is kept in {folder}")
    else:
        what = f"{there}: not to be written to by user {os.geteuid()}, so that a web process could not refresh keys"
        yield warn("state", what, "give the folder to the user of the web processes; the relay's needs it not")


def _database(settings: config.Config, own: ServiceKeys | None) -> Iterator[Finding]:
    try:
        store = open_store(settings.server.database)
        try:
            for name, well, message in store.check():
                what, _, remedy = message.partition(": ")
                yield ok(name, message) if well else bad(name, what, remedy)
        finally:
            store.close()
        if own is not None:
            bootstrap.fit_keys(settings, own)
            yield ok("keys of the database", "it was made with these keys, or with none yet")
    except NoDatabaseError as problem:
        yield mended("database", problem, _ADDRESS)
    except ConfigError as problem:
        yield mended("keys of the database", problem, _ADDRESS)
    except ParcelveilError as problem:
        yield bad("database", str(problem), _ADDRESS)


def _retention(settings: config.Config) -> Iterator[Finding]:
    """How the purge is doing, and what the parcel platforms have not done."""
    now = bootstrap.clock(settings)()
    try:
        with closing(bootstrap_retention.retention(settings)) as known:
            upkeep, notices = known.upkeep(), known.open(now - LATE)
            odd = known.unreadable(today(now), now, MOST_NAMED, ())
    except ParcelveilError:
        return  # told by the database's own line
    if upkeep.stopped:
        remedy = "set the clock right; or, if it is, run `parcelveil purge --accept-clock`"
        yield warn("purge", "it stands still: a clock has jumped, and nothing is erased", remedy)
    elif upkeep.last_run is not None and now - upkeep.last_run > SELDOM:
        what = f"last run at {telling.moment(upkeep.last_run)} UTC"
        yield warn("purge", what, "`parcelveil serve` runs it with the role relay; or run `parcelveil purge`")
    else:
        last = f"last run at {telling.moment(upkeep.last_run)} UTC" if upkeep.last_run else "has not run yet"
        yield ok("purge", last)
    if odd:
        ids = ", ".join(sorted({str(record_id) for record_id, _ in odd}))
        remedy = "keep their rows as evidence, then mend or delete them by hand; `parcelveil deliveries show` each"
        yield warn("parts", harmless(f"{len(odd)} cannot be read, and so are not erased: {ids}"), remedy)
    asked = {name: count for name, count in notices.items() if count and name != "waiting"}
    if asked:
        what = "of parts that ended, the parcel platform has not done: " + ", ".join(
            f"{count} {name}" for name, count in asked.items()
        )
        remedy = "`parcelveil deliveries list --refused`; ask the platform's operator, then note it with --seen"
        yield warn("erasure at the platform", what, remedy)


def _shops(settings: config.Config, own: ServiceKeys | None, day: date, *, ready: bool) -> Iterator[Finding]:
    if own is None:
        yield warn("shops", "not looked at: that needs the service's keys", "mend those first")
        return
    try:
        shops, faults = bootstrap.bind(settings, own)
    except ConfigError as problem:
        yield bad("shops", str(problem), "mend the policy pack")
        return
    for name, fault in faults.items():
        yield _quarantined(name, str(fault), "mend the setting that is named, and start the service anew")
    for name, shop in shops.items():
        yield _months(f"shop {name}", shop, day)
        if still := made_up(shop.settings.sender):
            what = f"{' and '.join(still)} made up by `parcelveil init`, and labels would bear it"
            yield warn(f"sender of {name}", what, f"write who sends into [shops.{name}.sender]")
    if ready:
        yield from _connected(settings, day, seeds=len(shops), faulty=list(faults))
    else:
        yield warn("shops in the database", "not looked at: that needs the database and its keys", "mend those first")


def _quarantined(name: str, fault: str, remedy: str) -> Finding:
    what = f"quarantined, and answered 401 like an unknown one; the others run: {fault}"
    return warn(f"shop {name}", what, remedy)


def _faulty(name: str, fault: ParcelveilError) -> Finding:
    """A shop in the database that is quarantined: bad where somebody or something else changed its row."""
    if isinstance(fault, (ShopUnreadableError, TamperedError)):
        remedy = f"`parcelveil shops connect {name}` or `shops disconnect {name}`; look who could write to the database"
        return bad(f"shop {name}", f"quarantined, the others run: {fault}", remedy)
    remedy = "mend what is named, or give it other settings with `parcelveil shops connect`"
    return _quarantined(name, str(fault), remedy)


def _connected(settings: config.Config, day: date, *, seeds: int, faulty: list[str]) -> Iterator[Finding]:
    """The shops in the database: how many, and whatever is wrong with one of them."""
    shops: list[Shop] = []
    faults: dict[str, ParcelveilError] = {}
    try:
        known = bootstrap.onboarding(settings)
        with closing(known.store):
            ended = [face.shop for face in known.faces() if face.state is ShopState.UNINSTALLED]
            for row, shop in known.at_work():
                if isinstance(shop, Shop) and not shop.ended:
                    shops.append(shop)
                elif not isinstance(shop, Shop):
                    faults[row.name] = shop
    except ParcelveilError as problem:
        yield bad("shops in the database", str(problem), "mend the database: no process starts without them")
        return
    for name in ended:
        what = "answered 401 like an unknown one: it uninstalled the app, and its request to integrate ended"
        yield warn(f"shop {name}", what, NEW_REQUEST)
    for name, fault in faults.items():
        yield _faulty(name, fault)
    if not shops and not seeds:
        yield _none_at_work([*faulty, *faults])
    if shops:
        yield ok("shops in the database", f"{len(shops)} can be served, {len(faults)} are quarantined")
    for alike in {(shop.settings.carrier, id(shop.policy)): shop for shop in shops}.values():
        yield _months(f"shops in the database with {alike.settings.carrier}", alike, day)


def _none_at_work(faulty: list[str]) -> Finding:
    """Bad where there are shops: one who has none yet may connect the first to the service that runs."""
    what = "none can be served, so every webhook is answered 401"
    if faulty:
        return bad("shops", f"{what}: quarantined are {', '.join(faulty)}", "mend one at least, as told of each above")
    return warn("shops", what, "add one as [shops.<name>], or with `parcelveil shops connect`")


def _months(check: str, shop: Shop, day: date) -> Finding:
    if shop.transit:
        return ok(check, "ready, as far as the transit keys are there")
    try:
        missing, later = sorted(shop.lacking(day)), sorted(shop.lacking(day + AHEAD))
    except ConfigError as problem:
        return mended(check, problem, _FETCH)
    if missing:
        return bad(check, f"no retention key {missing[0]}: its orders are answered 503", _PROVISION)
    if later:
        what = f"retention key {later[0]} is needed within {AHEAD.days} days and not there yet"
        return warn(check, f"ready; but {what}", _PROVISION)
    return ok(check, f"ready; retention keys are there for the next {AHEAD.days} days")


def _carriers(settings: config.Config) -> Iterator[Finding]:
    try:
        transports = bootstrap.transports(settings)
    except ConfigError as problem:
        yield mended("carriers", problem, "check server.ca_file and server.egress_proxy")
        return
    for name, known in bootstrap.platform_keys(settings).items():
        if not bootstrap.takes_cleartext(settings, name):  # else it publishes nothing that could be asked for
            yield from _carrier(name, transports[name], known, settings)


def _carrier(name: str, transport: HttpTransport, known: PlatformKeys, settings: config.Config) -> Iterator[Finding]:
    check = f"carrier {name}"
    try:
        told = fetch(known, transport, bootstrap.clock(settings)())
        answer = transport.send(Request(method="GET", path="/.well-known/jwks.json", headers={}, body=None))
    except KeyRefusedError as problem:
        yield bad(check, str(problem), "ask the platform's operator by another way which keys are its own")
    except ConfigError as problem:
        yield mended(check, problem, _FETCH)
    except ParcelveilError as problem:
        what, _, remedy = words.trouble(name, problem).rpartition("; ")
        yield warn(check, what, f"{remedy}; what is stored waits until it answers")
    else:
        yield ok(check, "answers; its keys fit those that are pinned")
        yield from points.left_out(name, told.unfit)
        if settings.server.clock_file is None:
            yield _clock(f"clock beside {name}", answer.headers.get("date"))


def _clock(check: str, told: str | None) -> Finding:
    """The system's clock beside a parcel platform's (``Date``, RFC 9110 §6.6.1): retention is a matter of dates."""
    try:
        apart = abs(bootstrap.system_clock() - parsedate_to_datetime(told or ""))
    except (ValueError, TypeError):
        return warn(check, "the parcel platform tells no time to compare with", "compare this machine's yourself")
    if apart > DRIFT:
        return warn(check, f"{round(apart.total_seconds())} s apart", "check that this machine's time is synchronised")
    return ok(check, "agrees")
