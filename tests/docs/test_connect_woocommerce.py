"""docs/connect-woocommerce.md: what it shows of settings, routes and statuses is what there is.

Its commands are run after those of docs/plug-in.md (``test_plug_in.py``), which begin as they do.
"""

from __future__ import annotations

import re
import tomllib

import pytest

from middleware.config_shop import Around, shop_settings
from middleware.config_table import Source, Table
from middleware.web.openapi import description
from schemas.order import CustomsItem
from tests.docs.reading import DOCS
from tests.middleware.platforms.test_goods import faults, gone
from tests.middleware.platforms.woo import document, example, parse, settings

TEXT = (DOCS / "connect-woocommerce.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.M | re.S)
BEGINNING, CONNECTING, SENDING, FETCHING = (block for kind, block in BLOCKS if kind == "sh")


def test_the_shop_that_is_shown_can_be_connected() -> None:
    (shown,) = (block for kind, block in BLOCKS if kind == "toml")
    around = Around(carriers=("platform",), simulated=None, apps={})
    table = Table(tomllib.loads(shown), Source(file="winkel.toml"), ("shops", "winkel"), {})
    shop = shop_settings("winkel", table, around, (b"made-up secret",))
    assert (shop.platform, shop.domain, shop.default_weight_grams) == ("woocommerce", "winkel.example", 750)
    assert f"--source https://{shop.domain}/" in TEXT
    kept = gone(example("03-outside-eu.json"), settings(customs=shop.customs, default_weight_grams=750))
    assert [item.description for item in kept.customs] == ["Textile goods"] * 2
    assert (kept.parcel.weight_grams, len(shop.customs.description or "")) == (1600, 13)


def test_what_is_said_to_be_rejected_without_it_is() -> None:
    order, unnamed = example("03-outside-eu.json"), CustomsItem(hs_code="6302.60", origin="BE", weight_grams=400)
    told = ("/settings/customs/hs_code", "required")
    assert told in faults(order, settings())
    assert f"`{' '.join(told)}`" in TEXT
    order["line_items"][0]["name"] = "x" * 31
    (told,) = faults(order, settings(customs=unnamed))
    assert f"`{' '.join(told)}`" in TEXT


def test_the_addresses_that_are_shown_are_served() -> None:
    shown = set(re.findall(r"/webhooks/[\w/]+", TEXT))
    assert shown == {"/webhooks/woocommerce/winkel/orders"}
    assert {path.replace("winkel", "{shop}") for path in shown} <= set(description()["paths"])


STATUSES = {"processing": None, "on-hold": "not_paid", "failed": "not_paid", "completed": "fulfilled"} | {
    "cancelled": "called_off",
    "trash": "called_off",
    "refunded": "nothing_to_ship",
}


@pytest.mark.parametrize("status", STATUSES)
def test_what_is_said_to_become_of_a_status_becomes_of_it(status: str) -> None:
    reason = STATUSES[status]
    assert parse(document(status=status)).halt == reason
    said = next(line for line in TEXT.splitlines() if re.match(rf"\|.*\*{status.replace('-', ' ')}\*.*\|", line))
    assert f"`{reason}`" in said if reason else "it ships" in said
