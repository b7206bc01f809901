"""Who is told that an order lacks what customs need is told which of the shop's settings says it in its place."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from middleware.cli import words
from middleware.cli.rejections import print_rejections
from middleware.cli.telling import refusal
from middleware.config_goods import goods_of
from middleware.config_table import Source, Table
from middleware.platforms import shopify, woocommerce
from middleware.tracking import Refusal
from schemas.order import CustomsItem
from schemas.shops import ShopCustoms
from tests.middleware.cli.bench import ORDERS, run
from tests.storage import builders

WINKEL = str(ORDERS.with_name("orders-woocommerce") / "03-outside-eu.json")
HINT = "set customs.hs_code, customs.origin, customs.weight_grams."
LACKING = replace(
    builders.rejection(),
    faults=tuple((f"/settings/customs/{name}", "required") for name in ("weight_grams", "hs_code", "origin")),
)


@pytest.mark.parametrize("names", [shopify.NAMES, woocommerce.NAMES], ids=["shopify", "woocommerce"])
def test_each_of_the_settings_is_named_for_what_it_stands_in_for(names: dict[str, str]) -> None:
    settings = sorted(ShopCustoms._declared_fields)
    hints = [words.goods([names[f"/customs/{name}"]]) for name in settings]
    assert hints == [f"Or let the shop's settings tell customs: set customs.{name}." for name in settings]


@pytest.mark.parametrize("pointers", [[], ["/line_items/price"], ["/shipping/postcode", "/customs/hs_code"]])
def test_what_no_setting_tells_has_none(pointers: list[str]) -> None:
    assert words.goods(pointers) == ""


def test_inspect_tells_it_beneath_what_is_wrong() -> None:
    result = run("inspect", WINKEL, "--platform", "woocommerce", "--carrier", "bpost-shm")
    assert (result.exit_code, HINT in result.stdout) == (1, True)
    assert HINT not in run("inspect", WINKEL, "--platform", "woocommerce").stdout


GOODS = ("description=Textile goods", "hs_code=6302.60", "origin=BE", "weight_grams=400")


def test_with_what_the_settings_say_the_example_leaves_the_union() -> None:
    said = [word for one in GOODS for word in ("--customs", one)]
    result = run("inspect", WINKEL, "--platform", "woocommerce", "--carrier", "bpost-shm", *said)
    assert result.exit_code == 0, result.output
    assert "line_items[].name" in result.stdout.partition("removed")[2]
    assert "Textile" not in result.stdout


def test_the_command_of_the_documents_does_as_it_stands() -> None:
    text = (ORDERS.parents[1] / "docs" / "bpost.md").read_text(encoding="utf-8").replace("\\\n", "")
    (command,) = (line for line in text.splitlines() if "--customs hs_code" in line)
    _, *asked = shlex.split(command.replace("examples/", f"{ORDERS.parent}/"))
    assert asked[1] == WINKEL
    assert run(*asked).exit_code == 0


@pytest.mark.parametrize("said", ["hs_code=630", "hs_code", "weight_grams=much", "colour=red", "=BE"])
def test_what_is_no_setting_of_customs_is_refused(said: str) -> None:
    result = run("inspect", WINKEL, "--platform", "woocommerce", "--customs", said)
    assert (result.exit_code, "--customs" in result.stderr) == (2, True)


def test_rejected_orders_are_listed_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_rejections([Refusal(entry=LACKING, page=None)], as_json=False)
    assert HINT in " ".join(capsys.readouterr().out.split())
    print_rejections([Refusal(entry=builders.rejection(), page=None)], as_json=False)
    assert "customs" not in capsys.readouterr().out


def test_a_support_desk_is_told_it_too() -> None:
    told = refusal(Refusal(entry=LACKING, page="https://winkel.example/1"))["can"]
    assert told.endswith(f"winkel.example/1 Or let the shop's settings tell customs: {HINT}")
    assert "customs" not in refusal(Refusal(entry=builders.rejection(), page=None))["can"]


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_setting_says_nothing(blank: str) -> None:
    table = Table(
        {"description": blank, "hs_code": "", "origin": ""}, Source(file="file"), ("shops", "demo", "customs"), {}
    )
    assert goods_of(table) == CustomsItem()
