"""The record of processing activities: every row of every pack is in it, nothing is empty, nothing is made up."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest

from middleware.core.register import MANDATORY, Entry, entries
from schemas.policy import Policy
from schemas.policy_loader import load, load_file, names, skeleton

PACKS = tuple(load(name) for name in names())
CONTACTS = load("bpost-maxiresponse")
ENTRIES = entries(PACKS)


def entry(record_id: str) -> Entry:
    (found,) = [entry for entry in ENTRIES if entry.record_id == (record_id,)]
    return found


def test_no_cell_is_empty_and_every_record_has_an_id_of_its_own() -> None:
    for found in ENTRIES:
        for column in fields(Entry):
            cell = getattr(found, column.name)
            assert cell, (found.record_id, column.name)
            assert all(isinstance(value, str) and value for value in cell)
    assert len({found.record_id for found in ENTRIES}) == len(ENTRIES)
    assert {column.name for column in fields(Entry)} >= MANDATORY


@pytest.mark.parametrize("policy", PACKS, ids=lambda policy: policy.id)
def test_every_purpose_recipient_and_term_of_a_pack_is_in_it(policy: Policy) -> None:
    mine = [found for found in ENTRIES if found.pack == (policy.id,)]
    permitted = {purpose.title for purpose in policy.purposes.values() if not purpose.prohibited}
    assert {found.purpose[0] for found in mine} == permitted
    assert {name for found in mine for name in found.recipients} >= {row.name for row in policy.recipients}
    assert {rule for found in mine for rule in found.retention_class} - {"not_stated"} == set(policy.retention)


@pytest.mark.policy("VP-CTL-1")
def test_the_controller_of_the_shipping_platform_stands_in_its_register() -> None:
    found = entry("bpost-shipping-platform/label_and_delivery/platform")
    assert found.register == ("controller",)
    assert found.controller == (
        "bpost, naamloze vennootschap van publiek recht, Anspachlaan 1, bus 1, 1000 Brussel, BE 0214.596.464",
    )
    assert found.retention_class == ("vp.sender.operational", "vp.recipient.operational")
    assert found.duration == ("vp.sender.operational: end_of_use", "vp.recipient.operational: P13M")


@pytest.mark.policy("MX-RET-1", "MS-RET-1", "VP-RET-2", "VP-RET-1")
@pytest.mark.parametrize(
    ("record_id", "durations"),
    [
        *((f"bpost-maxiresponse/{purpose}/contacts", ("mx.all: P3Y",)) for purpose in CONTACTS.purposes),
        ("bpost-mystamp/care/customer_self", ("ms.customer: P3Y",)),
        ("bpost-mystamp/improvement/customer_self", ("ms.customer: P3Y",)),
        ("bpost-mystamp/generic_advertising/customer_self", ("ms.customer: P3Y",)),
        ("bpost-shipping-platform/support/platform", ("vp.sender.operational: end_of_use",)),
        (
            "bpost-shipping-platform/generic_advertising/platform",
            ("vp.former_user.marketing: P36M", "vp.sender.operational: end_of_use"),
        ),
        ("bpost-shipping-platform/legal_defence/platform", ("vp.sender.legal: P10Y",)),
    ],
)
def test_a_term_that_the_text_gives_for_all_stands_at_each_purpose(record_id: str, durations: tuple[str, ...]) -> None:
    found = entry(record_id)
    classes = [duration.partition(":")[0] for duration in durations]
    assert (found.duration, [*found.retention_class]) == (durations, classes)
    assert [cell.partition(":")[0] for cell in found.trigger] == classes


@pytest.mark.policy("MX-CTL-1")
def test_each_controller_with_the_address_of_its_text() -> None:
    assert (
        "Multicenter, Anspachlaan 1, bus 1, 1000 Brussel, BE 0214.596.464, RPR Brussel"
        in (entry("bpost-maxiresponse/services/contacts").controller[0])
    )


@pytest.mark.policy("MS-CTL-2")
def test_persons_on_stamps_stand_in_the_register_of_the_processor_alone() -> None:
    found = entry("bpost-mystamp/services/depicted_person")
    assert (found.register, found.controller) == (("processor",), ("the customer",))
    assert found.processor[0].startswith("bpost, ")
    assert found.data_categories == (
        "images of persons on stamps",
        "names and other signs of persons on stamps",
        "the customer's declaration that transfer and use are lawful: its id and time (not in the text)",
    )
    assert found.objection == ("not_stated",)
    assert found.retention_class == ("ms.depicted", "ms.photo")
    others = [other for other in ENTRIES if other.register == ("controller",)]
    assert not [other for other in others if "depicted" in other.subject_category]
    assert not [other for other in others if set(found.data_categories) & set(other.data_categories)]


@pytest.mark.policy("MS-CTL-1")
def test_customers_of_mystamp_stand_in_the_register_of_the_controller() -> None:
    found = entry("bpost-mystamp/services/customer_self")
    assert (found.register, found.processor, found.subject_category) == (("controller",), ("none",), ("customer",))


@pytest.mark.policy("VP-REC-1", "VP-REC-2")
def test_a_country_that_is_not_stated_is_not_guessed() -> None:
    countries = entry("bpost-shipping-platform/label_and_delivery/platform").country
    assert {"Speos: not_stated", "Dun and Bradstreet: not_stated", "AWS: IE"} <= {*countries}


@pytest.mark.policy("VP-TRF-1", "VP-REC-4")
def test_the_instrument_is_the_literal() -> None:
    found = entry("bpost-shipping-platform/label_and_delivery/platform").transfer_instrument
    assert {"TCS: per_general_policy", "Infosys: per_general_policy", "Speos: not_stated"} <= {*found}
    assert not [text for text in found if "SCC" in text or text.startswith("AWS")]


@pytest.mark.policy("VP-BAS-2")
def test_legitimate_interest_comes_with_the_right_to_object() -> None:
    found = entry("bpost-shipping-platform/improvement/platform")
    assert (found.legal_basis, found.objection) == (("A6-1-f",), ("yes",))
    assert entry("bpost-shipping-platform/personalised_advertising/platform").objection == ("no",)


@pytest.mark.policy("MX-PUR-1")
def test_the_four_bases_of_maxiresponse() -> None:
    found = entry("bpost-maxiresponse/services/contacts")
    assert found.legal_basis == ("A6-1-b", "A6-1-f", "A6-1-c", "A6-1-e")
    assert any("which processing A6-1-e bears" in point for point in found.open_points)


@pytest.mark.policy("VP-ADM-1", "AMB-17")
def test_what_the_text_leaves_open_is_listed() -> None:
    points = entry("bpost-shipping-platform/label_and_delivery/platform").open_points
    assert "topics.art22: the text does not say" in points


@pytest.mark.policy("MS-PRO-1")
def test_what_is_prohibited_is_no_activity() -> None:
    assert not [found for found in ENTRIES if found.record_id[0].startswith("bpost-mystamp/personalised")]


@pytest.mark.policy("AMB-21")
def test_the_operator_is_a_processor_with_terms_of_its_own() -> None:
    found = entry("bpost-shipping-platform/label_and_delivery/parcelveil")
    assert (found.register, found.controller) == (("processor",), ("the shop for which it is operated",))
    assert found.retention_class == ("pv.index", "pv.record", "pv.event", "pv.inbox", "pv.not_kept")
    assert found.legal_basis == ("not_stated",)


def test_the_controller_comes_first_and_a_pack_without_open_points_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = [found.register[0] for found in ENTRIES]
    assert kinds == sorted(kinds)
    monkeypatch.setattr("middleware.core.register.lint", lambda policy, beside: ())
    assert {found.open_points for found in entries(PACKS)} == {("none",)}


def test_of_a_pack_just_begun_nothing_is_asserted_that_nobody_stated(tmp_path: Path) -> None:
    file = tmp_path / "acme-parcels.toml"
    file.write_text(skeleton("acme-parcels", date(2026, 11, 22)), encoding="utf-8")
    pack = load_file(file)
    own, operated = entries([pack])
    for found in (own, operated):
        assert (found.recipients, found.transfer_instrument) == (("not_stated",),) * 2
    assert (own.country, own.legal_basis, own.objection) == (("not_stated",),) * 3
    listed = [rule.title for rule in pack.categories if "order.id" not in rule.covers]
    assert [*own.data_categories] == [f"{title} (not in the text)" for title in listed]
    assert len(own.optional_flags) == len(listed) == 10
    settled = replace(pack, controller=replace(pack.controller, country="NL"))
    assert entries([settled])[1].transfer_instrument == ("none: within the European Economic Area",)


@pytest.mark.policy("MS-REC-1", "VP-REC-3")
def test_who_reaches_the_data_from_outside_is_no_recipient_within() -> None:
    (stamps,) = [pack for pack in PACKS if pack.id == "bpost-mystamp"]
    reached = replace(stamps.recipients[0], name="Reached", country="IE", access_from="IN")
    (found,) = [one for one in entries([replace(stamps, recipients=(reached,))]) if "care" in one.record_id[0]]
    assert found.transfer_instrument == ("Reached: not_stated",)
    inside = replace(reached, access_from="")
    (found,) = [one for one in entries([replace(stamps, recipients=(inside,))]) if "care" in one.record_id[0]]
    assert found.transfer_instrument == ("none: within the European Economic Area",)


def test_where_no_category_is_listed_the_cell_says_not_stated() -> None:
    (stamps,) = [pack for pack in PACKS if pack.id == "bpost-mystamp"]
    silent = replace(stamps, categories=(), topics={})
    (found,) = [row for row in entries([silent]) if row.record_id == ("bpost-mystamp/care/customer_self",)]
    assert (found.data_categories, found.optional_flags, found.source) == (("not_stated",),) * 3
