"""The status route: the shop's own shipments for the shop's own token, nothing else, and no value in any log."""

from __future__ import annotations

import hmac
import itertools
import json
import logging
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, update
from werkzeug.test import TestResponse

from middleware.errors import StorageError
from middleware.model import State
from middleware.services import Services, Shop
from middleware.storage.tables import records
from middleware.tracking import Next
from middleware.web.app import create
from schemas import status
from schemas.status import STATUS
from tests.middleware.web.conftest import Intake
from tests.system import orders

TOKENS = {"plain": b"made-up token of plain", "strict": b"made-up token of strict"}
NUMBERS = itertools.count(7351)
MEMBERS = {"id", "reference", "state", "code", "simulated", "barcode", "since", "changed_after_delivery", "next"} | {
    "clock_not_started",
    "unsent_until",
}


def knowing(services: Services, tokens: Mapping[str, bytes] = TOKENS) -> Services:
    """The same services, whose shops have tokens and create by call; ``own`` has none. The intake beside them knows
    nothing of it, as of a shop that was switched since.
    """

    def told(shop: Shop) -> Shop:
        token = tokens.get(shop.settings.name)
        return replace(shop, settings=replace(shop.settings, token=token, creates="call"))

    shops = {shop.settings.name: told(shop) for shop in services.shops.values()}
    return replace(services, shops=shops)


@pytest.fixture
def api(intake: Intake) -> FlaskClient:
    """The role ``api`` over the same database as the role ``intake``."""
    return create(knowing(intake.services), "api").test_client()


@pytest.fixture
def answer(intake: Intake) -> dict[str, Any]:
    """What the webhook of an order was answered, and under which ``name`` and ``order`` the shop knows it."""
    number = next(NUMBERS)
    content = orders.order(name=f"#Canary-{number}", id=62037182_000000 + number)
    response = intake.post("plain", content)
    assert response.status_code == 200, response.text
    return {**(response.json or {}), "name": content["name"], "order": str(content["id"])}


def ask(
    api: FlaskClient,
    record: str = "",
    *,
    shop: str = "plain",
    token: bytes | None = None,
    query: str = "",
    **headers: str,
) -> TestResponse:
    bearer = (TOKENS["plain"] if token is None else token).decode()
    path = f"/v1/shops/{shop}/shipments" + (f"/{record}" if record else "")
    given = {"Authorization": f"Bearer {bearer}", **headers}
    return api.get(f"{path}{query and '?'}{query}", headers=given)


def order(value: str) -> str:
    return urllib.parse.urlencode({"order": value})


def test_a_shipment_is_told_and_nothing_else(api: FlaskClient, answer: dict[str, Any]) -> None:
    response = ask(api, answer["id"])
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    told: Any = response.json
    assert set(told) == MEMBERS
    assert {
        name: told[name] for name in ("id", "reference", "state", "simulated", "barcode", "changed_after_delivery")
    } == {
        "id": answer["id"],
        "reference": answer["reference"],
        "state": "waiting",
        "simulated": False,
        "barcode": None,
        "changed_after_delivery": False,
    }
    assert (set(told["next"]), told["next"]["step"]) == ({"step", "at"}, "send")
    assert told["clock_not_started"] == []
    for moment in (told["since"], told["next"]["at"]):
        assert datetime.fromisoformat(moment).tzinfo is not None
    assert STATUS.validate(told) == {}


def test_it_is_found_by_the_orders_name_or_id(api: FlaskClient, answer: dict[str, Any]) -> None:
    name: str = answer["name"]
    for spelt in (name, name.removeprefix("#"), f" {name.lower()} ", answer["order"]):
        response = ask(api, query=order(spelt))
        assert (response.status_code, (response.json or {}).get("id")) == (200, answer["id"])


def test_what_only_the_simulated_platform_knows_says_so(intake: Intake, answer: dict[str, Any]) -> None:
    services = replace(knowing(intake.services), simulated=frozenset(("platform",)))
    told: Any = ask(create(services, "api").test_client(), answer["id"]).json
    assert told["simulated"] is True


