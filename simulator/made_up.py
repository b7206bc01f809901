"""Made-up orders in the form of Shopify's REST resource. Every person, street and number in here is invented.

All of them are paid and have something to ship; they differ in country, script, company, gift, pick-up point, free text
and number of lines. The same seed gives the same orders.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.pickup import POINTS

Json = dict[str, object]

SHOP_NUMBER = 61_234_567
BEYOND_DOUBLES = 2**53
"""Some order ids lie above this, as Shopify's samples do: a float cannot hold them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An invented address, with first and last names that go there."""

    street: str
    line2: str | None
    postal_code: str | None
    city: str
    country_code: str
    country: str
    names: tuple[tuple[str, str], ...]


DOMESTIC = (
    Place(
        street="Verzonnenlaan 12",
        line2="bus 3",
        postal_code="1000",
        city="Brussel",
        country_code="BE",
        country="Belgium",
        names=(("Lotte", "Vandenverzinsel"), ("Wout", "De Fictie")),
    ),
    Place(
        street="Rue de l'Invention 7",
        line2=None,
        postal_code="4000",
        city="Liège",
        country_code="BE",
        country="Belgium",
        names=(("Zoé", "Dupont-Imaginaire"), ("Théo", "Lefictif")),
    ),
    Place(
        street="Denkbeeldstraat 101A",
        line2="2e verdieping",
        postal_code="9000",
        city="Gent",
        country_code="BE",
        country="Belgium",
        names=(("Noor", "Van Nergens"), ("Ömer", "Yokoğlu")),
    ),
    Place(
        street="Erfundene Gasse 5",
        line2=None,
        postal_code="4700",
        city="Eupen",
        country_code="BE",
        country="Belgium",
        names=(("Jürgen", "Niemandsmann"), ("Änne", "Ausgedacht")),
    ),
)

ABROAD = (
    Place(
        street="Avenue Sans-Nom 44",
        line2="Bâtiment C",
        postal_code="59000",
        city="Lille",
        country_code="FR",
        country="France",
        names=(("Inès", "Personne"),),
    ),
    Place(
        street="Bedachte Gracht 9",
        line2=None,
        postal_code="1012 ZZ",
        city="Amsterdam",
        country_code="NL",
        country="Netherlands",
        names=(("Sanne", "de Bedenker"),),
    ),
    Place(
        street="Οδός Φανταστική 3",
        line2=None,
        postal_code="105 00",
        city="Αθήνα",
        country_code="GR",
        country="Greece",
        names=(("Ελένη", "Ανύπαρκτου"),),
    ),
    Place(
        street="Nowhere Lane 1",
        line2="Flat 2",
        postal_code="ZZ1 1ZZ",
        city="London",
        country_code="GB",
        country="United Kingdom",
        names=(("Ada", "Nobody"),),
    ),
    Place(
        street="Imaginäre Gasse 8",
        line2=None,
        postal_code="8001",
        city="Zürich",
        country_code="CH",
        country="Switzerland",
        names=(("Urs", "Erfunden"),),
    ),
    Place(
        street="架空町 1-2-3",
        line2=None,
        postal_code="100-0000",
        city="東京",
        country_code="JP",
        country="Japan",
        names=(("花子", "架空"),),
    ),
)

GOODS = (
    ("Wooden train", "TOY-01", 640, "24.95"),
    ("Linen tea towel", "HOME-07", 180, "9.50"),
    ("Box of pralines", "FOOD-12", 510, "31.00"),
    ("Notebook, dotted", "PAPER-3", 260, "12.40"),
    ("Bicycle bell", "BIKE-44", 120, "7.95"),
)

NOTES = (None, None, "Gelieve aan te bellen bij de buren.", "Code de la porte : 0000A", "Gift! Please hide the price.")


def orders(count: int, *, now: datetime, seed: int = 0, shop: str = "demo.myshopify.com") -> Iterator[Json]:
    """``count`` orders of ``shop``, one minute apart, the last of them made at ``now`` (aware)."""
    rng = random.Random(seed)  # noqa: S311 - made-up orders are to be repeatable, not secret
    for number in range(1, count + 1):
        yield _order(rng, number, now - timedelta(minutes=count - number), shop)


