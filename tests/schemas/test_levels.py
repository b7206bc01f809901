"""The data subject's own switches: two, apart from each other, and raised by nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.levels import (
    DATA_SUBJECT,
    LOWERING,
    RAISING,
    Change,
    LevelState,
    Objection,
    change,
    initial,
    known,
    object_to,
)
from schemas.permission import REASONS, Refusal
from schemas.policy import Policy
from schemas.policy_loader import load

PARCELS, CONTACTS, STAMPS = load("bpost-shipping-platform"), load("bpost-maxiresponse"), load("bpost-mystamp")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def changed(policy: Policy, levels: Mapping[str, bool], name: str, verb: str, by: str = DATA_SUBJECT) -> Change:
    found = change(policy, levels, name, verb, by)
    assert isinstance(found, Change), found
    return found


@pytest.mark.policy("X-LVL-1")
@pytest.mark.parametrize("policy", [PARCELS, CONTACTS])
def test_one_starts_on_and_the_other_off(policy: Policy) -> None:
    assert initial(policy) == {"Aanvullend": True, "Optimaal": False}


@pytest.mark.policy("MS-PRO-1")
def test_mystamp_has_no_level_to_raise() -> None:
    assert initial(STAMPS) == {}
    found = change(STAMPS, {}, "Optimaal", "consent", DATA_SUBJECT)
    assert isinstance(found, Refusal)
    assert found.reason == "unknown_level"


@pytest.mark.policy("X-LVL-1")
@pytest.mark.parametrize(
    ("name", "verb", "other"), [("Aanvullend", "resume", "Optimaal"), ("Optimaal", "consent", "Aanvullend")]
)
def test_a_switch_moves_alone_and_by_its_own_word(name: str, verb: str, other: str) -> None:
    off = {"Aanvullend": False, "Optimaal": False}
    assert changed(PARCELS, off, name, verb).levels == {name: True, other: False}
    wrong = change(PARCELS, off, other, verb, DATA_SUBJECT)
    assert isinstance(wrong, Refusal)
    assert wrong.reason == "unknown_verb"
    on = {"Aanvullend": True, "Optimaal": True}
    assert changed(PARCELS, on, name, "object").levels == {name: False, other: True}


@pytest.mark.policy("AMB-11")
def test_a_consent_that_is_objected_to_is_withdrawn() -> None:
    found = changed(CONTACTS, {"Optimaal": True}, "Optimaal", "object")
    assert (found.levels, found.verb) == ({"Optimaal": False}, "withdraw")
    assert changed(CONTACTS, {"Aanvullend": True}, "Aanvullend", "withdraw").verb == "object"


@pytest.mark.policy("X-LVL-1")
@pytest.mark.parametrize("verb", LOWERING)
def test_a_shop_may_lower(verb: str) -> None:
    assert changed(PARCELS, {"Optimaal": True}, "Optimaal", verb, by="shop").levels == {"Optimaal": False}


@pytest.mark.policy("X-LVL-1", "VP-PUR-11")
@given(
    policy=st.sampled_from([PARCELS, CONTACTS, STAMPS]),
    levels=st.dictionaries(st.sampled_from(["Aanvullend", "Optimaal"]), st.booleans()),
    name=st.sampled_from(["Aanvullend", "Optimaal", "Alles"]),
    verb=st.sampled_from([*LOWERING, *RAISING.values(), "buyer_accepts_marketing", "true"]) | st.text(),
    by=st.sampled_from(["shop", "plugin", "merchant", ""]),
)
def test_nothing_that_a_shop_sends_raises_a_level(
    policy: Policy, levels: Mapping[str, bool], name: str, verb: str, by: str
) -> None:
    found = change(policy, levels, name, verb, by)
    if isinstance(found, Change):
        assert all(levels.get(level, False) or not on for level, on in found.levels.items())
    else:
        assert found.reason in REASONS


@pytest.mark.policy("X-LVL-1")
def test_only_the_data_subject_raises() -> None:
    found = change(PARCELS, {"Optimaal": False}, "Optimaal", "consent", "shop")
    assert isinstance(found, Refusal)
    assert (found.reason, found.clause.ref) == ("only_the_data_subject", "0§3 L122-127")


@pytest.mark.policy("X-LVL-2")
@pytest.mark.parametrize(
    ("age", "believed"),
    [
        (timedelta(0), True),
        (timedelta(minutes=15), True),
        (timedelta(minutes=15, microseconds=1), False),
        (timedelta(microseconds=-1), False),
    ],
)
def test_what_was_heard_too_long_ago_or_not_yet_is_unknown(age: timedelta, believed: bool) -> None:
    states = {"Optimaal": LevelState(on=True, heard_at=NOW - age), "Aanvullend": LevelState(on=False, heard_at=NOW)}
    assert known(states, NOW) == {"Aanvullend": False, **({"Optimaal": True} if believed else {})}


@pytest.mark.parametrize(
    ("policy", "route", "ways"),
    [
        pytest.param(PARCELS, "dashboard", (), marks=pytest.mark.policy("VP-PUR-10")),
        pytest.param(PARCELS, "post", ("dashboard",), marks=pytest.mark.policy("VP-PUR-10")),
        pytest.param(CONTACTS, "dashboard", (), marks=pytest.mark.policy("MX-PUR-4")),
        pytest.param(STAMPS, "web_form", (), marks=pytest.mark.policy("MS-PUR-4")),
        pytest.param(STAMPS, "post", (), marks=pytest.mark.policy("MS-PUR-4")),
        pytest.param(STAMPS, "dashboard", ("post", "web_form"), marks=pytest.mark.policy("MS-PUR-4", "AMB-15")),
    ],
)
def test_an_objection_counts_and_the_ways_of_the_text_are_told(
    policy: Policy, route: str, ways: tuple[str, ...]
) -> None:
    found = object_to(policy, "generic_advertising", route)
    assert isinstance(found, Objection)
    assert found.ways == ways
    assert {channel.kind for channel in found.channels} == {way for way in ways if way != "dashboard"}


def test_an_objection_to_what_nobody_does_is_told() -> None:
    found = object_to(STAMPS, "loyalty_programme", "post")
    assert isinstance(found, Refusal)
    assert found.reason == "unknown_purpose"
    prohibited = object_to(STAMPS, "personalised_advertising", "post")
    assert isinstance(prohibited, Objection)
    assert prohibited.clause.ref == "2§4 L150-151"
