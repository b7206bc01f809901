"""What lint tells a data protection officer of the pack of the shipping platform."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from schemas.policy import Policy
from schemas.policy_lint import MAX_AGE_DAYS, Finding, lint
from schemas.policy_loader import load, names


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load("bpost-shipping-platform")


def _at(policy: Policy, where: str, today: date | None = None) -> list[Finding]:
    return [finding for finding in lint(policy, today=today) if finding.where == where]


@pytest.mark.parametrize(
    ("where", "message", "id_"),
    [
        pytest.param("revised_on", "revision date missing", "VP-REV-2", marks=pytest.mark.policy("VP-REV-2")),
        pytest.param("recipients.Speos", "country not stated", "VP-REC-1", marks=pytest.mark.policy("VP-REC-1")),
        pytest.param(
            *("recipients.Dun and Bradstreet", "country not stated", "VP-REC-2"),
            marks=pytest.mark.policy("VP-REC-2"),
        ),
        pytest.param(
            *("recipients.Dun and Bradstreet", "recipient without matching purpose", "VP-REC-2"),
            marks=pytest.mark.policy("VP-REC-2"),
        ),
        pytest.param(
            *("transfers.IN", "the safeguard is named in the general policy alone", "VP-TRF-1"),
            marks=pytest.mark.policy("VP-TRF-1"),
        ),
        pytest.param("transfers.IN", "the list of countries is open", "AMB-19", marks=pytest.mark.policy("AMB-19")),
        pytest.param(
            *('retention."vp.sender.legal"', "trigger not stated; label_created is an interpretation", "VP-RET-3"),
            marks=pytest.mark.policy("VP-RET-3", "AMB-3"),
        ),
        pytest.param("topics.art22", "the text does not say", "VP-ADM-1", marks=pytest.mark.policy("VP-ADM-1")),
        pytest.param(
            *("topics.retention_of_other_data", "the text does not say", "VP-RET-5"),
            marks=pytest.mark.policy("VP-RET-5"),
        ),
        pytest.param(
            *("reads_with", "the text of the general policy is not at hand: what it alone says is unspecified"),
            "VP-SCO-2",
            marks=pytest.mark.policy("VP-SCO-2"),
        ),
        pytest.param(
            *("controller.channels", "the address of the web_form is not stated", "X-RGT-2"),
            marks=pytest.mark.policy("X-RGT-2"),
        ),
    ],
)
def test_open_points_are_warnings(policy: Policy, where: str, message: str, id_: str) -> None:
    (finding,) = (finding for finding in _at(policy, where) if finding.message == message)
    assert finding.level == "warning"
    assert id_ in finding.ids


@pytest.mark.policy("AMB-9", "AMB-10")
def test_a_basis_on_weak_ground_comes_with_an_advisory(policy: Policy) -> None:
    (company,), (guest,) = _at(policy, "bases.professional"), _at(policy, "bases.guest")
    assert "needs the data subject as a party" in company.message
    assert "AMB-10" in company.ids
    assert "which a guest does not have" in guest.message
    assert "AMB-9" in guest.ids


def test_nothing_else_is_found_and_nothing_is_an_error(policy: Policy) -> None:
    found = lint(policy)
    assert {finding.level for finding in found} == {"warning"}
    assert len(found) == 14


@pytest.mark.policy("VP-REC-3", "VP-REC-4")
def test_a_recipient_with_country_and_activity_is_no_finding(policy: Policy) -> None:
    assert not [found for name in ("AWS", "TCS", "Infosys") for found in _at(policy, f"recipients.{name}")]


@pytest.mark.policy("VP-REV-2")
def test_a_text_grows_old(policy: Policy) -> None:
    last_good = policy.retrieved_on + timedelta(days=MAX_AGE_DAYS)
    assert not _at(policy, "retrieved_on")
    assert not _at(policy, "retrieved_on", last_good)
    (finding,) = _at(policy, "retrieved_on", last_good + timedelta(days=1))
    assert finding.message.startswith("the text was retrieved 181 days ago, more than 180")
    assert finding.ids == ("VP-REV-2",)


@pytest.mark.policy("VP-REV-2")
def test_a_text_with_a_date_is_no_finding(policy: Policy) -> None:
    dated = replace(policy, revised_on=date(2026, 1, 1), revised_on_missing_reason="")
    assert not _at(dated, "revised_on")


@pytest.mark.policy("VP-CTL-1")
@pytest.mark.parametrize(
    ("vat", "valid"),
    [
        ("BE 0214.596.464", True),
        ("BE0214596464", True),
        ("BE 0214.596.465", False),
        ("BE 0214.596.46", False),
        ("BE 0214.596.46x", False),
    ],
)
def test_the_vat_number_of_the_controller_is_checked(policy: Policy, vat: str, valid: bool) -> None:
    found = _at(replace(policy, controller=replace(policy.controller, vat=vat)), "controller.vat")
    assert [finding.level for finding in found] == ([] if valid else ["error"])


def test_errors_come_first(policy: Policy) -> None:
    wrong = replace(policy, topics={}, controller=replace(policy.controller, vat="BE 0", channels=()))
    assert [finding.level for finding in lint(wrong)][:2] == ["error", "warning"]


@pytest.mark.policy("AMB-2", "VP-RET-4")
def test_a_chosen_clock_that_the_text_does_not_name_is_a_finding(policy: Policy) -> None:
    where = 'retention."vp.recipient.operational"'
    assert not _at(policy, where)
    (finding,) = _at(policy.interpret({"recipient_clock": "delivered"}), where)
    assert finding.message == "trigger not stated; delivered is an interpretation"


# ---- across packs


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("bpost-shipping-platform", marks=pytest.mark.policy("VP-CTL-1")),
        pytest.param("bpost-maxiresponse", marks=pytest.mark.policy("MX-CTL-1")),
        pytest.param("bpost-mystamp", marks=pytest.mark.policy("MS-CTL-1")),
    ],
)
def test_one_controller_under_several_addresses_is_told(name: str) -> None:
    others = [load(other) for other in names() if other != name]
    found = [finding for finding in lint(load(name), beside=others) if finding.where == "controller.address"]
    assert [finding.message for finding in found] == [
        f"the same controller has another address in {other.id}: {other.controller.address}" for other in others
    ]
    assert {finding.level for finding in found} == {"warning"}


def test_another_controller_and_the_same_address_are_no_variance(policy: Policy) -> None:
    other = replace(policy, controller=replace(policy.controller, vat="BE 0403.101.811", address="elsewhere"))
    assert not [finding for finding in lint(policy, beside=[policy, other]) if finding.where == "controller.address"]


@pytest.mark.parametrize(
    ("pack", "level", "where", "message"),
    [
        pytest.param(
            *("bpost-mystamp", "error", "purposes.generic_advertising.channels"),
            "channel_without_recipient: google, facebook, twitter, linkedin, instagram: a channel, but neither "
            "recipient nor transfer",
            marks=pytest.mark.policy("MS-REC-2", "AMB-14"),
        ),
        pytest.param(
            *("bpost-mystamp", "warning", "revised_on", "revision date missing"), marks=pytest.mark.policy("MS-REV-1")
        ),
        pytest.param(
            *("bpost-mystamp", "warning", 'categories."gender of the customer"'),
            load("bpost-mystamp").category_rule("customer.gender").advisory,  # type: ignore[union-attr]  # it has one
            marks=pytest.mark.policy("MS-CAT-3"),
        ),
        pytest.param(
            *("bpost-mystamp", "warning", "bases.generic_advertising"),
            load("bpost-mystamp").bases["generic_advertising"].advisory,
            marks=pytest.mark.policy("AMB-15"),
        ),
        pytest.param(
            *("bpost-maxiresponse", "warning", "bases.services"),
            "the text does not say which processing A6-1-e bears: nothing is permitted on it",
            marks=pytest.mark.policy("MX-PUR-1"),
        ),
        pytest.param(
            *("bpost-maxiresponse", "warning", "bases.services"),
            "the text does not say which processing A6-1-c bears: nothing is permitted on it",
            marks=pytest.mark.policy("MX-PUR-1", "AMB-8"),
        ),
        pytest.param(
            *("bpost-maxiresponse", "warning", "topics.retention_without_agreement", "the text does not say"),
            marks=pytest.mark.policy("MX-RET-2"),
        ),
        pytest.param(
            *("bpost-maxiresponse", "warning", "levels.Optimaal", "the address of the dashboard is not stated"),
            marks=pytest.mark.policy("X-LVL-2"),
        ),
    ],
)
def test_what_the_other_packs_lack(pack: str, level: str, where: str, message: str) -> None:
    found = [(finding.level, finding.message) for finding in lint(load(pack)) if finding.where == where]
    assert (level, message) in found


@pytest.mark.policy("MX-REV-1")
def test_the_text_of_maxiresponse_has_its_date() -> None:
    assert not _at(load("bpost-maxiresponse"), "revised_on")


@pytest.mark.policy("MS-REC-2")
def test_a_channel_with_its_recipient_is_no_finding() -> None:
    policy = load("bpost-mystamp")
    aws = policy.recipients[0]
    platforms = ("Google", "Facebook", "Twitter", "LinkedIn", "Instagram")
    named = replace(policy, recipients=(aws, *(replace(aws, name=name) for name in platforms)))
    assert not _at(named, "purposes.generic_advertising.channels")
