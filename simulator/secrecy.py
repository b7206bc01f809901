"""The promises about what may be seen: nothing unsealed, leaked, or left behind in the database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from simulator.bpost.elements import told
from simulator.bpost.locator import SPOTS, address
from simulator.case import Case, member, tokens
from simulator.evidence import Entry, Shipment
from simulator.jwe import UnreadableError, read_header
from simulator.pickup import POINTS
from simulator.search import Needles
from simulator.verdict import BPOST_PROMISES, PROMISES, Finding, Verdict, verdict

PUBLIC = frozenset(text for id_ in SPOTS for text in address(id_).values())
"""What is said of pick-up points, which are public places."""

PUBLISHED = frozenset(
    text for point in POINTS.values() for text in (point.name, point.street, point.postal_code, point.locality)
)
"""What the platform itself tells everybody of its pick-up points: no leak in the one file in which that is kept."""

OF_THE_PLATFORM = re.compile(r"(?:.*/)?platform-[^/]+\.json")
"""Where Parcelveil keeps what the platform publishes."""

CODE = re.compile("[0-9A-Z]{5}-[0-9A-Z]{5}")
"""What stands on a label for packers: a short code of Parcelveil's own."""


def nothing_unsealed(case: Case) -> Verdict:
    """Every part a JWE that opened, none of its texts in the clear beside it."""
    parts = sum(1 for entry in case.evidence.posts for _ in tokens(case.bodies[entry.seq]))
    needles = Needles(_sealed_texts(case))
    basis = f"{parts} parts, {len(needles.texts)} texts that may travel only sealed in {amount(_bodies(case))}"
    findings = (*_shapes(case), *_closed(case), *found(case, needles, _bodies(case), "may travel only sealed"))
    return verdict("nothing-unsealed", parts and len(needles.texts), basis, findings)


def _sealed_texts(case: Case) -> frozenset[str]:
    """The texts that travel sealed, whole or as a piece of another: of the orders, and of the shop's own settings."""
    travelling = frozenset(
        text
        for file, texts in case.texts_of.items()
        for text in texts
        if any(text in allowed for allowed in case.permitted[file].texts)
    )
    of_shop = frozenset[str]() if case.cleartext else _of_shop(case)
    return ((travelling & case.texts()) | of_shop) - _clear_texts(case)


def _of_shop(case: Case) -> frozenset[str]:
    return frozenset(case.evidence.shop.sender.values())


def _clear_texts(case: Case) -> frozenset[str]:
    return frozenset(text for allowed in case.permitted.values() for text in allowed.clear.values())


def _shapes(case: Case) -> Iterator[Finding]:
    for entry in case.evidence.posts:
        for name, token in tokens(case.bodies[entry.seq]):
            try:
                read_header(str(token))
            except UnreadableError:
                yield Finding(what=f"{name} is not sealed", where=f"ledger entry {entry.seq}: {_pointer(name)}")


def _closed(case: Case) -> Iterator[Finding]:
    for shipment in case.evidence.shipments:
        where = f"shipment {shipment.id}"
        for name in shipment.unreadable:
            yield Finding(what=f"{name} could not be opened", where=where)
        allowed = case.permitted.get(case.order_of[shipment.id] or "")
        wanted = {place.partition("/")[0] for place in allowed.sealed} if allowed else set()
        for name in sorted(wanted - shipment.parts.keys() - set(shipment.unreadable)):
            yield Finding(what=f"{name} did not arrive", where=where)


def nothing_leaked(case: Case) -> Verdict:
    """No text of any order where it may not be, however it is written there."""
    database, logs = case.evidence.database, case.evidence.logs
    everywhere, sent = Needles(unclear(case)), Needles(_forbidden_texts(case))
    basis = (
        f"{len(everywhere.texts)} texts ({everywhere.skipped} too short to tell) in {amount(_bodies(case))}, "
        f"{len(case.evidence.shipments)} opened shipments, database ({amount(database)}), logs ({amount(logs)})"
    )
    published = {name: content for name, content in database.items() if OF_THE_PLATFORM.fullmatch(name)}
    ours = {name: content for name, content in database.items() if name not in published}
    findings = (
        *found(case, sent, _bodies(case), "may not pass"),
        *_opened(case),
        *_strange(case),
        *_clear(case),
        *found(case, everywhere, ours, "may not rest in the clear"),
        *found(case, Needles(unclear(case) - PUBLISHED), published, "may not rest in the clear"),
        *found(case, everywhere, logs, "may not be logged"),
        *(Finding(what=f"no {kind} to search", where="nothing was found there") for kind in _empty(database, logs)),
    )
    return verdict("nothing-leaked", len(everywhere.texts), basis, findings)


def unclear(case: Case) -> frozenset[str]:
    """What of the orders may stand nowhere in the clear."""
    return case.texts() - _clear_texts(case)


