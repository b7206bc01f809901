"""The tracking answer tells what the real one tells: too much."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.simulator.bpost.bench import Asker

PATH = "//services/trackedmail/item/323212345600000000001030/trackingInfo"


def codes(body: bytes) -> list[str | None]:
    return [node.text for node in etree.fromstring(body).iter("{*}stateCode")]


def test_it_names_sender_and_addressee_in_full(bpost: Asker) -> None:
    bpost.take("at-home-all")
    bpost.ask("GET /orders/Made%20up%20%2F%201/labels/A6 pdf-v3")
    answer = bpost.send("GET", PATH)
    told = etree.fromstring(answer.body)
    for path, text in (
        ("{*}sender/{*}name", "Winkel Verzinsel"),
        ("{*}addressee/{*}name", "Lotte Verzinsel"),
        ("{*}addressee/{*}address/{*}streetName", "Verzonnenlaan"),
        ("{*}addressee/{*}address/{*}houseNumber", "12"),
        ("{*}addressee/{*}contactDetail/{*}emailAddress", "lotte@verzinsel.example"),
        ("{*}addressee/{*}contactDetail/{*}phoneNumber", "+32470000000"),
        ("{*}nameOfDestination", "Lotte Verzinsel"),
    ):
        assert told.findtext(path) == text
    assert codes(answer.body) == []


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("IN_TRANSIT", ["T00"]),
        ("DELIVERED", ["T00", "L00", "U01"]),
        ("AWAITING_PICKUP", ["T00", "N74"]),
        ("BACK_TO_SENDER", ["T00", "L00", "B03"]),
    ],
)
def test_a_parcel_is_followed(bpost: Asker, state: str, told: list[str]) -> None:
    bpost.take("at-home")
    bpost.ask("GET /orders/R-1/labels/A6 pdf-v3")
    bpost.ask(f"MOVE 323212345600000000001030 {state}")
    assert codes(bpost.send("GET", PATH).body) == told
    assert f"<status>{state}</status>".encode() in bpost.ask("GET /orders/R-1").body


def test_before_its_label_a_parcel_is_unknown(bpost: Asker) -> None:
    bpost.take("at-home")
    assert bpost.send("GET", PATH).status == 404
