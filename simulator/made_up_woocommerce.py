"""Made-up orders in the form of WooCommerce's REST resource, version 3: of the invented people of ``made_up``.

All of them are paid and have something to ship. The same seed gives the same orders.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from simulator.made_up import ABROAD, DOMESTIC, GOODS, NOTES, Json, Place
from simulator.pickup import POINTS

FIRST_ID = 7_000
VAT = 21


def orders(count: int, *, now: datetime, seed: int = 0) -> Iterator[Json]:
    """``count`` orders, one minute apart, the last of them made at ``now`` (aware)."""
    rng = random.Random(seed)  # noqa: S311 - made-up orders are to be repeatable, not secret
    for number in range(1, count + 1):
        yield _order(rng, number, now - timedelta(minutes=count - number))


def _order(rng: random.Random, number: int, at: datetime) -> Json:
    place = rng.choice(ABROAD if number % 3 == 0 else DOMESTIC)
    name = rng.choice(place.names)
    payer = rng.choice(rng.choice(DOMESTIC).names) if number % 5 == 0 else name  # a gift is paid by another
    phone = f"+32 470 00 {rng.randrange(100):02d} {rng.randrange(100):02d}"
    lines = [_line(rng, number, position) for position in range(rng.randint(1, 4))]
    return {
        **_head(rng, number, at),
        "customer_id": 0 if number % 2 else 40 + number,
        "customer_ip_address": f"192.0.2.{rng.randrange(1, 255)}",
        "customer_user_agent": "Made-up/1.0",
        "customer_note": rng.choice(NOTES) or "",
        "billing": {**_address(place, payer, ""), "email": f"made.up.{number}@example.org", "phone": phone},
        "shipping": {**_address(place, name, "Verzinsel & Co" if number % 6 == 0 else ""), "phone": phone},
        "payment_method": "bacs" if number % 4 == 0 else "bancontact",
        "payment_method_title": "Made up",
        "meta_data": _meta(rng, number, place),
        "line_items": lines,
        "shipping_lines": [{"id": 500 + number, "method_id": "flat_rate", "total": "4.95", "meta_data": []}],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
    }


def _head(rng: random.Random, number: int, at: datetime) -> Json:
    """What tells the order from others, and where it stands."""
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "id": FIRST_ID + number,
        "number": str(FIRST_ID + number),
        "order_key": f"wc_order_{rng.getrandbits(64):016x}",
        "status": "processing",
        "currency": "EUR",
        "version": "10.3.4",
        "created_via": "checkout",
        "date_created_gmt": stamp,
        "date_modified_gmt": stamp,
        "date_paid_gmt": stamp,
        "date_completed_gmt": None,
        "needs_processing": True,
    }


def _address(place: Place, name: tuple[str, str], company: str) -> Json:
    return {
        "first_name": name[0],
        "last_name": name[1],
        "company": company,
        "address_1": place.street,
        "address_2": place.line2 or "",
        "city": place.city,
        "state": "",
        "postcode": place.postal_code or "",
        "country": place.country_code,
    }


def _meta(rng: random.Random, number: int, place: Place) -> list[Json]:
    told = {"_wc_order_attribution_source_type": "organic", "_stripe_customer_id": f"cus_{rng.getrandbits(48):012x}"}
    if number % 8 == 0 and place.country_code == "BE":
        told["pickup_point"] = rng.choice(sorted(POINTS))
    return [{"id": 9_000 + number, "key": key, "value": value} for key, value in told.items()]


def _line(rng: random.Random, number: int, position: int) -> Json:
    title, sku, _, price = rng.choice(GOODS)
    quantity = rng.randint(1, 3)
    total = round(float(price) * quantity, 2)
    return {
        "id": 100 * number + position,
        "name": title,
        "product_id": 40 + position,
        "quantity": quantity,
        "sku": sku,
        "price": float(price),
        "total": f"{total:.2f}",
        "total_tax": f"{total * VAT / 100:.2f}",
        "meta_data": [{"id": 800 + position, "key": "Engraving", "value": "L + W"}] if rng.random() < 0.2 else [],
    }
