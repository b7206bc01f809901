"""``/docs``: all that is described, as one page without a script."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from middleware.web.docs import page
from middleware.web.openapi import description
from tests.middleware.web.conftest import Api


class _Page(HTMLParser):
    """The elements, the text, and the places that links lead to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.links: set[str] = set()
        self.ids: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)
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
            assert operation["summary"] in shown.text
            assert all(response["description"] in shown.text for response in operation["responses"].values())
    assert set(document["components"]["schemas"]) == shown.ids
    assert {link for link in shown.links if link.startswith("#")} <= {f"#{name}" for name in shown.ids}
    assert {"sender", "postal_code", "X-Shopify-Hmac-Sha256"} <= set(re.findall(r"[\w-]+", shown.text))


def test_nothing_on_it_can_be_executed_or_fetched(api: Api) -> None:
    answer = api.client.get("/docs")
    shown = _Page(answer.text)
    assert shown.tags <= {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "a", "code", "span"} | {
        *("table", "tr", "td", "th"),
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
    html = page(
        {
            "info": {"title": evil, "version": evil, "description": evil},
            "paths": {f"/{evil}": {evil: operation}},
            "components": {"schemas": {evil: schema}},
        }
    )
    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 10