def _order(rng: random.Random, number: int, at: datetime, shop: str) -> Json:
    place = rng.choice(ABROAD if number % 3 == 0 else DOMESTIC)
    first, last = rng.choice(place.names)
    payer = rng.choice(rng.choice(DOMESTIC).names) if number % 5 == 0 else (first, last)  # a gift is paid by another
    order_id = (BEYOND_DOUBLES if number % 7 == 0 else 5_000_000_000_000) + rng.randrange(10**12)
    email = f"made.up.{number}@example.org"
    phone = f"+32 470 00 {rng.randrange(100):02d} {rng.randrange(100):02d}"
    lines = [_line(rng, order_id, index) for index in range(rng.randint(1, 4))]
    return {
        **_head(rng, order_id, number, at, shop),
        "browser_ip": f"192.0.2.{rng.randrange(1, 255)}",
        "client_details": {"browser_ip": "2001:db8::1", "user_agent": "Made-up/1.0", "accept_language": "nl-BE"},
        "buyer_accepts_marketing": rng.random() < 0.5,
        "customer_locale": rng.choice(("nl-BE", "fr-BE", "de-BE", "en")),
        "contact_email": email,
        "email": email,
        "phone": phone if number % 2 else None,
        "note": rng.choice(NOTES),
        "note_attributes": _note_attributes(rng, number, place),
        "tags": "vip, returns-often" if number % 4 == 0 else "",
        "customer": _customer(order_id, number, email, payer),
        "billing_address": _address(place, payer, phone, company=None),
        "shipping_address": _address(place, (first, last), phone, "Verzinsel & Co" if number % 6 == 0 else None),
        "line_items": lines,
        "shipping_lines": [_shipping_line(order_id)],
        "total_weight": sum(grams * quantity for grams, quantity in map(_weight, lines)),
        "refunds": [],
        "fulfillments": [],
    }


def _head(rng: random.Random, order_id: int, number: int, at: datetime, shop: str) -> Json:
    """What tells the order from others, and where it stands."""
    stamp = at.isoformat(timespec="seconds")
    token = f"{rng.getrandbits(128):032x}"
    return {
        "id": order_id,
        "admin_graphql_api_id": f"gid://shopify/Order/{order_id}",
        "name": f"#{1000 + number}",
        "number": number,
        "order_number": 1000 + number,
        "token": token,
        "order_status_url": f"https://{shop}/{SHOP_NUMBER}/orders/{token}/authenticate?key={rng.getrandbits(64):016x}",
        "created_at": stamp,
        "processed_at": stamp,
        "updated_at": stamp,
        "cancelled_at": None,
        "closed_at": None,
        "test": False,
        "confirmed": True,
        "currency": "EUR",
        "financial_status": "paid",
        "fulfillment_status": None,
    }


def _note_attributes(rng: random.Random, number: int, place: Place) -> list[Json]:
    if number % 8 == 0 and place.country_code == "BE":
        return [{"name": "pickup_point", "value": rng.choice(sorted(POINTS))}]
    return [{"name": "gift_message", "value": "Voor mama, van ons allemaal"}] if number % 5 == 0 else []


def _customer(order_id: int, number: int, email: str, payer: tuple[str, str]) -> Json:
    return {
        "id": order_id // 3,
        "email": email,
        "first_name": payer[0],
        "last_name": payer[1],
        "phone": None,
        "state": "enabled" if number % 2 else "disabled",
        "note": "Made up: calls often.",
        "tags": "newsletter",
        "verified_email": True,
    }


def _address(place: Place, name: tuple[str, str], phone: str, company: str | None) -> Json:
    return {
        "first_name": name[0],
        "last_name": name[1],
        "name": " ".join(name),
        "company": company,
        "address1": place.street,
        "address2": place.line2,
        "zip": place.postal_code,
        "city": place.city,
        "province": None,
        "province_code": None,
        "country": place.country,
        "country_code": place.country_code,
        "phone": phone,
        "latitude": 50.0001,
        "longitude": 4.0001,
    }


def _line(rng: random.Random, order_id: int, index: int) -> Json:
    title, sku, grams, price = rng.choice(GOODS)
    quantity = rng.randint(1, 3)
    return {
        "id": order_id + index + 1,
        "title": title,
        "name": title,
        "sku": sku,
        "quantity": quantity,
        "current_quantity": quantity,
        "fulfillable_quantity": quantity,
        "fulfillment_status": None,
        "grams": grams,
        "price": price,
        "price_set": {"shop_money": {"amount": price, "currency_code": "EUR"}},
        "requires_shipping": True,
        "gift_card": False,
        "properties": [{"name": "Engraving", "value": "L + W"}] if rng.random() < 0.2 else [],
        "vendor": "Made-up goods",
    }


def _shipping_line(order_id: int) -> Json:
    return {"id": order_id + 100, "code": "standard", "title": "Standard", "price": "4.95", "source": "shopify"}


def _weight(line: Json) -> tuple[int, int]:
    grams, quantity = line["grams"], line["quantity"]
    return (grams, quantity) if isinstance(grams, int) and isinstance(quantity, int) else (0, 0)