def _forbidden_texts(case: Case) -> frozenset[str]:
    """What may be in no request. bpost is not told who sends; of a pick-up point it is told where that is."""
    texts = case.texts() | _of_shop(case) if case.cleartext else case.texts()
    return texts - _sealed_texts(case) - _clear_texts(case) - PUBLIC


def _empty(database: Mapping[str, bytes], logs: Mapping[str, bytes]) -> list[str]:
    return [kind for kind, files in (("database", database), ("logs", logs)) if not any(files.values())]


def _opened(case: Case) -> Iterator[Finding]:
    for shipment in case.evidence.shipments:
        allowed = case.permitted.get(case.order_of[shipment.id] or "")
        for part, name, value in _members(shipment):
            if allowed is None or not (allowed.admits(part, name, value, case.spelled) or _usual(case, name, value)):
                what = f"{part}/{name} holds what may not pass" + _known(case, value)
                yield Finding(what=what, where=f"opened by the platform, shipment {shipment.id}")


def _usual(case: Case, name: str, value: object) -> bool:
    """bpost's messages need a language: where the order tells none, it is English."""
    return case.cleartext and (name, value) == ("language", "en")


def _strange(case: Case) -> Iterator[Finding]:
    """Elements of a box that nothing of an order has a place in, and a reference that is no code."""
    for shipment in case.evidence.shipments:
        box = told(shipment.elements)
        where = f"told by the platform of shipment {shipment.id}"
        for path in box.strange:
            yield Finding(what=f"{path} is told", where=where)
        known = address(box.clear.get("parcel/pickup_point")).values()
        for path, text in box.public:
            if text not in known:
                yield Finding(what=f"{path} is not the pick-up point's", where=where)
        if shipment.elements and not CODE.fullmatch(box.clear.get("parcel/reference", "")):
            yield Finding(what="the reference for packers is no code", where=where)


def _members(shipment: Shipment) -> Iterator[tuple[str, str, object]]:
    for part, content in shipment.parts.items():
        items = content.get("items")
        for holder in items if part == "recipient.customs" and isinstance(items, list) else (content,):
            for name, value in holder.items():
                yield part, name, value


def _known(case: Case, value: object) -> str:
    place = case.place(value) if isinstance(value, str) and value in case.texts() else ""
    return f" ({place})" if place else ""


def _clear(case: Case) -> Iterator[Finding]:
    for entry in case.taken:
        body = case.bodies[entry.seq]
        allowed = case.permitted.get(case.order_of.get(str(body.get("id"))) or "")
        for place in ("recipient/country", "recipient/postal_code", "parcel/pickup_point"):
            value = member(body, *place.split("/"))
            if value is not None and (allowed is None or not _equal(case, allowed.clear.get(place), value)):
                yield Finding(what=f"/{place} is not the order's", where=_entry(entry))


def _equal(case: Case, allowed: str | None, value: object) -> bool:
    """bpost has postal codes without what is no part of them."""
    return allowed == value or (case.cleartext and case.spelled(allowed or "") == case.spelled(str(value)))


def nothing_left(case: Case) -> Verdict:
    """No sealed part of a delivered shipment in the bytes of the database."""
    sealed = {
        part.token.split(".")[-2]: f"{part.key[1]} of {case.order_of.get(part.key[0]) or 'a shipment'}"
        for part in case.sealed
        if part.key[0] in case.order_of
    }
    database = case.evidence.database
    needles = Needles(sealed)
    findings = [
        Finding(what=sealed[hit.text], where=f"{file}, byte {hit.offset}")
        for file, content in database.items()
        for hit in needles.find(content)
    ]
    if not any(database.values()):
        findings.append(Finding(what="no database to search", where="nothing was found there"))
    basis = f"{len(needles.texts)} delivered parts in {amount(database)}"
    promises = BPOST_PROMISES if case.cleartext else PROMISES
    return verdict("nothing-left", len(needles.texts), basis, findings, promises)


def found(case: Case, needles: Needles, haystacks: Mapping[str, bytes], why: str) -> Iterator[Finding]:
    """Every text that is in one of the haystacks, where it may not be."""
    for name, content in haystacks.items():
        for hit in needles.find(content):
            written = "" if hit.written == "plain" else f", written as {hit.written}"
            yield Finding(what=f"{case.place(hit.text)} {why}", where=f"{name}, byte {hit.offset}{written}")


def _bodies(case: Case) -> dict[str, bytes]:
    """Every request that the platform got: its body and its path."""
    entries = case.evidence.entries
    paths = {f"the path of {_entry(entry)}": entry.path.encode("utf-8") for entry in entries}
    return {**{_entry(entry): entry.body for entry in entries}, **paths}


def _entry(entry: Entry) -> str:
    return f"ledger entry {entry.seq}"


def _pointer(name: str) -> str:
    party, _, part = name.partition(".")
    return f"/{party}/sealed/{part}"


def amount(files: Mapping[str, bytes]) -> str:
    """How much was searched."""
    return f"{sum(map(len, files.values())) / 1000:,.0f} kB"
