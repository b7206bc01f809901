"""Who may use the admin API, and that neither a secret nor who sends ever comes back."""

from __future__ import annotations

import pytest

from middleware.errors import StorageError
from tests.middleware.web.answering import PERSON, problem
from tests.middleware.web.conftest import ADMIN_OLD, ADMIN_TOKEN, Api
from tests.middleware.web.test_admin import OWN, TOKEN, own, wanted
from tests.system.stack import SENDER

ROUTES = [
    *(("PUT", ""), ("GET", ""), ("DELETE", "")),
    *(("POST", verb) for verb in ("/check", "/pause", "/resume", "/rotate-secret")),
]
ROTATION = {"secret": "made-up secret of tomorrow"}


@pytest.mark.parametrize("shop", ["plain", "nonesuch"])
@pytest.mark.parametrize(("method", "verb"), ROUTES)
@pytest.mark.parametrize("token", [None, "", "x", ADMIN_TOKEN[:-1], ADMIN_TOKEN + "x", ADMIN_TOKEN.upper(), "\u00e9"])
def test_without_a_right_token_nothing_is_done_and_nothing_told(
    api: Api, shop: str, method: str, verb: str, token: str | None
) -> None:
    answer = api.ask(method, f"{shop}{verb}", wanted(shop) if method == "PUT" else None, token=token)
    body = problem(answer, 401, "unauthorised")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert {**body, "instance": ""} == {
        "type": "urn:problem:unauthorised",
        "title": "This request does not carry a credential for what it asks.",
        "status": 401,
        "instance": "",
    }


def test_two_tokens_work_while_one_is_changed(api: Api) -> None:
    for token in (ADMIN_TOKEN, ADMIN_OLD):
        assert api.ask("GET", "plain", token=token).status_code == 200


@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "TRACE", "POST"])
def test_other_methods_are_not_served(api: Api, method: str) -> None:
    assert api.ask(method, "plain").status_code == 405


def test_the_intake_serves_none_of_it(api: Api) -> None:
    for path in ("/admin/v1/shops/plain", "/docs"):
        given = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        assert api.intake.get(path, headers=given).status_code == 404
    assert api.intake.get("/openapi.json").status_code == api.client.get("/openapi.json").status_code == 200


def test_neither_a_secret_nor_who_sends_comes_back_or_is_logged(api: Api) -> None:
    answers = [
        api.ask("PUT", "new", own("new", token=TOKEN)),
        api.ask("PUT", "new", own("new", PERSON * 2, sender={**SENDER, "name": PERSON, PERSON: "x"})),
        api.ask("GET", "new"),
        api.ask("POST", "new/check"),
        api.ask("POST", "new/pause"),
        api.ask("DELETE", "new"),
    ]
    told = " ".join(answer.text for answer in answers) + api.log.text()
    assert [
        value for value in (PERSON, OWN, TOKEN, ADMIN_TOKEN, *SENDER.values()) if value in told and len(value) > 2
    ] == []
    assert '"shop_connected"' in api.log.text()


def test_storage_that_fails_is_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(name: str) -> None:
        raise StorageError()

    monkeypatch.setattr(api.onboarding.store, "find", fails)
    for method, verb in ROUTES:
        body = wanted("new") if method == "PUT" else ROTATION if verb == "/rotate-secret" else None
        answer = api.ask(method, f"new{verb}", body)
        problem(answer, 503, "storage-unavailable")
        assert answer.headers["Retry-After"]
