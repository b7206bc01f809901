"""Tagging: the only maker of a ``Record``. Every sealed part gets its class and clock, the record its receipt, its
index and its ends.

What stays after delivery has a retention class too: index entries end with the part that they lead to, record id,
tags, receipt, barcode and the link to the removal report with the last part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from middleware import __version__
from middleware.core import receipt
from middleware.core.index import Indexer
from middleware.core.kinds import kind_of
from middleware.core.weeks import week_of
from middleware.model import IndexEntry, PartPlan, Plan, Record, Removal, RemovalReport, Report, Sealed, TaggedPart
from middleware.model_back import Listener
from schemas.matter import Matter
from schemas.permission import Question, Refusal, permitted
from schemas.policy import Policy

_NO_CONTENT: Final = frozenset(("ids.", "updated_at.", "entered.", "declaration."))
"""What makes no other shipment of an order: what names it, and what is only read to decide. A declaration lets go what
is blocked (``core.lifecycle``) and changes nothing of it.
"""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Stamp:
    """What a record is stamped with beside its plan. ``due`` is when it may first go out."""

    policy: Policy
    account_type: str
    carrier: str
    reference: str
    indexer: Indexer
    key: receipt.Key
    now: datetime
    due: datetime
    listener: Listener | None = None

    def __repr__(self) -> str:
        return "<Stamp>"


def tag(sealed: Sealed, plan: Plan, matter: Matter, report: Report, stamp: Stamp) -> Record:
    """The record that storage takes. ``matter`` is the minimised one, for its index entries and its content digest
    only. Raises: TypeError for a content that has no order.
    """
    jwes, declared = {part.name: part.jwe for part in sealed.parts}, kind_of(matter).declared(matter)
    copies = {part.name: part.copy for part in sealed.parts}
    parts = tuple(
        TaggedPart(
            name=part.name,
            retention=part.retention,
            trigger=part.trigger,
            starts=part.starts,
            until=part.until,
            ceiling=part.ceiling,
            jwe=jwes[part.name],
            copy=copies[part.name],
            week=week_of(part.kid),
        )
        for part in plan.parts
    )
    clear = receipt.canonical(_clear(sealed, plan, stamp.policy))
    blocked = awaits_declaration(matter, plan, stamp.policy, stamp.account_type)
    word = {receipt.DECLARATION: declared} if declared else {receipt.AWAITS: receipt.DECLARATION} if blocked else {}
    body = receipt.canonical(receipt.body(clear, parts))
    return Record(
        id=sealed.id,
        reference=sealed.reference,
        carrier=stamp.carrier,
        clear=clear,
        parts=parts,
        receipt=receipt.sign({**_payload(sealed.id, body, plan, jwes, report, stamp), **word}, stamp.key),
        index=tuple(_index(matter, plan, stamp.indexer)),
        content=content_digest(matter, stamp),
        removal=removal_report(report.removed, report.doubted),
        blocked=blocked,
        due=stamp.due,
        clear_until=plan.recipient_until,
        until=plan.record_until,
        listener=stamp.listener,
    )


def awaits_declaration(matter: Matter, plan: Plan, policy: Policy, account_type: str) -> bool:
    """Whether it is blocked: it needs a declaration, and none came with it."""
    return not kind_of(matter).declared(matter) and needs_declaration(plan, policy, account_type)


def needs_declaration(plan: Plan, policy: Policy, account_type: str) -> bool:
    """Whether a part of the plan may be used only once a declaration of lawfulness is recorded (MS-CTL-3)."""
    if not any(cluster.requires for cluster in policy.clusters.values()):
        return False
    return any(
        isinstance(said := permitted(policy, _question(part, policy, account_type)), Refusal)
        and said.reason == "declaration_missing"
        for part in plan.parts
    )


def _question(part: PartPlan, policy: Policy, account_type: str) -> Question:
    return Question(
        purpose=part.purpose,
        subject=policy.parts[part.name].subject,
        account_type=account_type,
        lane=None,
        restricted=False,
        objected=frozenset(),
        levels={},
    )


def removal_report(removed: tuple[Removal, ...], doubted: tuple[Removal, ...] = ()) -> RemovalReport:
    """The removal report of a shape of order, named by the SHA-256 of its canonical form. Paths and reasons, never a
    value.
    """
    rows = [[[one.path, one.reason] for one in told] for told in (removed, doubted)]
    return RemovalReport(id=receipt.sha256(receipt.canonical(rows)), removed=removed, doubted=doubted)


def content_digest(matter: Matter, stamp: Stamp) -> bytes:
    """Keyed digest (``core.index``) of the permitted content: equal for two versions of an order that would make the
    same shipment, in every process. Raises: TypeError for a content that has no order.
    """
    return stamp.indexer.of_bytes("content", receipt.canonical(dict(_leaves(matter))))


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, tuple):
        for position, item in enumerate(value):
            yield from _leaves(item, f"{path}{position}.")
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            if (inner := f"{path}{name}.") not in _NO_CONTENT:
                yield from _leaves(getattr(value, name), inner)
    elif isinstance(value, Set):
        raise TypeError(f"{path.removesuffix('.')}: a set is told in another order by every process")
    elif value is not None:
        yield path.removesuffix("."), str(value)


def _clear(sealed: Sealed, plan: Plan, policy: Policy) -> Mapping[str, object]:
    return {
        **sealed.clear,
        "policy": {"pack": policy.id, "version": policy.version, "sha256": policy.sha256},
        "retention": [
            {"part": part.name, "class": part.retention, "starts": _iso(part.starts), "until": _iso(part.until)}
            for part in plan.parts
        ],
        "transfers": {"cleartext_outside_eea": False},
    }


def _payload(
    record_id: str, body: bytes, plan: Plan, jwes: Mapping[str, str], report: Report, stamp: Stamp
) -> Mapping[str, object]:
    return {
        "v": 1,
        "rid": record_id,
        "iat": stamp.now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "iss": "parcelveil",
        "pack": {"id": stamp.policy.id, "version": stamp.policy.version, "sha256": stamp.policy.sha256},
        "engine": __version__,
        "account_type": stamp.account_type,
        "carrier": stamp.carrier,
        "interpretations": {name: point.chosen for name, point in stamp.policy.interpretations.items()},
        "reference": stamp.reference,
        "parts": {part.name: _part(part, jwes[part.name]) for part in plan.parts},
        "kept": sorted({target for _, target in report.kept}),
        "body_sha256": receipt.sha256(body),
    }


def _part(part: PartPlan, jwe: str) -> Mapping[str, object]:
    return {
        "purpose": part.purpose,
        "basis": part.basis,
        "class": part.retention,
        "trigger": part.trigger,
        "starts": _iso(part.starts),
        "until": _iso(part.until),
        "sha256": receipt.sha256(jwe.encode()),
    }


def _index(matter: Matter, plan: Plan, indexer: Indexer) -> Iterator[IndexEntry]:
    for kind, value in kind_of(matter).index(matter).items():
        if value:
            yield IndexEntry(kind=kind, digest=indexer.of(kind, value), until=plan.recipient_until)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
