"""The dry run: where every leaf of one document would go, and how each part would be tagged. Paths, never values;
nothing stored or sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from middleware.core.body import read
from middleware.core.planning import NO_PARCEL, Carriage, check_time, named, planned
from middleware.core.tag import awaits_declaration
from middleware.core.trace import trace
from middleware.errors import BodyError, Fault, SchemaError
from middleware.exchange import PickupPoint
from middleware.model import Inbound, ParsedMatter, PartPlan, Report, ShopSettings, Status
from middleware.model_keys import Sealing
from middleware.ports import Carrier
from middleware.ports_senders import Caller, Platform, Source
from schemas.maxiresponse import Contact
from schemas.mystamp import StampOrder
from schemas.order import Order, catalogue
from schemas.policy import Policy

_ANY_POINT = ("1000", "BE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What would become of one order. ``blocked``: it would wait here for a declaration; ``openly``: what the carrier
    would be told without a key, by its own names.
    """

    status: Status
    reason: str | None
    report: Report | None
    parts: tuple[PartPlan, ...]
    faults: tuple[Fault, ...]
    blocked: bool = False
    openly: tuple[str, ...] = ()


def inspect(
    body: bytes, platform: Platform, carrier: Carrier, settings: ShopSettings, policy: Policy, now: datetime
) -> Inspection:
    """Take one body through the line up to its plan, without keys and without a signature.

    A pick-up point's id is taken as known: only the parcel platform could tell.
    """

    def look(document: object) -> Inspection:
        parsed = platform.parse(document, Inbound(platform=platform.name, shop=None, headers={}, body=b""), settings)
        named(platform.names, lambda: check_time(parsed, now))
        return _planned(parsed, document, platform, settings, policy, carriage, now, carrier)

    carriage = Carriage(
        choose=lambda order, line: carrier.choose(order, line, settings.delivery),
        fit=lambda order: carrier.fit(order, _known(order)),
    )

    return _looked(body, look)


def inspect_call(body: bytes, caller: Caller, settings: ShopSettings, policy: Policy, now: datetime) -> Inspection:
    """The same of what a shop's own system sends and is no parcel: no carrier has to fit it."""

    def look(document: object) -> Inspection:
        parsed = caller.parse(document, settings, now)
        named(caller.names, lambda: check_time(parsed, now))
        return _planned(parsed, document, caller, settings, policy, NO_PARCEL, now)

    return _looked(body, look)


def _looked(body: bytes, look: Callable[[object], Inspection]) -> Inspection:
    """What ``look`` finds in the document, or why there is none to look at."""
    try:
        return look(read(body))
    except SchemaError as refusal:
        faults = refusal.faults
    except BodyError as refusal:
        faults = (Fault(pointer="", code=refusal.code),)
    return Inspection(status=Status.REJECTED, reason=None, report=None, parts=(), faults=faults)


def _planned(
    parsed: ParsedMatter,
    document: object,
    source: Source,
    settings: ShopSettings,
    policy: Policy,
    carriage: Carriage,
    now: datetime,
    carrier: Carrier | None = None,
) -> Inspection:
    sealing = carrier.sealing if carrier else Sealing.RETENTION
    made = planned(parsed, document, source.shape, source.names, settings, policy, carriage, now, sealing)
    if made is None:
        report = trace(document, source.shape, {}, {}, idle="nothing_shipped")
        return Inspection(status=Status.IGNORED, reason=parsed.halt, report=report, parts=(), faults=())
    return Inspection(
        status=Status.ACCEPTED,
        reason=None,
        report=made.report,
        parts=made.plan.parts,
        faults=(),
        blocked=awaits_declaration(made.order, made.plan, policy, settings.account_type),
        openly=tuple(carrier.openly(made.order)) if carrier and isinstance(made.order, Order) else (),
    )


def _known(order: Order) -> Mapping[str, PickupPoint]:
    point = order.parcel.pickup_point
    return {point: PickupPoint(id=point, postal_code=_ANY_POINT[0], country=_ANY_POINT[1])} if point else {}


def as_json(inspection: Inspection, policy: Policy) -> Mapping[str, Any]:
    """The inspection as the command line prints it with ``--json``."""
    report = inspection.report
    return {
        "status": inspection.status,
        "reason": inspection.reason,
        "blocked": inspection.blocked,
        "kept": [_kept(path, target, policy) for path, target in report.kept] if report else [],
        "used": list(report.used) if report else [],
        "index": list(report.index) if report else [],
        "removed": [asdict(removal) for removal in report.removed] if report else [],
        "in_clear": list(inspection.openly),
        "doubted": [asdict(doubted) for doubted in report.doubted] if report else [],
        "parts": [_part(part) for part in inspection.parts],
        "errors": [asdict(fault) for fault in inspection.faults],
    }


_CATEGORIES = {path: category for kind in (Order, Contact, StampOrder) for path, category in catalogue(kind)}


def _kept(path: str, target: str, policy: Policy) -> Mapping[str, Any]:
    part = policy.part_of(_CATEGORIES[target])
    return {"path": path, "target": target, "part": part.name, "sealed": part.sealed}


def _part(part: PartPlan) -> Mapping[str, Any]:
    return {
        "part": part.name,
        "class": part.retention,
        "trigger": part.trigger,
        "starts": part.starts.isoformat() if part.starts else None,
        "until": part.until.isoformat() if part.until else None,
        "unsent_until": None if part.until else part.ceiling.isoformat(),
        "purpose": part.purpose,
        "basis": part.basis,
    }
