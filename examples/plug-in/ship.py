"""The shop's own server of the example, to try it without PHP: ``ship.php`` in Python, with the standard library alone.

    PARCELVEIL_URL=http://127.0.0.1:8081 PARCELVEIL_SHOP=demo PARCELVEIL_TOKEN=… python3 ship.py [PORT]

The token stays in this process. The browser gets orders, states, barcodes and labels, for orders of this shop alone.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

HERE = Path(__file__).parent
PAGES = {"/": "page.html", "/page.js": "page.js", "/page.css": "page.css"}
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'"
JSON, PROBLEM = "application/json", "application/problem+json"

Answer = tuple[int, str, bytes]
"""Status, media type, content."""


def parcelveil(method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    """One call. No redirect is followed, no proxy is taken from the environment."""
    url = urlsplit(os.environ["PARCELVEIL_URL"])
    connection = (HTTPSConnection if url.scheme == "https" else HTTPConnection)(url.netloc, timeout=40)
    given = {"Authorization": f"Bearer {os.environ['PARCELVEIL_TOKEN']}", **(headers or {})}
    if body is not None:
        given["Content-Type"] = JSON
    try:
        content = None if body is None else json.dumps(body).encode()
        connection.request(method, f"/v1/shops/{quote(os.environ['PARCELVEIL_SHOP'])}/shipments{path}", content, given)
        answer = connection.getresponse()
        return answer.status, answer.headers.get_content_type(), answer.read()
    except (OSError, HTTPException):
        return problem(503, "not-reached", "Parcelveil cannot be reached: try again.")
    finally:
        connection.close()


def problem(status: int, code: str, title: str) -> Answer:
    """In the form of RFC 9457, as Parcelveil's own."""
    return status, PROBLEM, json.dumps({"type": f"urn:problem:{code}", "title": title, "status": status}).encode()


def orders() -> dict[str, Any]:
    """The shop's orders by their ids; yours are in your database."""
    found = (json.loads(file.read_text(encoding="utf-8")) for file in sorted((HERE / "orders").glob("*.json")))
    return {order["order"]["id"]: order for order in found}


def make(order: Any) -> Answer:
    """Ask for a shipment. The key is the same as long as the order is: a second click makes no second parcel."""
    key = f'"order-{order["order"]["id"]}-{order["order"]["updated_at"]}"'
    return parcelveil("POST", "", order, {"Idempotency-Key": key, "Prefer": "wait=10"})


def state(order: Any) -> Answer:
    """Where its shipment is; 404 if there is none."""
    return parcelveil("GET", f"?order={quote(order['order']['id'])}")


def label(order: Any) -> Answer:
    """The label, from Parcelveil to the browser; kept nowhere."""
    return of_its_shipment("GET", order, "/label")


def cancel(order: Any) -> Answer:
    """Cancel its shipment, and with it the order, for good."""
    return of_its_shipment("DELETE", order, "")


def of_its_shipment(method: str, order: Any, rest: str) -> Answer:
    """A call for the shipment that stands for an order."""
    found = state(order)
    if found[0] != 200:
        return found
    return parcelveil(method, f"/{quote(json.loads(found[2])['id'])}{rest}", headers={"Prefer": "wait=10"})


DEEDS = {"GET": {"state": state, "label": label}, "POST": {"make": make, "cancel": cancel}}


class Handler(BaseHTTPRequestHandler):
    """The page, and what it asks for. In your shop this belongs behind the login of who packs the parcels."""

    def do_GET(self) -> None:
        """A page, the orders, a state or a label."""
        asked = urlsplit(self.path)
        if asked.path in PAGES:
            file = HERE / PAGES[asked.path]
            self.say((200, TYPES[file.suffix], file.read_bytes()))
        elif parse_qs(asked.query).get("do") == ["orders"]:
            rows = [
                {"id": id_, "name": one["order"]["name"], "to": one["recipient"]["name"]}
                for id_, one in orders().items()
            ]
            self.say((200, JSON, json.dumps(rows).encode()))
        else:
            self.deed("GET")

    def do_POST(self) -> None:
        """Something is to happen: asked for by our own page, for no other page can send this header."""
        if self.headers.get("X-Plug-In") != "page":
            self.say(problem(403, "not-our-page", "This was not asked by the page of this shop."))
        else:
            self.deed("POST")

    def deed(self, method: str) -> None:
        """Do what the query says, for an order of ours."""
        asked = urlsplit(self.path)
        words = {name: values[0] for name, values in parse_qs(asked.query).items()}
        order, done = orders().get(words.get("order", "")), DEEDS[method].get(words.get("do", ""))
        if asked.path != "/ship" or order is None or done is None:
            self.say(problem(404, "not-found", "There is nothing here."))
        else:
            self.say(done(order))

    def say(self, answer: Answer) -> None:
        """Send it; nobody may keep it."""
        status, media, content = answer
        self.send_response(status)
        headers = {"Content-Type": media, "Content-Length": str(len(content)), "Cache-Control": "no-store"}
        policy = {"Content-Security-Policy": POLICY} if media != "application/pdf" else {}
        for name, value in {**headers, **policy, "X-Content-Type-Options": "nosniff"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: what is asked for names orders."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8000), Handler).serve_forever()
