"""The standing of who uses the label module: when a class is over, what lets it live again, and what that permits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import example, given
from hypothesis import strategies as st

from middleware.core import standing
from middleware.core.standing import Asked, after_end, after_switch, after_use, question, turned, use
from middleware.core.switching import Saying, heard
from middleware.errors import SchemaError
from middleware.model_standing import Ended, Shift, Standing, Switch, Switched, Term
from schemas.permission import Permission, Refusal, permitted
from schemas.policy import Policy
from schemas.policy_loader import load

PARCELS, CONTACTS, STAMPS = load("bpost-shipping-platform"), load("bpost-maxiresponse"), load("bpost-mystamp")
MARKETING, OPERATIONAL = "vp.former_user.marketing", "vp.sender.operational"
DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AGED = NOW - timedelta(minutes=16)
DAYS = st.dates(date(2026, 1, 1), date(2060, 12, 31))


def terms(day: date = DAY) -> tuple[Term, ...]:
    """What the first label of a shop leaves."""
    used = use(PARCELS, day)
    return tuple(after_use(Term(retention=name), used, day) for name in sorted(used.terms))


def said(name: str, verb: str, *, kind: Switched = Switched.LEVEL, own: bool = False, way: str | None = None) -> Saying:
    return Saying(kind=kind, name=name, verb=verb, way=way, day=DAY, by="Els", own=own)


def shift(saying: Saying, policy: object = PARCELS) -> tuple[Shift, tuple[str, ...]]:
    found = heard(policy, saying, NOW)  # type: ignore[arg-type]  # one of the packs above
    assert not isinstance(found, Refusal), found
    return found


def switch(name: str, *, on: bool, at: datetime = NOW, kind: Switched = Switched.LEVEL) -> Switch:
    return Switch(kind=kind, name=name, on=on, verb="x", way=None, day=at.date(), heard_at=at, by="dashboard")


def reason(purpose: str, known: Standing, *, subject: str = "sender", day: date = DAY, now: datetime = NOW) -> str:
    """Why it is refused; ``permitted`` where it is not."""
    channel = "email" if purpose.endswith("advertising") else None
    asked = Asked(purpose=purpose, subject=subject, account_type="professional", tie="necessary", channel=channel)
    found = permitted(PARCELS, question(PARCELS, asked, known, now, day))
    return "permitted" if isinstance(found, Permission) else found.reason


def only(known: tuple[Term, ...], retention: str) -> Term:
    return next(term for term in known if term.retention == retention)


@pytest.mark.policy("VP-RET-1", "VP-RET-2")
def test_a_label_starts_thirty_six_months_and_a_use_that_lasts() -> None:
    first = terms()
    assert [(term.retention, term.starts, term.until) for term in first] == [
        (MARKETING, DAY, date(2029, 11, 22)),
        (OPERATIONAL, DAY, None),
    ]


@pytest.mark.policy("VP-RET-1", "AMB-20")
def test_the_last_permitted_day_is_permitted_whole() -> None:
    term = only(terms(), MARKETING)
    last = date(2029, 11, 22)
    assert [standing.over(term, day) for day in (last, last + timedelta(days=1))] == [False, True]


@pytest.mark.policy("VP-RET-1", "AMB-5", "AMB-20")
@given(days=st.lists(DAYS, min_size=1, max_size=8))
def test_the_last_use_alone_counts_in_whatever_order_uses_are_heard(days: list[date]) -> None:
    term = Term(retention=MARKETING)
    for day in days:
        term = after_use(term, use(PARCELS, day), day)
    assert (term.starts, term.until) == (max(days), max(days) + relativedelta(months=36))


@pytest.mark.policy("VP-RET-2")
@given(days=st.lists(DAYS, min_size=1, max_size=8))
def test_an_open_account_never_ends_the_use(days: list[date]) -> None:
    term = Term(retention=OPERATIONAL)
    for day in days:
        term = after_use(term, use(PARCELS, day), day)
    assert (term.starts, term.until, standing.over(term, date.max)) == (days[0], None, False)


@pytest.mark.policy("VP-RET-1", "AMB-5", "AMB-6", "AMB-20")
@given(used=DAYS, later=st.integers(0, 4_000))
@example(used=DAY, later=1_096)  # the last day of thirty-six months, and the day after it
@example(used=DAY, later=1_097)
def test_advertising_is_over_after_the_last_day_never_before_and_delivery_is_not(used: date, later: int) -> None:
    day = used + timedelta(days=later)
    known = Standing(terms=terms(used), switches=(switch("Aanvullend", on=True), switch("Optimaal", on=True)))
    expected = "restricted" if day > used + relativedelta(months=36) else "permitted"
    assert reason("generic_advertising", known, day=day) == expected
    assert reason("personalised_advertising", known, day=day) == expected
    assert reason("label_and_delivery", known, day=day) == "permitted"
    assert reason("legal_defence", known, day=day) == "permitted"


@pytest.mark.policy("VP-RET-1")
def test_a_label_in_month_35_is_a_new_beginning_and_one_after_the_end_lifts_it() -> None:
    term = only(terms(), MARKETING)
    month_35 = DAY + relativedelta(months=35)
    assert after_use(term, use(PARCELS, month_35), month_35).until == DAY + relativedelta(months=71)
    noted = replace(term, restricted_at=NOW, restricted_by=Ended.TERM)
    after = DAY + relativedelta(months=40)
    lifted = after_use(noted, use(PARCELS, after), after)
    assert (lifted.restricted_at, lifted.restricted_by, lifted.starts) == (None, None, after)
    late = after_use(
        noted, use(PARCELS, DAY + timedelta(days=1)), after
    )  # told in month 40, of the day after the first
    assert late.restricted_by is Ended.TERM
    once = replace(use(PARCELS, after), resets=frozenset())  # a pack whose class does not begin anew
    assert after_use(noted, once, after) is noted


@pytest.mark.policy("VP-RET-1", "VP-PUR-10")
def test_an_objection_ends_it_and_a_label_does_not_bring_it_back() -> None:
    moved, _ = shift(said("Aanvullend", "object"))
    assert moved.classes == {"Aanvullend": frozenset((MARKETING,))}
    ended = after_switch(only(terms(), MARKETING), on=False, now=NOW)
    assert (ended.restricted_at, ended.restricted_by) == (NOW, Ended.OBJECTION)
    later = DAY + timedelta(days=30)
    again = after_use(ended, use(PARCELS, later), later)
    assert (again.starts, again.restricted_by) == (later, Ended.OBJECTION)
    assert after_switch(again, on=True, now=NOW).restricted_at is None
    over = replace(again, restricted_by=Ended.TERM)
    assert after_switch(over, on=True, now=NOW) is over
    late = after_switch(over, on=False, now=NOW + timedelta(days=1))
    assert (late.restricted_at, late.restricted_by) == (NOW, Ended.OBJECTION)
    assert after_use(late, use(PARCELS, later), later).restricted_by is Ended.OBJECTION
    assert shift(said("Optimaal", "withdraw"))[0].classes == {"Optimaal": frozenset()}


@pytest.mark.policy("VP-RET-2", "VP-RET-3", "AMB-6", "AMB-3")
def test_after_the_end_of_use_legal_claims_alone_remain() -> None:
    over = standing.ended(PARCELS, DAY)
    assert over.over == {OPERATIONAL}
    known = Standing(terms=(after_end(only(terms(), OPERATIONAL), DAY),))
    assert reason("label_and_delivery", known, day=DAY) == "permitted"
    following = DAY + timedelta(days=1)
    for purpose in ("label_and_delivery", "support", "invoicing", "improvement", "customer_management"):
        assert reason(purpose, known, day=following) == "restricted"
    assert reason("legal_defence", known, day=following) == "permitted"
    assert reason("label_and_delivery", known, subject="recipient", day=following) == "permitted"
    again = after_use(known.terms[0], use(PARCELS, following), following)
    assert (again.starts, again.until) == (following, None)
    assert after_use(known.terms[0], use(PARCELS, DAY), DAY) == known.terms[0]
    assert after_end(known.terms[0], following) is known.terms[0]
    said = replace(use(PARCELS, following), lifts=False)
    assert standing.lifts(known.terms[0], said, following)
    assert after_use(known.terms[0], said, following) is known.terms[0]
    assert not standing.lifts(again, said, following)


@pytest.mark.policy("X-LVL-2")
@given(minutes=st.integers(0, 100_000))
def test_a_lowering_never_ages_and_a_raising_is_believed_for_a_quarter_of_an_hour(minutes: int) -> None:
    then = NOW - timedelta(minutes=minutes)
    found = standing.levels((switch("Aanvullend", on=False, at=then), switch("Optimaal", on=True, at=then)), NOW)
    assert found == {"Aanvullend": False} | ({"Optimaal": True} if minutes <= 15 else {})


@pytest.mark.policy("VP-PUR-10", "VP-PUR-11", "X-LVL-1", "X-LVL-2")
@pytest.mark.parametrize(
    ("switches", "generic", "personalised"),
    [
        ((), "level_unknown", "level_unknown"),
        ((switch("Aanvullend", on=True),), "permitted", "level_unknown"),
        ((switch("Optimaal", on=True),), "level_unknown", "permitted"),
        ((switch("Aanvullend", on=False), switch("Optimaal", on=True)), "level_off", "permitted"),
        ((switch("Aanvullend", on=True, at=NOW - timedelta(minutes=16)),), "level_unknown", "level_unknown"),
        ((switch("Aanvullend", on=True, kind=Switched.PURPOSE),), "level_unknown", "level_unknown"),
    ],
)
def test_each_advertising_depends_on_its_own_level(
    switches: tuple[Switch, ...], generic: str, personalised: str
) -> None:
    known = Standing(terms=terms(), switches=switches)
    assert (reason("generic_advertising", known), reason("personalised_advertising", known)) == (generic, personalised)


@pytest.mark.policy("VP-PUR-10", "VP-PUR-11")
def test_of_nobody_who_is_no_party_a_switch_is_known() -> None:
    known = Standing(switches=(switch("Aanvullend", on=True), switch("improvement", on=False, kind=Switched.PURPOSE)))
    asked = Asked(purpose="generic_advertising", subject="recipient", account_type="professional", contract="person")
    made = question(PARCELS, asked, known, NOW, DAY)
    assert (made.levels, made.contract, made.objected) == ({}, "none", None)
    assert reason("improvement", known) == "objected"


@pytest.mark.policy("VP-PUR-9", "VP-BAS-2")
@pytest.mark.parametrize("subject", ["sender", "user"])
def test_of_whom_no_shop_was_asked_nobody_knows_what_they_objected_to(subject: str) -> None:
    asked = Asked(purpose="improvement", subject=subject, account_type="professional")
    assert question(PARCELS, asked, None, NOW, DAY).objected is None
    assert question(PARCELS, asked, Standing(), NOW, DAY).objected == frozenset()


@pytest.mark.policy("X-LVL-2", "MX-PUR-1", "MX-PUR-2", "MX-PUR-4", "MX-PUR-5")
@pytest.mark.parametrize(
    ("purpose", "contract", "tie", "expected"),
    [
        ("services", "person", "necessary", "permitted"),
        ("services", "organisation", "necessary", "permitted"),  # a legitimate interest, and what a shop sends for
        ("care", "person", "necessary", "permitted"),
        ("care", "organisation", "necessary", "standing_unknown"),
        ("care", "person", "not_necessary", "standing_unknown"),
        ("improvement", "person", "necessary", "standing_unknown"),
        ("generic_advertising", "person", "necessary", "level_unknown"),
        ("personalised_advertising", "person", "necessary", "level_unknown"),
    ],
)
def test_what_a_shop_is_told_counts_for_no_contact(purpose: str, contract: str, tie: str, expected: str) -> None:
    known = Standing(switches=(switch("Aanvullend", on=True), switch("Optimaal", on=True)))
    channel = "email" if purpose.endswith("advertising") else None
    asked = Asked(
        purpose=purpose, subject="contact", account_type="maxiresponse", contract=contract, tie=tie, channel=channel
    )
    for standing_of_shop in (known, Standing(), None):
        found = permitted(CONTACTS, question(CONTACTS, asked, standing_of_shop, NOW, DAY))
        assert ("permitted" if isinstance(found, Permission) else found.reason) == expected


def of_one(policy: Policy, purpose: str, known: Standing | None, subject: str, now: datetime = NOW) -> str:
    """Why it is refused of one contact or customer; ``permitted`` where it is not."""
    account = "maxiresponse" if policy is CONTACTS else "mystamp"
    asked = Asked(purpose=purpose, subject=subject, account_type=account, channel="email", customer="K-77")
    found = permitted(policy, question(policy, asked, known, now, DAY))
    return "permitted" if isinstance(found, Permission) else found.reason


@pytest.mark.policy("X-LVL-1", "X-LVL-2", "MX-PUR-4", "MX-PUR-5")
@pytest.mark.parametrize(
    ("switches", "generic", "personalised"),
    [
        (None, "level_unknown", "level_unknown"),
        ((), "level_unknown", "level_unknown"),
        ((switch("Aanvullend", on=True),), "permitted", "level_unknown"),
        ((switch("Aanvullend", on=False),), "level_off", "level_unknown"),
        ((switch("Optimaal", on=True),), "level_unknown", "permitted"),
        ((switch("Optimaal", on=True, at=AGED), switch("Aanvullend", on=True, at=AGED)), *["level_unknown"] * 2),
        ((switch("Aanvullend", on=False, at=AGED), switch("Optimaal", on=False, at=AGED)), *["level_off"] * 2),
    ],
)
def test_of_a_contact_their_own_word_alone_is_known_and_nothing_is_taken_for_granted(
    switches: tuple[Switch, ...] | None, generic: str, personalised: str
) -> None:
    known = None if switches is None else Standing(switches=switches)
    assert of_one(CONTACTS, "generic_advertising", known, "contact") == generic
    assert of_one(CONTACTS, "personalised_advertising", known, "contact") == personalised


@pytest.mark.policy("MS-PUR-3", "MS-PUR-4", "MS-PRO-1", "X-LVL-2")
def test_a_customer_objects_to_the_purpose_itself_and_nothing_opens_a_profile() -> None:
    objected = Standing(switches=(switch("generic_advertising", on=False, at=AGED, kind=Switched.PURPOSE),))
    opened = Standing(
        switches=(switch("personalised_advertising", on=True, kind=Switched.PURPOSE), switch("Optimaal", on=True))
    )
    for known, expected in ((None, "standing_unknown"), (Standing(), "permitted"), (objected, "objected")):
        assert of_one(STAMPS, "generic_advertising", known, "customer") == expected
    for profile in (None, Standing(), opened):
        assert of_one(STAMPS, "personalised_advertising", profile, "customer") == "prohibited"


@pytest.mark.policy("X-LVL-2", "VP-PUR-10")
@pytest.mark.parametrize("subject", ["sender", "user", "recipient", "depicted"])
def test_what_one_customer_said_is_no_word_of_others(subject: str) -> None:
    known = Standing(switches=(switch("Aanvullend", on=True),))
    asked = Asked(purpose="generic_advertising", subject=subject, account_type="mystamp", customer="K-77")
    made = question(STAMPS, asked, known, NOW, DAY)
    assert (made.levels, made.objected) == ({}, None)
    assert "K-77" not in repr(asked)


@pytest.mark.policy("X-LVL-2", "VP-PUR-10", "VP-RET-1")
@pytest.mark.parametrize("subject", ["sender", "user", "recipient"])
def test_who_uses_the_label_module_is_named_by_nobody(subject: str) -> None:
    """Else what is known of that one, an objection or a restriction, would count for nothing."""
    asked = Asked(purpose="improvement", subject=subject, account_type="professional", customer="K-77")
    with pytest.raises(SchemaError) as refused:
        question(PARCELS, asked, None, NOW, DAY)
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("/customer", "not-of-this-policy")]


@pytest.mark.policy("AMB-11")
@pytest.mark.parametrize(
    ("name", "verb", "kept"), [("Optimaal", "object", "withdraw"), ("Aanvullend", "withdraw", "object")]
)
def test_what_is_called_otherwise_is_kept_in_the_word_of_the_pack(name: str, verb: str, kept: str) -> None:
    (moved,) = shift(said(name, verb), CONTACTS)[0].switches
    assert (moved.verb, moved.on) == (kept, False)


@pytest.mark.policy("AMB-15", "VP-PUR-10")
def test_an_objection_counts_by_any_way_and_the_policys_own_is_told() -> None:
    purpose = said("generic_advertising", "object", kind=Switched.PURPOSE, way="post")
    moved, ways = shift(purpose)
    assert [(one.kind, one.name, one.on) for one in moved.switches] == [(Switched.LEVEL, "Aanvullend", False)]
    assert ways == ("dashboard: https://myprivacy.bpost.be/gcm/login",)
    assert shift(replace(purpose, way="dashboard"))[1] == ()
    moved, ways = shift(replace(purpose, way="dashboard"), STAMPS)
    assert [(one.kind, one.name, one.on) for one in moved.switches] == [
        (Switched.PURPOSE, "generic_advertising", False)
    ]
    assert [way.partition(":")[0] for way in ways] == ["post", "web_form"]
    assert shift(said("Aanvullend", "resume", own=True))[1] == ()


@pytest.mark.policy("X-LVL-1")
@pytest.mark.parametrize(
    ("policy", "saying", "refused"),
    [
        (PARCELS, said("Optimaal", "consent"), "only_the_data_subject"),
        (PARCELS, said("Optimaal", "resume", own=True), "unknown_verb"),
        (PARCELS, said("personalised_advertising", "resume", kind=Switched.PURPOSE, own=True), "unknown_verb"),
        (PARCELS, said("Nothing", "object"), "unknown_level"),
        (PARCELS, said("nothing", "object", kind=Switched.PURPOSE), "unknown_purpose"),
        (STAMPS, said("generic_advertising", "resume", kind=Switched.PURPOSE), "only_the_data_subject"),
        (STAMPS, said("Optimaal", "consent", own=True), "unknown_level"),
    ],
)
def test_what_the_pack_does_not_have_or_is_not_ones_own_is_refused(
    policy: object, saying: Saying, refused: str
) -> None:
    found = heard(policy, saying, NOW)  # type: ignore[arg-type]  # one of the packs above
    assert isinstance(found, Refusal)
    assert found.reason == refused


@pytest.mark.policy("X-LVL-1", "X-LVL-2")
def test_what_was_said_before_an_objection_raises_nothing_again() -> None:
    off = switch("Aanvullend", on=False)
    before, after = (switch("Aanvullend", on=True, at=NOW + timedelta(days=days)) for days in (-1, 1))
    assert turned(off, before) is off
    assert turned(off, switch("Aanvullend", on=True)) is off  # of the same day
    assert turned(off, after) is after
    assert turned(after, again := replace(after, heard_at=NOW + timedelta(days=2))) is again
    assert turned(before, replace(off, day=before.day)).on is False
    assert turned(None, before) is before


@pytest.mark.policy("X-LVL-1", "X-LVL-2")
def test_an_objection_that_is_told_late_does_not_let_an_older_consent_in() -> None:
    withdrawn, earlier = (switch("Optimaal", on=False, at=NOW - timedelta(days=days)) for days in (0, 5))
    consent = switch("Optimaal", on=True, at=NOW - timedelta(days=3))
    assert turned(turned(withdrawn, earlier), consent) is withdrawn


@pytest.mark.policy("X-LVL-1", "X-LVL-2")
@given(data=st.data(), words=st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=8))
def test_in_whatever_order_words_arrive_the_latest_stands_and_of_one_day_the_one_that_lowers(
    data: st.DataObject, words: list[tuple[int, bool]]
) -> None:
    stands: Switch | None = None
    for days, on in data.draw(st.permutations(words)):
        stands = turned(stands, switch("Optimaal", on=on, at=NOW + timedelta(days=days)))
    assert stands is not None
    last = max(days for days, _ in words)
    assert (stands.day, stands.on) == (DAY + timedelta(days=last), (last, False) not in words)
