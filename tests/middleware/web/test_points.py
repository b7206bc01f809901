"""Pick-up points near a postal code: who may ask, from where, for what; and that the key for browsers opens no other
route of the service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from middleware.core.places import read_point
from middleware.directory import Directory
from middleware.events import Ledger
from middleware.exchange import PickupPoint
from middleware.platform_keys import PlatformKeys
from middleware.ports import Clock
from middleware.ports_retention import Events
from middleware.web import points
from middleware.web.admin import Administration
from middleware.web.app import create
from middleware.web.openapi import description
from tests.middleware.web.conftest import ADMIN_TOKEN, Api
from tests.middleware.web.test_admin import wanted

KEY, TOKEN = "points_made-up-for-browsers", "made-up-token-of-systems"
PLACE = {
    "id": "PUP-9000-01",
    "kind": "locker",
    "name": "Fietsenwinkel Leie",
    "street": "Fictielaan",
    "number": "101",
    "locality": "Gent",
    "postal_code": "9000",
    "country": "BE",
    "latitude": 51.05,
    "longitude": 3.72,
    "hours": {"monday": [["09:00", "12:00"], ["13:00", "18:00"]], "sunday": []},
}
NEXT = {"id": "PUP-9050-01", "postal_code": "9050", "country": "BE"}
PUBLIC = {"/healthz", "/readyz", "/.well-known/jwks.json", "/openapi.json", "/docs"}
HERE = "/v1/shops/{shop}/pickup-points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A shop with a token and a key for browsers, and points that its platform knows."""

    api: Api
    keys: PlatformKeys

    def get(
        self, query: str = "postal_code=9000", *, by: str | None = KEY, shop: str = "new", **headers: str
    ) -> TestResponse:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given |= {} if by is None else {"Authorization": f"Bearer {by}"}
        return self.api.client.get(f"/v1/shops/{shop}/pickup-points?{query}", headers=given)

    def ids(self, query: str) -> list[str]:
        return [point["id"] for point in self.get(query).get_json()["points"]]

    def know(self, *rows: Mapping[str, Any]) -> None:
        found = filter(None, map(read_point, rows))
        self.keys.store(replace(self.keys.known(), points={point.id: point for point in found}))


@pytest.fixture
def asked(api: Api) -> Asked:
    for name, more in (("new", {"points_key": KEY, "token": TOKEN}), ("other", {"token": f"{TOKEN}-2"})):
        assert api.ask("PUT", name, wanted(name, mode="test", **more)).status_code == 201
    directory = cast("Directory", api.services.shops)
    directory.refresh()
    shop = directory.get("new")
    assert shop is not None
    made = Asked(api=api, keys=shop.keys)
    made.know(NEXT, PLACE)
    return made


def test_points_are_told_with_hours_the_nearest_first(asked: Asked) -> None:
    answer = asked.get()
    told = answer.get_json()
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert told["points"] == [PLACE, NEXT]
    fetched = asked.keys.known().fetched_at
    assert fetched is not None
    assert told["as_of"] == fetched.isoformat()
    assert asked.ids("postal_code=9050&limit=1") == ["PUP-9050-01"]
    assert asked.ids("postal_code=B-9050&country=BE") == ["PUP-9050-01", "PUP-9000-01"]
    assert asked.ids("postal_code=1000+AB&country=NL") == []


def test_the_shops_own_systems_may_ask_too(asked: Asked) -> None:
    assert asked.get(by=TOKEN).get_json() == asked.get().get_json()


