"""``examples/plug-in``: its orders are of the lane's form, its README names every file, both servers say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from middleware.web.openapi import description
from tests.docs.reading import TREE
from tests.json_schema import faults

PLUG_IN = TREE / "examples" / "plug-in"
ORDERS = sorted((PLUG_IN / "orders").iterdir())


@pytest.mark.parametrize("file", ORDERS, ids=lambda file: file.stem)
def test_an_order_is_of_the_lanes_form_and_bears_its_version(file: Path) -> None:
    order = json.loads(file.read_text(encoding="utf-8"))
    assert list(faults(order, {"$ref": "#/components/schemas/PluginShipment"}, description())) == []
    assert (order["order"]["id"], list(order["order"])) == (file.stem, ["id", "name", "updated_at"])


def test_the_readme_names_every_file() -> None:
    readme = (PLUG_IN / "README.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (`[^|]*) \|", readme, re.M)
    named = {name.rstrip("/") for cell in cells for name in re.findall(r"`([\w./]+)`", cell)}
    made = {"README.md", "__pycache__"}
    assert named == {one.name for one in PLUG_IN.iterdir() if not one.name.startswith(".")} - made
    assert len(readme.splitlines()) <= 40


@pytest.mark.parametrize("said", ["default-src 'none'; [^\"]*", r"order-\{", "wait=10", "not-our-page", "not-reached"])
def test_both_servers_say_the_same(said: str) -> None:
    python, php = (
        "".join((PLUG_IN / name).read_text(encoding="utf-8") for name in names)
        for names in (["ship.py"], ["parcelveil.php", "ship.php"])
    )
    assert re.findall(said, python) == re.findall(said, php) != []
