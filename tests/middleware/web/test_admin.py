"""The admin API: every route, every status, and that neither a secret nor who sends ever comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from middleware.core.body import MAX_BYTES
from middleware.directory import Directory
from middleware.model_back import Back
from schemas.order import CustomsItem
from tests.middleware.web.answering import PERSON, common, problem
from tests.middleware.web.conftest import ADMIN_TOKEN, Api
from tests.system.orders import order
from tests.system.stack import OWN_SECRET, SECRET, SENDER, Json

OWN = "made-up secret of a new shop"


def wanted(name: str, **changes: Any) -> Json:
    """What connects a shop; what is None is left out."""
    settings = {
        "platform": "shopify",
        "app": "parcelveil",
        "domain": f"{name}.myshopify.com",
        "account_type": "professional",
        "integration": {"requested_on": "2026-11-02", "reference": "made up"},
        "carrier": "platform",
        "hold": "0s",
        "sender": {**SENDER, "name": PERSON},
        **changes,
    }
    return {key: value for key, value in settings.items() if value is not None}


def own(name: str, *secrets: str, **changes: Any) -> Json:
    """The same for a shop with an app of its own."""
    return wanted(name, app=None, secrets=list(secrets) or [OWN], **changes)


# ---- Connecting ----------------------------------------------------------------------------------------------------


def test_a_shop_of_woocommerce_is_connected_with_its_site_and_its_secret(api: Api) -> None:
    site = own("winkel", platform="woocommerce", domain="Winkel.Example/nl")
    answer = api.ask("PUT", "winkel", site)
    assert answer.status_code == 201, answer.text
    told = answer.get_json()
    assert (told["domain"], told["secrets"], told["state"]) == ("winkel.example/nl", 1, "live")
    assert OWN not in answer.text


def test_a_shop_is_connected_once_and_its_orders_are_taken(api: Api) -> None:
    assert api.post("new", order()).status_code == 401
    first, again = (api.ask("PUT", "new", wanted("new")) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    common(first)
    told = first.get_json()
    assert {**told, "updated_at": ""} == {
        "shop": "new",
        "origin": "database",
        "state": "live",
        "mode": "live",
        "creates": "webhook",
        "domain": "new.myshopify.com",
        "carrier": "platform",
        "policy": "bpost-shipping-platform",
        "app": "parcelveil",
        "secrets": 0,
        "updated_at": "",
    }
    assert api.ask("GET", "new").get_json() == again.get_json()
    assert api.post("new", order()).get_json()["status"] == "accepted"


def test_what_a_shop_says_to_customs_is_taken_kept_and_used(api: Api) -> None:
    goods = {"description": "Textile goods", "hs_code": "6302.60", "origin": "BE", "weight_grams": 400}
    assert api.ask("PUT", "new", wanted("new", customs=goods)).status_code == 201
    cast(Directory, api.services.shops).refresh()
    shop = api.services.shops.get("new")
    assert shop is not None
    assert shop.settings.customs == CustomsItem(
        description="Textile goods", hs_code="6302.60", origin="BE", weight_grams=400
    )
    tells = api.ask("PUT", "calls", wanted("calls", platform="direct", domain=None, app=None, customs=goods, hold=None))
    assert (tells.status_code, tells.get_json()["errors"]) == (422, [{"pointer": "/*", "code": "value"}])


SIGNS = "whsec_bWFkZS11cC1rZXktb2YtYS1jYWxsYmFjay0wMDE="
TOLD: Json = {
    "callback": {"url": "https://winkel.example/back", "secrets": [SIGNS]},
    "fulfilment": {"token": "shpat_made_up"},
}


def told_back(api: Api) -> Any:
    """How intake knows that the shop is told."""
    cast(Directory, api.services.shops).refresh()
    shop = api.services.shops.get("new")
    assert shop is not None
    return shop.settings.back


def test_how_a_shop_is_told_is_taken_kept_and_never_given_back(api: Api) -> None:
    said = [api.ask("PUT", "new", wanted("new", **TOLD)), api.ask("GET", "new"), api.ask("POST", "new/check")]
    assert [answer.status_code for answer in said] == [201, 200, 200]
    back = told_back(api)
    assert (back.callback.url, back.fulfilment.token) == ("https://winkel.example/back", "shpat_made_up")
    kept = {"callback": {"url": "https://winkel.example/other"}, "fulfilment": {}}
    said.append(api.ask("PUT", "new", wanted("new", **kept)))
    again = told_back(api)
    assert (again.callback.keys, again.callback.url[-5:]) == (back.callback.keys, "other")
    assert again.fulfilment == back.fulfilment
    said.append(api.ask("PUT", "new", wanted("new")))
    assert told_back(api) == Back()
    for key, content in kept.items():
        said.append(api.ask("PUT", "new", wanted("new", **{key: content})))
        assert said[-1].status_code == 422  # what was let go is gone
    api.ask("PUT", "new", wanted("new", **TOLD))
    elsewhere = {"fulfilment": {"url": "https://elsewhere.example"}}
    said.append(api.ask("PUT", "new", wanted("new", **elsewhere)))
    assert said[-1].status_code == 422  # a token is not sent to whom it was not told for
    assert told_back(api) == back
    assert [word for word in (SIGNS, "shpat_", "winkel.example") if any(word in answer.text for answer in said)] == []


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"callback": {"url": "http://winkel.example/back", "secrets": [SIGNS]}}, "/callback/url", "value"),
        ({"callback": {"url": "https://winkel.example/back#x", "secrets": [SIGNS]}}, "/callback/url", "value"),
        ({"callback": {"url": "https://me@winkel.example/", "secrets": [SIGNS]}}, "/callback/url", "value"),
        ({"callback": {"url": "ftp://winkel.example", "secrets": [SIGNS]}}, "/callback/url", "pattern"),
        ({"callback": {"url": "https://winkel.example"}}, "/callback/secrets", "value"),
        ({"callback": {"url": "https://winkel.example", "secrets": ["x" * 40]}}, "/callback/secrets/0", "pattern"),
        ({"callback": {"url": "https://winkel.example", "secrets": [{"env": "HOME"}]}}, "/callback/secrets/0", "type"),
        ({"callback": {"secrets": [SIGNS]}}, "/callback/url", "required"),
        ({"callback": {"url": "https://winkel.example", "secrets": [SIGNS], "to": 1}}, "/callback/*", "unknown"),
        ({"fulfilment": {}}, "/fulfilment/token", "value"),
        ({"fulfilment": {"token": "x", "url": "http://127.0.0.1"}}, "/fulfilment/url", "value"),
    ],
)
def test_what_cannot_be_told_so_is_refused_at_its_place(api: Api, change: Json, pointer: str, code: str) -> None:
    answer = api.ask("PUT", "new", wanted("new", **change))
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == [{"pointer": pointer, "code": code}]


@pytest.mark.policy("VP-PLG-1")
@pytest.mark.parametrize(("kind", "paired"), [("guest", False), ("residential", False), ("professional", True)])
def test_only_a_professional_account_is_paired(api: Api, kind: str, paired: bool) -> None:
    answer = api.ask("PUT", "new", wanted("new", account_type=kind))
    assert answer.status_code == (201 if paired else 422)
    if not paired:
        assert answer.get_json()["errors"] == [{"pointer": "/account_type", "code": "value"}]
    assert api.post("new", order()).status_code == (200 if paired else 401)


def test_a_shop_with_an_app_of_its_own_is_found_by_its_route_and_secret_alone(api: Api) -> None:
    assert api.ask("PUT", "new", own("new")).get_json()["secrets"] == 1
    assert api.post("new", order(), secret=OWN.encode(), own=True).get_json()["status"] == "accepted"
    for secret, route in ((OWN.encode(), False), (SECRET, True), (OWN_SECRET, True)):
        assert api.post("new", order(), secret=secret, own=route).status_code == 401


def test_settings_without_a_secret_leave_the_secrets_that_are_there(api: Api) -> None:
    api.ask("PUT", "new", own("new"))
    changed = api.ask("PUT", "new", wanted("new", app=None, notify="email"))
    assert (changed.status_code, changed.get_json()["secrets"]) == (200, 1)
    assert api.post("new", order(), secret=OWN.encode(), own=True).status_code == 200


def test_a_shop_that_goes_over_to_an_app_leaves_its_secret_behind(api: Api) -> None:
    api.ask("PUT", "new", own("new"))
    assert api.ask("PUT", "new", wanted("new")).get_json()["secrets"] == 0
    assert api.post("new", order(), secret=OWN.encode(), own=True).status_code == 401
    assert api.post("new", order()).status_code == 200
    assert api.ask("PUT", "other", own("other")).status_code == 201  # the secret is free again


def test_a_shop_without_app_and_secret_is_refused(api: Api) -> None:
    body = problem(api.ask("PUT", "new", wanted("new", app=None)), 422, "schema")
    assert body["errors"] == [{"pointer": "/app", "code": "value"}]


def test_one_domain_is_one_shop(api: Api) -> None:
    api.ask("PUT", "new", wanted("new"))
    for domain in ("new", "New", "plain", "own"):
        problem(api.ask("PUT", "other", wanted("other", domain=f"{domain}.myshopify.com")), 409, "domain-taken")
    assert api.ask("GET", "other").status_code == 404


@pytest.mark.parametrize("secret", [OWN, SECRET.decode(), OWN_SECRET.decode()])
def test_one_secret_is_one_shop_s(api: Api, secret: str) -> None:
    api.ask("PUT", "new", own("new"))
    problem(api.ask("PUT", "other", own("other", "made-up secret of an other", secret)), 409, "secret-taken")


@pytest.mark.parametrize("verb", ["", "/pause", "/resume"])
def test_a_shop_of_the_file_is_changed_there_alone(api: Api, verb: str) -> None:
    method = "POST" if verb else "PUT"
    problem(api.ask(method, f"plain{verb}", wanted("plain") if not verb else None), 409, "shop-in-file")
    problem(api.ask("DELETE", "plain"), 409, "shop-in-file")
    told = api.ask("GET", "plain").get_json()
    assert (told["origin"], told["state"]) == ("file", "live")


FAULTS: Mapping[str, tuple[Json, str, str]] = {
    "an unknown field": ({"notfy": PERSON}, "/*", "unknown"),
    "an unknown field of the sender": ({"sender": {"name": "x", PERSON: "y"}}, "/sender/*", "unknown"),
    "a token that this machine holds": ({"token": {"env": "HOME"}}, "/token", "type"),
    "a token with a space": ({"token": "made-up token of a new shop"}, "/token", "pattern"),
    "a secret that this machine holds": ({"app": None, "secrets": [{"env": "HOME"}]}, "/secrets/0", "type"),
    "a short secret": ({"app": None, "secrets": ["short"]}, "/secrets/0", "length"),
    "three secrets": ({"app": None, "secrets": [OWN, OWN, OWN]}, "/secrets", "length"),
    "an app and a secret": ({"secrets": [OWN]}, "/secrets", "value"),
    "an unknown app": ({"app": "nonesuch"}, "/app", "value"),
    "an unknown carrier": ({"carrier": "nonesuch"}, "/carrier", "value"),
    "the simulated carrier of a live shop": ({"carrier": "simulated"}, "/carrier", "value"),
    "another platform": ({"platform": "magento"}, "/platform", "choice"),
    "another domain": ({"domain": "new.example"}, "/domain", "pattern"),
    "a shop at Shopify as a site": ({"platform": "woocommerce"}, "/domain", "pattern"),
    "an app of a site": ({"platform": "woocommerce", "domain": "winkel.example"}, "/secrets", "value"),
    "a site with a scheme": ({"platform": "woocommerce", "domain": "https://a.example"}, "/domain", "pattern"),
    "a domain with a line break": ({"domain": "new.myshopify.com\n"}, "/domain", "pattern"),
    "no domain": ({"domain": None}, "/domain", "required"),
    "no sender": ({"sender": None}, "/sender", "required"),
    "nobody as sender": ({"sender": {"street": "x"}}, "/sender/name", "value"),
    "a sender of several lines": ({"sender": {"name": "a\nb"}}, "/sender/name", "pattern"),
    "a number as a name": ({"sender": {"name": 7}}, "/sender/name", "type"),
    "an account without plug-in": ({"account_type": "guest"}, "/account_type", "value"),
    "no such day": ({"integration": {"requested_on": "2026-02-30"}}, "/integration/requested_on", "value"),
    "a day to come": ({"integration": {"requested_on": "2099-01-01"}}, "/integration/requested_on", "value"),
    "no such pack": ({"policy": "nonesuch"}, "/policy", "value"),
    "no such reading": ({"interpretations": {PERSON: "x"}}, "/interpretations", "value"),
    "a reading that is no text": ({"interpretations": {PERSON: 7}}, "/interpretations/*/*", "type"),
    "too heavy": ({"default_weight_grams": 30_001}, "/default_weight_grams", "range"),
    "no weight": ({"default_weight_grams": 0}, "/default_weight_grams", "range"),
    "a tariff code that is none": ({"customs": {"hs_code": "T-shirt"}}, "/customs/hs_code", "pattern"),
    "a description that is too long": ({"customs": {"description": "x" * 31}}, "/customs/description", "too-long"),
    "an unknown field of what customs are told": ({"customs": {PERSON: "x"}}, "/customs/*", "unknown"),
    "a hold of days": ({"hold": "9d"}, "/hold", "range"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_used_is_named_by_pointer_and_code(api: Api, name: str) -> None:
    changes, pointer, code = FAULTS[name]
    body = problem(api.ask("PUT", "new", wanted("new", **changes)), 422, "schema")
    assert {"pointer": pointer, "code": code} in body["errors"]
    assert api.ask("GET", "new").status_code == 404


@pytest.mark.parametrize("content", [[], "x", 7, None])
def test_what_is_no_object_is_refused(api: Api, content: object) -> None:
    problem(api.ask("PUT", "new", json.dumps(content).encode()), 422, "schema")


@pytest.mark.parametrize("name", ["New", "a_b", "-a", "a" * 64, "%C3%A9", "a b"])
def test_a_name_stands_in_addresses_and_is_of_their_form(api: Api, name: str) -> None:
    problem(api.ask("PUT", name, wanted("new")), 422, "schema")


@pytest.mark.parametrize(
    ("content", "headers", "status", "slug"),
    [
        (b"{", {}, 400, "malformed-json"),
        (b'{"app": 1, "app": 2}', {}, 400, "malformed-json"),
        (b'{"a": NaN}', {}, 400, "malformed-json"),
        (b"{}", {"Content_Type": "text/plain"}, 415, "unsupported-media-type"),
        (b"{}", {"Content_Encoding": "gzip"}, 415, "unsupported-media-type"),
        (b" " * (MAX_BYTES + 1), {}, 413, "too-large"),
        (b"{}", {"Transfer_Encoding": "chunked"}, 411, "length-required"),
    ],
)
def test_a_body_that_cannot_be_read(api: Api, content: bytes, headers: dict[str, str], status: int, slug: str) -> None:
    problem(api.ask("PUT", "new", content, **headers), status, slug)


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", ""), ("POST", "/check"), ("POST", "/pause")])
def test_a_body_where_none_is_read(api: Api, method: str, path: str) -> None:
    answer = api.ask(method, f"plain{path}", {})
    problem(answer, 400, "unexpected-body")
    assert answer.headers["Connection"] == "close"


def test_a_body_without_its_length(api: Api) -> None:
    problem(api.ask("PUT", "new"), 411, "length-required")


TOKEN = "made-up-token-of-a-new-shop"


def test_a_shop_of_the_database_asks_with_its_token_where_its_own_shipments_are(api: Api) -> None:
    api.ask("PUT", "new", wanted("new", token=TOKEN))
    id_ = api.post("new", order()).get_json()["id"]
    path, given = f"/v1/shops/new/shipments/{id_}", {"Authorization": f"Bearer {TOKEN}"}
    assert api.client.get(path, headers=given).get_json()["id"] == id_
    assert api.ask("PUT", "new", wanted("new", notify="email")).status_code == 200  # the token stays
    assert api.post("new", order()).status_code == 200
    assert api.client.get(path, headers=given).status_code == 200
    problem(api.client.get(path, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}), 401, "unauthorised")
    api.ask("DELETE", "new")
    assert api.post("new", order()).status_code == 401
    problem(api.client.get(path, headers=given), 401, "unauthorised")


# ---- Fit to be live, and the test mode -----------------------------------------------------------------------------


def test_a_live_shop_must_be_fit(api: Api) -> None:
    lacking = wanted("new", sender={"name": PERSON, "country": "BE"})
    body = problem(api.ask("PUT", "new", lacking), 409, "shop-not-fit")
    assert body["errors"] == [{"pointer": "/sender/street", "code": "sender"}]
    assert api.ask("PUT", "new", {**lacking, "mode": "test"}).status_code == 201
    told = api.ask("POST", "new/check").get_json()
    assert (told["shop"], told["mode"], told["works"], told["fit"]) == ("new", "test", True, False)
    assert [one["mode"] for one in told["findings"]] == ["test"] * 5 + ["live"] * 6
    findings = {one["check"]: (one["ok"], one["message"]) for one in told["findings"] if one["mode"] == "live"}
    assert findings["sender"] == (False, "sender without street, locality, postal_code: add what is missing")
    well = {name for name, (ok, _) in findings.items() if ok}
    assert well == {"settings", "secret", "integration", "keys", "pickup_points"}


def test_a_shop_in_test_mode_goes_to_the_simulated_platform_with_its_test_orders(api: Api) -> None:
    assert api.ask("PUT", "new", wanted("new", mode="test")).get_json()["carrier"] == "simulated"
    tried = api.post("new", order(test=True)).get_json()
    assert tried["status"] == "accepted"
    assert api.ask("PUT", "new", wanted("new")).get_json()["carrier"] == "platform"
    assert api.post("new", order(test=True)).get_json() == {"status": "ignored", "reason": "test_order"}
    lived = api.post("new", order()).get_json()
    rows = {row.id: row for row in api.services.store.list(tuple(_states()), "new", 9)}
    assert set(rows) == {tried["id"], lived["id"]}
    carriers = {stored.id: stored.carrier for stored in _claimed(api)}
    assert carriers == {tried["id"]: "simulated", lived["id"]: "platform"}  # each as it was stored


def _states() -> Any:
    from middleware.model import State

    return State


def _claimed(api: Api) -> list[Any]:
    claimed: list[Any] = []
    while (stored := api.services.store.claim(api.clock() + timedelta(minutes=1), 60.0, "new")) is not None:
        claimed.append(stored)
    return claimed


def test_a_shop_of_the_file_is_checked_too(api: Api) -> None:
    assert api.ask("POST", "plain/check").get_json()["fit"] is True


def test_a_check_tells_what_to_do_for_a_platform_that_was_never_heard(api: Api) -> None:
    binds = api.onboarding.bind
    silent = replace(api.onboarding, bind=lambda settings: replace(binds(settings), keys=_Silent()))  # type: ignore[arg-type]  # a stand-in
    (told,) = [one for one in silent.check("plain").present if one.check == "keys"]
    assert told.ok
    api.ask("PUT", "new", wanted("new"))
    (told,) = [one for one in silent.check("new").present if not one.ok]
    assert (told.check, told.message) == ("keys", "platform was never heard: run `parcelveil keys provision`")


class _Silent:
    def known(self) -> Any:
        from middleware.platform_keys import Known

        return Known()


# ---- Pausing, letting go -------------------------------------------------------------------------------------------


def test_a_paused_shop_is_told_to_try_again_later(api: Api) -> None:
    api.ask("PUT", "new", wanted("new"))
    for _ in range(2):
        assert api.ask("POST", "new/pause").get_json()["state"] == "paused"
    answer = api.post("new", order())
    problem(answer, 503, "shop-paused")
    assert int(answer.headers["Retry-After"]) > 0
    problem(api.post("new", order(), secret=b"another"), 401, "invalid-signature")
    assert api.ask("PUT", "new", wanted("new")).get_json()["state"] == "paused"  # settings wake nobody up
    assert api.ask("POST", "new/resume").get_json()["state"] == "live"
    assert api.post("new", order()).status_code == 200


def test_a_disconnected_shop_is_unknown_and_its_name_stays_taken(api: Api) -> None:
    api.ask("PUT", "new", own("new"))
    id_ = api.post("new", order(), secret=OWN.encode(), own=True).get_json()["id"]
    for _ in range(2):
        gone = api.ask("DELETE", "new")
        assert (gone.status_code, gone.data) == (204, b"")
    problem(api.post("new", order(), secret=OWN.encode(), own=True), 401, "invalid-signature")
    told = api.ask("GET", "new").get_json()
    assert (told["state"], told["secrets"], "domain" in told) == ("disconnected", 0, False)
    assert api.services.store.show(id_) is not None  # records stay as long as they may
    for verb in ("check", "pause", "resume"):
        problem(api.ask("POST", f"new/{verb}"), 404, "not-found")
    assert api.ask("PUT", "other", own("other", domain="new.myshopify.com")).status_code == 201
    assert api.ask("PUT", "new", wanted("new")).status_code == 409
    problem(api.ask("PUT", "new", wanted("new", domain="newer.myshopify.com")), 409, "domain-changed")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "new"), ("DELETE", "new"), ("POST", "new/check"), ("POST", "new/pause"), ("POST", "new/resume")],
)
def test_a_shop_that_is_not_there(api: Api, method: str, path: str) -> None:
    problem(api.ask(method, path), 404, "not-found")


def test_a_row_that_does_not_open_is_named_and_can_be_replaced(api: Api) -> None:
    api.ask("PUT", "new", wanted("new"))
    row = api.onboarding.store.find("new")
    assert row is not None
    assert row.sealed is not None
    api.onboarding.store.put(replace(row, sealed=row.sealed[:-3] + "AAA"), (), row.version)
    told = api.ask("GET", "new").get_json()
    assert (told["fault"], "domain" in told) == ("A sealed part or receipt is not what was sealed or signed.", False)
    problem(api.post("new", order()), 401, "invalid-signature")
    told = api.ask("POST", "new/check").get_json()
    assert (told["mode"], told["works"], told["fit"]) == (None, False, False)
    problem(api.ask("POST", "new/pause"), 500, "tampered")
    assert api.ask("PUT", "new", wanted("new")).status_code == 200
    assert api.post("new", order()).status_code == 200


def test_who_only_writes_to_the_database_sends_no_shops_orders_to_another(api: Api) -> None:
    """The digests of domains stand beside what is sealed: exchanged, each shop's orders would be the other's."""
    rows = api.onboarding.store
    for name in ("new", "other"):
        api.ask("PUT", name, wanted(name))
    new, other = rows.find("new"), rows.find("other")
    assert new is not None
    assert other is not None
    away = rows.put(replace(other, domain=b"nobody"), (), other.version)
    rows.put(replace(new, domain=other.domain), (), new.version)
    rows.put(replace(away, domain=new.domain), (), away.version)
    for name in ("new", "other"):
        problem(api.post(name, order()), 401, "invalid-signature")
        assert api.ask("GET", name).get_json()["fault"] == "A sealed part or receipt is not what was sealed or signed."
        assert api.ask("POST", f"{name}/check").get_json()["works"] is False
