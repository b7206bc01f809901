"""The promises that are special to bpost's services, which take cleartext: how things rest here until then, and that
the keys of their week are the last of them.

In the first act a copy of the database is made while everything waits for the relay. What is sealed in it must open
with the keys of that week, and once these are destroyed with no key that is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from simulator.arrival import BRUSSELS
from simulator.case import Case
from simulator.evidence import Evidence, Moment, Weeks
from simulator.jwe import read_header
from simulator.passed import ours
from simulator.rest import Key, Sealed, opened, private_keys
from simulator.search import Needles
from simulator.secrecy import amount, found, unclear
from simulator.verdict import BPOST_LATER_PROMISES, BPOST_PROMISES, Finding, Verdict, verdict

TRANSIT = re.compile("(?P<part>[a-z.]+)/transit/(?P<week>[0-9]{4}-W[0-9]{2})")
"""The id of a key of the week (sealing 'Retention keys')."""


def nothing_unsealed(case: Case) -> Verdict:
    """Every part sealed to a key of its week while it waited, and nothing of an order in the clear beside it."""
    waiting, needles = case.evidence.waiting, Needles(unclear(case))
    basis = (
        f"{len(case.sealed)} parts of {len({part.key[0] for part in case.sealed})} records, and {len(needles.texts)} "
        f"texts in {amount(waiting)}, while all of it waited for the relay"
    )
    findings = (
        *_not_of_the_week(case),
        *_closed(case),
        *_missing(case),
        *found(case, needles, waiting, "rests unsealed"),
    )
    return verdict("nothing-unsealed", len(case.sealed), basis, findings, BPOST_PROMISES)


def _not_of_the_week(case: Case) -> Iterator[Finding]:
    weeks = {_week(day - timedelta(days=back)) for day in _days(case) for back in (0, 1)}
    for part in case.sealed:
        kid = TRANSIT.fullmatch(str(read_header(part.token)["kid"]))
        if kid is None or kid["part"] != part.key[1] or kid["week"] not in weeks:
            yield Finding(what=f"{_name(case, part.key)} is sealed to no key of its week", where=part.where)


def _closed(case: Case) -> Iterator[Finding]:
    keys = private_keys(case.evidence.database)
    for part in case.sealed:
        if opened(part, keys) is None:
            yield Finding(what=f"{_name(case, part.key)} does not open with any key", where=part.where)


def _missing(case: Case) -> Iterator[Finding]:
    """What of a shipment did not wait here sealed, or did not come to bpost."""
    there = {part.key for part in case.sealed}
    for shipment in case.evidence.shipments:
        allowed = case.permitted.get(case.order_of[shipment.id] or "")
        for name in sorted({place.partition("/")[0] for place in allowed.sealed} if allowed else ()):
            key = shipment.id, name
            if key not in there:
                yield Finding(what=f"{_name(case, key)} did not wait sealed", where="in no row of the database")
            if name.startswith("recipient.") and name not in shipment.parts:
                yield Finding(what=f"{_name(case, key)} did not arrive", where=f"shipment {shipment.id}")


class Ended:
    """The evidence of both acts with bpost's services, made ready for the judge; ``reopened`` goes by its moments."""

    def __init__(self, evidence: Evidence, weeks: Weeks) -> None:
        self.case = Case(evidence)
        self.moments = (weeks.week_over, weeks.months_over)
        self.readable = self._read(ours(evidence.database))
        self.reopened = tuple(self._read(ours(moment.files)) for moment in self.moments)

    def _read(self, files: Mapping[str, bytes]) -> Mapping[Key, str]:
        """What of the copy opens with the keys among these files: part → the key's file."""
        keys = private_keys(files)
        tried = ((part.key, opened(part, keys)) for part in self.case.sealed)
        return {key: read[0].where for key, read in tried if read is not None}

    def pieces(self, moment: Moment) -> Iterator[tuple[Sealed, str, int]]:
        """(part, file, byte) of whatever is left of what waited."""
        for part in self.case.sealed:
            for name, content in ours(moment.files).items():
                if (place := part.place(content)) is not None:
                    yield part, name, place


def nothing_late(ended: Ended) -> Verdict:
    """No piece of a part in any file, at either moment."""
    files = [content for moment in ended.moments for content in ours(moment.files).values()]
    days = " and ".join(day(moment) for moment in ended.moments)
    basis = f"{len(ended.case.sealed)} parts, in {sum(map(len, files)) / 1000:,.0f} kB on {days}"
    findings = (
        Finding(what=f"a piece of {_name(ended.case, part.key)}", where=f"{name}, byte {place}, on {day(moment)}")
        for moment in ended.moments
        for part, name, place in ended.pieces(moment)
    )
    checked = len(ended.case.sealed) if all(moment.files for moment in ended.moments) else 0
    return verdict("nothing-late", checked, basis, findings, BPOST_LATER_PROMISES)


def nothing_reopened(ended: Ended) -> Verdict:
    """What opened out of the copy while its week lasted opens no more."""
    then = tuple(zip(ended.moments, ended.reopened, strict=True))
    again = ", ".join(f"{len(reopened)} on {day(moment)}" for moment, reopened in then)
    basis = f"{len(ended.readable)} parts opened out of the backup in the first act; {again}"
    findings = [
        Finding(what=f"{_name(ended.case, part.key)} did not open out of the backup", where="in the first act")
        for part in ended.case.sealed
        if part.key not in ended.readable
    ]
    findings += [
        Finding(
            what=f"{_name(ended.case, key)} opens out of the backup on {day(moment)}", where=f"with the key in {where}"
        )
        for moment, reopened in then
        for key, where in reopened.items()
    ]
    return verdict("nothing-reopened", len(ended.readable), basis, findings, BPOST_LATER_PROMISES)


def day(moment: Moment) -> str:
    """A moment's day in Brussels."""
    return datetime.fromisoformat(moment.at).astimezone(BRUSSELS).date().isoformat()


def _days(case: Case) -> set[date]:
    return {datetime.fromisoformat(entry.at).astimezone(BRUSSELS).date() for entry in case.evidence.entries}


def _week(of: date) -> str:
    year, number, _ = of.isocalendar()
    return f"{year:04}-W{number:02}"


def _name(case: Case, key: Key) -> str:
    return f"{key[1]} of {case.order_of.get(key[0]) or f'record {key[0]}'}"
