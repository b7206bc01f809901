"""From the document to what would be stored of a contact and of an order of stamps."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from middleware.core import receipt
from middleware.core.contact import vat
from middleware.core.kinds import kind_of
from middleware.core.planning import NO_PARCEL, Planned, planned
from middleware.core.seal import seal
from middleware.core.tag import content_digest, needs_declaration, tag
from middleware.errors import SchemaError
from middleware.model import Record
from middleware.platforms.maxiresponse import Maxiresponse
from middleware.platforms.mystamp import MyStamp
from middleware.ports_senders import Caller
from schemas.known import REASONS
from schemas.mystamp import StampOrder
from schemas.order import Sender
from schemas.policy_loader import load
from tests.middleware.core.made_up import public_keys, receipt_keys, stamp
from tests.middleware.core.pictures import CANARY
from tests.middleware.platforms.making import settings
from tests.middleware.platforms.telling import (
    CUSTOMER,
    FORBIDDEN,
    PERSON,
    Json,
    contact,
    large_png,
    stamps,
    tagged_jpeg,
)

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
KINDS: Mapping[str, tuple[Caller, str]] = {
    "maxiresponse": (Maxiresponse(), "bpost-maxiresponse"),
    "mystamp": (MyStamp(), "bpost-mystamp"),
    "mystamp_pro": (MyStamp(), "bpost-mystamp"),
}
OF_STAMPS = {"image_metadata", "not_entered"}
"""Reasons of removals that no other record has."""
ENTERED: Json = {
    "birth_date": "1980-02-29",
    "phone": "053 12 34 56",
    "vat": "BE 0214.596.464",
    "gender": "unmentioned",
    "mobile": "+32470000000",
}


def plan(document: Json, account: str, drop: str | None = None, **changes: Any) -> Planned:
    """As that account sends it; under a pack that has no row of ``drop``."""
    caller, pack = KINDS[account]
    shop = replace(settings(), policy=pack, account_type=account, platform="direct")
    policy = load(pack).interpret(changes)
    policy = replace(policy, categories=tuple(rule for rule in policy.categories if drop not in rule.covers))
    parsed = caller.parse(document, shop, NOW)
    made = planned(parsed, document, caller.shape, caller.names, shop, policy, NO_PARCEL, NOW)
    assert made is not None
    return made


def sealed(made: Planned) -> Mapping[str, Mapping[str, object]]:
    """What stands in the parts that are made."""
    texts = kind_of(made.order).plaintexts(made.order, Sender())
    return {part.name: texts[part.name] for part in made.plan.parts}


def tagged(made: Planned) -> Record:
    """The record of an order of stamps."""
    closed = seal(made.order, Sender(), made.plan, public_keys(made.plan), shop="demo")
    return tag(closed, made.plan, made.order, made.report, stamp(policy=load("bpost-mystamp"), account_type="mystamp"))


def removed(made: Planned) -> dict[str, str]:
    return {removal.path: removal.reason for removal in made.report.removed}


def faults(document: Json, account: str) -> list[tuple[str, str]]:
    with pytest.raises(SchemaError) as caught:
        plan(document, account)
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


@pytest.mark.policy("MX-CAT-1", "MX-SCO-1")
def test_exactly_four_data_of_a_contact_are_sealed_and_nothing_is_in_the_clear() -> None:
    made = plan(contact("C-1"), "maxiresponse")
    assert sealed(made) == {"maxiresponse.contact": PERSON}
    assert kind_of(made.order).clear(made.order, "demo", "7K3MW-9Q2XA") == {"maxiresponse": {}}
    assert made.report.used == ("contract",)
    assert made.report.index == ("contact.id",)


@pytest.mark.policy("MX-CAT-2")
def test_address_company_and_vat_of_a_contact_are_dropped_unread_and_reported() -> None:
    made = plan(contact("C-1", **FORBIDDEN), "maxiresponse")
    assert sealed(made) == {"maxiresponse.contact": PERSON}
    assert {path: why for path, why in removed(made).items() if why == "not_in_pack"} == {
        f"contact.{name}": "not_in_pack" for name in FORBIDDEN
    }
    assert faults(contact("C-1", nickname="Fien"), "maxiresponse") == [("/contact/*", "unknown")]


@pytest.mark.policy("MX-RET-1", "MX-RET-2")
@pytest.mark.parametrize(
    ("contract", "kept"), [("person", True), ("organisation", True), ("none", False), (None, False)]
)
def test_a_contact_waits_for_the_end_of_its_agreement_and_without_one_is_refused(
    contract: str | None, kept: bool
) -> None:
    document = contact("C-1", contract=contract)
    if not kept:
        assert faults(document, "maxiresponse") == [("/contract", "no_retention_rule")]
        return
    made = plan(document, "maxiresponse")
    (part,) = made.plan.parts
    assert (part.retention, part.trigger, part.starts, part.until) == ("mx.all", "agreement_dissolved", None, None)
    assert part.kid == "maxiresponse.contact/mx.all/2029-11"
    assert (made.plan.recipient_until, made.plan.record_until) == (None, None)


@pytest.mark.policy("MX-PUR-1")
@pytest.mark.parametrize(("contract", "basis"), [("person", "A6-1-b"), ("organisation", "A6-1-f")])
def test_with_whom_the_agreement_is_decides_the_basis(contract: str, basis: str) -> None:
    (part,) = plan(contact("C-1", contract=contract), "maxiresponse").plan.parts
    assert part.basis == basis


@pytest.mark.policy("MX-CAT-1", "MS-CAT-1")
@pytest.mark.parametrize(
    ("document", "account", "category"),
    [(contact("C-1"), "maxiresponse", "contact.first_name"), (stamps("S-1"), "mystamp", "customer.email")],
    ids=["contact", "stamps"],
)
def test_what_a_pack_does_not_list_is_not_sealed(document: Json, account: str, category: str) -> None:
    part, name = kind_of(plan(document, account).order).first, category.rpartition(".")[2]
    assert name in sealed(plan(document, account))[part]
    silent = plan(document, account, drop=category)
    assert name not in sealed(silent)[part]
    assert removed(silent)[category] == "not_in_pack"


def test_what_reaches_nobody_is_withheld_and_a_fixed_line_is_none_of_that() -> None:
    made = plan(contact("C-1", email="nobody", phone="02 278 50 10"), "maxiresponse")
    assert sealed(made)["maxiresponse.contact"]["phone"] == "+3222785010"
    assert removed(made)["contact.email"] == "unusable"


@pytest.mark.policy("MS-CAT-1", "MS-CAT-2", "MS-CAT-3", "MS-CAT-4")
def test_of_a_customer_without_more_only_what_the_list_does_not_call_optional_passes() -> None:
    made = plan(stamps("S-1", customer=ENTERED), "mystamp")
    flat = {**{name: text for name, text in CUSTOMER.items() if name != "address"}, **CUSTOMER["address"]}
    assert sealed(made) == {"mystamp.customer": flat}
    assert {path: why for path, why in removed(made).items() if why != "empty"} == {
        "customer.birth_date": "not_entered",
        "customer.phone": "not_entered",
        "customer.vat": "not_in_pack",
        "customer.gender": "not_in_pack",
        "customer.mobile": "not_in_pack",
    }


@pytest.mark.policy("MS-CAT-6")
def test_what_is_taken_out_of_an_image_is_told_by_kind_and_the_image_as_kept() -> None:
    document = stamps("S-1", image=base64.b64encode(tagged_jpeg() + CANARY).decode())
    report = plan(document, "mystamp").report
    assert {(one.path, one.reason) for one in report.removed if one.path.startswith("image")} == {
        ("image.exif", "image_metadata"),
        ("image.trailer", "image_metadata"),
    }
    assert ("image", "image.data") in report.kept
    clean = stamps("S-1", image=base64.b64encode(large_png(2_000)).decode())
    assert "image_metadata" not in removed(plan(clean, "mystamp")).values()


def test_the_reasons_of_stamps_are_told_in_plain_words() -> None:
    made = plan(stamps("S-1", customer=ENTERED, image=base64.b64encode(tagged_jpeg()).decode()), "mystamp")
    assert OF_STAMPS <= set(removed(made).values()) <= REASONS.keys()


@pytest.mark.policy("MS-CAT-2", "MS-CAT-4", "MS-CAT-5")
def test_what_was_entered_for_a_purpose_passes_and_the_number_of_a_business_for_pro_alone() -> None:
    made = plan(stamps("S-1", customer=ENTERED, entered=["birth_date"]), "mystamp_pro")
    told = sealed(made)["mystamp.customer"]
    assert (told["birth_date"], told["vat"], told.get("phone")) == ("1980-02-29", "BE0214596464", None)
    both = plan(stamps("S-1", customer=ENTERED, entered=["phone", "birth_date"]), "mystamp")
    assert sealed(both)["mystamp.customer"]["phone"] == "+3253123456"
    assert "vat" not in sealed(both)["mystamp.customer"]
    assert made.report.used == ("entered",)
    assert faults(stamps("S-1", entered=["gender"]), "mystamp") == [("/entered", "choice")]


@pytest.mark.policy("MS-CAT-5")
@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("BE 0214.596.464", "BE0214596464"),
        ("0214596464", "BE0214596464"),
        ("BE0214596465", None),
        ("BE2214596464", None),
        ("NL 004495445B01", "NL004495445B01"),
        ("BE", None),
        ("somebody", None),
    ],
)
def test_a_belgian_number_is_checked_by_its_last_two_digits(number: str, read: str | None) -> None:
    assert vat(number) == read
    if read is None:
        assert faults(stamps("S-1", customer={"vat": number}), "mystamp_pro") == [("/customer/vat", "vat")]


@pytest.mark.policy("MS-CTL-1", "MS-CTL-2", "MS-RET-1", "AMB-16")
def test_customer_persons_and_image_are_parts_of_their_own_of_one_clock_from_this_order() -> None:
    more: Json = {"depicted": [{"name": "Afgebeelde"}, {"sign": "wapenschild"}], "image": picture()}
    made = plan(stamps("S-1", **more), "mystamp")
    assert sealed(made)["mystamp.depicted"] == {"persons": [{"name": "Afgebeelde"}, {"sign": "wapenschild"}]}
    assert kind_of(made.order).clear(made.order, "demo", "") == {
        "mystamp": {"product": "mystamp-national", "pieces": 10}
    }
    ends = {part.name: (part.retention, part.trigger, part.starts, part.until, part.basis) for part in made.plan.parts}
    day, end = date(2026, 11, 22), date(2029, 11, 22)
    assert ends == {
        "mystamp.customer": ("ms.customer", "last_order", day, end, "A6-1-b"),
        "mystamp.depicted": ("ms.depicted", "last_order", day, end, "not_stated"),
        "mystamp.photo": ("ms.photo", "last_order", day, end, "not_stated"),
    }
    other = plan(stamps("S-1", **more), "mystamp", photo_clock="order")
    assert {part.name: (part.trigger, part.until) for part in other.plan.parts}["mystamp.photo"] == ("ordered", end)


def picture() -> str:
    return base64.b64encode(tagged_jpeg()).decode("ascii")


@pytest.mark.policy("MS-CAT-6")
def test_what_a_camera_wrote_is_gone_before_anything_else_sees_the_image() -> None:
    assert CANARY in tagged_jpeg()
    parsed = MyStamp().parse(stamps("S-1", image=picture()), settings(), NOW)
    image = getattr(parsed.order, "image", None)
    assert image is not None
    assert image.media == "image/jpeg"
    assert CANARY not in base64.b64decode(image.data)


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize(
    ("image", "code"),
    [
        ("%%%%", "base64"),
        ("QUJD", "image-format"),
        ("é" * 4, "base64"),
        (base64.b64encode(tagged_jpeg()[:90]).decode(), None),
    ],
)
def test_what_is_no_image_is_refused_by_a_code(image: str, code: str | None) -> None:
    ((pointer, said),) = faults(stamps("S-1", image=image), "mystamp")
    assert pointer == "/image"
    assert said == code or (code is None and said.startswith("image-"))


def test_an_error_of_an_image_holds_nothing_of_it() -> None:
    with pytest.raises(SchemaError) as caught:
        plan(stamps("S-1", image="é" * 4), "mystamp")
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)


@pytest.mark.policy("MS-CTL-3")
@pytest.mark.parametrize(
    ("more", "needed"),
    [
        ({}, False),
        ({"depicted": [{"name": "Afgebeelde"}]}, True),
        ({"depicted": [{"name": " "}]}, False),
        ({"image": picture()}, True),
    ],
)
def test_a_declaration_is_needed_where_people_are_shown_or_named(more: Json, needed: bool) -> None:
    made = plan(stamps("S-1", **more), "mystamp")
    assert needs_declaration(made.plan, load("bpost-mystamp"), "mystamp") is needed
    assert tagged(made).blocked is needed


@pytest.mark.policy("MS-CTL-3")
def test_what_is_declared_goes_out_with_a_receipt_that_tells_of_it() -> None:
    declaration = {"id": "D-1", "declared_at": "2026-11-20T09:00:00Z"}
    made = tagged(plan(stamps("S-1", image=picture(), declaration=declaration), "mystamp"))
    assert made.blocked is False
    assert receipt.verify(made.receipt, receipt_keys())["declaration"] == declaration


@pytest.mark.policy("MS-CTL-3")
@pytest.mark.parametrize(
    ("declared_at", "code"), [("tomorrow", "timestamp"), ("2026-12-24T10:00:00Z", "future"), (" ", "required")]
)
def test_a_declaration_was_given_at_a_time(declared_at: str, code: str) -> None:
    document = stamps("S-1", declaration={"id": "D-1", "declared_at": declared_at})
    assert faults(document, "mystamp") == [("/declaration/declared_at", code)]


def test_neither_repr_tells_of_anybody() -> None:
    for document, account in ((contact("C-1"), "maxiresponse"), (stamps("S-1"), "mystamp")):
        made = plan(document, account)
        for value in ("Verbeelde", "Ververbeeld", "Denkbeeldstraat"):
            assert value not in repr(made) + repr(made.order)


DECLARED: Json = {"id": "D-17", "declared_at": "2026-11-20T10:00:00+01:00"}


@pytest.mark.policy("MS-CTL-3", "MS-CAT-2")
def test_what_was_entered_and_declared_is_not_what_is_sent_again() -> None:
    shown: Json = {"depicted": [{"name": "Afgebeelde"}]}
    waits = tagged(plan(stamps("S-1", **shown), "mystamp"))
    for more in ({"declaration": DECLARED}, {"entered": ["phone"]}, {"entered": ["phone", "birth_date"]}):
        assert tagged(plan(stamps("S-1", **shown, **more), "mystamp")).content == waits.content
    declared = tagged(plan(stamps("S-1", **shown, declaration=DECLARED), "mystamp"))
    assert (waits.blocked, declared.blocked) == (True, False)
    called: Json = {"customer": {"phone": "053 12 34 56"}, "entered": ["phone"]}
    assert tagged(plan(stamps("S-1", **shown, **called), "mystamp")).content != waits.content


DIGEST = """
from datetime import UTC, datetime
from middleware.core.tag import content_digest
from middleware.platforms.mystamp import MyStamp
from tests.middleware.core.made_up import stamp
from tests.middleware.platforms.making import settings
from tests.middleware.platforms.telling import stamps
document = stamps("S-1", entered=["phone", "birth_date"])
order = MyStamp().parse(document, settings(), datetime(2026, 11, 22, tzinfo=UTC)).order
print(content_digest(order, stamp()).hex())
"""


SEEDS = ("0", "4")
"""Under which a set of the two names is told in two orders."""


def test_the_same_order_of_stamps_is_known_again_by_every_process() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in SEEDS
    }
    assert len(told) == 1


def test_what_has_no_order_is_no_content() -> None:
    order = plan(stamps("S-1"), "mystamp").order
    assert isinstance(order, StampOrder)
    sets: Any = frozenset(("a", "b"))
    with pytest.raises(TypeError, match=r"^stamps\.product: a set"):
        content_digest(replace(order, stamps=replace(order.stamps, product=sets)), stamp())
