"""A shop's name belongs to its domain: its records stay under the name, and who has the name's token sees them."""

from __future__ import annotations

import pytest

from tests.middleware.web.conftest import Api
from tests.middleware.web.test_admin import wanted


@pytest.mark.parametrize("disconnected", [False, True])
def test_a_name_is_never_another_domain_s(api: Api, disconnected: bool) -> None:
    assert api.ask("PUT", "new", wanted("new")).status_code == 201
    if disconnected:
        assert api.ask("DELETE", "new").status_code == 204
    answer = api.ask("PUT", "new", wanted("new", domain="somebody-else.myshopify.com"))
    assert (answer.status_code, answer.get_json()["type"]) == (409, "urn:problem:domain-changed")
    assert api.ask("PUT", "new", wanted("new")).status_code == (201 if disconnected else 200)


def test_of_a_disconnected_shop_nothing_is_told_but_its_state(api: Api) -> None:
    api.ask("PUT", "new", wanted("new"))
    api.ask("DELETE", "new")
    assert api.ask("GET", "new").get_json().keys() == {"shop", "origin", "state", "secrets", "updated_at"}
