"""Class, clock and key of every part of a record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.core.calendar import end, month, today
from middleware.core.minimise import minimise
from middleware.core.permitting import DIRECT
from middleware.core.schedule import ends, memory, required_kids, schedule
from middleware.model import Delivery, PartPlan, Plan
from schemas.errors import SchemaFault
from schemas.order import Order
from schemas.policy import Policy
from tests.middleware.core.made_up import NOW, POLICY, order

DELIVERED = POLICY.interpret({"recipient_clock": "delivered"})
END_OF_USE = POLICY.interpret({"sender_legal_start": "end-of-use"})

DURATIONS = {"vp.recipient.operational": "P13M", "vp.sender.legal": "P10Y"}
moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone


def slim(notify: str = "none", country: str = "BE") -> Order:
    return minimise(order(recipient__address__country=country), POLICY, Delivery(notify=notify))[0]


def plan(whole: Order | None = None, policy: Policy = POLICY, now: datetime = NOW) -> Plan:
    return schedule(whole or slim("email", "US"), policy, "professional", now)


def part(name: str, made: Plan) -> PartPlan:
    (found,) = (one for one in made.parts if one.name == name)
    return found


def names(made: Plan) -> list[str]:
    return [one.name for one in made.parts]


@pytest.mark.parametrize(
    ("notify", "country", "expected"),
    [
        ("none", "BE", ["recipient.delivery", "sender.contact"]),
        ("email", "BE", ["recipient.delivery", "recipient.notification", "sender.contact"]),
        ("sms", "BE", ["recipient.delivery", "recipient.notification", "sender.contact"]),
        ("none", "US", ["recipient.delivery", "recipient.customs", "sender.contact"]),
        ("sms", "US", ["recipient.delivery", "recipient.notification", "recipient.customs", "sender.contact"]),
    ],
)
def test_a_record_has_the_parts_that_it_has_data_for(notify: str, country: str, expected: list[str]) -> None:
    assert names(plan(slim(notify, country))) == expected


@pytest.mark.policy("VP-RET-4", "AMB-2", "AMB-4")
@pytest.mark.parametrize("name", ["recipient.delivery", "recipient.notification", "recipient.customs"])
def test_the_recipient_has_thirteen_months_from_the_label(name: str) -> None:
    assert part(name, plan()) == PartPlan(
        name=name,
        retention="vp.recipient.operational",
        trigger="label_created",
        starts=date(2026, 11, 22),
        until=date(2027, 12, 22),
        ceiling=date(2027, 12, 22),
        kid=f"{name}/vp.recipient.operational/2027-12",
        purpose="label_and_delivery",
        basis="A6-1-f",
    )


@pytest.mark.policy("VP-RET-3", "AMB-3", "AMB-4", "VP-BAS-1")
def test_the_sender_has_ten_years_from_the_label() -> None:
    assert part("sender.contact", plan()) == PartPlan(
        name="sender.contact",
        retention="vp.sender.legal",
        trigger="label_created",
        starts=date(2026, 11, 22),
        until=date(2036, 11, 22),
        ceiling=date(2036, 11, 22),
        kid="sender.contact/vp.sender.legal/2036-11",
        purpose="label_and_delivery",
        basis="A6-1-b",
    )


@pytest.mark.policy("VP-BAS-1", "AMB-9", "AMB-10", "VP-PUR-2")
@pytest.mark.parametrize(
    ("account_type", "interpretations", "basis"),
    [
        ("professional", {}, "A6-1-b"),
        ("professional", {"company_contact_basis": "legitimate-interest"}, "A6-1-f"),
        ("residential", {}, "A6-1-b"),
        ("guest", {}, "A6-1-b"),
        ("guest", {"guest_basis": "legitimate-interest"}, "A6-1-f"),
    ],
)
def test_the_basis_follows_who_sends(account_type: str, interpretations: dict[str, str], basis: str) -> None:
    made = schedule(slim(), POLICY.interpret(interpretations), account_type, NOW, lane=DIRECT)
    assert {one.purpose for one in made.parts} == {POLICY.default_purpose.id}
    assert [one.basis for one in made.parts] == ["A6-1-f", basis]


@pytest.mark.policy("VP-SCO-1")
def test_an_unknown_account_type_has_no_basis() -> None:
    with pytest.raises(SchemaFault, match="it is denied"):
        schedule(slim(), POLICY, "platinum", NOW)


@pytest.mark.policy("AMB-2")
def test_a_clock_that_waits_for_delivery_has_no_dates_and_the_same_keys() -> None:
    waiting, running = plan(policy=DELIVERED), plan()
    for name in ("recipient.delivery", "recipient.notification", "recipient.customs"):
        one = part(name, waiting)
        assert (one.trigger, one.starts, one.until) == ("delivered", None, None)
    assert [one.kid for one in waiting.parts] == [one.kid for one in running.parts]
    assert part("sender.contact", waiting) == part("sender.contact", running)
    assert (waiting.recipient_until, waiting.record_until) == (None, None)


@pytest.mark.policy("AMB-3")
def test_a_clock_that_waits_for_the_end_of_use_has_no_dates_and_the_same_keys() -> None:
    waiting, running = plan(policy=END_OF_USE), plan()
    one = part("sender.contact", waiting)
    assert (one.trigger, one.starts, one.until) == ("end_of_use", None, None)
    assert one.kid == part("sender.contact", running).kid
    assert waiting.parts[:-1] == running.parts[:-1]
    assert (waiting.recipient_until, waiting.record_until) == (running.recipient_until, None)


@pytest.mark.policy("VP-RET-4", "AMB-20")
@pytest.mark.parametrize(
    ("now", "starts", "until", "kid_month"),
    [
        ("2026-11-22T10:00:00+00:00", "2026-11-22", "2027-12-22", "2027-12"),
        ("2026-11-30T22:59:59+00:00", "2026-11-30", "2027-12-30", "2027-12"),
        ("2026-11-30T23:00:00+00:00", "2026-12-01", "2028-01-01", "2028-01"),  # midnight in Brussels, not in UTC
        ("2026-06-30T21:59:59+00:00", "2026-06-30", "2027-07-30", "2027-07"),
        ("2026-06-30T22:00:00+00:00", "2026-07-01", "2027-08-01", "2027-08"),  # in summer
        ("2025-01-31T12:00:00+00:00", "2025-01-31", "2026-02-28", "2026-02"),  # the month of the end, not thirteen on
        ("2027-01-31T12:00:00+00:00", "2027-01-31", "2028-02-29", "2028-02"),
        ("2028-02-28T23:00:00+00:00", "2028-02-29", "2029-03-29", "2029-03"),
    ],
)
def test_the_recipients_clock_is_that_of_brussels(now: str, starts: str, until: str, kid_month: str) -> None:
    one = part("recipient.delivery", plan(now=datetime.fromisoformat(now)))
    assert (str(one.starts), str(one.until)) == (starts, until)
    assert one.kid == f"recipient.delivery/vp.recipient.operational/{kid_month}"


@given(moments, st.sampled_from([POLICY, DELIVERED, END_OF_USE]))
def test_a_key_is_that_of_the_month_of_the_earliest_end(now: datetime, policy: Policy) -> None:
    made = plan(policy=policy, now=now)
    for one in made.parts:
        earliest = end(today(now), DURATIONS[one.retention])
        assert one.kid == f"{one.name}/{one.retention}/{month(earliest)}"
        assert one.ceiling == earliest
        assert (one.starts, one.until) in ((today(now), earliest), (None, None))
        assert (one.starts is None) == (one.trigger != "label_created")
    assert made.recipient_until == (None if policy is DELIVERED else end(today(now), "P13M"))
    assert made.record_until == (end(today(now), "P10Y") if policy is POLICY else None)


@given(st.sampled_from([POLICY, DELIVERED, END_OF_USE]), moments, moments)
def test_who_comes_later_never_ends_earlier(policy: Policy, one: datetime, other: datetime) -> None:
    first, second = (plan(policy=policy, now=moment) for moment in sorted((one, other)))
    assert (first.recipient_until or date.max) <= (second.recipient_until or date.max)
    assert (first.record_until or date.max) <= (second.record_until or date.max)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"recipient.a": 2, "recipient.b": 1, "sender.c": 9}, (2, 9)),
        ({"recipient.a": None, "recipient.b": 1, "sender.c": 9}, (None, None)),
        ({"recipient.a": 2, "sender.c": None}, (2, None)),
        ({"customer.a": 3, "depicted.b": 4}, (4, 4)),  # nobody is a recipient: what leads to it ends with the last
        ({"customer.a": None, "depicted.b": 4}, (None, None)),
    ],
)
def test_what_leads_to_a_record_ends_with_its_recipient_and_the_record_with_its_last_part(
    parts: dict[str, int | None], expected: tuple[int | None, int | None]
) -> None:
    days = {name: None if day is None else date(2030, 1, day) for name, day in parts.items()}
    assert ends(days) == tuple(None if day is None else date(2030, 1, day) for day in expected)


@given(moments, st.sampled_from(["none", "email", "sms"]), st.sampled_from(["BE", "US"]))
def test_the_required_keys_are_all_that_a_record_of_that_day_can_need(now: datetime, notify: str, country: str) -> None:
    needed = {one.kid for one in plan(slim(notify, country), now=now).parts}
    assert needed <= required_kids(POLICY, today(now))


def test_every_sealed_part_of_the_pack_has_a_required_key() -> None:
    assert required_kids(POLICY, date(2026, 11, 30)) == {
        "recipient.delivery/vp.recipient.operational/2027-12",
        "recipient.notification/vp.recipient.operational/2027-12",
        "recipient.customs/vp.recipient.operational/2027-12",
        "sender.contact/vp.sender.legal/2036-11",
    }
    assert required_kids(DELIVERED, date(2026, 11, 30)) == required_kids(POLICY, date(2026, 11, 30))


@pytest.mark.policy("AMB-21")
@pytest.mark.parametrize(
    ("now", "until"),
    [("2026-11-22T22:59:59+00:00", date(2026, 12, 22)), ("2026-11-22T23:00:00+00:00", date(2026, 12, 23))],
)
def test_what_is_remembered_of_an_order_that_was_not_taken_lasts_thirty_days(now: str, until: date) -> None:
    assert memory(POLICY, datetime.fromisoformat(now)) == until


@pytest.mark.policy("VP-RET-5")
@pytest.mark.parametrize("name", ["vp.recipient.operational", "vp.sender.legal", "pv.inbox"])
def test_nothing_is_scheduled_without_a_duration(name: str) -> None:
    endless = replace(POLICY.retention[name], duration=None)
    policy = replace(POLICY, retention=MappingProxyType({**POLICY.retention, name: endless}))
    with pytest.raises(SchemaFault, match=f"retention.{name}: nothing may be stored without a duration"):
        _scheduled(policy, name)


def _scheduled(policy: Policy, name: str) -> object:
    return memory(policy, NOW) if name == "pv.inbox" else plan(policy=policy)
