"""Pick-up points, whose service says its errors in answers of status 200."""

from __future__ import annotations

import gzip

import pytest
from lxml import etree

from simulator.message import Answer
from tests.simulator.bpost.bench import Asker

SEARCH = "Function=search&Partner=123456&DD=23-11-2026&CheckDate=1&CheckOpen=1"


def read(answer: Answer) -> etree._Element:
    assert answer.status == 200
    return etree.fromstring(gzip.decompress(answer.body))


def search(bpost: Asker, more: str) -> list[str | None]:
    root = read(bpost.ask(f"GET //Locator?{SEARCH}&{more}"))
    return [node.findtext("ID") for node in root.iter("Record")]


def test_points_are_found_by_postal_code_and_kind(bpost: Asker) -> None:
    assert search(bpost, "Zone=1000") == ["200001", "200002"]
    assert search(bpost, "Zone=1000&Limit=1") == ["200001"]
    assert search(bpost, "Zone=1000&Type=4") == []
    assert search(bpost, "Zone=2000&Type=4") == ["200003"]
    assert search(bpost, "Zone=9999") == []
    assert search(bpost, "Zone=1000&Country=FR") == []


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        (f"{SEARCH}&Zone=1000&Language=nl", "400", "Unknown language or country near 1000"),
        (f"{SEARCH}&Zone=1000&Country=XX", "400", "Unknown language or country near 1000"),
        (f"{SEARCH}&Zone=1000&Type=x", "400", "Type x is no sum of known types"),
        (SEARCH, "400", "Zone is mandatory"),
        ("Function=search&Partner=123456&Zone=1000", "400", "DD, CheckDate and CheckOpen are mandatory"),
        ("Function=search&Zone=1000", "401", "Unknown partner"),
        ("Function=nothing", "400", "Unknown function"),
        ("Function=getallservicepoints&Account=123456&Country=XX", "400", "Unknown language or country"),
        ("Function=info&Partner=123456&Id=1", "404", "Unknown point 1"),
    ],
)
def test_an_error_is_an_answer_like_any_other(bpost: Asker, query: str, status: str, words: str) -> None:
    root = read(bpost.ask(f"GET //Locator?{query}"))
    assert root.get("type") == "TaxipostLocatorError"
    assert (root.findtext("status"), root.findtext("txt")) == (status, words)


@pytest.mark.parametrize(
    ("headers", "status"), [({"accept_encoding": "gzip"}, b"<status>401<"), ({"x_api_key": "key"}, b"<status>406<")]
)
def test_key_and_compression_are_asked_for(bpost: Asker, headers: dict[str, str], status: bytes) -> None:
    answer = bpost.send("GET", f"//Locator?{SEARCH}&Zone=1000", b"", **headers)
    assert status in (gzip.decompress(answer.body) if "Content-Encoding" in answer.headers else answer.body)


def test_one_point_and_all_points(bpost: Asker) -> None:
    one = read(bpost.ask("GET //Locator?Function=info&Partner=123456&Id=200003"))
    assert one.findtext("Poi/Record/OFFICE") == "Dagwinkel Schelde"
    assert [one.findtext(f"Poi/Record/{name}") for name in ("Latitude", "Longitude")] == ["51.2211", "4.3997"]
    every = read(bpost.ask("GET //Locator?Function=getallservicepoints&Account=123456"))
    assert [point.findtext("Id") for point in every.iter("Point")] == [f"20000{number}" for number in range(1, 7)]
    none = read(bpost.ask("GET //Locator?Function=getallservicepoints&Account=123456&Country=NL"))
    assert (none.get("type"), list(none.iter("Point"))) == ("TaxipostLocatorList", [])


def test_older_clients_post_a_form(bpost: Asker) -> None:
    body = f"{SEARCH}&Zone=4000".encode()
    root = read(bpost.send("POST", "//Locator", body, x_api_key="key", accept_encoding="gzip"))
    assert [node.findtext("CITY") for node in root.iter("Record")] == ["Liège"]
