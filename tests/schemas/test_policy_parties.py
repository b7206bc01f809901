"""Who answers for what, and what a text prohibits: a pack in which these rows do not fit is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.policy_loader import load, names
from schemas.policy_parties import Recipient
from schemas.policy_terms import Clause
from tests.schemas.broken_pack import fault, text_of

PARCELS, CONTACTS, STAMPS = "bpost-shipping-platform", "bpost-maxiresponse", "bpost-mystamp"


@pytest.mark.parametrize(
    ("pack", "old", "new", "line"),
    [
        pytest.param(
            *(PARCELS, 'contract_with = ["person", "organisation"]\n', ""),
            "bases.professional.contract_with: a contract is with somebody; name the person or the organisation",
            marks=pytest.mark.policy("VP-BAS-1"),
        ),
        (
            *(PARCELS, 'when = ["no_contract", "not_necessary"]', 'when = ["whenever"]'),
            "bases.professional.instead[row 1].when[row 1]: must be one of no_contract, not_necessary, ",
        ),
        pytest.param(
            *(PARCELS, 'subjects = ["sender", "recipient", "user"]', 'subjects = ["sender", "user"]'),
            "clusters: recipient must stand in exactly one, here in none: there are none yet; correct it",
            marks=pytest.mark.policy("VP-CTL-1"),
        ),
        pytest.param(
            *(STAMPS, 'subjects = ["depicted"]\ncontroller', 'subjects = ["depicted", "customer"]\ncontroller'),
            "clusters: customer must stand in exactly one, here in customer_self, depicted_person; correct it",
            marks=pytest.mark.policy("MS-CTL-1", "MS-CTL-2"),
        ),
        pytest.param(
            *(STAMPS, 'processor = "bpost" ', 'processor = "somebody" '),
            "clusters.depicted_person.controller: bpost is neither controller nor processor; name it as one",
            marks=pytest.mark.policy("MS-CTL-2"),
        ),
        pytest.param(
            *(STAMPS, "bases = []", 'bases = ["improvement"]'),
            "purposes.personalised_advertising.prohibited: what the text prohibits has no basis; remove one of the two",
            marks=pytest.mark.policy("MS-PRO-1"),
        ),
        pytest.param(
            *(STAMPS, "bases = []\nprofiling = true\nprohibited = true", 'bases = ["improvement"]\nprofiling = true'),
            "purposes.personalised_advertising.profiling: the text prohibits profiling; set prohibited = true and ",
            marks=pytest.mark.policy("MS-PRO-1"),
        ),
        (
            *(STAMPS, 'denied_channels = ["google"', 'denied_channels = ["pigeon"'),
            "purposes.generic_advertising.denied_channels: unknown 'pigeon'; use one of email, facebook, ",
        ),
        pytest.param(
            *(CONTACTS, 'bases = ["generic_advertising"]', 'bases = ["generic_advertising"]\nprofiling = true'),
            "purposes.generic_advertising.bases: the text permits profiling on consent alone, generic_advertising is ",
            marks=pytest.mark.policy("MX-PRO-1", "MX-PUR-5"),
        ),
        (
            *(CONTACTS, "plugin = { maxiresponse = true }", "plugin = { maxi = true }"),
            "interpretations.plugin_source.choices.override.plugin: unknown 'maxi'; use one of maxiresponse",
        ),
        (
            *(CONTACTS, "plugin = { maxiresponse = true }", 'plugin = { maxiresponse = "yes" }'),
            "interpretations.plugin_source.choices.override.plugin.maxiresponse: must be true or false",
        ),
        (
            *(STAMPS, 'resets = { "ms.photo" = false', 'resets = { "ms.foto" = false'),
            "interpretations.photo_clock.choices.order.resets: unknown 'ms.foto'; use one of ms.customer, ",
        ),
        pytest.param(
            *(STAMPS, 'country = "IE"\n', 'country = "IE"\naccess_from = "US"\n'),
            "recipients.AWS.country: outside the EEA without a transfer; add it to [[transfers]]",
            marks=pytest.mark.policy("MS-REC-1", "MS-TRF-1"),
        ),
    ],
)
def test_rows_that_do_not_fit_are_refused(tmp_path: Path, pack: str, old: str, new: str, line: str) -> None:
    assert fault(tmp_path, old, new, text_of(pack)).startswith(f"own.toml: {line}")


@pytest.mark.parametrize("name", names())
def test_a_pack_is_of_one_form_whatever_its_subjects(name: str) -> None:
    policy = load(name)
    assert policy.default_purpose.id in {part.purpose for part in policy.parts.values()}
    assert policy.retention["pv.inbox"].duration == "P30D"
    assert all(policy.retention[part.retention].duration for part in policy.parts.values() if part.sealed)


def test_nobody_speaks_of_a_subject_of_another_pack() -> None:
    assert load(PARCELS).cluster("depicted") is None
    assert load(STAMPS).cluster("recipient") is None


@pytest.mark.parametrize(
    ("country", "access_from", "elsewhere"),
    [
        pytest.param("IE", "", set(), marks=pytest.mark.policy("VP-REC-3", "MX-REC-1")),
        pytest.param("IN", "", {"IN"}, marks=pytest.mark.policy("VP-REC-4", "MX-REC-1")),
        pytest.param("IE", "IN", {"IN"}, marks=pytest.mark.policy("MS-REC-1")),
        pytest.param("not_stated", "", set(), marks=pytest.mark.policy("VP-REC-1", "VP-REC-2")),
    ],
)
def test_who_sits_outside_the_eea_or_reaches_in_from_there(country: str, access_from: str, elsewhere: set[str]) -> None:
    row = Recipient(
        name="somebody",
        role="processor",
        activity="hosting",
        country=country,
        access_from=access_from,
        purposes=("*",),
        clause=Clause(ref="0§5 L144", ids=("VP-REC-1",)),
    )
    assert row.third_countries == elsewhere
    assert row.third_country == (None if country == "not_stated" else country in elsewhere)
