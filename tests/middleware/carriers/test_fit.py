"""What the parcel platform needs of an order, and a pick-up point in the place of an address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from middleware.carriers.parcel_json import MAX_WEIGHT_GRAMS, ParcelJson
from middleware.core.customs import EU_CUSTOMS_UNION
from middleware.core.minimise import minimise
from middleware.errors import SchemaError
from middleware.exchange import PickupPoint
from middleware.model import Delivery
from schemas.order import Address, Contact, CustomsItem, Ids, Order, Parcel, Recipient
from schemas.policy_loader import load

HOME = Address(
    street="Lijsterbesdreef 14",
    number="14",
    box="3",
    line2="gelijkvloers",
    locality="Gent",
    postal_code="9000",
    country="BE",
)
POINT = PickupPoint(id="PUP-1000-01", postal_code="1000", country="BE")
POINTS = {POINT.id: POINT}
CARRIER = ParcelJson()


def order(point: str | None = None, grams: int | None = 600, **address: Any) -> Order:
    return Order(
        ids=Ids(order_id="5001"),
        recipient=Recipient(
            name="Mirte Oosterlynck", address=replace(HOME, **address), contact=Contact(email="mirte@example.com")
        ),
        parcel=Parcel(weight_grams=grams, pieces=1, product="parcel", pickup_point=point),
    )


def faults(unfit: Order, points: dict[str, PickupPoint] | None = None) -> list[tuple[str, str]]:
    with pytest.raises(SchemaError) as caught:
        CARRIER.fit(unfit, points or {})
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


def test_an_order_that_fits_is_not_touched() -> None:
    assert CARRIER.fit(order(), {}) == order()
    assert CARRIER.fit(order(), POINTS) == order()


STREET, CITY, ZIP, COUNTRY = (f"/recipient/address/{name}" for name in ("street", "locality", "postal_code", "country"))


@pytest.mark.parametrize("nothing", [None, "", "  ", "\u00a0"])
@pytest.mark.parametrize(
    ("name", "fault"),
    [("street", (STREET, "required")), ("locality", (CITY, "required")), ("postal_code", (ZIP, "required"))],
)
def test_an_address_line_that_is_needed_is_asked_for(name: str, nothing: Any, fault: tuple[str, str]) -> None:
    assert faults(order(**{name: nothing})) == [fault]


@pytest.mark.parametrize("name", ["number", "box", "line2"])
def test_a_line_that_not_every_address_has_is_not_asked_for(name: str) -> None:
    assert CARRIER.fit(order(**{name: None}), {}) == order(**{name: None})


@pytest.mark.parametrize(
    ("country", "code"),
    [
        *((nothing, "required") for nothing in (None, "")),
        *((other, "pattern") for other in ("be", "B", "BEL", "B\n", "BE\n", " BE", "ВЕ", "1A", "  ")),
    ],
)
def test_a_country_is_two_capital_letters(country: str | None, code: str) -> None:
    assert faults(order(country=country)) == [(COUNTRY, code)]


CODES = {
    **dict.fromkeys(("DE", "EE", "ES", "FI", "FR", "HR", "IT", "LT"), "75011"),
    **dict.fromkeys(("CZ", "GR", "SE", "SK"), "123 45"),
    "MT": "MSD 1700",
    "PL": "00-950",
    "PT": "1000-001",
    "RO": "010011",
    "NL": "3511 AB",
    "GB": "SW1A 1AA",
    "US": "02139-4307",
}


@pytest.mark.parametrize(
    ("typed", "country", "sent"),
    [
        (" 9000\n", "BE", "9000"),
        ("B-9000", "BE", "9000"),
        ("b-9000", "BE", "9000"),
        ("9 000", "BE", "9000"),
        ("L-1234", "LU", "1234"),
        ("CH-8001", "CH", "8001"),
        ("75 011", "FR", "75011"),
        ("3511  ab", "NL", "3511 AB"),
        ("SE-123 45", "SE", "123 45"),
    ],
)
def test_a_postal_code_is_sent_without_what_is_no_part_of_it(typed: str, country: str, sent: str) -> None:
    fitted = CARRIER.fit(order(postal_code=typed, country=country), {})
    assert fitted.recipient.address.postal_code == sent


@pytest.mark.parametrize("country", ["BE", "NL", "FR", "GB", "US", "IE", "AE"])
@pytest.mark.parametrize(
    "text",
    [
        "jan.peeters@example.com",
        "0470 12 34 56 78",
        "Jan Peeters",
        "\u202e9000",
        "BE-9000-Gent-Kouter-3",
        "٩٠٠٠",
    ],
)
def test_nothing_hides_in_a_postal_code(country: str, text: str) -> None:
    """It travels in the clear."""
    assert (ZIP, "pattern") in faults(order(country=country, postal_code=text))


@pytest.mark.parametrize("country", sorted(EU_CUSTOMS_UNION - {"IE", "MC"} | {"GB", "CH", "NO", "US"}))
def test_a_country_that_has_postal_codes_needs_one(country: str) -> None:
    fits = order(country=country, postal_code=CODES.get(country, "9000"))
    assert CARRIER.fit(fits, {}) == fits
    assert faults(order(country=country, postal_code=None)) == [(ZIP, "required")]


@pytest.mark.parametrize("country", ["IE", "HK", "AE", "MC"])
def test_a_country_where_an_address_may_lack_a_postal_code_needs_none(country: str) -> None:
    """Monaco has one code alone, written with the French ones; it is not asked for."""
    assert CARRIER.fit(order(country=country, postal_code=" "), {}).recipient.address.postal_code is None
    typed = {"IE": "D02 AF30", "MC": "98000"}
    for postal_code in (None, typed.get(country, "0815")):
        unchanged = order(country=country, postal_code=postal_code)
        assert CARRIER.fit(unchanged, {}) == unchanged


@pytest.mark.parametrize("grams", [None, 0, 1, MAX_WEIGHT_GRAMS])
def test_a_parcel_may_weigh_thirty_kilograms(grams: int | None) -> None:
    assert MAX_WEIGHT_GRAMS == 30_000
    assert CARRIER.fit(order(grams=grams), {}) == order(grams=grams)


@pytest.mark.parametrize(("grams", "refused"), [(899, True), (900, False), (None, False)])
def test_a_parcel_is_not_lighter_than_what_is_declared_in_it(grams: int | None, refused: bool) -> None:
    dishes = CustomsItem(description="Dish", quantity=3, weight_grams=300, value="9.00", currency="EUR")
    whole = replace(order(grams=grams, country="CH", postal_code="8001"), customs=(dishes,))
    if refused:
        assert faults(whole) == [("/parcel/weight_grams", "lighter-than-contents")]
    else:
        assert CARRIER.fit(whole, {}) == whole


@pytest.mark.parametrize("grams", [MAX_WEIGHT_GRAMS + 1, 2**61])
def test_a_heavier_parcel_is_refused(grams: int) -> None:
    assert faults(order(grams=grams)) == [("/parcel/weight_grams", "too-heavy")]


def test_every_fault_is_told_at_once() -> None:
    unfit = order(street="", locality=None, postal_code=" ", grams=MAX_WEIGHT_GRAMS + 1)
    assert faults(unfit) == [
        (STREET, "required"),
        (CITY, "required"),
        (ZIP, "required"),
        ("/parcel/weight_grams", "too-heavy"),
    ]
    assert faults(order(street=None, locality="", postal_code=None, country=None)) == [
        (STREET, "required"),
        (CITY, "required"),
        (COUNTRY, "required"),
    ]


@pytest.mark.policy("VP-CAT-7")
def test_a_known_pick_up_point_takes_the_place_of_the_home_address() -> None:
    """Where the recipient lives is not needed when the parcel does not go there."""
    fitted = CARRIER.fit(order(point=POINT.id, country="NL"), POINTS)
    assert fitted.recipient.address == Address(postal_code="1000", country="BE")
    assert replace(fitted, recipient=replace(fitted.recipient, address=HOME)) == order(point=POINT.id)


@pytest.mark.parametrize(
    "points", [{}, {"PUP-2000-02": PickupPoint(id="PUP-2000-02", postal_code="2000", country="BE")}]
)
def test_an_unknown_pick_up_point_is_refused_whatever_the_address(points: dict[str, PickupPoint]) -> None:
    assert faults(order(point=POINT.id), points) == [("/parcel/pickup_point", "unknown-pickup-point")]


@pytest.mark.parametrize(
    ("postal_code", "country", "expected"),
    [
        ("", "BE", [(ZIP, "required")]),
        *(("1000", country, [("/parcel/pickup_point", "unknown-pickup-point")]) for country in ("", "be", "GB", "CH")),
        ("38001", "ES", [("/parcel/pickup_point", "unknown-pickup-point")]),
        ("", "IE", []),
    ],
)
def test_a_point_must_lie_somewhere(postal_code: str, country: str, expected: list[tuple[str, str]]) -> None:
    points = {POINT.id: PickupPoint(id=POINT.id, postal_code=postal_code, country=country)}
    if expected:
        assert faults(order(point=POINT.id), points) == expected
    else:
        assert CARRIER.fit(order(point=POINT.id), points).recipient.address.country == country


def test_an_order_that_was_minimised_for_a_pick_up_point_fits_without_any_address() -> None:
    slim, withheld = minimise(order(point=POINT.id), load("bpost-shipping-platform"), Delivery())
    assert slim.recipient.address == Address()
    assert withheld["recipient.address.street"] == "pickup_point"
    assert CARRIER.fit(slim, POINTS).recipient.address == Address(postal_code="1000", country="BE")


def test_too_heavy_is_too_heavy_at_a_point_too() -> None:
    assert faults(order(point=POINT.id, grams=MAX_WEIGHT_GRAMS + 1), POINTS) == [("/parcel/weight_grams", "too-heavy")]
