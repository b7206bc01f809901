"""Contacts of Maxiresponse and orders of stamps on real processes, against the simulated platform."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
import requests

from tests.middleware.core.pictures import CANARY
from tests.middleware.platforms.telling import (
    CUSTOMER,
    FORBIDDEN,
    PERSON,
    contact,
    large_png,
    stamps,
    tagged_jpeg,
)
from tests.system.processes import SECONDS, wait_for
from tests.system.stack import Json, Mock, Service, configure, direct, mock, serving

TOKENS = {"contacts": "made-up-token-of-contacts", "stamps": "made-up-token-of-stamps", "pro": "made-up-token-of-pro"}
CONTACTS, STAMPS, PRO = (
    "/v1/shops/contacts/maxiresponse/contacts",
    "/v1/shops/stamps/mystamp/orders",
    "/v1/shops/pro/mystamp/orders",
)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    with mock(tmp_path_factory.mktemp("platform")) as made:
        yield made


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, platform: Mock) -> Iterator[Service]:
    shops = {
        "contacts": direct("contacts", "bpost-maxiresponse", "maxiresponse"),
        "stamps": direct("stamps", "bpost-mystamp", "mystamp"),
        "pro": direct("pro", "bpost-mystamp", "mystamp_pro"),
    }
    made = configure(tmp_path_factory.mktemp("direct"), shops, {"platform": platform.url})
    with serving(made, **{f"{name.upper()}_TOKEN": token for name, token in TOKENS.items()}) as up:
        yield up


def ask(service: Service, method: str, path: str, content: object = None, key: str = "") -> requests.Response:
    given = {"Authorization": f"Bearer {TOKENS[path.split('/')[3]]}", "Prefer": "wait=20"}
    if key:
        given["Idempotency-Key"] = f'"{key}"'
    return service.client.request(method, service.api + path, json=content, headers=given, timeout=SECONDS)


def sent(platform: Mock, id_: str) -> list[Json]:
    """What the ledger holds of a record: method, path and status of each request, and the body of a post."""
    return [
        entry for entry in platform.ledger()["requests"] if id_ in (entry["idempotency_key"], *entry["path"].split("/"))
    ]


def receipt_of(entry: Json) -> Json:
    """What the receipt of a post says."""
    body = json.loads(base64.b64decode(entry["body_base64"]))
    payload: Json = json.loads(base64.urlsafe_b64decode(body["receipt"].split(".")[1] + "=="))
    return payload


@pytest.mark.policy("MX-CAT-1", "MX-CAT-2", "MX-SCO-1", "MX-RET-1")
def test_of_a_contact_four_data_arrive_sealed_under_a_clock_that_has_not_started(
    service: Service, platform: Mock
) -> None:
    answer = ask(service, "POST", CONTACTS, contact("C-1", **FORBIDDEN), key="one")
    assert answer.status_code == 201, answer.text
    told: Json = answer.json()
    assert set(told) == {"id", "reference", "status"}
    assert platform.opened(told["id"]) == {"maxiresponse.contact": PERSON}
    (post,) = sent(platform, told["id"])
    assert (post["path"], post["status"]) == ("/records/maxiresponse", 201)
    assert platform.ledger()["records"][told["id"]] == {"kind": "maxiresponse", "state": "created", "posts": 1}
    again = ask(service, "POST", CONTACTS, contact("C-1", **FORBIDDEN), key="one")
    assert (again.status_code, again.json()) == (201, told)
    seen = ask(service, "GET", told["status"]).json()
    assert (seen["state"], seen["barcode"], seen["clock_not_started"]) == ("delivered", None, ["agreement_dissolved"])
    assert ask(service, "GET", f"{CONTACTS}?id=C-1").json() == seen
    found = service.typed("shipments", "find", "C-1")
    assert "clock_not_started" in found.stdout
    for name, rest in service.stored().items():
        for value in (*PERSON.values(), "Verzonnenlaan", "Huis Nergens"):
            assert value.encode() not in rest, (name, value)
    assert [value for value in PERSON.values() if value in service.log.read_text(encoding="utf-8")] == []


def test_a_newer_version_of_a_contact_takes_the_place_of_the_one_before_there(service: Service, platform: Mock) -> None:
    first = ask(service, "POST", CONTACTS, contact("C-2"), key="two-a").json()
    second = ask(service, "POST", CONTACTS, contact("C-2", phone="+32470999999"), key="two-b")
    assert second.status_code == 201, second.text
    assert platform.opened(first["id"]) == {}
    assert platform.opened(second.json()["id"])["maxiresponse.contact"]["phone"] == "+32470999999"
    assert [(entry["method"], entry["status"]) for entry in sent(platform, first["id"])] == [
        ("POST", 201),
        ("DELETE", 204),
    ]


@pytest.mark.policy("MS-SCO-1", "MS-CAT-1", "MS-CAT-2", "MS-CAT-3", "MS-CAT-4", "MS-CAT-5", "MS-CTL-1")
def test_of_stamps_the_customer_arrives_without_what_was_not_entered_and_the_number_of_a_business(
    service: Service, platform: Mock
) -> None:
    more = {"birth_date": "1980-02-29", "phone": "053 12 34 56", "vat": "BE 0214.596.464", "gender": "x", "mobile": "y"}
    told = ask(service, "POST", STAMPS, stamps("S-1", customer=more), key="three").json()
    flat = {**{k: v for k, v in CUSTOMER.items() if k != "address"}, **CUSTOMER["address"]}
    assert platform.opened(told["id"]) == {"mystamp.customer": flat}
    (post,) = sent(platform, told["id"])
    assert post["path"] == "/records/mystamp"
    entered = ask(
        service, "POST", PRO, stamps("S-1", customer=more, entered=["phone", "birth_date"]), key="three"
    ).json()
    assert platform.opened(entered["id"]) == {
        "mystamp.customer": {**flat, "birth_date": "1980-02-29", "phone": "+3253123456", "vat": "BE0214596464"}
    }


@pytest.mark.policy("MX-SCO-1", "MS-SCO-1")
def test_what_is_sent_to_the_route_of_another_pack_is_refused_whole(service: Service) -> None:
    for shop, path in (("contacts", "mystamp/orders"), ("stamps", "maxiresponse/contacts"), ("stamps", "shipments")):
        answer = ask(service, "POST", f"/v1/shops/{shop}/{path}", contact("C-9"), key="nine")
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:problem:other-policy"), path


def test_an_order_of_stamps_is_taken_back_by_erasing_it_there(service: Service, platform: Mock) -> None:
    told = ask(service, "POST", STAMPS, stamps("S-2"), key="four").json()
    done = ask(service, "DELETE", told["status"])
    assert (done.status_code, done.json()["state"]) == (200, "cancelled")
    assert platform.opened(told["id"]) == {}


@pytest.mark.policy("MS-CTL-2", "MS-CTL-3", "MS-CAT-6", "MS-RET-1")
def test_what_shows_people_waits_for_the_declaration_and_goes_without_what_the_camera_wrote(
    service: Service, platform: Mock
) -> None:
    photo = tagged_jpeg()
    more: Json = {
        "depicted": [{"name": "Afgebeelde", "sign": "wapenschild"}],
        "image": base64.b64encode(photo).decode(),
    }
    blocked = ask(service, "POST", STAMPS, stamps("S-3", **more), key="six")
    assert blocked.status_code == 202, blocked.text
    seen = ask(service, "GET", blocked.json()["status"]).json()
    assert (seen["state"], seen["next"]) == ("blocked", {"step": "declare", "at": None})
    assert "blocked" in service.typed("shipments", "find", "S-3").stdout
    assert sent(platform, blocked.json()["id"]) == []
    later = {"type": "declaration", "order": "S-3-later", "day": "2026-11-21"}
    waits = ask(service, "POST", STAMPS, stamps("S-3-later", **more), key="six-later").json()
    said = ask(service, "POST", "/v1/shops/stamps/events", later, key="declared")
    assert said.status_code == 200, said.text
    wait_for(lambda: ask(service, "GET", waits["status"]).json()["state"] == "delivered", "what was declared")
    (went_later,) = sent(platform, waits["id"])
    assert receipt_of(went_later)["declaration"] == {"id": said.json()["id"], "declared_at": "2026-11-21"}
    assert ask(service, "POST", "/v1/shops/stamps/events", later, key="declared").json() == said.json()
    declaration = {"id": "D-17", "declared_at": "2026-11-20T10:00:00+01:00"}
    told = ask(service, "POST", STAMPS, stamps("S-3", **more, declaration=declaration), key="seven")
    assert told.status_code == 201, told.text
    assert sent(platform, blocked.json()["id"]) == []
    opened = platform.opened(told.json()["id"])
    assert opened["mystamp.depicted"] == {"persons": more["depicted"]}
    went = base64.b64decode(opened["mystamp.photo"]["image"])
    assert (opened["mystamp.photo"]["media"], CANARY in photo, CANARY in went) == ("image/jpeg", True, False)
    (post,) = sent(platform, told.json()["id"])
    payload = receipt_of(post)
    assert payload["declaration"] == {"id": "D-17", "declared_at": "2026-11-20T09:00:00Z"}
    assert payload["parts"]["mystamp.depicted"]["basis"] == "not_stated"
    for name, rest in service.stored().items():
        assert b"Afgebeelde" not in rest, name
        assert CANARY not in rest, name


def test_an_image_of_eight_mebibytes_is_taken_here_and_nowhere_else(service: Service, platform: Mock) -> None:
    padded: Json = {"image": base64.b64encode(large_png(8 * 1024 * 1024 - 32 * 1024)).decode()}
    declaration = {"id": "D-18", "declared_at": "2026-11-20T10:00:00+01:00"}
    told = ask(service, "POST", STAMPS, stamps("S-4", **padded, declaration=declaration), key="eight")
    assert told.status_code == 201, told.text
    assert platform.opened(told.json()["id"])["mystamp.photo"] == {"media": "image/png", **padded}
    assert ask(service, "POST", CONTACTS, {**contact("C-8"), **padded}, key="eight").status_code == 413


@pytest.mark.policy("MX-RET-2")
@pytest.mark.parametrize("contract", [None, "none", "quote"])
def test_without_an_agreement_there_is_no_term_and_nothing_is_stored(service: Service, contract: str | None) -> None:
    answer = ask(service, "POST", CONTACTS, contact(f"C-{contract}", contract=contract), key=f"five-{contract}")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/contract", "code": "no_retention_rule"}]
    assert ask(service, "GET", f"{CONTACTS}?id=C-{contract}").status_code == 404
    assert json.dumps(PERSON["email"]) not in service.log.read_text(encoding="utf-8")
