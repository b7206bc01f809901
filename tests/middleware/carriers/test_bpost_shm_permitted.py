"""What an account may use of what a shop chose."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from middleware.carriers.bpost_shm import permitted
from middleware.carriers.bpost_shm.products import WAYS, Way
from middleware.exchange import Request, Response
from tests.middleware.carriers.test_bpost_shm_conversation import ROOT, carrier

EVERY = tuple(product for products in WAYS.values() for product in products)
ALL: Mapping[str, str] = {"home": "bpack-24h-business+signed", "world": "bpack-world-express-pro"}


def told(
    *products: str, chosen: Mapping[str, str] = {}, lines: Mapping[str, str] = {}, status: int = 200
) -> tuple[bool, str, str]:
    inside = "".join(f'<ns:product name="{product}" default="true"><ns:price/></ns:product>' for product in products)
    body = f"<ns:productConfiguration><ns:deliveryMethod>{inside}</ns:deliveryMethod></ns:productConfiguration>"
    found = permitted.finding(chosen, lines, Response(status=status, headers={}, body=body.encode()))
    return found.ok, found.pointer, found.message


def test_bpost_is_asked_with_the_shops_account() -> None:
    asked = carrier().question("demo")
    assert isinstance(asked, Request)
    assert (asked.method, asked.path) == ("GET", f"{ROOT}/productconfig")
    assert asked.headers["Accept"] == "application/vnd.bpost.shm-productConfiguration-v3.1+XML"
    assert carrier(None).question("demo") is None


def test_what_may_be_used_is_told_by_way() -> None:
    assert told(*EVERY, chosen=ALL) == (True, "", f"the account may use what goes {', '.join(Way)}")
    ok, _, message = told("bpack 24h Pro", "bpack 24h business", chosen={"home": "bpack-24h-business"})
    assert (ok, message) == (
        True,
        "the account may use what goes home; not point, locker, europe, world, point-abroad, locker-abroad",
    )


def test_what_was_chosen_and_may_not_be_used_is_refused() -> None:
    ok, pointer, message = told("bpack 24h Pro", chosen=ALL)
    assert (ok, pointer) == (False, "/products/home")
    assert "home, world" in message


def test_a_shipping_line_of_which_something_may_not_be_used_is_named() -> None:
    lines = {"Home": "bpack-24h-pro+signed", "Home or point": "bpack-24h-pro bpack-at-bpost+tell-email"}
    ok, pointer, message = told("bpack 24h Pro", lines=lines)
    assert (ok, pointer) == (False, "/lines")
    assert "of Home or point:" in message
    assert told("bpack 24h Pro", "bpack@bpost", lines=lines)[0]


@pytest.mark.parametrize(
    ("products", "status", "pointer"),
    [(("bpack Pallet",), 200, "/products"), ((), 401, "/account"), ((), 403, "/account"), ((), 500, "/account")],
)
def test_an_account_that_cannot_be_used_is_refused(products: tuple[str, ...], status: int, pointer: str) -> None:
    assert told(*products, status=status)[:2] == (False, pointer)


def test_an_answer_that_cannot_be_read_is_not_repeated() -> None:
    found = permitted.finding({}, {}, Response(status=200, headers={}, body=b"<html>Lotte Verzonnen</html>"))
    assert (found.ok, "Lotte" in found.message) == (False, False)
