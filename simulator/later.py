"""The promises about time: what may live lives to its last permitted day, in both places, and no day longer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from simulator.passed import Passed, Read, Seen, ours
from simulator.rest import Key
from simulator.verdict import Finding, Verdict, verdict


def nothing_early(passed: Passed) -> Verdict:
    """On the last permitted day of the recipients' parts, every part is in both places."""
    seen = passed.last_day
    living = passed.ends.keys() - passed.ended(seen.day)
    basis = f"{len(living)} parts on {seen.day}: {len(seen.here)} in the database, {len(seen.there)} at the platform"
    return verdict("nothing-early", len(living), basis, sorted(_missing(passed, seen, living)))


def _missing(passed: Passed, seen: Seen, living: Set[Key]) -> Iterator[Finding]:
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
    for part in (*passed.backup, *passed.case.sealed):
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


def _unlike(passed: Passed, living: Set[Key]) -> Iterator[Finding]:
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
