"""The admin API: all shops page by page, with what is wrong with them, and a webhook secret that is changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.middleware.web.answering import PERSON, common, problem
from tests.middleware.web.conftest import SHOPS, Api
from tests.middleware.web.test_admin import OWN, own, wanted
from tests.system.orders import order
from tests.system.stack import OWN_SECRET, SECRET, Json

NEWER = "made-up secret of tomorrow's shop"


def listed(api: Api, query: str = "") -> Json:
    answer = api.client.get(
        f"/admin/v1/shops{query}", headers={"Authorization": "Bearer made-up-token-of-the-admin-api"}
    )
    assert answer.status_code == 200, answer.text
    common(answer)
    told: Json = answer.get_json()
    return told


# ---- The list ------------------------------------------------------------------------------------------------------


def test_all_shops_are_listed_as_each_is_shown(api: Api) -> None:
    for name in ("b-shop", "a-shop"):
        api.ask("PUT", name, wanted(name))
    api.ask("POST", "b-shop/pause")
    told = listed(api)
    assert told.keys() == {"shops"}
    assert [one["shop"] for one in told["shops"]] == [*sorted(SHOPS), "a-shop", "b-shop"]
    assert [one["state"] for one in told["shops"][-2:]] == ["live", "paused"]
    assert told["shops"] == [api.ask("GET", one["shop"]).get_json() for one in told["shops"]]


def test_a_page_leads_to_the_next_until_all_are_told(api: Api) -> None:
    names = [f"shop-{number}" for number in range(5)]
    for name in names:
        api.ask("PUT", name, wanted(name))
    query, found, pages = "?limit=2", [], 0
    while True:
        told = listed(api, query)
        found += [one["shop"] for one in told["shops"] if one["origin"] == "database"]
        pages += 1
        if "next" not in told:
            break
        query = f"?limit=2&after={told['next']}"
    assert (found, pages) == (names, 3)


def test_a_shop_that_changes_between_two_pages_is_not_missed(api: Api) -> None:
    for name in ("one", "two", "three"):
        api.ask("PUT", name, wanted(name))
    first = listed(api, "?limit=1")
    api.ask("POST", "two/pause")
    rest = listed(api, f"?limit=9&after={first['next']}")
    assert {one["shop"]: one["state"] for one in rest["shops"]} == {"three": "live", "two": "paused"}


def test_a_quarantined_shop_says_why_and_stops_no_other(api: Api) -> None:
    for name in ("new", "other"):
        api.ask("PUT", name, wanted(name))
    row = api.onboarding.store.find("new")
    assert row is not None
    assert row.sealed is not None
    api.onboarding.store.put(replace(row, sealed=row.sealed[:-3] + "AAA"), (), row.version)
    faults = {one["shop"]: one.get("fault") for one in listed(api)["shops"] if one["origin"] == "database"}
    assert faults == {"other": None, "new": "A sealed part or receipt is not what was sealed or signed."}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (f"?after={'9' * 19}", ["after pattern"]),
        (f"?limit={PERSON}&after={PERSON}", ["limit pattern", "after pattern"]),
        ("?limit=\u0661", ["limit pattern"]),
        ("?limit=0", ["limit range"]),
        ("?limit=501", ["limit range"]),
        ("?limit=x", ["limit pattern"]),
        ("?after=-1", ["after pattern"]),
        ("?after=1.0", ["after pattern"]),
        ("?after=", ["after pattern"]),
        ("?limit=1&limit=2", ["limit twice"]),
        ("?shop=new", ["* unknown"]),
        (f"?{PERSON}=1&limit=1", ["* unknown"]),
    ],
)
def test_another_query_is_refused(api: Api, query: str, told: list[str]) -> None:
    given = {"Authorization": "Bearer made-up-token-of-the-admin-api"}
    body = problem(api.client.get(f"/admin/v1/shops{query}", headers=given), 400, "bad-query")
    assert [f"{one['parameter']} {one['code']}" for one in body["errors"]] == told


@pytest.mark.parametrize("token", ["", "x"])
def test_without_a_token_nothing_is_listed(api: Api, token: str) -> None:
    answer = api.client.get("/admin/v1/shops", headers={"Authorization": f"Bearer {token}"})
    problem(answer, 401, "unauthorised")


def test_no_list_tells_a_secret_or_who_sends(api: Api) -> None:
    api.ask("PUT", "new", own("new"))
    api.ask("POST", "new/rotate-secret", {"secret": NEWER})
    told = str(listed(api)) + api.log.text()
    assert [value for value in (OWN, NEWER, PERSON, SECRET.decode(), OWN_SECRET.decode()) if value in told] == []
    assert '"shop_secret_rotated"' in told


# ---- Another secret ------------------------------------------------------------------------------------------------


def rotated(api: Api, **content: Any) -> Json:
    answer = api.ask("POST", "new/rotate-secret", {"secret": NEWER, **content})
    assert answer.status_code == 200, answer.text
    told: Json = answer.get_json()
    return told


def works(api: Api, secret: str) -> bool:
    return api.post("new", order(), secret=secret.encode(), own=True).status_code == 200


def test_a_new_secret_works_beside_the_old_one_for_a_day(api: Api) -> None:
    api.ask("PUT", "new", own("new"))
    for _ in range(2):
        assert rotated(api)["secrets"] == 2
    assert works(api, OWN)
    assert works(api, NEWER)
    api.clock.move(timedelta(hours=23, minutes=59))
    assert works(api, OWN)
    api.clock.move(timedelta(minutes=2))
    assert (works(api, OWN), works(api, NEWER)) == (False, True)


@pytest.mark.parametrize(("told", "hours"), [("90m", 1.5), ("2h", 2), ("3d", 72)])
def test_the_old_one_ends_when_it_is_told(api: Api, told: str, hours: float) -> None:
    api.ask("PUT", "new", own("new"))
    rotated(api, retire_after=told)
    api.clock.move(timedelta(hours=hours, minutes=-1))
    assert works(api, OWN)
    api.clock.move(timedelta(minutes=2))
    assert not works(api, OWN)


def test_the_old_one_can_end_at_once(api: Api) -> None:
    api.ask("PUT", "new", own("new"))
    assert rotated(api, retire_after="0m")["secrets"] == 1
    assert (works(api, OWN), works(api, NEWER)) == (False, True)


@pytest.mark.parametrize(
    ("content", "pointer", "code"),
    [
        ({}, "/secret", "required"),
        ({"secret": "short"}, "/secret", "length"),
        ({"secret": {"env": "HOME"}}, "/secret", "type"),
        ({"secret": NEWER, "retire_after": "59m"}, "/retire_after", "range"),
        ({"secret": NEWER, "retire_after": "soon"}, "/retire_after", "pattern"),
        ({"secret": NEWER, PERSON: 1}, "/*", "unknown"),
    ],
)
def test_what_is_no_rotation_is_refused(api: Api, content: Json, pointer: str, code: str) -> None:
    api.ask("PUT", "new", own("new"))
    body = problem(api.ask("POST", "new/rotate-secret", content), 422, "schema")
    assert {"pointer": pointer, "code": code} in body["errors"]
    assert works(api, OWN)


def test_a_secret_belongs_to_one_shop_and_a_shop_of_an_app_has_none(api: Api) -> None:
    api.ask("PUT", "new", own("new"))
    api.ask("PUT", "other", wanted("other"))
    for secret in (SECRET, OWN_SECRET):
        problem(api.ask("POST", "new/rotate-secret", {"secret": secret.decode()}), 409, "secret-taken")
    for name, slug in (("other", "secret-of-an-app"), ("plain", "shop-in-file")):
        problem(api.ask("POST", f"{name}/rotate-secret", {"secret": NEWER}), 409, slug)
    problem(api.ask("POST", "nowhere/rotate-secret", {"secret": NEWER}), 404, "not-found")


def test_of_a_quarantined_shop_no_secret_is_changed(api: Api) -> None:
    api.ask("PUT", "new", own("new"))
    row, vault = api.onboarding.store.find("new"), api.onboarding.vault
    assert row is not None
    content = vault.open("new", row.sealed or "")
    gone = replace(content, settings={**content.settings, "carrier": "gone"})
    api.onboarding.store.put(replace(row, sealed=vault.close("new", gone)), (), row.version)
    problem(api.ask("POST", "new/rotate-secret", {"secret": NEWER}), 409, "shop-quarantined")
