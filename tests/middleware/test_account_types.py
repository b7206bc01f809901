"""The three account types side by side, as the decisions of the code treat them: one column of the comparison each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from middleware.core.minimise import minimise_sender
from middleware.core.permitting import DIRECT
from middleware.core.schedule import schedule
from schemas.categories import CATEGORIES
from schemas.order import Sender
from schemas.permission import Permission, Question, Refusal, permitted
from tests.middleware.core.made_up import POLICY, SENDER, order

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LEVELS = dict.fromkeys(POLICY.levels, True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What the policy says of one account type. ``contract``: what a sender of it has with the carrier."""

    plugin: bool
    account: str
    company: bool
    contract: str
    levels: str
    basis: str


COLUMNS = {
    "guest": Column(
        plugin=False,
        account="not_for_account_type",
        company=False,
        contract="none",
        levels="not_for_account_type",
        basis="A6-1-b",
    ),
    "residential": Column(
        plugin=False, account="A6-1-b", company=False, contract="person", levels="permitted", basis="A6-1-b"
    ),
    "professional": Column(
        plugin=True, account="A6-1-b", company=True, contract="organisation", levels="permitted", basis="A6-1-b"
    ),
}
COMPANY = ("sender.company", "sender.legal_form", "sender.vat", "sender.address.")
each = pytest.mark.parametrize("kind", COLUMNS)


def asked(kind: str, purpose: str, subject: str = "sender", **changes: object) -> Permission | Refusal:
    question: dict[str, object] = {
        "purpose": purpose,
        "subject": subject,
        "account_type": kind,
        "lane": None,
        "restricted": False,
        "objected": frozenset(),
        "levels": LEVELS,
        "contract": COLUMNS[kind].contract,
        "tie": "necessary",
        "channel": None,
    }
    return permitted(POLICY, Question(**{**question, **changes}))  # type: ignore[arg-type]  # a test's own names


def said(answer: Permission | Refusal) -> str:
    return answer.basis if isinstance(answer, Permission) else answer.reason


@pytest.mark.policy("VP-SCO-1")
def test_the_pack_knows_these_three_and_no_other() -> None:
    assert list(POLICY.account_types) == list(COLUMNS)


@pytest.mark.policy("VP-PLG-1")
@each
def test_the_plug_in(kind: str) -> None:
    told = said(asked(kind, POLICY.default_purpose.id, lane="plugin", subject="recipient"))
    assert told == ("A6-1-f" if COLUMNS[kind].plugin else "no_plugin")
    assert POLICY.account_types[kind].plugin is COLUMNS[kind].plugin


@pytest.mark.policy("VP-PUR-1")
@each
def test_the_purpose_of_the_account(kind: str) -> None:
    assert said(asked(kind, "account")) == COLUMNS[kind].account


@pytest.mark.policy("VP-CAT-2", "VP-CAT-3", "VP-CAT-4", "VP-CAT-5")
@each
def test_what_is_of_a_company(kind: str) -> None:
    of_a_company = [category for category in CATEGORIES if category.startswith(COMPANY)]
    assert len(of_a_company) >= len(COMPANY)
    assert {POLICY.permits(category, kind) for category in of_a_company} == {COLUMNS[kind].company}
    slim = minimise_sender(SENDER, POLICY, kind)
    assert slim == (
        SENDER if COLUMNS[kind].company else Sender(name=SENDER.name, email=SENDER.email, phone=SENDER.phone)
    )


@pytest.mark.policy("VP-CAT-1", "VP-CAT-6")
@each
def test_user_name_password_and_responsible_person_pass_for_nobody(kind: str) -> None:
    barred = [one for one in CATEGORIES if one.startswith(("account.credential", "sender.responsible"))]
    assert barred
    assert [one for one in barred if POLICY.permits(one, kind)] == []


@pytest.mark.policy("VP-BAS-1", "AMB-9")
@each
def test_the_basis_of_the_sender_and_of_the_recipient(kind: str) -> None:
    made = {one.name: one.basis for one in schedule(order(), POLICY, kind, NOW, lane=DIRECT).parts}
    assert made.pop("sender.contact") == COLUMNS[kind].basis
    assert set(made.values()) == {"A6-1-f"}


@pytest.mark.policy("VP-SCO-1")
@pytest.mark.parametrize("purpose", ["generic_advertising", "personalised_advertising"])
@each
def test_a_level_is_for_who_can_log_in(kind: str, purpose: str) -> None:
    channel = next(iter(POLICY.purposes[purpose].channels), None)
    told = [asked(kind, purpose, channel=channel, levels=levels) for levels in (LEVELS, {})]
    if COLUMNS[kind].levels == "permitted":
        assert isinstance(told[0], Permission)
        assert said(told[1]) == "level_unknown"
    else:
        assert [said(one) for one in told] == [COLUMNS[kind].levels] * 2
    assert POLICY.account_types[kind].dashboard is (COLUMNS[kind].levels == "permitted")


@pytest.mark.policy("VP-RET-1", "VP-RET-3", "VP-RET-4")
@each
def test_the_terms_are_the_same_for_all(kind: str) -> None:
    ends = {one.name: (one.starts, one.until) for one in schedule(order(), POLICY, kind, NOW, lane=DIRECT).parts}
    day = date(2026, 11, 22)
    assert ends.pop("sender.contact") == (day, date(2036, 11, 22))
    assert set(ends.values()) == {(day, date(2027, 12, 22))}
    former = POLICY.retention["vp.former_user.marketing"]
    assert (former.trigger, former.duration, former.resets) == ("last_label_use", "P36M", True)
