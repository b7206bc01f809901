"""The evidence of both acts made ready for the judge: what is here and there at each moment, and what opens of it.

Here is what rests in the database's files, there what the platform has of each shipment. How long a part may be kept
tells the tag that the platform got with it, on which the first act has its own verdict (``nothing-untagged``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from simulator.case import Case, member, tokens
from simulator.clock import BRUSSELS
from simulator.evidence import Evidence, Later, Moment
from simulator.rest import Key, PrivateKey, Sealed, opened, private_keys, sealed_in

RECIPIENT = "recipient"
PLATFORM = "platform/"
"""Beneath it lies what is the platform's own, in the names of files."""


class Seen:
    """One moment: the day in Brussels, and what is here and there."""

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self.day = datetime.fromisoformat(moment.at).astimezone(BRUSSELS).date()
        self.there = frozenset((id_, part) for id_, parts in moment.held.items() for part in parts)
        self.sealed = sealed_in(ours(moment.files))
        self.here = frozenset(part.key for part in self.sealed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What opened of some sealed parts: by which file's key, what it reads; and how many keys were tried."""

    keys: int
    by: Mapping[Key, str]
    content: Mapping[Key, object]


class Passed:
    """The evidence of both acts made ready. Every property is worked out once."""

    def __init__(self, evidence: Evidence, later: Later) -> None:
        self.case = Case(evidence)
        self.later = later
        self.ends = ends(self.case)
        self.last_day, self.day_after, self.month_over = map(Seen, (later.last_day, later.day_after, later.month_over))
        self.backup = sealed_in(later.backup)

    @cached_property
    def _latest(self) -> Mapping[str, date]:
        latest: dict[str, date] = {}
        for key, end in sorted(self.ends.items(), key=lambda item: item[1]):
            latest[_party(key)] = end
        return latest

    @cached_property
    def readable(self) -> Read:
        """What of the backup opened in the first act, with the keys of that day."""
        return _read(self.backup, private_keys(ours(self.case.evidence.database)))

    @cached_property
    def reopened(self) -> Read:
        """What of the backup still opens once the month's keys are destroyed."""
        return _read(self.backup, private_keys(ours(self.month_over.moment.files)))

    @cached_property
    def reopened_there(self) -> Read:
        """What the platform could still open of what its ledger keeps."""
        files = self.month_over.moment.files
        keys = private_keys({name: content for name, content in files.items() if name.startswith(PLATFORM)})
        return _read([part for part in self.case.sealed if _party(part.key) == RECIPIENT], keys)

    @cached_property
    def kept(self) -> Read:
        """What opens at the end of what is still in the database."""
        return _read(self.month_over.sealed, private_keys(ours(self.month_over.moment.files)))

    def ended(self, day: date) -> frozenset[Key]:
        """The parts that may not be there any more on ``day``."""
        return frozenset(key for key, end in self.ends.items() if end < day)

    def due(self, key: Key) -> date:
        """A part's last permitted day; of what the platform never got, that of the others of its party."""
        return self.ends.get(key) or self._latest.get(_party(key), date.max)

    def name(self, key: Key) -> str:
        """A part as a person knows it."""
        return f"{key[1]} of {self.case.order_of.get(key[0]) or f'shipment {key[0]}'}"


def _party(key: Key) -> str:
    return key[1].partition(".")[0]


def ends(case: Case) -> Mapping[Key, date]:
    """The last permitted day of every part that the platform took, by the tags that came with it."""
    return dict(_ends(case))


def _ends(case: Case) -> Iterator[tuple[Key, date]]:
    for entry in case.taken:
        body = case.bodies[entry.seq]
        arrived = {name for name, _ in tokens(body)}
        listed = member(body, "retention")
        for tag in listed if isinstance(listed, list) else ():
            name, until = member(tag, "part"), _day(member(tag, "until"))
            if name in arrived and until is not None:
                yield (str(body.get("id")), str(name)), until


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def ours(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Without what is the platform's own."""
    return {name: content for name, content in files.items() if not name.startswith(PLATFORM)}


def _read(parts: Sequence[Sealed], keys: Sequence[PrivateKey]) -> Read:
    by: dict[Key, str] = {}
    content: dict[Key, object] = {}
    for part in parts:
        found = opened(part, keys)
        if found is not None:
            by[part.key], content[part.key] = found[0].where, found[1]
    return Read(keys=len(keys), by=by, content=content)
