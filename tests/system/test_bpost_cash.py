"""An order that is paid at the door, from the shop to the simulated bpost and back: told to the cent, sealed while it
waits, and never on its way as if it were paid.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.middleware.platforms import plugging, woo
from tests.system import variants_woocommerce
from tests.system.bpost_line import Line, line

IBAN, AMOUNT = "BE68539007547034", "7391.57"
DOOR = {"payment_method": "cod", "date_paid_gmt": None, "total": AMOUNT, "currency": "EUR"}
SHOP = variants_woocommerce.SHOPS[variants_woocommerce.SHOP]
CASH = {"cash_on_delivery": {"iban": IBAN, "bic": "KREDBEBB"}}


def sent(made: Line, name: str, **changes: Any) -> dict[str, Any]:
    order = woo.document(**{**DOOR, **changes}, date_modified_gmt="2026-11-20T08:41:07")
    answer: dict[str, Any] = made.woocommerce(name, json.dumps(order).encode()).get_json()
    return answer


@pytest.mark.policy("VP-PUR-5")
def test_bpost_is_asked_for_what_is_due_and_nothing_else_tells_the_amount(tmp_path: Path) -> None:
    shops = {variants_woocommerce.SHOP: {**SHOP, **CASH}, "own": {**CASH, "creates": "call"}}
    with line(tmp_path / "service", shops) as made:
        assert sent(made, variants_woocommerce.SHOP)["status"] == "accepted"
        due = {"amount": "12.50", "currency": "EUR"}
        called = made.lane("own", json.dumps(plugging.shipment(7, cash_on_delivery=due)).encode())
        assert called.status_code == 202, called.get_json()
        waiting = made.files("data", "keys", "state", "journal", "tmp")
        assert waiting
        cents = AMOUNT.replace(".", "")
        assert not any(AMOUNT.encode() in held for held in waiting.values())
        made.deliver()
        (first, second) = sorted(made.wire.orders, key=len, reverse=True)
        assert {f"<common:codAmount>{cents}<".encode() in body for body in (first, second)} == {True, False}
        assert all(f"<common:iban>{IBAN}<".encode() in body for body in (first, second))
        assert sum(b"<common:codAmount>1250<" in body for body in (first, second)) == 1
        assert len([None for request in made.wire.requests if request.path.endswith("/labels/A6")]) == 2
        assert not any(text in made.said.getvalue() for text in (AMOUNT, IBAN))


def test_where_the_shop_says_no_account_the_order_is_recorded_and_goes_nowhere(tmp_path: Path) -> None:
    with line(tmp_path / "service", {variants_woocommerce.SHOP: SHOP}) as made:
        assert sent(made, variants_woocommerce.SHOP)["status"] == "rejected"
        told = made.run("deliveries", "list", "--rejected")
        assert "/payment_method" in told
        assert "not-collected" in told
        paid = {"date_paid_gmt": "2026-11-20T08:00:00"}
        assert sent(made, variants_woocommerce.SHOP, **paid, id=7003)["status"] == "accepted"
        made.deliver()
        (body,) = made.wire.orders
        assert b"codAmount" not in body