def settled(intake: Intake, record_id: str, **values: object) -> None:
    engine = create_engine(f"sqlite:///{intake.database}")
    with engine.begin() as connection:
        connection.execute(update(records).where(records.c.id == record_id).values(**values))
    engine.dispose()


@pytest.mark.parametrize("state", State)
def test_every_state_can_be_told(api: FlaskClient, intake: Intake, answer: dict[str, Any], state: State) -> None:
    settled(
        intake, answer["id"], state=state, due=None, changed_after_delivery=True, barcode="323299901059900000000017"
    )
    told: Any = ask(api, answer["id"]).json
    assert (told["state"], told["changed_after_delivery"], told["barcode"]) == (state, True, "323299901059900000000017")
    assert told["next"]["at"] is None
    assert STATUS.validate(told) == {}


@pytest.mark.parametrize(
    ("state", "said", "code"),
    [
        (State.DEAD, "http-400:max-length:postal-code", "http-400:max-length:postal-code"),
        (State.DEAD, "attempts-exhausted:timeout", "attempts-exhausted:timeout"),
        (State.QUARANTINED, "tampered", "tampered"),
        (State.DEAD, "http-400:max-length:Lotte", "other"),
        (State.DEAD, None, "other"),
        (State.WAITING, "timeout", None),
        (State.DELIVERED, "timeout", None),
    ],
)
def test_why_it_goes_nowhere_is_told_in_words_of_closed_lists(
    api: FlaskClient, intake: Intake, answer: dict[str, Any], state: State, said: str | None, code: str | None
) -> None:
    settled(intake, answer["id"], state=state, due=None, last_code=said)
    told: Any = ask(api, answer["id"]).json
    assert told["code"] == code
    assert STATUS.validate(told) == {}


def test_the_allow_list_knows_every_state_and_every_step() -> None:
    assert (set(status.STATES), set(status.STEPS)) == (set(State), set(Next))
    assert set(STATUS.fields) == MEMBERS


def test_what_is_no_member_is_never_told(
    monkeypatch: pytest.MonkeyPatch, api: FlaskClient, answer: dict[str, Any]
) -> None:
    monkeypatch.setattr(
        "middleware.web.shipments._members", lambda record: {name: getattr(record, name) for name in record.__slots__}
    )
    assert set(ask(api, answer["id"]).json or ()) == MEMBERS


# ---- who may ask -----------------------------------------------------------------------------------------------------

STRANGERS: dict[str, dict[str, Any]] = {
    "wrong token": {"token": b"wrong"},
    "another shop's token": {"token": TOKENS["strict"]},
    "no token": {"token": b""},
    "part of the token": {"token": TOKENS["plain"][:-1]},
    "another scheme": {"Authorization": f"Basic {TOKENS['plain'].decode()}"},
    "the token alone": {"Authorization": TOKENS["plain"].decode()},
    "nothing": {"Authorization": ""},
    "not of ASCII": {"Authorization": "Bearer é"},
    "an unknown shop": {"shop": "nowhere"},
    "a shop without a token": {"shop": "own"},
    "a shop without a token, and none": {"shop": "own", "token": b""},
}


@pytest.mark.parametrize("name", STRANGERS)
@pytest.mark.parametrize("by", ["id", "order", "bad query"])
def test_strangers_are_answered_alike(api: FlaskClient, answer: dict[str, Any], name: str, by: str) -> None:
    asked = {"id": {"record": answer["id"]}, "order": {"query": order(answer["name"])}, "bad query": {"query": "x=1"}}[
        by
    ]
    response = ask(api, **asked, **STRANGERS[name])
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    told: Any = response.json
    del told["instance"]
    assert told == {
        "type": "urn:problem:unauthorised",
        "title": "This request does not carry a credential for what it asks.",
        "status": 401,
    }


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_schemes_name_may_be_spelt_as_one_likes(api: FlaskClient, answer: dict[str, Any], scheme: str) -> None:
    assert ask(api, answer["id"], Authorization=f"{scheme} {TOKENS['plain'].decode()}").status_code == 200


