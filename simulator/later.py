"""The promises about time: what may live lives to its last permitted day, here and at the platform, and no day longer.

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
from simulator.rest import Key, PrivateKey, Sealed, opened, private_keys, sealed, sealed_in
from simulator.verdict import Finding, Verdict, verdict

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
    def forwarded(self) -> tuple[Sealed, ...]:
        """Every part as the platform got it: its ledger keeps that, sealed."""
        found = (
            sealed(str(token), f"ledger entry {entry.seq}")
            for entry in self.case.taken
            for _, token in tokens(self.case.bodies[entry.seq])
        )
        return tuple(part for part in found if part is not None)

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
        return _read([part for part in self.forwarded if _party(part.key) == RECIPIENT], keys)

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


def nothing_early(passed: Passed) -> Verdict:
    """On the last permitted day of the recipients' parts, every part is in both places."""
    seen = passed.last_day
    living = passed.ends.keys() - passed.ended(seen.day)
    basis = f"{len(living)} parts on {seen.day}: {len(seen.here)} in the database, {len(seen.there)} at the platform"
    return verdict("nothing-early", len(living), basis, sorted(_missing(passed, seen, living)))


def _missing(passed: Passed, seen: Seen, living: set[Key] | frozenset[Key]) -> Iterator[Finding]:
    for key in living:
        for place, there in (("in the database", seen.here), ("at the platform", seen.there)):
            if key not in there:
                what = f"{passed.name(key)} is gone before {passed.ends[key]} is over"
                yield Finding(what=what, where=f"not {place} on {seen.day}")


def nothing_late(passed: Passed) -> Verdict:
    """The day after, what has ended is in neither place, and no piece of it in the bytes of a file."""
    seen = passed.day_after
    ended = passed.ended(seen.day)
    files = ours(seen.moment.files)
    amount = f"{sum(map(len, files.values())) / 1000:,.0f} kB"
    basis = f"{len(ended)} parts of recipients on {seen.day}, in {amount} and at the platform"
    findings = (*_held(passed, seen), *_resting(passed, seen, files))
    return verdict("nothing-late", len(ended) if files else 0, basis, sorted(findings))


def _held(passed: Passed, seen: Seen) -> Iterator[Finding]:
    for key in seen.there:
        if passed.due(key) < seen.day:
            yield Finding(what=_late(passed, key), where=f"at the platform on {seen.day}, shipment {key[0]}")


def _resting(passed: Passed, seen: Seen, files: Mapping[str, bytes]) -> Iterator[Finding]:
    """In a row of the database; or what was sealed in the first act, in pieces, in any file."""
    for part in seen.sealed:
        if passed.due(part.key) < seen.day:
            where = f"{part.where}, byte {part.place(files[part.where])}, on {seen.day}"
            yield Finding(what=_late(passed, part.key), where=where)
    for part in (*passed.backup, *passed.forwarded):
        if part.key in seen.here or passed.due(part.key) >= seen.day:
            continue
        for name, content in files.items():
            if (place := part.place(content)) is not None:
                yield Finding(
                    what=f"a piece of {_late(passed, part.key)}", where=f"{name}, byte {place}, on {seen.day}"
                )


def _late(passed: Passed, key: Key) -> str:
    return f"{passed.name(key)} lives past {passed.due(key)}"


def nothing_reopened(passed: Passed) -> Verdict:
    """A backup of the first act opened then; now no part of a recipient does, nor what the platform's ledger keeps."""
    day = passed.month_over.day
    ended = passed.ended(day)
    opened_then = passed.readable.by.keys() & ended
    here, there = passed.reopened, passed.reopened_there
    basis = f"{len(opened_then)} parts of recipients opened out of the backup in the first act; on {day} "
    basis += (
        f"{len(here.by.keys() & ended)} do, with {here.keys} keys, and {len(there.by)} out of the platform's ledger, "
    )
    basis += f"with {there.keys}"
    findings = (
        *(
            Finding(what=f"{passed.name(key)} is not in the backup, or did not open", where="in the first act")
            for key in ended - opened_then
        ),
        *_opens(passed, here, "the backup"),
        *_opens(passed, there, "the platform's ledger"),
    )
    return verdict("nothing-reopened", len(opened_then), basis, sorted(findings))


def _opens(passed: Passed, read: Read, place: str) -> Iterator[Finding]:
    for key, where in read.by.items():
        if passed.due(key) < passed.month_over.day:
            yield Finding(what=f"{passed.name(key)} opens out of {place}", where=f"with the key in {where}")


def nothing_lost(passed: Passed) -> Verdict:
    """At the end, what may live longer is in both places and reads as it did in the first act."""
    seen = passed.month_over
    living = passed.ends.keys() - passed.ended(seen.day)
    basis = f"{len(living)} parts on {seen.day}, with the same content as in the first act"
    findings = (*_missing(passed, seen, living), *_unlike(passed, living))
    return verdict("nothing-lost", len(living), basis, sorted(findings))


def _unlike(passed: Passed, living: set[Key]) -> Iterator[Finding]:
    first = {
        (shipment.id, part): text
        for shipment in passed.case.evidence.shipments
        for part, text in shipment.parts.items()
    }
    there = {(id_, part): text for id_, parts in passed.later.month_over.held.items() for part, text in parts.items()}
    places: Sequence[tuple[str, Mapping[Key, object]]] = (
        ("in the database", passed.kept.content),
        ("in the backup", passed.reopened.content),
        ("at the platform", there),
    )
    for key in living & first.keys():
        for place, found in places:
            if found.get(key) != first[key]:
                yield Finding(
                    what=f"{passed.name(key)} does not read as it did", where=f"{place} on {passed.month_over.day}"
                )


def _read(parts: Sequence[Sealed], keys: Sequence[PrivateKey]) -> Read:
    by: dict[Key, str] = {}
    content: dict[Key, object] = {}
    for part in parts:
        found = opened(part, keys)
        if found is not None:
            by[part.key], content[part.key] = found[0].where, found[1]
    return Read(keys=len(keys), by=by, content=content)
