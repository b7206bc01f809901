"""Row by row: why data are processed, who has a part in it, and on which basis."""

from __future__ import annotations

from itertools import product

import pytest

from schemas.policy import Policy
from schemas.policy_loader import load
from schemas.policy_terms import DATA_SUBJECTS

PARCELS, CONTACTS, STAMPS = load("bpost-shipping-platform"), load("bpost-maxiresponse"), load("bpost-mystamp")

EVERY = None
"""Every account type of the pack."""


@pytest.mark.parametrize(
    ("policy", "purpose", "who"),
    [
        pytest.param(
            PARCELS,
            "account",
            {"sender A6-1-b": ("residential", "professional"), "user A6-1-b": ("residential", "professional")},
            marks=pytest.mark.policy("VP-PUR-1"),
        ),
        pytest.param(
            PARCELS,
            "label_and_delivery",
            {"sender A6-1-b": EVERY, "recipient A6-1-f": EVERY, "user A6-1-b": ("residential", "professional")},
            marks=pytest.mark.policy("VP-PUR-2"),
        ),
        pytest.param(
            PARCELS,
            "service_follow_up",
            {"sender A6-1-b": EVERY, "recipient A6-1-f": EVERY, "user A6-1-b": ("residential", "professional")},
            marks=pytest.mark.policy("VP-PUR-3"),
        ),
        pytest.param(
            PARCELS,
            "contract_management",
            {"sender A6-1-b": EVERY, "user A6-1-b": ("residential", "professional")},
            marks=pytest.mark.policy("VP-PUR-4"),
        ),
        pytest.param(
            PARCELS,
            "invoicing",
            {"sender A6-1-b": EVERY, "user A6-1-b": ("residential", "professional")},
            marks=pytest.mark.policy("VP-PUR-5"),
        ),
        pytest.param(
            PARCELS,
            "questions",
            {"sender A6-1-b": EVERY, "recipient A6-1-f": EVERY, "user A6-1-b": ("residential", "professional")},
            marks=pytest.mark.policy("VP-PUR-6"),
        ),
        pytest.param(
            PARCELS,
            "support",
            {"sender A6-1-b": EVERY, "recipient A6-1-f": EVERY, "user A6-1-b": ("residential", "professional")},
            marks=pytest.mark.policy("VP-PUR-7"),
        ),
        pytest.param(
            PARCELS,
            "customer_management",
            {"sender A6-1-b": EVERY, "user A6-1-b": ("residential", "professional")},
            marks=pytest.mark.policy("VP-PUR-8"),
        ),
        pytest.param(
            PARCELS, "improvement", {"sender A6-1-f": EVERY, "user A6-1-f": EVERY}, marks=pytest.mark.policy("VP-PUR-9")
        ),
        pytest.param(
            PARCELS,
            "generic_advertising",
            {"sender A6-1-f": ("residential", "professional"), "user A6-1-f": ("residential", "professional")},
            marks=pytest.mark.policy("VP-PUR-10"),
        ),
        pytest.param(
            PARCELS,
            "personalised_advertising",
            {"sender A6-1-a": ("residential", "professional"), "user A6-1-a": ("residential", "professional")},
            marks=pytest.mark.policy("VP-PUR-11"),
        ),
        pytest.param(PARCELS, "legal_defence", {"sender A6-1-f": EVERY}, marks=pytest.mark.policy("VP-RET-3")),
        pytest.param(CONTACTS, "services", {"contact A6-1-b": EVERY}, marks=pytest.mark.policy("MX-PUR-1")),
        pytest.param(CONTACTS, "care", {"contact A6-1-b": EVERY}, marks=pytest.mark.policy("MX-PUR-2")),
        pytest.param(CONTACTS, "improvement", {"contact A6-1-f": EVERY}, marks=pytest.mark.policy("MX-PUR-3")),
        pytest.param(CONTACTS, "generic_advertising", {"contact A6-1-f": EVERY}, marks=pytest.mark.policy("MX-PUR-4")),
        pytest.param(
            CONTACTS, "personalised_advertising", {"contact A6-1-a": EVERY}, marks=pytest.mark.policy("MX-PUR-5")
        ),
        pytest.param(
            STAMPS,
            "services",
            {"customer A6-1-b": EVERY, "depicted not_stated": EVERY},
            marks=pytest.mark.policy("MS-PUR-1"),
        ),
        pytest.param(STAMPS, "care", {"customer A6-1-b": EVERY}, marks=pytest.mark.policy("MS-PUR-2")),
        pytest.param(STAMPS, "improvement", {"customer A6-1-f": EVERY}, marks=pytest.mark.policy("MS-PUR-3")),
        pytest.param(
            STAMPS,
            "generic_advertising",
            {"customer A6-1-f": EVERY},
            marks=pytest.mark.policy("MS-PUR-4", "MS-REC-2", "AMB-14"),
        ),
        pytest.param(STAMPS, "personalised_advertising", {}, marks=pytest.mark.policy("MS-PRO-1")),
    ],
)
def test_who_has_a_part_in_a_purpose_and_on_which_basis(
    policy: Policy, purpose: str, who: dict[str, tuple[str, ...] | None]
) -> None:
    found: dict[str, tuple[str, ...]] = {}
    for subject, kind in product(DATA_SUBJECTS, policy.account_types):
        for row in policy.bases_of(purpose, subject, kind):
            found[f"{subject} {row.basis}"] = (*found.get(f"{subject} {row.basis}", ()), kind)
    assert found == {key: tuple(policy.account_types) if kinds is EVERY else kinds for key, kinds in who.items()}


