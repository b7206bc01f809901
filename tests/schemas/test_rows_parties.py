"""Row by row: who uses, who answers, who else gets the data, and what a person may switch."""

from __future__ import annotations

import pytest

from schemas.levels import initial
from schemas.policy import Policy
from schemas.policy_loader import load

PARCELS, CONTACTS, STAMPS = load("bpost-shipping-platform"), load("bpost-maxiresponse"), load("bpost-mystamp")


@pytest.mark.parametrize(
    ("policy", "kind", "answers", "ours"),
    [
        pytest.param(
            PARCELS, "guest", (False, False, False), ("dashboard",), marks=pytest.mark.policy("VP-SCO-1", "VP-PLG-1")
        ),
        pytest.param(PARCELS, "residential", (True, False, True), (), marks=pytest.mark.policy("VP-SCO-1", "VP-PLG-1")),
        pytest.param(PARCELS, "professional", (True, True, True), (), marks=pytest.mark.policy("VP-SCO-1", "VP-PLG-1")),
        pytest.param(
            CONTACTS,
            "maxiresponse",
            (False, False, True),
            ("account", "plugin"),
            marks=pytest.mark.policy("MX-SCO-1", "MX-COL-1"),
        ),
        pytest.param(
            STAMPS,
            "mystamp",
            (False, False, False),
            ("account", "plugin", "dashboard"),
            marks=pytest.mark.policy("MS-SCO-1", "MS-COL-1"),
        ),
        pytest.param(
            STAMPS,
            "mystamp_pro",
            (False, False, False),
            ("account", "plugin", "dashboard"),
            marks=pytest.mark.policy("MS-SCO-1", "MS-COL-1", "MS-CAT-5"),
        ),
    ],
)
def test_a_kind_of_user_has_an_account_a_plugin_a_dashboard_or_not(
    policy: Policy, kind: str, answers: tuple[bool, bool, bool], ours: tuple[str, ...]
) -> None:
    account = policy.account_types[kind]
    assert (account.account, account.plugin, account.dashboard) == answers
    assert account.interpreted == ours


@pytest.mark.parametrize(
    ("policy", "subject", "controller", "processor", "requires"),
    [
        pytest.param(PARCELS, "sender", "bpost", None, None, marks=pytest.mark.policy("VP-CTL-1")),
        pytest.param(PARCELS, "recipient", "bpost", None, None, marks=pytest.mark.policy("VP-CTL-1")),
        pytest.param(PARCELS, "user", "bpost", None, None, marks=pytest.mark.policy("VP-CTL-1")),
        pytest.param(CONTACTS, "contact", "bpost", None, None, marks=pytest.mark.policy("MX-CTL-1")),
        pytest.param(STAMPS, "customer", "bpost", None, None, marks=pytest.mark.policy("MS-CTL-1")),
        pytest.param(
            STAMPS,
            "depicted",
            "the customer",
            "bpost",
            "declaration_of_lawfulness",
            marks=pytest.mark.policy("MS-CTL-2", "MS-CTL-3"),
        ),
    ],
)
def test_who_answers_for_the_data_of_whom(
    policy: Policy, subject: str, controller: str, processor: str | None, requires: str | None
) -> None:
    found = policy.cluster(subject)
    assert found is not None
    assert (found.controller, found.processor, found.requires) == (controller, processor, requires)


@pytest.mark.parametrize(
    ("policy", "country"),
    [
        pytest.param(PARCELS, "BE", marks=pytest.mark.policy("VP-CTL-1")),
        pytest.param(CONTACTS, "BE", marks=pytest.mark.policy("MX-CTL-1")),
        pytest.param(STAMPS, "BE", marks=pytest.mark.policy("MS-CTL-1")),
    ],
)
def test_the_controller_is_at_home(policy: Policy, country: str) -> None:
    assert (policy.controller.name, policy.controller.country) == ("bpost", country)


