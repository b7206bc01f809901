"""Made-up orders and shops, and short ways through the steps, for the tests of ``middleware.core`` and of its users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from joserfc.jwk import ECKey, OKPKey

from middleware.core.index import Indexer
from middleware.core.minimise import minimise, minimise_sender
from middleware.core.schedule import schedule
from middleware.core.seal import seal
from middleware.core.tag import Stamp, tag
from middleware.model import Delivery, Plan, Record, Removal, Report, Sealed, Stored
from schemas.order import Address, CashOnDelivery, Contact, CustomsItem, Ids, Order, Parcel, Recipient, Sender
from schemas.policy import CategoryRule, Clause, Policy
from schemas.policy_loader import load

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
POLICY = load("bpost-shipping-platform")
INDEX_KEY = bytes(range(32))
SHOP = "demo"

SIGNING: Mapping[str, str] = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "kid": "receipts-2026",
}
"""The example key of RFC 8037, appendix A.1: everybody knows it, so it is nobody's secret."""

SENDER = Sender(
    name="An Bedacht",
    company="Winkel Bedacht bv",
    street="Verzonnen Kaai",
    number="7",
    box="b2",
    line2="loods 4",
    locality="Gent",
    postal_code="9000",
    country="BE",
    email="winkel@bedacht.example",
    phone="+3292000000",
)

REPORT = Report(
    kept=(
        ("shipping_address.address1", "recipient.address.street"),
        ("shipping_address.zip", "recipient.address.postal_code"),
    ),
    used=("financial_status",),
    index=("id",),
    removed=(Removal(path="browser_ip", reason="online_identifier"), Removal(path="note", reason="free_text")),
)


def order(**changes: Any) -> Order:
    """An order with something in every field but the pick-up point. Keys of ``changes``: canonical paths, ``__`` for
    each dot.
    """
    whole = Order(
        ids=Ids(order_id="5551234567890123", order_name="#1001", customer_id="7770001112223"),
        recipient=Recipient(
            name="Lotte Verzinsel",
            company="Verzinsel en Dochters",
            locker_member="188565346",
            address=Address(
                street="Verzonnenlaan",
                number="12",
                box="bus 3",
                line2="tweede verdieping",
                locality="Brussel",
                postal_code="1000",
                country="BE",
            ),
            contact=Contact(email="lotte@verzinsel.example", phone="+32470123456", language="nl"),
        ),
        parcel=Parcel(weight_grams=1200, pieces=1, product="parcel"),
        customs=(
            CustomsItem(
                description="houten trein",
                quantity=2,
                weight_grams=640,
                value="24.95",
                currency="EUR",
                hs_code="950300",
                origin="BE",
            ),
            CustomsItem(description="katoenen sjaal", quantity=1, weight_grams=180, value="39.00", currency="EUR"),
        ),
        cash_on_delivery=CashOnDelivery(amount="113.90", currency="EUR"),
        updated_at=NOW - timedelta(minutes=1),
    )
    for path, value in changes.items():
        whole = changed(whole, path.replace("__", "."), value)
    return whole


def changed(whole: Any, path: str, value: object) -> Any:
    """``whole`` with another value at a canonical path (in every item of a tuple)."""
    name, _, rest = path.partition(".")
    inner = getattr(whole, name)
    if not rest:
        return replace(whole, **{name: value})
    if isinstance(inner, tuple):
        return replace(whole, **{name: tuple(changed(item, rest, value) for item in inner)})
    return replace(whole, **{name: changed(inner, rest, value)})


def leaves(whole: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    """(canonical path, value) of every field, None included; the items of a tuple share their paths."""
    assert is_dataclass(whole)
    for entry in fields(whole):
        path, inner = f"{prefix}{entry.name}", getattr(whole, entry.name)
        for item in inner if isinstance(inner, tuple) else (inner,):
            if is_dataclass(item):
                yield from leaves(item, f"{path}.")
            else:
                yield path, item


def values(whole: object, shortest: int = 5) -> list[str]:
    """The texts of an order that can be looked for: short ones and numbers stand in digests and times by chance."""
    texts = [str(value) for _, value in leaves(whole) if value is not None]
    return [text for text in texts if len(text) >= shortest and (len(text) > 9 or not text.isdigit())]


def barring(*categories: str) -> Policy:
    """The pack under which these categories never pass."""
    rule = CategoryRule(
        title="barred",
        stated="",
        covers=categories,
        optional="no",
        default="drop",
        unless=None,
        account_types=(),
        clause=Clause(ref="0§0 L1", ids=(), mark="I"),
    )
    return replace(POLICY, categories=(rule, *POLICY.categories))


@cache
def private_key(kid: str) -> ECKey:
    """The parcel platform's private key of that id."""
    return ECKey.generate_key("P-256", parameters={"kid": kid})


def public_keys(plan: Plan) -> Mapping[str, ECKey]:
    """The public halves that a plan needs."""
    return {part.kid: ECKey.import_key(private_key(part.kid).as_dict(private=False)) for part in plan.parts}


@cache
def signing_key() -> OKPKey:
    """The key that signs receipts."""
    return OKPKey.import_key(dict(SIGNING))


def receipt_keys() -> Mapping[str, OKPKey]:
    """What verifies receipts: the public half, by its id."""
    return {SIGNING["kid"]: OKPKey.import_key({name: value for name, value in SIGNING.items() if name != "d"})}


def stamp(**changes: Any) -> Stamp:
    values: dict[str, Any] = {
        "policy": POLICY,
        "account_type": "professional",
        "carrier": "platform",
        "reference": "code",
        "indexer": Indexer(INDEX_KEY, SHOP),
        "key": signing_key(),
        "now": NOW,
        "due": NOW + timedelta(minutes=2),
    }
    return Stamp(**{**values, **changes})


def sealed(whole: Order, *, notify: str = "email", policy: Policy = POLICY) -> tuple[Order, Plan, Sealed]:
    """Through minimise, schedule and seal."""
    slim, _ = minimise(whole, policy, Delivery(notify=notify))
    plan = schedule(slim, policy, "professional", NOW)
    sender = minimise_sender(SENDER, policy, "professional")
    return slim, plan, seal(slim, sender, plan, public_keys(plan), shop=SHOP)


def record(whole: Order | None = None, *, notify: str = "email", **changes: Any) -> Record:
    """Through minimise, schedule, seal and tag."""
    slim, plan, closed = sealed(whole or order(), notify=notify)
    return tag(closed, plan, slim, REPORT, stamp(**changes))


def stored(made: Record, **changes: Any) -> Stored:
    """The record as storage gives it to the relay at its first attempt."""
    values: dict[str, Any] = {
        "id": made.id,
        "shop": SHOP,
        "carrier": made.carrier,
        "cancelling": False,
        "clear": made.clear,
        "parts": made.parts,
        "receipt": made.receipt,
        "attempts": 0,
        "fence": 1,
        "until": made.until,
    }
    return Stored(**{**values, **changes})
