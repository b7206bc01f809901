"""What is told of some of the made-up orders, with the real dry run and a shipment made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from middleware.cli.inspecting import inspect
from middleware.demo.orders import MadeUp, made_up
from middleware.demo.story import Chapter, tell
from simulator.evidence import Evidence, Sent
from tests.demo.bench import SENDER, SHOP, Json, body, post, shipment

FILES = (
    "01-domestic-full.json",
    "06-pickup-point.json",
    "07-digital-only.json",
    "10-unapproved-data.json",
    "13-two-hundred-lines.json",
    "15-hostile-strings.json",
)


def orders() -> tuple[MadeUp, ...]:
    return tuple(order for order in made_up() if order.file in FILES)


def inspected(folder: Path) -> dict[str, Any]:
    for order in orders():
        (folder / order.file).write_bytes(order.body)
    options = ["--platform", "shopify", "--notify", "email", "--pickup-attribute", "pickup_point", "--json"]
    result = CliRunner().invoke(inspect, [*options, *(str(folder / name) for name in FILES)])
    return {Path(told["file"]).name: told for told in json.loads(result.stdout)}


def evidence() -> Evidence:
    """The full order and the hostile one arrived."""
    sent = tuple(Sent(file=order.file, body=order.body, expected=order.status, statuses=(200,)) for order in orders())
    entries, shipments = [], []
    for number, order in enumerate(orders(), start=1):
        if order.status == "accepted":
            content = json.loads(order.body)
            parts = _parts(content["shipping_address"])
            entries.append(post(number, body(f"r-{number}", content, parts)))
            shipments.append(shipment(f"r-{number}", parts, number))
    return Evidence(shop=SHOP, orders=sent, entries=tuple(entries), shipments=tuple(shipments))


def _parts(to: Json) -> dict[str, Json]:
    name = f"{to['first_name']} {to['last_name']}"
    delivery = {"name": name, "street": to["address1"], "line2": to["address2"], "locality": to["city"]}
    return {"recipient.delivery": delivery, "sender.contact": {**SENDER}}


def chapters(folder: Path) -> tuple[Chapter, ...]:
    return tell(orders(), inspected(folder), evidence())