@pytest.mark.parametrize(
    ("policy", "purpose", "words", "served", "denied"),
    [
        pytest.param(PARCELS, "account", set(), (), (), marks=pytest.mark.policy("VP-PUR-1")),
        pytest.param(PARCELS, "label_and_delivery", {"default"}, (), (), marks=pytest.mark.policy("VP-PUR-2")),
        pytest.param(PARCELS, "service_follow_up", set(), (), (), marks=pytest.mark.policy("VP-PUR-3")),
        pytest.param(PARCELS, "contract_management", set(), (), (), marks=pytest.mark.policy("VP-PUR-4")),
        pytest.param(PARCELS, "invoicing", set(), (), (), marks=pytest.mark.policy("VP-PUR-5")),
        pytest.param(PARCELS, "questions", set(), (), (), marks=pytest.mark.policy("VP-PUR-6")),
        pytest.param(PARCELS, "support", set(), (), (), marks=pytest.mark.policy("VP-PUR-7")),
        pytest.param(PARCELS, "customer_management", set(), (), (), marks=pytest.mark.policy("VP-PUR-8")),
        pytest.param(PARCELS, "improvement", set(), (), (), marks=pytest.mark.policy("VP-PUR-9")),
        pytest.param(
            PARCELS,
            "generic_advertising",
            set(),
            ("post", "email", "applications", "websites"),
            (),
            marks=pytest.mark.policy("VP-PUR-10"),
        ),
        pytest.param(
            PARCELS,
            "personalised_advertising",
            {"profiling"},
            ("post", "email", "applications", "websites"),
            (),
            marks=pytest.mark.policy("VP-PUR-11"),
        ),
        pytest.param(PARCELS, "legal_defence", set(), (), (), marks=pytest.mark.policy("VP-RET-3")),
        pytest.param(CONTACTS, "services", {"default"}, (), (), marks=pytest.mark.policy("MX-PUR-1")),
        pytest.param(CONTACTS, "care", set(), (), (), marks=pytest.mark.policy("MX-PUR-2")),
        pytest.param(CONTACTS, "improvement", set(), (), (), marks=pytest.mark.policy("MX-PUR-3")),
        pytest.param(
            CONTACTS,
            "generic_advertising",
            set(),
            ("post", "email", "applications", "websites"),
            (),
            marks=pytest.mark.policy("MX-PUR-4"),
        ),
        pytest.param(
            CONTACTS,
            "personalised_advertising",
            {"profiling"},
            ("post", "email", "applications", "websites"),
            (),
            marks=pytest.mark.policy("MX-PUR-5"),
        ),
        pytest.param(STAMPS, "services", {"default"}, (), (), marks=pytest.mark.policy("MS-PUR-1")),
        pytest.param(STAMPS, "care", set(), (), (), marks=pytest.mark.policy("MS-PUR-2")),
        pytest.param(STAMPS, "improvement", set(), (), (), marks=pytest.mark.policy("MS-PUR-3")),
        pytest.param(
            STAMPS,
            "generic_advertising",
            set(),
            ("post", "email", "telephone", "websites"),
            ("google", "facebook", "twitter", "linkedin", "instagram"),
            marks=pytest.mark.policy("MS-PUR-4", "MS-REC-2", "AMB-14"),
        ),
        pytest.param(
            STAMPS,
            "personalised_advertising",
            {"profiling", "prohibited"},
            (),
            (),
            marks=pytest.mark.policy("MS-PRO-1"),
        ),
    ],
)
def test_what_a_purpose_is_and_by_which_channels(
    policy: Policy, purpose: str, words: set[str], served: tuple[str, ...], denied: tuple[str, ...]
) -> None:
    row = policy.purposes[purpose]
    assert {name for name in ("default", "profiling", "prohibited") if getattr(row, name)} == words
    assert tuple(channel for channel in row.channels if channel not in row.denied_channels) == served
    assert tuple(channel for channel in row.channels if channel in row.denied_channels) == denied