UNDESCRIBED = {
    "": ["postal_code required"],
    "country=BE": ["postal_code required"],
    "postal_code=": ["postal_code required"],
    "postal_code=+B-+": ["postal_code pattern"],
    "postal_code=900": ["postal_code pattern"],
    "postal_code=0900": ["postal_code pattern"],
    "postal_code=Gent": ["postal_code pattern"],
    "postal_code=9000&country=be": ["country pattern"],
    "postal_code=9000&country=NL": ["postal_code pattern"],
    "postal_code=9000&country=": ["country pattern"],
    "postal_code=9000&limit=0": ["limit range"],
    "postal_code=9000&limit=51": ["limit range"],
    "postal_code=9000&limit=-1": ["limit range"],
    "postal_code=9000&limit=1e1": ["limit range"],
    "postal_code=9000&postal_code=9000": ["postal_code twice"],
    "postal_code=9000&street=Lijsterbesdreef": ["* unknown"],
    "Lijsterbesdreef=1&limit=1&limit=2": ["* unknown", "limit twice", "postal_code required"],
    "postal_code=Mirte+Oosterlynck&country=XX": ["postal_code pattern"],
    "postal_code=900&country=BE&limit=Gent": ["limit range", "postal_code pattern"],
}


def test_what_is_not_described_is_refused_and_not_repeated(asked: Asked) -> None:
    for query, told in UNDESCRIBED.items():
        answer = asked.get(query)
        assert (query, answer.status_code, answer.get_json()["type"]) == (query, 400, "urn:problem:bad-query")
        assert [f"{one['parameter']} {one['code']}" for one in answer.get_json()["errors"]] == told, query
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search("Lijster|Mirte|Gent", answer.text + asked.api.log.text())


def test_nothing_of_the_query_is_logged(asked: Asked) -> None:
    asked.get("postal_code=9051")
    assert "points_told" in asked.api.log.text()
    assert "9051" not in asked.api.log.text()


def test_who_has_neither_key_nor_token_of_the_shop_is_refused_alike(asked: Asked) -> None:
    strangers = [("new", by) for by in (None, "", "points_of-somebody-else", ADMIN_TOKEN)]
    for shop, by in (*strangers, ("other", KEY), ("nonesuch", KEY)):
        answer = asked.get(by=by, shop=shop)
        assert (shop, answer.status_code, answer.get_json()["type"]) == (shop, 401, "urn:problem:unauthorised")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_shop_without_a_key_has_no_empty_one(asked: Asked) -> None:
    assert asked.get(by="", shop="other").status_code == 401
    assert asked.get(by=f"{TOKEN}-2", shop="other").status_code == 200


def operations(role: str) -> Iterator[tuple[str, str]]:
    for path, item in description()["paths"].items():
        of_the_api = path.startswith(("/admin/", "/v1/", "/docs"))
        yield from ((path, method) for method in item if of_the_api is (role == "api"))


def test_the_key_for_browsers_opens_no_other_route(asked: Asked) -> None:
    for role in ("intake", "api"):
        _check_all(asked, role)


def _check_all(asked: Asked, role: str) -> None:
    ledger = Ledger(events=cast("Events", None), clock=cast("Clock", None))
    administration = Administration(onboarding=asked.api.onboarding, tokens=(ADMIN_TOKEN.encode(),))
    client = create(asked.api.services, role, administration, ledger=ledger).test_client()
    tried = [(path, method) for path, method in operations(role) if path not in PUBLIC]
    refused = {(path, method): _try(client, path, method) for path, method in tried}
    opened = {place for place, status in refused.items() if status != 401}
    assert opened == ({(HERE, "get")} if role == "api" else set())
    assert len(tried) > (10 if role == "api" else 4)


def _try(client: FlaskClient, path: str, method: str) -> int:
    address = path.replace("{shop}", "new").replace("{id}", "0192d9a4-0000-7000-8000-000000000000")
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", "Idempotency-Key": '"made-up"'}
    query = (
        "?postal_code=9000"
        if path == HERE
        else "?order=1001"
        if path.endswith("/shipments") and method == "get"
        else ""
    )
    body = b"{}" if method in ("post", "put", "patch") else None
    return client.open(f"{address}{query}", method=method.upper(), headers=headers, data=body).status_code


