"""``/docs``: all that is described, as one page without a script."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import subprocess
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import pytest

from middleware.web.curl import command
from middleware.web.docs import kind, page
from middleware.web.openapi import description
from tests.docs.reading import TREE
from tests.middleware.web.conftest import Api


class _Page(HTMLParser):
    """The elements, the text, and the places that links lead to."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.links: set[str] = set()
        self.ids: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(document)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name == "href"}
        self.ids |= {value or "" for name, value in attrs if name == "id"}

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


def test_every_operation_status_and_schema_is_on_the_page(api: Api) -> None:
    answer = api.client.get("/docs")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    shown, document = _Page(answer.text), description()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert f"{method.upper()} {path}" in shown.text
            assert operation["summary"].replace("`", "") in shown.text
            for response in operation["responses"].values():
                assert response["description"].replace("`", "") in shown.text.replace("` ", "")
    assert set(document["components"]["schemas"]) == shown.ids
    assert {link for link in shown.links if link.startswith("#")} <= {f"#{name}" for name in shown.ids}
    assert {"sender", "postal_code", "X-Shopify-Hmac-Sha256"} <= set(re.findall(r"[\w-]+", shown.text))


def test_no_member_is_without_type_and_meaning() -> None:
    schemas = description()["components"]["schemas"]
    members = {(name, member): told for name, shown in schemas.items() for member, told in shown["properties"].items()}
    assert [place for place, told in members.items() if not kind(told) or not told.get("description")] == []
    assert [name for name, shown in schemas.items() if not shown.get("description")] == []


def test_nothing_of_the_page_is_empty_doubled_or_of_another_language() -> None:
    text = page(description())
    assert "<code></code>" not in text
    assert "`" not in re.sub(r"<pre>.*?</pre>", "", text, flags=re.S)
    assert "or null or null" not in text
    assert re.findall(r"one of [^<;]*\bNone\b", text) == []


def test_of_a_finding_every_check_is_told() -> None:
    made = (TREE / "middleware" / "fitness.py").read_text(encoding="utf-8")
    told = description()["components"]["schemas"]["Finding"]["properties"]["check"]["description"]
    assert set(re.findall(r'check="(\w+)"', made)) == set(re.split(r", | or ", told))


def test_a_source_is_told_among_those_who_may_tell_events() -> None:
    document = description()
    tells = document["paths"]["/v1/shops/{shop}/events"]["post"]
    assert [*tells["security"]] == [{"shop": []}, {"source": []}]
    assert "Authentication: shop or source." in page(document)
    assert command("/v1/shops/{shop}/events", "post", tells).count("Authorization") == 1


@pytest.mark.parametrize(
    ("schema", "row"),
    [
        (
            "ShopConnection",
            ("secrets", "", "list of string", "1 to 2 entries; each 16 to 256 characters; never given back"),
        ),
        ("ShopConnection", ("default_weight_grams", "", "integer or null", "1 to 30000")),
        ("ShopConnection", ("mode", "", "string", "one of live, test")),
        ("ShopSender", ("street", "", "string or null", "at most 200 characters; one line")),
        ("ShipmentStatus", ("next", "required", "Next", "")),
        ("ShopifyOrder", ("line_items", "", "list of LineItem or null", "")),
        ("ShopPage", ("shops", "required", "list of Shop", "")),
        ("Shop", ("updated_at", "", "string (date-time)", "")),
    ],
)
def test_a_member_shows_type_and_limits(schema: str, row: tuple[str, str, str, str]) -> None:
    section = page(description()).partition(f'id="{schema}">')[2].partition("<h2")[0]
    rows = [[re.sub("<[^>]+>", "", cell) for cell in line.split("</td>")[:4]] for line in section.split("</tr>")]
    assert list(row) in rows


def test_every_parameter_that_is_explained_is_explained_on_the_page() -> None:
    shown = _Page(page(description())).text.replace(" ,", ",")
    operations = [operation for item in description()["paths"].values() for operation in item.values()]
    said = {one.get("description", "") for operation in operations for one in operation.get("parameters", ())}
    assert len(said) > 5
    assert [text for text in sorted(said) if text.replace("`", "") not in shown] == []