@pytest.mark.parametrize(
    ("policy", "name", "basis", "subjects", "kinds", "contract_with"),
    [
        pytest.param(
            PARCELS,
            "professional",
            "A6-1-b",
            ("sender", "user"),
            ("professional",),
            ("person", "organisation"),
            marks=pytest.mark.policy("VP-BAS-1", "AMB-10"),
        ),
        pytest.param(
            PARCELS,
            "residential",
            "A6-1-b",
            ("sender", "user"),
            ("residential",),
            ("person", "organisation"),
            marks=pytest.mark.policy("VP-BAS-1"),
        ),
        pytest.param(
            PARCELS,
            "guest",
            "A6-1-b",
            ("sender",),
            ("guest",),
            ("person",),
            marks=pytest.mark.policy("VP-BAS-1", "AMB-9"),
        ),
        pytest.param(
            PARCELS, "recipient", "A6-1-f", ("recipient",), EVERY, (), marks=pytest.mark.policy("VP-BAS-1", "VP-BAS-2")
        ),
        pytest.param(
            PARCELS, "improvement", "A6-1-f", ("sender", "user"), EVERY, (), marks=pytest.mark.policy("VP-PUR-9")
        ),
        pytest.param(
            PARCELS,
            "generic_advertising",
            "A6-1-f",
            ("sender", "user"),
            ("residential", "professional"),
            (),
            marks=pytest.mark.policy("VP-PUR-10"),
        ),
        pytest.param(
            PARCELS,
            "personalised_advertising",
            "A6-1-a",
            ("sender", "user"),
            ("residential", "professional"),
            (),
            marks=pytest.mark.policy("VP-PUR-11"),
        ),
        pytest.param(PARCELS, "legal_defence", "A6-1-f", ("sender",), EVERY, (), marks=pytest.mark.policy("VP-RET-3")),
        pytest.param(
            CONTACTS, "services", "A6-1-b", ("contact",), EVERY, ("person",), marks=pytest.mark.policy("MX-PUR-1")
        ),
        pytest.param(
            CONTACTS, "care", "A6-1-b", ("contact",), EVERY, ("person",), marks=pytest.mark.policy("MX-PUR-2")
        ),
        pytest.param(CONTACTS, "improvement", "A6-1-f", ("contact",), EVERY, (), marks=pytest.mark.policy("MX-PUR-3")),
        pytest.param(
            CONTACTS, "generic_advertising", "A6-1-f", ("contact",), EVERY, (), marks=pytest.mark.policy("MX-PUR-4")
        ),
        pytest.param(
            CONTACTS,
            "personalised_advertising",
            "A6-1-a",
            ("contact",),
            EVERY,
            (),
            marks=pytest.mark.policy("MX-PUR-5", "AMB-12"),
        ),
        pytest.param(
            STAMPS, "services", "A6-1-b", ("customer",), EVERY, ("person",), marks=pytest.mark.policy("MS-PUR-1")
        ),
        pytest.param(STAMPS, "care", "A6-1-b", ("customer",), EVERY, ("person",), marks=pytest.mark.policy("MS-PUR-2")),
        pytest.param(
            STAMPS, "depicted", "not_stated", ("depicted",), EVERY, (), marks=pytest.mark.policy("MS-CTL-2", "MS-CTL-3")
        ),
        pytest.param(STAMPS, "improvement", "A6-1-f", ("customer",), EVERY, (), marks=pytest.mark.policy("MS-PUR-3")),
        pytest.param(
            STAMPS,
            "generic_advertising",
            "A6-1-f",
            ("customer",),
            EVERY,
            (),
            marks=pytest.mark.policy("MS-PUR-4", "AMB-15"),
        ),
    ],
)
def test_a_basis_for_whom_and_by_whose_contract(
    policy: Policy,
    name: str,
    basis: str,
    subjects: tuple[str, ...],
    kinds: tuple[str, ...] | None,
    contract_with: tuple[str, ...],
) -> None:
    row = policy.bases[name]
    assert (row.basis, row.subjects, row.contract_with) == (basis, subjects, contract_with)
    assert row.account_types == (tuple(policy.account_types) if kinds is EVERY else kinds)


