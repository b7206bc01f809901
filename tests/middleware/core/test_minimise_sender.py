"""What the pack permits of the sender's settings, by account type."""

from __future__ import annotations

import pytest

from middleware.core.minimise import minimise_sender
from schemas.order import Sender, catalogue
from tests.middleware.core.made_up import POLICY, SENDER, barring

EVERY_FIELD = frozenset(Sender.__dataclass_fields__)
ADDRESS = frozenset(("street", "number", "box", "line2", "locality", "postal_code", "country"))
PERSON = frozenset(("name", "email", "phone"))


def passes(account_type: str, sender: Sender = SENDER) -> dict[str, str]:
    slim = minimise_sender(sender, POLICY, account_type)
    return {name: getattr(slim, name) for name in EVERY_FIELD if getattr(slim, name) is not None}


def test_the_made_up_sender_has_something_in_every_field() -> None:
    assert not [name for name in EVERY_FIELD if not getattr(SENDER, name)]
    assert ADDRESS | PERSON | {"company"} == EVERY_FIELD


@pytest.mark.policy("VP-CAT-2", "VP-CAT-4", "VP-CAT-8")
@pytest.mark.parametrize("account_type", ["guest", "residential"])
def test_who_has_no_company_sends_no_company_and_no_company_address(account_type: str) -> None:
    assert passes(account_type) == {name: getattr(SENDER, name) for name in PERSON}


@pytest.mark.policy("VP-CAT-2", "VP-CAT-4", "VP-CAT-8")
def test_a_professional_sends_all_of_it() -> None:
    assert minimise_sender(SENDER, POLICY, "professional") == SENDER


@pytest.mark.policy("VP-SCO-1")
@pytest.mark.parametrize("account_type", ["", "Professional", "platinum"])
def test_an_unknown_account_type_sends_nothing(account_type: str) -> None:
    assert passes(account_type) == {}


@pytest.mark.policy("VP-CAT-3", "VP-CAT-5", "VP-CAT-6")
def test_legal_form_vat_and_responsible_person_have_no_field_at_all() -> None:
    categories = {category for _, category in catalogue(Sender)}
    barred = ("sender.legal_form", "sender.vat", "sender.responsible")
    assert not [category for category in categories if category.startswith(barred)]


@pytest.mark.policy("VP-CAT-8")
@pytest.mark.parametrize(("path", "category"), tuple(catalogue(Sender)))
def test_what_the_pack_does_not_permit_is_not_sent(path: str, category: str) -> None:
    slim = minimise_sender(SENDER, barring(category), "professional")
    assert {name for name in EVERY_FIELD if getattr(slim, name) != getattr(SENDER, name)} == {path}
    assert getattr(slim, path) is None


def test_what_is_not_there_stays_away() -> None:
    assert passes("professional", Sender(name="An Bedacht")) == {"name": "An Bedacht"}