def test_a_page_of_any_origin_may_ask(asked: Asked) -> None:
    preflight = asked.api.client.options(
        "/v1/shops/new/pickup-points?postal_code=9000",
        headers={
            "Origin": "https://winkel.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert (preflight.status_code, preflight.data) == (204, b"")
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET"
    assert preflight.headers["Access-Control-Allow-Headers"] == "Authorization"
    assert int(preflight.headers["Access-Control-Max-Age"]) > 0
    for answer in (asked.get(Origin="https://winkel.example"), asked.get(by=None), asked.get("")):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers


def test_of_a_preflight_nobody_learns_which_shops_there_are(asked: Asked) -> None:
    there, nowhere = (asked.api.client.options(f"/v1/shops/{name}/pickup-points") for name in ("new", "nonesuch"))
    told = [{**answer.headers, "X-Request-Id": ""} for answer in (there, nowhere)]
    assert (told[0], there.status_code) == (told[1], nowhere.status_code)


def test_no_other_route_is_shared_with_pages(asked: Asked) -> None:
    for path in ("/v1/shops/new/shipments?order=1", "/admin/v1/shops", "/openapi.json", "/healthz"):
        for answer in (asked.api.client.get(path), asked.api.client.options(path)):
            assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_answer_is_kept_by_caches_and_asked_for_again_by_its_tag(asked: Asked) -> None:
    first = asked.get()
    assert first.headers["Cache-Control"] == "public, max-age=3600"
    again = asked.get(If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "public, max-age=3600"
    assert asked.get("postal_code=9050", If_None_Match=first.headers["ETag"]).status_code == 200
    asked.know(PLACE)
    assert asked.get(If_None_Match=first.headers["ETag"]).status_code == 200


def test_nothing_else_can_be_done_here(asked: Asked) -> None:
    here, given = "/v1/shops/new/pickup-points?postal_code=9000", {"Authorization": f"Bearer {TOKEN}"}
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert asked.api.client.open(here, method=method, headers=given).status_code == 405
    assert asked.api.client.get(here, data=b"{}", headers=given).status_code == 400


def test_each_credential_has_a_pace_of_its_own(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "BURST", 2)
    client = create(asked.api.services, "api").test_client()

    def ask(by: str) -> TestResponse:
        return client.get("/v1/shops/new/pickup-points?postal_code=9000", headers={"Authorization": f"Bearer {by}"})

    monkeypatch.setattr(points, "time", SimpleNamespace(monotonic=lambda: 100.0))
    assert [ask(KEY).status_code for _ in range(3)] == [200, 200, 429]
    refused = ask(KEY)
    assert (refused.get_json()["type"], refused.headers["Retry-After"]) == ("urn:problem:too-often", "1")
    assert refused.headers["Cache-Control"] == "no-store"
    assert [ask("points_of-somebody-else").status_code for _ in range(4)] == [401] * 4
    assert ask(TOKEN).status_code == 200
    monkeypatch.setattr(points, "time", SimpleNamespace(monotonic=lambda: 101.0))
    assert ask(KEY).status_code == 200


def test_as_long_as_none_are_known_it_is_our_fault(asked: Asked) -> None:
    asked.keys.store(replace(asked.keys.known(), fetched_at=None, points=dict[str, PickupPoint]()))
    answer = asked.get()
    assert (answer.status_code, answer.get_json()["type"]) == (503, "urn:problem:no-points")
    assert answer.headers["Retry-After"] == "60"


def test_a_new_key_takes_the_place_of_the_one_before_and_settings_alone_do_not(asked: Asked) -> None:
    directory = cast("Directory", asked.api.services.shops)
    assert asked.api.ask("PUT", "new", wanted("new", mode="test")).status_code == 200
    directory.refresh()
    assert asked.get().status_code == 200
    answer = asked.api.ask("PUT", "new", wanted("new", mode="test", points_key=f"{KEY}-2"))
    assert KEY not in answer.text
    directory.refresh()
    assert (asked.get().status_code, asked.get(by=f"{KEY}-2").status_code) == (401, 200)
    assert asked.get(by=TOKEN).status_code == 200


def test_the_key_rests_sealed_as_the_token_does(asked: Asked, tmp_path: Any) -> None:
    content = (tmp_path / "data" / "parcelveil.db").read_bytes()
    assert b"new" in content
    assert KEY.encode() not in content
    assert KEY not in json.dumps([asked.api.ask("GET", "new").get_json(), asked.api.ask("GET", "").get_json()])
