"""The decision by route: over what events told, for the shop's own token; and what an order says never counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from sqlalchemy import create_engine, select, text
from werkzeug.test import TestResponse

from middleware.services import Shop
from middleware.storage.tables_retention import standings
from schemas.policy_loader import load
from tests.middleware.web.conftest import Intake
from tests.middleware.web.test_events import NUMBERS, OWN, Telling, code, telling, told
from tests.middleware.web.test_shipments import TOKENS, knowing
from tests.system import orders

__all__ = ["telling"]

GENERIC, PERSONALISED = ADVERTISING = "generic_advertising", "personalised_advertising"


@pytest.fixture(autouse=True)
def forgotten(telling: Telling) -> Iterator[None]:
    """What one test says of the shop's user is none of the next one's business."""
    yield
    engine = create_engine(telling.url)
    with engine.begin() as connection:
        for table in ("switches", "terms", "standings"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - ours
    engine.dispose()


def ask(telling: Telling, query: str, token: str = TOKENS["plain"].decode(), shop: str = "plain") -> TestResponse:
    given = {"Authorization": f"Bearer {token}"}
    return telling.client.get(f"/v1/shops/{shop}/permissions?{query}", headers=given)


def answer(telling: Telling, purpose: str, subject: str = "sender", more: str = "&channel=email") -> tuple[bool, str]:
    """(whether it is permitted, basis or reason)."""
    came = ask(telling, f"purpose={purpose}&subject={subject}{more}")
    assert came.status_code == 200, came.text
    told: Any = came.json
    return told["permitted"], told["basis"] or told["reason"]


@pytest.mark.policy("VP-PUR-11", "X-LVL-1")
def test_a_merchants_tick_is_nobodys_consent_from_webhook_to_decision(telling: Telling, intake: Intake) -> None:
    number = next(NUMBERS)
    order = orders.order(name=f"#Canary-{number}", id=62037182_000000 + number, buyer_accepts_marketing=True)
    order["customer"] = {"id": 1, "email_marketing_consent": {"state": "subscribed"}, "accepts_marketing": True}
    assert intake.post("plain", order).status_code == 200
    for subject in ("sender", "user"):
        assert answer(telling, GENERIC, subject) == (False, "level_unknown")
        assert answer(telling, PERSONALISED, subject) == (False, "level_unknown")
    for purpose in (GENERIC, PERSONALISED):
        assert answer(telling, purpose, "recipient") == (False, "no_part_in_it")


@pytest.mark.policy("VP-PUR-11", "X-LVL-1", "X-LVL-2")
def test_a_consent_is_believed_for_a_quarter_of_an_hour_and_its_withdrawal_for_good(
    telling: Telling, intake: Intake
) -> None:
    assert telling.tell({"type": "consent", "level": "Optimaal"}, token=OWN).status_code == 200
    assert answer(telling, PERSONALISED) == (True, "A6-1-a")
    assert answer(telling, GENERIC) == (False, "level_unknown")
    intake.clock.move(timedelta(minutes=16))
    assert answer(telling, PERSONALISED) == (False, "level_unknown")
    assert telling.tell({"type": "withdrawal", "level": "Optimaal"}).status_code == 200
    intake.clock.move(timedelta(days=2))
    assert answer(telling, PERSONALISED) == (False, "level_off")


@pytest.mark.policy("VP-PUR-10", "VP-RET-1", "X-LVL-1", "AMB-15")
def test_an_objection_counts_at_once_and_other_ways_are_told(telling: Telling) -> None:
    telling.order()
    assert telling.tell({"type": "resume", "level": "Aanvullend"}, token=OWN).status_code == 200
    assert answer(telling, GENERIC) == (True, "A6-1-f")
    told: Any = telling.tell({"type": "objection", "purpose": GENERIC, "way": "post"}).json
    assert told["ways"] == ["dashboard: https://myprivacy.bpost.be/gcm/login"]
    assert answer(telling, GENERIC) == (False, "level_off")
    came: Any = ask(telling, f"purpose={GENERIC}&subject=sender&channel=email").json
    assert came["restricted"] == ["vp.former_user.marketing"]
    assert came["clause"]["ids"][0] == "X-LVL-1"
    assert answer(telling, "label_and_delivery", more="&tie=necessary") == (True, "A6-1-b")


@pytest.mark.policy("VP-RET-1", "AMB-21")
@pytest.mark.parametrize("kind", ["last-use", "end-of-use", "objection"])
def test_what_was_long_ago_is_remembered_for_ten_years_after_it_was_told(telling: Telling, kind: str) -> None:
    beside = {"level": "Aanvullend"} if kind == "objection" else {}
    assert telling.tell({"type": kind, "day": "2015-01-02", **beside}).status_code == 200
    engine = create_engine(telling.url)
    with engine.connect() as connection:
        until = connection.execute(select(standings.c.until).where(standings.c.shop == "plain")).scalar_one()
    engine.dispose()
    assert until == telling.today() + relativedelta(years=10)


@pytest.mark.policy("AMB-11")
def test_a_withdrawn_purpose_is_an_objection_to_it(telling: Telling) -> None:
    assert telling.tell({"type": "withdrawal", "purpose": "improvement"}).status_code == 200
    assert answer(telling, "improvement", more="") == (False, "objected")
    assert code(ask(telling, "purpose=improvement&subject=sender&customer=K-77")) == (422, "schema")


def under(intake: Intake, pack: str, account_type: str) -> Shop:
    """The shop ``plain``, were it one of that pack."""
    shop = knowing(intake.services).shops.get("plain")
    assert shop is not None
    return replace(shop, policy=load(pack), settings=replace(shop.settings, account_type=account_type))


def customer(intake: Intake) -> str:
    """One contact or customer, to whom the one record leads that is kept of them."""
    number = next(NUMBERS)
    order = orders.order(name=f"#Canary-{number}", id=62037182_000000 + number)
    order["customer"] = {"id": 71150001_000000 + number}
    assert intake.post("plain", order).status_code == 200
    return str(order["customer"]["id"])


@pytest.mark.policy("X-LVL-1", "X-LVL-2", "MX-PUR-4", "MX-PUR-5")
def test_each_contact_has_levels_of_their_own_of_which_nothing_is_known_until_it_is_told(intake: Intake) -> None:
    shop = under(intake, "bpost-maxiresponse", "maxiresponse")
    one, other = customer(intake), customer(intake)
    with told(intake, replace(knowing(intake.services), shops={"plain": shop})) as telling:

        def of(id_: str) -> list[tuple[bool, str]]:
            more = f"&customer={id_}"
            advertising = [answer(telling, purpose, "contact", f"&channel=email{more}") for purpose in ADVERTISING]
            return [*advertising, answer(telling, "improvement", "contact", more)]

        starts = [(False, "level_unknown"), (False, "level_unknown"), (True, "A6-1-f")]
        unknown = [(False, "level_unknown"), (False, "level_unknown"), (False, "standing_unknown")]
        assert (of(one), of(other), of("nobodys")) == (starts, starts, unknown)
        refused = telling.tell({"type": "consent", "level": "Optimaal", "customer": one})
        assert code(refused) == (403, "only-the-data-subject")
        assert telling.tell({"type": "consent", "level": "Optimaal", "customer": one}, token=OWN).status_code == 200
        objected = telling.tell({"type": "objection", "purpose": GENERIC, "customer": one})
        assert (objected.status_code, objected.json and objected.json["found"]) == (200, 1)
        assert telling.tell({"type": "objection", "purpose": "improvement", "customer": other}).status_code == 200
        assert of(one) == [(False, "level_off"), (True, "A6-1-a"), (True, "A6-1-f")]
        assert telling.tell({"type": "resume", "level": "Aanvullend", "customer": other}, token=OWN).status_code == 200
        assert of(other) == [(True, "A6-1-f"), (False, "level_unknown"), (False, "objected")]
        intake.clock.move(timedelta(minutes=16))
        assert of(one) == [(False, "level_off"), (False, "level_unknown"), (True, "A6-1-f")]
        assert telling.tell({"type": "objection", "level": "Optimaal", "customer": one}).status_code == 200
        assert of(one)[1] == (False, "level_off")
        assert code(telling.tell({"type": "objection", "level": "Aanvullend", "customer": "nobodys"}))[0] == 404
        assert answer(telling, GENERIC, "contact") == (False, "level_unknown")  # of nobody named


@pytest.mark.policy("X-LVL-2", "MS-PUR-4", "MS-PRO-1", "AMB-15")
def test_a_customer_objects_by_whatever_way_and_nothing_opens_a_profile(intake: Intake) -> None:
    shop = under(intake, "bpost-mystamp", "mystamp")
    one, other = customer(intake), customer(intake)
    with told(intake, replace(knowing(intake.services), shops={"plain": shop})) as telling:

        def of(id_: str | None, purpose: str, more: str = "") -> tuple[bool, str]:
            return answer(telling, purpose, "customer", more + (f"&customer={id_}" if id_ else ""))

        assert of(one, GENERIC, "&channel=email") == (True, "A6-1-f")
        assert of(one, GENERIC, "&channel=facebook") == (False, "channel_denied")
        for nobody in (None, "nobodys"):
            assert of(nobody, GENERIC, "&channel=email") == (False, "standing_unknown")
            assert of(nobody, "improvement") == (False, "standing_unknown")
            assert of(nobody, "care", "&tie=not_necessary") == (False, "standing_unknown")
            assert of(nobody, "services", "&tie=necessary") == (True, "A6-1-b")
        by_dashboard = {"type": "objection", "purpose": GENERIC, "way": "dashboard", "customer": one}
        ways: Any = telling.tell(by_dashboard).json
        assert [way.partition(":")[0] for way in ways["ways"]] == ["post", "web_form"]
        assert of(one, GENERIC, "&channel=email") == (False, "objected")
        assert of(one, "improvement") == (True, "A6-1-f")
        assert of(other, GENERIC, "&channel=email") == (True, "A6-1-f")
        consents = ({"type": "consent", "level": "Optimaal"}, {"type": "resume", "purpose": PERSONALISED})
        told_all = [telling.tell({**one_, "customer": one}, token=OWN).status_code for one_ in consents]
        assert told_all[0] == 422
        assert of(one, PERSONALISED, "&channel=email") == (False, "prohibited")


@pytest.mark.policy("MX-PUR-1", "MX-PUR-2")
def test_with_whom_the_contract_is_can_be_told(intake: Intake) -> None:
    shop = under(intake, "bpost-maxiresponse", "maxiresponse")
    with told(intake, replace(knowing(intake.services), shops={"plain": shop})) as telling:
        for contract, services, care in (
            ("person", (True, "A6-1-b"), (True, "A6-1-b")),
            ("organisation", (True, "A6-1-f"), (False, "standing_unknown")),
            ("none", (True, "A6-1-f"), (False, "standing_unknown")),
            ("everybody", (False, "contract_unknown"), (False, "contract_unknown")),
        ):
            more = f"&tie=necessary&contract={contract}"
            assert answer(telling, "services", "contact", more) == services
            assert answer(telling, "care", "contact", more) == care
        assert answer(telling, "services", "contact", "&tie=necessary") == (False, "contract_unknown")
    assert code(ask(telling, "purpose=care&subject=contact&contract=none&contract=person")) == (400, "bad-query")


@pytest.mark.policy("X-LVL-1", "X-LVL-2")
@pytest.mark.parametrize(
    ("pack", "account_type", "document"),
    [
        ("bpost-maxiresponse", "maxiresponse", {"type": "consent", "level": "Optimaal"}),
        ("bpost-maxiresponse", "maxiresponse", {"type": "withdrawal", "level": "Optimaal"}),
        ("bpost-maxiresponse", "maxiresponse", {"type": "objection", "purpose": GENERIC}),
        ("bpost-mystamp", "mystamp", {"type": "objection", "purpose": GENERIC}),
        ("bpost-mystamp", "mystamp_pro", {"type": "resume", "purpose": GENERIC}),
    ],
)
def test_a_word_of_nobody_named_is_refused_and_not_kept(
    intake: Intake, pack: str, account_type: str, document: dict[str, str]
) -> None:
    shop = under(intake, pack, account_type)
    with told(intake, replace(knowing(intake.services), shops={"plain": shop})) as telling:
        came = telling.tell(document, token=OWN)
        assert code(came) == (422, "schema")
        refused: Any = came.json
        assert refused["errors"] == [{"pointer": "/customer", "code": "whose-unknown"}]
        assert telling.kept() == []


@pytest.mark.policy("X-LVL-1", "VP-PUR-10")
def test_of_the_shops_own_user_nobody_is_named(telling: Telling, intake: Intake) -> None:
    one = customer(intake)
    came = telling.tell({"type": "objection", "level": "Aanvullend", "customer": one})
    refused: Any = came.json
    assert refused["errors"] == [{"pointer": "/customer", "code": "not-of-this-policy"}]
    assert telling.tell({"type": "resume", "level": "Aanvullend"}, token=OWN).status_code == 200
    assert answer(telling, GENERIC) == (True, "A6-1-f")
    assert code(ask(telling, f"purpose={GENERIC}&subject=sender&channel=email&customer={one}")) == (422, "schema")


@pytest.mark.policy("VP-RET-3", "AMB-6", "VP-RET-2")
def test_after_the_end_of_use_legal_claims_alone_remain(telling: Telling, intake: Intake) -> None:
    telling.order()
    assert answer(telling, "support", more="&tie=necessary") == (True, "A6-1-b")
    assert telling.tell({"type": "end-of-use"}).status_code == 200
    intake.clock.move(timedelta(days=1))
    assert answer(telling, "support", more="&tie=necessary") == (False, "restricted")
    assert answer(telling, "legal_defence", more="") == (True, "A6-1-f")
    order = telling.order()  # a label, which is a use by itself
    assert answer(telling, "support", more="&tie=necessary") == (True, "A6-1-b")
    assert telling.tell({"type": "end-of-use"}).status_code == 200
    intake.clock.move(timedelta(days=1))
    kept = len(telling.kept())
    assert code(telling.tell({"type": "last-use"})) == (403, "only-the-data-subject")
    assert len(telling.kept()) == kept
    assert (
        telling.tell({"type": "label-created", "order": order}).status_code == 200
    )  # it moves the clocks of its record
    assert answer(telling, "support", more="&tie=necessary") == (False, "restricted")
    assert telling.tell({"type": "last-use"}, token=OWN).status_code == 200
    assert answer(telling, "support", more="&tie=necessary") == (True, "A6-1-b")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", ["purpose required", "subject required"]),
        ("purpose=support", ["subject required"]),
        ("subject=sender", ["purpose required"]),
        ("purpose=support&subject=sender&subject=user", ["subject twice"]),
        ("purpose=support&subject=sender&level=on", ["* unknown"]),
        ("purpose=support&subject=contact&customer=", ["customer required"]),
        ("purpose=support&subject=%20", ["subject required"]),
        (f"purpose={'x' * 65}&subject=sender", ["purpose too-long"]),
    ],
)
def test_another_query_is_refused(telling: Telling, query: str, told: list[str]) -> None:
    answer = ask(telling, query)
    assert code(answer) == (400, "bad-query")
    assert [f"{one['parameter']} {one['code']}" for one in answer.get_json()["errors"]] == told


def test_strangers_and_sources_are_answered_alike_and_nothing_is_cached_or_logged(
    telling: Telling, intake: Intake
) -> None:
    for token, shop in (("wrong", "plain"), (OWN, "plain"), (TOKENS["strict"].decode(), "plain"), (OWN, "nowhere")):
        assert code(ask(telling, "purpose=support&subject=sender", token, shop)) == (401, "unauthorised")
    came = ask(telling, "purpose=canary-purpose&subject=canary-subject")
    assert (came.status_code, came.headers["Cache-Control"]) == (200, "no-store")
    assert answer(telling, "canary-purpose") == (False, "unknown_purpose")
    assert "canary" not in came.text + intake.log.text().lower().replace("#canary-", "")


@pytest.mark.parametrize(
    "document",
    [
        {"type": "objection", "level": "Aanvullend", "purpose": GENERIC},
        {"type": "objection", "purpose": "nothing"},
        {"type": "objection", "level": "Aanvullend", "way": "telepathy"},
        {"type": "last-use", "way": "post"},
        {"type": "consent", "purpose": PERSONALISED},
    ],
)
def test_an_objection_of_another_form_is_refused_and_changes_nothing(telling: Telling, document: object) -> None:
    assert code(telling.tell(document, token=OWN)) == (422, "schema")
    assert telling.kept() == []


@pytest.mark.parametrize("kind", ["declaration", "label-created", "delivered", "agreement-dissolved", "last-order"])
def test_an_event_of_what_is_not_known_is_not_found_and_not_kept(telling: Telling, kind: str) -> None:
    member = "customer" if kind in ("agreement-dissolved", "last-order") else "order"
    assert code(telling.tell({"type": kind, member: "nobodys"})) == (404, "not-found")
    assert telling.kept() == []
    assert answer(telling, "support", more="&tie=necessary") == (True, "A6-1-b")
