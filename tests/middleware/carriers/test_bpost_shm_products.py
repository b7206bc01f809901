"""The product decides: what goes of a shipping line or of a way, and what of who receives it needs."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations
from typing import Any

import pytest

from middleware.account import Account
from middleware.carriers.bpost_shm import mapping, products
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.carriers.bpost_shm.products import Choice, Way
from middleware.carriers.bpost_shm.values import Message, Product, Service
from middleware.core.minimise import minimise
from middleware.errors import SchemaError
from middleware.exchange import Unserved
from middleware.model import Delivery
from schemas.order import Contact, Order, Sender
from tests.middleware.carriers.test_bpost_shm_fit import EMAIL, LONDON, MOBILE, SPOTS, TEAPOT, carrier, order
from tests.middleware.core.made_up import POLICY
from tests.middleware.platforms.making import settings

BOTH = replace(EMAIL, phone=MOBILE.phone)
WHERE: dict[Way, dict[str, Any]] = {
    Way.HOME: {},
    Way.POINT: {"pickup_point": "207500"},
    Way.LOCKER: {"pickup_point": "014472"},
    Way.EUROPE: {"postal_code": "1011 AB", "country": "NL"},
    Way.WORLD: {"at": LONDON},
    Way.POINT_ABROAD: {"pickup_point": "NL1"},
    Way.LOCKER_ABROAD: {"pickup_point": "NL2"},
}
OPTIONS = ("signed", "insured-2", "tell-email", "tell-sms", "next-day", "reminder", "keep-informed", "distributed")


def going(way: Way) -> Order:
    return order(BOTH, weight_grams=2_000, **WHERE[way])


def chose(way: Way, line: str | None = None, notify: str = "none", **chosen: str) -> tuple[str | None, str]:
    made, delivery = carrier(**chosen).choose(going(way), line, Delivery(notify=notify))
    return made.parcel.product, delivery.notify


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("bpack-24h-pro", Choice(product=Product.HOME)),
        ("bpack-24h-pro+tell-email", Choice(product=Product.HOME, notify="email")),
        (
            "bpack-24h-pro+next-day+signed+reminder+tell-sms",
            Choice(
                product=Product.HOME,
                services=(Service.SIGNED,),
                notify="sms",
                messages=(Message.NEXT_DAY, Message.REMINDER),
            ),
        ),
        (
            "bpack-at-bpost+keep-informed+tell-email+distributed",
            Choice(product=Product.AT_BPOST, notify="email", messages=(Message.AT_POINT,), distributed=True),
        ),
        (
            "bpack-24h-pro+time-slot-pm+tell-sms+full-service+preferred-window-office",
            Choice(
                product=Product.HOME,
                services=(Service.FULL_SERVICE,),
                notify="sms",
                messages=(Message.TIME_SLOT,),
                slot="PM",
                window="OFFICE",
            ),
        ),
        (
            "bpack-24h-business+same-day+tell-email+door-step-plus+ultra-late",
            Choice(
                product=Product.BUSINESS,
                services=(Service.DOOR_STEP_PLUS, Service.ULTRA_LATE),
                notify="email",
                messages=(Message.SAME_DAY,),
            ),
        ),
    ],
)
def test_what_is_told_stands_behind_the_product_like_any_option(text: str, choice: Choice) -> None:
    assert products.read(text) == choice


@pytest.mark.parametrize(
    "text",
    [
        "bpack-24h-pro+tell-email+tell-sms",
        "bpack-24h-pro+tell-email+tell-email",
        "bpack-24h-pro+reminder",
        "bpack-24h-pro+tell-pigeon",
        "bpack-24h-pro+next-day+next-day+tell-email",
        "bpack-24h-pro+distributed+distributed",
        "bpack-24h-pro+same-day",
        "bpack-24h-pro+time-slot-am",
        "bpack-24h-pro+time-slot-am+time-slot-pm+tell-email",
        "bpack-24h-pro+preferred-window-am+preferred-window-office",
        "bpack-24h-pro+time-slot-office+tell-email",
        "bpack-24h-pro+fragile",
        "bpack-xl",
    ],
)
def test_two_means_and_a_message_without_any_are_no_choice(text: str) -> None:
    assert products.read(text) is None


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (Way.HOME, {"next-day", "reminder"}),
        (Way.POINT, {"keep-informed", "reminder"}),
        (Way.LOCKER, set()),
        (Way.EUROPE, set()),
        (Way.WORLD, set()),
        (Way.POINT_ABROAD, set()),
        (Way.LOCKER_ABROAD, set()),
    ],
)
def test_each_way_has_messages_of_its_own(way: Way, told: set[str]) -> None:
    first = products.first(way)
    words = ("next-day", "reminder", "keep-informed")
    assert {word for word in words if products.fits(way, f"{first}+{word}+tell-email")} == told
    assert products.fits(way, f"{first}+tell-email") is (way not in products.LOCKERS)  # the locker's own code is mailed
    assert products.fits(way, f"{first}+distributed") is (way in (Way.HOME, Way.POINT, Way.LOCKER))


@pytest.mark.parametrize("way", Way)
def test_what_is_done_at_a_door_goes_to_doors_alone(way: Way) -> None:
    first = products.first(way)
    at_doors = ["full-service", "door-step-plus", "ultra-late", "preferred-window-pm"]
    told = ["same-day+tell-email", "time-slot-pmplus+tell-sms"]
    for option in (*at_doors, *told):
        assert products.fits(way, f"{first}+{option}") is (way is Way.HOME)
    assert products.fits(way, f"{first}+signed")


@pytest.mark.parametrize(
    ("text", "known", "lacks"),
    [
        ("bpack-24h-pro+same-day+tell-email", EMAIL, None),
        ("bpack-24h-pro+time-slot-am+tell-sms", MOBILE, None),
        ("bpack-24h-pro+same-day+tell-email", Contact(), "email"),
        ("bpack-24h-pro+time-slot-am+tell-sms", Contact(), "phone"),
        ("bpack-24h-pro+time-slot-am+tell-sms", EMAIL, "phone"),
        ("bpack-24h-pro+reminder+tell-sms", Contact(), None),
    ],
)
def test_a_day_that_is_promised_is_announced_or_the_order_is_refused(
    text: str, known: Contact, lacks: str | None
) -> None:
    made, _ = carrier(home=text).choose(order(known), None, Delivery())
    if lacks is None:
        carrier().fit(made, {})
        return
    with pytest.raises(SchemaError) as caught:
        carrier().fit(made, {})
    assert [(one.pointer, one.code) for one in caught.value.faults] == [(f"/recipient/contact/{lacks}", "required")]


@pytest.mark.policy("VP-CAT-8", "AMB-1")
@pytest.mark.parametrize("usual", ["none", "email", "sms"])
@pytest.mark.parametrize("way", Way)
def test_what_the_settings_write_of_a_product_is_all_that_it_needs_whatever_the_shop_notifies_by(
    way: Way, usual: str
) -> None:
    text, locker = products.first(way), way in products.LOCKERS
    for line, by_way in ((text, {}), (None, {way.value: text}), (f"bpack-xl {text}", {way.value: "bpack-bus"})):
        assert chose(way, line, usual, **by_way) == (text, "email" if locker else "none")
    for told in () if locker else ("email", "sms"):
        assert chose(way, f"{text}+tell-{told}", usual) == (f"{text}+tell-{told}", told)


@pytest.mark.policy("VP-CAT-8", "AMB-1")
@pytest.mark.parametrize("usual", ["none", "email", "sms"])
@pytest.mark.parametrize("way", Way)
def test_of_what_the_settings_do_not_write_the_shop_says_how_it_notifies(way: Way, usual: str) -> None:
    first = products.first(way)
    if way in products.LOCKERS:
        assert chose(way, None, usual) == (first, "email")
    else:
        assert chose(way, None, usual) == (first if usual == "none" else f"{first}+tell-{usual}", usual)


def test_the_first_of_a_line_that_can_go_there_goes_and_none_is_a_refusal() -> None:
    line = "bpack-24h-business+signed bpack-24h-pro bpack-at-bpost+tell-sms bpack-world-express-pro"
    assert chose(Way.HOME, line) == ("bpack-24h-business+signed", "none")
    assert chose(Way.POINT, line) == ("bpack-at-bpost+tell-sms", "sms")
    assert chose(Way.EUROPE, line)[0] == chose(Way.WORLD, line)[0] == "bpack-world-express-pro"
    with pytest.raises(SchemaError) as caught:
        chose(Way.LOCKER, line, locker="bpack-24-7")
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [("/parcel/product", "unknown-product")]


def texts(way: Way) -> list[str]:
    """Whatever may be written of a way, of its first product."""
    sets = chain.from_iterable(combinations(OPTIONS, count) for count in range(5))
    written = ("+".join((products.first(way), *options)) for options in sets)
    return [text for text in written if products.fits(way, text)]


@pytest.mark.policy("VP-CAT-8", "AMB-1")
@pytest.mark.parametrize("way", Way)
def test_no_box_holds_a_contact_datum_that_its_product_does_not_need(way: Way) -> None:
    """Whatever the order holds: both are in it, and nothing has withheld them."""
    known = {"email": EMAIL.email, "sms": MOBILE.phone}
    assert len(texts(way)) > 2
    for text in texts(way):
        made = replace(going(way), parcel=replace(going(way).parcel, product=text))
        written = _words(mapping.box(made, SPOTS.get(made.parcel.pickup_point or ""), "winkel@voorbeeld.example"))
        needed = products.needs(way, text)
        assert {means for means, datum in known.items() if datum in written} == {needed} - {"none"}, text
        assert ("winkel@voorbeeld.example" in written) is ("distributed" in text)


MEMBER = "188565346"


@pytest.mark.policy("VP-CAT-7", "VP-CAT-8")
@pytest.mark.parametrize("way", Way)
def test_a_members_number_passes_to_a_locker_alone_and_instead_of_the_address_for_the_code(way: Way) -> None:
    unfit = replace(going(way), recipient=replace(going(way).recipient, locker_member=MEMBER))
    made, delivery = carrier().choose(unfit, None, Delivery(notify="email"))
    slim, withheld = minimise(made, POLICY, delivery)
    written = _words(
        mapping.box(carrier().fit(replace(slim, customs=(TEAPOT,)), {}), SPOTS.get(WHERE[way].get("pickup_point", "")))
    )
    locker = way is Way.LOCKER
    assert ((MEMBER in written), (EMAIL.email in written)) == (locker, not locker)
    assert (slim.recipient.locker_member, slim.recipient.contact.email) == (
        (MEMBER, None) if locker else (None, EMAIL.email)
    )
    assert withheld.get("recipient.locker_member") == (None if locker else "no_locker")


def _words(value: Any) -> set[str]:
    """Every text of a box."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, tuple):
        return set().union(*map(_words, value))
    return set().union(*(_words(getattr(value, name)) for name in getattr(value, "__slots__", ())))