@pytest.mark.parametrize(
    ("policy", "name", "activity", "country", "access_from", "purposes"),
    [
        pytest.param(PARCELS, "Speos", "not_stated", "not_stated", "", (), marks=pytest.mark.policy("VP-REC-1")),
        pytest.param(
            PARCELS, "Dun and Bradstreet", "not_stated", "not_stated", "", (), marks=pytest.mark.policy("VP-REC-2")
        ),
        pytest.param(PARCELS, "AWS", "hosting", "IE", "", ("*",), marks=pytest.mark.policy("VP-REC-3")),
        pytest.param(
            PARCELS,
            "TCS",
            "technical interventions and maintenance",
            "IN",
            "",
            ("*",),
            marks=pytest.mark.policy("VP-REC-4"),
        ),
        pytest.param(
            PARCELS,
            "Infosys",
            "technical interventions and maintenance",
            "IN",
            "",
            ("*",),
            marks=pytest.mark.policy("VP-REC-4"),
        ),
        pytest.param(CONTACTS, "AWS", "hosting", "IE", "", ("*",), marks=pytest.mark.policy("MX-REC-1")),
        pytest.param(
            CONTACTS,
            "TCS",
            "technical interventions and maintenance",
            "IN",
            "",
            ("*",),
            marks=pytest.mark.policy("MX-REC-1"),
        ),
        pytest.param(
            CONTACTS,
            "Infosys",
            "technical interventions and maintenance",
            "IN",
            "",
            ("*",),
            marks=pytest.mark.policy("MX-REC-1"),
        ),
        pytest.param(STAMPS, "AWS", "hosting", "IE", "", ("*",), marks=pytest.mark.policy("MS-REC-1")),
        pytest.param(STAMPS, "Infosys", "server management", "IN", "IN", ("*",), marks=pytest.mark.policy("MS-REC-1")),
        pytest.param(
            STAMPS,
            "TCS",
            "application management and maintenance",
            "IN",
            "IN",
            ("*",),
            marks=pytest.mark.policy("MS-REC-1"),
        ),
    ],
)
def test_who_else_gets_the_data_where_and_for_what(
    policy: Policy, name: str, activity: str, country: str, access_from: str, purposes: tuple[str, ...]
) -> None:
    (found,) = [row for row in policy.recipients if row.name == name]
    assert (found.role, found.activity, found.purposes) == ("processor", activity, purposes)
    assert (found.country, found.access_from) == (country, access_from)


@pytest.mark.parametrize(
    ("policy", "country", "recipients", "safeguard", "closed"),
    [
        pytest.param(
            PARCELS,
            "IN",
            ("TCS", "Infosys"),
            "per_general_policy",
            False,
            marks=pytest.mark.policy("VP-TRF-1", "AMB-19"),
        ),
        pytest.param(
            CONTACTS,
            "IN",
            ("TCS", "Infosys"),
            "per_general_policy",
            True,
            marks=pytest.mark.policy("MX-TRF-1", "AMB-19"),
        ),
        pytest.param(
            STAMPS, "IN", ("Infosys", "TCS"), "per_general_policy", True, marks=pytest.mark.policy("MS-TRF-1", "AMB-19")
        ),
    ],
)
def test_what_goes_to_a_third_country(
    policy: Policy, country: str, recipients: tuple[str, ...], safeguard: str, closed: bool
) -> None:
    (found,) = policy.transfers
    assert (found.country, found.recipients) == (country, recipients)
    assert (found.safeguard, found.list_closed) == (safeguard, closed)


@pytest.mark.parametrize(
    ("policy", "name", "basis", "starts_on", "verb", "dashboard"),
    [
        pytest.param(
            PARCELS,
            "Aanvullend",
            "A6-1-f",
            True,
            "object",
            "https://myprivacy.bpost.be/gcm/login",
            marks=pytest.mark.policy("X-LVL-1", "X-LVL-2", "VP-PUR-10"),
        ),
        pytest.param(
            PARCELS,
            "Optimaal",
            "A6-1-a",
            False,
            "withdraw",
            "https://myprivacy.bpost.be/gcm/login",
            marks=pytest.mark.policy("X-LVL-1", "X-LVL-2", "VP-PUR-11"),
        ),
        pytest.param(
            CONTACTS,
            "Aanvullend",
            "A6-1-f",
            True,
            "object",
            "not_stated",
            marks=pytest.mark.policy("X-LVL-1", "MX-PUR-4"),
        ),
        pytest.param(
            CONTACTS,
            "Optimaal",
            "A6-1-a",
            False,
            "withdraw",
            "not_stated",
            marks=pytest.mark.policy("X-LVL-1", "MX-PUR-5", "AMB-11"),
        ),
    ],
)
def test_a_level_and_what_it_is_at_first(
    policy: Policy, name: str, basis: str, starts_on: bool, verb: str, dashboard: str
) -> None:
    level = policy.levels[name]
    assert (level.basis, level.verb, level.dashboard) == (basis, verb, dashboard)
    assert initial(policy)[name] == starts_on
    assert not level.plugin_may_raise
