"""The promises about what arrived: nothing dropped, doubled, stray, untagged or unlabelled."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from anyascii import anyascii

from simulator.case import Case, member, tokens
from simulator.evidence import Entry, Sent, Shipment
from simulator.label_reader import read_label
from simulator.permitted import plain
from simulator.verdict import Finding, Verdict, verdict

BRUSSELS = ZoneInfo("Europe/Brussels")
MONTHS = {"vp.recipient.operational": 13, "vp.sender.legal": 120}
"""How long each retention class lasts from the day of intake (sealing 'Parts')."""
CLASSES = {
    "recipient.delivery": "vp.recipient.operational",
    "recipient.notification": "vp.recipient.operational",
    "recipient.customs": "vp.recipient.operational",
    "sender.contact": "vp.sender.legal",
}
LEAST_LINE = 24
"""Characters of a name that a label shows at least, should the whole not fit."""


def nothing_dropped(case: Case) -> Verdict:
    """Every delivery acknowledged, every order to ship in the ledger."""
    basis = f"{len(case.to_ship)} orders to ship, {len(case.taken)} shipments taken"
    return verdict("nothing-dropped", len(case.to_ship), basis, _dropped(case))


def _dropped(case: Case) -> Iterator[Finding]:
    for sent in case.evidence.orders:
        for status in sent.statuses or (None,):
            if status is None or not 200 <= status <= 299:
                yield Finding(what=sent.file, where=f"the shop was answered {status or 'not at all'}")
    for sent in case.to_ship:
        if not any(case.entries_of(shipment.id) for shipment in case.shipments_of(sent.file)):
            where = f"in none of the {len(case.taken)} shipments that the platform's ledger holds"
            yield Finding(what=f"{sent.file} ({_acknowledged(sent)})", where=where)


def _acknowledged(sent: Sent) -> str:
    return "acknowledged" if sent.acknowledged else "not acknowledged"


def nothing_doubled(case: Case) -> Verdict:
    """One shipment for each order."""
    deliveries = sum(len(sent.statuses) for sent in case.to_ship)
    basis = f"{len(case.to_ship)} orders in {deliveries} deliveries, {len(case.evidence.shipments)} shipments"
    return verdict("nothing-doubled", len(case.to_ship), basis, _doubled(case))


def _doubled(case: Case) -> Iterator[Finding]:
    for file in case.twins:
        yield Finding(what=file, where="cannot be told apart from another order by who receives it where")
    for sent in case.to_ship:
        shipments = case.shipments_of(sent.file)
        if len(shipments) > 1:
            yield Finding(what=f"{sent.file} arrived {len(shipments)} times", where=_entries(case, shipments))


def nothing_stray(case: Case) -> Verdict:
    """Nothing of what was not to be shipped."""
    kept_back = [sent for sent in case.evidence.orders if sent.expected != "accepted"]
    basis = f"{len(kept_back)} orders not to ship, {len(case.evidence.shipments)} shipments"
    return verdict(
        "nothing-stray", len(kept_back), basis, _stray(case, {sent.file: sent.expected for sent in kept_back})
    )


def _stray(case: Case, kept_back: dict[str, str]) -> Iterator[Finding]:
    for shipment in case.evidence.shipments:
        file = case.order_of[shipment.id]
        if file is None:
            yield Finding(what=f"shipment {shipment.id} is of no order", where=_entries(case, (shipment,)))
        elif file in kept_back:
            yield Finding(what=f"{file} (to be {kept_back[file]})", where=_entries(case, (shipment,)))


def nothing_untagged(case: Case) -> Verdict:
    """The retention tags of what the platform took."""
    parts = [(entry, name) for entry in case.taken for name, _ in tokens(case.bodies[entry.seq])]
    return verdict("nothing-untagged", len(parts), f"{len(parts)} parts", _untagged(case))


def _untagged(case: Case) -> Iterator[Finding]:
    for entry in case.taken:
        body = case.bodies[entry.seq]
        listed = member(body, "retention")
        tags = [tag for tag in listed if isinstance(tag, dict)] if isinstance(listed, list) else []
        for name, _ in tokens(body):
            mine = [tag for tag in tags if tag.get("part") == name]
            if len(mine) != 1 or not _holds(mine[0], name, entry):
                yield Finding(what=f"the retention tag of {name}", where=f"ledger entry {entry.seq}: /retention")


def _holds(tag: dict[str, object], name: str, entry: Entry) -> bool:
    """Class, start and end of a tag; intake may have been shortly before a midnight that came before the delivery."""
    day = datetime.fromisoformat(entry.at).astimezone(BRUSSELS).date()
    class_ = CLASSES.get(name, "")
    periods = [
        (start.isoformat(), months_on(start, MONTHS.get(class_, 0)).isoformat())
        for start in (day, day - timedelta(days=1))
    ]
    return tag.get("class") == class_ and (tag.get("starts"), tag.get("until")) in periods


def months_on(day: date, months: int) -> date:
    """The day that many months later; the last of its month where that has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def nothing_unlabelled(case: Case) -> Verdict:
    """A label for each shipment, with its barcode and the recipient."""
    shipments = case.evidence.shipments
    return verdict("nothing-unlabelled", len(shipments), f"{len(shipments)} labels (PDF)", _unlabelled(case))


def _unlabelled(case: Case) -> Iterator[Finding]:
    for shipment in case.evidence.shipments:
        what = f"the label of {case.order_of[shipment.id] or shipment.id}"
        try:
            lines = [text.text for text in read_label(shipment.label).texts]
        except ValueError:
            yield Finding(what=what, where="is no label that can be read")
            continue
        name = str(shipment.parts.get("recipient.delivery", {}).get("name", ""))
        if not any(_shows(line, name) for line in lines):
            yield Finding(what=what, where="does not show who receives")
        if shipment.barcode not in lines:
            yield Finding(what=what, where="does not show its barcode")


def _shows(line: str, name: str) -> bool:
    """Whether a printed line is the name: a label transliterates, leaves out what does not print, cuts what is long."""
    printed, wanted = _letters(line), _letters(name)
    return bool(printed) and wanted.startswith(printed) and len(printed) >= min(len(wanted), LEAST_LINE)


def _letters(text: str) -> str:
    return "".join(character for character in anyascii(plain(text)).casefold() if character.isalnum())


def _entries(case: Case, shipments: tuple[Shipment, ...]) -> str:
    numbers = sorted(entry.seq for shipment in shipments for entry in case.entries_of(shipment.id))
    return f"ledger entr{'y' if len(numbers) == 1 else 'ies'} {', '.join(map(str, numbers)) or '(none)'}"
