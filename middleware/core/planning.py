"""choose ─▶ minimise ─▶ fit ─▶ schedule: the pure middle of the line, which intake and the dry run share, so that what
``inspect`` tells of an order is what becomes of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from middleware.core import due
from middleware.core.kinds import kind_of
from middleware.core.lettering import rewritten
from middleware.core.permitting import lane_of
from middleware.core.schedule import schedule
from middleware.core.trace import trace
from middleware.core.untold import untold
from middleware.errors import Fault, SchemaError
from middleware.model import Delivery, Parsed, ParsedMatter, Plan, Report, ShopSettings
from middleware.model_keys import Sealing
from schemas.allowlist import Node
from schemas.matter import Matter
from schemas.order import Hidden, Order
from schemas.policy import Policy

T = TypeVar("T")

_LINE: Final = re.compile("^/customs/[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """The pure steps that are the carrier's: ``choose`` the product by the order and by what the shop's settings say of
    its shipping line (what it needs to tell who receives comes with it), and ``fit``, its check and mapping. Both
    raise: SchemaError, with pointers into the canonical order.
    """

    choose: Callable[[Order, str | None], tuple[Order, Delivery]]
    fit: Callable[[Order], Order]


NO_PARCEL: Final = Carriage(choose=lambda order, _: (order, Delivery()), fit=lambda order: order)
"""Of what is none: nothing is asked of it."""

CLOCKS_APART = timedelta(days=1)
"""How far a shop's clock may be ahead of ours."""

LONGEST_REFERENCE = 50
"""Characters that a label shows of an order's name."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Planned(Hidden):
    """What goes of an order, how each part is to be kept, and where every leaf went. ``reference`` is the shop's own
    name for it where the label shows that one.
    """

    order: Matter
    plan: Plan
    report: Report
    reference: str | None


def check_time(parsed: ParsedMatter, now: datetime) -> None:
    """Versions are ordered by their time: one from far ahead would shut out all later ones. Raises: SchemaError."""
    if parsed.updated_at > now + CLOCKS_APART:
        raise SchemaError((Fault(pointer="/updated_at", code="future"),))


def planned(
    parsed: ParsedMatter,
    document: object,
    shape: Node,
    names: Mapping[str, str],
    settings: ShopSettings,
    policy: Policy,
    carriage: Carriage,
    now: datetime,
    sealing: Sealing = Sealing.RETENTION,
) -> Planned | None:
    """What is to become of ``parsed``, read from ``document`` whose known names are ``shape``; None where there is
    nothing to ship. ``sealing`` tells for whom the carrier has parts sealed, ``names`` are the sender's own for what it
    may object to.

    Raises: SchemaError for what cannot be shipped.
    """
    if parsed.order is None:
        return None
    full = parsed.order
    if isinstance(full, Order):
        read, line = full, parsed.line if isinstance(parsed, Parsed) else None
        full, needed = named(names, lambda: carriage.choose(read, line))
        settings = replace(settings, delivery=needed)
    minimised, withheld = named(names, lambda: kind_of(full).minimise(full, policy, settings))
    named(names, lambda: _still_due(full, minimised))
    parcel = minimised if isinstance(minimised, Order) else None  # what is none, no carrier has to fit
    order = named(names, lambda: carriage.fit(parcel)) if parcel else minimised
    told = isinstance(full, Order) and settings.reference == "order-name"
    doubts = parsed.doubts
    if parcel and isinstance(order, Order):
        doubts = {**rewritten(parcel, order, parsed), **doubts}
    report = trace(document, shape, parsed.taken, withheld, shared=parsed.shared, doubts=doubts, lost=parsed.lost)
    if isinstance(order, Order):
        report = replace(report, doubted=(*report.doubted, *untold(order, settings.delivery, names)))
    return Planned(
        order=order,
        plan=schedule(order, policy, settings.account_type, now, sealing, lane_of(settings.platform)),
        report=report,
        reference=named(names, lambda: _order_name(full)) if told else None,
    )


def named(names: Mapping[str, str], step: Callable[[], T]) -> T:
    """What ``step`` gives. Raises: SchemaError, under the sender's own names, each fault once."""
    faults: tuple[Fault, ...]
    try:
        return step()
    except SchemaError as refusal:
        faults = refusal.faults
    theirs = (Fault(pointer=_theirs(one.pointer, names), code=one.code) for one in faults)
    raise SchemaError(tuple(dict.fromkeys(theirs)))


def _theirs(pointer: str, names: Mapping[str, str]) -> str:
    """Where the sender has what is there in the canonical order, or the next above it that is known. Which line of a
    declaration it is says something to those alone who send one.
    """
    found = _LINE.sub("/customs", pointer)
    while found:
        if found in names:
            return names[found]
        found = found.rpartition("/")[0]
    return pointer


def _still_due(full: Matter, minimised: Matter) -> None:
    """Raises: SchemaError where the pack bars what is paid on delivery: it would go as if it were paid."""
    if isinstance(full, Order) and isinstance(minimised, Order) and full.cash_on_delivery != minimised.cash_on_delivery:
        due.refuse(full)


def _order_name(order: Matter) -> str:
    """The shop's own name for the order, for the label. Raises: SchemaError for one that no label can show."""
    name = (order.ids.order_name if isinstance(order, Order) else None) or ""
    if not name or len(name) > LONGEST_REFERENCE or not name.isprintable():
        raise SchemaError((Fault(pointer="/ids/order_name", code="reference"),))
    return name
