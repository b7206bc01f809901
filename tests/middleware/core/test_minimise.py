"""Necessity decided by the shipment: what this delivery does not need does not pass, and nothing else is touched."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.core import contact
from middleware.core.customs import EU_CUSTOMS_UNION
from middleware.core.minimise import minimise
from middleware.model import Delivery
from schemas.known import REASONS
from schemas.order import Address, Contact, CustomsItem, Ids, Order, Parcel, Recipient, catalogue
from schemas.policy import Policy
from schemas.policy_loader import load
from schemas.policy_parties import EEA
from tests.middleware.core.made_up import POLICY, barring, changed, leaves, order

EMAIL, PHONE = "lotte@verzinsel.example", "0470 12 34 56"
ADDRESS = ("street", "number", "box", "line2", "locality", "postal_code", "country")
CATALOGUE = tuple(catalogue())


def reached(**contact_data: str | None) -> dict[str, object]:
    return {f"recipient__contact__{name}": value for name, value in contact_data.items()}


def present(whole: Order, prefix: str) -> set[str]:
    """The names beneath a canonical path that hold something."""
    return {path.removeprefix(prefix) for path, value in leaves(whole) if path.startswith(prefix) and value is not None}


@pytest.mark.policy("VP-CAT-8", "AMB-1")
@pytest.mark.parametrize("country", ["BE", "GB"])
@pytest.mark.parametrize("point", [None, "kariboe-1000"])
@pytest.mark.parametrize(
    ("notify", "email", "phone", "passes"),
    [
        ("none", EMAIL, PHONE, set()),
        ("none", EMAIL, None, set()),
        ("none", None, PHONE, set()),
        ("none", None, None, set()),
        ("email", EMAIL, PHONE, {"email", "language"}),
        ("email", EMAIL, None, {"email", "language"}),
        ("email", None, PHONE, set()),
        ("email", None, None, set()),
        ("email", "not an address", PHONE, set()),
        ("email", "  ", PHONE, set()),
        ("sms", EMAIL, "+32 470 12 34 56", {"phone", "language"}),
        ("sms", None, "+32 470 12 34 56", {"phone", "language"}),
        ("sms", EMAIL, None, set()),
        ("sms", None, None, set()),
        ("sms", EMAIL, "12", set()),
        ("pigeon", EMAIL, PHONE, set()),
    ],
)
def test_only_the_one_means_by_which_the_delivery_notifies_passes(
    notify: str, email: str | None, phone: str | None, passes: set[str], point: str | None, country: str
) -> None:
    whole = order(**reached(email=email, phone=phone), parcel__pickup_point=point, recipient__address__country=country)
    slim, withheld = minimise(whole, POLICY, Delivery(notify=notify))
    assert present(slim, "recipient.contact.") == passes
    gone = {name for name, value in {"email": email, "phone": phone, "language": "nl"}.items() if value} - passes
    assert {f"recipient.contact.{name}" for name in gone} <= withheld.keys()
    assert not {f"recipient.contact.{name}" for name in passes} & withheld.keys()


@pytest.mark.policy("VP-CAT-8")
def test_what_cannot_be_used_is_told_apart_from_what_is_not_needed() -> None:
    whole = order(**reached(email="not an address", phone="12", language="klingon!"))
    assert _reasons(whole, "email") == {"email": "unusable", "phone": "no_notification", "language": "no_notification"}
    assert _reasons(whole, "sms") == {"email": "no_notification", "phone": "unusable", "language": "no_notification"}
    assert _reasons(whole, "none") == dict.fromkeys(("email", "phone", "language"), "no_notification")
    sound = order(**reached(language="klingon!"))
    assert _reasons(sound, "email") == {"phone": "no_notification", "language": "unusable"}


def _reasons(whole: Order, notify: str) -> dict[str, str]:
    _, withheld = minimise(whole, POLICY, Delivery(notify=notify))
    prefix = "recipient.contact."
    return {path.removeprefix(prefix): reason for path, reason in withheld.items() if path.startswith(prefix)}


def test_contact_data_pass_as_they_can_be_used() -> None:
    whole = order(**reached(email=f" {EMAIL} ", phone="0470/12.34.56", language="nl-BE"))
    by_email, _ = minimise(whole, POLICY, Delivery(notify="email"))
    by_sms, _ = minimise(whole, POLICY, Delivery(notify="sms"))
    assert by_email.recipient.contact == Contact(email=EMAIL, language="nl")
    assert by_sms.recipient.contact == Contact(phone="+32470123456", language="nl")


@pytest.mark.parametrize(
    ("country", "passes"), [("BE", None), ("NL", "+31612345678"), ("FR", "+33612345678"), (None, None)]
)
def test_a_phone_is_read_with_the_numbering_plan_of_the_recipients_country(
    country: str | None, passes: str | None
) -> None:
    whole = order(**reached(phone="0612345678"), recipient__address__country=country)
    slim, withheld = minimise(whole, POLICY, Delivery(notify="sms"))
    assert slim.recipient.contact.phone == passes
    assert withheld.get("recipient.contact.phone") == (None if passes else "unusable")


@pytest.mark.policy("VP-CAT-7")
def test_the_destination_passes_and_the_company_with_it() -> None:
    slim, withheld = minimise(order(), POLICY, Delivery())
    assert present(slim, "recipient.address.") == set(ADDRESS)
    assert (slim.recipient.name, slim.recipient.company) == ("Lotte Verzinsel", "Verzinsel en Dochters")
    assert not [
        path for path in withheld if path.startswith(("recipient.address.", "recipient.name", "recipient.company"))
    ]


@pytest.mark.policy("VP-CAT-7")
@pytest.mark.parametrize("country", ["BE", "CH", None])
def test_a_parcel_to_a_pick_up_point_needs_the_name_alone(country: str | None) -> None:
    whole = order(parcel__pickup_point="kariboe-1000", recipient__address__country=country)
    slim, withheld = minimise(whole, POLICY, Delivery(notify="email"))
    assert slim.recipient == Recipient(name="Lotte Verzinsel", contact=Contact(email=EMAIL, language="nl"))
    assert slim.parcel == whole.parcel
    expected = {f"recipient.address.{name}" for name in ADDRESS} | {"recipient.company"}
    assert {path for path, reason in withheld.items() if reason == "pickup_point"} == expected


def test_the_customs_union_is_the_european_unions() -> None:
    assert EEA - {"IS", "LI", "NO"} | {"MC"} == EU_CUSTOMS_UNION
    assert len(EU_CUSTOMS_UNION) == 28


@pytest.mark.policy("VP-CAT-7")
@pytest.mark.parametrize("country", sorted(EU_CUSTOMS_UNION))
def test_within_the_customs_union_nothing_is_declared(country: str) -> None:
    slim, withheld = minimise(order(recipient__address__country=country), POLICY, Delivery())
    assert slim.customs == ()
    assert {path for path, reason in withheld.items() if reason == "in_customs_union"} == {
        f"customs.{name}" for name in CustomsItem.__dataclass_fields__
    }


@pytest.mark.policy("VP-CAT-7")
@pytest.mark.parametrize("country", ["GB", "CH", "NO", "IS", "LI", "TR", "SM", "AD", "VA", "US", "JP", "UA", "XK"])
def test_beyond_the_customs_union_the_goods_are_declared(country: str) -> None:
    whole = order(recipient__address__country=country)
    slim, withheld = minimise(whole, POLICY, Delivery())
    assert slim.customs == whole.customs
    assert not [path for path in withheld if path.startswith("customs.")]


@pytest.mark.policy("VP-SCO-2", "VP-CAT-8")
@pytest.mark.parametrize(("path", "category"), CATALOGUE)
@pytest.mark.parametrize("notify", ["none", "email", "sms"])
@pytest.mark.parametrize("country", ["BE", "US"])
def test_what_the_pack_does_not_permit_never_passes(path: str, category: str, notify: str, country: str) -> None:
    whole = order(
        recipient__address__country=country, parcel__pickup_point="kariboe-1000" if "pickup" in path else None
    )
    assert any(value is not None for name, value in leaves(whole) if name == path)
    slim, withheld = minimise(whole, barring(category), Delivery(notify=notify))
    assert withheld[path] == "not_in_pack"
    assert not [value for name, value in leaves(slim) if name == path and value is not None]


@pytest.mark.policy("VP-CAT-8")
@pytest.mark.parametrize(("notify", "category"), [("email", "email"), ("sms", "phone")])
def test_no_language_passes_without_the_means_to_notify(notify: str, category: str) -> None:
    policy = barring(f"recipient.contact.{category}")
    slim, withheld = minimise(order(), policy, Delivery(notify=notify))
    assert slim.recipient.contact == Contact()
    assert withheld["recipient.contact.language"] == "no_notification"


def test_a_pack_that_permits_nothing_lets_nothing_pass() -> None:
    slim, withheld = minimise(
        order(recipient__address__country="US"), barring(*{name for _, name in CATALOGUE}), Delivery()
    )
    assert withheld == {path: "not_in_pack" for path, _ in CATALOGUE}
    assert [(path, value) for path, value in leaves(slim) if value is not None] == []
    assert slim.customs == ()


texts = st.none() | st.text(max_size=12)
numbers = st.none() | st.integers(0, 10**6)
countries = st.sampled_from([None, "BE", "NL", "MC", "GB", "CH", "US", "be", ""]) | st.text(max_size=3)
orders = st.builds(
    Order,
    ids=st.builds(Ids, order_id=texts, order_name=texts, customer_id=texts),
    recipient=st.builds(
        Recipient,
        name=texts,
        company=texts,
        address=st.builds(Address, **dict.fromkeys(ADDRESS[:-1], texts), country=countries),
        contact=st.builds(
            Contact,
            email=texts | st.just(EMAIL),
            phone=texts | st.just(PHONE) | st.just("+32470123456"),
            language=texts | st.sampled_from(["nl", "fr-BE", "de_AT"]),
        ),
    ),
    parcel=st.builds(Parcel, weight_grams=numbers, pieces=numbers, product=texts, pickup_point=texts),
    customs=st.lists(st.builds(CustomsItem, description=texts, quantity=numbers, value=texts), max_size=3).map(tuple),
    updated_at=st.none() | st.just(datetime(2026, 11, 22, tzinfo=UTC)),
)
barred = st.lists(st.sampled_from([category for _, category in CATALOGUE]), max_size=4)
deliveries = st.sampled_from(["none", "email", "sms"]).map(lambda notify: Delivery(notify=notify))


def under(never: list[str]) -> Policy:
    return barring(*never) if never else POLICY


def _usable(whole: Order) -> Order:
    raw, country = whole.recipient.contact, whole.recipient.address.country
    usable = Contact(
        email=contact.email(raw.email), phone=contact.phone(raw.phone, country), language=contact.language(raw.language)
    )
    return Order(**{**_members(whole), "recipient": changed(whole.recipient, "contact", usable)})


def _members(whole: Order) -> dict[str, object]:
    return {name: getattr(whole, name) for name in whole.__dataclass_fields__}


@pytest.mark.policy("VP-CAT-8")
@given(orders, barred, deliveries)
def test_nothing_withheld_remains_and_nothing_but_withheld_changes(
    whole: Order, never: list[str], delivery: Delivery
) -> None:
    slim, withheld = minimise(whole, under(never), delivery)
    expected = [(path, None if path in withheld else value) for path, value in leaves(_usable(whole))]
    if slim.customs == ():
        assert all(path in withheld for path, _ in CATALOGUE if path.startswith("customs.")) or whole.customs == ()
        expected = [(path, value) for path, value in expected if not path.startswith("customs.")]
    assert list(leaves(slim)) == expected
    assert set(withheld.values()) <= REASONS.keys()
    assert withheld.keys() <= dict(CATALOGUE).keys()


@pytest.mark.policy("VP-CAT-8", "VP-CAT-7")
@given(orders, barred, deliveries)
def test_what_passes_is_what_the_delivery_needs(whole: Order, never: list[str], delivery: Delivery) -> None:
    slim, _ = minimise(whole, under(never), delivery)
    person = slim.recipient.contact
    assert person.email is None or (delivery.notify == "email" and "recipient.contact.email" not in never)
    assert person.phone is None or (delivery.notify == "sms" and "recipient.contact.phone" not in never)
    assert person.language is None or person.email or person.phone
    assert not (slim.customs and (slim.parcel.pickup_point or slim.recipient.address.country in EU_CUSTOMS_UNION))
    assert not slim.parcel.pickup_point or present(slim, "recipient.") <= {
        "name",
        "contact.email",
        "contact.phone",
        "contact.language",
    }


@given(orders, barred, deliveries)
def test_to_minimise_again_changes_nothing(whole: Order, never: list[str], delivery: Delivery) -> None:
    slim, _ = minimise(whole, under(never), delivery)
    assert minimise(slim, under(never), delivery)[0] == slim


@pytest.mark.parametrize(
    ("pack", "path"),
    [
        pytest.param(
            "bpost-maxiresponse", "recipient.address.street", marks=pytest.mark.policy("MX-SCO-1", "MX-CAT-2")
        ),
        pytest.param("bpost-maxiresponse", "recipient.company", marks=pytest.mark.policy("MX-CAT-2")),
        pytest.param("bpost-maxiresponse", "recipient.contact.email", marks=pytest.mark.policy("MX-SCO-1")),
        pytest.param("bpost-mystamp", "recipient.address.street", marks=pytest.mark.policy("MS-SCO-1")),
        pytest.param("bpost-mystamp", "recipient.name", marks=pytest.mark.policy("MS-SCO-1")),
    ],
)
def test_a_parcel_borrows_no_permission_from_another_pack(pack: str, path: str) -> None:
    whole = order(**reached(email=EMAIL), parcel__pickup_point=None)
    slim, withheld = minimise(whole, load(pack), Delivery(notify="email"))
    assert withheld[path] == "not_in_pack"
    assert present(slim, "recipient.") == set()