@pytest.mark.parametrize("name", ["wrong token", "an unknown shop", "a shop without a token"])
def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch, api: FlaskClient, name: str) -> None:
    compared: list[tuple[int, int]] = []
    compare_digest = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare_digest(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert ask(api, "x", **STRANGERS[name]).status_code == 401
    assert compared == [(32, 32)]


def test_another_shops_shipment_is_not_there(api: FlaskClient, answer: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"shop": "strict", "token": TOKENS["strict"]}
    known, unknown = ask(api, answer["id"], **asked), ask(api, "0" * 36, **asked)
    assert (known.status_code, unknown.status_code) == (404, 404)
    assert re.sub('urn:uuid:[^"]+', "", known.text) == re.sub('urn:uuid:[^"]+', "", unknown.text)
    assert ask(api, query=order(answer["name"]), **asked).status_code == 404


@pytest.mark.parametrize("record", ["nothing", "reference", "%00", "a" * 5_000])
def test_only_a_record_id_is_an_id(api: FlaskClient, answer: dict[str, Any], record: str) -> None:
    asked = answer["reference"] if record == "reference" else record
    assert ask(api, asked).status_code == 404


# ---- what may be asked -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", ["order required"]),
        ("x=1", ["* unknown", "order required"]),
        ("order=", ["order required"]),
        ("order=%20", ["order required"]),
        ("order=Canary&x=1", ["* unknown"]),
        ("order=Canary&order=Canary", ["order twice"]),
        ("Canary=1", ["* unknown", "order required"]),
        (f"order={'1' * 256}", ["order too-long"]),
        ("order", ["order required"]),
    ],
)
def test_a_query_that_is_not_described_is_refused(
    api: FlaskClient, answer: dict[str, Any], query: str, told: list[str]
) -> None:
    response = ask(api, query=query)
    body = response.json or {}
    assert (response.status_code, body["type"]) == (400, "urn:problem:bad-query")
    assert [f"{one['parameter']} {one['code']}" for one in body["errors"]] == told
    assert "Canary" not in response.text


def test_one_shipment_takes_no_query(api: FlaskClient, answer: dict[str, Any]) -> None:
    assert ask(api, answer["id"], query=order(answer["name"])).status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_it_is_read_and_cancelled_and_nothing_else(api: FlaskClient, answer: dict[str, Any], method: str) -> None:
    response = api.open(f"/v1/shops/plain/shipments/{answer['id']}", method=method)
    assert (response.status_code, response.headers["Cache-Control"]) == (405, "no-store")


def test_intake_does_not_serve_it(intake: Intake, answer: dict[str, Any]) -> None:
    assert intake.client.get(f"/v1/shops/plain/shipments/{answer['id']}").status_code == 404


# ---- what is said of it ----------------------------------------------------------------------------------------------


class Broken:
    """A finder that cannot find, and says why in words that nobody may see."""

    def __init__(self, problem: Exception) -> None:
        self.problem = problem

    def find(self, asked: object) -> Any:
        raise self.problem


@pytest.mark.parametrize(
    ("problem", "expected"), [(None, 200), (StorageError(), 503), (RuntimeError("Canary"), 500)], ids=str
)
def test_no_log_and_no_answer_holds_what_was_asked(
    intake: Intake, answer: dict[str, Any], problem: Exception | None, expected: int
) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    asked = knowing(intake.services)
    if problem is not None:
        asked = replace(asked, finder=Broken(problem))
    response = ask(create(asked, "api").test_client(), query=order(answer["name"]))
    assert response.status_code == expected
    ask(create(asked, "api").test_client(), query=f"{order(answer['name'])}&x=Canary")
    ask(create(asked, "api").test_client(), query=order(answer["name"]), token=b"wrong")
    said = intake.log.text()
    for hidden in ("Canary", "canary", answer["name"][-4:], answer["order"], "made-up token", "order="):
        assert hidden not in said + response.text
    told = [json.loads(line) for line in said.splitlines() if "shipment_told" in line]
    assert [line["record_id"] for line in told] == ([answer["id"]] if expected == 200 else [])


def test_a_token_is_never_printed(intake: Intake) -> None:
    shop = knowing(intake.services).shops.get("plain")
    assert shop is not None
    assert "made-up" not in repr(shop) + repr(shop.settings) + repr(intake.services)
