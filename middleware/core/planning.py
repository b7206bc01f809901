"""minimise ─▶ fit ─▶ schedule: the pure middle of the line, which intake and the dry run share, so that what
``inspect`` tells of an order is what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from middleware.core.minimise import minimise
from middleware.core.schedule import schedule
from middleware.core.trace import trace
from middleware.errors import Fault, SchemaError
from middleware.model import Parsed, Plan, Report, ShopSettings
from schemas.allowlist import Node
from schemas.order import Hidden, Order
from schemas.policy import Policy

CLOCKS_APART = timedelta(days=1)
"""How far a shop's clock may be ahead of ours."""

LONGEST_REFERENCE = 50
"""Characters that a label shows of an order's name."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Planned(Hidden):
    """What goes of an order, how each part is to be kept, and where every leaf went. ``reference`` is the shop's own
    name for it where the label shows that one.
    """

    order: Order
    plan: Plan
    report: Report
    reference: str | None


def check_time(parsed: Parsed, now: datetime) -> None:
    """Versions are ordered by their time: one from far ahead would shut out all later ones. Raises: SchemaError."""
    if parsed.updated_at > now + CLOCKS_APART:
        raise SchemaError((Fault(pointer="/updated_at", code="future"),))


def planned(
    parsed: Parsed,
    document: object,
    shape: Node,
    settings: ShopSettings,
    policy: Policy,
    fit: Callable[[Order], Order],
    now: datetime,
) -> Planned | None:
    """What is to become of ``parsed``, read from ``document`` whose known names are ``shape``; None where there is
    nothing to ship. ``fit`` is the carrier's check.

    Raises: SchemaError for what cannot be shipped, and what ``fit`` raises.
    """
    if parsed.order is None:
        return None
    order, withheld = minimise(parsed.order, policy, settings.delivery)
    order = fit(order)
    return Planned(
        order=order,
        plan=schedule(order, policy, settings.account_type, now),
        report=trace(document, shape, parsed.taken, withheld),
        reference=_order_name(parsed.order) if settings.reference == "order-name" else None,
    )


def _order_name(order: Order) -> str:
    """The shop's own name for the order, for the label. Raises: SchemaError for one that no label can show."""
    name = order.ids.order_name or ""
    if not name or len(name) > LONGEST_REFERENCE or not name.isprintable():
        raise SchemaError((Fault(pointer="/name", code="reference"),))
    return name