OWN = Account(id="654321", passphrase="made up", shared=False)
SENDER = Sender(name="Winkel Demo", email="winkel@voorbeeld.example")


def served(**changes: Any) -> object:
    return carrier().serving(settings(**{"account": OWN, "sender": SENDER, **changes}))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"lines": {"Home": "bpack-24h-pro+odd"}}, ("lines", "Home")),
        ({"lines": {"Home": "bpack-24h-pro", "Any": "bpack-24h-pro bpack-24-7+tell-email"}}, ("lines", "Any")),
        ({"products": {"locker": "bpack-24-7+tell-email"}}, ("products", "locker")),
        ({"products": {"home": "bpack-24h-pro+tell-email+tell-sms"}}, ("products", "home")),
        ({"lines": {"Home": "bpack-24h-pro+distributed"}, "sender": Sender(name="Winkel")}, ("sender", "email")),
        (
            {"products": {"home": "bpack-24h-pro+distributed"}, "sender": Sender(email=f"{'w' * 50}@v.example")},
            ("sender", "email"),
        ),
    ],
)
def test_a_shop_whose_lines_go_nowhere_is_told_which(changes: dict[str, Any], key: tuple[str, ...]) -> None:
    refused = served(**changes)
    assert isinstance(refused, Unserved)
    assert refused.key == key


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("signed+tell-mail", "option 2 behind it is none; there are +second-presentation, +signed, "),
        ("tell-email+tell-sms", "+tell-email and +tell-sms exclude each other"),
        ("insured+insured-2", "+insured and +insured-2 exclude each other"),
        ("next-day", "+next-day needs +tell-email or +tell-sms beside it"),
        ("signed+signed", "+signed stands there twice"),
        ("keep-informed+tell-sms", "+keep-informed is no message of this way"),
    ],
)
def test_the_option_at_fault_is_named_and_no_setting_is_repeated(options: str, told: str) -> None:
    refused = served(products={"home": f"bpack-24h-pro+{options}"})
    assert isinstance(refused, Unserved)
    assert refused.problem.startswith(told)
    assert "tell-mail" not in refused.problem
    assert refused.example == 'products = { home = "bpack-24h-pro" }'


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("bpack-24h-pro bpack-bus", "product 2 of it: there is no such product"),
        ("bpack-24-7+tell-sms", "product 1 of it: +tell-sms is not possible to a locker, whose own code is mailed"),
        ("bpack-world-business+distributed", "product 1 of it: +distributed is not possible abroad"),
        ("bpack-at-bpost+next-day+tell-sms", "product 1 of it: +next-day is no message of this way"),
    ],
)
def test_a_line_tells_which_of_its_products_goes_nowhere_and_why(line: str, told: str) -> None:
    refused = served(lines={"Home": line})
    assert isinstance(refused, Unserved)
    assert refused.problem == told


def test_a_product_of_another_way_is_told_so() -> None:
    refused = served(products={"world": "bpack-24h-pro"})
    assert isinstance(refused, Unserved)
    assert refused.problem == "this product does not go this way"
    assert refused.example == 'products = { world = "bpack-world-business" }'


def test_a_shop_is_served_with_its_lines() -> None:
    assert isinstance(served(lines={"Home": "bpack-24h-pro+distributed bpack-at-bpost+tell-email"}), BpostShm)