def test_every_route_says_how_one_is_known_there() -> None:
    shown = _Page(page(description())).text
    for name, scheme in description()["components"]["securitySchemes"].items():
        assert re.search(rf"Authentication: (\w+ or )?{name}( or \w+)?\.", shown)
        assert scheme["description"].replace("`", "") in " ".join(shown.split()).replace(" .", ".")
    assert shown.count("Authentication: ") == sum(len(item) for item in description()["paths"].values())


def lines() -> list[Any]:
    paths = description()["paths"].items()
    return [pytest.param(path, verb, one, id=f"{verb} {path}") for path, item in paths for verb, one in item.items()]


@pytest.mark.parametrize(("path", "verb", "operation"), lines())
def test_every_route_has_a_line_that_a_shell_takes(path: str, verb: str, operation: Mapping[str, Any]) -> None:
    """A shell reads it with variables set and files there; what ``curl`` would be given is what the route asks for."""
    files = 'for file in openssl curl; do eval "$file() { printf \'%s\\\\n\' \\"\\$@\\"; }"; done; '
    given = {
        "ADMIN_TOKEN": "a-token",
        "DEMO_POINTS_KEY": "points_key",
        **dict.fromkeys(("DEMO_TOKEN", "CONTACTS_TOKEN", "STAMPS_TOKEN"), "d-token"),
        "SHOPIFY_SECRET": "s",
        "WOOCOMMERCE_SECRET": "s",
        "ID": "an-id",
        "PATH": "/usr/bin:/bin",
    }
    ran = subprocess.run(
        ["/bin/sh", "-c", files + command(path, verb, operation)], env=given, capture_output=True, text=True, check=True
    )
    words = ran.stdout.splitlines()
    assert ("-X" in words) is (verb != "get")
    assert "-X" not in words or words[words.index("-X") + 1] == verb.upper()
    address = words[-1]
    assert re.fullmatch(r"http://127\.0\.0\.1:808[01]" + re.sub(r"\{\w+\}", r"[\\w-]+", path) + r"(\?\S+)?", address)
    known = {"admin": "Authorization: Bearer a-token", "shop": "Authorization: Bearer d-token"}
    known["points_key"] = "Authorization: Bearer points_key"
    known["woocommerce"] = "X-WC-Webhook-Topic: "
    for name in operation["security"][0] if operation["security"] else ():
        assert known.get(name, "X-Shopify-Topic: ") in ran.stdout
    needed = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "header" and one.get("required")}
    assert {name for name in needed if f"{name}: " not in ran.stdout} == set()
    assert ("--data-binary" in words) is ("requestBody" in operation)
    assert html.escape(command(path, verb, operation)) in page(description())


def test_nothing_on_it_can_be_executed_or_fetched(api: Api) -> None:
    answer = api.client.get("/docs")
    shown = _Page(answer.text)
    assert shown.tags <= {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "a", "code", "span"} | {
        *("table", "tr", "td", "th", "pre"),
    }
    assert shown.attributes <= {"lang", "charset", "href", "id", "class"}
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")


def test_what_is_described_is_text_and_never_markup() -> None:
    evil = "<script>alert(1)</script>"
    operation = {
        "summary": evil,
        "description": evil,
        "parameters": [{"name": evil, "in": evil}],
        "requestBody": {"content": {evil: {"schema": {"$ref": f"#/components/schemas/{evil}"}}}},
        "responses": {evil: {"description": evil, "content": {evil: {}}}},
    }
    schema = {"description": evil, "properties": {evil: {"enum": [evil], "description": evil}}, "required": [evil]}
    made = page(
        {
            "info": {"title": evil, "version": evil, "description": evil},
            "paths": {f"/{evil}": {evil: operation}},
            "components": {"schemas": {evil: schema}},
        }
    )
    assert "<script" not in made
    assert made.count("&lt;script&gt;") > 10
