"""What of an order is refused for what its account may not use: what is certain, and what would be sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from middleware.carriers.bpost_shm.granted import Grants, from_rows
from middleware.carriers.bpost_shm.products import Way
from middleware.errors import SchemaError
from middleware.model import Delivery
from schemas.order import Contact
from tests.middleware.carriers.test_bpost_shm_fit import EMAIL, MOBILE, carrier, order
from tests.middleware.carriers.test_bpost_shm_permitted import findings, known, lacking, told_of

NOBODY = Contact()


def refused(
    grants: Grants, contact: Contact = NOBODY, notify: str = "none", pickup_point: str | None = None, **chosen: str
) -> list[str]:
    """What ``choose`` says of an order, by pointer and code."""
    serving = replace(carrier(**chosen), granted=lambda: grants)
    try:
        serving.choose(order(contact, pickup_point=pickup_point), None, Delivery(notify=notify))
    except SchemaError as refusal:
        return [f"{one.pointer} {one.code}" for one in refusal.faults]
    return []


@pytest.mark.parametrize(
    ("contact", "notify", "told"),
    [
        (EMAIL, "email", True),
        (MOBILE, "sms", True),
        (replace(NOBODY, phone="0470 00 00 00"), "sms", True),  # read as a number of the country it goes to
        (NOBODY, "email", False),
        (MOBILE, "email", False),
        (EMAIL, "sms", False),
        (replace(NOBODY, email="lotte at home"), "email", False),
        (replace(NOBODY, email="lotte..v@verzonnen.example"), "email", False),  # bpost would refuse it
        (replace(NOBODY, phone="02 000 00"), "sms", False),
        (EMAIL, "none", False),
    ],
)
def test_a_message_that_would_not_be_sent_is_none_that_the_account_may_not_use(
    contact: Contact, notify: str, told: bool
) -> None:
    without = known(told_of("bpack 24h Pro", options=("Signature",)))
    lacks = ["/parcel/product next-day-not-granted"] if told else []
    assert refused(without, contact, notify) == lacks
    if notify != "none":
        text = f"bpack-24h-pro+next-day+signed+saturday+tell-{notify}"
        assert refused(without, contact, home=text) == [*lacks, "/parcel/product saturday-not-granted"]


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ("Bpack@Bpost", []),
        ("bpack at bpost", []),
        ("", []),
        ("bpack Click &amp; Collect", ["/parcel/product product-not-granted"]),
        ("bpack@bpost international", ["/parcel/product product-not-granted"]),
    ],
)
def test_a_product_by_a_name_that_is_not_known_could_be_the_one_that_is_looked_for(
    listed: str, told: list[str]
) -> None:
    body = told_of("bpack 24h Pro", "bpack@bpost").replace(b"'pick-up point'><ns:product name=\"bpack@bpost\"",
        f"'pick-up point'><ns:product name=\"{listed}\"".encode())  # fmt: skip
    grants = known(body)
    assert refused(grants, pickup_point="207500") == told
    assert refused(grants, pickup_point="014472") == ["/parcel/product product-not-granted"]  # another method's
    assert refused(known(body.replace(b"pick-up point", b"afhaalpunt")), pickup_point="014472") == told
    assert from_rows(grants.rows()) == grants


def test_what_may_be_the_one_under_another_name_is_a_note_before_a_shop_is_live() -> None:
    body = told_of("bpack 24h Pro").replace(b'name="bpack 24h Pro"', b'name="bpack Lotte"')
    well, note = findings(body, {"home": "bpack-24h-pro+signed"})
    assert (well[0], note[:2]) == (True, (True, "/products/home"))
    assert "so of bpack-24h-pro nothing can be told: try one order" in note[2]
    nothing = "of nothing it is certain that the account may use it"
    assert well[2] == f"{nothing}; not point, locker, point-abroad, locker-abroad"
    assert "Lotte" not in note[2]
    assert [ok for ok, *_ in findings(body, {"point": "bpack-at-bpost"})] == [False]
    assert all(ok for ok, *_ in findings(body))


RANGE = '<ns:option name="Insurance"><chracteristic name="Insurance range code" value="{}"/></ns:option>'
FREE = '<ns:option name="Insurance"/>'


@pytest.mark.parametrize(
    ("inside", "lacks"),
    [
        ((RANGE.format(1), RANGE.format(1)), ["insured-2"]),
        ((RANGE.format(1), RANGE.format(2)), []),
        ((FREE, RANGE.format(1)), []),
        ((RANGE.format(1), FREE), []),
        ((RANGE.format(1) + FREE, ""), []),
        ((RANGE.format(1), ""), ["insured-2"]),
        ((RANGE.format("two") + RANGE.format(1), ""), []),
        ((RANGE.format("123"), ""), []),
    ],
)
def test_an_insurance_that_once_names_no_ranges_may_be_of_any(inside: tuple[str, str], lacks: list[str]) -> None:
    body = b"".join(told_of("bpack 24h Pro", options=(), inside=one) for one in inside)
    body = body.replace(b"</ns:productConfiguration><ns:productConfiguration>", b"")
    assert lacking(body, Way.HOME, "bpack-24h-pro+insured-2") == lacks


@pytest.mark.parametrize("option", ["reminder+tell-email", "second-presentation", "sunday", "full-service"])
def test_an_option_whose_name_is_not_public_is_never_refused(option: str) -> None:
    body, text = told_of("bpack 24h Pro"), f"bpack-24h-pro+{option}"
    assert lacking(body, Way.HOME, text) == []
    assert refused(known(body), EMAIL, home=text) == []
    well, note = findings(body, {"home": text})
    assert (well[0], note[:2]) == (True, (True, "/products/home"))
    name = option.partition("+")[0]
    assert f"of +{name} nothing can be told: try one order" in note[2]
    listed = {"reminder": "infoReminder", "second-presentation": "Second presentation", "sunday": "Sunday"}
    schemas = {**listed, "full-service": "Full service"}
    assert len(findings(told_of("bpack 24h Pro", options=(schemas[name],)), {"home": text})) == 1