@pytest.mark.parametrize(
    ("policy", "name", "level", "ways"),
    [
        pytest.param(
            PARCELS, "generic_advertising", "Aanvullend", ("dashboard",), marks=pytest.mark.policy("VP-PUR-10")
        ),
        pytest.param(PARCELS, "personalised_advertising", "Optimaal", (), marks=pytest.mark.policy("VP-PUR-11")),
        pytest.param(
            CONTACTS, "generic_advertising", "Aanvullend", ("dashboard",), marks=pytest.mark.policy("MX-PUR-4")
        ),
        pytest.param(
            CONTACTS, "personalised_advertising", "Optimaal", (), marks=pytest.mark.policy("MX-PUR-5", "AMB-12")
        ),
        pytest.param(
            STAMPS, "generic_advertising", None, ("post", "web_form"), marks=pytest.mark.policy("MS-PUR-4", "AMB-15")
        ),
    ],
)
def test_a_basis_that_a_person_can_end(policy: Policy, name: str, level: str | None, ways: tuple[str, ...]) -> None:
    assert (policy.bases[name].level, policy.bases[name].objected_through) == (level, ways)


@pytest.mark.parametrize(
    ("policy", "name", "situation", "basis"),
    [
        pytest.param(PARCELS, "professional", "no_contract", "A6-1-f", marks=pytest.mark.policy("VP-BAS-2")),
        pytest.param(PARCELS, "professional", "not_necessary", "A6-1-f", marks=pytest.mark.policy("VP-BAS-2")),
        pytest.param(PARCELS, "residential", "no_contract", "A6-1-f", marks=pytest.mark.policy("VP-BAS-2")),
        pytest.param(PARCELS, "residential", "not_necessary", "A6-1-f", marks=pytest.mark.policy("VP-BAS-2")),
        pytest.param(PARCELS, "guest", "no_contract", "A6-1-f", marks=pytest.mark.policy("VP-BAS-2")),
        pytest.param(PARCELS, "guest", "not_necessary", "A6-1-f", marks=pytest.mark.policy("VP-BAS-2")),
        pytest.param(CONTACTS, "services", "no_contract", "A6-1-f", marks=pytest.mark.policy("MX-PUR-1")),
        pytest.param(
            CONTACTS, "services", "unspecified_which", "A6-1-c", marks=pytest.mark.policy("MX-PUR-1", "AMB-8")
        ),
        pytest.param(CONTACTS, "services", "unspecified_which", "A6-1-e", marks=pytest.mark.policy("MX-PUR-1")),
        pytest.param(CONTACTS, "care", "no_contract", "A6-1-f", marks=pytest.mark.policy("MX-PUR-2")),
        pytest.param(CONTACTS, "care", "not_necessary", "A6-1-f", marks=pytest.mark.policy("MX-PUR-2")),
        pytest.param(STAMPS, "services", "no_contract", "A6-1-f", marks=pytest.mark.policy("MS-PUR-1")),
        pytest.param(STAMPS, "services", "not_necessary", "A6-1-f", marks=pytest.mark.policy("MS-PUR-1")),
        pytest.param(STAMPS, "care", "no_contract", "A6-1-f", marks=pytest.mark.policy("MS-PUR-2")),
        pytest.param(STAMPS, "care", "not_necessary", "A6-1-f", marks=pytest.mark.policy("MS-PUR-2")),
    ],
)
def test_what_a_basis_gives_way_to(policy: Policy, name: str, situation: str, basis: str) -> None:
    grounds = policy.bases[name].instead
    assert basis in [ground.basis for ground in grounds if situation in ground.when]
    assert {ground.basis for ground in grounds} <= {"A6-1-f", "A6-1-c", "A6-1-e"}
